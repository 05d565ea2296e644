"""A poll that goes as the one before did asks, gives and learns what any other would; what differs is met as ever."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.compact import SMALL
from collector.network import snmp
from collector.network.cycle import Memory
from collector.network.snmp import limits_of
from collector.wire.snmp import ber, message, question
from collector.wire.snmp.dialogue import NO_DIET, Survey
from collector.wire.snmp.habits import LOSSES, Learned
from collector.wire.snmp.module import Filter, Metric, Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.rerun import Rerun, Script, scripted
from collector.wire.snmp.speech import Community
from tests.collector.network.box import (
    BOX,
    CHANGES,
    ENTRY,
    MORE,
    PORT,
    PORTS,
    SYSTEM,
    Box,
    Change,
    Side,
    told,
)
from tests.collector.wire.snmp.agents import Agent, Clock, converse, integer, octets, response
from tests.collector.wire.snmp.faulty import LIMITS
from tests.collector.wire.snmp.secured import met

Question = tuple[int, list[bytes], int, int]
Spoil = Callable[[bytes], list[bytes]]
"""What comes of a reply on its way."""


@pytest.fixture(autouse=True, scope="module")
def patient() -> Iterator[None]:
    """Nobody's patience is longer than another's, nor is a request id."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(random, "uniform", lambda low, high: low)
        patched.setattr(question, "request_id", partial(next, count(1 << 24)))
        yield


class Watched(Side):
    """`anew`: as if no poll had gone before. `spoils` are what becomes of a poll's replies, in their order."""

    def __init__(self, box: Box, *modules: Module, anew: bool, **ways: Any) -> None:
        super().__init__(box, *modules, **ways)
        self.anew = anew
        self.asked: list[Question] = []
        self.spoils: list[Spoil] = []

    @property
    def memory(self) -> Memory:
        memory: Memory = self.wire.memory(Memory)
        return memory

    def answer(self, packet: bytes) -> list[bytes]:
        head = message.read(packet)
        names = [name for name, _, _ in message.varbinds(packet, head)]
        self.asked.append((head.pdu, names, head.error_status, head.error_index))
        spoil = self.spoils.pop(0) if self.spoils else whole
        return [each for reply in super().answer(packet) for each in spoil(reply)]

    def seen(self, at: float, spoils: Sequence[Spoil] = ()) -> object:
        """All that there is to see of a poll, its questions and what it has taught."""
        self.asked, self.spoils = [], list(spoils)
        if self.anew:
            self.memory.scripts.clear()
        outcomes = [told(each) for each in self.poll(at)]
        learned = self.memory.learned
        return outcomes, self.asked, {name: getattr(learned, name) for name in Learned.__slots__}


def whole(reply: bytes) -> list[bytes]:
    return [reply]


def lost(reply: bytes) -> list[bytes]:
    return []


def twice(reply: bytes) -> list[bytes]:
    return [reply, reply]


