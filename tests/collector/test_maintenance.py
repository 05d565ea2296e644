"""Planned work: when it is, what it concerns, and that no rule costs more than it may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.calendar import hours_of
from collector.maintenance import Owed, Work, Works, complaint, concerned, times
from collector.services import Calendar, Catalogue, Leaf, Maintenance, Node, Recurrence, Service

LONDON = ZoneInfo("Europe/London")
CALENDARS = {"24x7": Calendar("24x7"), "office": Calendar("office", "Mo-Fr 08:00-18:00; PH off")}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def once(begins: str, ends: str, **more: Any) -> Maintenance:
    return Maintenance("m", begins=at(begins), ends=at(ends), **more)


def when(work: Work | Owed, begin: str, end: str) -> list[str]:
    """Beginnings and ends between two moments, on London's clock."""
    spans = work.spans(at(begin).timestamp(), at(end).timestamp())
    return [" - ".join(datetime.fromtimestamp(edge, LONDON).strftime("%m-%d %H:%M") for edge in span) for span in spans]


# -- when ------------------------------------------------------------------------------------------------------


def test_work_that_is_once() -> None:
    work = Work(once("2026-12-31T22:00", "2027-01-01T02:00"), CALENDARS)
    assert not work.open(at("2026-12-31T21:59").timestamp())
    assert work.open(at("2026-12-31T22:00").timestamp())
    assert work.open(at("2027-01-01T01:59").timestamp())
    assert not work.open(at("2027-01-01T02:00").timestamp())
    assert work.next_change(at("2026-12-31T23:00").timestamp()) == at("2027-01-01T02:00").timestamp()
    assert not work.again


def test_work_in_hours_of_a_calendar() -> None:
    work = Work(Maintenance("m", hours="PH 02:00-04:00", hours_in="office"), CALENDARS)
    assert when(work, "2026-12-20", "2027-01-05") == [
        "12-25 02:00 - 12-25 04:00",
        "12-26 02:00 - 12-26 04:00",
        "12-28 02:00 - 12-28 04:00",
        "01-01 02:00 - 01-01 04:00",
    ]
    assert work.again


def test_work_that_comes_again_stays_at_its_time_when_clocks_change() -> None:
    rule = Recurrence("FREQ=WEEKLY")
    work = Work(once("2026-03-22T01:30", "2026-03-22T03:30", again=rule), CALENDARS)
    assert when(work, "2026-03-20", "2026-04-06") == [
        "03-22 01:30 - 03-22 03:30",
        "03-29 02:30 - 03-29 04:30",  # there is no 01:30 that night; it takes two hours all the same
        "04-05 01:30 - 04-05 03:30",
    ]


def test_whole_days_are_days_however_long() -> None:
    work = Work(once("2026-03-28", "2026-03-30", again=Recurrence("FREQ=MONTHLY", whole_days=True)), CALENDARS)
    assert when(work, "2026-03-01", "2026-05-01") == ["03-28 00:00 - 03-30 00:00", "04-28 00:00 - 04-30 00:00"]


def test_times_that_are_left_out_moved_and_added() -> None:
    again = Recurrence(
        "FREQ=WEEKLY;COUNT=4",
        but=frozenset({at("2026-12-08T22:00"), at("2026-12-15T22:00")}),
        also=((at("2026-12-16T20:00"), at("2026-12-16T21:00")),),
    )
    work = Work(once("2026-12-01T22:00", "2026-12-02T02:00", again=again), CALENDARS)
    assert when(work, "2026-11-01", "2027-02-01") == [
        "12-01 22:00 - 12-02 02:00",
        "12-16 20:00 - 12-16 21:00",
        "12-22 22:00 - 12-23 02:00",
    ]


def test_what_somebody_ended_is_over() -> None:
    cut = [(at("2026-12-01T23:00").timestamp(), at("2026-12-02T02:00").timestamp())]
    work = Work(once("2026-12-01T22:00", "2026-12-02T02:00", again=Recurrence("FREQ=WEEKLY")), CALENDARS, cut)
    assert when(work, "2026-11-01", "2026-12-10") == ["12-01 22:00 - 12-01 23:00", "12-08 22:00 - 12-09 02:00"]


def test_agreed_hours_without_what_is_planned() -> None:
    works = [
        Work(once("2026-11-16T07:00", "2026-11-16T09:00"), CALENDARS),
        Work(once("2026-11-16T08:30", "2026-11-16T10:00"), CALENDARS),
        Work(once("2026-11-16T17:00", "2026-11-17T08:30"), CALENDARS),
    ]
    owed = Owed(hours_of(CALENDARS["office"]), Works(works))
    assert when(owed, "2026-11-16", "2026-11-18") == ["11-16 10:00 - 11-16 17:00", "11-17 08:30 - 11-17 18:00"]
    assert owed.open_seconds(at("2026-11-16").timestamp(), at("2026-11-18").timestamp()) == (7 + 9.5) * 3600


# -- rules: dateutil over all of its time is the second opinion ---------------------------------------------------


@st.composite
def rules(draw: st.DrawFn) -> str:
    parts = [f"FREQ={draw(st.sampled_from(['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY']))}"]
    parts += [f"INTERVAL={draw(st.integers(1, 9))}"] if draw(st.booleans()) else []
    parts += [f"BYMONTH={draw(st.integers(1, 12))},{draw(st.integers(1, 12))}"] if draw(st.booleans()) else []
    parts += [f"BYDAY={draw(st.sampled_from(['MO', 'TU,TH', 'SA,SU', 'MO,WE,FR']))}"] if draw(st.booleans()) else []
    parts += [f"BYMONTHDAY={draw(st.sampled_from(['1', '15,-1', '28', '10']))}"] if draw(st.booleans()) else []
    parts += draw(st.sampled_from([[], ["COUNT=9"], ["COUNT=1"], ["UNTIL=20280601T000000"]]))
    return ";".join(parts)


