"""What becomes of a value, case by case: the cases of snmp_exporter's own tests, told again (CONTRACTS 3)."""

from __future__ import annotations

import gc
from collections.abc import Mapping

import pytest

from collector.model import Column, Rows
from collector.wire.re2 import pattern
from collector.wire.snmp import ber, clock, message
from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.expression import extract
from collector.wire.snmp.habits import Learned, Limits
from collector.wire.snmp.hint import hinted
from collector.wire.snmp.module import Filter, Index, Lookup, Metric, Module, RegexExtract
from collector.wire.snmp.numbers import SHARED, alike
from collector.wire.snmp.plan import compile, problems
from collector.wire.snmp.speech import Community
from collector.wire.snmp.text import plain, read_index, render
from tests.collector.wire.snmp.agents import Agent, Clock, converse, integer, octets

Samples = Mapping[str, float]


def poll(module: Module, values: Mapping[str, bytes], interned: Interned | None = None) -> tuple[Samples, list[Column]]:
    """Samples as they read on a page, and their columns."""
    plan = compile(module)
    survey = Survey(plan, Community(2, b"public"), Limits(), Learned(), Clock())
    converse(survey, Agent(dict(values)).answer, Clock())
    columns = Sheet(plan, survey.harvest, interned or Interned()).columns()
    return {
        column.family.name + text: value
        for column in columns
        for text, value in zip(column.rows.text, column.values, strict=True)
    }, columns


def samples(metric: Metric, value: bytes, more: Mapping[str, bytes] | None = None) -> Samples:
    """One metric at 1.1.1, whose only instance is 1.1.1.2."""
    return poll(Module("m", walk=("1.1",), metrics=(metric,)), {"1.1.1.2": value, **(more or {})})[0]


def metric(kind: str, **fields: object) -> Metric:
    return Metric("m", "1.1.1", kind, "Help", **fields)  # type: ignore[arg-type]


ENUM = {0: "foo", 1: "bar", 2: "baz"}


