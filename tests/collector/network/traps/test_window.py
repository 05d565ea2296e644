"""What is newer than all that was heard is of now, however slow the sender's clock; the rest only for 150 s
(RFC 3414 section 3.2, 7b)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.network.traps.notice import Refused
from collector.network.traps.senders import Sender
from collector.network.traps.usm import WINDOW, Engine, Usm
from tests.collector.network.traps.device import CORE, Agent, Clock, v3

OURS = b"\x80\x00\x4f\xb8\x05the-receiver"
DAY = 86_400.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def usm(clock: Clock) -> Usm:
    made = Usm(OURS, 5, clock)
    made.load([CORE])
    return made


def old(usm: Usm, data: bytes, sender: Sender = CORE) -> bool:
    """Whether it is refused as an old one. Raises Refused for any other reason."""
    try:
        usm.read(data, [sender])
    except Refused as error:
        if error.reason != "time_window":
            raise
        return True
    return False


def restarted(usm: Usm, clock: Clock) -> Usm:
    """The receiver's next run, with what it had written down."""
    after = Usm(OURS, 6, clock)
    after.load([CORE])
    after.engines = {key: Engine(e.device, e.boots, e.time, None) for key, e in usm.engines.items()}
    return after


def test_a_clock_that_is_slow_is_heard_after_a_quiet_month(usm: Usm, clock: Clock) -> None:
    agent = Agent(v3(), clock)
    for _ in range(3):  # it has to heal, not only to be forgiven once
        first = agent.trap()
        assert not old(usm, first)
        clock.at += 30 * DAY
        agent.usm._began += WINDOW + 10  # 62 ppm slow
        assert not old(usm, agent.trap())
        assert old(usm, first)


def test_a_message_that_is_not_newer_moves_no_clock(usm: Usm, clock: Clock) -> None:
    """Else whoever repeats one keeps all others of its time alive."""
    agent = Agent(v3(), clock)
    kept, other = agent.trap(), agent.trap(uptime=9)
    assert not old(usm, kept)
    assert not old(usm, other)
    for _ in range(2):
        clock.at += WINDOW / 2
        assert not old(usm, kept)  # the same: `counts` finds it out
    clock.at += 1
    assert old(usm, other)
    assert old(usm, kept)


def test_what_came_late_is_heard_and_sets_nothing_back(usm: Usm, clock: Clock) -> None:
    agent = Agent(v3(), clock)
    clock.at += 500
    late = agent.trap()
    clock.at += WINDOW - 10
    assert not old(usm, agent.trap())
    known = dict(usm.engines)
    assert not old(usm, late)
    assert usm.engines == known


def test_after_a_restart_only_what_is_newer_is_heard(usm: Usm, clock: Clock) -> None:
    """What was counted before is not known any more, so the last second's traps could be counted twice."""
    agent = Agent(v3(), clock)
    clock.at += 500
    last = agent.trap()
    assert not old(usm, last)
    after = restarted(usm, clock)
    assert old(after, last)
    clock.at += 40 * DAY
    assert old(after, last)
    assert not old(after, agent.trap())


def test_a_renamed_device_keeps_the_clock_of_its_engine(usm: Usm, clock: Clock) -> None:
    agent, other = Agent(v3(), clock), replace(CORE, name="core-2")
    clock.at += 500
    last = agent.trap()
    clock.at += 20
    assert not old(usm, agent.trap())
    usm.load([other])
    assert not old(usm, last, other)
    (engine,) = usm.engines.values()
    assert (engine.device, engine.time) == ("core-2", 520)


def test_boots_at_their_end_are_never_of_now(usm: Usm, clock: Clock) -> None:
    exhausted = Agent(v3(), clock, boots=2**31 - 1)
    assert old(usm, exhausted.trap())
    assert not usm.engines
    assert not old(usm, Agent(v3(), clock).trap())
