"""Columns of one table that several modules need: asked for once, together, and each module has its own turn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.joint import join
from collector.wire.snmp.module import Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.speech import Community
from tests.collector.wire.snmp.agents import Agent, Clock, converse
from tests.collector.wire.snmp.faulty import LIMITS, poll
from tests.collector.wire.snmp.test_abreast import grown
from tests.collector.wire.snmp.test_units import (
    ENTRY,
    WISE,
    DumbAt,
    asked,
    begun,
    column_wise,
    raw,
    said,
    values,
    walked,
)

LEFT, RIGHT = column_wise(1, 6, 10, name="left"), column_wise(10, 3, 14, name="right")
TABLE = Module("table", walk=(ENTRY,), metrics=WISE.metrics)


@dataclass
class Several:
    agent: Agent
    modules: tuple[Module, ...]
    timeouts: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        clock = Clock()
        plan = join(self.modules)
        survey = Survey(plan, Community(2, b"public"), LIMITS, grown(), clock, seconds=self.timeouts)
        converse(survey, self.agent.answer, clock, 300.0)
        self.shares = [survey.share(number) for number in range(len(self.modules))]
        self.seconds = clock.now - 1000.0

    def said(self, number: int) -> dict[str, object]:
        sheet = Sheet(compile(self.modules[number]), self.shares[number].harvest, Interned())
        return {column.family.name: (column.rows.text, list(column.values)) for column in sheet.columns()}


@pytest.mark.parametrize("modules", [(LEFT, RIGHT), (RIGHT, LEFT), (LEFT, TABLE), (TABLE, RIGHT), (LEFT, TABLE, RIGHT)])
def test_what_modules_share_is_asked_for_once(modules: tuple[Module, ...]) -> None:
    agent = Agent(values())
    several = Several(agent, modules)
    for number, module in enumerate(modules):
        assert several.said(number) == said(walked(values(), module))
        assert several.shares[number].incomplete == {}
    assert set(begun(agent).values()) == {1}
    alone = Agent(values())
    poll(alone, WISE, learned=grown())
    assert len(agent.questions) == len(alone.questions), "several modules cost what the union of their columns does"


def test_of_several_wishes_for_repetitions_the_most_careful_counts() -> None:
    agent = Agent(values())
    Several(agent, (LEFT, replace(RIGHT, max_repetitions=5)))
    assert max(head.error_index for head in agent.asked) == 5


def test_columns_of_a_module_that_expects_any_order_are_walked() -> None:
    agent = Agent(values())
    several = Several(agent, (LEFT, replace(RIGHT, allow_nonincreasing_oids=True)))
    assert several.said(0) == said(walked(values(), LEFT))
    assert max(map(len, asked(agent))) == 2, "only what nobody else has"


def test_anothers_dumb_column_is_marked_for_those_who_need_it() -> None:
    several = Several(DumbAt(values(), column=raw(14)[0]), (LEFT, RIGHT), (60.0, 60.0))
    assert several.said(0) == said(walked(values(), LEFT))
    assert several.shares[0].incomplete == {}
    assert several.shares[1].incomplete == {f"{ENTRY}.14": "timeout"}


def test_what_is_anothers_is_left_to_its_turn_where_columns_are_walked() -> None:
    """A first module with little time does not spend it on another's columns."""
    several = Several(DumbAt(values(), column=raw(3)[0]), (LEFT, RIGHT), (8.0, 60.0))
    assert several.shares[0].incomplete == {}
    assert several.shares[1].incomplete == {f"{ENTRY}.3": "timeout"}
    assert {"c10", "c14"} <= several.said(1).keys()


def test_a_turn_that_ends_leaves_anothers_columns_to_theirs() -> None:
    agent = Agent(values(2000))
    clock = Clock()
    plan = join((LEFT, RIGHT))
    survey = Survey(plan, Community(2, b"public"), LIMITS, grown(), clock, seconds=(3.0, 3.0))
    converse(survey, agent.answer, clock, 300.0, delay=0.1)
    first, second = survey.share(0), survey.share(1)
    assert set(first.incomplete) == {f"{ENTRY}.{column}" for column in (1, 6, 10)}
    assert {survey.incomplete[f"{ENTRY}.{column}"] for column in (1, 6, 10)} == {"timeout"}
    for share in (first, second):
        for runs in share.harvest.runs.values():
            indexes = [index for run in runs for index in run.indexes]
            assert len(indexes) == len(set(indexes)), "what was begun twice is there once"
    assert second.harvest.runs


def test_a_turn_takes_as_long_as_that_of_whom_it_reads_for() -> None:
    clock = Clock()
    modules = (LEFT, column_wise(3, 14, name="other"))
    survey = Survey(join(modules), Community(2, b"public"), LIMITS, grown(), clock, seconds=(0.5, 60.0))
    converse(survey, Agent(values(200)).answer, clock, 300.0, delay=0.1)
    assert clock.now > 1000.5
    assert survey.incomplete == {}