@pytest.mark.parametrize(
    ("given", "value", "expected"),
    [
        (metric("gauge"), integer(2), {"m": 2}),
        (metric("counter"), integer(2, ber.COUNTER32), {"m": 2}),
        (metric("counter"), integer(19007199254740992, ber.COUNTER64), {"m": 992800745259008}),
        (metric("gauge", scale=0.1), integer(25), {"m": 2.5}),
        (metric("gauge", scale=2.0, offset=-1.0), integer(10), {"m": 19}),
        (metric("gauge", offset=2.0), integer(10), {"m": 12}),
        (metric("Float"), ber.tlv(ber.OPAQUE, ber.encode_float(3.0)), {"m": 3}),
        (metric("Double"), ber.tlv(ber.OPAQUE, ber.encode_float(0.1)), {"m": 0.1}),
        (metric("DisplayString"), octets("hello"), {'m{m="hello"}': 1}),
        (metric("DisplayString", offset=2.0), octets("hello"), {'m{m="hello"}': 3}),
        (metric("OctetString"), octets(b"\x01\xab"), {'m{m="0x01AB"}': 1}),
        (metric(""), octets(b"\x01\xab"), {'m{m="0x01AB"}': 1}),
        (metric("OctetString"), octets(b""), {"m": 1}),
        (metric("PhysAddress48"), octets(b"\x00\x1a\x2b\x3c\x4d\x5e"), {'m{m="00:1A:2B:3C:4D:5E"}': 1}),
        (metric("PhysAddress48"), octets(b"\x01\x02"), {'m{m="01:02:00:00:00:00"}': 1}),
        (metric("InetAddressIPv4"), octets(b"\x01\x02\x03\x04"), {'m{m="1.2.3.4"}': 1}),
        (metric("InetAddressIPv4"), b"\x40\x04\x01\x02\x03\x04", {'m{m="1.2.3.4"}': 1}),
        (
            metric("InetAddressIPv6"), octets(bytes(range(1, 17))),
            {'m{m="0102:0304:0506:0708:090A:0B0C:0D0E:0F10"}': 1},
        ),
        (metric("DisplayString"), ber.tlv(ber.OID, ber.encode_oid("1.3.6.1.4.1.9")), {'m{m="1.3.6.1.4.1.9"}': 1}),
        (metric("DisplayString"), integer(-5), {'m{m="-5"}': 1}),
        (metric("DisplayString"), b"\x05\x00", {"m": 1}),
        (metric("EnumAsInfo", enum_values=ENUM), integer(2), {'m_info{m="baz"}': 1}),
        (metric("EnumAsInfo", enum_values=ENUM), integer(3), {'m_info{m="3"}': 1}),
        (metric("EnumAsStateSet", enum_values=ENUM), integer(1), {'m{m="foo"}': 0, 'm{m="bar"}': 1, 'm{m="baz"}': 0}),
        (
            metric("EnumAsStateSet", enum_values=ENUM), integer(7),
            {'m{m="foo"}': 0, 'm{m="bar"}': 0, 'm{m="baz"}': 0, 'm{m="7"}': 1},
        ),
        (
            metric("Bits", enum_values={0: "a", 7: "b", 8: "c", 99: "far"}), octets(b"\x81\x80"),
            {'m{m="a"}': 1, 'm{m="b"}': 1, 'm{m="c"}': 1, 'm{m="far"}': 0},
        ),
        (metric("Bits", enum_values={0: "a"}), integer(1), {}),
        (metric("DateAndTime"), octets(bytes.fromhex("07E2080F08010F00")), {"m": 1534320075}),
        (metric("DateAndTime"), octets(bytes.fromhex("07E2080F08010F002B0200")), {"m": 1534312875}),
        (metric("DateAndTime"), octets(b"\x07\xe2"), {}),
        (metric("NTPTimeStamp"), octets(bytes.fromhex("EB0677F630D10B3B")), {"m": 1734080886}),
        (metric("NTPTimeStamp"), octets(b"\xeb"), {}),
        (metric("ParseDateAndTime", datetime_pattern="%b %d %Y"), octets("Apr 01 2025"), {"m": 1743465600}),
        (
            metric("ParseDateAndTime", datetime_pattern="%a %b %d %H:%M:%S %Y"), octets("Tue Apr  1 10:20:30 2025"),
            {"m": 1743502830},
        ),
        (metric("ParseDateAndTime", datetime_pattern="%b %d %Y"), octets("never"), {}),
    ],
)  # fmt: skip
def test_what_becomes_of_a_value(given: Metric, value: bytes, expected: Samples) -> None:
    assert samples(given, value) == expected


def test_help_says_what_was_done() -> None:
    kinds = {"EnumAsInfo": "m_info", "EnumAsStateSet": "m", "Bits": "m"}
    for kind, name in kinds.items():
        value = octets(b"\x01") if kind == "Bits" else integer(1)
        _, columns = poll(Module("m", walk=("1.1",), metrics=(metric(kind, enum_values=ENUM),)), {"1.1.1.2": value})
        assert [(c.family.name, c.family.help, c.family.type) for c in columns] == [(name, f"Help ({kind})", "gauge")]


def test_an_enumeration_whose_name_is_a_label_already_is_nothing() -> None:
    index = (Index("m", "gauge"),)
    for kind in ("EnumAsInfo", "EnumAsStateSet"):
        assert samples(metric(kind, enum_values=ENUM, indexes=index), integer(1)) == {}
    assert samples(metric("Bits", enum_values=ENUM, indexes=index), octets(b"\x01")) == {}
    assert samples(metric("DisplayString", indexes=index), octets("text")) == {'m{m="2"}': 1}


