"""Traps and informs of SNMPv3: RFC 3414 as a receiver must do it, with pysnmp's messages, digests and ciphers.

pysnmp's own engine is not used: it takes a replayed trap for a new one (it believes the time in the message before it
compares it), accepts an unauthenticated one of a user who has a password, and keeps state in /tmp.

A trap's sender is authoritative: its engine id is learned from the first message that its device's password made, and
belongs to that device from then on. For informs we are authoritative: senders ask for our engine id and time first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pyasn1.codec.ber import encoder
from pyasn1.type import univ
from pysnmp.proto.error import ProtocolError, StatusInformation
from pysnmp.proto.secmod.rfc3414 import service

from collector.model import Auth
from collector.network.traps.notice import Notice, Refused
from collector.network.traps.pdu import INFORM, ScopedPdu, V3Message, acknowledged, decoded, report, trap_of
from collector.network.traps.senders import Sender

WINDOW: Final = 150
"""Seconds that a message may be old (RFC 3414, 2.2.3)."""
MOST_BOOTS: Final = 2**31 - 1
"""An engine that has started so often is never in time again (RFC 3414, 2.2.2)."""
MOST_ENGINES: Final = 8
"""Engines remembered of one device, the last seen: a stack of switches has several."""
UNKNOWN_ENGINES: Final = (1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0)
NOT_IN_TIME: Final = (1, 3, 6, 1, 6, 3, 15, 1, 1, 2, 0)
"""usmStats (RFC 3414, 5)."""
LEVELS: Final = {0: "noAuthNoPriv", 1: "authNoPriv", 3: "authPriv"}
"""By msgFlags (RFC 3412, 6.4)."""
REPORTABLE: Final = 4
LARGEST: Final = 8192
"""Bytes: what we say that we take (msgMaxSize), as `senders.LONGEST`."""
_MESSAGE, _PARAMETERS, _SCOPED = V3Message(), service.UsmSecurityParameters(), ScopedPdu()
"""What is read, by which pysnmp's decoder goes; never written to."""

_Sha2 = service.hmacsha2.HmacSha2
_DIGEST_IDS: Final[dict[str, tuple[int, ...]]] = {
    "MD5": service.hmacmd5.HmacMd5.SERVICE_ID,
    "SHA": service.hmacsha.HmacSha.SERVICE_ID,
    "SHA224": _Sha2.SHA224_SERVICE_ID,
    "SHA256": _Sha2.SHA256_SERVICE_ID,
    "SHA384": _Sha2.SAH384_SERVICE_ID,
    "SHA512": _Sha2.SHA512_SERVICE_ID,
}
_DIGESTS: Final[Any] = service.SnmpUSMSecurityModel.AUTH_SERVICES
_CIPHERS: Final[dict[str, Any]] = {
    "DES": service.des.Des(),
    "AES": service.aes.Aes(),
    "AES192": service.aes192.AesBlumenthal192(),
    "AES256": service.aes256.AesBlumenthal256(),
    "AES192C": service.aes192.Aes192(),
    "AES256C": service.aes256.Aes256(),
}
"""By snmp.yml's words; C is Cisco's way to lengthen a key (CONTRACTS 2)."""


class Keys:
    """The keys of one set of credentials: derived once from the passwords, then for each engine."""

    def __init__(self, auth: Auth) -> None:
        self._kind = _DIGEST_IDS[auth.auth_protocol]
        self.digest = _DIGESTS[self._kind]
        self.cipher = _CIPHERS[auth.priv_protocol]
        self._masters: tuple[Any, Any] | None = None
        self._auth = auth
        self._local: dict[bytes, tuple[Any, Any]] = {}

    def local(self, engine: bytes) -> tuple[Any, Any]:
        """The keys for the digest and for the cipher, the latter None where there is none."""
        keys = self._local.get(engine)
        if keys is None:
            if self._masters is None:  # a megabyte is hashed for each (RFC 3414, A.2): once, not for each message
                self._masters = (
                    self.digest.hash_passphrase(self._auth.password.reveal()),
                    self.cipher.hash_passphrase(self._kind, self._auth.priv_password.reveal())
                    if self._auth.security_level == "authPriv"
                    else None,
                )
            where = univ.OctetString(engine)
            first, second = self._masters
            keys = (
                self.digest.localize_key(first, where),
                None if second is None else self.cipher.localize_key(self._kind, second, where),
            )
            while len(self._local) >= MOST_ENGINES * 4:
                del self._local[next(iter(self._local))]
            self._local[engine] = keys
        return keys


@dataclass(slots=True)
class Engine:
    """What a device's engine said of its time, in an authenticated message, and when (monotonic; None: last run)."""

    device: str
    boots: int
    time: int
    at: float | None


