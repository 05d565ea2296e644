"""A poll that reads as the one before did gives what the plain way gives, and what has changed shows at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.compact import SMALL, Compact
from collector.errors import PollError
from collector.model import Aside, Column, Dialogue, Family, Schedule, Target
from collector.network.cycle import Counters
from collector.network.normal import Normal, Source, fit
from collector.network.snmp import Snmp
from collector.privacy import Privacy, Screen
from collector.wire.snmp import ber
from collector.wire.snmp.module import Index, Lookup, Metric, Module
from tests.collector.network.test_snmp import Wire, target
from tests.collector.wire.snmp.agents import Agent, converse, integer, octets

ENTRY, MORE, SYSTEM = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1", "1.3.6.1.2.1.1"
CHANGE = "1.3.6.1.2.1.31.1.5.0"
PORT = (Index("ifIndex"),)
NAMED = (Lookup(("ifIndex",), "ifName", f"{MORE}.1", "DisplayString"), Lookup((), "ifIndex"))
BY_MTU = (Lookup(("ifIndex",), "mtu", f"{ENTRY}.4", "gauge"),)
STATES = {1: "up", 2: "down"}

PORTS = Module(
    "ports",
    walk=("1.3.6.1.2.1.2", "1.3.6.1.2.1.31.1.1"),
    metrics=(
        Metric("ifMtu", f"{ENTRY}.4", "gauge", "", PORT, NAMED),
        Metric("ifOper", f"{ENTRY}.8", "EnumAsInfo", "", PORT, NAMED, enum_values=STATES),
        Metric("ifInOctets", f"{ENTRY}.10", "counter", "", PORT, NAMED),
        Metric("ifInErrors", f"{ENTRY}.14", "counter", "", PORT, NAMED),
        Metric("ifOutErrors", f"{ENTRY}.20", "EnumAsStateSet", "", PORT, NAMED, enum_values=STATES),
        Metric("ifOutQLen", f"{ENTRY}.21", "gauge", "", PORT, NAMED, scale=0.1, offset=-7),
        Metric("ifName", f"{MORE}.1", "DisplayString", "", PORT, NAMED),
        Metric("ifHCInOctets", f"{MORE}.6", "counter", "", PORT, NAMED),
        Metric("ifHCOutOctets", f"{MORE}.10", "counter", "", PORT, BY_MTU),
        Metric("ifHighSpeed", f"{MORE}.15", "gauge", "", PORT, NAMED),
        Metric("ifConnectorPresent", f"{MORE}.17", "gauge", "", PORT, NAMED),
    ),
)
BOX = Module(
    "box",
    get=tuple(f"{SYSTEM}.{n}.0" for n in (3, 5, 6, 8, 9)),
    metrics=(
        Metric("sysUpTime", f"{SYSTEM}.3", "gauge"),
        Metric("sysName", f"{SYSTEM}.5", "DisplayString"),
        Metric("temperature", f"{SYSTEM}.6", "gauge", scale=0.01),
        Metric("clock", f"{SYSTEM}.8", "DateAndTime"),
        Metric("lamps", f"{SYSTEM}.9", "Bits", enum_values={0: "red", 9: "green"}),
    ),
)
COUNTERS = (f"{ENTRY}.10", f"{ENTRY}.14", f"{ENTRY}.21", f"{MORE}.6", f"{MORE}.10")
UP = (Source("sysUpTime", scale=0.5),)
NOTHING = fit([Normal(Family("none", ""), sources=(Source("sysUpTime"),))], BOX)
"""A name that stands for nothing of what is read: with it, columns are made the plain way always."""
PLAIN = (replace(NOTHING[0], name="no such metric"),)


@dataclass
class Box:
    """What a device would say."""

    values: dict[str, bytes] = field(default_factory=dict)
    answers: int = 1000
    """How many questions of a poll it answers."""
    restless: bool = False
    """Whether its tables change, as it says, while they are read."""
    counting: bool = False
    """Whether it counts while it is read."""

    def __post_init__(self) -> None:
        self.values |= {
            f"{SYSTEM}.3.0": integer(100_000, ber.TIMETICKS),
            f"{SYSTEM}.5.0": octets("sw-1"),
            f"{SYSTEM}.6.0": integer(-250),
            f"{SYSTEM}.8.0": octets("\x07\xe9\x0b\x1d\x03\x0a\x00\x00"),
            f"{SYSTEM}.9.0": octets("\x40\x40"),
            CHANGE: integer(7, ber.TIMETICKS),
        }
        for port in (1, 2):
            self.plug(port)

    def plug(self, port: int) -> None:
        for column in COUNTERS[:3]:
            self.values[f"{column}.{port}"] = integer(1000 * port, ber.COUNTER32)
        for column in COUNTERS[3:]:
            self.values[f"{column}.{port}"] = integer(2**33 * port, ber.COUNTER64)
        self.values |= {f"{ENTRY}.8.{port}": integer(1), f"{ENTRY}.20.{port}": integer(port)}
        self.values |= {f"{ENTRY}.4.{port}": integer(1500), f"{MORE}.15.{port}": integer(1000, ber.GAUGE32)}
        self.values |= {f"{MORE}.1.{port}": octets(f"port {port}"), f"{MORE}.17.{port}": integer(1)}
        self.changed()

    def unplug(self, port: int) -> None:
        tables = (f"{ENTRY}.", f"{MORE}.")
        gone = [oid for oid in self.values if oid.startswith(tables) and oid.endswith(f".{port}")]
        for oid in gone:
            del self.values[oid]
        self.changed()

    def changed(self) -> None:
        self.values[CHANGE] = integer(ber.signed(self.values[CHANGE][2:]) + 1, ber.TIMETICKS)

    def set(self, oid: str, value: bytes) -> None:
        """Where there is such a thing."""
        if oid in self.values:
            self.values[oid] = value

    def speed(self, megabits: int) -> None:
        """Of the second port."""
        self.set(f"{MORE}.15.2", integer(megabits, ber.GAUGE32))

    def rename(self, port: int, name: str) -> None:
        self.set(f"{MORE}.1.{port}", octets(name))
        self.changed()

    def count(self, by: int) -> None:
        """Whatever counts goes on."""
        for oid, value in self.values.items():
            if oid.startswith(COUNTERS) and value[0] in ber.UNSIGNED:
                most = 2**64 if value[0] == ber.COUNTER64 else 2**32
                self.values[oid] = integer((int.from_bytes(value[2:], "big") + by) % most, value[0])


class Until(Wire):
    """One whose polls have an end."""

    ends = 0.0

    @property
    def deadline(self) -> float:
        return self.ends

    async def udp(self, dialogue: Dialogue) -> None:
        await asyncio.sleep(0)
        converse(dialogue, self.agent.answer, self.clock, self.ends - self.clock.now)


class Side:
    """One way to poll that device."""

    def __init__(self, box: Box, *modules: Module, plain: bool = False, ttl: float = 900.0, counters: Counters) -> None:
        self.wire: Any = Until(Agent({}))
        self.wire.agent = self
        self._box = box
        self._left = 0
        collectors = [Snmp(module, ttl, counters, PLAIN if plain else ()) for module in modules]
        self.targets: list[Target] = [
            replace(target(each.module), collector=each, schedule=Schedule(60.0, 30.0)) for each in collectors
        ]

    def answer(self, packet: bytes) -> list[bytes]:
        self._left -= 1
        if self._left < 0:
            return []
        if self._box.restless:
            self._box.changed()
        if self._box.counting:
            self._box.count(1)
        return Agent(self._box.values).answer(packet)

    def poll(self, at: float) -> list[Sequence[Column] | PollError]:
        self.wire.clock.now, self.wire.ends = at, at + 5
        self._left = self._box.answers
        return asyncio.run(self._poll())

    async def _poll(self) -> list[Sequence[Column] | PollError]:
        try:
            readings = await Snmp(PORTS).poll_together(self.targets, self.wire)
        except PollError as error:
            return [error]
        found: list[Sequence[Column] | PollError] = []
        for reading in readings:
            try:
                found.append(reading())
            except PollError as error:
                found.append(error)
        return found


def told(outcome: Sequence[Column] | PollError) -> object:
    """All there is to see of an outcome."""
    if isinstance(outcome, PollError):
        return outcome.reason, told(outcome.columns)
    return [
        (type(each), each.family, each.rows.names, each.rows.text, tuple(each.rows.values), each.values.tobytes())
        for each in outcome
    ]


def same_rows(one: Sequence[Column] | PollError, other: Sequence[Column] | PollError) -> bool:
    """Whether nothing but numbers was made: what is made the plain way has a tuple of tables of its own."""
    return isinstance(one, Compact) and isinstance(other, Compact) and one.tables is other.tables


Change = Callable[[Box], object]

PORT_NUMBERS, NAMES = st.integers(1, 3), st.sampled_from(["port 1", "port 2", "uplink", "", "943 476 5919"])
CELLS = st.sampled_from(
    [f"{column}.{port}" for column in (*COUNTERS, f"{ENTRY}.8", f"{MORE}.15", f"{ENTRY}.4") for port in (1, 2)]
    + [f"{SYSTEM}.{n}.0" for n in (3, 5, 6, 8, 9)]
)
VALUES = st.one_of(
    st.builds(integer, st.integers(-(2**31), 2**31 - 1)),
    st.builds(integer, st.integers(0, 2**32 - 1), st.sampled_from([ber.COUNTER32, ber.GAUGE32, ber.TIMETICKS])),
    st.builds(integer, st.integers(0, 2**64 - 1), st.just(ber.COUNTER64)),
    st.builds(octets, st.text("abc", max_size=3)),
    st.sampled_from([b"\x05\x00", b"\x44\x07\x9f\x78\x04\x41\xc8\x00\x00", b"\x41\x00", b"\x02\x00", b"\x5f\x01\x01"]),
)
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(lambda port: lambda box: box.plug(port), PORT_NUMBERS),
    st.builds(lambda port: lambda box: box.unplug(port), PORT_NUMBERS),
    st.builds(lambda port, name: lambda box: box.rename(port, name), PORT_NUMBERS, NAMES),
    st.builds(lambda oid, value: lambda box: box.set(oid, value), CELLS, VALUES),
    st.builds(lambda oid: lambda box: box.values.pop(oid, None), CELLS),
    st.builds(lambda state: lambda box: box.set(f"{ENTRY}.8.1", integer(state)), st.integers(1, 3)),
    st.builds(lambda mbit: lambda box: box.speed(mbit), st.sampled_from([10, 2000])),
    st.builds(lambda name: lambda box: box.set(f"{SYSTEM}.5.0", octets(name)), NAMES),
    st.builds(lambda count: lambda box: setattr(box, "answers", count), st.integers(0, 4)),
)  # fmt: skip
POLLS = st.lists(st.tuples(st.lists(CHANGES, max_size=2), st.integers(0, 3)), min_size=1, max_size=5)


def compared(changes: Sequence[Change], *modules: Module, ttl: float = 900.0, counters: Counters = "lasting") -> None:
    """Both ways give the same, when nothing but counters has changed for long, at each of these changes, and after."""
    boxes = Box(), Box()
    ways = zip(boxes, (False, True), strict=True)
    sides = [Side(box, *modules or (PORTS, BOX), plain=plain, ttl=ttl, counters=counters) for box, plain in ways]
    quiet: Sequence[Change] = [lambda box: None] * 12
    for poll, change in enumerate((*quiet, *changes, *quiet)):
        found = []
        for box, side in zip(boxes, sides, strict=True):
            box.answers, box.restless = 1000, False
            change(box)
            box.count(2**30)
            found.append([told(each) for each in side.poll(1000.0 + 60 * poll)])
        assert found[0] == found[1], poll


def nameless(box: Box) -> None:
    """It has no names any more, nor what else is read now and then."""
    for oid in [oid for oid in box.values if oid.startswith((f"{MORE}.1.", f"{ENTRY}.4."))]:
        del box.values[oid]
    box.changed()


def uncabled(box: Box) -> None:
    """What is read now and then has changed, and a sign says so."""
    box.set(f"{MORE}.17.1", integer(2))
    box.changed()


def half_plugged(box: Box) -> None:
    """A row of one of the tables, and no sign of it."""
    box.values[f"{ENTRY}.10.3"] = integer(5, ber.COUNTER32)


def swapped(box: Box) -> None:
    """What was in one column is in another."""
    for port in (1, 2):
        box.values[f"{ENTRY}.13.{port}"] = box.values.pop(f"{ENTRY}.14.{port}")


def damaged(box: Box) -> None:
    """A cell that is none among the others."""
    box.values[f"{ENTRY}.8.3"] = b"\x41\x05\x01"


def mended(box: Box) -> None:
    del box.values[f"{ENTRY}.8.3"]


def retyped(column: str, kind: int) -> Change:
    def change(box: Box) -> None:
        for port in (1, 2):
            box.set(f"{column}.{port}", integer(-port, kind))

    return change


MORE_PORTS = replace(PORTS, name="more", walk=(MORE,), metrics=(PORTS.metrics[7], PORTS.metrics[9]))
DISCARDS = Metric("ifInDiscards", f"{ENTRY}.13", "counter", "", PORT, NAMED)
WITH_DISCARDS = replace(PORTS, metrics=(*PORTS.metrics[:3], DISCARDS, *PORTS.metrics[3:]))


@pytest.mark.parametrize("ttl", [0.0, 900.0])
@pytest.mark.parametrize(
    "changes",
    [
        [lambda box: box.set(f"{SYSTEM}.3.0", integer(-1))],
        [lambda box: box.set(f"{SYSTEM}.5.0", octets("sw-2"))],
        [lambda box: box.set(f"{SYSTEM}.8.0", octets("\x07\xe9\x0b\x1d\x03\x0b\x00\x00"))],
        [lambda box: box.set(f"{ENTRY}.8.1", integer(2))],
        [lambda box: box.set(f"{ENTRY}.20.1", integer(2))],
        [retyped(f"{ENTRY}.21", ber.INTEGER)],
        [retyped(f"{ENTRY}.14", ber.COUNTER64)],
        [lambda box: box.rename(2, "port 1")],
        [lambda box: box.rename(2, "uplink")],
        [lambda box: box.set(f"{ENTRY}.4.1", integer(9000))],
        [lambda box: box.plug(3), lambda box: box.unplug(3)],
        [lambda box: box.unplug(1), lambda box: box.plug(3)],
        [lambda box: box.speed(10_000), *[lambda box: None] * 20, lambda box: box.speed(10)],
        [nameless],
        [Box.changed, Box.changed, uncabled],
        [half_plugged],
        *[[lambda box, k=k: setattr(box, "answers", k)] * 3 for k in range(6)],
        [lambda box: setattr(box, "restless", True)] * 3,
        [damaged, lambda box: None, lambda box: None, mended],
        [lambda box: setattr(box, "counting", True), half_plugged],
    ],
)
def test_what_changes_shows_at_once(changes: Sequence[Change], ttl: float) -> None:
    compared(changes, ttl=ttl)
    compared(changes, PORTS, MORE_PORTS, ttl=ttl)


def test_a_column_is_not_taken_for_another_one() -> None:
    compared([swapped], WITH_DISCARDS, BOX)


@pytest.mark.parametrize(
    "other", [{"ttl": 0.0}, {"counters": "all"}, {"normal": fit([Normal(Family("up", ""), "", UP)], BOX)}]
)
def test_another_configuration_holds_at_once(other: dict[str, Any]) -> None:
    """In either direction; what is remembered of the device stays, as other modules of it may be as they were."""
    first = {"ttl": 900.0, "counters": "lasting", "normal": ()}
    for one, two in ((first, first | other), (first | other, first)):
        box = Box()
        box.speed(10_000)
        side, fresh = Side(box, PORTS, BOX, counters="all"), Side(box, PORTS, BOX, counters="all")
        for poll in range(36):
            way = two if poll >= 12 else one
            for each, more in ((side, ()), (fresh, PLAIN)):
                words = [Snmp(module, way["ttl"], way["counters"], way["normal"] + more) for module in (PORTS, BOX)]
                each.targets = [replace(each.targets[at], collector=words[at]) for at in range(2)]
            box.count(2**30)
            mine, plain = ([told(outcome) for outcome in each.poll(1000.0 + 60 * poll)] for each in (side, fresh))
            assert mine == plain


@settings(max_examples=150, deadline=None)
@given(polls=POLLS, ttl=st.sampled_from([0.0, 900.0]), counters=st.sampled_from(["all", "lasting"]))
def test_it_gives_what_the_plain_way_gives(
    polls: list[tuple[list[Change], int]], ttl: float, counters: Counters
) -> None:
    """Changes, and after each of them some polls in which the device only counts."""
    box = Box()
    sides = [Side(box, PORTS, BOX, plain=plain, ttl=ttl, counters=counters) for plain in (False, True)]
    now = 1000.0
    for changes, quiet in [([], 5), *polls]:
        box.answers = 1000
        for change in changes:
            change(box)
        for _ in range(quiet + 1):
            box.count(2**30)
            now += 60
            mine, plain = ([told(each) for each in side.poll(now)] for side in sides)
            assert mine == plain
            box.answers = 1000


@pytest.mark.parametrize("ttl", [0.0, 900.0])
@pytest.mark.parametrize("speed", [1000, 10_000])
def test_a_device_that_only_counts_has_nothing_but_numbers_made(ttl: float, speed: int) -> None:
    """Refused counters among them."""
    box = Box()
    box.speed(speed)
    side = Side(box, PORTS, BOX, ttl=ttl, counters="lasting")
    polls = []
    for poll in range(12):
        box.count(1000)
        polls.append(side.poll(1000.0 + 60 * poll))
    for one, other in zip(polls[-2], polls[-1], strict=True):
        assert same_rows(one, other)
    assert sum(type(column) is Aside for column in polls[-1][0]) == (speed > 1000)  # type: ignore[union-attr, misc]


def test_like_devices_share_how_they_read() -> None:
    layouts = set()
    for number in range(3):
        box = Box()
        box.set(f"{SYSTEM}.5.0", octets(f"sw-{number}"))
        side = Side(box, PORTS, BOX, counters="lasting")
        for poll in range(12):
            box.count(number)
            ports, own = side.poll(1000.0 + 60 * poll)
        assert isinstance(ports, Compact)
        assert isinstance(own, Compact)
        layouts |= {ports.layout, own.layout}
    assert len(layouts) == 2


def test_what_may_not_be_shown_any_more_is_not_shown_again() -> None:
    box = Box()
    side = Side(box, BOX, counters="all")
    for poll in range(4):
        (columns,) = side.poll(1000.0 + 60 * poll)
    assert "sw-1" in repr(told(columns))
    side.wire.common(Screen).load(Privacy(words=("sw",)))
    (columns,) = side.poll(1300.0)
    assert "sw-1" not in repr(told(columns))


def test_a_table_for_which_there_is_no_room_any_more_is_dropped() -> None:
    box = Box()
    sides = [Side(box, PORTS, plain=plain, counters="all") for plain in (False, True)]
    for poll in range(12):
        for side in sides:
            side.wire.room = 1 if poll == 11 else 5000
        mine, plain = ([told(each) for each in side.poll(1000.0 + 60 * poll)] for side in sides)
        assert mine == plain


def test_a_larger_device_is_read_the_plain_way() -> None:
    box = Box()
    for port in range(3, 3 + SMALL // 9):
        box.plug(port)
    side = Side(box, PORTS, counters="all")
    for poll in range(12):
        (columns,) = side.poll(1000.0 + 60 * poll)
    assert not isinstance(columns, Compact)
