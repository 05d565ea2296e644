"""Patient data in what a device says: not on a page, wherever it stands; and what is no text is left as it is."""

from __future__ import annotations

from collector.privacy import REMOVED, Privacy, Screen
from collector.wire.snmp import ber
from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.module import Index, Lookup, Metric, Module, RegexExtract
from collector.wire.snmp.plan import compile
from collector.wire.snmp.speech import Community
from exporters.text import render
from tests.collector.wire.snmp.agents import Agent, Clock, converse, integer, octets
from tests.collector.wire.snmp.faulty import LIMITS, known

NUMBER = "9991234578"
ROOT = "1.3.6.1.4.1.1"
TEXT = ".".join(str(byte) for byte in NUMBER.encode())


def page(module: Module, values: dict[str, bytes], screen: Screen | None = None) -> str:
    clock, plan = Clock(), compile(module)
    survey = Survey(plan, Community(2, b"public"), LIMITS, known(), clock)
    converse(survey, Agent(values).answer, clock)
    return render(Sheet(plan, survey.harvest, Interned(), screen=screen).columns()).body.decode()


def module(*metrics: Metric) -> Module:
    return Module("told", walk=(ROOT,), metrics=metrics)


def test_no_text_is_shown_with_it() -> None:
    index = (Index("row", "gauge"),)
    look = tuple(Lookup(("row",), f"look{kind}", f"{ROOT}.1.4", kind) for kind in ("DisplayString", "OctetString"))
    told = module(
        Metric("said", f"{ROOT}.1.1", "DisplayString", "", index),
        Metric("raw", f"{ROOT}.1.2", "OctetString", "", index),
        Metric("hinted", f"{ROOT}.1.3", "OctetString", "", index, display_hint="255a"),
        Metric("looked", f"{ROOT}.1.5", "gauge", "", index, look),
        Metric("named", f"{ROOT}.2.1", "gauge", "", (Index("name", "DisplayString"),)),
        Metric("bytes", f"{ROOT}.2.2", "gauge", "", (Index("name", "OctetString"),)),
    )
    values = {f"{ROOT}.1.{n}.7": octets(f"bed {NUMBER}".encode()) for n in (1, 2, 3, 4)}
    values |= {f"{ROOT}.1.5.7": integer(1), f"{ROOT}.2.1.10.{TEXT}": integer(2), f"{ROOT}.2.2.10.{TEXT}": integer(3)}
    screen = Screen()
    shown = page(told, values, screen)
    assert NUMBER not in shown
    assert NUMBER.encode().hex() not in shown
    assert shown.count(REMOVED) == 7
    assert screen.removed == 7
    assert NUMBER in page(told, values, Screen(Privacy("shown")))


def test_numbers_addresses_and_oids_are_no_text() -> None:
    index = (Index("row", "gauge"),)
    looks = tuple(
        Lookup(("row",), name, f"{ROOT}.1.{n}", kind)
        for n, name, kind in (
            (2, "big", "gauge"), (3, "oid", "DisplayString"), (4, "mac", "PhysAddress48"), (5, "raw", "OctetString"),
        )
    )  # fmt: skip
    ok = 4_010_232_137
    assert Screen()(str(ok)) == REMOVED
    told = module(Metric("looked", f"{ROOT}.1.1", "gauge", "", index, looks))
    shown = page(
        told,
        {
            f"{ROOT}.1.1.{ok}": integer(ok, ber.COUNTER64),
            f"{ROOT}.1.2.{ok}": integer(ok, ber.GAUGE32),
            f"{ROOT}.1.3.{ok}": ber.tlv(ber.OID, ber.encode_oid(f"1.3.{ok}")),
            f"{ROOT}.1.4.{ok}": octets(bytes.fromhex("999123457800")),
            f"{ROOT}.1.5.{ok}": octets(bytes.fromhex("ff9991234578ff")),
        },
    )
    assert (
        f'{{big="{ok}",mac="99:91:23:45:78:00",oid="1.3.{ok}",raw="0xFF9991234578FF",row="{ok}"}} 4010232137' in shown
    )


def test_a_number_is_read_out_of_a_text_as_it_came() -> None:
    extract = {"Value": (RegexExtract("(.*)"),)}
    told = module(Metric("said", f"{ROOT}.1.1", "DisplayString", "", (), (), extract))
    assert "saidValue 9991234578" in page(told, {f"{ROOT}.1.1.0": octets(NUMBER.encode())})