def test_numbers_out_of_texts() -> None:
    extracts = {
        "Status": (RegexExtract(r"^(?:.*[^0-9]Z(\d+).*)$", "1.$1"), RegexExtract(".*", "5")),
        "None": (RegexExtract("(x)", "$1"),),
        "Words": (RegexExtract("(?i)TEMP (?P<deg>[0-9.]+)c?", "${deg}"), RegexExtract("(.*)", "$1")),
    }
    given = metric("DisplayString", regex_extracts=extracts)
    assert samples(given, octets("a Z42 b")) == {"mStatus": 1.42}
    assert samples(given, octets("temp 36.6C")) == {"mStatus": 5, "mWords": 36.6}


@pytest.mark.parametrize(
    ("regex", "template", "text", "number"),
    [
        ("(.*)", "$1", " 5", None), ("(.*)", "$1", "1_000", None), ("(.*)", "$1", "1e3", 1000.0),
        ("(.*)(.)", "$1.$2", "123", 12.3), (r"\Q1.5\E(\d)$", "$1", "1.57", 7.0), ("[[:digit:]]+", "3", "99", 3.0),
        ("a(\\d)\\z", "${1}", "a7", 7.0), ("(.)", "$$1", "1", None), ("(.)", "$2", "1", None),
        ("[]a]+", "1", "]a", 1.0),
        ("x|y(?i)Z", "1", "yz", 1.0), ("(\\d+)$", "$1", "5\n", None),
    ],
)  # fmt: skip
def test_expressions_are_gos(regex: str, template: str, text: str, number: float | None) -> None:
    assert extract(RegexExtract(regex, template)).number(text) == number


@pytest.mark.parametrize("regex", ["(", "[[:nothing:]]", "a**"])
def test_an_expression_that_can_not_be_read_names_itself(regex: str) -> None:
    with pytest.raises(ValueError, match="regular expression"):
        pattern(regex)


@pytest.mark.parametrize(
    ("index", "arcs", "text", "rest"),
    [
        (Index("l", "gauge"), (4, 5), "4", (5,)),
        (Index("l", "Integer32"), (), "0", ()),
        (Index("l", "PhysAddress48"), (1, 2, 3, 4, 5, 255, 9), "01:02:03:04:05:FF", (9,)),
        (Index("l", "PhysAddress48"), (1,), "01:00:00:00:00:00", ()),
        (Index("l", "InetAddressIPv4"), (192, 168, 1, 2, 7), "192.168.1.2", (7,)),
        (Index("l", "InetAddressIPv6"), tuple(range(16)), "0001:0203:0405:0607:0809:0A0B:0C0D:0E0F", ()),
        (Index("l", "OctetString"), (3, 65, 66, 255, 1), "0x4142FF", (1,)),
        (Index("l", "OctetString", fixed_size=2), (65, 66, 1), "0x4142", (1,)),
        (Index("l", "OctetString", implied=True), (65, 66, 1), "0x414201", ()),
        (Index("l", "OctetString"), (0, 7), "", (7,)),
        (Index("l", "DisplayString"), (2, 72, 105, 9), "Hi", (9,)),
        (Index("l", "DisplayString", fixed_size=2), (72, 105, 9), "Hi", (9,)),
        (Index("l", "DisplayString", implied=True), (72, 105), "Hi", ()),
        (Index("l", "DisplayString"), (3, 72), "Hi"[:1] + "\0\0", ()),
        (Index("l", "DisplayString"), (4_000_000_000, 72), "H" + "\0" * 127, ()),
        (Index("l", "InetAddress"), (1, 4, 10, 0, 0, 1, 8), "10.0.0.1", (8,)),
        (Index("l", "InetAddress"), (3, 5, 192, 168, 1, 2, 5, 8), "0x0305C0A8010205", (8,)),
        (Index("l", "InetAddressMissingSize"), (1, 10, 0, 0, 1, 8), "10.0.0.1", (8,)),
        (Index("l", "InetAddressMissingSize"), (4, 192, 168), "0x04C0A8", ()),
        (Index("l", "EnumAsInfo", enum_values={3: "three"}), (3, 1), "three", (1,)),
        (Index("l", "EnumAsInfo"), (4,), "4", ()),
    ],
)
def test_indexes_are_read_from_the_left(index: Index, arcs: tuple[int, ...], text: str, rest: tuple[int, ...]) -> None:
    found, used, remaining = read_index(arcs, index)
    assert (found, remaining) == (text, rest)
    if len(arcs) < 128 and remaining:
        assert used + remaining == arcs


