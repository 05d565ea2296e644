"""SNMP engines as we know them: who answers at an address, what its clock says, and the keys that hold for it.

An engine is known by address and port: two devices with one engine id (a cloned configuration, RELIABILITY F19) have
two clocks here, and are told of. A clock is set by authenticated messages only (F20), and runs on with the monotonic
clock in between (F18).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from collector.model import Auth
from collector.wire.snmp import keys
from collector.wire.snmp.envelope import MOST
from collector.wire.snmp.privacy import Privacy, privacy

WINDOW: Final = 150.0
"""Seconds by which a message's time may be off (RFC 3414 section 2.2.3)."""

BETWEEN_DISCOVERIES: Final = 600.0
"""Seconds from one discovery of a device to the next, at least (RELIABILITY S14)."""

FORGOTTEN: Final = 86_400.0
"""Seconds after which an engine that nobody asked is forgotten."""

MOST_STRETCHED: Final = 1024
"""Credentials whose stretched passwords are kept."""

TWIN: Final = 3600.0
"""Seconds for which an engine that was asked counts as another device's twin."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What one set of credentials is for one engine. `digest_key` is empty without authentication."""

    authentication: keys.Authentication | None = None
    digest_key: bytes = b""
    privacy: Privacy | None = None


class Engine:
    """One authoritative engine. `proven`: an authenticated message came from it."""

    __slots__ = ("_at", "_boots", "_keys", "_time", "id", "proven")

    def __init__(self, engine_id: bytes) -> None:
        self.id = engine_id
        self.proven = False
        self._boots = 0
        self._time = 0
        self._at = 0.0
        self._keys: dict[Hashable, Keys] = {}

    def clock(self, now: float) -> tuple[int, int]:
        """Boots and time to write into a message; 0 and 0 while unknown, which makes the engine tell them."""
        if not self.proven:
            return 0, 0
        return self._boots, min(self._time + int(now - self._at), MOST)

    def within(self, boots: int, time: int, now: float) -> bool:
        """Whether a message that says so is of now (RFC 3414 section 3.2, 7b)."""
        if boots == MOST:
            return False
        if not self.proven:
            return True  # nothing to hold it against; it answers a number that was drawn for it
        known, notional = self.clock(now)
        if boots < known:
            return False
        return boots > known or time >= notional - WINDOW

    def learn(self, boots: int, time: int, now: float) -> None:
        """Set the clock. Only ever from an authenticated answer to a number that was drawn at random for it: such
        an answer is as fresh as the number, so a clock that went back (F18) is believed, and a replay can't be one."""
        self.proven = True
        self._boots, self._time, self._at = boots, time, now

    def keys(self, of: Auth) -> Keys | None:
        """The keys of these credentials, where they were made."""
        return self._keys.get(_identity(of))

    def equip(self, of: Auth, stretched: Stretched) -> Keys:
        """Make and keep the keys of these credentials."""
        made = Keys()
        if of.security_level != "noAuthNoPriv":
            authentication = keys.AUTHENTICATION[of.auth_protocol]
            name = authentication.hash
            cipher = None
            if of.security_level == "authPriv":
                cipher = privacy(of.priv_protocol, keys.privacy_key(name, of.priv_protocol, stretched.privacy, self.id))
            made = Keys(authentication, keys.localise(name, stretched.authentication, self.id), cipher)
        self._keys[_identity(of)] = made
        return made


def _identity(of: Auth) -> Hashable:
    return of.security_level, of.auth_protocol, of.password, of.priv_protocol, of.priv_password


@dataclass(frozen=True, slots=True)
class Stretched:
    """The keys of passwords, before they are an engine's."""

    authentication: bytes
    privacy: bytes

    @classmethod
    def of(cls, auth: Auth) -> Stretched:
        """Takes milliseconds for each password: not for the event loop."""
        name = keys.AUTHENTICATION[auth.auth_protocol].hash
        password, other = auth.password.reveal().encode(), auth.priv_password.reveal().encode()
        first = keys.stretch(name, password) if auth.security_level != "noAuthNoPriv" else b""
        if auth.security_level != "authPriv":
            return cls(first, b"")
        return cls(first, first if other == password else keys.stretch(name, other))


