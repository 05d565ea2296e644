"""Planned work as people write it and calendars export it. Each mistake has its case in tests/config/invalid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest

from collector.config import Config, ConfigError
from collector.config.ics import read_ics
from collector.maintenance import Work
from collector.services import Calendar, Maintenance

Load = Callable[[Path | None], Config]
LONDON = ZoneInfo("Europe/London")


def event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"])


def calendar(path: Path, *events: str) -> Path:
    path.write_text("\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""]), newline="")
    return path


def when(path: Path, begin: str, end: str, zone: str = "Europe/London") -> list[str]:
    """What the events of a file come to, on London's clock, as the entry of a configuration would have it."""
    _, events, problems = read_ics(path, zone)
    assert problems == []
    found = []
    for each in events:
        work = Work(Maintenance("m", begins=each.begins, ends=each.ends, again=each.again), {"24x7": Calendar("24x7")})
        first, last = (datetime.fromisoformat(text).replace(tzinfo=LONDON).timestamp() for text in (begin, end))
        found += [
            " - ".join(datetime.fromtimestamp(edge, LONDON).strftime("%m-%d %H:%M") for edge in span)
            for span in work.spans(first, last)
        ]
    return sorted(found)


@pytest.fixture
def works(tmp_path: Path) -> Path:
    return tmp_path / "works.ics"


def test_entries_of_each_kind(site: Path, loaded: Load) -> None:
    (site / "maintenance.yml").write_text(
        "maintenance:\n"
        "- {name: core, devices: [sw-1], from: 2026-12-01 22:00, until: 2026-12-02T02:00+00:00, reason: new software}\n"
        "- {name: nights, sites: [north], hours: 'Su 02:00-04:00; PH off'}\n"
        "- {name: others, devices: [sw-1, ups-1], ics: works.ics}\n"
    )
    calendar(
        site / "works.ics",
        event("UID:1", "DTSTART;TZID=Europe/London:20261201T220000", "DURATION:PT2H", "SUMMARY:cables\\, again"),
        event("UID:2", "DTSTART;VALUE=DATE:20261210"),
    )
    config = loaded(site)
    core, nights, cables, day = config.catalogue.maintenance
    assert core.begins == datetime(2026, 12, 1, 22, tzinfo=LONDON)
    assert core.ends == datetime(2026, 12, 2, 2, tzinfo=UTC)
    assert (core.reason, core.source) == ("new software", "maintenance.yml:2")
    assert (nights.hours, nights.hours_in, nights.sites) == ("Su 02:00-04:00; PH off", "24x7", ("north",))
    assert (cables.name, cables.devices, cables.reason) == ("others", ("sw-1", "ups-1"), "cables, again")
    assert (cables.source, day.source) == ("works.ics:3", "works.ics:9")
    assert day.ends == datetime(2026, 12, 11, tzinfo=LONDON)
    before = config.digest
    calendar(site / "works.ics", event("UID:2", "DTSTART;VALUE=DATE:20261211"))
    assert loaded(site).digest != before, "a calendar is part of the configuration"


def test_an_unreadable_inventory_hides_no_device_from_maintenance(site: Path, loaded: Load) -> None:
    (site / "maintenance.yml").write_text("maintenance:\n- {name: a, devices: [sw-7], hours: Su 02:00-04:00}\n")
    with pytest.raises(ConfigError, match="sw-7"):
        loaded(site)
    (site / "inventory" / "ward.yml").write_text("devices: [\n")
    with pytest.raises(ConfigError) as caught:
        loaded(site)
    assert "sw-7" not in str(caught.value)


def test_a_calendar_without_events_is_a_warning(site: Path, loaded: Load) -> None:
    (site / "maintenance.yml").write_text("maintenance:\n- {name: a, devices: [sw-1], ics: works.ics}\n")
    calendar(site / "works.ics")
    assert "'works.ics' has no event" in [warning.what for warning in loaded(site).warnings]


def test_repeated_with_exceptions_and_changes(works: Path) -> None:
    calendar(
        works,
        event(
            "UID:1",
            "DTSTART;TZID=Europe/London:20261006T220000",
            "DTEND;TZID=Europe/London:20261007T000000",
            "RRULE:FREQ=WEEKLY;UNTIL=20261110T230000Z",
            "EXDATE;TZID=Europe/London:20261013T220000",
            "RDATE;TZID=Europe/London:20261105T010000",
        ),
        event(
            "UID:1",
            "RECURRENCE-ID;TZID=Europe/London:20261020T220000",
            "DTSTART:20261021T190000Z",
            "DTEND:20261021T200000Z",
        ),
        event("UID:1", "RECURRENCE-ID:20261103T220000Z", "DTSTART:20261103T220000Z", "DURATION:PT4H"),
        event(
            "UID:1", "RECURRENCE-ID:20261110T220000Z", "DTSTART:20261110T220000Z", "DURATION:PT4H", "STATUS:CANCELLED"
        ),
    )
    assert when(works, "2026-10-01", "2026-12-01") == [
        "10-06 22:00 - 10-07 00:00",
        "10-21 20:00 - 10-21 21:00",
        "10-27 22:00 - 10-28 00:00",  # another clock than the first
        "11-03 22:00 - 11-04 02:00",
        "11-05 01:00 - 11-05 03:00",
    ]