LOOKUPS = (
    Lookup(("a",), "name", "1.1.2", "DisplayString"),
    Lookup(("a",), "b", "1.1.3", "gauge"),
    Lookup(("b",), "chained", "1.1.4", "DisplayString"),
    Lookup(("a",), "state", "1.1.5", "EnumAsInfo", enum_values={1: "up"}),
    Lookup((), "a"),
)


def test_lookups_in_their_order_chained_and_dropped() -> None:
    given = metric("gauge", indexes=(Index("a", "gauge"),), lookups=LOOKUPS)
    more = {"1.1.2.2": octets("eth0"), "1.1.3.2": integer(9), "1.1.4.9": octets("slot 9"), "1.1.5.2": integer(1)}
    assert samples(given, integer(4), more) == {'m{b="9",chained="slot 9",name="eth0",state="up"}': 4}
    assert samples(given, integer(4)) == {"m": 4}


def test_combined_types_are_told_by_the_column_before() -> None:
    module = Module("m", walk=("1.1",), metrics=(Metric("m", "1.1.3", "InetAddress"),))
    four, six = octets(b"\x0a\x00\x00\x01"), octets(bytes(16))
    assert poll(module, {"1.1.2.0": integer(1), "1.1.3.0": four})[0] == {'m{m="10.0.0.1"}': 1}
    assert poll(module, {"1.1.2.0": integer(2), "1.1.3.0": six})[0] == {f'm{{m="{":".join(["0000"] * 8)}"}}': 1}
    assert poll(module, {"1.1.2.0": integer(9), "1.1.3.0": four})[0] == {'m{m="0x0A000001"}': 1}
    assert poll(module, {"1.1.3.0": four})[0] == {'m{m="0x0A000001"}': 1}
    port = Module("m", walk=("1.1",), metrics=(Metric("m", "1.1.3", "LldpPortId"),))
    assert poll(port, {"1.1.2.0": integer(3), "1.1.3.0": octets(b"\x01" * 6)})[0] == {'m{m="01:01:01:01:01:01"}': 1}
    assert poll(port, {"1.1.2.0": integer(5), "1.1.3.0": octets("ge-0")})[0] == {'m{m="ge-0"}': 1}


def test_the_shortest_metric_on_the_way_wins_and_the_last_of_one_oid() -> None:
    deep = Metric("deep", "1.1.1.5", "gauge")
    first, last = Metric("first", "1.1.1", "gauge"), Metric("last", "1.1.1", "gauge")
    module = Module("m", walk=("1.1",), metrics=(deep, first, last))
    assert poll(module, {"1.1.1.5": integer(1)})[0] == {"last": 1}


def test_f13_rows_with_the_same_labels_keep_the_first_and_are_counted() -> None:
    given = metric(
        "gauge",
        indexes=(Index("a", "gauge"),),
        lookups=(Lookup(("a",), "name", "1.1.2", "DisplayString"), Lookup((), "a")),
    )
    module = Module("m", walk=("1.1",), metrics=(given,))
    values = {f"1.1.1.{n}": integer(n) for n in range(1, 5)} | {f"1.1.2.{n}": octets("same") for n in (1, 2, 4)}
    plan = compile(module)
    survey = Survey(plan, Community(2, b"public"), Limits(), Learned(), Clock())
    converse(survey, Agent(values).answer, Clock())
    sheet = Sheet(plan, survey.harvest, Interned())
    [column] = sheet.columns()
    assert dict(zip(column.rows.text, column.values, strict=True)) == {'{name="same"}': 1, "": 3}
    assert sheet.duplicates == {"m": 2}


