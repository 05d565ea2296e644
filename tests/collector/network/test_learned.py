"""What was learned of a device holds over a restart, on the wire; in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import structlog

from collector.agent import Agent
from collector.model import Auth, Secret
from collector.network.snmp import Snmp
from collector.ondemand import KEEP, LEAST, OnDemand
from collector.wire.snmp import message
from collector.wire.snmp.habits import FRAME, RETRIAL, Learned
from collector.wire.snmp.module import Module
from tests.collector.wire.snmp import agents
from tests.collector.wire.snmp.faulty import SCALARS, TABLE, DumbToBulk, OneAtATime, SmallReplies, table_values
from tests.collector.worlds import FakeWorld, Packet, device, target, value, virtual

LAB = Auth("lab", 2, Secret("public"))


class Run:
    """A collector from its start to its end, with one device."""

    def __init__(self, played: agents.Agent, module: Module = TABLE, auth: Auth = LAB, **fields: Any) -> None:
        self.played = played
        self.world = FakeWorld(self._answer)
        self.agent = Agent(self.world)  # type: ignore[arg-type]
        self.of = device(auth=auth, **fields)
        self.agent.load([self.of], {"sw": [target(self.of, module.name, Snmp(module), timeout=30.0)]})

    def _answer(self, packet: Packet) -> tuple[float, bytes] | None:
        replies = self.played.answer(packet.data)
        return (0.01, replies[0]) if replies else None

    async def poll(self, times: int = 1) -> list[message.Head]:
        """The questions of the last of so many polls. All is read in each."""
        for _ in range(times):
            began = len(self.world.packets)
            page = await self.agent.page("sw", 30)
            assert value(page, "wardwatch_poll_success") == 1
            await asyncio.sleep(60)
        return [message.read(packet.data) for packet in self.world.packets[began:]]

    def saved(self) -> Mapping[str, Any]:
        """As the file of state holds it."""
        found: Mapping[str, Any] = json.loads(json.dumps(self.agent.watch("sw").saved()))
        return found


async def learned(played: agents.Agent, module: Module = TABLE, polls: int = 3) -> Mapping[str, Any]:
    run = Run(played, module)
    await run.poll(polls)
    return run.saved()


@pytest.mark.slow
def test_a_device_that_is_dumb_to_getbulk_is_not_asked_in_bulk_after_a_restart() -> None:
    async def scene() -> None:
        saved = await learned(DumbToBulk(table_values()))
        run = Run(DumbToBulk(table_values()))
        run.agent.watch("sw").restore(saved)
        assert {head.pdu for head in await run.poll()} == {0xA1}
        asked = {head.pdu for _ in range(RETRIAL) for head in await run.poll()}
        assert asked == {0xA1, 0xA5}, "but now and then that is put to the test"

    virtual(scene())


def test_a_device_that_answers_one_name_only_is_asked_for_one_after_a_restart() -> None:
    async def scene() -> None:
        saved = await learned(OneAtATime(table_values()), SCALARS)
        run = Run(OneAtATime(table_values()), SCALARS)
        run.agent.watch("sw").restore(saved)
        await run.poll()
        sizes = [len(list(message.varbinds(p.data, message.read(p.data)))) for p in run.world.packets]
        assert sizes == [1, 1, 1, 1]

    virtual(scene())


def test_sizes_are_known_from_the_first_question_on() -> None:
    async def scene() -> None:
        saved = await learned(agents.Agent(table_values()), polls=6)
        fresh = await Run(agents.Agent(table_values())).poll()
        again = Run(agents.Agent(table_values()))
        again.agent.watch("sw").restore(saved)
        assert len(await again.poll()) < len(fresh)
        cut = await learned(SmallReplies(table_values()))
        again = Run(SmallReplies(table_values()))
        again.agent.watch("sw").restore(cut)
        assert max(head.error_index for head in await again.poll()) <= 4  # of a GETBULK: its repetitions

    virtual(scene())


def test_another_device_is_met_anew() -> None:
    async def scene() -> None:
        saved = await learned(DumbToBulk(table_values()))
        others = {"address": {"address": "127.9.0.2"}, "port": {"port": 1161}, "auth": {"auth": Auth("b", 2)}}
        for what, fields in others.items():
            run = Run(agents.Agent(table_values()), **fields)
            run.agent.watch("sw").restore(saved)
            assert 0xA5 in {head.pdu for head in await run.poll()}, what

    virtual(scene())


def test_what_was_not_needed_yet_outlives_another_restart() -> None:
    async def scene() -> None:
        saved = await learned(DumbToBulk(table_values()))
        run = Run(DumbToBulk(table_values()))
        run.agent.watch("sw").restore({**saved, "modules": {**saved["modules"], "later": {"a": 1}}})
        assert run.saved()["modules"] == {**saved["modules"], "later": {"a": 1}}
        await run.poll()
        assert run.saved()["modules"]["later"] == {"a": 1}, "what another version knows is kept"

    virtual(scene())


@pytest.mark.parametrize("garbled", [{"clean": "many"}, {"tables": {"xyz": 1}}, {"tables": [1]}, {"size": None}, []])
def test_what_makes_no_sense_is_said_and_left(garbled: Any) -> None:
    async def scene() -> None:
        run = Run(agents.Agent(table_values()))
        run.agent.watch("sw").restore({**run.agent.watch("sw").identity, "modules": {"snmp": garbled}})
        with structlog.testing.capture_logs() as logs:
            await run.poll()
        assert [event["event"] for event in logs if event["log_level"] == "warning"] == ["not restored"]

    virtual(scene())


def test_what_is_saved_is_what_was_known_and_bounded() -> None:
    was = Learned()
    was.clean, was.setbacks, was.longest, was.ceiling, was.lone_gets = 5, 2, 2000.0, 20.0, 3
    was.rows = {bytes((1, n)): n for n in range(100)}
    was.lone_walks = {b"\x2b": 7}
    again = Learned.restored(json.loads(json.dumps(was.saved())))
    assert (again.clean, again.setbacks, again.longest, again.ceiling, again.lone_gets) == (5, 2, 2000.0, 20.0, 3)
    assert (len(again.rows), again.lone_walks) == (64, {b"\x2b": 7})
    assert len(json.dumps(was.saved())) < 1500


def test_a_device_that_was_replaced_is_tried_with_long_replies_again() -> None:
    known = Learned()
    known.clean, known.longest, known.setbacks = 5, 1500.0, 3
    assert known.room(5600) == 1500
    for _ in range(RETRIAL):
        known.poll()
        known.clean += 1
    assert known.room(5600) == 4 * FRAME
    assert known.setbacks == 0


OTHER = replace(TABLE, name="other")


def desk(run: Run, most: int = 10) -> OnDemand:
    made = OnDemand(run.agent)
    made.load({"other": Snmp(OTHER), TABLE.name: Snmp(TABLE)}, 30.0, most, lambda device: True)
    return made


def kinds(run: Run, since: int) -> set[int]:
    return {message.read(packet.data).pdu for packet in run.world.packets[since:]}


def test_who_asks_a_device_on_demand_asks_it_as_it_likes() -> None:
    """Seen to begin with GETBULK, to which it is dumb, at each start and for each context."""

    async def scene() -> None:
        run = Run(DumbToBulk(table_values()))
        await run.poll(3)
        made, began = desk(run), len(run.world.packets)
        assert (await made.ask(run.of, ["other"], 30))["other"].outcome == "success"
        assert kinds(run, began) == {0xA1}

        fresh = Run(DumbToBulk(table_values()))  # what was learned on demand is the device's
        made = desk(fresh)
        await made.ask(fresh.of, ["other"], 30)
        await asyncio.sleep(1)
        began = len(fresh.world.packets)
        await fresh.poll()
        assert kinds(fresh, began) == {0xA1}
        assert made.saved() == [], "and saved with it"

    virtual(scene())


def test_what_was_learned_of_an_address_outside_the_inventory_holds_over_a_restart() -> None:
    async def scene() -> None:
        stranger = device("127.9.1.1", "127.9.1.1", auth=LAB)
        run = Run(DumbToBulk(table_values()))
        made = desk(run)
        await made.ask(stranger, ["other"], 30)
        saved = json.loads(json.dumps(made.saved()))
        (known,) = saved
        assert (known["address"], known["port"], known["auth"]) == ("127.9.1.1", 161, "lab")
        await asyncio.sleep(KEEP + LEAST)  # the guest has gone
        began = len(run.world.packets)
        await made.ask(stranger, ["other"], 30)
        assert kinds(run, began) == {0xA1}

        for other, asked in ((stranger, {0xA1}), (replace(stranger, auth=Auth("lab-2", 2)), {0xA1, 0xA5})):
            again = Run(DumbToBulk(table_values()))
            made = desk(again)
            made.restore(saved)
            await made.ask(other, ["other"], 30)
            assert kinds(again, 0) == asked

    virtual(scene())


def test_what_is_remembered_of_addresses_is_bounded_and_may_be_garbled() -> None:
    async def scene() -> None:
        run = Run(agents.Agent(table_values()))
        made = desk(run, most=3)
        known = [{"address": f"127.9.1.{n}", "port": 161, "auth": "lab", "modules": {"snmp": {}}} for n in range(9)]
        made.restore(known)
        assert made.saved() == known[-3:]
        for garbled in ({"a": 1}, [1, None, [], {"address": "127.9.1.1", "modules": 3}], "text"):
            made.restore(garbled)  # type: ignore[arg-type]
        assert made.saved() == known[-3:]
        made.restore([{"address": "127.9.1.1", "port": 161, "auth": "lab", "modules": {"snmp": [1]}}])
        with structlog.testing.capture_logs() as logs:
            readings = await made.ask(device("127.9.1.1", "127.9.1.1", auth=LAB), ["other"], 30)
        assert readings["other"].outcome == "success"
        assert "not restored" in {event["event"] for event in logs}

    virtual(scene())
