"""SNMP agents in memory: recordings that answer bytes with bytes. No sockets, no clock but the one they are given."""

from __future__ import annotations

import bz2
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackagePath, files
from pathlib import Path

from collector.model import Dialogue
from collector.wire.snmp import ber, message

LONGEST_TEXT = 3000
"""Octet strings are cut here, as by the agent that answered for the golden files."""


def octets(text: str | bytes) -> bytes:
    return ber.tlv(ber.OCTET_STRING, text.encode() if isinstance(text, str) else text)


def integer(value: int, tag: int = ber.INTEGER) -> bytes:
    return ber.encode_integer(value, tag)


def names(oid: str) -> tuple[int, ...]:
    return tuple(map(int, oid.split(".")))


def parse_value(kind: str, text: bytes) -> bytes | None:
    number, hexed = kind.rstrip("x"), kind.endswith("x")
    tag = int(number)
    if tag in (ber.OCTET_STRING, ber.IP_ADDRESS):
        if hexed:
            content = bytes.fromhex(text.decode())
        elif tag == ber.IP_ADDRESS:
            content = bytes(map(int, text.decode().split(".")))
        else:
            content = text
        return ber.tlv(tag, content[:LONGEST_TEXT])
    if tag == ber.OID:
        return ber.tlv(tag, ber.encode_oid(text.decode()))
    if tag in (ber.INTEGER, *ber.UNSIGNED):
        return ber.encode_integer(int(text), tag)
    return None  # Opaque and NULL were left out


@cache
def packaged() -> tuple[PackagePath, ...]:
    """The files of `snmpsim-data`; looking them up takes a while."""
    return tuple(files("snmpsim-data") or ())


def recording(name: str) -> dict[str, bytes]:
    """Values by OID of a recording of `snmpsim-data`: `network/switch/cisco-c3560`."""
    for path in packaged():
        if str(path).endswith((f"/data/{name}.snmprec", f"/data/{name}.snmprec.bz2")):
            return parse(Path(str(path.locate())))
    raise LookupError(f"snmpsim-data has no recording {name}")


@cache
def available() -> Mapping[str, str]:
    """Recordings by the name that golden files use: `network_switch_cisco-c3560`."""
    found = {}
    for path in packaged():
        text = str(path)
        if ".snmprec" in text and "/data/" in text:
            name = text.split("/data/", 1)[1].split(".snmprec", maxsplit=1)[0]
            found[name.replace("/", "_")] = name
    return found


def parse(path: Path) -> dict[str, bytes]:
    raw = bz2.decompress(path.read_bytes()) if path.suffix == ".bz2" else path.read_bytes()
    values: dict[str, bytes] = {}
    for line in raw.split(b"\n"):
        parts = line.rstrip(b"\r").split(b"|", 2)
        if len(parts) != 3 or b":" in parts[1]:
            continue
        try:
            value = parse_value(parts[1].decode(), parts[2])
        except ValueError:
            continue
        if value is not None:
            values[parts[0].decode()] = value
    return values


Varbind = tuple[bytes, bytes]
"""Raw OID and a whole value."""


