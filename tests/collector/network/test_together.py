"""Several modules of one device in one conversation: asked once, and each has what it would have had alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from collector.agent import Agent as Watching
from collector.errors import NoData, PollError, TimedOut
from collector.model import INCOMPLETE, Column, Edge, Reading, Schedule, Target
from collector.network.snmp import Snmp
from collector.wire.snmp import ber, message
from collector.wire.snmp.habits import most_repetitions
from collector.wire.snmp.joint import join
from collector.wire.snmp.module import Filter, Index, Lookup, Metric, Module
from tests.collector.network.test_snmp import Wire, target
from tests.collector.wire.snmp.agents import Agent, integer, octets, response
from tests.collector.wire.snmp.faulty import ROOT, SCALARS, TABLE, Stalls, table_values
from tests.collector.worlds import FakeWorld, Packet, value, virtual

ROW = (Index("row", "gauge"),)
UPTIME = "1.3.6.1.2.1.1.3"
ENTRY = f"{ROOT}.1"
NARROW = Module("narrow", walk=(f"{ENTRY}.11",), metrics=(Metric("beta", f"{ENTRY}.11", "gauge", "", ROW),))
BY_NAME = (Lookup(("row",), "name", f"{ENTRY}.2", "DisplayString"),)
ALPHA = Metric("alpha_named", f"{ENTRY}.10", "counter", "", ROW, BY_NAME)
NAMED = Module("named", walk=(f"{ENTRY}.10", f"{ENTRY}.2"), metrics=(ALPHA,))
DUMB = Module("dumb", walk=(f"{ENTRY}.10",), metrics=TABLE.metrics[:1])
BOOTED = Module("booted", get=(f"{UPTIME}.0",), metrics=(Metric("up", UPTIME, "gauge"),))
EXACT = Metric("exact", f"{UPTIME}.0", "gauge")
WHOLE = Module("whole", get=(f"{UPTIME}.0",), walk=("1.3.6.1.2.1.1",), metrics=(EXACT,))
ALL = (SCALARS, TABLE, NARROW, NAMED, BOOTED, WHOLE)


def values(rows: int = 30) -> dict[str, bytes]:
    named = {f"{ENTRY}.2.{row}": octets(f"port {row}") for row in range(1, rows + 1)}
    return table_values(rows) | named | {f"{UPTIME}.0": integer(4711, ber.TIMETICKS)}


def targets(modules: Sequence[Module], timeout: float = 10.0) -> list[Target]:
    return [replace(target(module), schedule=Schedule(60.0, timeout)) for module in modules]


async def together(wire: Wire, modules: Sequence[Module], timeout: float = 10.0) -> dict[str, dict[str, Column] | str]:
    """What each module has got: columns by name, or the reason why there is nothing."""
    asked = targets(modules, timeout)
    edge: Edge = wire
    readings = await Snmp(modules[0]).poll_together(asked, edge)
    return {module.name: _outcome(reading) for module, reading in zip(modules, readings, strict=True)}


def _outcome(reading: Reading) -> dict[str, Column] | str:
    try:
        return {column.family.name: column for column in reading()}
    except PollError as error:
        return error.reason


def plain(columns: dict[str, Column] | str) -> object:
    if isinstance(columns, str):
        return columns
    return {name: (c.family, c.rows.text, list(c.values)) for name, c in columns.items()}


def cells(agent: Agent) -> Counter[bytes]:
    """How often each OID was asked for by name, but for GETBULK's beginnings."""
    return Counter(
        name
        for question in agent.questions
        if message.read(question).pdu == 0xA0
        for name, _, _ in message.varbinds(question, message.read(question))
    )


@pytest.mark.parametrize("clean", [0, 4])
async def test_each_has_what_it_would_have_had_alone(clean: int) -> None:
    agent = Agent(values())
    wire = Wire(agent)
    for _ in range(clean):
        await together(wire, ALL)
    joint = await together(wire, ALL)
    for module in ALL:
        alone = await target(module).collector.poll(target(module), Wire(Agent(values())))
        assert plain(joint[module.name]) == plain({column.family.name: column for column in alone}), module.name


async def test_nothing_is_asked_twice() -> None:
    agent = Agent(values())
    await together(Wire(agent), ALL)
    assert set(cells(agent).values()) == {1}
    gets = [question for question in agent.questions if message.read(question).pdu == 0xA0]
    assert len(gets) == 1  # values of all modules in one packet
    alone = Agent(values())
    for module in ALL:
        await target(module).collector.poll(target(module), Wire(alone))
    assert len(agent.questions) < len(alone.questions)
    # The table that three modules need is as expensive as for one.
    single, several = Agent(values()), Agent(values())
    await together(Wire(single), (TABLE,))
    await together(Wire(several), (TABLE, NARROW, NAMED))
    walked, alike = ([head for head in each.asked if head.pdu != 0xA0] for each in (several, single))
    assert len(walked) == len(alike)


async def test_plans_are_shared_between_devices() -> None:
    assert join((TABLE, NARROW)) is join((TABLE, NARROW))


