"""One device being played: packets in, datagrams out, no I/O and no clock of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from math import inf
from random import Random
from typing import Any

from simulator import ber, message
from simulator.agent import REPLY_BYTES, Answer, View
from simulator.faults import MODES, Datagram, Options, Scene, glass
from simulator.faults.scene import Mode
from simulator.image import Image, Kept
from simulator.safety import Safety
from simulator.usm import Engine, Inside, opened
from simulator.values import Fixed, Moment

TICK = 10
"""Replies that hold moving values are kept for a tenth of a second; those that hold none are kept for good."""

CACHE = 20_000
"""Most kept replies per image, and per device within one tick."""

LOOPBACK = IPv4Network("127.0.0.0/8")


@dataclass(frozen=True, slots=True)
class Fault:
    """A mode with its options filled in."""

    mode: Mode
    options: Options = field(default_factory=dict)


def fault(name: str, **options: Any) -> Fault:
    """A fault by its name in `faults.MODES`. Raises ValueError with what is wrong."""
    if name not in MODES:
        raise ValueError(f"there is no fault {name!r}; there are: {', '.join(MODES)}")
    return Fault(MODES[name], MODES[name].settings(options))


class Player:
    """A device at a loopback address.

    `own` are objects with values of this device alone (its name, its place), which must be in the image. Counters grow
    at the image's rates times a pace drawn from the seed, from as long ago as the seed says (up to 100 days), unless
    `age` and `pace` are given. `communities` of None takes any. With an `engine` it speaks SNMPv3 only. Requests with
    `others` are shown to communities of their own instead of `image`, as Cisco IOS shows one VLAN. Requests with
    a wrong community, of a version not in `versions`, and responses are dropped, as agents do. Raises ValueError for
    an address outside 127.0.0.0/8.
    """

    def __init__(
        self,
        name: str,
        address: str,
        image: Image,
        *,
        own: Mapping[ber.Arcs, Fixed] | None = None,
        faults: Iterable[Fault] = (),
        seed: int = 0,
        communities: Iterable[bytes] | None = None,
        versions: Iterable[int] = (message.V1, message.V2C),
        age: float | None = None,
        pace: float | None = None,
        reply_bytes: int = REPLY_BYTES,
        window: float = 1.0,
        patience: float = 1.0,
        start: float = 0.0,
        engine: Engine | None = None,
        others: Mapping[bytes, Image] | None = None,
    ) -> None:
        if IPv4Address(address) not in LOOPBACK:
            raise ValueError(f"{name}: {address} is not a loopback address (127.0.0.0/8)")
        self.name = name
        self.address = IPv4Address(address).packed
        self.image = image
        self.random = Random(f"{seed}/{name}")
        drawn_age, drawn_pace = self.random.uniform(3600, 8_640_000), self.random.uniform(0.5, 1.5)
        self._age = drawn_age if age is None else age
        self._pace = drawn_pace if pace is None else pace
        self._start = start
        self.engine = engine
        if engine is not None:
            communities, versions = (engine.inside,), (message.V2C,)
        self._others = {community: View(other, {}, reply_bytes) for community, other in (others or {}).items()}
        self._communities = None if communities is None else frozenset((*communities, *self._others))
        self._versions = frozenset(versions)
        self._view = View(image, _places(image, own or {}), reply_bytes)
        self.safety = Safety(window, patience)
        self.death = ""
        self._wrapping = 0
        """Bytes of the v3 message from which the packet that is being heard was taken; 0: it came as it is."""
        self._discovered = -inf
        """When the engine was last asked for, as far as a glass device takes notice."""
        self._faults: list[tuple[Fault, dict[str, Any]]] = [(f, {}) for f in faults]
        self._glass = next((f for f, _ in self._faults if f.mode.name == "glass"), None)
        self._tick = -1
        self._replies: dict[bytes, Kept] = {}

    @property
    def view(self) -> View:
        return self._view

    @property
    def faults(self) -> tuple[Fault, ...]:
        return tuple(f for f, _ in self._faults)

    def moment(self, now: float) -> Moment:
        """The device's own time at monotonic `now`."""
        up = self._age + now - self._start
        return Moment(up, up * self._pace)

    def play(self, faults: Iterable[Fault]) -> None:
        """Have other faults from now on; a dead glass device stands up again."""
        self._faults = [(f, {}) for f in faults]
        self._glass = next((f for f, _ in self._faults if f.mode.name == "glass"), None)
        self.death = ""
        self._discovered = -inf

    def hear(self, packet: bytes, now: float) -> Sequence[Datagram]:
        """What the device sends because of `packet`, which came at monotonic `now`."""
        if self.engine is None or (self._glass and self._glass.options["version"] != message.V3):
            return self._hear(packet, now)
        self._wrapping = len(packet)
        try:
            asked, heard = self.engine.hear(packet, now, self._hear)
            if not asked:
                return heard if self._unasked(self.engine.opened(packet), len(packet), now) else ()
        except ValueError:
            self._wrapping = 0
            return self._hear(packet, now)
        finally:
            self._wrapping = 0
        self.safety.largest_request = max(self.safety.largest_request, len(packet))
        return heard

    def _unasked(self, inside: Inside, size: int, now: float) -> bool:
        """A message of v3 that is no question to the device came: whether the device bears it."""
        self.safety.arrived(_word(inside), size, now)
        if self._glass and not self.death:
            since = None
            if self.engine is not None and inside.engine_id != self.engine.engine_id:
                since, self._discovered = now - self._discovered, now
            self._die(glass.unasked(inside.kind, size, since, self.safety, self._glass.options))
        return not self.death

    def _die(self, cause: str | None) -> None:
        if cause:
            self.death = cause
            self.safety.deaths.append(cause)

    def _hear(self, packet: bytes, now: float) -> Sequence[Datagram]:
        key = b""
        if not self._faults:
            # The quick way: the packet without its request-id is the question, and the answer may be at hand.
            try:
                at, end = _request_id(packet)
            except IndexError:
                return self._slowly(packet, b"", 0, 0, now)
            key = packet[:at] + packet[end:]
            kept = self.image.replies.get(key)
            if kept is None:
                tick = int(now * TICK)
                if tick != self._tick:
                    self._tick = tick
                    self._replies.clear()
                kept = self._replies.get(key)
            if kept is not None and self._welcomes(kept):
                payload = kept.head + packet[at:end] + kept.tail
                self.safety.served(kept.kind, len(packet), kept.varbinds, kept.repetitions, key, len(payload), now)
                return (Datagram(payload),)
            return self._slowly(packet, key, at, end, now)
        return self._slowly(packet, b"", 0, 0, now)

    def _welcomes(self, asked: Kept | message.Request) -> bool:
        if asked.version not in self._versions:
            return False
        return self._communities is None or asked.community in self._communities

    def _slowly(self, packet: bytes, key: bytes, at: int, end: int, now: float) -> Sequence[Datagram]:
        safety = self.safety
        version = -1
        request = self.image.questions.get(key)
        retry = None
        if request is None:
            try:
                version = message.version_of(packet)
                request = message.parse(packet) if version in (message.V1, message.V2C) else None
            except ValueError:
                pass
            if request is not None and packet[at:end] != request.request_id:
                key = b""  # a message of unusual lengths: answered, never kept
            if request is not None and key and len(self.image.questions) < CACHE:
                self.image.questions[key] = request
        if request is None:
            safety.arrived(_kind(packet), len(packet), now)
        else:
            safety.arrived(message.KINDS[request.kind], len(packet), now)
            retry = safety.asked(key or request.question, len(request.oids), now)
            if request.kind == message.GETBULK:
                safety.bulk_repetitions = max(safety.bulk_repetitions, request.second)
        if self._glass and not self.death:
            size = self._wrapping or len(packet)
            version = message.V3 if self._wrapping else version
            self._die(glass.verdict(request, version, size, retry, safety, self._glass.options))
        if self.death or request is None:
            return ()
        if not self._welcomes(request):
            safety.unwelcome += 1
            return ()
        moment = self.moment(now)
        try:
            answer = self._others.get(request.community, self._view).answer(request, moment)
        except ValueError:
            return ()
        if answer is None:
            return ()
        if self._faults:
            return self._faulty(request, answer, moment, now)
        request_id = packet[at:end] if key else request.request_id
        return (self._keep(request, request_id, answer, key, now),)

    def _keep(self, request: message.Request, request_id: bytes, answer: Answer, key: bytes, now: float) -> Datagram:
        """The reply, whose parts are kept under `key` (where it is not empty) for whoever asks the same."""
        parts = message.response(request, b"".join(answer.varbinds), answer.status, answer.index, request_id)
        payload = b"".join(parts)
        if key:
            kept = self.image.replies if answer.fixed else self._replies
            if len(kept) < CACHE:
                kind = message.KINDS[request.kind]
                repetitions = request.second if request.kind == message.GETBULK else 0
                kept[key] = Kept(
                    parts[0], parts[2], kind, request.version, request.community, len(request.oids), repetitions
                )
        self.safety.answered(key or request.question, len(payload), now, now)
        return Datagram(payload)

    def _faulty(self, request: message.Request, answer: Answer, moment: Moment, now: float) -> Sequence[Datagram]:
        scene = Scene(request, self._view, answer, moment, now, self.random, self.address)
        for each, memory in self._faults:
            if each.mode.answer and scene.answer is not None:
                scene.memory = memory
                each.mode.answer(scene, each.options)
        if scene.answer is not None:
            scene.datagrams.append(Datagram(scene.encode()))
        for each, memory in self._faults:
            if each.mode.send:
                scene.memory = memory
                each.mode.send(scene, each.options)
        for datagram in scene.datagrams:
            if datagram.honest:
                self.safety.answered(request.question, len(datagram.payload), now + datagram.delay, now)
        return scene.datagrams