@dataclass(frozen=True, slots=True)
class _Message:
    """An SNMPv3 message taken apart, not yet believed."""

    whole: bytes
    number: int
    level: str
    reportable: bool
    engine: bytes
    boots: int
    time: int
    user: bytes
    parameters: Any
    content: Any


class Usm:
    """Reads SNMPv3 messages. `engine` is our own engine id, `boots` how often we have started, `now` monotonic."""

    def __init__(self, engine: bytes, boots: int, now: Callable[[], float]) -> None:
        self.engine = engine
        self.boots = boots
        self._now = now
        self._began = now()
        self._keys: dict[Auth, Keys] = {}
        self._devices: set[str] = set()
        self._reports: dict[tuple[int, ...], int] = {UNKNOWN_ENGINES: 0, NOT_IN_TIME: 0}
        self.engines: dict[tuple[str, bytes], Engine] = {}
        """By credentials' name and engine id."""
        self.learned: set[tuple[str, bytes]] = set()
        """What of them changed since somebody last emptied this."""

    def load(self, senders: Sequence[Sender]) -> None:
        """Hear these devices. Of other credentials no key is kept, and an engine of a device that is gone is free."""
        auths = {sender.auth for sender in senders if sender.auth is not None and sender.auth.version == 3}
        self._keys = {auth: self._keys.get(auth) or Keys(auth) for auth in auths}
        self._devices = {sender.name for sender in senders}

    @property
    def time(self) -> int:
        return int(self._now() - self._began)

    def read(self, data: bytes, senders: Sequence[Sender]) -> Notice:
        """A message from an address that these senders have. Raises Refused."""
        message = _taken_apart(data)
        candidates = [(s, s.auth) for s in senders if s.auth is not None and s.auth.version == 3]
        if not candidates:
            raise Refused("wrong_version" if any(s.auth for s in senders) else "no_credentials")
        if message.reportable and message.engine != self.engine:
            raise Refused("discovery", self._report(message, UNKNOWN_ENGINES, None))
        named = [(s, auth) for s, auth in candidates if auth.username.encode() == message.user]
        if not named:
            raise Refused("wrong_user")
        refused = Refused("wrong_user")
        for sender, auth in named:
            try:
                return self._believed(message, sender, auth)
            except Refused as error:
                refused = error
        raise refused

    def _believed(self, message: _Message, sender: Sender, auth: Auth) -> Notice:
        if message.level != auth.security_level:
            raise Refused("security_level")
        keys = self._keys[auth] if message.level != "noAuthNoPriv" else None
        if keys is not None:
            self._authenticated(message, keys)
            self._in_time(message, sender, auth, keys)
        scoped = self._opened(message, keys)
        pdu = scoped[2].getComponent()
        trap = trap_of(pdu)
        level = "none" if keys is None else message.level
        if pdu.tagSet != INFORM:
            if message.engine == self.engine:
                raise Refused("wrong_engine")
            mark = bytes(message.parameters[4]) if keys is not None else b""
            return Notice(sender.name, trap, level, mark=mark)
        if message.engine != self.engine:
            raise Refused("wrong_engine")
        # Sent again it has another number and other ciphertext: only its content is the same.
        mark = encoder.encode(pdu)
        acknowledged(scoped[2])
        reply = self.written(message.number, auth.username.encode(), scoped, keys, message.level)
        return Notice(sender.name, trap, level, reply, mark)

    def _authenticated(self, message: _Message, keys: Keys) -> None:
        """RFC 3414, 3.2 (6)."""
        key, _ = keys.local(message.engine)
        try:
            keys.digest.authenticate_incoming_message(key, message.parameters[4], message.whole)
        except (ProtocolError, StatusInformation):
            raise Refused("wrong_digest") from None

    def _in_time(self, message: _Message, sender: Sender, auth: Auth, keys: Keys) -> None:
        """RFC 3414, 3.2 (7): a by our clock, b by what is known of the sender's."""
        now = self._now()
        if message.engine == self.engine:
            if message.boots != self.boots or abs(self.time - message.time) > WINDOW:
                raise Refused("time_window", self._report(message, NOT_IN_TIME, (auth, keys)))
            return
        key = (auth.name, message.engine)
        known = self.engines.get(key)
        latest = self._latest(known, message, sender, now)
        if latest == known:
            return
        self.engines.pop(key, None)
        self.engines[key] = latest
        self.learned.add(key)
        own = [k for k, engine in self.engines.items() if engine.device == sender.name]
        for oldest_key in own[:-MOST_ENGINES]:
            del self.engines[oldest_key]

    def _latest(self, known: Engine | None, message: _Message, sender: Sender, now: float) -> Engine:
        """What is to be known of the engine after an authenticated message (RFC 3414, 3.2 (7b)). Raises Refused."""
        if known is not None and known.device != sender.name and known.device in self._devices:
            raise Refused("wrong_engine")
        if message.boots == MOST_BOOTS:
            raise Refused("time_window")
        said = (message.boots, message.time)
        if known is None or said > (known.boots, known.time):  # newer than all before: a slow clock is no replay
            return Engine(sender.name, *said, now)
        # Copies of the rest are told apart by what was counted lately, which nobody knows of an earlier run.
        if known.at is None or said < (known.boots, known.time + now - known.at - WINDOW):
            raise Refused("time_window")
        return replace(known, device=sender.name)

    def _opened(self, message: _Message, keys: Keys | None) -> Any:
        """The scoped PDU (RFC 3414, 3.2 (8))."""
        encrypted = message.content.getName() == "encryptedPDU"
        if encrypted != (message.level == "authPriv"):
            raise Refused("security_level")
        content = message.content.getComponent()
        if not encrypted or keys is None:
            return content
        _, key = keys.local(message.engine)
        try:
            data = keys.cipher.decrypt_data(key, (message.boots, message.time, message.parameters[5]), content)
        except (StatusInformation, ValueError):
            raise Refused("decryption") from None
        if message.parameters[5].asOctets() and keys.cipher is _CIPHERS["DES"]:
            data = _without_padding(data)
        try:
            return decoded(data, _SCOPED)
        except Refused:
            raise Refused("decryption") from None

    def _report(self, message: _Message, counter: tuple[int, ...], auth: tuple[Auth, Keys] | None) -> bytes:
        """Tells the sender what it lacks: our engine id, or our time (RFC 3414, 3.2 (3) and (7))."""
        if not message.reportable:
            return b""
        self._reports[counter] += 1
        asked = message.content.getComponent()[2].getComponent() if message.content.getName() == "plaintext" else (0,)
        scoped = report(self.engine, asked[0], counter, self._reports[counter])
        if auth is None:
            return self.written(message.number, b"", scoped, None, "noAuthNoPriv")
        return self.written(message.number, message.user, scoped, auth[1], "authNoPriv")

    def written(self, number: int, user: bytes, scoped: Any, keys: Keys | None, level: str) -> bytes:
        """A message of ours, protected like that (RFC 3414, 3.1)."""
        boots, time = self.boots, self.time
        parameters = service.UsmSecurityParameters()
        for place, value in enumerate((self.engine, boots, time, user, b"", b"")):
            parameters[place] = value
        message = V3Message()
        message[0] = 3
        header = message.setComponentByPosition(1)[1]
        flags = next(flags for flags, word in LEVELS.items() if word == level)
        for place, value in enumerate((number, LARGEST, bytes((flags,)), 3)):
            header[place] = value
        content = message.setComponentByPosition(3)[3]
        if keys is None or level != "authPriv":
            content[0] = scoped
        else:
            _, key = keys.local(self.engine)
            data, salt = keys.cipher.encrypt_data(key, (boots, time, None), encoder.encode(scoped))
            content[1], parameters[5] = data, salt
        if keys is not None:
            parameters[4] = bytes(keys.digest.digest_length)
        message[2] = encoder.encode(parameters)
        whole = encoder.encode(message)
        if keys is None:
            return bytes(whole)
        return bytes(keys.digest.authenticate_outgoing_message(keys.local(self.engine)[0], whole))


def _taken_apart(data: bytes) -> _Message:
    """Raises Refused."""
    message = decoded(data, _MESSAGE)
    header = message[1]
    flags = header[2].asOctets()[0]
    level = LEVELS.get(flags & 3)
    if level is None or int(header[3]) != 3:
        raise Refused("malformed")
    parameters = decoded(message[2].asOctets(), _PARAMETERS)
    return _Message(
        whole=data,
        number=int(header[0]),
        level=level,
        reportable=bool(flags & REPORTABLE),
        engine=parameters[0].asOctets(),
        boots=int(parameters[1]),
        time=int(parameters[2]),
        user=parameters[3].asOctets(),
        parameters=parameters,
        content=message[3],
    )


def _without_padding(data: bytes) -> bytes:
    """DES works on blocks of 8: what follows the sequence is padding (RFC 3414, 8.1.1.2)."""
    if len(data) < 2:
        return data
    first = data[1]
    head = 2 if first < 0x80 else 2 + (first & 0x7F)
    length = first if first < 0x80 else int.from_bytes(data[2:head], "big")
    return data[: head + length]