class DumbBelow(Agent):
    """Says nothing to whoever asks below a subtree."""

    below = ber.encode_oid(f"{ENTRY}.10")

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        return [] if any(name.startswith(self.below) for name in asked) else super().reply(head, asked)


async def test_a_module_that_was_read_is_well_whatever_becomes_of_the_others() -> None:
    found = await together(Wire(DumbBelow(values()), timeout=120), (DUMB, NARROW, BOOTED), timeout=40)
    assert found["dumb"] == "timeout"
    assert isinstance(found["narrow"], dict)
    assert INCOMPLETE.name not in found["narrow"]
    assert len(found["narrow"]["beta"].values) == 30
    assert isinstance(found["booted"], dict)
    assert INCOMPLETE.name not in found["booted"]


class StopsAt(Agent):
    """Says genErr instead of anything beyond the tenth row of a column."""

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        (packet,) = super().reply(head, asked)
        wall = ber.encode_oid(f"{ENTRY}.10")
        for name, _, _ in message.varbinds(packet, message.read(packet)):
            if name.startswith(wall) and name[-1] > 10:
                return [response(head, [(each, b"\x05\x00") for each in asked], message.GEN_ERR, 1)]
        return [packet]


async def test_what_lies_within_anothers_broken_table_is_walked_by_itself() -> None:
    """A wide subtree that breaks off before a narrower one's place is reached: the narrower is asked for directly."""
    found = await together(Wire(StopsAt(values()), timeout=120), (TABLE, NARROW), timeout=60)
    assert isinstance(found["table"], dict)
    assert isinstance(found["narrow"], dict)
    assert list(found["table"][INCOMPLETE.name].rows.values) == [(ROOT, "gen_err")]
    assert INCOMPLETE.name not in found["narrow"]
    assert list(found["narrow"]["beta"].values) == [float(row) for row in range(1, 31)]
    assert list(found["table"]["beta"].values) == [float(row) for row in range(1, 31)]  # served, since it is there


async def test_what_was_passed_before_a_break_is_whole() -> None:
    early = Module("early", walk=(f"{ENTRY}.2",), metrics=(Metric("name", f"{ENTRY}.2", "DisplayString", "", ROW),))
    agent = StopsAt(values())
    found = await together(Wire(agent, timeout=120), (TABLE, early), timeout=60)
    assert isinstance(found["early"], dict)
    assert INCOMPLETE.name not in found["early"]
    assert len(found["early"]["name"].values) == 30


async def test_a_slow_module_takes_its_own_time_only() -> None:
    """Each turn ends with its module's timeout; the modules behind it still have theirs."""

    class Slow(Agent):
        def answer(self, packet: bytes) -> list[bytes]:
            below = ber.encode_oid(ROOT)
            head = message.read(packet)
            if any(name.startswith(below) for name, _, _ in message.varbinds(packet, head)):
                clock.now += 0.9
            return super().answer(packet)

    agent = Slow(table_values(2000) | {f"{UPTIME}.0": integer(4711)})
    wire = Wire(agent, timeout=300)
    clock = wire.clock
    found = await together(wire, (TABLE, SCALARS, WHOLE), timeout=5)
    assert isinstance(found["table"], dict)
    assert list(found["table"][INCOMPLETE.name].rows.values) == [(ROOT, "timeout")]
    assert plain(found["scalars"]) == plain((await together(Wire(Agent(values())), (SCALARS,)))["scalars"])
    assert isinstance(found["whole"], dict)
    assert INCOMPLETE.name not in found["whole"]
    assert wire.clock.now < 1000 + 5 + 5


async def test_a_mute_device_is_asked_once_for_all() -> None:
    sifted = replace(TABLE, name="sifted", filters=(Filter(ENTRY, (ROOT,), ("x",)),))
    agent = Stalls(table_values(), packets=0)
    found = await together(Wire(agent, timeout=300), (TABLE, SCALARS, sifted), timeout=60)
    assert set(found.values()) == {TimedOut.reason}
    assert len(agent.asked) == 6  # attempts of one question


async def test_a_module_with_filters_is_asked_by_itself() -> None:
    entry = Filter(f"{ENTRY}.11", (f"{ENTRY}.10",), ("^7$",))
    sifted = Module("sifted", walk=(f"{ENTRY}.10",), metrics=TABLE.metrics[:1], filters=(entry,))
    found = await together(Wire(Agent(values())), (NARROW, sifted))
    assert isinstance(found["sifted"], dict)
    assert list(found["sifted"]["alpha"].values) == [1007.0]


BY_LAST = Filter(f"{ENTRY}.11", (f"{ENTRY}.10",), ("^7$",))
BY_WHOLE = Filter(f"{ENTRY}.11", (f"{ENTRY}.10", f"{ENTRY}.2"), ("^[79]$",), "whole")
MANY = Filter(f"{ENTRY}.11", (ENTRY,), ("[1-9]",), "whole")
NONE = Filter(f"{ENTRY}.11", (ENTRY,), ("^none$",), "whole")
SIFTED = tuple(
    replace(NAMED, name=f"sifted {number}", filters=(each,))
    for number, each in enumerate((BY_LAST, BY_WHOLE, MANY, NONE))
)


