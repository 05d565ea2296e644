"""How this machine's collectors are asked: all at once, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from collector.agent import GRACE, Agent
from collector.budget import Caps
from collector.errors import NoData
from collector.model import Family, Target, column, rows, single
from collector.status import SCRAPE_SUCCESS
from tests.collector.worlds import Does, FakeWorld, device, target, value, virtual

HERE = device("localhost", "")


def agent_of(caps: Caps | None = None, **modules: Callable[[Target, Any], Any]) -> Agent:
    agent = Agent(FakeWorld(), caps=caps)  # type: ignore[arg-type]
    agent.load([HERE], {"localhost": [target(HERE, name, Does(does)) for name, does in modules.items()]})
    return agent


def named(name: str, number: float) -> list[Any]:
    return [single(Family(name, "One."), number)]


def waits(seconds: float, name: str) -> Callable[[Target, Any], Any]:
    async def does() -> list[Any]:
        for _ in range(2):
            await asyncio.sleep(seconds / 2)
        return named(name, seconds)

    return lambda target, edge: does()


def fails(error: Exception, seconds: float = 0.0) -> Callable[[Target, Any], Any]:
    async def does() -> list[Any]:
        if seconds:
            await asyncio.sleep(seconds)
        raise error

    return lambda target, edge: does()


def outcome(agent: Agent, module: str) -> str:
    return agent.watch("localhost").kept[module].outcome


def test_those_that_wait_wait_together_and_hold_nobody_up() -> None:
    async def scene() -> None:
        agent = agent_of(slow=waits(3, "slow"), slower=waits(4, "slower"), at_once=lambda *_: named("at_once", 7))
        loop = asyncio.get_running_loop()
        began = loop.time()
        page = await agent.host_page("localhost", 9)
        assert 4 <= loop.time() - began < 4.1
        assert [value(page, name) for name in ("slow", "slower", "at_once")] == [3, 4, 7]
        assert value(page, SCRAPE_SUCCESS.name, collector="slower") == 1

    virtual(scene())


@pytest.mark.parametrize("others", [0, 1])
def test_one_that_never_ends_is_ended_soon_after_its_deadline(others: int) -> None:
    async def scene() -> None:
        more: dict[str, Any] = {f"other{number}": waits(2, f"other{number}") for number in range(others)}
        agent = agent_of(endless=waits(1e6, "endless"), **more)
        loop = asyncio.get_running_loop()
        began = loop.time()
        page = await agent.host_page("localhost", 60)
        assert loop.time() - began < 10 + GRACE + 0.1
        assert outcome(agent, "endless") == "timeout"
        assert [value(page, name) for name in more] == [2.0] * others

    virtual(scene())


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_a_bug_and_a_lack_cost_themselves_only_before_a_wait_and_after_it(seconds: float) -> None:
    async def scene() -> None:
        bug, lack = fails(ZeroDivisionError("a bug"), seconds), fails(NoData("nothing of it here"), seconds)
        agent = agent_of(bug=bug, lack=lack, well=lambda *_: named("well", 1))
        with structlog.testing.capture_logs() as logs:
            for _ in range(3):
                page = await agent.host_page("localhost", 9)
                await asyncio.sleep(60)
        assert value(page, "well") == 1
        assert (outcome(agent, "bug"), outcome(agent, "lack"), agent.bugs) == ("malformed", "no_data", 3)
        assert value(page, SCRAPE_SUCCESS.name, collector="bug") == 0
        assert value(page, SCRAPE_SUCCESS.name, collector="lack") is None
        assert [entry["event"] for entry in logs] == ["bug in a collector", "poll failed"], "once, not with every poll"

    virtual(scene())


@pytest.mark.parametrize("others", [0, 1])
def test_a_poll_of_which_nothing_came_is_begun_anew_by_who_asks_next(others: int) -> None:
    async def scene() -> None:
        more: dict[str, Any] = {f"other{number}": waits(2, f"other{number}") for number in range(others)}
        agent = agent_of(slow=waits(3, "slow"), **more)
        watch = agent.watch("localhost")
        await agent.host_page("localhost", 1)
        assert watch.task is not None
        watch.task.cancel()
        await asyncio.wait((watch.task,))
        assert value(await agent.host_page("localhost", 9), "slow") == 3

    virtual(scene())


@pytest.mark.parametrize("others", [0, 1])
def test_a_poll_is_told_that_it_is_over_where_it_waits(others: int) -> None:
    told = []

    async def does() -> list[Any]:
        try:
            await asyncio.sleep(1e6)
        except asyncio.CancelledError:
            told.append("over")
            raise
        return []

    async def scene() -> None:
        more: dict[str, Any] = {f"other{number}": waits(2, f"other{number}") for number in range(others)}
        agent = agent_of(slow=lambda *_: does(), **more)
        await agent.host_page("localhost", 1)
        await agent.close()
        assert told == ["over"]

    virtual(scene())


def test_this_machine_is_bounded_by_the_cap_on_all_series() -> None:
    async def scene() -> None:
        many = [column(Family("many", "Many."), rows(("n",), [(str(n),) for n in range(20)]), range(20))]
        agent = agent_of(Caps(series=10), many=lambda *_: many + named("one", 1))
        page = await agent.host_page("localhost", 9)
        assert (value(page, "one"), value(page, "many", n="1")) == (1, None)
        assert agent.series == 1
        agent.load([HERE], {"localhost": agent.watch("localhost").targets}, caps=Caps(series=100))
        await asyncio.sleep(60)
        assert value(await agent.host_page("localhost", 9), "many", n="1") == 1
        assert agent.series == 21

    virtual(scene())


def test_columns_that_stay_the_same_objects_are_counted_once() -> None:
    async def scene() -> None:
        kept = named("kept", 1)
        agent = agent_of(kept=lambda *_: kept)
        for _ in range(3):
            assert value(await agent.host_page("localhost", 9), "kept") == 1
            assert agent.series == 1
            await asyncio.sleep(60)
        agent.load([HERE], {"localhost": agent.watch("localhost").targets}, caps=Caps(series=0))
        assert value(await agent.host_page("localhost", 9), "kept") is None
        assert agent.series == 0

    virtual(scene())
