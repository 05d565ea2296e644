"""A poll that reads as the one before did gives what the plain way gives, and what has changed shows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.compact import SMALL, Compact
from collector.errors import PollError
from collector.model import Aside, Column, Family
from collector.network.cycle import Counters
from collector.network.normal import Normal, Source, fit
from collector.network.snmp import Snmp
from collector.privacy import Privacy, Screen
from collector.wire.snmp import ber
from collector.wire.snmp.module import Metric, Module
from tests.collector.network.box import (
    BOX,
    ENTRY,
    MORE,
    NAMED,
    PLAIN,
    POLLS,
    PORT,
    PORTS,
    SYSTEM,
    Box,
    Change,
    Side,
    told,
)
from tests.collector.wire.snmp.agents import integer, octets

UP = (Source("sysUpTime", scale=0.5),)


def same_rows(one: Sequence[Column] | PollError, other: Sequence[Column] | PollError) -> bool:
    """Whether nothing but numbers was made: what is made the plain way has a tuple of tables of its own."""
    return isinstance(one, Compact) and isinstance(other, Compact) and one.tables is other.tables


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


@settings(max_examples=150)
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