@dataclass
class Agent:
    """Answers as RFC 3416 says, from values by dotted OID. Subclasses are at fault in one way each."""

    values: dict[str, bytes]
    longest: int = 8000
    """Bytes of a reply to a GETBULK for several names."""
    asked: list[message.Head] = field(default_factory=list)
    questions: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        table = sorted((names(oid), value) for oid, value in self.values.items())
        self.order = [arcs for arcs, _ in table]
        self.contents = [value for _, value in table]
        self._raw: dict[int, bytes] = {}

    @property
    def raw(self) -> list[bytes]:
        """Every raw OID, in order."""
        return [self.raw_at(place) for place in range(len(self.order))]

    def raw_at(self, place: int) -> bytes:
        """One of them: of a large recording a module reads a small part, and only that is encoded."""
        found = self._raw.get(place)
        if found is None:
            found = self._raw[place] = ber.encode_oid(".".join(map(str, self.order[place])))
        return found

    def answer(self, packet: bytes) -> list[bytes]:
        """The datagrams that come back."""
        head = message.read(packet)
        self.asked.append(head)
        self.questions.append(packet)
        asked = [name for name, _, _ in message.varbinds(packet, head)]
        return self.reply(head, asked)

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        if head.pdu == 0xA0:
            found = [self.get(name) for name in asked]
        elif head.pdu == 0xA1:
            found = [self.next(name) for name in asked]
        else:
            found = [self.next(name) for name in asked[: head.error_status]]
            repeated = asked[head.error_status :]
            found += self.rows([list(self.bulk(name, head.error_index)) for name in repeated], head.error_index)
        if head.version == message.V1:
            for place, (_, value) in enumerate(found, 1):
                if value[0] in ber.ABSENT:
                    return [response(head, [(name, b"\x05\x00") for name in asked], message.NO_SUCH_NAME, place)]
        return [response(head, found)]

    def rows(self, columns: Sequence[Sequence[Varbind]], repetitions: int) -> list[Varbind]:
        """What comes after several names, row by row (RFC 3416 section 4.2.3), cut off at `longest` bytes."""
        if len(columns) == 1:
            return list(columns[0])
        found: list[Varbind] = []
        size = 0
        for row in range(repetitions):
            for column in columns:
                name, value = column[row] if row < len(column) else (column[-1][0], bytes((ber.END_OF_MIB_VIEW, 0)))
                size += len(name) + len(value) + 4
                if found and size > self.longest:
                    return found
                found.append((name, value))
        return found

    def get(self, name: bytes) -> Varbind:
        arcs = ber.decode_oid(name)
        place = bisect_left(self.order, arcs)
        if place < len(self.order) and self.order[place] == arcs:
            return name, self.contents[place]
        return name, bytes((ber.NO_SUCH_INSTANCE, 0))

    def next(self, name: bytes) -> Varbind:
        place = bisect_right(self.order, ber.decode_oid(name))
        if place == len(self.order):
            return name, bytes((ber.END_OF_MIB_VIEW, 0))
        return self.raw_at(place), self.contents[place]

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        place = bisect_right(self.order, ber.decode_oid(name))
        stop = min(place + repetitions, len(self.order))
        found = [(self.raw_at(at), self.contents[at]) for at in range(place, stop)]
        if len(found) < repetitions:
            found.append((found[-1][0] if found else name, bytes((ber.END_OF_MIB_VIEW, 0))))
        return found


def response(
    head: message.Head, found: Iterable[Varbind], status: int = 0, index: int = 0, request_id: int | None = None
) -> bytes:
    varbinds = b"".join(ber.tlv(ber.SEQUENCE, ber.tlv(ber.OID, name) + value) for name, value in found)
    pdu = (
        ber.encode_integer(head.request_id if request_id is None else request_id)
        + ber.encode_integer(status)
        + ber.encode_integer(index)
        + ber.tlv(ber.SEQUENCE, varbinds)
    )
    return ber.tlv(
        ber.SEQUENCE,
        ber.encode_integer(head.version) + ber.tlv(ber.OCTET_STRING, head.community) + ber.tlv(message.RESPONSE, pdu),
    )


class Clock:
    """Monotonic seconds that pass when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def converse(
    dialogue: Dialogue,
    answer: Callable[[bytes], list[bytes]],
    clock: Clock,
    deadline: float = 60.0,
    delay: float = 0.001,
) -> int:
    """Carry a dialogue as the edge does. Returns how many packets went out; `deadline` is in seconds from now."""
    end = clock.now + deadline
    sent = 0
    while (packet := dialogue.send()) is not None:
        sent += 1
        clock.now = min(clock.now + delay, end)
        if clock.now >= end:
            dialogue.expire("timeout")
            break
        for datagram in answer(packet):
            if dialogue.receive(datagram):
                break
        else:
            clock.now = min(clock.now + dialogue.patience, end)
            if clock.now >= end:
                dialogue.expire("timeout")
                break
            dialogue.silence()
    return sent