def cut(reply: bytes) -> list[bytes]:
    return [reply[: len(reply) // 2]]


def changed(reply: bytes, more: int = 0, status: int = 0, same: bool = True) -> list[bytes]:
    """With so many varbinds more, an error status, in another order."""
    head = message.read(reply)
    found = [(name, ber.tlv(tag, content)) for name, tag, content in message.varbinds(reply, head)]
    found = found if same else found[::-1]
    return [response(head, found + found[-1:] * more, status)]


def bent(place: int, by: int, reply: bytes) -> list[bytes]:
    place %= len(reply)
    return [reply[:place] + bytes([reply[place] ^ by]) + reply[place + 1 :]]


def both(box: Box, *modules: Module, ttl: float = 900.0) -> tuple[Watched, Watched]:
    one, other = (Watched(box, *modules, anew=anew, ttl=ttl, counters="all") for anew in (False, True))
    return one, other


SPOILED: Sequence[Spoil] = [
    lost,
    twice,
    cut,
    partial(changed, more=1),
    partial(changed, status=message.GEN_ERR),
    partial(changed, status=message.TOO_BIG),
    partial(changed, same=False),
]
SPOILS: st.SearchStrategy[Spoil] = st.one_of(
    st.sampled_from([whole, *SPOILED]),
    st.builds(lambda place, by: partial(bent, place, by), st.integers(0, 2000), st.integers(1, 255)),
)
POLLS = st.lists(
    st.tuples(st.lists(CHANGES, max_size=1), st.lists(SPOILS, max_size=4), st.integers(0, 3)), min_size=1, max_size=5
)


@settings(max_examples=150)
@given(polls=POLLS, ttl=st.sampled_from([0.0, 900.0]), modules=st.sampled_from([(PORTS, BOX), (PORTS,), (BOX,)]))
def test_it_asks_gives_and_learns_what_any_other_poll_would(
    polls: list[tuple[list[Change], list[Spoil], int]], ttl: float, modules: tuple[Module, ...]
) -> None:
    """Changes and replies that suffer on their way, and after each some polls in which the device only counts."""
    box, now = Box(), 1000.0
    sides = both(box, *modules, ttl=ttl)
    for changes, spoils, quiet in [([], [], 8), *polls]:
        for change in changes:
            change(box)
        for turn in range(quiet + 1):
            box.count(2**30)
            now += 60
            mine, plain = (side.seen(now, () if turn else spoils) for side in sides)
            assert mine == plain
            box.answers = 1000


@pytest.mark.parametrize(
    "change",
    [
        lambda box: box.plug(3),
        lambda box: box.unplug(2),
        lambda box: box.rename(2, "uplink"),
        lambda box: box.set(f"{ENTRY}.14.1", integer(5, ber.COUNTER64)),
        lambda box: box.set(f"{SYSTEM}.5.0", octets("x" * 200)),
        lambda box: box.values.pop(f"{SYSTEM}.8.0"),
        lambda box: box.values.pop(f"{MORE}.6.2"),
        lambda box: box.values.clear(),
        lambda box: setattr(box, "restless", True),
    ],
)
@pytest.mark.parametrize("spoils", [[], [lost] * (LOSSES + 1), [cut, lost], *[[each] for each in SPOILED]])
@pytest.mark.parametrize("ttl", [0.0, 900.0])
def test_what_changes_is_met_as_ever(change: Change, spoils: Sequence[Spoil], ttl: float) -> None:
    boxes = Box(), Box()
    sides = [
        Watched(box, PORTS, BOX, anew=anew, ttl=ttl, counters="all")
        for box, anew in zip(boxes, (False, True), strict=True)
    ]
    for turn in range(30):
        for box in boxes:
            if turn == 12:
                change(box)
            box.count(2**20)
        mine, plain = (side.seen(1000.0 + 60 * turn, spoils if turn == 12 else ()) for side in sides)
        assert mine == plain, turn


def test_what_is_asked_beside_a_filter_goes_by_no_script() -> None:
    """The filter's conversation is not to ask for what was read before it in the same poll."""
    sifted = replace(PORTS, name="sifted", filters=(Filter(f"{ENTRY}.10", (f"{ENTRY}.14",), ("2000",)),))
    sides = both(Box(), PORTS, sifted)
    targets = sides[0].targets, sides[1].targets
    for turn in range(16):
        for side, both_targets in zip(sides, targets, strict=True):
            side.targets = both_targets if turn % 4 == 3 else both_targets[:1]
        mine, plain = (side.seen(1000.0 + 60 * turn) for side in sides)
        assert mine == plain, turn
    assert sides[0].memory.scripts


def test_a_device_whose_names_come_in_any_order_is_asked_as_ever() -> None:
    """Also where that has become known since."""
    sides = both(Box(), PORTS, BOX)
    for turn in range(20):
        if turn == 12:
            for side in sides:
                quirky = replace(side.targets[0].device, quirks=frozenset({snmp.ANY_ORDER}))
                side.targets = [replace(each, device=quirky) for each in side.targets]
        mine, plain = (side.seen(1000.0 + 60 * turn) for side in sides)
        assert mine == plain, turn


def test_a_subtree_that_is_walked_leaves_no_script() -> None:
    """How far its questions reach changes from poll to poll."""
    box, learned = Box(), Learned()
    for _ in range(3):
        agent = Agent(dict(box.values))
        assert learned_of(Module("walked", walk=(f"{ENTRY}.10",), metrics=PORTS.metrics[2:3]), agent, learned) is None
        assert len(agent.asked) == 1
        learned.clean = 0


@pytest.mark.parametrize("gets", [(30, 31), (30, 50, 31, 80, 60, 32)])
@pytest.mark.parametrize("kinds", [(ber.TIMETICKS, ber.TIMETICKS), (ber.TIMETICKS, ber.INTEGER)])
def test_cells_of_a_column_may_lie_anywhere(gets: Sequence[int], kinds: Sequence[int]) -> None:
    names = [f"{SYSTEM}.{get // 10}.{get % 10}" for get in gets]
    ticks = Metric("ticks", f"{SYSTEM}.3", "gauge", "", PORT)
    box = Box()
    sides = both(box, Module("box", get=tuple(names), metrics=(ticks, *BOX.metrics[1:])))
    box.set(f"{SYSTEM}.6.0", integer(7))
    for turn in range(6):
        for place, kind in enumerate((*kinds, ber.TIMETICKS)):
            # What a value is in the beginning is no sign of where it stands.
            box.values[f"{SYSTEM}.3.{place}"] = integer(turn * place if turn > 3 else 7, kind)
        mine, plain = (side.seen(1000.0 + 60 * turn) for side in sides)
        assert mine == plain, turn


def used(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Counts surveys that are made from now on."""
    made: list[None] = []

    class Counted(Survey):
        def __init__(self, *words: Any, **more: Any) -> None:
            made.append(None)
            super().__init__(*words, **more)

    monkeypatch.setattr(snmp, "Survey", Counted)
    return lambda: len(made)


@pytest.mark.parametrize("ttl", [0.0, 900.0])
def test_a_device_that_only_counts_is_read_after_the_script(ttl: float, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box()
    side = Watched(box, PORTS, BOX, anew=False, ttl=ttl, counters="all")
    for turn in range(40):
        side.seen(1000.0 + 60 * turn)
    surveys = used(monkeypatch)
    for turn in range(40, 80):
        box.count(2**30)
        side.seen(1000.0 + 60 * turn)
        assert len(side.asked) == 1
    assert not surveys(), "nor where names are read once more"
    now = 1000.0 + 60 * 80
    side.seen(now, [lost])
    assert not surveys(), "once it is asked for again as it was"
    assert side.asked[0] == side.asked[1]
    side.seen(now + 60, [lost, lost])
    assert surveys() == 1, "and then with care"
    side.seen(now + 120)
    assert surveys() == 1, "lost packets change nothing"
    box.plug(3)
    side.seen(now + 180)
    assert surveys() > 1


def test_single_values_are_read_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box()
    side = Watched(box, BOX, anew=False, counters="all")
    side.seen(1000.0)
    surveys = used(monkeypatch)
    for turn in range(1, 4):
        side.seen(1000.0 + 60 * turn)
        assert [(kind, len(names)) for kind, names, _, _ in side.asked] == [(0xA0, 5)]
    assert not surveys()


def learned_of(module: Module, agent: Agent, learned: Learned) -> Script | None:
    """The script of one conversation."""
    clock, plan = Clock(), compile(module)
    survey = Survey(plan, Community(2, b"public"), LIMITS, learned, clock)
    converse(survey, agent.answer, clock)
    return scripted(survey, plan, NO_DIET, learned)


def grown() -> Learned:
    learned = Learned()
    learned.clean = 4
    return learned


def ready(box: Box) -> tuple[Learned, Script]:
    learned, script = grown(), None
    for _ in range(3):
        script = learned_of(PORTS, Agent(dict(box.values)), learned)
    assert script is not None
    return learned, script


def test_devices_alike_have_one_script_and_values_of_their_own() -> None:
    boxes = [Box(), Box()]
    boxes[1].count(999)
    boxes[1].set(f"{MORE}.1.1", octets("another name"))
    scripts = [ready(box)[1] for box in boxes]
    assert scripts[0] is scripts[1]
    learned, script = ready(boxes[0])
    for box in boxes:
        clock = Clock()
        speech = Community(2, b"public")
        rerun = Rerun(script, speech, LIMITS, learned, clock, lambda: pytest.fail("as before"))
        assert converse(rerun, Agent(dict(box.values)).answer, clock) == 1
        plain = Survey(compile(PORTS), speech, LIMITS, grown(), clock)
        converse(plain, Agent(dict(box.values)).answer, clock)
        runs = [
            {number: [(run.tag, run.indexes, run.values) for run in runs] for number, runs in each.harvest.runs.items()}
            for each in (rerun.share(0), plain.share(0))
        ]
        assert runs[0] == runs[1]


@pytest.mark.parametrize(
    "change",
    [
        lambda learned: setattr(learned, "lone_gets", 3),
        lambda learned: learned.lone_walks.update({b"x": 3}),
        lambda learned: setattr(learned, "clean", -1),
        lambda learned: setattr(learned, "ceiling", 5.0),
        lambda learned: setattr(learned, "sizes", dict.fromkeys(learned.sizes, 500.0)),
        lambda learned: setattr(learned, "rows", {table: rows + 1 for table, rows in learned.rows.items()}),
        lambda learned: learned.rows.clear(),
    ],
)
def test_a_device_of_which_something_else_is_known_is_asked_anew(change: Callable[[Learned], object]) -> None:
    learned, script = ready(Box())
    limits = limits_of("it")
    assert script.holds(learned, limits)
    change(learned)
    assert not script.holds(learned, limits)


@pytest.mark.parametrize("lost_attempts", [1, 2])
def test_an_answer_that_comes_after_the_question_was_repeated_is_welcome(lost_attempts: int) -> None:
    box = Box()
    learned, script = ready(box)
    clock, agent = Clock(), Agent(dict(box.values))
    rerun = Rerun(
        script, Community(2, b"public"), LIMITS, learned, clock,
        lambda: Survey(compile(PORTS), Community(2, b"public"), LIMITS, learned, clock),
    )  # fmt: skip
    first = rerun.send()
    assert first is not None
    for _ in range(lost_attempts):
        rerun.silence()
        assert rerun.send() is not None
    assert rerun.receive(agent.answer(first)[0])
    if lost_attempts == 1:
        assert rerun.survey is None
        assert rerun.send() is None
        return
    assert rerun.survey is not None
    assert (rerun.survey.problem(), rerun.survey.incomplete) == (None, {})
    assert rerun.answered


def test_longer_credentials_for_which_there_is_no_room_are_for_the_survey() -> None:
    box = Box()
    learned, script = ready(box)
    clock = Clock()
    speech = Community(2, b"x" * 1300)
    rerun = Rerun(
        script, speech, LIMITS, learned, clock, lambda: Survey(compile(PORTS), speech, LIMITS, learned, clock)
    )
    converse(rerun, Agent(dict(box.values)).answer, clock)
    assert rerun.survey is not None
    assert (rerun.survey.problem(), rerun.survey.incomplete) == (None, {})


def test_a_larger_device_leaves_no_script() -> None:
    box = Box()
    for port in range(3, 3 + SMALL // 9):
        box.plug(port)
    side = Watched(box, PORTS, anew=False, counters="all")
    for turn in range(12):
        side.seen(1000.0 + 60 * turn)
    assert not side.memory.scripts


def test_with_snmpv3_a_clock_that_is_off_is_met_on_the_way() -> None:
    ward = met()
    script, plan = None, compile(SCALARS_OF_A_SWITCH)
    for _ in range(2):
        survey, _ = ward.survey(module=SCALARS_OF_A_SWITCH)
        converse(survey, ward.answer, ward.clock)
        script = scripted(survey, plan, NO_DIET, ward.learned)
    assert script is not None
    for boots, packets in ((0, 1), (1, 2), (0, 1)):
        ward.agent.boots += boots
        ward.packets = 0
        survey, speech = ward.survey(module=SCALARS_OF_A_SWITCH)
        rerun = Rerun(script, speech, LIMITS, ward.learned, ward.clock, lambda: pytest.fail("as before"))
        converse(rerun, ward.answer, ward.clock)
        assert rerun.answered
        assert ward.packets == packets
        assert {number: runs[0].tag for number, runs in rerun.share(0).harvest.runs.items()}


SCALARS_OF_A_SWITCH = Module("scalars", get=tuple(f"{SYSTEM}.{n}.0" for n in (3, 5)), metrics=BOX.metrics[:2])
