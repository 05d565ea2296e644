"""Raw values and indexes to the words that people read (CONTRACTS 3, "String rendering" and "Index decode").

The rules are snmp_exporter's to the letter, also where they are odd: values are padded with zeros on the right where
a device left trailing zeros out, bytes of text that are not UTF-8 become one U+FFFD per run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

from collector.errors import Malformed
from collector.privacy import Screen
from collector.wire.snmp import ber
from collector.wire.snmp.hint import hinted
from collector.wire.snmp.module import Index, Lookup

COMBINED: Mapping[str, Mapping[int, str]] = {
    "InetAddress": {1: "InetAddressIPv4", 2: "InetAddressIPv6"},
    "InetAddressMissingSize": {1: "InetAddressIPv4", 2: "InetAddressIPv6"},
    "LldpPortId": {
        1: "DisplayString", 2: "DisplayString", 3: "PhysAddress48", 5: "DisplayString", 7: "DisplayString",
    },
}  # fmt: skip
"""Types that another value tells: the first arc of an index, the previous column for a value."""

_ONE_ARC = frozenset({"Integer", "Integer32", "gauge", "counter"})

INDEX_TYPES = frozenset(
    {"PhysAddress48", "OctetString", "DisplayString", "InetAddressIPv4", "InetAddressIPv6", "EnumAsInfo"}
    | _ONE_ARC
    | COMBINED.keys()
)

_NO_TEXT = _ONE_ARC | {"EnumAsInfo", "PhysAddress48", "InetAddressIPv4", "InetAddressIPv6"}

_RUNS = re.compile("[\udc80-\udcff]+")

Arcs = tuple[int, ...]


def decoded(content: bytes) -> str:
    """Text from a device; each run of bytes that is not UTF-8 becomes one U+FFFD."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return _RUNS.sub("\ufffd", content.decode(errors="surrogateescape"))


def split(arcs: Arcs, count: int) -> tuple[Arcs, Arcs]:
    """The first `count` arcs, padded with zeros, and the rest. No index is longer than an OID may be."""
    count = min(count, ber.ARCS)
    head = arcs[:count]
    return head + (0,) * (count - len(head)), arcs[count:]


def read_index(arcs: Arcs, index: Index) -> tuple[str, Arcs, Arcs]:
    """A label's text, the arcs it took, the arcs that remain."""
    return _read(arcs, index.type, index.fixed_size, index.implied, index.enum_values)


def _read(
    arcs: Arcs, kind: str, fixed_size: int = 0, implied: bool = False, enum: Mapping[int, str] | None = None
) -> tuple[str, Arcs, Arcs]:
    if kind in _ONE_ARC:
        used, rest = split(arcs, 1)
        return str(used[0]), used, rest
    if kind == "EnumAsInfo":
        used, rest = split(arcs, 1)
        return (enum or {}).get(used[0]) or str(used[0]), used, rest
    if kind in COMBINED:
        return _read_combined(arcs, kind, enum)
    if kind == "PhysAddress48":
        used, rest = split(arcs, 6)
        return ":".join(f"{arc:02X}" for arc in used), used, rest
    if kind == "InetAddressIPv4":
        used, rest = split(arcs, 4)
        return ".".join(map(str, used)), used, rest
    if kind == "InetAddressIPv6":
        used, rest = split(arcs, 16)
        return _groups(used), used, rest
    prefix: Arcs = ()
    length = len(arcs) if implied else fixed_size
    if not length and not implied:
        prefix, arcs = split(arcs, 1)
        length = prefix[0]
    used, rest = split(arcs, length)
    content = bytes(arc & 0xFF for arc in used)
    return decoded(content) if kind == "DisplayString" else _hex(content), prefix + used, rest


def _read_combined(arcs: Arcs, kind: str, enum: Mapping[int, str] | None) -> tuple[str, Arcs, Arcs]:
    sized = kind != "InetAddressMissingSize"
    lead, rest = split(arcs, 2 if sized else 1)
    known = COMBINED[kind].get(lead[0])
    if known:
        text, used, rest = _read(rest, known, enum=enum)
        return text, lead + used, rest
    if not sized:
        return _read(arcs, "OctetString", implied=True)
    return _read(arcs, "OctetString", lead[1] + 2)


def _hex(content: bytes) -> str:
    return "0x" + content.hex().upper() if content else ""


def _groups(arcs: Sequence[int]) -> str:
    """IPv6 as snmp_exporter writes it: eight groups, nothing left out."""
    return ":".join(f"{high:02X}{low:02X}" for high, low in zip(arcs[::2], arcs[1::2], strict=True))


