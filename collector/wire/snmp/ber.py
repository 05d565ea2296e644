"""BER as SNMP uses it: bounded, bytes in, values out.

What RELIABILITY F25 asks for holds by construction or is checked: definite lengths only, a length never beyond what
remains, at most `ARCS` arcs of at most 2^32-1 each. Nothing here recurses: a message is read level by level, to the
five levels that SNMP has, so that nesting in a packet costs nothing. What may not be is a `Malformed`.

OIDs travel as their BER content ("raw"): two raw OIDs are equal when the OIDs are, and raw P is a prefix of raw O
when the OID is, since every arc ends in the only byte below 0x80. Order is another matter: see `after`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from math import isnan

from collector.errors import Malformed

INTEGER = 0x02
OCTET_STRING = 0x04
NULL = 0x05
OID = 0x06
SEQUENCE = 0x30
IP_ADDRESS = 0x40
COUNTER32 = 0x41
GAUGE32 = 0x42
TIMETICKS = 0x43
OPAQUE = 0x44
NSAP_ADDRESS = 0x45
COUNTER64 = 0x46
UINTEGER32 = 0x47
NO_SUCH_OBJECT = 0x80
NO_SUCH_INSTANCE = 0x81
END_OF_MIB_VIEW = 0x82

ABSENT = frozenset({NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW})
"""Values that say that there is no value (RFC 3416 section 3)."""

UNSIGNED = frozenset({COUNTER32, GAUGE32, TIMETICKS, UINTEGER32, COUNTER64})

TYPES = frozenset({INTEGER, OCTET_STRING, NULL, OID, IP_ADDRESS, OPAQUE, NSAP_ADDRESS}) | UNSIGNED | ABSENT
"""Tags of values that SNMP has, NsapAddress of RFC 1442 included."""

ARCS = 128
"""Most arcs in an OID (RFC 3416 section 4.1)."""

ARC = 2**32 - 1
"""Greatest arc (RFC 3416 section 4.1)."""

_LENGTH_BYTES = 4
"""Bytes of a long length. Five would name more than UDP can carry."""

_WHOLE_ARCS = re.compile(
    rb"(?:[\x00-\x7f]|[\x81-\xff][\x80-\xff]{0,2}[\x00-\x7f]|[\x81-\x8f][\x80-\xff]{3}[\x00-\x7f])*"
).fullmatch
"""Arcs up to 2^32-1, each in its fewest bytes: what `decode_arcs` takes, told without decoding. No possessive
quantifier: Debian 12's Python 3.11.2 takes what such a one should refuse (CPython's issue 106052, mended in 3.11.5)."""

_FLOAT = struct.Struct(">f")
_DOUBLE = struct.Struct(">d")


def header(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, start and stop of the content of the value at `at`; all of it lies before `end`."""
    if at + 2 > end:
        raise Malformed("a value is cut short")
    tag = data[at]
    length = data[at + 1]
    at += 2
    if length >= 0x80:
        count = length & 0x7F
        if not 0 < count <= _LENGTH_BYTES:
            raise Malformed("an indefinite or oversized length")
        if at + count > end:
            raise Malformed("a length is cut short")
        length = int.from_bytes(data[at : at + count], "big")
        at += count
    if length > end - at:
        raise Malformed("a length beyond the packet")
    return tag, at, at + length


def expect(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Start and stop of the content of the value at `at`, which has this tag."""
    found, start, stop = header(data, at, end)
    if found != tag:
        raise Malformed(f"tag 0x{found:02x} where 0x{tag:02x} belongs")
    return start, stop


def tlv(tag: int, content: bytes) -> bytes:
    """A value with its tag and shortest length."""
    length = len(content)
    if length < 0x80:
        return b"%c%c%b" % (tag, length, content)
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(digits))) + digits + content


def encode_integer(value: int, tag: int = INTEGER) -> bytes:
    """A two's complement integer in the fewest bytes; unsigned types get the leading zero they need."""
    magnitude = value if value >= 0 else ~value
    return tlv(tag, value.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True))


def signed(content: bytes) -> int:
    """An INTEGER. Over-long ones are read as they are, none at all is 0 (RELIABILITY F10), modulo 2^64."""
    if len(content) <= 8:
        return int.from_bytes(content, "big", signed=True)
    return int.from_bytes(content[-8:], "big", signed=True)


def unsigned(content: bytes, tag: int = COUNTER64) -> int:
    """A counter, gauge or time, modulo its size: a missing leading zero does not make it negative (F9)."""
    value = int.from_bytes(content, "big")
    return value & 0xFFFFFFFFFFFFFFFF if tag == COUNTER64 else value & 0xFFFFFFFF