def _kind(packet: bytes) -> str:
    """What a packet is counted as that is no request of v1 or v2c."""
    try:
        return _word(opened(packet))
    except ValueError:
        return "malformed"


def _word(found: Inside) -> str:
    """`v3` for what only reads: what was refused is told apart from what was answered. Anything else is what it is."""
    return "v3" if found.kind in ("get", "getnext", "getbulk") else found.kind


def _places(image: Image, own: Mapping[ber.Arcs, Fixed]) -> dict[int, bytes]:
    """Own objects by position, encoded. Raises ValueError for one that the image does not have."""
    places = {}
    for arcs, value in own.items():
        oid = ber.identifier(arcs)
        at = image.find(oid)
        if at < 0:
            raise ValueError(f"the image has no object {'.'.join(map(str, arcs))}")
        places[at] = ber.varbind(oid, value.tag, value.body)
    return places


def _request_id(packet: bytes) -> tuple[int, int]:
    """Where the request-id's content begins and ends. Hot, so it only steps over lengths.

    Nothing is checked: what is found serves as a key, and only packets that were parsed in full are ever kept under
    one. Raises IndexError.
    """
    at = 5 if packet[1] < 0x80 else 5 + (packet[1] & 0x7F)
    at += 2 + packet[at + 1]
    at += 4 if packet[at + 1] < 0x80 else 4 + (packet[at + 1] & 0x7F)
    return at, at + packet[at - 1]