@pytest.mark.parametrize(
    ("kind", "enum", "value", "dropped"),
    [
        ("gauge", {}, integer(1), 4), ("DisplayString", {}, octets("a"), 4), ("EnumAsInfo", ENUM, integer(1), 4),
        ("EnumAsStateSet", ENUM, integer(1), 12), ("Bits", ENUM, octets(b"\x80"), 12),
    ],
)  # fmt: skip
def test_no_labels_are_made_for_a_table_that_is_too_large(
    kind: str, enum: Mapping[int, str], value: bytes, dropped: int
) -> None:
    many = metric(kind, enum_values=enum, indexes=(Index("a", "gauge"),), lookups=LOOKUPS[:1])
    few = Metric("few", "1.1.9", "gauge", "", (Index("a", "gauge"),))
    plan = compile(Module("m", walk=("1.1",), metrics=(many, few)))
    values = {f"1.1.1.{n}": value for n in range(4)} | {f"1.1.9.{n}": integer(n) for n in range(3)}
    survey = Survey(plan, Community(2, b"public"), Limits(), Learned(), Clock())
    converse(survey, Agent(values).answer, Clock())
    interned = Interned()
    sheet = Sheet(plan, survey.harvest, interned, room=3)
    assert [(column.family.name, len(column.values)) for column in sheet.columns()] == [("few", 3)]
    assert sheet.dropped == dropped
    assert [len(kept.rows) for kept in interned.rows.values()] == [3]
    assert sheet.duplicates == {}
    whole = Sheet(plan, survey.harvest, Interned(), room=dropped)
    assert sum(len(column.values) for column in whole.columns()) == dropped + 3
    assert whole.dropped == 0


def test_of_a_large_table_that_little_is_made_of_that_little_is_kept() -> None:
    extracts = {"Number": (RegexExtract(r"^(\d+)$", "$1"),)}
    given = metric("DisplayString", regex_extracts=extracts, indexes=(Index("a", "gauge"),))
    plan = compile(Module("m", walk=("1.1",), metrics=(given,)))
    survey = Survey(plan, Community(2, b"public"), Limits(), Learned(), Clock())
    texts = {f"1.1.1.{n}": octets("7" if n == 2 else "none") for n in range(4)}
    converse(survey, Agent(texts).answer, Clock())
    sheet = Sheet(plan, survey.harvest, Interned(), room=3)
    assert [list(column.values) for column in sheet.columns()] == [[7]]
    assert sheet.dropped == 0


def test_rows_stay_the_same_object_while_the_table_does() -> None:
    given = metric("gauge", indexes=(Index("a", "gauge"),), lookups=LOOKUPS[:1])
    text = Metric("t", "1.1.6", "DisplayString", "", (Index("a", "gauge"),))
    module = Module("m", walk=("1.1",), metrics=(given, text))
    values = {"1.1.1.2": integer(1), "1.1.2.2": octets("eth0"), "1.1.6.2": octets("x")}
    interned = Interned()
    one = poll(module, values, interned)[1]
    two = poll(module, values | {"1.1.1.2": integer(7)}, interned)[1]
    assert [a.rows is b.rows for a, b in zip(one, two, strict=True)] == [True, True]
    renamed = poll(module, values | {"1.1.2.2": octets("eth1")}, interned)[1]
    assert renamed[0].rows.text == ('{a="2",name="eth1"}',)
    retold = poll(module, values | {"1.1.6.2": octets("y")}, interned)[1]
    assert retold[1].rows.text == ('{a="2",t="y"}',)
    grown = poll(module, values | {"1.1.1.3": integer(2)}, interned)[1]
    assert grown[0].rows.text == ('{a="2",name="eth0"}', '{a="3"}')
    assert len(interned.rows) == 2