@settings(max_examples=150)
@given(rules(), st.integers(0, 3000), st.integers(0, 2000))
def test_a_second_opinion_on_rules(rule: str, first: int, later: int) -> None:
    start = datetime(2020, 1, 1, 22) + timedelta(first)
    begin = start + timedelta(later)
    end = begin + timedelta(400)
    expected = []
    for each in rrulestr(rule, dtstart=start):
        if each >= end:
            break
        expected += [each] if each >= begin else []
    assert list(times(rule, start, begin, end)) == expected


BOMBS = [
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=300",
    "FREQ=WEEKLY;INTERVAL=1000;BYMONTH=1;BYMONTHDAY=31;BYDAY=SU",
    "FREQ=DAILY;BYYEARDAY=366;BYMONTH=1",
    "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
    "FREQ=DAILY;BYSETPOS=2",
    "FREQ=YEARLY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=31",
    "FREQ=DAILY;INTERVAL=999999999",
    "FREQ=DAILY;COUNT=999999999",
    "FREQ=SECONDLY",
    "FREQ=MINUTELY;INTERVAL=5",
    "FREQ=DAILY;BYHOUR=0,1,2,3;BYMINUTE=0,1,2,3;BYSECOND=0,1,2,3",
    "FREQ=YEARLY;BYDAY=53MO;BYMONTH=2",
    "FREQ=YEARLY;BYWEEKNO=54",
    "FREQ=DAILY;" + "BYMONTHDAY=" + ",".join(["31"] * 1000),
]


@pytest.mark.parametrize("rule", BOMBS)
def test_no_rule_costs_more_than_some_milliseconds(rule: str) -> None:
    """Each of these would keep dateutil busy for seconds, or for ever, or make a million times."""
    start = perf_counter()
    assert complaint(rule, datetime(2026, 12, 1, 22))
    assert perf_counter() - start < 0.25, "some 10 ms"


def test_a_rule_that_stops_having_days_costs_no_more_later() -> None:
    """It has a first day, and then none."""
    rule = "FREQ=DAILY;INTERVAL=364;BYDAY=TU;BYMONTH=12;BYMONTHDAY=1"
    assert complaint(rule, datetime(2026, 12, 1, 22)) == ""
    start = perf_counter()
    assert list(times(rule, datetime(2026, 12, 1, 22), datetime(2028, 1, 1), datetime(2029, 1, 1))) == []
    assert perf_counter() - start < 0.25


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY;BYDAY=TU",
        "FREQ=MONTHLY;BYDAY=2TU",
        "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=-1",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=DAILY;COUNT=5000",
        "FREQ=WEEKLY;BYHOUR=22;BYMINUTE=0",
    ],
)
def test_rules_that_people_write(rule: str) -> None:
    assert complaint(rule, datetime(2026, 12, 1, 22)) == ""


def test_a_daily_rule_of_long_ago_is_not_gone_through() -> None:
    start = perf_counter()
    found = list(times("FREQ=DAILY;INTERVAL=3", datetime(1990, 1, 1, 22), datetime(2026, 1, 1), datetime(2026, 2, 1)))
    assert perf_counter() - start < 0.25
    assert [(each - datetime(1990, 1, 1, 22)).days % 3 for each in found] == [0] * len(found)
    assert len(found) == 11


# -- what it concerns ----------------------------------------------------------------------------------------------


def service(name: str, *devices: str, site: str = "") -> Service:
    tree = Node(1, tuple(Leaf(f"l{n}", "up", device) for n, device in enumerate(devices))) if devices else None
    return Service(name, name, tree, site=site)


CATALOGUE = Catalogue(
    {
        each.name: each
        for each in (
            service("imaging", "archive-1", "archive-2"),
            service("portal", "web-1", "archive-1"),
            service("wifi", "ap-1"),
            service("clinic", site="annexe"),
            service("probe", ""),
        )
    }
)
SITES = {"archive-1": "main", "archive-2": "main", "web-1": "annexe", "ap-1": "annexe"}


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"services": ("wifi",)}, ["wifi"]),
        ({"devices": ("archive-1",)}, ["imaging", "portal"]),
        ({"sites": ("main",)}, ["imaging"]),
        ({"sites": ("annexe",)}, ["wifi", "clinic"]),
        ({"sites": ("main", "annexe")}, ["imaging", "portal", "wifi", "clinic"]),
        ({"services": ("wifi",), "devices": ("archive-2",)}, ["imaging", "wifi"]),
        ({"devices": ("none",)}, []),
    ],
)
def test_the_services_that_work_concerns(about: dict[str, tuple[str, ...]], expected: list[str]) -> None:
    work = once("2026-12-01", "2026-12-02", **about)
    assert [each.name for each in concerned(work, CATALOGUE, SITES)] == expected


def test_moments_of_other_zones() -> None:
    begins = datetime(2026, 7, 1, 21, tzinfo=UTC)
    work = Work(Maintenance("m", begins=begins, ends=begins + timedelta(hours=1)), CALENDARS)
    assert when(work, "2026-07-01", "2026-07-02") == ["07-01 22:00 - 07-01 23:00"]
