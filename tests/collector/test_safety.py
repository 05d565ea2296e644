"""What keeps a device safe (RELIABILITY part 2): one question at a time, budgets, the breaker, the kill switch."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.agent import Agent
from collector.budget import RULES, Allowance, Budgets, Limit, Pauses, Shared, Strain, Window
from collector.model import Device, DeviceClass, Target
from tests.collector.worlds import Asks, FakeWorld, device, target, value, virtual

SITE = {"site": "main"}


def load(agent: Agent, *targets: Target) -> None:
    watched: dict[str, Device] = {t.device.name: t.device for t in targets}
    agent.load(list(watched.values()), {n: [t for t in targets if t.device.name == n] for n in watched})


def agent_of(world: FakeWorld, *targets: Target, budgets: Budgets | None = None) -> Agent:
    agent = Agent(world, budgets)  # type: ignore[arg-type]
    load(agent, *targets)
    return agent


def busiest(moments: list[float], window: float) -> int:
    """Most packets in any span of `window` seconds."""
    moments = sorted(moments)
    return max((bisect_left(moments, at + window) - n for n, at in enumerate(moments)), default=0)


@given(
    st.integers(1, 6),
    st.floats(0.1, 5),
    st.lists(st.floats(0, 2), min_size=1, max_size=80),
)
def test_no_span_of_a_window_ever_holds_more_than_its_packets(packets: int, span: float, gaps: list[float]) -> None:
    window, now, sent = Window(Limit(packets, span)), 0.0, []
    for gap in gaps:
        now += gap
        at = window.earliest(now)
        window.take(at)
        sent.append(at)
    assert sent == sorted(sent)
    assert busiest(sent, span) <= packets


@given(
    st.integers(1, 4),
    st.integers(1, 8),
    st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 1), st.booleans()), min_size=1, max_size=120),
)
def test_no_shared_window_holds_more_whoever_waits_and_whoever_gives_up(
    site: int, total: int, asked: list[tuple[str, float, bool]]
) -> None:
    shared = Shared(Budgets(site=Limit(site, 1.0), subnet=Limit(100, 1.0), total=Limit(total, 1.0)))
    lines = {name: Device(name, f"127.0.{place}.1", site=name) for place, name in enumerate("ab")}
    sent: dict[str, list[float]] = {"a": [], "b": []}
    now, last = 0.0, None
    for name, gap, gives_up in asked:
        now += gap
        if gives_up and last is not None:
            allowance, at = last
            if at > now:
                allowance.end()
                sent[allowance._device.name].remove(at)
        allowance = Allowance(lines[name], shared)
        at = now + allowance.wait(now, inf)
        sent[name].append(at)
        last = (allowance, at) if at > now else None
    assert all(busiest(moments, 1.0) <= site for moments in sent.values())
    assert busiest(sent["a"] + sent["b"], 1.0) <= total


def test_a_queue_at_one_site_holds_nobody_else_back() -> None:
    shared = Shared(Budgets(site=Limit(10, 1.0)))
    for number in range(40):
        Allowance(Device(f"d{number}", f"127.0.{number}.1", site="busy"), shared).wait(0.0, inf)
    other = Allowance(Device("other", "127.0.100.1", site="quiet"), shared)
    assert other.wait(0.1, inf) == 0.0
    late = Allowance(Device("late", "127.0.101.1", site="busy"), shared)
    assert late.wait(0.1, inf) > 4.0, "its own site's queue is long"


def test_a_packet_that_goes_late_counts_when_it_goes() -> None:
    """The event loop woke late: those behind it wait for it, not for what it was promised."""
    shared = Shared(Budgets(site=Limit(2, 1.0)))
    first, second, late, other, last = (
        Allowance(Device(f"d{number}", f"127.0.{number}.1", site="busy"), shared) for number in range(5)
    )
    assert first.wait(0.0, inf) == second.wait(0.0, inf) == 0.0
    assert late.wait(0.0, inf) == pytest.approx(1.05)
    assert late.wait(1.5, inf) == 0.0
    assert other.wait(1.5, inf) == 0.0
    assert last.wait(2.2, inf) == pytest.approx(1.5 + 1.05 - 2.2)


@pytest.mark.parametrize(
    ("device_class", "packets", "span"), [("it", 50, 1.0), ("fragile", 2, 1.0), ("clinical", 1, 5.0)]
)
def test_each_class_keeps_its_packet_budget(device_class: DeviceClass, packets: int, span: float) -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.001, b"ok"))
        sw = device(device_class=device_class)
        agent = agent_of(world, target(sw, "m", Asks(questions=200), interval=300, timeout=290))
        await asyncio.gather(*(agent.page("sw", 299) for _ in range(20)))
        moments = [packet.at for packet in world.packets]
        assert len(moments) > 50
        assert busiest(moments, span) == packets

    virtual(scene())


def test_a_poll_that_needs_more_packets_than_there_is_time_for_says_over_budget() -> None:
    async def scene() -> None:
        agent = agent_of(FakeWorld(), target(device(device_class="clinical"), "m", Asks(9), timeout=4))
        agent_page = await agent.page("sw", 10)
        assert value(agent_page, "test_value", of="m") == 1, "what was answered until then is kept"

    virtual(scene())


def test_a_site_and_the_whole_collector_keep_theirs() -> None:
    async def scene() -> None:
        world = FakeWorld()
        limits = Budgets(site=Limit(20, 1.0), subnet=Limit(1000, 1.0), total=Limit(30, 1.0))
        targets = [
            target(device(f"sw{n}", f"127.9.{n % 2}.{n}", site=f"s{n % 2}"), "m", Asks(10), timeout=50)
            for n in range(40)
        ]
        agent = agent_of(world, *targets, budgets=limits)
        await asyncio.gather(*(agent.page(t.device.name, 50) for t in targets))
        assert len(world.packets) == 400
        assert busiest([p.at for p in world.packets], 1.0) <= 30
        assert busiest([p.at for p in world.packets if p.address.startswith("127.9.1.")], 1.0) <= 20

    virtual(scene())


def test_one_outstanding_request_whatever_asks_and_however_often_the_inventory_names_the_address() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.05, b"ok"))
        one, same = device("one"), device("same")
        targets = [target(one, "a", Asks(5)), target(one, "b", Asks(5)), target(same, "a", Asks(5))]
        agent = agent_of(world, *targets)
        askers = [asyncio.ensure_future(agent.page(name, 5)) for _ in range(50) for name in ("one", "same")]
        await asyncio.sleep(0.2)
        load(agent, *(target(t.device, t.module, Asks(6)) for t in targets))
        agent.retry("one")
        askers += [asyncio.ensure_future(agent.page(name, 5)) for name in ("one", "same")]
        await asyncio.gather(*askers)
        assert world.worst == 1

    virtual(scene())


@pytest.mark.parametrize("device_class", ["it", "fragile"])
def test_a_question_whose_asker_was_cut_off_is_still_under_way(device_class: DeviceClass) -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: None)
        agent = agent_of(world, target(device(device_class=device_class), "m", Asks(tries=9), timeout=0.4))
        for _ in range(3):
            await agent.page("sw", 1)
            agent.retry("sw")
        await asyncio.sleep(30)
        gaps = [after.at - before.at for before, after in pairwise(world.packets)]
        assert all(gap >= RULES[device_class].patience for gap in gaps), gaps

    virtual(scene())


def test_names_that_share_an_address_get_the_budget_of_the_more_careful_class() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.001, b"ok"))
        it, fragile = device("it"), device("fragile", device_class="fragile")
        agent = agent_of(world, target(it, "m", Asks(20), timeout=50), target(fragile, "m", Asks(1), timeout=50))
        await agent.page("it", 50)
        assert busiest([p.at for p in world.packets], 1.0) == 2

    virtual(scene())


def dead_for(seconds: float, device_class: DeviceClass) -> list[float]:
    """Moments of the packets to a device that never answers, polled each minute by a server and by the timer."""

    async def scene() -> list[float]:
        world = FakeWorld(lambda packet: None)
        agent = agent_of(world, target(device(device_class=device_class), "m", Asks(tries=2), timeout=20))
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            await agent.page("sw", 5)
            await asyncio.sleep(60)
        return [packet.at for packet in world.packets]

    return virtual(scene())


def test_a_dead_device_of_class_it_gets_one_packet_a_minute() -> None:
    moments = dead_for(6 * 3600, "it")
    before, after = moments[:6], moments[6:]
    assert busiest(before, 170) == 6, "three polls of two attempts"
    assert min(b - a for a, b in pairwise(after)) >= 60
    assert 300 <= len(after) <= 360


def test_a_dead_fragile_device_gets_one_packet_a_quarter_of_an_hour_in_the_end() -> None:
    moments = dead_for(24 * 3600, "fragile")
    gaps = [round(b - a, 1) for a, b in pairwise(moments[6:])]
    assert gaps == sorted(gaps)
    assert gaps[0] >= 60
    assert gaps[-1] >= 900


def test_a_device_of_class_it_that_returns_is_seen_within_a_minute() -> None:
    async def scene() -> None:
        alive: list[bool] = []
        world = FakeWorld(lambda packet: (0.01, b"ok") if alive else None)
        agent = agent_of(world, target(device(), "m", Asks(tries=2)))
        await asyncio.sleep(1000)
        assert value(await agent.page("sw", 5), "wardwatch_breaker_open") == 1
        assert value(await agent.page("sw", 5), "wardwatch_device_up") == 0
        alive.append(True)
        await asyncio.sleep(61)
        page = await agent.page("sw", 5)
        assert value(page, "wardwatch_breaker_open") == 0
        assert value(page, "wardwatch_device_up") == 1
        assert value(page, "test_value", of="m") == 1, "the trial went on to a whole poll"

    virtual(scene())


def test_the_breaker_survives_a_restart_and_a_jump_of_the_wall_clock() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: None)
        agent = agent_of(world, target(device(), "m", Asks(tries=2)))
        await asyncio.sleep(1000)
        saved = agent.breakers()
        assert set(saved) == {"sw"}
        await agent.close()
        world.packets.clear()
        world.host.jump = -10 * 365 * 86400.0
        again = agent_of(world, target(device(), "m", Asks(tries=2)))
        again.restore(saved)
        page = await again.page("sw", 5)
        assert value(page, "wardwatch_breaker_open") == 1
        assert value(page, "wardwatch_poll_failed_info", module="m", reason="breaker_open") == 1
        await asyncio.sleep(600)
        moments = [packet.at for packet in world.packets]
        assert 9 <= len(moments) <= 10
        assert min(b - a for a, b in pairwise(moments)) >= 60

    virtual(scene())


def test_a_restart_in_the_middle_of_a_trial_is_not_followed_by_another_packet() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: None)
        agent = agent_of(world, target(device(), "m", Asks(tries=2)))
        await asyncio.sleep(1000)
        seen = len(world.packets)
        while len(world.packets) == seen:
            await asyncio.sleep(0.25)
        saved = agent.breakers()
        await agent.close()
        again = agent_of(world, target(device(), "m", Asks(tries=2)))
        again.restore(saved)
        await asyncio.sleep(120)
        gaps = [b.at - a.at for a, b in pairwise(world.packets[seen:])]
        assert len(gaps) >= 1
        assert min(gaps) >= 60, gaps

    virtual(scene())


def test_retry_closes_a_breaker() -> None:
    async def scene() -> None:
        alive: list[bool] = []
        world = FakeWorld(lambda packet: (0.01, b"ok") if alive else None)
        agent = agent_of(world, target(device(device_class="fragile"), "m", Asks(), timeout=20))
        await asyncio.sleep(7200)
        alive.append(True)
        agent.retry("sw")
        await asyncio.sleep(0.1)
        assert value(await agent.page("sw", 5), "test_value", of="m") == 1
        with pytest.raises(KeyError):
            agent.retry("nobody")

    virtual(scene())


@pytest.mark.parametrize("scope", ["all", "class:it", "site:main", "device:sw"])
def test_a_pause_stops_the_next_packet_even_in_the_middle_of_a_walk(scope: str) -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.1, b"ok"))
        other = device("other", "127.9.0.2", device_class="fragile", site="branch")
        agent = agent_of(
            world, target(device(**SITE), "m", Asks(90), timeout=50), target(other, "m", Asks(1), timeout=50)
        )
        asked = asyncio.ensure_future(agent.page("sw", 50))
        await asyncio.sleep(1)
        agent.pause(Pauses(frozenset({scope})))
        paused_at = asyncio.get_running_loop().time()
        page = await asked
        assert value(page, "wardwatch_paused", scope=scope) == 1
        await asyncio.sleep(300)
        assert max(p.at for p in world.packets if p.address == "127.9.0.1") <= paused_at + 0.1
        page = await agent.page("sw", 5)
        assert value(page, "wardwatch_poll_failed_info", module="m", reason="paused") == 1
        assert value(page, "wardwatch_breaker_open") == 0, "a pause is no fault of the device"
        assert (value(await agent.page("other", 5), "test_value", of="m") is None) == (scope == "all")
        agent.pause(Pauses())
        await asyncio.sleep(60)
        assert value(await agent.page("sw", 50), "wardwatch_poll_success", module="m") == 1

    virtual(scene())


def test_a_reload_keeps_what_stays_and_forgets_what_goes() -> None:
    async def scene() -> None:
        world = FakeWorld()
        stays, changes, goes = device("stays"), device("changes", "127.9.0.2"), device("goes", "127.9.0.3")
        agent = agent_of(world, *(target(d, "m", Asks()) for d in (stays, changes, goes)))
        for name in ("stays", "changes", "goes"):
            await agent.page(name, 5)
        before = value(await agent.page("stays", 5), "test_read_at_seconds", of="m")
        load(
            agent,
            target(stays, "m", Asks()),
            target(changes, "m", Asks(2)),
            target(device("new", "127.9.0.4"), "m", Asks()),
        )
        assert value(await agent.page("stays", 5), "test_read_at_seconds", of="m") == before
        changed = await agent.page("changes", 5)
        assert value(changed, "test_value", of="m") == 2
        assert value(changed, "wardwatch_polls_total", module="m", outcome="success") == 2, "counters never fall"
        with pytest.raises(KeyError):
            await agent.page("goes", 5)
        assert value(await agent.page("new", 5), "test_value", of="m") == 1
        sent = len(world.packets)
        await asyncio.sleep(70)
        assert {p.address for p in world.packets[sent:]} <= {"127.9.0.1", "127.9.0.2", "127.9.0.4"}

    virtual(scene())


def test_changed_budgets_hold_from_the_reload_on_and_breakers_stay_open() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: None if packet.address == "127.9.0.2" else (0.001, b"ok"))
        sw, dead = device(), device("dead", "127.9.0.2")
        targets = [target(sw, "m", Asks(50), timeout=50), target(dead, "m", Asks())]
        agent = agent_of(world, *targets)
        await asyncio.sleep(300)
        slower = Budgets(classes={"it": Limit(5, 1.0), "fragile": Limit(1, 1.0), "clinical": Limit(1, 5.0)})
        agent.load([sw, dead], {"sw": targets[:1], "dead": targets[1:]}, slower)
        sent = len(world.packets)
        await asyncio.sleep(100)
        assert busiest([p.at for p in world.packets[sent:] if p.address == "127.9.0.1"], 1.0) == 5
        assert value(await agent.page("dead", 5), "wardwatch_breaker_open") == 1

    virtual(scene())


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_start_up_is_spread_over_an_interval(seed: int) -> None:
    async def scene() -> None:
        from collector.model import Schedule

        world = FakeWorld()
        offsets = [(seed * 31 + n * 7919) % 6000 / 100 for n in range(100)]
        targets = [
            Target(device(f"d{n}", f"127.9.1.{n}"), "m", Asks(), Schedule(60, 10, offset))
            for n, offset in enumerate(offsets)
        ]
        agent_of(world, *targets)
        await asyncio.sleep(61)
        assert len({p.address for p in world.packets}) == 100
        assert busiest([p.at for p in world.packets], 1.0) <= 1 + busiest(offsets + [o + 60 for o in offsets], 1.0)

    virtual(scene())


@pytest.mark.parametrize("device_class", ["it", "fragile", "clinical"])
def test_a_device_that_slows_down_as_it_is_polled_is_left_alone_unless_it_is_plain_it(
    device_class: DeviceClass,
) -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.03 if len(world.packets) < 20 else 0.2, b"ok"))
        agent = agent_of(world, target(device(device_class=device_class), "m", Asks(), interval=300))
        left_alone: list[str] = []

        def stop(device: Device) -> None:
            left_alone.append(device.name)
            agent.pause(Pauses(frozenset({f"device:{device.name}"})))

        agent.on_strain = stop
        await asyncio.sleep(40 * 300)
        assert left_alone == ([] if device_class == "it" else ["sw"])
        assert len(world.packets) == (40 if device_class == "it" else 22), "three intervals after it began"

    virtual(scene())


def test_a_device_that_was_always_slow_or_hiccups_is_not_taken_for_hurt() -> None:
    strain = Strain()
    assert not any(strain.grows(2.0) for _ in range(50))
    strain = Strain()
    assert not any(strain.grows(seconds) for seconds in [0.001] * 20 + [0.09] * 50), "quick devices have room"
    strain = Strain()
    assert not any(strain.grows(seconds) for seconds in [0.05] * 5 + [5.0, 5.0, 0.05] * 20)


def test_a_congested_site_is_slow_but_does_not_stand_still() -> None:
    async def scene() -> None:
        world = FakeWorld()
        limits = Budgets(site=Limit(5, 1.0), subnet=Limit(10, 1.0))
        targets = [
            target(device(f"d{n}", f"127.9.{n // 200}.{n % 200}", site="main"), "m", Asks(3), 60, timeout=20)
            for n in range(300)
        ]
        agent_of(world, *targets, budgets=limits)
        await asyncio.sleep(600)
        moments = [p.at for p in world.packets if p.at > 1300]
        assert len(moments) >= 450, "all begin at once, so 5 packets a second fit into the 20 s of each of 5 rounds"
        assert busiest([p.at for p in world.packets], 1.0) <= 5

    virtual(scene())


def test_a_reload_with_other_budgets_in_the_middle_of_a_poll_changes_nothing_for_the_device() -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: (0.1, b"ok"))
        pump = device("pump", device_class="clinical")
        poll = target(pump, "m", Asks(4), 300, timeout=100)
        agent = agent_of(world, poll)
        asked = asyncio.ensure_future(agent.page("pump", 100))
        for total in (4000, 3000, 2000):
            await asyncio.sleep(4)
            agent.load([pump], {"pump": [poll]}, Budgets(total=Limit(total, 1.0)))
        page = await asked
        assert value(page, "wardwatch_device_up") == 1
        assert value(page, "test_value", of="m") == 4
        assert busiest([p.at for p in world.packets], 5.0) == 1, "what was sent is not forgotten"

    virtual(scene())


def test_a_pause_of_one_name_of_a_shared_address_stops_its_polls() -> None:
    async def scene() -> None:
        world = FakeWorld()
        one, other = device("one"), device("other", device_class="fragile")
        agent = agent_of(world, target(one, "m", Asks()), target(other, "m", Asks(), timeout=20))
        agent.pause(Pauses(frozenset({"device:one"})))
        assert value(await agent.page("one", 5), "wardwatch_poll_failed_info", reason="paused") == 1
        assert world.packets == []
        assert value(await agent.page("other", 5), "test_value", of="m") == 1

    virtual(scene())


@dataclass(frozen=True)
class Verifies(Asks):
    """Asks as DICOM does: rarely (RELIABILITY S15)."""

    interval_floor: ClassVar[float] = 300.0


@pytest.mark.parametrize(("collector", "shortest"), [(Verifies(), 300.0), (Asks(), 60.0)])
def test_a_breaker_does_not_ask_sooner_than_a_protocols_own_floor(collector: Asks, shortest: float) -> None:
    async def scene() -> None:
        world = FakeWorld(lambda packet: None)
        agent_of(world, target(device(), "m", collector, interval=300))
        await asyncio.sleep(20 * 300)
        gaps = [later.at - earlier.at for earlier, later in pairwise(world.packets)]
        assert len(gaps) > 10
        assert min(gaps) >= shortest * 0.9

    virtual(scene())
