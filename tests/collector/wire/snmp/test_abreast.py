"""Columns read side by side: when it begins, what ends it, and that nothing else is read than by a walk."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.wire.snmp import ber, message
from collector.wire.snmp.abreast import at_once
from collector.wire.snmp.habits import FRAME, LOSSES, Learned
from collector.wire.snmp.labels import Pool
from collector.wire.snmp.module import Index, Metric, Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.units import tables
from tests.collector.wire.snmp.agents import Agent, Varbind, integer, response
from tests.collector.wire.snmp.faulty import INDEX, LIMITS, ROOT, ROWS, SCALARS, TABLE, poll, table_values, whole

COLUMNS = 12
ROOM = LIMITS.reply_bytes


def wide(rows: int = 300, holes: bool = True) -> tuple[Module, dict[str, bytes]]:
    """A table of many columns, a scalar above it, rows whose indexes take one and two bytes, and holes."""
    metrics = [Metric("number", f"{ROOT}.0", "gauge"), Metric("leaf", f"{ROOT}.9.5", "gauge")]
    values = {f"{ROOT}.0.0": integer(rows), f"{ROOT}.9.5": integer(5), "1.3.6.1.2.1.3.1.0": integer(7)}
    for column in range(1, COLUMNS + 1):
        metrics.append(Metric(f"c{column}", f"{ROOT}.1.{column}", "gauge", "", (Index("row", "gauge"),)))
        for row in range(1, rows + 1):
            if not holes or column % 3 or row % column:
                values[f"{ROOT}.1.{column}.{row}"] = integer(row * 7 * column, ber.COUNTER32)
    return Module("wide", walk=(ROOT,), metrics=tuple(metrics)), values


def grown(clean: int = 4) -> Learned:
    learned = Learned()
    learned.clean = clean
    return learned


def asked(agent: Agent) -> list[int]:
    """Names in each question."""
    return [len(list(message.varbinds(each, message.read(each)))) for each in agent.questions]


@pytest.mark.parametrize("longest", [200, 1400, 8000])
def test_reads_what_a_walk_reads(longest: int) -> None:
    module, values = wide()
    walked = poll(Agent(values), module, learned=Learned())
    learned = grown()
    for turn in range(3):
        agent = Agent(values, longest=longest)
        abreast = poll(agent, module, learned=learned)
        assert turn or max(asked(agent)) > 1
        assert {n: (c.rows.text, c.values) for n, c in abreast.columns.items()} == {
            n: (c.rows.text, c.values) for n, c in walked.columns.items()
        }
        assert abreast.survey.incomplete == {}
    assert learned.setbacks == 0
    assert max(head.error_index for head in agent.asked) <= 54


def test_replies_grow_after_clean_polls_only() -> None:
    module, values = wide(50, holes=False)
    learned = Learned()
    longest, sent = [], []
    for _ in range(7):
        agent = Agent(values)
        sent.append(poll(agent, module, learned=learned).sent)
        longest.append(max(len(agent.answer(question)[0]) for question in list(agent.questions)))
    assert longest[0] <= longest[1] <= 1472
    assert longest[-1] <= ROOM * 1.1
    assert sent[-1] < sent[1] / 2
    assert [learned.room(ROOM), learned.room(FRAME), Learned().room(ROOM)] == [ROOM, 0, 0]


@dataclass
class NoFragments(Agent):
    """What does not fit into one frame gets lost on the way (F26)."""

    def answer(self, packet: bytes) -> list[bytes]:
        return [each for each in super().answer(packet) if len(each) <= 1472]


@dataclass
class TooBig(Agent):
    """Says tooBig to what does not fit into one frame."""

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        answers = super().reply(head, asked)
        return answers if len(answers[0]) <= 1472 else [response(head, [], message.TOO_BIG)]


@pytest.mark.parametrize("kind", [Agent, NoFragments, TooBig])
@pytest.mark.parametrize("rows", [0, 3, 60])
def test_after_one_clean_poll_columns_are_asked_for_together_in_replies_of_a_frame(
    kind: type[Agent], rows: int
) -> None:
    module, values = wide(rows, holes=False)
    learned = Learned()
    walked = poll(kind(dict(values)), module, learned=learned)
    agent = kind(dict(values))
    abreast = poll(agent, module, learned=learned)
    assert {n: c.values for n, c in abreast.columns.items()} == {n: c.values for n, c in walked.columns.items()}
    assert max(asked(agent)) > 1
    assert max(len(agent.answer(question)[0]) for question in list(agent.questions)) <= 1472
    assert max(head.error_index for head in agent.asked) <= max(rows, 1) + 1, "one row more than the walk has shown"
    assert (learned.clean, learned.setbacks) == (2, 0)


class ByName(Agent):
    """All rows of the first name, then all of the second."""

    def rows(self, columns: Sequence[Sequence[Varbind]], repetitions: int) -> list[Varbind]:
        return [each for column in columns for each in column]


class FirstOnly(Agent):
    """Only the first name counts."""

    def rows(self, columns: Sequence[Sequence[Varbind]], repetitions: int) -> list[Varbind]:
        return list(columns[0])


class LastRepeated(Agent):
    """One row of all, then only the last name goes on, as after non-repeaters."""

    def rows(self, columns: Sequence[Sequence[Varbind]], repetitions: int) -> list[Varbind]:
        return [*[column[0] for column in columns], *columns[-1][1:]]


class Dumb(Agent):
    """Several names in a GETBULK are met with silence."""

    def answer(self, packet: bytes) -> list[bytes]:
        answers = super().answer(packet)
        head = self.asked[-1]
        return [] if head.pdu == 0xA5 and len(list(message.varbinds(packet, head))) > 1 else answers


class TwoTypes(Agent):
    """A value of another type in the middle of a column."""

    def __post_init__(self) -> None:
        self.values[f"{ROOT}.1.11.50"] = integer(50, ber.GAUGE32)
        super().__post_init__()


MUDDLED = [ByName, FirstOnly, LastRepeated, Dumb, TwoTypes]
"""Agents that can't be asked for several columns, in however small a reply."""


