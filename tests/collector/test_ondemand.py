"""Polls that `/snmp` asks for: once for all who ask, no sooner than the class allows, on the device's one line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from math import inf
from typing import Any

import pytest
import structlog

from collector.agent import Agent
from collector.budget import Pauses
from collector.model import Auth, Collector, Device, DeviceClass
from collector.ondemand import CONTEXTS, KEEP, LEAST, Crowded, OnDemand, Reading
from tests.collector.worlds import Asks, FakeWorld, Mute, Packet, device, target, value, virtual

MODULES: Mapping[str, Collector] = {"a": Asks(2), "b": Asks(3), "mute": Mute()}


def desk(world: FakeWorld, *listed: Device, most: int = 10, timeout: float = 20.0) -> tuple[Agent, OnDemand]:
    """Devices of the inventory have the module `own`, every minute."""
    agent = Agent(world)  # type: ignore[arg-type]
    agent.load(listed, {d.name: [target(d, "own", Asks(5))] for d in listed})
    made = OnDemand(agent)
    made.load({**MODULES, "own": Asks(5)}, timeout, most, lambda device: True)
    return agent, made


async def ask(made: OnDemand, of: Device, *modules: str, patience: float = inf) -> Mapping[str, Reading]:
    return await made.ask(of, modules, patience)


def outcomes(readings: Mapping[str, Reading]) -> dict[str, str]:
    return {name: reading.outcome for name, reading in readings.items()}


def test_five_hundred_who_ask_at_once_cost_one_poll() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.05, b"ok"))
        _, made = desk(world)
        answers = await asyncio.gather(*(ask(made, device(), "a", "b") for _ in range(500)))
        assert len(world.packets) == 5
        assert world.worst == 1
        assert all(outcomes(each) == {"a": "success", "b": "success"} for each in answers)
        assert len(made) == 1

    virtual(scene())


def test_what_the_device_is_polled_for_anyway_costs_no_packet_more() -> None:
    async def scene() -> None:
        world = FakeWorld()
        sw = device()
        agent, made = desk(world, sw)
        await agent.page("sw", 5)
        assert len(world.packets) == 5
        for _ in range(10):
            readings = await ask(made, sw, "own")
            await asyncio.sleep(1)
        assert len(world.packets) == 5
        assert readings["own"].outcome == "success"
        assert readings["own"].sent == 5
        assert len(made) == 0, "no guest is needed for it"
        await asyncio.sleep(60)
        await asyncio.gather(*(ask(made, sw, "own") for _ in range(5)), agent.page("sw", 5))
        assert len(world.packets) == 10, "due again: whoever asks first drives"

    virtual(scene())


@pytest.mark.parametrize(("device_class", "floor"), [("it", 1.0), ("fragile", 60.0), ("clinical", 300.0)])
def test_nothing_is_polled_more_often_than_the_class_allows(device_class: DeviceClass, floor: float) -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.001, b"ok"))
        sw = device(device_class=device_class)
        agent = Agent(world)  # type: ignore[arg-type]
        agent.load([sw], {"sw": []})
        made = OnDemand(agent)
        made.load({"a": Asks(1)}, 20.0, 10, lambda device: True)
        end = world.now() + 10 * floor
        while world.now() < end:
            readings = await ask(made, sw, "a")
            assert readings["a"].outcome == "success"
            assert readings["a"].columns
            await asyncio.sleep(floor / 7)
        moments = [packet.at for packet in world.packets]
        assert 8 <= len(moments) <= 11
        assert all(after - before >= floor for before, after in pairwise(moments))

    virtual(scene())


def test_on_demand_and_scheduled_polls_share_line_tally_and_breaker() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.05, b"ok"))
        sw = device()
        agent, made = desk(world, sw)
        await asyncio.gather(agent.page("sw", 5), *(ask(made, sw, "a", "own") for _ in range(20)), ask(made, sw, "b"))
        assert world.worst == 1
        assert agent.watch("sw").tally.sent == len(world.packets) == 10

    virtual(scene())


def test_a_paused_device_gets_no_packet_and_says_why() -> None:
    async def scene() -> None:
        world = FakeWorld()
        sw, stranger = device(), device("127.9.0.7", "127.9.0.7")
        agent, made = desk(world, sw)
        agent.pause(Pauses(frozenset({"class:it"})))
        assert outcomes(await ask(made, sw, "own", "a")) == {"own": "paused", "a": "paused"}
        assert outcomes(await ask(made, stranger, "a")) == {"a": "paused"}
        assert world.packets == []

    virtual(scene())


def test_a_silent_address_is_left_alone_and_no_timer_asks_it() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: None)
        sw = device("127.9.0.7", "127.9.0.7")
        _, made = desk(world)
        for _ in range(3):
            assert outcomes(await ask(made, sw, "a")) == {"a": "timeout"}
            await asyncio.sleep(2)
        before = len(world.packets)
        assert outcomes(await ask(made, sw, "a")) == {"a": "breaker_open"}
        await asyncio.sleep(300)
        assert len(world.packets) == before
        assert outcomes(await ask(made, sw, "a")) == {"a": "timeout"}
        assert len(world.packets) == before + 1, "a trial's one packet"

    virtual(scene())


def test_a_module_that_a_device_never_answers_does_not_stop_its_polling() -> None:
    """Anyone may ask for it: seen to open the breaker before `Guest.mute_only` was there."""

    def answer(packet: Packet) -> tuple[float, bytes] | None:
        return None if packet.data == b"?" else (0.01, b"ok")

    async def scene() -> None:
        world = FakeWorld(answer)
        sw = device()
        agent, made = desk(world, sw)
        await agent.page("sw", 5)
        for _ in range(6):
            assert outcomes(await ask(made, sw, "mute")) == {"mute": "timeout"}
        assert not agent.watch("sw").line.allowance.breaker.open
        assert agent.state(agent.watch("sw")) == "up"

    virtual(scene())


def test_who_waits_no_longer_gets_what_is_there_and_the_poll_goes_on() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (1.0, b"ok"))
        sw = device()
        _, made = desk(world, sw)
        began = world.now()
        readings = await ask(made, sw, "a", "b", patience=2.5)
        assert world.now() - began == pytest.approx(2.5)
        assert outcomes(readings) == {"a": "success", "b": "timeout"}
        await asyncio.sleep(3)
        assert len(world.packets) == 5, "the poll belongs to no asker"

    virtual(scene())


def test_guests_go_after_a_while_and_are_never_too_many() -> None:
    async def scene() -> None:
        world = FakeWorld()
        agent, made = desk(world, most=3)
        strangers = [device(f"127.9.1.{n}", f"127.9.1.{n}") for n in range(5)]
        for stranger in strangers[:3]:
            await ask(made, stranger, "a")
        with pytest.raises(Crowded):
            await ask(made, strangers[3], "a")
        await asyncio.sleep(LEAST)
        await ask(made, strangers[0], "a")
        await ask(made, strangers[3], "a")  # in the place of the one that nobody has asked for the longest
        assert len(made) == 3
        assert agent.series == 6, "two of each"
        await asyncio.sleep(KEEP + 2 * LEAST)
        assert len(made) == 0
        assert agent.series == 0

    virtual(scene())


def test_a_reload_keeps_guests_that_stay_as_they_were() -> None:
    async def scene() -> None:
        world = FakeWorld()
        agent, made = desk(world)
        first, second = device("127.9.1.1", "127.9.1.1"), device("127.9.1.2", "127.9.1.2")
        await ask(made, first, "a")
        await ask(made, second, "b")
        made.load({**MODULES, "b": Asks(4)}, 20.0, 10, lambda device: True)
        assert len(made) == 1
        await ask(made, first, "a")
        assert len(world.packets) == 5, "it is as young as it was"
        made.load(MODULES, 20.0, 10, lambda device: False)
        assert len(made) == 0
        assert agent.series == 0

    virtual(scene())


def test_an_address_that_enters_the_inventory_keeps_its_line() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.2, b"ok"))
        agent, made = desk(world)
        stranger, listed = device("127.9.1.1", "127.9.1.1"), device("sw", "127.9.1.1", device_class="fragile")
        asked = asyncio.ensure_future(ask(made, stranger, "b"))
        await asyncio.sleep(0.3)
        agent.load([listed], {"sw": [target(listed, "own", Asks(1))]})
        await asyncio.gather(asked, agent.page("sw", 5))
        assert world.worst == 1

    virtual(scene())


def test_another_context_is_another_guest() -> None:
    async def scene() -> None:
        world = FakeWorld()
        sw = device(auth=Auth("v3", 3))
        _, made = desk(world, sw)
        other: Any = replace(sw, auth=Auth("v3", 3, context_name="vlan-7"))
        await ask(made, sw, "own")
        await ask(made, other, "own")
        assert len(world.packets) == 10, "what the device is polled for anyway has no such context"
        assert len(made) == 1

    virtual(scene())


def contexts(of: Device, count: int) -> list[Device]:
    return [replace(of, auth=Auth("v3", 3, context_name=f"vlan-{n}")) for n in range(count)]


def test_contexts_and_the_inventory_share_one_floor_of_a_module() -> None:
    """Another context is no other device (RELIABILITY S5). Seen to send all in the same second."""

    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.001, b"ok"))
        sw = device(auth=Auth("v3", 3))
        agent = Agent(world)  # type: ignore[arg-type]
        agent.load([sw], {"sw": [target(sw, "own", Asks(1))]})
        made = OnDemand(agent)
        made.load({"a": Asks(1), "own": Asks(1)}, 20.0, 10, lambda device: True)
        await agent.page("sw", 5)
        answers = await asyncio.gather(*(ask(made, each, "own") for each in contexts(sw, 8)))
        assert all(outcomes(each) == {"own": "success"} for each in answers)
        moments = [packet.at for packet in world.packets]
        assert len(moments) == 9
        assert all(after - before >= 1.0 for before, after in pairwise(moments))
        before = len(world.packets)
        await asyncio.gather(*(ask(made, each, "a", patience=2.5) for each in contexts(sw, 8)))
        assert len(world.packets) - before == 3, "who waits no longer goes without"

    virtual(scene())


def test_the_inventory_does_not_wait_for_those_who_ask_for_contexts() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.001, b"ok"))
        sw = device(auth=Auth("v3", 3))
        agent, made = desk(world, sw)
        (other,) = contexts(sw, 1)
        await ask(made, other, "own")
        began = world.now()
        await agent.page("sw", 5)
        assert world.now() - began < 0.1

    virtual(scene())


def test_a_device_has_only_so_many_contexts() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.001, b"ok"))
        sw = device(auth=Auth("v3", 3))
        _, made = desk(world, sw, most=1000)
        many = contexts(sw, CONTEXTS + 1)
        for each in many[:CONTEXTS]:
            await ask(made, each, "a", patience=0.001)
        with pytest.raises(Crowded, match="contexts of the device"):
            await ask(made, many[CONTEXTS], "a")
        await ask(made, device("127.9.1.1", "127.9.1.1"), "a")  # others have their place
        await asyncio.sleep(LEAST)
        await ask(made, many[CONTEXTS], "a")
        assert len(made) == CONTEXTS + 1

    virtual(scene())


def told(logs: Any) -> list[Mapping[str, Any]]:
    return [event for event in logs if event["event"] == "asked on demand"]


def test_what_was_sent_to_an_address_without_a_page_is_a_line_in_the_log() -> None:
    async def scene() -> None:
        world = FakeWorld()
        sw, stranger = device(), device("127.9.1.1", "127.9.1.1", auth=Auth("lab"))
        _, made = desk(world, sw)
        with structlog.testing.capture_logs() as logs:
            await ask(made, stranger, "a", "b")
            await ask(made, sw, "a")
            assert told(logs) == [], "not for each question"
            await asyncio.sleep(KEEP + 2 * LEAST)
            assert len(made) == 0
        (line,) = told(logs)
        assert (line["address"], line["port"], line["auth"]) == ("127.9.1.1", 161, "lab")
        assert line["packets"] == {"get": 5}
        await ask(made, stranger, "a")
        with structlog.testing.capture_logs() as logs:
            made.close()
        assert [line["packets"] for line in told(logs)] == [{"get": 2}]

    virtual(scene())


@pytest.mark.parametrize("stays", [True, False])
def test_what_was_sent_before_an_address_enters_the_inventory_is_counted_with_it(stays: bool) -> None:
    async def scene() -> None:
        world = FakeWorld()
        agent, made = desk(world)
        stranger = device("127.9.1.1", "127.9.1.1")
        await ask(made, stranger, "a")
        listed = device("sw", "127.9.1.1")
        agent.load([listed], {"sw": [target(listed, "own", Asks(1))]})
        made.load(MODULES, 20.0, 10, lambda device: stays)
        assert len(made) == stays
        await asyncio.sleep(1)
        if stays:
            await ask(made, stranger, "b")
        page = await agent.page("sw", 5)
        assert value(page, "wardwatch_packets_total", kind="get") == len(world.packets) == (6 if stays else 3)

    virtual(scene())