def walked(agent: Agent, column: str) -> int:
    """How many questions asked on from below a column, or from it."""
    prefix = ber.encode_oid(column)
    return sum(
        name.startswith(prefix)
        for question in agent.questions
        for name, _, _ in message.varbinds(question, message.read(question))
    )


@pytest.mark.parametrize("clean", [0, 4])
@pytest.mark.parametrize("sifted", SIFTED, ids=lambda module: module.name)
@pytest.mark.parametrize("first", [True, False])
async def test_what_others_have_read_whole_is_not_asked_again_for_filters(
    sifted: Module, clean: int, first: bool
) -> None:
    modules = (sifted, TABLE, NAMED) if first else (TABLE, NAMED, sifted)
    agent, without = Agent(values()), Agent(values())
    wire, beside = Wire(agent), Wire(without)
    for _ in range(clean + 1):
        for each in (agent, without):
            each.questions.clear()
        found = await together(wire, modules)
        await together(beside, (TABLE, NAMED))
    alone = await together(Wire(Agent(values())), (sifted,))
    assert plain(found[sifted.name]) == plain(alone[sifted.name])
    for column in (f"{ENTRY}.10", f"{ENTRY}.11"):
        assert walked(agent, column) == walked(without, column), column


class DeafBehind(Agent):
    """Answers nobody who asks on from behind the tenth row."""

    behind = ber.encode_oid(f"{ENTRY}.11.10")

    def reply(self, head: message.Head, asked: Sequence[bytes]) -> list[bytes]:
        deaf = head.pdu != 0xA0 and any(self.behind <= name < ber.encode_oid(f"{ENTRY}.12") for name in asked)
        return [] if deaf else super().reply(head, asked)


async def test_what_was_not_read_to_its_end_is_not_taken_for_whole() -> None:
    sifted = replace(NARROW, name="sifted", filters=(Filter(f"{ENTRY}.11", (f"{ENTRY}.11",), ("^[7]$",), "whole"),))
    alone = await together(Wire(DeafBehind(values()), timeout=300), (BOOTED, sifted), timeout=60)
    found = await together(Wire(DeafBehind(values()), timeout=300), (BOOTED, NARROW, sifted), timeout=60)
    assert isinstance(found["narrow"], dict)
    assert INCOMPLETE.name in found["narrow"]
    assert isinstance(found["sifted"], dict)
    assert INCOMPLETE.name in found["sifted"]
    assert plain(found["sifted"]) == plain(alone["sifted"])


async def test_nothing_of_one_module_is_that_modules_reason() -> None:
    found = await together(
        Wire(Agent(values())), (TABLE, Module("none", get=("1.3.6.1.9.1.0",), metrics=SCALARS.metrics))
    )
    assert isinstance(found["table"], dict)
    assert found["none"] == NoData.reason


async def test_a_delicate_device_gets_single_gets() -> None:
    agent = Agent(values())
    asked = [replace(target(module, "fragile"), schedule=Schedule(60.0, 10.0)) for module in (SCALARS, BOOTED)]
    first, second = await Snmp(SCALARS).poll_together(asked, Wire(agent))
    assert [list(column.values) for column in first()][:4] == [[1], [2], [3], [4]]
    assert second()[0].values[0] == 4711
    assert {head.pdu for head in agent.asked} == {0xA0}
    assert all(len(list(message.varbinds(q, message.read(q)))) == 1 for q in agent.questions)


@pytest.mark.parametrize(("wishes", "most"), [((25, 25), 54), ((25, 5), 5), ((0, 30), 54)])
def test_of_several_wishes_for_repetitions_the_most_careful_counts(wishes: tuple[int, ...], most: int) -> None:
    joint = join(tuple(replace(TABLE, name=f"m{n}", max_repetitions=wish) for n, wish in enumerate(wishes)))
    assert most_repetitions(joint.wish(ber.encode_oid(ROOT))) == most


def test_what_was_sent_to_a_device_is_on_its_page_by_kind() -> None:
    """GETs and walks of a planned poll, and what had to be sent again."""
    played, lost = Agent(values()), [1, 4]

    def answer(packet: Packet) -> tuple[float, bytes] | None:
        return None if len(world.packets) in lost else (0.01, played.answer(packet.data)[0])

    world = FakeWorld(answer)

    async def scene() -> None:
        watched = targets((BOOTED, TABLE))
        agent = Watching(world)  # type: ignore[arg-type]
        agent.load([watched[0].device], {"switch-1": watched})
        page = await agent.page("switch-1", 60)
        counted = {
            kind: value(page, "wardwatch_packets_total", kind=kind) for kind in ("get", "next", "bulk", "discovery")
        }
        seen = Counter(message.read(packet.data).pdu for packet in world.packets)
        assert counted == {"get": seen[0xA0], "next": None, "bulk": seen[0xA5], "discovery": None}
        assert value(page, "wardwatch_packets_total", kind="reply") == len(world.packets) - len(lost)

    virtual(scene())