def render(tag: int, content: bytes, kind: str, hint: str = "") -> str:
    """A value as text, read as a `kind` where it is a string of bytes."""
    if tag == ber.OCTET_STRING:
        return _octets(content, kind, hint)
    if tag in ber.UNSIGNED:
        return str(ber.unsigned(content, tag))
    if tag == ber.INTEGER:
        return str(ber.signed(content))
    if tag == ber.OID:
        return _oid(content)
    if tag == ber.IP_ADDRESS:
        return ".".join(map(str, content)) if len(content) == 4 else _hex(content)
    if tag == ber.OPAQUE:
        value = ber.opaque(content)
        return _hex(content) if value is None else plain(value, single=content[1] == 0x78)
    return _hex(content) if tag not in ber.ABSENT and tag != ber.NULL else ""


def _oid(content: bytes) -> str:
    try:
        return ber.dotted(content)
    except Malformed:
        return _hex(content)  # one bad value discards no other


def display(tag: int, content: bytes) -> str:
    """A value as a DisplayString."""
    return render(tag, content, "DisplayString")


def _octets(content: bytes, kind: str, hint: str) -> str:
    if kind == "DisplayString":
        return decoded(content)
    if kind in ("", "Bits", "OctetString"):
        text = hinted(content, hint) if hint else None
        return _hex(content) if text is None else decoded(text)
    if kind in INDEX_TYPES and kind not in COMBINED:
        return _read(tuple(content), kind)[0]
    return _hex(content)


def render_lookup(tag: int, content: bytes, lookup: Lookup) -> str:
    """A looked-up value as a label."""
    if lookup.type == "EnumAsInfo" and tag == ber.INTEGER:
        number = ber.signed(content)
        return lookup.enum_values.get(number) or str(number)
    return render(tag, content, lookup.type, lookup.display_hint)


WRITTEN: Final = frozenset(
    ber.encode_oid(oid)
    for oid in (
        "1.3.6.1.2.1.1.1", "1.3.6.1.2.1.1.4", "1.3.6.1.2.1.1.5", "1.3.6.1.2.1.1.6",  # sysDescr to sysLocation
        "1.3.6.1.2.1.31.1.1.1.18",  # ifAlias
        "1.3.6.1.2.1.17.7.1.4.3.1.1",  # dot1qVlanStaticName
        "1.3.6.1.2.1.47.1.1.1.1.14", "1.3.6.1.2.1.47.1.1.1.1.15",  # entPhysicalAlias, entPhysicalAssetID
        "1.3.6.1.2.1.33.1.1.5", "1.3.6.1.2.1.33.1.1.6",  # upsIdentName, upsIdentAttachedDevices
        "1.3.6.1.2.1.43.5.1.1.3", "1.3.6.1.2.1.43.5.1.1.16",  # prtGeneralCurrentOperator, prtGeneralPrinterName
        "1.0.8802.1.1.2.1.4.1.1.8", "1.0.8802.1.1.2.1.4.1.1.9",  # lldpRemPortDesc, lldpRemSysName
        "1.3.6.1.4.1.9.9.23.1.2.1.1.6",  # cdpCacheDeviceId
    )
)  # fmt: skip
"""Columns that people write. Anywhere else a text that is ten digits and nothing more is a serial number or a version:
one in eleven of those has the check digit of an NHS number."""


def screened(screen: Screen, tag: int, content: bytes, text: str, column: bytes) -> str:
    """What a value of a column (BER, without index) reads as, as it may be shown (RELIABILITY S22). Numbers, addresses
    and OIDs are nobody's text: they stay, whatever their digits are."""
    if len(text) == 10 and text.isdecimal() and column not in WRITTEN:
        return screen(text, numbers=False)
    if text.startswith("0x"):
        return screen.octets(content, text)
    return screen(text) if tag == ber.OCTET_STRING else text


def screened_index(screen: Screen, index: Index, used: Arcs, text: str) -> str:
    """The same for a part of an index, with the arcs that it took."""
    if index.type in _NO_TEXT:
        return text
    return screen.octets(bytes(arc & 0xFF for arc in used), text) if text.startswith("0x") else screen(text)


def plain(value: float, *, single: bool = False) -> str:
    """A float as Go's `%f` with the fewest digits that read back the same."""
    if not isfinite(value):
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
    if single:
        text = next(text for digits in range(1, 18) if ber.same_float(text := f"{value:.{digits}g}", value))
    else:
        text = repr(value)
    return _unfolded(text)


def _unfolded(text: str) -> str:
    """A decimal number without exponent or empty fraction."""
    mantissa, _, exponent = text.partition("e")
    if exponent:
        sign = "-" if mantissa.startswith("-") else ""
        whole, _, fraction = mantissa.lstrip("-").partition(".")
        shift = int(exponent)
        digits = whole + fraction
        point = len(whole) + shift
        if point <= 0:
            text = f"{sign}0.{'0' * -point}{digits}"
        else:
            text = f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:]}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text