@pytest.mark.parametrize(
    ("kind", "clean"), [(NoFragments, 4), (TooBig, 4), *((kind, clean) for kind in MUDDLED for clean in (1, 4))]
)
def test_who_can_not_do_it_is_read_as_before_and_not_asked_again_for_long(kind: type[Agent], clean: int) -> None:
    module, values = (TABLE, table_values()) if kind is TwoTypes else wide(60, holes=False)
    learned = grown(clean)
    walked = poll(Agent(dict(values)), module, learned=Learned())
    for turn in range(3):
        agent = kind(dict(values))
        result = poll(agent, module, learned=learned)
        assert {n: c.values for n, c in result.columns.items()} == {n: c.values for n, c in walked.columns.items()}
        assert result.survey.incomplete == {}
        assert learned.setbacks == 1
        assert max(asked(agent)) == 1 or not turn
    assert learned.clean < 0
    again = Learned()
    again.set_back()
    first = again.clean
    again.set_back()
    assert again.clean == 2 * first


@dataclass
class Losing(Agent):
    """So many attempts at each question are lost on the way."""

    lost: int = 0

    def answer(self, packet: bytes) -> list[bytes]:
        answers = super().answer(packet)
        return answers if self.put().count(self.put()[-1]) > self.lost else []

    def put(self) -> list[tuple[int, bytes]]:
        """The kind and the names of each question."""
        return [(head.pdu, packet[head.start :]) for head, packet in zip(self.asked, self.questions, strict=True)]


def test_a_lost_get_is_asked_for_again_as_it_was() -> None:
    learned = Learned()
    for _ in range(3):
        agent = Losing(table_values(), lost=1)
        result = poll(agent, SCALARS, learned=learned)
        assert len(result.columns) == len(SCALARS.get)
        assert asked(agent) == [len(SCALARS.get)] * 2
    assert learned.lone_gets == 0


