"""Agreed hours as Alertmanager's time intervals.

An interval says when, never when not: there is no way to write `PH off`. So the ordinary week is written for the months
in which every day is ordinary, and the others are written day by day, this year and the next. Later years have the
ordinary week only, so that a file that nobody wrote anew still tells people on most days. Alertmanager looks at the
clock on the wall of `location`, as calendars do, so that a change of the clock moves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from collector.calendar import ALWAYS_OPEN, DAY, on_the_wall
from collector.services import Calendar
from dashboards.block import Content

YEARS: Final = 2
"""How many are written out."""
LAST: Final = 2099
Times = tuple[tuple[int, int], ...]
"""Minutes of a day, beginnings and ends, in order."""
ALL_DAY: Final[Times] = ((0, 1440),)
Interval = dict[str, Content]

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip


def is_always(calendar: Calendar, year: int) -> bool:
    """Whether its hours part no day of the two years."""
    return calendar.hours.strip() == ALWAYS_OPEN or set(_days(calendar, year).values()) == {ALL_DAY}


def time_intervals(calendar: Calendar, year: int) -> list[Interval]:
    """When it is open, from the beginning of `year` on."""
    days = _days(calendar, year)
    week = _week(days)
    found = [each for y in range(year, year + YEARS) for each in _year(y, days, week)]
    found += [{"years": [f"{year + YEARS}:{LAST}"]} | each for each in _weekly(week)]
    return [each | {"location": calendar.zone} for each in found]


def _days(calendar: Calendar, year: int) -> Mapping[date, Times]:
    """The times of each day of the years that are written out."""
    days: dict[date, list[tuple[int, int]]] = {}
    day = date(year, 1, 1)
    while day.year < year + YEARS:
        days[day] = []
        day += timedelta(1)
    spans = {span for y in range(year, year + YEARS) for span in on_the_wall(calendar, y)}
    for begin, end in spans:
        for number in range(int(begin // DAY), int(-(-end // DAY))):
            day = date(1970, 1, 1) + timedelta(number)
            if day in days:
                start = number * DAY
                days[day].append((int(max(begin - start, 0)) // 60, int(min(end - start, DAY)) // 60))
    return {day: _joined(times) for day, times in days.items()}


def _joined(times: Iterable[tuple[int, int]]) -> Times:
    made: list[tuple[int, int]] = []
    for begin, end in sorted(times):
        if made and begin <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((begin, end))
    return tuple(made)


def _week(days: Mapping[date, Times]) -> tuple[Times, ...]:
    """What most Mondays, Tuesdays ... are like."""
    return tuple(
        Counter(times for day, times in days.items() if day.weekday() == weekday).most_common(1)[0][0]
        for weekday in range(7)
    )


def _year(year: int, days: Mapping[date, Times], week: tuple[Times, ...]) -> Iterator[Interval]:
    """Its ordinary months, then the others."""
    months: list[dict[int, Times]] = [{} for _ in _MONTHS]
    odd = set[int]()
    for day, times in days.items():
        if day.year == year:
            months[day.month - 1][day.day] = times
            if times != week[day.weekday()]:
                odd.add(day.month - 1)
    plain = [name for number, name in enumerate(_MONTHS) if number not in odd]
    for each in _weekly(week) if plain else ():
        yield {"years": [str(year)], "months": plain} | each
    for number in sorted(odd):
        for times in dict.fromkeys(months[number].values()):
            if times:
                those = [day for day, each in months[number].items() if each == times]
                yield {"years": [str(year)], "months": [_MONTHS[number]], "days_of_month": _ranges(those)} | _at(times)


def _weekly(week: tuple[Times, ...]) -> Iterator[Interval]:
    for times in dict.fromkeys(week):
        if times:
            yield {"weekdays": [_WEEKDAYS[number] for number in range(7) if week[number] == times]} | _at(times)


def _at(times: Times) -> Interval:
    """No times: the whole day."""
    if times == ALL_DAY:
        return {}
    return {"times": [{"start_time": _clock(begin), "end_time": _clock(end)} for begin, end in times]}


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _ranges(numbers: list[int]) -> list[str]:
    """`1:4`, `6`."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return [str(first) if first == last else f"{first}:{last}" for first, last in found]