def number(tag: int, content: bytes) -> int | float | None:
    """The number in a value, None where it holds none (text, an OID, an unknown Opaque)."""
    if tag == INTEGER:
        return signed(content)
    if tag in UNSIGNED:
        return unsigned(content, tag)
    if tag == OPAQUE:
        return opaque(content)
    return None


def opaque(content: bytes) -> float | None:
    """A float or double wrapped in an Opaque (RELIABILITY F11); None where it wraps something else."""
    if content[:3] == b"\x9f\x78\x04" and len(content) == 7:
        return float(_FLOAT.unpack_from(content, 3)[0])
    if content[:3] == b"\x9f\x79\x08" and len(content) == 11:
        return float(_DOUBLE.unpack_from(content, 3)[0])
    return None


def encode_float(value: float) -> bytes:
    """The content of an Opaque that wraps a float; a double where a float would lose something."""
    try:
        single = _FLOAT.pack(value)
    except OverflowError:
        return b"\x9f\x79\x08" + _DOUBLE.pack(value)
    if isnan(value) or _FLOAT.unpack(single)[0] == value:
        return b"\x9f\x78\x04" + single
    return b"\x9f\x79\x08" + _DOUBLE.pack(value)


def same_float(text: str, value: float) -> bool:
    """Whether `text` reads as the single-precision `value`."""
    try:
        return bool(_FLOAT.unpack(_FLOAT.pack(float(text)))[0] == value)
    except OverflowError:
        return False


def encode_arcs(numbers: Iterable[int]) -> bytes:
    """Arcs as they follow one another inside an OID: no rule for the first two here."""
    raw = bytearray()
    for arc in numbers:
        if arc < 0x80:
            raw.append(arc)
            continue
        groups = [arc & 0x7F]
        arc >>= 7  # noqa: PLW2901 - the arc is consumed, seven bits at a time
        while arc:
            groups.append(arc & 0x7F | 0x80)
            arc >>= 7  # noqa: PLW2901
        raw += bytes(reversed(groups))
    return bytes(raw)


def decode_arcs(raw: bytes) -> tuple[int, ...]:
    """The arcs of an index, which is a tail of an OID."""
    if raw.isascii():
        if len(raw) > ARCS:
            raise Malformed(f"more than {ARCS} arcs")
        return tuple(raw)
    numbers: list[int] = []
    arc = 0
    begun = False
    for byte in raw:
        if byte == 0x80 and not begun:
            raise Malformed("an arc with leading zeros")
        arc = arc << 7 | byte & 0x7F
        begun = byte >= 0x80
        if arc > ARC:
            raise Malformed("an arc over 2^32-1")
        if not begun:
            numbers.append(arc)
            if len(numbers) > ARCS:
                raise Malformed(f"more than {ARCS} arcs")
            arc = 0
    if begun:
        raise Malformed("an arc is cut short")
    return tuple(numbers)


def encode_oid(dotted: str) -> bytes:
    """Raw OID of dotted text, a leading dot allowed. ValueError where it is none; it comes from people."""
    try:
        numbers = [int(part) for part in dotted.removeprefix(".").split(".")]
    except ValueError:
        raise ValueError(f"not an OID: {dotted!r}") from None
    if len(numbers) < 2 or numbers[0] > 2 or (numbers[0] < 2 and numbers[1] > 39):
        raise ValueError(f"not an OID: {dotted!r}")
    if len(numbers) > ARCS or not all(0 <= arc <= ARC for arc in numbers):
        raise ValueError(f"not an OID: {dotted!r}")
    return encode_arcs((numbers[0] * 40 + numbers[1], *numbers[2:]))


def decode_oid(raw: bytes) -> tuple[int, ...]:
    """The arcs of a whole raw OID; an empty one is 0.0, as snmp_exporter's library reads it."""
    if not raw:
        return (0, 0)
    first, *rest = decode_arcs(raw)
    if len(rest) + 2 > ARCS:
        raise Malformed(f"more than {ARCS} arcs")
    top = min(first // 40, 2)
    return (top, first - 40 * top, *rest)


def dotted(raw: bytes) -> str:
    """A raw OID as text, without a leading dot."""
    return ".".join(map(str, decode_oid(raw)))


def after(one: bytes, other: bytes) -> bool:
    """Whether raw OID or index `one` comes after `other` in OID order. Malformed where either is none.

    Bytes order as arcs do while all arcs are below 128; 16383 (ff 7f) and 16384 (81 80 00) do not.
    """
    if len(one) <= ARCS:
        if one.isascii() and other.isascii():
            return one > other
        if _WHOLE_ARCS(one) and _WHOLE_ARCS(other):
            for left, right in zip(one, other, strict=False):
                if left != right:
                    if left < 0x80 or right < 0x80:
                        return left > right  # an arc of fewer bytes is the smaller one
                    break
    return decode_arcs(one) > decode_arcs(other)
