"""The class of an hour, over holidays and changes of the clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from collector.oncall.hours import CLASSES, HourClasses
from collector.services import ALWAYS, Calendar


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-25T07:59", "out_of_hours"),
        ("2026-11-25T08:00", "agreed"),
        ("2026-11-25T17:59", "agreed"),
        ("2026-11-25T18:00", "out_of_hours"),
        ("2026-11-25T22:59", "out_of_hours"),
        ("2026-11-25T23:00", "night"),
        ("2026-11-26T05:59", "night"),
        ("2026-11-26T06:00", "out_of_hours"),
        ("2026-11-28T12:00", "out_of_hours"),  # Saturday
        ("2026-12-25T12:00", "out_of_hours"),
        ("2026-12-28T12:00", "out_of_hours"),  # stands for Boxing Day
        ("2026-03-29T03:00", "night"),  # the clock has gone forward an hour ago
        ("2026-10-25T05:30", "night"),
        ("2026-07-01T08:30", "agreed"),  # 07:30 UTC
    ],
)
def test_the_usual_hours(at: str, expected: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Europe/London")).timestamp()
    assert HourClasses().at(moment) == expected
    assert expected in CLASSES


def test_who_is_at_work_is_not_woken_and_the_clock_is_the_calendars() -> None:
    moment = datetime.fromisoformat("2026-11-26T02:00+00:00").timestamp()
    assert HourClasses(ALWAYS).at(moment) == "agreed"
    elsewhere = Calendar("", "Mo-Fr 08:00-18:00", zone="Australia/Sydney")
    assert HourClasses(elsewhere).at(moment) == "agreed"
    assert HourClasses(night="00:00-01:00").at(moment) == "out_of_hours"