@dataclass
class LosingFirst(Agent):
    """The first questions are lost on the way."""

    lost: int = 0

    def answer(self, packet: bytes) -> list[bytes]:
        answers = super().answer(packet)
        return answers if len(self.questions) > self.lost else []


def test_one_question_that_took_fewer_rows_is_no_ceiling_yet() -> None:
    once, always = Learned(), Learned()
    assert poll(LosingFirst(table_values(), lost=2), learned=once).survey.incomplete == {}
    poll(Losing(table_values(), lost=2), learned=always)
    assert once.ceiling == float("inf")
    assert always.ceiling < 10


@pytest.mark.parametrize("lost", [1, LOSSES])
def test_lost_packets_are_no_reason_to_ask_otherwise(lost: int) -> None:
    module, values = wide(60, holes=False)
    learned = grown()
    for _ in range(3):
        agent = Losing(dict(values), lost=lost)
        result = poll(agent, module, learned=learned)
        assert result.survey.incomplete == {}
        assert {n: c.values for n, c in result.columns.items()} == {
            n: c.values for n, c in poll(Agent(dict(values)), module, learned=Learned()).columns.items()
        }
        bulk = [names for names, head in zip(asked(agent), agent.asked, strict=True) if head.pdu == 0xA5]
        assert max(bulk) > 1
        assert result.sent == (lost + 1) * len(set(agent.put()))
    assert (learned.setbacks, learned.clean) == (0, 4 + 3), "nor to grow less"
    poll(Losing(dict(values), lost=LOSSES + 1), module, learned=learned)
    assert learned.setbacks == 1


def few(rows: int = 2) -> tuple[Module, dict[str, bytes]]:
    """Three tables and a group of single values, in subtrees of their own."""
    metrics, values = [], {f"{ROOT}.{table}.9.0": integer(table) for table in (1, 4)}
    for table in range(1, 5):
        for column in range(1, 9):
            oid = f"{ROOT}.{table}.{column}"
            metrics.append(Metric(f"t{table}c{column}", oid, "gauge", "", () if table == 3 else INDEX))
            for row in (0,) if table == 3 else range(1, rows + table):
                values[f"{oid}.{row}"] = integer(row * table * column)
    values[f"{ROOT}.5.0"] = integer(5)
    return Module("few", walk=tuple(f"{ROOT}.{table}" for table in range(1, 5)), metrics=tuple(metrics)), values


def test_tables_of_few_rows_are_one_question() -> None:
    module, values = few(1)
    walked = poll(Agent(values), module, learned=Learned())
    learned = grown()
    sent = []
    for _ in range(3):
        agent = Agent(values)
        result = poll(agent, module, learned=learned)
        sent.append(result.sent)
        assert {n: (c.rows.text, c.values) for n, c in result.columns.items()} == {
            n: (c.rows.text, c.values) for n, c in walked.columns.items()
        }
        assert result.survey.incomplete == {}
    assert sent[0] >= 4
    assert sent[1:] == [1, 1]
    assert [(head.pdu, head.error_index) for head in agent.asked] == [(0xA5, 5)]
    assert asked(agent) == [32]


@given(
    st.lists(
        st.tuples(st.integers(0, 2**31), st.sampled_from(["as it was", "another type", "gone"]), st.integers(0, 70)),
        min_size=2,
        max_size=5,
    )
)
@settings(max_examples=60)
def test_whatever_a_small_table_holds_is_read_as_a_walk_reads_it(devices: list[tuple[int, str, int]]) -> None:
    module, plain = few(1)
    learned = grown()
    poll(Agent(plain), module, learned=learned)
    for base, change, place in devices:
        values = {oid: integer(base + number) for number, oid in enumerate(plain)}
        changed = sorted(values)[place % len(values)]
        if change == "another type":
            values[changed] = integer(base, ber.COUNTER32)
        elif change == "gone":
            del values[changed]
        result = poll(Agent(values), module, learned=deepcopy(learned))
        walked = poll(Agent(values), module, learned=Learned())
        assert {n: (c.rows.text, c.values) for n, c in result.columns.items()} == {
            n: (c.rows.text, c.values) for n, c in walked.columns.items()
        }


