"""Whoever asks first drives (HOUSE 4): a test for each of its sentences, in virtual time."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import pytest
import structlog

from collector.agent import Agent
from collector.budget import Caps, Pauses
from collector.compact import laid
from collector.errors import NoData, PollError, Refused
from collector.model import DETAIL, DROPPED, INCOMPLETE, Aside, Column, Device, Target, column, rows, single
from tests.collector.worlds import VALUE, Asks, Does, FakeWorld, Mute, device, labels, target, value, virtual


def agent_of(world: FakeWorld, *targets: Target, caps: Caps | None = None) -> Agent:
    agent = Agent(world, caps=caps)  # type: ignore[arg-type]
    watched: dict[str, Device] = {t.device.name: t.device for t in targets}
    agent.load(list(watched.values()), {n: [t for t in targets if t.device.name == n] for n in watched})
    return agent


async def after(seconds: float) -> None:
    await asyncio.sleep(seconds)


def test_a_module_is_due_nine_tenths_of_an_interval_after_its_last_poll_began() -> None:
    async def scene() -> None:
        world = FakeWorld()
        agent = agent_of(world, target(device(), "m", Asks(), interval=60))
        asked_at = []
        for pause in (0, 53.5, 0.6, 53.5, 0.6):
            await after(pause)
            await agent.page("sw", 5)
            asked_at.append(len(world.packets))
        assert asked_at == [1, 1, 2, 2, 3]

    virtual(scene())


def test_a_scrape_polls_what_is_due_and_serves_the_rest_from_what_is_kept() -> None:
    async def scene() -> None:
        world = FakeWorld()
        sw = device()
        agent = agent_of(world, target(sw, "fast", Asks(), interval=15), target(sw, "slow", Asks(), interval=300))
        first = await agent.page("sw", 5)
        await after(15)
        second = await agent.page("sw", 5)
        began = value(first, "test_read_at_seconds", of="slow")
        assert value(second, "test_read_at_seconds", of="slow") == began
        assert value(second, "test_read_at_seconds", of="fast") > value(first, "test_read_at_seconds", of="fast")  # type: ignore[operator]
        assert value(second, "wardwatch_poll_age_seconds", module="slow") > 15  # type: ignore[operator]
        assert len(world.packets) == 3

    virtual(scene())


def test_nobody_scrapes_so_the_timer_polls_at_the_devices_own_place_in_each_interval() -> None:
    async def scene() -> None:
        world = FakeWorld()
        agent_of(world, target(device(), "m", Asks(), interval=60))
        await after(300)
        moments = [packet.at for packet in world.packets]
        assert len(moments) == 5
        assert all(abs(at % 60 - 7.0) < 0.001 for at in moments)

    virtual(scene())


def test_the_timer_leaves_a_scraped_device_to_its_scraper_until_one_and_a_half_intervals_are_over() -> None:
    async def scene() -> None:
        world = FakeWorld()
        agent = agent_of(world, target(device(), "m", Asks(), interval=60))
        await after(20)
        for _ in range(5):
            await agent.page("sw", 5)
            await after(60)
        assert len(world.packets) == 5, "one poll a scrape, none by the timer"
        scraped_last = world.packets[-1].at
        await after(300)
        by_timer = world.packets[5:]
        assert by_timer[0].at - scraped_last >= 90
        assert len(by_timer) >= 3

    virtual(scene())


def test_a_second_server_reads_the_same_numbers_at_a_steady_distance() -> None:
    async def scene() -> None:
        world = FakeWorld()
        agent = agent_of(world, target(device(), "m", Asks(), interval=60))
        ages = []
        await after(3)
        for _ in range(5):
            await agent.page("sw", 5)
            await after(25)
            ages.append(value(await agent.page("sw", 5), "wardwatch_poll_age_seconds", module="m"))
            await after(35)
        assert len(world.packets) == 5
        assert max(ages) - min(ages) < 0.05  # type: ignore[type-var, operator]

    virtual(scene())


def test_two_servers_a_person_and_the_timer_together_cause_one_poll() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.5, b"ok"))
        agent = agent_of(world, target(device(), "m", Asks(questions=3)))
        pages = await asyncio.gather(*(agent.page("sw", 5) for _ in range(50)))
        assert len(world.packets) == 3
        assert {value(page, "test_value", of="m") for page in pages} == {3.0}

    virtual(scene())


def test_the_answer_comes_before_the_scraper_gives_up_and_the_slow_module_is_served_next_time() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.9, b"ok"))
        sw = device()
        agent = agent_of(world, target(sw, "quick", Asks(1)), target(sw, "slow", Asks(5)))
        loop = asyncio.get_running_loop()
        began = loop.time()
        page = await agent.page("sw", 2.0)
        assert loop.time() - began <= 2.0
        assert value(page, "test_value", of="quick") == 1
        assert value(page, "test_value", of="slow") is None
        await after(10)
        assert value(await agent.page("sw", 2.0), "test_value", of="slow") == 5
        assert len(world.packets) == 6, "the slow poll went on by itself and was not begun again"

    virtual(scene())


def test_nothing_older_than_two_intervals_is_served() -> None:
    async def scene() -> None:
        slow_down: list[bool] = []
        world = FakeWorld(lambda packet: (0.01, b"ok") if not slow_down else None)
        agent = agent_of(world, target(device(), "m", Asks(tries=99), interval=10, timeout=100))
        assert value(await agent.page("sw", 1), "test_value", of="m") == 1
        slow_down.append(True)
        await after(10)
        during = await agent.page("sw", 1)
        assert value(during, "test_value", of="m") == 1, "the poll in flight has not failed yet: what is kept is served"
        await after(9)
        assert value(await agent.page("sw", 1), "test_value", of="m") is None

    virtual(scene())


def test_a_failed_modules_series_disappear_and_its_outcome_stays() -> None:
    async def scene() -> None:
        well = [True]

        def says(target: Target, edge: Any) -> float:
            if well:
                return 42
            raise Refused("no such name")

        sw = device()
        agent = agent_of(FakeWorld(), target(sw, "m", Does(says)), target(sw, "other", Asks()))
        page = await agent.page("sw", 1)
        assert value(page, "wardwatch_poll_success", module="m") == 1
        well.clear()
        await after(60)
        page = await agent.page("sw", 1)
        assert [c for c in page if c.family is VALUE and c.rows.names == ()] == []
        assert value(page, "wardwatch_poll_success", module="m") == 0
        assert value(page, "wardwatch_poll_failed_info", module="m", reason="refused") == 1
        assert value(page, "wardwatch_polls_total", module="m", outcome="refused") == 1
        assert value(page, "wardwatch_polls_total", module="m", outcome="success") == 1
        assert value(page, "test_value", of="other") == 1, "the other module is served as ever"

    virtual(scene())


def test_a_partial_answer_is_served_and_marked() -> None:
    async def scene() -> None:
        def part(target: Target, edge: Any) -> list[Column]:
            lost = column(INCOMPLETE, rows(("table", "reason"), [("ifTable", "timeout")]), (1,))
            return [column(VALUE, rows(("row",), [("1",)]), (7,)), lost]

        agent = agent_of(FakeWorld(), target(device(), "m", Does(part)))
        page = await agent.page("sw", 1)
        assert value(page, "test_value", row="1") == 7
        assert value(page, "wardwatch_poll_incomplete", module="m", table="ifTable", reason="timeout") == 1
        assert value(page, "wardwatch_polls_total", module="m", outcome="partial") == 1
        assert value(page, "wardwatch_poll_success", module="m") == 1

    virtual(scene())


def test_particulars_are_kept_for_whoever_asks_and_are_on_no_page() -> None:
    async def scene() -> None:
        wrong = column(DETAIL, rows(("table", "said"), [("ifTable", "OID not increasing")]), (1,))
        answers: list[list[Column] | PollError] = [
            [column(VALUE, rows(("row",), [("1",)]), (7,)), wrong],
            Refused("all of it"),
            [column(VALUE, rows(("row",), [("1",)]), (7,))],
        ]
        answers[1].columns = (wrong,)  # type: ignore[union-attr]

        def say(target: Target, edge: Any) -> list[Column]:
            answer = answers.pop(0)
            if isinstance(answer, PollError):
                raise answer
            return answer

        agent = agent_of(FakeWorld(), target(device(), "m", Does(say)))
        for said in ([("ifTable", "OID not increasing")], [("ifTable", "OID not increasing")], []):
            page = await agent.page("sw", 1)
            assert list(agent.watch("sw").kept["m"].said) == said
            assert all(column.family is not DETAIL for column in page)
            await asyncio.sleep(60)

    virtual(scene())


def test_a_dead_or_slow_device_never_delays_another() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: None if packet.address == "127.9.0.1" else (0.01, b"ok"))
        dead, well = device("dead", "127.9.0.1"), device("well", "127.9.0.2")
        agent = agent_of(world, target(dead, "m", Asks(tries=6)), target(well, "m", Asks()))
        loop = asyncio.get_running_loop()
        waiting = asyncio.ensure_future(agent.page("dead", 9))
        await after(0.5)
        began = loop.time()
        assert value(await agent.page("well", 9), "wardwatch_device_up") == 1
        assert loop.time() - began < 0.05
        assert value(await waiting, "wardwatch_device_up") == 0

    virtual(scene())


def test_a_device_that_says_nothing_is_not_asked_for_its_other_modules() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: None)
        sw = device()
        agent = agent_of(world, *(target(sw, f"m{n}", Asks(tries=2)) for n in range(8)))
        page = await agent.page("sw", 9)
        assert len(world.packets) == 2
        assert {found["reason"] for found in labels(page, "wardwatch_poll_failed_info")} == {"timeout"}

    virtual(scene())


def test_a_module_that_the_device_never_answers_cannot_keep_the_others_from_being_asked() -> None:
    async def scene() -> None:
        def never(target: Target, edge: Any) -> float:
            raise NoData("nothing of it here")

        sw = device()
        world = FakeWorld()
        silent = Asks(tries=1)
        agent = agent_of(world, target(sw, "a", Does(never)), target(sw, "b", silent), target(sw, "c", silent))
        for _ in range(4):
            page = await agent.page("sw", 5)
            await after(60)
        assert value(page, "test_value", of="b") == 1
        assert value(page, "test_value", of="c") == 1

    virtual(scene())


def test_a_bug_is_logged_once_counted_and_stops_nothing() -> None:
    async def scene() -> None:
        def broken(target: Target, edge: Any) -> float:
            raise ZeroDivisionError("a bug")

        sw = device()
        agent = agent_of(FakeWorld(), target(sw, "broken", Does(broken)), target(sw, "m", Asks()))
        with structlog.testing.capture_logs() as logs:
            for _ in range(3):
                page = await agent.page("sw", 5)
                await after(60)
        assert value(page, "test_value", of="m") == 1
        assert agent.bugs == 3
        assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["bug in a collector"]

    virtual(scene())


def test_a_poll_that_ignores_its_deadline_is_cancelled() -> None:
    async def scene() -> None:
        agent = agent_of(FakeWorld(), target(device(), "m", Does(lambda target, edge: after(1e6)), timeout=10))
        loop = asyncio.get_running_loop()
        began = loop.time()
        page = await agent.page("sw", 60)
        assert loop.time() - began < 12
        assert value(page, "wardwatch_poll_failed_info", module="m", reason="timeout") == 1

    virtual(scene())


def test_one_line_when_health_changes_and_none_while_it_stays() -> None:
    async def scene() -> None:
        alive = [True]
        world = FakeWorld(lambda packet: (0.01, b"ok") if alive else None)
        agent = agent_of(world, target(device(site="main"), "m", Asks()))
        with structlog.testing.capture_logs() as logs:
            for _ in range(3):
                await agent.page("sw", 5)
                await after(60)
            alive.clear()
            for _ in range(5):
                await agent.page("sw", 5)
                await after(60)
            alive.append(True)
            for _ in range(5):
                await agent.page("sw", 5)
                await after(60)
        said = [event for event in logs if event["log_level"] != "debug"]
        assert [(event["event"], event["device"]) for event in said] == [
            ("device down", "sw"),
            ("breaker open", "sw"),
            ("breaker closed", "sw"),
            ("device up", "sw"),
        ], "a device that is well from the start is no news"
        assert [event["site"] for event in said if "site" in event] == ["main", "main"]
        assert said[1]["failures"] == 3
        assert said[1]["packets"] == {"get": 6}, "and what it was sent until then"

    virtual(scene())


def many(size: int, name: str) -> list[Column]:
    return [column(VALUE, rows((name,), [(str(n),) for n in range(size)]), range(size))]


@pytest.mark.slow
def test_over_the_cap_whole_tables_are_left_out_and_counted() -> None:
    async def scene() -> None:
        def huge(target: Target, edge: Any) -> Sequence[Column]:
            return many(10, "small") + many(1_000_000, "bomb") + many(20, "medium")

        agent = agent_of(FakeWorld(), target(device(), "m", Does(huge)), caps=Caps(series_per_device=100))
        page = await agent.page("sw", 5)
        assert len([c for c in page if c.family is VALUE]) == 2
        assert value(page, "wardwatch_series_dropped", module="m") == 1_000_000
        assert value(page, "wardwatch_polls_total", module="m", outcome="partial") == 1

    virtual(scene())


def test_what_a_collector_left_out_is_counted_with_what_the_agent_leaves_out() -> None:
    async def scene() -> None:
        def huge(target: Target, edge: Any) -> Sequence[Column]:
            assert edge.room == 100
            return [*many(10, "small"), *many(101, "bomb"), single(DROPPED, 7000)]

        agent = agent_of(FakeWorld(), target(device(), "m", Does(huge)), caps=Caps(series_per_device=100))
        page = await agent.page("sw", 5)
        assert len([c for c in page if c.family is VALUE]) == 1
        assert [list(c.values) for c in page if c.family is DROPPED] == [[7101]]
        assert value(page, "wardwatch_series_dropped", module="m") == 7101
        assert value(page, "wardwatch_polls_total", module="m", outcome="partial") == 1
        assert agent.series == 10

    virtual(scene())


@pytest.mark.parametrize("room", [100, 16, 15, 5])
@pytest.mark.parametrize("said", [(), (INCOMPLETE, "reason"), (DETAIL, "text"), (DROPPED,)])
def test_columns_that_come_as_one_object_are_kept_as_others_are(room: int, said: tuple[Any, ...]) -> None:
    """What is aside is on no page and counts all the same; what is for the agent is found; a cap holds."""

    async def kept(way: Callable[[Sequence[Column]], Sequence[Column]]) -> object:
        def columns(target: Target, edge: Any) -> Sequence[Column]:
            more = [column(said[0], rows(("table", *said[1:]), [("a", "b")[: len(said)]]), [3])] if said else []
            return way([*many(10, "port"), *more, single(VALUE, 2), Aside(*many(5, "fast")[0])])

        agent = agent_of(FakeWorld(), target(device(), "m", Does(columns)), caps=Caps(series_per_device=room))
        for _ in range(2):
            page = await agent.page("sw", 5)
            await after(60)
        kept = agent.watch("sw").kept["m"]
        shown = [
            (c.family, c.rows.text, [*c.values])
            for c in page
            if c.family.name.startswith(("test_", "wardwatch_series"))
        ]
        aside = [(c.family, c.rows.text, [*c.values]) for c in kept.aside]
        return shown, aside, agent.series, kept.series, kept.dropped, kept.said, {*kept.outcomes}

    def laid_out(columns: Sequence[Column]) -> Sequence[Column]:
        ends = [0, *accumulate(len(each.values) for each in columns)]
        numbers = array("d", b"".join(each.values for each in columns))
        return laid(columns, numbers, list(map(slice, ends, ends[1:])), asides=1)

    async def scene() -> None:
        assert await kept(laid_out) == await kept(list)

    virtual(scene())


def test_a_passive_device_shows_its_info_and_nothing_is_sent() -> None:
    async def scene() -> None:
        world = FakeWorld()
        pump = device("pump", device_class="clinical", passive=True, labels=(("ward", "7"),))
        agent = Agent(world)  # type: ignore[arg-type]
        agent.load([pump], {})
        page = await agent.page("pump", 5)
        await after(600)
        assert [c.family.name for c in page] == ["wardwatch_device_info"]
        assert labels(page, "wardwatch_device_info")[0]["ward"] == "7"
        assert world.packets == []
        assert agent.state(agent.watches[0]) == "passive"

    virtual(scene())


def test_pumps_that_are_known_by_their_mac_addresses_share_nothing_with_each_other_or_this_machine() -> None:
    async def scene() -> None:
        agent = Agent(FakeWorld())  # type: ignore[arg-type]
        pumps = [device(name, "", device_class="clinical", passive=True) for name in ("a", "b")]
        here = device("localhost", "")
        agent.load([*pumps, here], {"localhost": (target(here, "asks", Asks()),)})
        assert len({id(watch.line) for watch in agent.watches}) == 3
        agent.pause(Pauses(frozenset({"all"})))
        assert [agent.paused(each) for each in (*pumps, here)] == ["all", "all", None]
        assert agent.states() == {("clinical", "passive"): 2}
        assert [c.family.name for c in await agent.page("a", 5)] == ["wardwatch_device_info"]
        await agent.close()

    virtual(scene())


def test_a_first_poll_in_flight_is_no_failure() -> None:
    async def scene() -> None:
        agent = agent_of(FakeWorld(lambda packet: (3.0, b"ok")), target(device(), "m", Asks(tries=9)))
        page = await agent.page("sw", 0.5)
        names = {c.family.name for c in page}
        assert not names & {"wardwatch_poll_success", "wardwatch_poll_failed_info", "wardwatch_device_up"}
        assert agent.state(agent.watches[0]) == "unknown"

    virtual(scene())


def test_whether_a_device_is_up_is_said_no_longer_than_it_is_known() -> None:
    async def scene() -> None:
        agent = agent_of(FakeWorld(), target(device(), "m", Asks()))
        assert value(await agent.page("sw", 5), "wardwatch_device_up") == 1
        agent.pause(Pauses(frozenset({"all"})))
        await after(1)
        page = await agent.page("sw", 5)
        assert value(page, "wardwatch_device_up") is None
        assert value(page, "wardwatch_paused", scope="all") == 1
        await after(86400)
        assert value(await agent.page("sw", 5), "wardwatch_poll_age_seconds") is None

    virtual(scene())


def test_after_a_pause_nothing_says_any_more_that_there_is_one() -> None:
    async def scene() -> None:
        agent = agent_of(FakeWorld(), target(device(), "m", Asks()))
        await agent.page("sw", 5)
        agent.pause(Pauses(frozenset({"all"})))
        await after(90)
        page = await agent.page("sw", 5)
        assert value(page, "wardwatch_poll_failed_info", module="m", reason="paused") == 1
        agent.pause(Pauses(frozenset({"class:fragile"})))
        (watch,) = agent.watches
        page = watch.page(agent.world.now(), None, agent.common)
        assert not labels(page, "wardwatch_poll_failed_info")
        assert value(page, "wardwatch_polls_total", module="m", outcome="success") == 1, "counts go on"
        assert value(page, "wardwatch_poll_success", module="m") is None
        assert (watch.reason, agent.state(watch)) == ("", "unknown")
        await after(90)
        page = await agent.page("sw", 5)
        assert value(page, "wardwatch_poll_success", module="m") == 1
        assert agent.state(watch) == "up"

    virtual(scene())


def test_when_a_module_last_succeeded_is_said_while_it_fails() -> None:
    """RELIABILITY part 4: how old the last good answer is must be known when there is no newer one."""

    async def scene() -> None:
        answers = True
        world = FakeWorld(lambda packet: (0.01, b"ok") if answers else None)
        agent = agent_of(world, target(device(), "m", Asks(), interval=60, timeout=5))
        name = "wardwatch_poll_last_success_timestamp_seconds"
        at = value(await agent.page("sw", 10), name, module="m")
        assert at == pytest.approx(world.host.wall(), abs=1)
        answers = False
        for _ in range(10):
            await after(60)
            page = await agent.page("sw", 10)
            assert value(page, "wardwatch_poll_success", module="m") == 0
            assert value(page, "wardwatch_poll_age_seconds", module="m") is None
            assert value(page, name, module="m") == at
        answers = True
        agent.retry("sw")
        assert value(await agent.page("sw", 10), name, module="m") == pytest.approx(world.host.wall(), abs=1)

    virtual(scene())


def test_a_retry_during_a_poll_neither_loses_nor_repeats_it() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.5, b"ok"))
        agent = agent_of(world, target(device(), "m", Asks(3)))
        asked = asyncio.ensure_future(agent.page("sw", 5))
        await after(0.7)
        agent.retry("sw")
        assert value(await asked, "test_value", of="m") == 3
        assert agent.bugs == 0
        assert world.worst == 1

    virtual(scene())


def test_a_table_that_a_device_never_answers_does_not_make_it_dead() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.01, b"ok") if b"question" in packet.data else None)
        sw = device()
        agent = agent_of(world, target(sw, "good", Asks(), 60), target(sw, "mute", Mute(), 15, timeout=5))
        for _ in range(80):
            page = await agent.page("sw", 10)
            assert value(page, "wardwatch_device_up") == 1
            assert value(page, "wardwatch_breaker_open") == 0
            await after(15)
        assert value(page, "test_value", of="good") == 1
        assert value(page, "wardwatch_poll_failed_info", module="mute", reason="timeout") == 1

    virtual(scene())
