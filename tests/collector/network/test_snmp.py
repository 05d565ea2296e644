"""The collector `snmp` between a device and its columns; the edge is a fake with an agent behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from collector.errors import Denied, NoData, OverBudget, PollError, Refused, TimedOut
from collector.model import (
    DROPPED,
    INCOMPLETE,
    Auth,
    Column,
    Common,
    Device,
    DeviceClass,
    Dialogue,
    Schedule,
    Secret,
    Target,
)
from collector.network.snmp import ANY_ORDER, DUPLICATES, UNEXPECTED, VARIABLES, Snmp
from collector.wire.snmp import message, outcome
from collector.wire.snmp.module import Index, Lookup, Metric, Module
from tests.collector.wire.snmp.agents import Agent, Clock, converse, integer, octets
from tests.collector.wire.snmp.faulty import ROOT, SCALARS, TABLE, Fails, Stalls, StepsBack, table_values


@dataclass
class Wire:
    """An edge whose one device is an agent in memory. Time passes only while somebody waits."""

    agent: Agent
    clock: Clock = field(default_factory=Clock)
    timeout: float = 30.0
    room: int = 5000
    host: Any = None
    kept: dict[type, Any] = field(default_factory=dict)
    common: Common = field(default_factory=Common)

    @property
    def deadline(self) -> float:
        return self.clock.now + self.timeout

    def now(self) -> float:
        return self.clock.now

    def memory(self, make: Callable[[], Any]) -> Any:
        return self.kept.setdefault(make, make())  # type: ignore[call-overload]

    async def udp(self, dialogue: Dialogue) -> None:
        await asyncio.sleep(0)
        converse(dialogue, self.agent.answer, self.clock, self.timeout)


def target(module: Module, device_class: DeviceClass = "it", auth: Auth | None = None, *quirks: str) -> Target:
    device = Device(
        "switch-1", "127.0.0.9", device_class, auth=auth or Auth("a", 2, Secret("s3cret")), quirks=frozenset(quirks)
    )
    return Target(device, module.name, Snmp(module), Schedule(60.0, 30.0))


async def poll(agent: Agent, what: Target, wire: Wire | None = None) -> dict[str, Column]:
    wire = wire or Wire(agent)
    columns = await what.collector.poll(what, wire)
    return {column.family.name: column for column in columns}


async def test_a_module_becomes_columns() -> None:
    agent = Agent(table_values(3))
    columns = await poll(agent, target(TABLE))
    assert list(columns) == ["alpha", "beta", VARIABLES.name]
    assert columns["alpha"].family.type == "counter"
    assert list(columns["alpha"].values) == [1001, 1002, 1003]
    assert list(columns[VARIABLES.name].values) == [6]
    assert columns["alpha"].rows.text == ('{row="1"}', '{row="2"}', '{row="3"}')
    assert {head.community for head in agent.asked} == {b"s3cret"}


async def test_values_of_a_type_that_snmp_has_not_are_counted() -> None:
    values = table_values(3)
    odd = f"{ROOT}.1.11.2"
    columns = await poll(Agent({**values, odd: b"\x5f" + values[odd][1:]}), target(TABLE))
    assert list(columns[UNEXPECTED.name].values) == [1]


async def test_rows_are_kept_from_poll_to_poll() -> None:
    agent = Agent(table_values(3))
    what, wire = target(TABLE), Wire(agent)
    first, second = await poll(agent, what, wire), await poll(agent, what, wire)
    assert first["alpha"].rows is second["alpha"].rows


async def test_v1_asks_one_by_one_and_never_in_bulk() -> None:
    agent = Agent(table_values(3))
    columns = await poll(agent, target(TABLE, "it", Auth("old", 1)))
    assert list(columns["beta"].values) == [1, 2, 3]
    assert {(head.version, head.pdu) for head in agent.asked} == {(message.V1, 0xA1)}


async def test_a_partial_answer_says_which_table_and_why() -> None:
    columns = await poll(Agent({}), target(TABLE), Wire(Fails(table_values(), after=40)))
    mark = columns[INCOMPLETE.name]
    assert (mark.rows.names, list(mark.rows.values), list(mark.values)) == (
        ("table", "reason"), [(ROOT, "gen_err")], [1.0],
    )  # fmt: skip
    assert len(columns["alpha"].values) == 40


@pytest.mark.parametrize(
    ("agent", "module", "error"),
    [
        (Stalls(table_values(), packets=0), TABLE, TimedOut),
        (Agent({}), TABLE, NoData),
        (Agent({"1.3.6.1.4.1.9.1.0": integer(1)}), SCALARS, NoData),
    ],
)
async def test_nothing_at_all_is_a_reason(agent: Agent, module: Module, error: type[PollError]) -> None:
    with pytest.raises(error):
        await poll(agent, target(module))


async def test_without_credentials_nothing_is_asked() -> None:
    agent = Agent(table_values(1))
    with pytest.raises(Denied):
        await poll(agent, replace(target(TABLE), device=Device("none", "127.0.0.1")))
    assert agent.asked == []


async def test_duplicates_are_left_out_and_counted() -> None:
    lookups = (Lookup(("i",), "name", f"{ROOT}.1.2", "DisplayString"), Lookup((), "i"))
    metrics = (Metric("x", f"{ROOT}.1.1", "gauge", "", (Index("i"),), lookups),)
    module = Module("m", walk=(ROOT,), metrics=metrics)
    values = {f"{ROOT}.1.1.{n}": integer(n) for n in (1, 2, 3)} | {f"{ROOT}.1.2.{n}": octets("a") for n in (1, 2, 3)}
    columns = await poll(Agent(values), target(module))
    assert (columns["x"].rows.text, list(columns["x"].values)) == (('{name="a"}',), [1.0])
    left_out = columns[DUPLICATES.name]
    assert (left_out.rows.text, list(left_out.values)) == (('{table="x"}',), [2.0])


@pytest.mark.parametrize(("device_class", "attempts"), [("fragile", 2), ("clinical", 1), ("it", 6)])
async def test_attempts_are_the_classs(device_class: DeviceClass, attempts: int) -> None:
    agent = Stalls(table_values(), packets=0)
    wire = Wire(agent, timeout=120.0)
    with pytest.raises(TimedOut):
        await poll(agent, target(SCALARS, device_class), wire)
    assert len(agent.asked) == attempts


@pytest.mark.parametrize("device_class", ["fragile", "clinical"])
async def test_delicate_devices_get_single_gets_whatever_the_module_says(device_class: DeviceClass) -> None:
    agent = Agent(table_values())
    both = Module("both", walk=(ROOT,), get=SCALARS.get, metrics=(*TABLE.metrics, *SCALARS.metrics))
    columns = await poll(agent, target(both, device_class))
    assert [list(columns[f"m{n}"].values) for n in range(1, 5)] == [[1], [2], [3], [4]]
    assert list(columns[INCOMPLETE.name].rows.values) == [(ROOT, "refused")]
    assert {head.pdu for head in agent.asked} == {0xA0}
    for question in agent.questions:
        assert len(list(message.varbinds(question, message.read(question)))) == 1
        assert len(question) <= 484
    with pytest.raises(Refused):
        await poll(agent, target(TABLE, device_class))


async def test_a_quirk_reads_past_disorder() -> None:
    columns = await poll(Agent({}), target(TABLE, "it", None, ANY_ORDER), Wire(StepsBack(table_values())))
    assert INCOMPLETE.name not in columns
    assert len(columns["alpha"].values) == 100


async def test_the_community_is_in_no_repr() -> None:
    assert "s3cret" not in repr(target(TABLE))


async def test_a_table_that_has_more_than_is_kept_is_left_out_and_counted() -> None:
    agent = Agent(table_values(30))
    wire = Wire(agent, room=29)
    both = replace(TABLE, get=("1.3.6.1.4.1.1.1.0",), metrics=(*TABLE.metrics, SCALARS.metrics[0]))
    columns = await poll(agent, target(both), wire)
    assert list(columns) == ["m1", VARIABLES.name, DROPPED.name]
    assert list(columns[DROPPED.name].values) == [60]
    assert list(await poll(agent, target(TABLE), wire)) == [VARIABLES.name, DROPPED.name], "no failure"
    assert list(await poll(agent, target(TABLE), replace(wire, room=30))) == ["alpha", "beta", VARIABLES.name]


@pytest.mark.parametrize(
    ("said", "error"),
    [({"1.1": "timeout"}, TimedOut), ({"1.1": "over_budget", "1.2": "timeout"}, OverBudget), ({}, NoData)],
)
def test_a_poll_without_a_series_says_what_cut_it_off(said: dict[str, str], error: type[PollError]) -> None:
    assert type(outcome.emptied(said)) is error


async def test_names_without_what_they_name_are_no_answer() -> None:
    row = (Index("row", "gauge"),)
    lookups = (Lookup(("row",), "alpha", f"{ROOT}.1.10", "gauge"),)
    behind = Metric("behind", f"{ROOT}.1.11", "gauge", "", row, lookups)
    module = Module("m", walk=(f"{ROOT}.1.10", f"{ROOT}.1.11"), metrics=(behind,))
    with pytest.raises(TimedOut):
        await poll(Stalls(table_values(300)), target(module))