def test_devices_whose_tables_are_alike_keep_them_together() -> None:
    given = metric("gauge", indexes=(Index("a", "gauge"),), lookups=LOOKUPS[:1])
    text = Metric("t", "1.1.6", "DisplayString", "", (Index("a", "gauge"),))
    module = Module("m", walk=("1.1",), metrics=(given, text))
    values = {"1.1.1.2": integer(1), "1.1.2.2": octets("eth0"), "1.1.6.2": octets("x")}
    devices = [Interned() for _ in range(3)]
    one = poll(module, values, devices[0])[1]
    two = poll(module, values | {"1.1.1.2": integer(7)}, devices[1])[1]
    other = poll(module, values | {"1.1.6.2": octets("y")}, devices[2])[1]
    assert [a.rows is b.rows for a, b in zip(one, two, strict=True)] == [True, True]
    assert [a.rows is b.rows for a, b in zip(one, other, strict=True)] == [True, False]
    assert other[1].rows.text == ('{a="2",t="y"}',)
    assert all(a is b for a, b in zip(devices[0].rows, devices[1].rows, strict=True))
    renamed = poll(module, values | {"1.1.2.2": octets("eth1")}, devices[0])[1]
    again = poll(module, values, devices[1])[1]
    assert (renamed[0].rows.text, again[0].rows is two[0].rows) == (('{a="2",name="eth1"}',), True)


def test_rows_that_come_and_go_do_not_pile_up() -> None:
    """Of connections, say: what is kept of them for others is bounded, and nothing where there are many."""
    given = Metric("m", "1.1.1", "gauge", "", (Index("a", "gauge"),))
    module, interned = Module("m", walk=("1.1",), metrics=(given,)), Interned()

    def living() -> int:
        gc.collect()
        return sum(type(each) is Rows for each in gc.get_objects())

    before = living()
    for number in range(1000):
        poll(module, {f"1.1.1.{number + row}": integer(row) for row in range(3)}, interned)
    assert living() - before < 500
    between = living()
    for number in range(10):
        poll(module, {f"1.1.1.{number + row}": integer(row) for row in range(150)}, interned)
    assert living() - between <= 1


def test_walks_that_overlap_are_walked_once() -> None:
    module = Module(
        "m", walk=("1.1.1", "1.1", "1.1.2", "1.1"), get=("1.1.1.0", "1.2.0", "1.2.0"), metrics=(metric("gauge"),)
    )
    plan = compile(module)
    assert plan.roots == (ber.encode_oid("1.1"),)
    assert plan.gets == (ber.encode_oid("1.2.0"),)


FILTERED = Module(
    "m", walk=("1.1.1", "1.1.2"), get=("1.1.10.0",),
    metrics=tuple(
        Metric(name, oid, "gauge", "", (Index("i", "gauge"),)) for name, oid in (("m", "1.1.1"), ("n", "1.1.2"))
    ),
    filters=(Filter("1.1.3", ("1.1.1",), ("^up$",)),),
)  # fmt: skip


def test_filters_ask_targets_where_a_value_matches() -> None:
    values = {f"1.1.{column}.{row}": integer(column * 10 + row) for column in (1, 2) for row in (1, 2, 3)}
    values |= {"1.1.3.1": octets("up"), "1.1.3.2": octets("down"), "1.1.3.3": octets("up")}
    agent = Agent(values)
    plan = compile(FILTERED)
    survey = Survey(plan, Community(2, b"public"), Limits(), Learned(), Clock())
    converse(survey, agent.answer, Clock())
    columns = {c.family.name: c for c in Sheet(plan, survey.harvest, Interned()).columns()}
    assert list(columns["m"].values) == [11, 13]
    assert list(columns["n"].values) == [21, 22, 23]
    gets = [q for q, head in zip(agent.questions, agent.asked, strict=True) if head.pdu == 0xA0]
    names = [ber.dotted(name) for q in gets for name, _, _ in message.varbinds(q, message.read(q))]
    assert names == ["1.1.1.1", "1.1.1.3"]  # 1.1.10.0 begins with the text of the target: snmp_exporter drops it too