def test_whole_days(works: Path) -> None:
    calendar(
        works,
        event("DTSTART;VALUE=DATE:20261024", "DTEND;VALUE=DATE:20261026"),
        event("DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY;COUNT=4;INTERVAL=7", "EXDATE;VALUE=DATE:20261208"),
    )
    assert when(works, "2026-10-01", "2027-01-01") == [
        "10-24 00:00 - 10-26 00:00",
        "12-01 00:00 - 12-02 00:00",
        "12-15 00:00 - 12-16 00:00",
        "12-22 00:00 - 12-23 00:00",
    ]


def test_zones_by_name_windows_names_and_none(works: Path) -> None:
    calendar(
        works,
        event("DTSTART;TZID=GMT Standard Time:20260701T220000", "DURATION:PT1H"),
        event("DTSTART;TZID=America/New_York:20260702T220000", "DURATION:PT1H"),
        event("DTSTART:20260704T220000", "DURATION:PT1H"),
        event("DTSTART:20260705T220000Z", "DURATION:PT1H"),
    )
    assert when(works, "2026-07-01", "2026-07-31", zone="Europe/Paris") == [
        "07-01 22:00 - 07-01 23:00",
        "07-03 03:00 - 07-03 04:00",
        "07-04 21:00 - 07-04 22:00",
        "07-05 23:00 - 07-06 00:00",
    ]


def test_an_exception_that_is_a_day_leaves_out_the_time_of_that_day(works: Path) -> None:
    calendar(
        works,
        event(
            "DTSTART;TZID=Europe/London:20261202T223000",
            "DURATION:PT1H",
            "RRULE:FREQ=DAILY;COUNT=3",
            "EXDATE;VALUE=DATE:20261203",
        ),
    )
    assert when(works, "2026-12-01", "2027-01-01") == ["12-02 22:30 - 12-02 23:30", "12-04 22:30 - 12-04 23:30"]


def test_what_a_file_says_of_time_zones_is_not_believed(works: Path) -> None:
    """A rule of its own could keep us busy for ever, each time that somebody asks for a time."""
    zone = [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/London",
        "BEGIN:STANDARD",
        "DTSTART:20001026T020000",
        "TZOFFSETFROM:+0900",
        "TZOFFSETTO:+0900",
        "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "END:STANDARD",
        "END:VTIMEZONE",
    ]
    calendar(works, *zone, event("DTSTART;TZID=Europe/London:20261201T220000", "DURATION:PT1H"))
    assert when(works, "2026-12-01", "2027-01-01") == ["12-01 22:00 - 12-01 23:00"]


def test_alarms_are_no_part_of_an_event(works: Path) -> None:
    alarm = ["BEGIN:VALARM", "TRIGGER:-PT15M", "DURATION:PT5M", "REPEAT:1", "END:VALARM"]
    calendar(works, event("DTSTART:20261201T220000", "DURATION:PT1H", *alarm))
    assert when(works, "2026-12-01", "2027-01-01") == ["12-01 22:00 - 12-01 23:00"]


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        (["RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"], 6, "names no day within 9 years"),
        (["RRULE:FREQ=SECONDLY"], 6, "comes more often than once a day"),
        (["RRULE:FREQ=DAILY;COUNT=100000"], 6, "has a COUNT that is not from 1 to 5,000"),
        (["RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"], 6, "is written twice"),
        (["EXRULE:FREQ=DAILY"], 6, "write EXDATE"),
        (["RECURRENCE-ID;RANGE=THISANDFUTURE:20261201T220000Z"], 6, "changes all that follow"),
        (["EXDATE:" + ",".join(["20261201T220000Z"] * 1001)], 6, "has more than 1,000 dates"),
        (["RDATE;VALUE=PERIOD:20261201T220000Z/20261201T210000Z"], 6, "does not end after its beginning"),
        (["EXDATE:yesterday"], 6, "is not understood"),
        (["RDATE;VALUE=P,ERIOD:20261201T220000Z/PT2H"], 3, "is an event that is not understood"),
    ],
)
def test_what_is_refused_has_its_line(lines: list[str], line: int, what: str, works: Path) -> None:
    calendar(works, event("DTSTART;TZID=Europe/London:20261201T220000", "DURATION:PT1H", *lines))
    start = perf_counter()
    _, events, problems = read_ics(works, "Europe/London")
    assert perf_counter() - start < 1, "some 10 ms, and the library of calendars"
    assert events == []
    assert [(problem.path, problem.line) for problem in problems] == [(works, line)]
    assert what in problems[0].what


def test_a_file_of_bombs_and_one_of_many_events_are_read_within_a_second_or_not_at_all(works: Path) -> None:
    bomb = event("DTSTART:20261201T220000", "DURATION:PT1H", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
    calendar(works, *[bomb] * 2000)
    start = perf_counter()
    _, _, problems = read_ics(works, "Europe/London")
    assert len(problems) == 10
    calendar(works, *[event("DTSTART:20261201T220000", "DURATION:PT1H")] * 1001)
    _, events, problems = read_ics(works, "Europe/London")
    assert len(events) == 1000
    assert "has more than 1,000 events" in problems[0].what
    works.write_text("BEGIN:VCALENDAR\n" + "X:" + "x" * 1_000_000)
    assert "is larger than 1 MB" in read_ics(works, "Europe/London")[2][0].what
    assert perf_counter() - start < 3, "0.6 s on a core of its own"
