"""Turns of devices that nobody asks for, and how seldom the program wakes for those that somebody does."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from collector.agent import Agent
from collector.turns import AHEAD
from tests.collector.worlds import Asks, FakeWorld, VirtualLoop, device, target, virtual


def agent_of(world: FakeWorld, interval: float, offsets: list[float]) -> Agent:
    agent = Agent(world)  # type: ignore[arg-type]
    devices = [device(f"d{n}", f"127.9.0.{n}") for n in range(len(offsets))]
    targets = {}
    for one, offset in zip(devices, offsets, strict=True):
        made = target(one, "m", Asks(), interval=interval)
        targets[one.name] = [replace(made, schedule=replace(made.schedule, offset=offset))]
    agent.load(devices, targets)
    return agent


@pytest.mark.parametrize("interval", [0.4, 1.0, 7.0])
def test_each_has_its_place_however_it_lies_to_the_looks_ahead(interval: float) -> None:
    async def scene() -> None:
        world = FakeWorld()
        offsets = [interval * share for share in (0.0, 0.1, 0.55, 0.999)]
        agent_of(world, interval, offsets)
        await asyncio.sleep(10 * interval)
        for place, offset in enumerate(offsets):
            moments = [packet.at for packet in world.packets if packet.address == f"127.9.0.{place}"]
            assert 9 <= len(moments) <= 11
            for at in moments:
                assert min((at - offset) % interval, (offset - at) % interval) < 0.003

    virtual(scene())


def count(timers: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the moment of each timer that is set from now on."""
    plain = VirtualLoop.call_at

    def counted(self: VirtualLoop, when: float, *rest: object, **more: object) -> object:
        timers.append(when)
        return plain(self, when, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(VirtualLoop, "call_at", counted)


def test_the_program_wakes_once_a_second_for_devices_that_are_scraped(monkeypatch: pytest.MonkeyPatch) -> None:
    timers = list[float]()

    async def scene() -> None:
        agent = agent_of(FakeWorld(), 60, [place * 0.6 for place in range(100)])
        for _ in range(3):
            for place in range(100):
                await agent.page(f"d{place}", 5)
            await asyncio.sleep(60)
        count(timers, monkeypatch)
        await asyncio.sleep(20)

    virtual(scene())
    assert len(timers) <= 20 / AHEAD + 2


def test_who_is_asked_no_more_is_polled_at_the_next_turn_and_who_is_stopped_never() -> None:
    async def scene() -> None:
        world = FakeWorld()
        agent = agent_of(world, 60, [7.0, 8.0])
        for name in ("d0", "d1"):
            await agent.page(name, 5)
        asked = asyncio.get_running_loop().time()
        await asyncio.sleep(45)
        agent.load([agent.watch("d0").device], {"d0": agent.watch("d0").listed})
        await asyncio.sleep(120)
        late = [packet for packet in world.packets if packet.at > asked + 1]
        assert {packet.address for packet in late} == {"127.9.0.0"}
        assert 90 <= late[0].at - asked <= 150

    virtual(scene())


def test_the_program_does_not_wake_while_there_is_nothing_to_look_for(monkeypatch: pytest.MonkeyPatch) -> None:
    timers = list[float]()

    async def scene() -> None:
        world = FakeWorld()
        agent = agent_of(world, 60, [])
        count(timers, monkeypatch)
        await asyncio.sleep(300)
        assert len(timers) == 1, "this test's own"
        one = device("late", "127.9.0.1")
        agent.load([one], {"late": [target(one, "m", Asks(), interval=10)]})
        await asyncio.sleep(100)
        assert 9 <= len(world.packets) <= 11, "a device that comes later has its turns all the same"

    virtual(scene())
