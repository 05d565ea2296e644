"""A module in which every type, index type and kind of lookup occurs, over the OIDs of the fuzzer's corpus."""

from __future__ import annotations

from collector.wire.snmp.module import Index, Lookup, Metric, Module, RegexExtract
from tests.collector.wire.snmp.faulty import ROOT

ENUM = {0: "zero", 1: "one", 2: "two"}
TYPES = (
    "gauge", "counter", "Float", "DisplayString", "OctetString", "PhysAddress48", "InetAddress", "InetAddressIPv4",
    "LldpPortId", "EnumAsInfo", "EnumAsStateSet", "Bits", "DateAndTime", "ParseDateAndTime", "NTPTimeStamp", "",
)  # fmt: skip
INDEXES = (
    "gauge", "PhysAddress48", "OctetString", "DisplayString", "InetAddress", "InetAddressMissingSize",
    "InetAddressIPv4", "InetAddressIPv6", "EnumAsInfo", "LldpPortId",
)  # fmt: skip

EVERY_TYPE = Module(
    name="every_type",
    walk=(ROOT,),
    metrics=tuple(
        Metric(
            name=f"m{number}",
            oid=f"{ROOT}.1.{number}",
            type=kind,
            indexes=(
                Index("first", INDEXES[number % len(INDEXES)], enum_values=ENUM),
                Index("second", "OctetString", implied=True),
            ),
            lookups=(
                Lookup(("first",), "looked", f"{ROOT}.1.{(number + 1) % 16}", "DisplayString"),
                Lookup(("looked",), "chained", f"{ROOT}.1.{(number + 2) % 16}", "EnumAsInfo", enum_values=ENUM),
                Lookup((), "second"),
            ),
            enum_values=ENUM,
            datetime_pattern="%b %d %Y",
            regex_extracts={"Number": (RegexExtract(r"(\d+).*"),)} if number == 3 else {},
            display_hint="1x:" if kind == "" else "",
        )
        for number, kind in enumerate(TYPES)
    ),
)
