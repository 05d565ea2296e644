"""Values that make no sense are left out, counted and marked, and no other is lost (CONTRACTS 3, RELIABILITY F10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from collector.errors import Malformed, NoData, PollError, Refused
from collector.model import DETAIL, INCOMPLETE, Column
from collector.network.snmp import INVALID, Snmp
from collector.wire.snmp import ber, message, outcome
from collector.wire.snmp.module import Index, Lookup, Metric, Module
from tests.collector.network.test_snmp import Wire, poll, target
from tests.collector.wire.snmp.agents import Agent, Varbind, integer, octets, response
from tests.collector.wire.snmp.faulty import (
    INDEX,
    ROOT,
    SCALARS,
    TABLE,
    Fails,
    Refuses,
    Repeats,
    StepsBack,
    table_values,
)
from tests.collector.wire.snmp.odd import Breaks

BITS = Module(
    "bits",
    walk=(f"{ROOT}.1.12",),
    metrics=(Metric("flags", f"{ROOT}.1.12", "Bits", "Help", INDEX, enum_values={0: "a", 1: "b"}),),
)


def invalid(columns: dict[str, Column]) -> dict[tuple[str, ...], float]:
    """What was left out, by table and reason."""
    found = columns.get(INVALID.name)
    return {} if found is None else dict(zip((row[1:] for row in found.rows.values), found.values, strict=True))


def said(columns: dict[str, Column]) -> list[tuple[str, ...]]:
    return [tuple(row) for row in columns[DETAIL.name].rows.values] if DETAIL.name in columns else []


async def test_bits_that_are_no_string_of_bytes_are_counted() -> None:
    values = {f"{ROOT}.1.12.1": octets(b"\x40"), f"{ROOT}.1.12.2": integer(3), f"{ROOT}.1.12.3": octets(b"\x80")}
    columns = await poll(Agent(values), target(BITS))
    assert list(columns["flags"].values) == [0, 1, 1, 0]
    assert invalid(columns) == {("flags", "bits"): 1}
    assert columns[INVALID.name].rows.names == ("module", "table", "reason")
    assert INCOMPLETE.name not in columns, "all of the table was read"
    assert said(columns) == [
        (
            "flags",
            'error collecting metric Desc{fqName: "snmp_error", help: "BITS type was not a BISTRING on the wire.", '
            "constLabels: {}, variableLabels: {}}: error for metric flags with labels [2]: int",
        )
    ]


async def test_nothing_but_bits_that_are_none_is_a_failure_with_its_reason() -> None:
    with pytest.raises(Malformed) as caught:
        await poll(Agent({f"{ROOT}.1.12.{n}": integer(n) for n in range(1, 200)}), target(BITS))
    columns = {column.family.name: column for column in caught.value.columns}
    assert invalid(columns) == {("flags", "bits"): 199}
    assert len(said(columns)) == 100, "what is told one by one has a bound"


@pytest.mark.parametrize("nonsense", ["0205", "020105ff", "42"])
async def test_a_bad_varbind_is_a_table_that_was_read_in_part(nonsense: str) -> None:
    agent = Breaks(table_values(40))
    agent.nonsense = bytes.fromhex(nonsense)
    columns = await poll(agent, target(TABLE))
    assert [len(columns[name].values) for name in ("alpha", "beta")] == [39, 39]
    assert invalid(columns) == {(ROOT, "value"): 2}
    assert list(columns[INCOMPLETE.name].rows.values) == [(ROOT, "malformed")]
    assert said(columns) == [(ROOT, "error in unmarshalResponse: 2 variable bindings that make no sense")]


class CutShort(Agent):
    """Every second reply ends in the middle of a varbind."""

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        (packet,) = super().reply(head, asked)
        if len(self.asked) % 2:
            return [packet]
        found = [(oid, ber.tlv(tag, value)) for oid, tag, value in message.varbinds(packet, message.read(packet))]
        return [response(head, [*found[:-1], (found[-1][0], b"\x02\x7f\x01")])]


async def test_what_is_cut_off_at_the_end_of_a_reply_is_asked_for_again_and_nothing_is_lost() -> None:
    columns = await poll(CutShort(table_values(40)), target(TABLE))
    assert [len(columns[name].values) for name in ("alpha", "beta")] == [40, 40]
    assert invalid(columns) == {}
    assert {INCOMPLETE.name, DETAIL.name}.isdisjoint(columns)


class OddRow(Agent):
    """The index of the last row is an arc without end, among rows that look alike."""

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        for oid, value in super().bulk(name, repetitions):
            yield (oid[:-1] + b"\x85" if oid[-1] == 5 else oid), value


@pytest.mark.parametrize("kind", ["counter", "EnumAsStateSet", "DisplayString"])
async def test_a_row_whose_index_is_none_is_counted_once(kind: str) -> None:
    metric = replace(TABLE.metrics[0], type=kind, enum_values={1001: "x", 1002: "y"})
    what, wire = target(Module("odd", walk=(f"{ROOT}.1.10",), metrics=(metric,))), Wire(OddRow(table_values(5)))
    for _ in range(2):  # rows that are kept are counted as well
        columns = await poll(Agent({}), what, wire)
        assert len({text.split('row="')[1][0] for text in columns["alpha"].rows.text}) == 4
        assert invalid(columns) == {("alpha", "index"): 1}


async def test_what_a_module_shares_with_a_damaged_one_is_marked_in_both_and_nowhere_else() -> None:
    agent = Breaks(table_values(40))
    agent.nonsense = bytes.fromhex("0205")
    narrow = Module("narrow", walk=(f"{ROOT}.1.11",), metrics=TABLE.metrics[1:])
    wire = Wire(agent)
    targets = [target(module) for module in (TABLE, narrow, SCALARS)]
    readings = await Snmp(TABLE).poll_together(targets, wire)
    found = [{column.family.name: column for column in reading()} for reading in readings]
    assert [sorted(key[0] for key in invalid(columns)) for columns in found] == [[ROOT], [f"{ROOT}.1.11"], []]


@pytest.mark.parametrize(
    ("agent", "module", "words"),
    [
        (Repeats(table_values()), TABLE, [(ROOT, f"OID not increasing: .{ROOT}.1.10.9 >= .{ROOT}.1.10.9")]),
        (StepsBack(table_values()), TABLE, [(ROOT, f"OID not increasing: .{ROOT}.1.10.5 >= .{ROOT}.1.10.4")]),
        (Fails(table_values()), TABLE, [(ROOT, "Error Status 5")]),
        (Agent(table_values()), TABLE, []),
    ],
)
async def test_marks_have_their_particulars(agent: Agent, module: Module, words: list[tuple[str, str]]) -> None:
    assert said(await poll(agent, target(module))) == words


@pytest.mark.parametrize("status", [5, 13])
async def test_an_error_status_is_told_by_its_number(status: int) -> None:
    with pytest.raises(Refused) as caught:
        await poll(Refuses(table_values(), status=status), target(SCALARS))
    columns = {column.family.name: column for column in caught.value.columns}
    assert said(columns) == [("get", f"Error Status {status}")]


async def test_duplicates_are_told_with_labels_and_value() -> None:
    lookups = (Lookup(("i",), "name", f"{ROOT}.1.2", "DisplayString"), Lookup((), "i"))
    metrics = (Metric("x", f"{ROOT}.1.1", "counter", "", (Index("i"),), lookups),)
    values = {f"{ROOT}.1.1.{n}": integer(1234567 * n, ber.COUNTER32) for n in (1, 2, 3)}
    values |= {f"{ROOT}.1.2.{n}": octets('a"b') for n in (1, 2)}
    columns = await poll(Agent(values), target(Module("m", walk=(ROOT,), metrics=metrics)))
    assert said(columns) == [
        (
            "x",
            'collected metric "x" { label:{name:"name" value:"a\\"b"} counter:{value:2.469134e+06} } was collected '
            "before with the same name and label values",
        )
    ]


@pytest.mark.parametrize(
    ("marks", "error"),
    [({"1.1": "not_increasing"}, Malformed), ({"get": "gen_err"}, Refused), ({"1.1": "row_cap"}, NoData)],
)
def test_values_without_a_series_are_no_answer_where_more_was_cut_off(
    marks: dict[str, str], error: type[PollError]
) -> None:
    assert type(outcome.emptied(marks)) is error