def test_tables_that_grew_are_read_whole_and_apart_again() -> None:
    module, values = few(1)
    learned = grown()
    for _ in range(2):
        assert poll(Agent(values), module, learned=learned).survey.incomplete == {}
    module, values = few(40)
    walked = poll(Agent(values), module, learned=Learned())
    for turn in range(3):
        agent = Agent(values)
        result = poll(agent, module, learned=learned)
        assert {n: c.values for n, c in result.columns.items()} == {n: c.values for n, c in walked.columns.items()}
        assert result.survey.incomplete == {}
        assert max(asked(agent)) == (8 if turn else 32)
    assert learned.setbacks == 0


@pytest.mark.parametrize("kind", [TooBig, ByName, FirstOnly, LastRepeated, Dumb])
def test_who_can_not_answer_for_several_tables_is_read_as_before(kind: type[Agent]) -> None:
    module, values = few()
    learned = grown()
    walked = poll(Agent(values), module, learned=Learned())
    poll(Agent(values), module, learned=learned)
    if kind is TooBig:  # texts that are longer than they were
        values |= {oid: ber.tlv(ber.OCTET_STRING, bytes(100)) for oid in values if oid.startswith(f"{ROOT}.2.")}
    for turn in range(3):
        agent = kind(dict(values))
        result = poll(agent, module, learned=learned)
        found = {n: c.values for n, c in result.columns.items() if not (kind is TooBig and n.startswith("t2"))}
        assert found == {n: c.values for n, c in walked.columns.items() if n in found}
        assert len(result.columns) == len(walked.columns)
        assert result.survey.incomplete == {}
        assert learned.setbacks == 1
        assert max(asked(agent)) == 1 or not turn


def test_a_device_that_is_asked_with_care_is_never_asked_for_more() -> None:
    for version, any_order, limits in ((1, False, LIMITS), (2, True, LIMITS), (2, False, None)):
        agent = Agent(table_values())
        bounded = limits or type(LIMITS)()
        whole(poll(agent, version=version, any_order=any_order, limits=bounded, learned=grown()))
        assert set(asked(agent)) == {1}


def test_what_can_be_read_side_by_side() -> None:
    plan = compile(wide()[0])
    found = [[ber.dotted(column) for column in table] for table in plan.units[plan.roots[0]].tables]
    assert found == [[f"{ROOT}.0", *[f"{ROOT}.1.{n}" for n in range(1, COLUMNS + 1)]], [f"{ROOT}.9.5"]]
    nested = Module("nested", walk=(ROOT,), metrics=(*TABLE.metrics, Metric("in", f"{ROOT}.1.10.7", "gauge")))
    assert compile(nested).units != {}  # the longer OID is its column's
    column = ber.encode_oid(ROOT + ".1.10")
    assert tables(column, plan.columns) == ((column,),)
    assert tables(column + b"\x07", plan.columns) == ()


def test_as_few_packets_as_can_be() -> None:
    assert [
        at_once(22, 22, 53, 54, 250), at_once(41, 41, 53, 54, 250), at_once(16, 41, 53, 54, 336),
        at_once(1, 1, 10, 54, 1), at_once(5, 5, ROWS, 54, 10),
    ] == [
        22, 41, 6, 1, 1,
    ]  # fmt: skip


def test_a_pool_forgets_what_nobody_else_keeps() -> None:
    pool = Pool[str](10)
    kept = pool(*(f"kept {n}" for n in range(6)))
    for turn in range(50):
        pool(*(f"passing {turn} {n}" for n in range(5)))
    assert len(pool) <= 6 + 10
    assert pool("kept " + str(3))[0] is kept[3]
