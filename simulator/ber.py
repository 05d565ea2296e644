"""The simulator's own BER: plain functions from values to bytes and, for requests, back.

It shares no code with the collector's codec, so that a mistake in one is not repeated in the other (HOUSE 6). What is
encoded here is minimal and correct; `faults` spoils it afterwards. X.690 chapter 8, RFC 3416 and RFC 2578 say how.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address

INTEGER = 0x02
OCTETS = 0x04
NULL = 0x05
IDENTIFIER = 0x06
SEQUENCE = 0x30
ADDRESS = 0x40
COUNTER32 = 0x41
GAUGE32 = 0x42
TICKS = 0x43
OPAQUE = 0x44
COUNTER64 = 0x46
NO_SUCH_OBJECT = 0x80
NO_SUCH_INSTANCE = 0x81
END_OF_MIB_VIEW = 0x82

UNSIGNED = frozenset({COUNTER32, GAUGE32, TICKS, COUNTER64})

Arcs = tuple[int, ...]


def length(size: int) -> bytes:
    """A definite length, in the short form where it fits."""
    if size < 0x80:
        return bytes((size,))
    body = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(body),)) + body


def tlv(tag: int, body: bytes) -> bytes:
    """Tag, length, value."""
    return bytes((tag,)) + length(len(body)) + body


def signed(value: int) -> bytes:
    """The shortest two's complement content."""
    width = ((value if value >= 0 else ~value).bit_length() >> 3) + 1
    return value.to_bytes(width, "big", signed=True)


def unsigned(value: int) -> bytes:
    """The shortest content of a value that is never negative: a leading zero where the top bit is set."""
    return value.to_bytes((value.bit_length() >> 3) + 1, "big")


def arc(value: int) -> bytes:
    """One sub-identifier in base 128."""
    if value < 0x80:
        return bytes((value,))
    parts = [value & 0x7F]
    value >>= 7
    while value:
        parts.append(0x80 | value & 0x7F)
        value >>= 7
    return bytes(reversed(parts))


def identifier(arcs: Arcs) -> bytes:
    """The content of an OBJECT IDENTIFIER; a lone first arc counts as `x.0`."""
    if len(arcs) < 2:
        arcs = (*arcs, 0, 0)[:2]
    return arc(arcs[0] * 40 + arcs[1]) + b"".join(map(arc, arcs[2:]))


def arcs_of(content: bytes) -> Arcs:
    """The arcs of an OBJECT IDENTIFIER's content. Raises ValueError where it ends in the middle of one."""
    arcs: list[int] = []
    value = 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            arcs.append(value)
            value = 0
    if not arcs or content[-1] >= 0x80:
        raise ValueError("an object identifier that does not end")
    top = min(arcs[0] // 40, 2)
    return (top, arcs[0] - 40 * top, *arcs[1:])


@lru_cache(maxsize=4096)
def dotted(text: str) -> Arcs:
    """`1.3.6.1` or `.1.3.6.1` as arcs."""
    return tuple(map(int, text.strip(".").split(".")))


def varbind(oid: bytes, tag: int, body: bytes) -> bytes:
    """A variable binding of an identifier's content and a value."""
    return tlv(SEQUENCE, tlv(IDENTIFIER, oid) + tlv(tag, body))


def opaque_float(value: float) -> bytes:
    """Net-snmp's Opaque float (`9f 78`), the content of an OPAQUE."""
    return b"\x9f\x78\x04" + struct.pack(">f", value)


def opaque_double(value: float) -> bytes:
    """Net-snmp's Opaque double (`9f 79`), the content of an OPAQUE."""
    return b"\x9f\x79\x08" + struct.pack(">d", value)


def address(text: str) -> bytes:
    """The content of an IpAddress."""
    return IPv4Address(text).packed


def element(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, start and end of the element at `at`. Raises ValueError where it does not fit before `end`."""
    if at + 2 > end:
        raise ValueError("no room for an element")
    tag, size, start = data[at], data[at + 1], at + 2
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or start + count > end:
            raise ValueError("a length that is not definite")
        size = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + size > end:
        raise ValueError("an element longer than what holds it")
    return tag, start, start + size


def elements(data: bytes, start: int, end: int) -> Iterable[tuple[int, int, int]]:
    """The elements that fill `data[start:end]`."""
    while start < end:
        tag, begin, start_of_next = element(data, start, end)
        yield tag, begin, start_of_next
        start = start_of_next