def test_a_walk_within_a_column_ends_where_it_should() -> None:
    module = Module("m", walk=("1.1.1.5",), metrics=(metric("gauge", indexes=(Index("a"), Index("b"))),))
    values = {f"{module.metrics[0].oid}.{a}.{b}": integer(10 * a + b) for a in (4, 5, 6) for b in (1, 2, 3)}
    survey = Survey(compile(module), Community(2, b"public"), Limits(), Learned(), Clock())
    converse(survey, Agent(values).answer, Clock())
    (column,) = Sheet(compile(module), survey.harvest, Interned()).columns()
    assert list(column.values) == [51, 52, 53]


@pytest.mark.parametrize(
    ("content", "hint", "text"),
    [
        (b"\x00\x1a\x2b", "1x:", "00:1A:2B"), (b"hello", "255a", "hello"), ("é".encode(), "255t", "é"),
        (bytes.fromhex("07E2080F08010F002B0200"), "2d-1d-1d,1d:1d:1d.1d,1a1d:1d", "2018-8-15,8:1:15.0,+2:0"),
        (b"\x0a\x00\x00\x01", "1d.1d.1d.1d", "10.0.0.1"), (b"\x02\x01\x02\x03", "*1x:/1d", "01:02/3"),
        (b"\x08", "1o", "10"), (b"\x01\x02", "bad", None), (b"\x01", "0d", None),
    ],
)  # fmt: skip
def test_display_hints(content: bytes, hint: str, text: str | None) -> None:
    shown = hinted(content, hint)
    assert (None if shown is None else shown.decode()) == text
    assert render(ber.OCTET_STRING, content, "OctetString", hint) == text or text is None


@pytest.mark.parametrize(
    ("value", "single", "text"),
    [
        (1.5, True, "1.5"), (0.1, False, "0.1"), (3.4028234663852886e38, True, "34028235" + "0" * 31),
        (1e-7, False, "0.0000001"), (1e21, False, "1000000000000000000000"), (5.0, False, "5"), (-0.25, True, "-0.25"),
        (float("nan"), False, "NaN"), (float("-inf"), True, "-Inf"),
    ],
)  # fmt: skip
def test_floats_in_texts_have_no_exponent(value: float, single: bool, text: str) -> None:
    assert plain(value, single=single) == text


def test_dates_out_of_range_run_over_as_in_go() -> None:
    assert clock.days(1970, 1, 1) == 0
    assert clock.days(2000, 2, 30) == clock.days(2000, 3, 1)
    assert clock.days(1999, 13, 0) == clock.days(1999, 12, 31)
    assert clock.date_and_time(bytes(8)) == -62169984000  # all zeros: 30 November of the year before 0
    assert clock.date_and_time(bytes.fromhex("07E2080F08010F002A0200")) is None


def test_problems_are_told_by_name() -> None:
    bad = Module(
        "m", walk=("1",), metrics=(
            Metric("one", "x", "gauge"), Metric("two", "1.1", "gauge", "", (Index("i", "Strange"),)),
            Metric("three", "1.2", "gauge", "", (), (Lookup(("i",), "l", "1.3"),)),
            Metric("four", "1.3", "DisplayString", "", regex_extracts={"X": (RegexExtract("("),)}),
        ), filters=(Filter("1.1", ("1.2",), ("(",)),),
    )  # fmt: skip
    assert [each.split(":")[0] for each in problems(bad)] == ["1", "1.1", "one", "two", "three", "four"]


def test_only_columns_that_are_often_alike_share_their_values() -> None:
    assert alike(3.0, SHARED) is alike(3.0, SHARED)
    assert alike(3.0, SHARED + 1) is not alike(3.0, SHARED + 1), "kept, a thousand lengths of a large table are 800 MB"
    assert list(alike(3.0, SHARED + 1)) == [3.0] * (SHARED + 1)
