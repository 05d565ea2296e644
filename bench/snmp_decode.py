"""`python -m bench.snmp_decode`: microseconds to read a variable of a GETBULK reply, beside pysnmp.

The replies are those of `ifTable` and `ifXTable` of a 48-port switch, 50 variables each, as they come in on the wire.
Ours is timed in steps: to raw cells (`walk`, what the event loop does while packets come in), to columns (once a
poll), to the text of a page. The promise: at most 0.7 us a variable to raw cells (HOUSE 5).
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable

from pyasn1.codec.ber import decoder
from pysnmp.proto import api

from collector.wire.snmp import ber, message
from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.module import Index, Lookup, Metric, Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.walk import Caps, Harvest, Walk
from exporters.text import render

PORTS = 48
PER_REPLY = 50
ROUNDS = 40
PROMISE = 0.7
"""Microseconds a variable, upper end of what HOUSE 5 states."""

IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
TEXTS = {f"{IF}.2": "GigabitEthernet1/0/{}", f"{IFX}.1": "Gi1/0/{}", f"{IFX}.18": "ward {}"}
STATES = {f"{IF}.{n}" for n in (3, 7, 8)} | {f"{IFX}.{n}" for n in (14, 16, 17)}
WIDE = {f"{IFX}.{n}" for n in range(6, 14)}
COLUMNS = [f"{IF}.{n}" for n in range(1, 23)] + [f"{IFX}.{n}" for n in range(1, 20)]


def module() -> Module:
    """`if_mib` in short: every column a metric with four labels, three of them looked up."""
    lookups = tuple(
        Lookup(("ifIndex",), label, oid, "DisplayString")
        for label, oid in (("ifDescr", f"{IF}.2"), ("ifName", f"{IFX}.1"), ("ifAlias", f"{IFX}.18"))
    )
    labelled = {f"{IF}.2": "ifDescr", f"{IFX}.1": "ifName", f"{IFX}.18": "ifAlias"}
    return Module(
        name="if_mib",
        walk=("1.3.6.1.2.1",),
        metrics=tuple(
            Metric(
                labelled.get(oid, f"column{place}"),
                oid,
                "DisplayString" if oid in TEXTS else "gauge" if oid in STATES else "counter",
                "",
                (Index("ifIndex", "gauge"),),
                lookups,
            )
            for place, oid in enumerate(COLUMNS)
        ),
    )


def value(oid: str, port: int) -> bytes:
    if oid in TEXTS:
        return ber.tlv(ber.OCTET_STRING, TEXTS[oid].format(port).encode())
    if oid in STATES:
        return ber.encode_integer(1)
    if oid in WIDE:
        return ber.encode_integer(port * 987_654_321_012, ber.COUNTER64)
    return ber.encode_integer(port * 45_678_901 % 2**32, ber.COUNTER32)


def replies() -> tuple[list[bytes], int]:
    """The datagrams of one poll, and how many variables are in them."""
    varbinds = [
        ber.tlv(ber.SEQUENCE, ber.tlv(ber.OID, ber.encode_oid(f"{oid}.{10100 + port}")) + value(oid, port))
        for oid in COLUMNS
        for port in range(1, PORTS + 1)
    ]
    datagrams = []
    for at in range(0, len(varbinds), PER_REPLY):
        body = ber.tlv(ber.SEQUENCE, b"".join(varbinds[at : at + PER_REPLY]))
        pdu = ber.encode_integer(123_456_789) + b"\x02\x01\x00\x02\x01\x00" + body
        datagrams.append(
            ber.tlv(ber.SEQUENCE, b"\x02\x01\x01" + ber.tlv(ber.OCTET_STRING, b"public") + ber.tlv(0xA2, pdu))
        )
    return datagrams, len(varbinds)


def best(call: Callable[[], object], rounds: int) -> float:
    """Seconds of the quickest of several rounds."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return min(times)


def theirs(datagrams: list[bytes]) -> None:
    """The same replies, read by pysnmp's own message classes down to names and values."""
    for datagram in datagrams:
        whole, _ = decoder.decode(datagram, asn1Spec=api.v2c.Message())
        pdu = api.v2c.apiMessage.get_pdu(whole)
        for name, content in api.v2c.apiPDU.get_varbinds(pdu):
            assert name
            assert content is not None


def main() -> int:
    datagrams, count = replies()
    plan = compile(module())
    interned = Interned()

    def walk() -> Harvest:
        harvest = Harvest(plan.columns)
        under_way = Walk(plan.roots[0], harvest, Caps())
        for datagram in datagrams:
            head = message.read(datagram)
            under_way.take(datagram, head.start, head.stop)
        return harvest

    gc.disable()
    harvest = walk()
    columns = Sheet(plan, harvest, interned).columns()
    rows = [
        ("replies to raw cells", best(walk, ROUNDS)),
        ("raw cells to columns", best(lambda: Sheet(plan, harvest, interned).columns(), ROUNDS)),
        ("columns to text", best(lambda: render(columns), ROUNDS)),
        ("pysnmp, replies to values", best(lambda: theirs(datagrams), 2)),
    ]
    print(f"{count} variables in {len(datagrams)} replies, best of {ROUNDS} rounds, CPython {sys.version.split()[0]}")
    print(f"{'step':<28}{'us/variable':>12}{'ms/switch':>12}")
    for name, seconds in rows:
        print(f"{name:<28}{seconds / count * 1e6:>12.2f}{seconds * 1e3:>12.2f}")
    reached = rows[0][1] / count * 1e6
    print(f"promise: raw cells in at most {PROMISE} us a variable: {'kept' if reached <= PROMISE else 'BROKEN'}")
    print(f"pysnmp takes {rows[3][1] / rows[0][1]:.0f} times as long")
    return 0 if reached <= PROMISE else 1


if __name__ == "__main__":
    sys.exit(main())
