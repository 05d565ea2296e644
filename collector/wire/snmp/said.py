"""What is wrong with an answer, in the words of gosnmp and of Go's client library: what `strict` tells (CONTRACTS 3).

Labels in these texts are as they are shown: whoever calls has screened them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import isfinite
from typing import Final

from collector.model import Family, clean
from collector.wire.snmp import ber

MOST: Final = 100
"""Samples of a module that are told of one by one. snmp_exporter tells of all, however many there are."""

STATUS: Final = "Error Status"
NO_BITS: Final = "BITS type was not a BISTRING on the wire."

_GO_TYPES: Final = {
    ber.INTEGER: "int", ber.OID: "string", ber.IP_ADDRESS: "string", ber.COUNTER32: "uint", ber.GAUGE32: "uint",
    ber.TIMETICKS: "uint32", ber.UINTEGER32: "uint32", ber.COUNTER64: "uint64",
}  # fmt: skip
"""What gosnmp makes of a value that is no string of bytes."""


def increasing(asked: bytes, oid: bytes) -> str:
    """A walk that does not go forward from one raw OID to the next."""
    return f"OID not increasing: .{ber.dotted(asked)} >= .{ber.dotted(oid)}"


def status(number: int) -> str:
    return f"{STATUS} {number}"


def damaged(count: int) -> str:
    """Varbinds that could not be read. gosnmp says of the first of them what is wrong with it."""
    return f"error in unmarshalResponse: {count} variable bindings that make no sense"


def twice(family: Family, names: Sequence[str], values: Sequence[str], number: float) -> str:
    """A sample whose labels another one had before."""
    pairs = sorted(zip(names, values, strict=True))
    labels = "".join(f'label:{{name:"{name}" value:"{_quoted(value)}"}} ' for name, value in pairs)
    return (
        f'collected metric "{family.name}" {{ {labels}{family.type}:{{value:{shortest(number)}}} }} '
        "was collected before with the same name and label values"
    )


def no_bits(name: str, values: Sequence[str], tag: int) -> str:
    """A value of type `Bits` that is no string of bytes."""
    labels = " ".join(_quoted(clean(value)) for value in values)
    return (
        f'error collecting metric Desc{{fqName: "snmp_error", help: "{NO_BITS}", constLabels: {{}}, '
        f"variableLabels: {{}}}}: error for metric {name} with labels [{labels}]: "
        f"{_GO_TYPES.get(tag, '<nil>')}"
    )


def shortest(number: float) -> str:
    """A float as Go's `%g` with the fewest digits that read back the same."""
    if not isfinite(number):
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(number)]
    sign, digits, least = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(least, int)
    exponent = len(digits) + least - 1
    if -4 <= exponent < 6:
        return f"{Decimal((sign, digits, least)):f}"
    text = "".join(map(str, digits))
    return f"{'-' * sign}{text[0]}{'.' * (len(text) > 1)}{text[1:]}e{exponent:+03d}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