Place = tuple[str, int]
"""Address and port."""


class Peer:
    """Who answers at one place."""

    __slots__ = ("candidate", "discovered", "doubted", "engine", "used", "where")

    def __init__(self, where: Place) -> None:
        self.where = where
        self.engine: Engine | None = None
        self.candidate: Engine | None = None
        """Who claims to have taken the engine's place. A discovery can be forged: believed once it is `proven`."""
        self.doubted = False
        """Nobody answered, or somebody said that the engine is another: to be discovered again when it may be."""
        self.discovered = -BETWEEN_DISCOVERIES
        """Monotonic seconds of the last discovery."""
        self.used = 0.0
        """Monotonic seconds of the last conversation."""

    @property
    def speaker(self) -> Engine | None:
        """Whom to talk to."""
        return self.candidate or self.engine

    def may_discover(self, now: float) -> bool:
        return now - self.discovered >= BETWEEN_DISCOVERIES


class Engines:
    """All engines, of all devices. One for the program; it holds no more places than are asked."""

    def __init__(self) -> None:
        self._peers: dict[Place, Peer] = {}
        self._places: dict[bytes, set[Place]] = {}
        self._stretched: dict[Hashable, Stretched] = {}
        self._swept = 0.0

    def peer(self, where: Place, now: float) -> Peer:
        """The peer at an address and port, known or new, to be asked now. Those nobody asks any more are forgotten."""
        if now - self._swept > FORGOTTEN:
            self._sweep(now)
        peer = self._peers.get(where)
        if peer is None:
            peer = self._peers[where] = Peer(where)
        peer.used = now
        return peer

    def found(self, peer: Peer, engine_id: bytes) -> None:
        """A discovery was answered."""
        peer.doubted = False
        if peer.engine is not None and peer.engine.id == engine_id:
            peer.candidate = None
        elif peer.engine is not None and peer.engine.proven:
            peer.candidate = Engine(engine_id)
        else:
            self._settle(peer, Engine(engine_id))

    def ended(self, peer: Peer, engine: Engine, *, answered: bool, stranger: bool) -> None:
        """A conversation with `engine` is over. `stranger`: it said that it is not who we take it for."""
        if engine is peer.candidate:
            peer.candidate = None
            if answered:
                self._settle(peer, engine)
        peer.doubted = stranger or not answered

    def twins(self, where: Place) -> list[Place]:
        """Other places with the same engine id, of those asked in the hour before this one was."""
        me = self._peers.get(where)
        if me is None or me.engine is None:
            return []
        places = self._places[me.engine.id]
        return sorted(other for other in places if other != where and me.used - self._peers[other].used < TWIN)

    def equip(self, engine: Engine, auth: Auth) -> Keys:
        """The keys of `auth` for `engine`. Takes milliseconds once for each: not for the event loop."""
        made = engine.keys(auth)
        if made is None:
            identity = _identity(auth)
            stretched = self._stretched.get(identity)
            if stretched is None:
                if len(self._stretched) >= MOST_STRETCHED:
                    self._stretched.clear()  # credentials of configurations that are gone; what lives is made again
                stretched = self._stretched[identity] = Stretched.of(auth)
            made = engine.equip(auth, stretched)
        return made

    def _settle(self, peer: Peer, engine: Engine) -> None:
        self._leave(peer)
        peer.engine, peer.candidate = engine, None
        self._places.setdefault(engine.id, set()).add(peer.where)

    def _leave(self, peer: Peer) -> None:
        if peer.engine is not None:
            places = self._places[peer.engine.id]
            places.discard(peer.where)
            if not places:
                del self._places[peer.engine.id]

    def _sweep(self, now: float) -> None:
        self._swept = now
        for peer in [peer for peer in self._peers.values() if now - peer.used >= FORGOTTEN]:
            self._leave(peer)
            del self._peers[peer.where]
