"""Columns that modules walk one by one are read side by side: when, what ends it, and that nothing else is read so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.wire.snmp import ber, message
from collector.wire.snmp.habits import Learned
from collector.wire.snmp.module import Index, Metric, Module
from collector.wire.snmp.units import Unit, leaner, units
from collector.wire.snmp.walk import Caps, Columns
from tests.collector.wire.snmp.agents import Agent, Varbind, integer, response
from tests.collector.wire.snmp.faulty import LIMITS, Result, StepsBack, poll
from tests.collector.wire.snmp.test_abreast import ByName, Dumb, FirstOnly, LastRepeated, NoFragments, TooBig, grown

ENTRY = "1.3.6.1.2.1.2.2.1"
OTHER = "1.3.6.1.4.1.9.5.1"
NUMBERS = (6, 1, 10, 3, 14)
"""Columns in the order in which a module lists them; those between are on the device and nobody wants them."""
ROW = (Index("row", "gauge"),)


def raw(*columns: int, entry: str = ENTRY) -> tuple[bytes, ...]:
    return tuple(ber.encode_oid(f"{entry}.{column}") for column in columns)


def column_wise(*columns: int, name: str = "columns", entry: str = ENTRY) -> Module:
    metrics = tuple(Metric(f"c{column}", f"{entry}.{column}", "gauge", "", ROW) for column in columns)
    return Module(name, walk=tuple(metric.oid for metric in metrics), metrics=metrics)


WISE = column_wise(*NUMBERS)


def values(rows: int = 60, entry: str = ENTRY) -> dict[str, bytes]:
    found = {
        f"{entry}.{column}.{row}": integer(row * 100 + column) for column in range(1, 16) for row in range(1, rows + 1)
    }
    return found | {"1.3.6.1.2.1.3.1.0": integer(7), "1.3.6.1.6.1.0": integer(8)}


def asked(agent: Agent) -> list[tuple[bytes, ...]]:
    return [tuple(name for name, _, _ in message.varbinds(each, message.read(each))) for each in agent.questions]


def begun(agent: Agent) -> Counter[bytes]:
    """How often the reading of each column began."""
    return Counter(name for names in asked(agent) for name in names if name in set(raw(*range(1, 16))))


def said(result: Result) -> dict[str, object]:
    return {name: (column.rows.text, list(column.values)) for name, column in result.columns.items()}


def walked(held: dict[str, bytes], module: Module = WISE) -> Result:
    return poll(Agent(dict(held)), module, learned=Learned())


# What is read together.


def test_sibling_columns_share_a_getbulk() -> None:
    learned = grown()
    for turn in range(2):
        agent = Agent(values())
        result = poll(agent, WISE, learned=learned)
        assert said(result) == said(walked(values()))
        assert set(begun(agent).values()) == {1}
        assert len(asked(agent)[0]) > 1
        assert not turn or asked(agent)[0] == raw(*sorted(NUMBERS)), "how many rows there are is known"
    alone = Agent(values())
    poll(alone, WISE, learned=Learned())
    assert len(agent.questions) < len(alone.questions) / 2
    assert len(asked(alone)[0]) == 1, "not before the device has answered well"


def test_only_what_is_listed_is_asked_for() -> None:
    agent = Agent(values())
    poll(agent, WISE, learned=grown())
    listed = raw(*NUMBERS)
    assert all(name.startswith(listed) for names in asked(agent) for name in names)


def test_what_belongs_together() -> None:
    other = raw(1, 2, entry=OTHER)
    table = ber.encode_oid("1.3.6.1.2.1.31")
    within, row = table + b"\x01\x01\x01\x06", ber.encode_oid("1.3.6.1.2.1.4.20.1.1.10")
    roots = (*raw(6, 1), *reversed(other), table, row, *raw(7, entry=f"{OTHER}.9"))
    lone = roots[-1]
    columns = Columns((*raw(1, 6), *other, within, row[:-1], lone))
    found = units(roots, columns)
    assert found[roots[0]] == found[roots[1]] == Unit(raw(1, 6), (raw(1, 6),))
    assert found[other[0]].roots == other
    assert found[table] == Unit((table,), ((within,),))
    assert found[lone].roots == (lone,)
    assert row not in found, "its cells are a part of a column's"
    nested = Columns((*raw(1, 6), raw(6)[0] + b"\x05"))
    assert raw(6)[0] not in units(raw(1, 6), nested), "a cell may belong to either"


def test_part_of_a_unit() -> None:
    columns = Columns(raw(1, 3, 6))
    whole = units(raw(1, 3, 6), columns)
    assert whole[raw(1)[0]].only(raw(1, 6), columns) == Unit(raw(1, 6), (raw(1, 6),))
    less = leaner(whole, columns, set(raw(1, 3)))
    assert less.keys() == whole.keys()
    unit = less[raw(6)[0]]
    assert unit == Unit(raw(1, 3, 6), (raw(6),), frozenset({0, 1}))
    assert unit.only(raw(3, 6), columns) == Unit(raw(3, 6), (raw(6),), frozenset({1}))
    assert unit.only(raw(1), columns) == Unit(raw(1), (), frozenset({0}))
    assert leaner(whole, columns, set(raw(9))) == {}


# Tables as devices have them.


HOLES = {
    key: value for key, value in values().items() if not (key.endswith(("3", "7")) and key.startswith(f"{ENTRY}.6."))
}
LENGTHS = {
    key: value
    for key, value in values(200).items()
    if not key.startswith(ENTRY) or int(key.split(".")[-1]) <= 12 * int(key.split(".")[-2])
}
ABSENT = {key: value for key, value in values().items() if not key.startswith((f"{ENTRY}.6.", f"{ENTRY}.14."))}
ONE = {key: value for key, value in values().items() if not key.startswith(ENTRY) or key.startswith(f"{ENTRY}.10.")}
NONE = {"1.3.6.1.2.1.3.1.0": integer(7)}


@pytest.mark.parametrize("held", [HOLES, LENGTHS, ABSENT, ONE], ids=["holes", "lengths", "absent", "one is there"])
@pytest.mark.parametrize("longest", [300, 8000])
def test_columns_unlike_each_other_are_read_as_by_walks(held: dict[str, bytes], longest: int) -> None:
    learned = grown()
    for _ in range(3):
        result = poll(Agent(held, longest=longest), WISE, learned=learned)
        assert said(result) == said(walked(held))
        assert result.survey.incomplete == {}
    assert learned.setbacks == 0


def test_a_table_that_is_not_there_costs_a_packet() -> None:
    learned = grown()
    for _ in range(2):
        agent = Agent(NONE)
        assert poll(agent, WISE, learned=learned).columns == {}
    assert len(agent.questions) == 1


@given(
    st.lists(st.lists(st.integers(1, 300), max_size=30, unique=True), min_size=2, max_size=6), st.integers(100, 4000)
)
@settings(max_examples=60)
def test_whatever_rows_there_are(rows: list[list[int]], longest: int) -> None:
    held = {f"{ENTRY}.{2 * n + 1}.{row}": integer(row) for n, column in enumerate(rows) for row in column} | NONE
    module = column_wise(*(2 * n + 1 for n in range(len(rows))))
    learned = grown()
    for _ in range(2):
        assert said(poll(Agent(held, longest=longest), module, learned=learned)) == said(walked(held, module))
    assert learned.setbacks == 0


# Agents that do not cope.


class FewerRows(Agent):
    """Two rows, however many were asked for."""

    def rows(self, columns: Sequence[Sequence[Varbind]], repetitions: int) -> list[Varbind]:
        return super().rows(columns, min(repetitions, 2))


@pytest.mark.parametrize("kind", [NoFragments, TooBig, ByName, FirstOnly, LastRepeated, Dumb])
def test_who_does_not_cope_is_walked_column_by_column(kind: type[Agent]) -> None:
    learned = grown()
    for turn in range(3):
        agent = kind(values(80))
        result = poll(agent, WISE, learned=learned)
        assert said(result) == said(walked(values(80)))
        assert result.survey.incomplete == {}
        assert max(map(len, asked(agent))) == 1 or not turn
    assert learned.setbacks == 1


def test_an_error_that_is_no_size_is_answered_by_a_walk() -> None:
    class Fails(Agent):
        def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
            if len(asked) > 1:
                return [response(head, [(name, b"\x05\x00") for name in asked], message.GEN_ERR, 1)]
            return super().reply(head, asked)

    learned = grown()
    result = poll(Fails(values()), WISE, learned=learned)
    assert said(result) == said(walked(values()))
    assert result.survey.incomplete == {}
    assert learned.setbacks == 1


def test_fewer_rows_than_asked_for_are_rows() -> None:
    learned = grown()
    result = poll(FewerRows(values(9)), WISE, learned=learned)
    assert said(result) == said(walked(values(9)))
    assert learned.setbacks == 0


def test_who_is_out_of_order_is_judged_by_the_walk() -> None:
    """Each column is marked by itself, as if nothing had been tried before."""
    alone = poll(StepsBack(values()), WISE, learned=Learned())
    learned = grown()
    result = poll(StepsBack(values()), WISE, learned=learned)
    assert result.survey.incomplete == alone.survey.incomplete
    assert set(result.survey.incomplete) == {f"{ENTRY}.{column}" for column in NUMBERS}
    assert said(result) == said(alone)
    assert learned.setbacks == 1


@dataclass
class DumbAt(Agent):
    """Says nothing to whoever asks within a column."""

    column: bytes = raw(10)[0]

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        return [] if any(name.startswith(self.column) for name in asked) else super().reply(head, asked)


def test_only_what_was_not_read_is_marked() -> None:
    result = poll(DumbAt(values()), WISE, learned=grown(), deadline=300.0)
    assert result.survey.incomplete == {f"{ENTRY}.10": "timeout"}
    rest = said(walked(values()))
    assert said(result) == {name: column for name, column in rest.items() if name != "c10"}


class Dies(Agent):
    """Answers once."""

    def answer(self, packet: bytes) -> list[bytes]:
        answers = super().answer(packet)
        return answers if len(self.asked) == 1 else []


def test_what_came_before_the_silence_stays_and_is_marked() -> None:
    result = poll(Dies(values(300)), WISE, learned=grown(), deadline=300.0)
    assert set(result.survey.incomplete.items()) == {(f"{ENTRY}.{column}", "timeout") for column in NUMBERS}
    counts = [result.rows(f"c{column}") for column in sorted(NUMBERS)]
    assert 300 > counts[0] == counts[1] > 0


class Endless(Agent):
    """Column 14 has no end."""

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        (column,) = raw(14)
        if not name.startswith(column):
            return super().bulk(name, repetitions)
        first = ber.decode_arcs(name[len(column) :])[0] if len(name) > len(column) else 0
        return [(ber.encode_oid(f"{ENTRY}.14.{first + n}"), integer(1)) for n in range(1, repetitions + 1)]


@pytest.mark.parametrize(
    ("caps", "reason"),
    [(Caps(varbinds=500), "row_cap"), (Caps(bytes=10_000), "byte_cap"), (Caps(packets=9), "packet_cap")],
)
def test_a_column_without_end_is_cut_off_and_no_other_marked(caps: Caps, reason: str) -> None:
    result = poll(Endless(values()), WISE, learned=grown(), limits=replace(LIMITS, caps=caps))
    assert result.survey.incomplete == {f"{ENTRY}.14": reason}
    assert {result.rows(f"c{column}") for column in NUMBERS if column != 14} == {60}
    assert reason != "row_cap" or result.rows("c14") <= 500 + 54, "what a walk of it would have been allowed"


def test_a_column_that_is_dumb_to_getbulk_is_left_out_of_it() -> None:
    learned = grown()
    learned.lone_walks = {raw(6)[0]: 5}
    for _ in range(2):
        agent = Agent(values())
        assert said(poll(agent, WISE, learned=learned)) == said(walked(values()))
    for names, head in zip(asked(agent), agent.asked, strict=True):
        assert (head.pdu == 0xA1) == names[0].startswith(raw(6))
        assert len(names) == 1 or not any(name.startswith(raw(6)) for name in names)
    assert max(map(len, asked(agent))) == len(NUMBERS) - 1


def test_the_careful_are_asked_with_care() -> None:
    for version, any_order, limits in ((1, False, LIMITS), (2, True, LIMITS), (2, False, type(LIMITS)())):
        agent = Agent(values())
        poll(agent, WISE, version=version, any_order=any_order, limits=limits, learned=grown())
        assert set(map(len, asked(agent))) == {1}
    agent = Agent(values())
    poll(agent, replace(WISE, name="in any order", allow_nonincreasing_oids=True), learned=grown())
    assert set(map(len, asked(agent))) == {1}
    agent = Agent(values())
    poll(agent, WISE, limits=replace(LIMITS, bulk=False), learned=grown())
    assert agent.questions == []
