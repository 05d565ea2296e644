"""Agreed hours: against tables by hand, and against the clock on the wall asked minute by minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.calendar import Spans, complaint, holidays_of, hours_of, month_of, period
from collector.services import Calendar, Window

LONDON = "Europe/London"
OFFICE = Calendar("office", "Mo-Fr 08:00-18:00; PH off")
HOUR = 3600.0


def at(text: str, zone: str = LONDON) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def wall(moment: float | None, zone: str = LONDON) -> str:
    assert moment is not None
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def owed(calendar: Calendar, begin: str, end: str) -> float:
    """Hours."""
    return hours_of(calendar).open_seconds(at(begin, calendar.zone), at(end, calendar.zone)) / HOUR


# -- public holidays: as gov.uk/bank-holidays lists them, and the days for which a substitute stands ----------------

ENGLAND = {
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
}
SCOTLAND = {
    2026: "01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-28",
    2027: "01-01 01-04 03-26 05-03 05-31 08-02 11-30 12-27 12-28",
}
ON_A_WEEKEND = {date(2026, 12, 26), date(2027, 1, 2), date(2027, 12, 25), date(2027, 12, 26)}


@pytest.mark.parametrize(("subdivision", "table"), [("ENG", ENGLAND), ("SCT", SCOTLAND)])
@pytest.mark.parametrize("year", [2026, 2027])
def test_bank_holidays_substitute_days_included(subdivision: str, table: dict[int, str], year: int) -> None:
    calendar = replace(OFFICE, subdivision=subdivision)
    known = {day for day in holidays_of(calendar, year) if day.year == year} - ON_A_WEEKEND
    listed = {date.fromisoformat(f"{year}-{day}") for day in table[year].split()}
    assert known == listed
    hours = hours_of(calendar)
    for number in range(365):
        day = date(year, 1, 1) + timedelta(number)
        assert hours.open(at(f"{day}T12:00")) == (day.weekday() < 5 and day not in listed), day


def test_a_local_day_is_a_holiday_and_no_other_calendar_has_it() -> None:
    local = replace(OFFICE, local={date(2026, 7, 15): "Founder's day"})
    assert owed(local, "2026-07-15", "2026-07-16") == 0
    assert owed(OFFICE, "2026-07-15", "2026-07-16") == 10


@pytest.mark.parametrize(
    ("hours", "day", "expected"),
    [
        ("Mo-Fr 08:00-18:00; PH 10:00-12:00", "2026-12-25", 2),
        ("Mo-Fr 08:00-18:00; PH 10:00-12:00", "2026-12-24", 10),
        ("Mo-Fr 08:00-18:00; Sa,PH 10:00-12:00", "2026-12-25", 2),
        ("Mo-Fr 08:00-18:00; Sa,PH 10:00-12:00", "2026-12-19", 2),
        ("Mo-Fr 08:00-18:00; Dec 20-31 PH off", "2026-12-25", 0),
        ("Mo-Fr 08:00-18:00; Dec 20-31 PH off", "2026-08-31", 10),
        ("Mo-Fr 08:00-18:00; PH -1 day 08:00-12:00", "2026-12-24", 4),
        ("Mo-Fr 08:00-18:00; PH -1 day 08:00-12:00", "2025-12-31", 4),
        ("Mo-Fr 08:00-18:00, PH 19:00-20:00", "2026-12-25", 11),
        ("Mo-Sa,PH 08:00-09:00", "2026-04-05", 0),
        ("PH,Mo 08:00-09:00", "2026-04-03", 1),
        ("PH 08:00-09:00", "2026-04-02", 0),
        ('Mo-Fr 08:00-18:00 "not on PH; nor, after, PH"; PH off', "2026-12-24", 10),
        ("24/7; PH off", "2026-12-25", 0),
        ("24/7; PH off", "2026-12-24", 24),
    ],
)
def test_holidays_wherever_they_stand_in_the_hours(hours: str, day: str, expected: float) -> None:
    calendar = Calendar("x", hours)
    assert complaint(calendar) is None
    after = date.fromisoformat(day) + timedelta(1)
    assert owed(calendar, day, str(after)) == expected


# -- the clock changes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "day", "expected"),
    [
        ("24/7", "2026-03-29", 23),
        ("24/7", "2026-10-25", 25),
        ("00:00-06:00", "2026-03-29", 5),
        ("00:00-06:00", "2026-10-25", 7),
        ("01:15-01:45", "2026-03-29", 0),  # there is no such time that night
        ("01:15-01:45", "2026-10-25", 1),  # it comes twice
        ("00:30-01:30", "2026-03-29", 0.5),
        ("08:00-18:00", "2026-03-29", 10),
        ("Sa 20:00-26:00", "2026-03-29", 1),
        ("Sa 20:00-26:00", "2026-10-25", 3),
    ],
)
def test_nights_on_which_the_clock_changes(hours: str, day: str, expected: float) -> None:
    after = date.fromisoformat(day) + timedelta(1)
    assert owed(Calendar("x", hours), day, str(after)) == expected


def test_the_next_change_is_where_the_clock_on_the_wall_says() -> None:
    office = hours_of(OFFICE)
    assert wall(office.next_change(at("2026-03-27T18:00"))) == "2026-03-30 08:00"
    assert wall(office.next_change(at("2026-12-24T18:00"))) == "2026-12-29 08:00"
    assert wall(office.next_change(at("2026-12-31T18:00"))) == "2027-01-04 08:00"
    night = hours_of(Calendar("x", "Mo-Fr 22:00-06:00"))
    assert wall(night.next_change(at("2026-12-31T23:00"))) == "2027-01-01 06:00"
    assert hours_of(Calendar("x")).next_change(at("2026-12-31T23:00")) is None
    assert hours_of(Calendar("x", "2024 Jan 1 08:00-09:00")).next_change(at("2026-01-01T00:00")) is None


# -- lengths


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("2026-02-01", "2026-03-01", 200),
        ("2028-02-01", "2028-03-01", 210),  # 21 weekdays: 29 February is a Tuesday
        ("2026-12-01", "2027-01-01", 210),  # 23 weekdays, two of them holidays
        ("2026-01-31", "2026-02-04", 20),
        ("2026-11-16T08:30", "2026-11-16T08:31", 1 / 60),
        ("2026-11-16T07:00", "2026-11-16T08:00", 0),
        ("2026-11-17", "2026-11-16", 0),
    ],
)
def test_agreed_hours_counted_by_hand(begin: str, end: str, expected: float) -> None:
    assert owed(OFFICE, begin, end) == pytest.approx(expected)


def test_a_year_and_a_leap_year_of_always() -> None:
    always = Calendar("24x7")
    assert owed(always, "2026-01-01", "2027-01-01") == 365 * 24
    assert owed(always, "2028-01-01", "2029-01-01") == 366 * 24
    assert owed(always, "2025-04-01", "2028-04-01") == (365 + 365 + 366) * 24


DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
times = st.integers(0, 95).map(lambda quarter: quarter * 15)


@st.composite
def weeks(draw: st.DrawFn) -> list[list[tuple[int, int]]]:
    """For each weekday at most two stretches of minutes."""
    week = []
    for _ in DAYS:
        edges = sorted(draw(st.lists(times, max_size=4, unique=True)))
        week.append(list(zip(edges[::2], edges[1::2], strict=False)))
    return week


def written(week: list[list[tuple[int, int]]]) -> str:
    rules = [
        f"{day} " + ",".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in stretches)
        for day, stretches in zip(DAYS, week, strict=True)
        if stretches
    ]
    return "; ".join([*rules, "PH off"])


@settings(max_examples=40)
@given(
    week=weeks(),
    zone=st.sampled_from([LONDON, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Auckland"]),
    begin=st.one_of(
        st.integers(int(at("2025-12-20")) // 60, int(at("2028-01-10")) // 60),
        st.sampled_from([int(at(day)) // 60 for day in ("2026-03-28T20:00", "2026-10-24T20:00", "2026-12-31T12:00")]),
    ),
    minutes=st.integers(1, 4000),
)
def test_a_second_opinion_minute_by_minute(
    week: list[list[tuple[int, int]]], zone: str, begin: int, minutes: int
) -> None:
    calendar = Calendar("x", written(week), zone=zone)
    off = set(holidays_of(calendar, 2026)) | set(holidays_of(calendar, 2027))
    info = ZoneInfo(zone)
    hours = hours_of(calendar)

    def shown(minute: int) -> bool:
        there = datetime.fromtimestamp(minute * 60, UTC).astimezone(info)
        now = there.hour * 60 + there.minute
        return there.date() not in off and any(a <= now < b for a, b in week[there.weekday()])

    asked = [shown(minute) for minute in range(begin, begin + minutes)]
    assert hours.open_seconds(begin * 60, (begin + minutes) * 60) == 60 * sum(asked)
    assert [hours.open(minute * 60) for minute in range(begin, begin + minutes, 7)] == asked[::7]
    changed = next((begin + n for n, state in enumerate(asked) if state != asked[0]), None)
    if changed is not None:
        assert hours.next_change(begin * 60) == changed * 60


pairs = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


@given(pairs, pairs, st.integers(-2, 62), st.integers(-2, 62))
def test_stretches_of_time_are_sets_of_moments(
    one: list[tuple[int, int]], other: list[tuple[int, int]], begin: int, end: int
) -> None:
    def moments(some: list[tuple[int, int]]) -> set[int]:
        return {m for a, b in some for m in range(a, b)}

    first, second = Spans(sorted(one)), Spans(sorted(other))
    left = first.without(second)
    expected = moments(one) - moments(other)
    assert {m for m in range(-2, 62) if left.holds(m)} == expected
    if begin <= end:
        assert left.before(end) - left.before(begin) == len(expected & set(range(begin, end)))
    edges = [m for m in range(begin + 1, 64) if (m in expected) != (m - 1 in expected)]
    assert left.edge(begin) == (edges[0] if edges else None)


# -- months and periods ---------------------------------------------------------------------------------------------


def test_a_month_is_the_month_on_the_wall() -> None:
    assert month_of(at("2026-06-30T23:30"), LONDON) == "2026-06"
    assert month_of(datetime(2026, 6, 30, 23, 30, tzinfo=UTC).timestamp(), LONDON) == "2026-07"
    assert month_of(datetime(2026, 11, 30, 23, 30, tzinfo=UTC).timestamp(), LONDON) == "2026-11"


@pytest.mark.parametrize(
    ("window", "now", "begin", "end"),
    [
        (Window(period="month"), "2026-03-31T23:59", "2026-03-01 00:00", "2026-04-01 00:00"),
        (Window(period="month"), "2026-12-01T00:00", "2026-12-01 00:00", "2027-01-01 00:00"),
        (Window(period="quarter"), "2026-06-30T23:59", "2026-04-01 00:00", "2026-07-01 00:00"),
        (Window(period="year"), "2026-06-30T12:00", "2026-01-01 00:00", "2027-01-01 00:00"),
        (Window(period="financial_year"), "2026-03-31T23:59", "2025-04-01 00:00", "2026-04-01 00:00"),
        (Window(period="financial_year"), "2026-04-01T00:00", "2026-04-01 00:00", "2027-04-01 00:00"),
        (Window(7), "2026-03-30T12:00", "2026-03-23 11:00", "2026-03-30 12:00"),
    ],
)
def test_periods_of_objectives(window: Window, now: str, begin: str, end: str) -> None:
    assert tuple(map(wall, period(window, at(now), LONDON))) == (begin, end)


def test_a_month_whose_end_has_another_clock() -> None:
    begin, end = period(Window(period="month"), at("2026-03-10"), LONDON)
    assert end - begin == (31 * 24 - 1) * HOUR
    assert hours_of(Calendar("24x7")).open_seconds(begin, end) == end - begin


# -- what is refused


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"hours": ""}, "hours"),
        ({"hours": "whenever"}, "hours"),
        ({"hours": "Mo-Fr 25:00-27:00"}, "hours"),
        ({"hours": "Mo-Fr 08:00"}, "hours"),
        ({"hours": "Mo-Fr 08:00+"}, "hours"),
        ({"hours": "Mo-Fr 08:00-18:00 unknown"}, "hours"),
        ({"hours": "sunrise-sunset"}, "hours"),
        ({"hours": "Mo-Fr 08:00-18:00; SH off"}, "hours"),
        ({"hours": "PH Mo-Fr 08:00-18:00"}, "hours"),
        ({"hours": "Mo-Fr PH 08:00-18:00"}, "hours"),
        ({"country": "Atlantis"}, "country"),
        ({"subdivision": "Atlantis"}, "country"),
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"zone": "Europe"}, "zone"),
        ({"zone": ""}, "zone"),
    ],
)
def test_what_cannot_be_evaluated_is_told(changed: dict[str, str], field: str) -> None:
    found = complaint(replace(OFFICE, **changed))  # type: ignore[arg-type]
    assert found is not None
    assert found[0] == field


@pytest.mark.parametrize("part", ["", "ENG", "NIR", "SCT", "WLS"])
def test_british_holidays_are_known_without_being_asked_for(part: str) -> None:
    calendar = replace(OFFICE, subdivision=part)
    assert complaint(calendar) is None
    assert date(2026, 12, 28) in holidays_of(calendar, 2026)


def test_no_holidays_are_asked_for_where_none_are_named() -> None:
    assert complaint(Calendar("x", "Mo-Fr 08:00-18:00", country="Atlantis")) is None
    assert holidays_of(Calendar("x", "Mo-Fr 08:00-18:00 'PH'", country="GB"), 2026)
    assert holidays_of(Calendar("x", 'Mo-Fr 08:00-18:00 "PH"'), 2026) == ()


def test_a_year_of_two_hundred_services_takes_well_under_a_second() -> None:
    """Even where no two have the same hours. A hundred times as fast the second time."""
    calendars = [Calendar(f"c{n}", f"Mo-Fr {n // 20:02}:{n % 20:02}-18:00; PH off", country="GB") for n in range(200)]
    begin, end = at("2026-01-01"), at("2027-01-01")
    hours_of(OFFICE).open_seconds(begin, end)  # the library of holidays is there

    def took() -> float:
        start = perf_counter()
        for calendar in calendars:
            hours_of(calendar).open_seconds(begin, end)
        return perf_counter() - start

    first, again = took(), took()
    assert first < 1.5, "0.4 s on a core of its own"
    assert again < first / 20
