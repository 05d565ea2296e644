"""Agreed hours as Alertmanager understands them are the calendar's, minute by minute."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from collector.calendar import hours_of
from collector.services import Calendar
from dashboards.alertmanager.intervals import is_always, time_intervals
from dashboards.block import block
from tests.dashboards.alertmanager.believed import within

YEAR = 2026
CALENDARS = (
    Calendar("clinic", "Mo-Fr 07:30-18:30; PH off", local={date(2026, 12, 24): "Christmas Eve"}),
    Calendar("extended", "Mo-Fr 07:00-22:00; Sa,Su,PH 08:00-20:00"),
    Calendar("nights", "Mo-Su 22:00-06:00"),
    Calendar("weekend", "Sa,Su 00:00-24:00; PH off"),
    # Through the hours that are skipped in March and come twice in October.
    Calendar("small hours", "Su 00:30-02:30,03:00-04:00"),
    Calendar("scotland", "Mo-Fr 08:00-17:00; PH off", subdivision="SCT"),
    Calendar("seasons", "Apr-Sep Mo-Fr 08:00-20:00; Oct-Mar Mo-Fr 09:00-16:00"),
    Calendar("first", "Tu[1] 02:00-04:00"),
    Calendar("elsewhere", "Mo-Fr 09:00-17:00; PH off", "America/New_York", "US", ""),
    Calendar("but holidays", "24/7; PH off"),
)


def moments(calendar: Calendar) -> Iterator[float]:
    """Every change in two years, a minute around it, and times that are as good as any."""
    begin, end = (datetime(year, 1, 1, tzinfo=UTC).timestamp() + 86_400 for year in (YEAR, YEAR + 2))
    end -= 3 * 86_400
    for edges in hours_of(calendar).spans(begin, end):
        for edge in edges:
            yield from (edge - 60, edge - 1, edge, edge + 60)
    chosen = random.Random(1)
    for _ in range(2000):
        yield float(chosen.randrange(int(begin), int(end)))
    for change in ("2026-03-29", "2026-10-25", "2027-03-28", "2027-10-31", "2026-03-08", "2026-11-01"):
        midnight = datetime.fromisoformat(f"{change}T00:00+00:00").timestamp()
        yield from (midnight + minutes * 60 for minutes in range(0, 12 * 60, 5))


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda calendar: calendar.name)
def test_they_are_the_calendars_own(calendar: Calendar) -> None:
    intervals = time_intervals(calendar, YEAR)
    hours = hours_of(calendar)

    wrong = [datetime.fromtimestamp(at, UTC) for at in moments(calendar) if within(intervals, at) != hours.open(at)]

    assert wrong == []


def test_later_years_have_the_ordinary_week() -> None:
    intervals = time_intervals(CALENDARS[0], YEAR)
    christmas = datetime(2028, 12, 25, 12, tzinfo=UTC)
    assert christmas.weekday() == 0
    assert within(intervals, christmas.timestamp())
    assert not within(intervals, (christmas - timedelta(1)).timestamp())
    assert not within(intervals, datetime(2025, 12, 1, 12, tzinfo=UTC).timestamp())


def test_what_never_ends_parts_no_day() -> None:
    assert is_always(Calendar("a"), YEAR)
    assert is_always(Calendar("a", "Mo-Su 00:00-24:00"), YEAR)
    assert not is_always(Calendar("a", "24/7; PH off"), YEAR)


@pytest.mark.parts
def test_amtool_understands_them(part: Callable[[str], Path], tmp_path: Path) -> None:
    named = [{"name": each.name, "time_intervals": time_intervals(each, YEAR)} for each in CALENDARS]
    muted = {"receiver": "x", "mute_time_intervals": [each.name for each in CALENDARS]}
    content = {"time_intervals": named, "route": {"receiver": "x", "routes": [muted]}, "receivers": [{"name": "x"}]}
    (tmp_path / "a.yml").write_text(block(content))
    words: list[str | Path] = [part("amtool"), "check-config", tmp_path / "a.yml"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
