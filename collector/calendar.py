"""Agreed hours (KPIS 2.4): when a service is owed, exactly, over changes of the clock, holidays and leap years.

Nothing here knows what time it is. Moments are Unix seconds; a span holds its beginning and not its end. What the clock
on the wall shows decides: 08:00-18:00 is from eight to six whatever the clock did that night, an hour that is skipped
is not owed, and one that comes twice is owed twice.

Opening hours are evaluated by opening-hours-py. Its public holidays are not used, for it has Great Britain's wrong:
`PH` is answered by writing days out in its place, those of the `holidays` package and the calendar's own. Neither is
imported before something needs it.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from collector.services import ZONE, Calendar, Window

if TYPE_CHECKING:
    from opening_hours import OpeningHours

DAY: Final = 86_400
ALWAYS_OPEN: Final = "24/7"
YEARS_AHEAD: Final = 6
"""How far a change is looked for. Hours that depend on 29 February change within eight years at most, twice a century;
nobody plans by those."""
BESIDE: Final = timedelta(3)
"""How far outside of what is asked for a day still counts: hours may go on until the night after the next."""

_START = datetime(1970, 1, 1)
_SEPARATOR = re.compile(r"(; |, | \|\| )")
"""Between rules, as opening-hours-py writes them; within one, commas stand without a space."""
_COMMENT = re.compile(r'"[^"]*"')
_HOLIDAYS = re.compile(r"(?<![\w-])PH(?: (-?\d+) days?)?(?![\w-])")
_SELECTED = re.compile(r"(?:^|(?<= ))\S*\bPH\b\S*(?: -?\d+ days?)?")
"""The days of a rule: weekdays and holidays without a space between them."""
_BOTH = re.compile(r"\bPH\s+(?:Mo|Tu|We|Th|Fr|Sa|Su)\b|\b(?:Mo|Tu|We|Th|Fr|Sa|Su)(?:\[[^]]*\])?\s+PH\b")
_SUN = re.compile(r"\b(?:sunrise|sunset|dawn|dusk)\b")
_NO_END = re.compile(r":\d\d\s*\+")
_YEARS = re.compile(r"\b\d{4}\b(?!:)")
_SCHOOL = re.compile(r"\bSH\b")

_BRITISH: Final = {("GB", part) for part in ("", "ENG", "NIR", "SCT", "WLS")}
"""Known to be known: whoever checks a configuration need not wait for the library of holidays."""

_MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Spans:
    """Stretches of time that neither overlap nor touch, in order."""

    __slots__ = ("begins", "ends", "sums")

    def __init__(self, pairs: Iterable[tuple[float, float]]) -> None:
        """`pairs` in the order of their beginnings; what overlaps or touches becomes one."""
        begins, ends = array("d"), array("d")
        for begin, end in pairs:
            if end <= begin:
                continue
            if ends and begin <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                begins.append(begin)
                ends.append(end)
        self.begins, self.ends = begins, ends
        self.sums = array("d", [0.0])
        for begin, end in zip(begins, ends, strict=True):
            self.sums.append(self.sums[-1] + end - begin)

    def __iter__(self) -> Iterator[tuple[float, float]]:
        return zip(self.begins, self.ends, strict=True)

    def before(self, at: float) -> float:
        """Seconds of it before a moment."""
        place = bisect_right(self.begins, at)
        return self.sums[place - 1] + min(at, self.ends[place - 1]) - self.begins[place - 1] if place else 0.0

    def holds(self, at: float) -> bool:
        place = bisect_right(self.begins, at)
        return bool(place) and at < self.ends[place - 1]

    def edge(self, at: float) -> float | None:
        """The first beginning or end after a moment."""
        begin, end = bisect_right(self.begins, at), bisect_right(self.ends, at)
        edges = [*self.begins[begin : begin + 1], *self.ends[end : end + 1]]
        return min(edges) if edges else None

    def without(self, others: Spans) -> Spans:
        """What is left of it where there is none of `others`."""
        if not others.begins:
            return self
        return Spans(self._without(others))

    def _without(self, others: Spans) -> Iterator[tuple[float, float]]:
        for begin, end in self:
            left = begin
            place = bisect_left(others.ends, begin)
            while place < len(others.begins) and others.begins[place] < end:
                if left < others.begins[place]:
                    yield left, others.begins[place]
                left = max(left, others.ends[place])
                place += 1
            if left < end:
                yield left, end


class Timeline:
    """When something holds. Worked out by calendar years of UTC, each once and only when it is asked for."""

    def __init__(self) -> None:
        self._years: dict[int, Spans] = {}

    def year(self, year: int) -> Spans:
        """All of it within a year."""
        found = self._years.get(year)
        if found is None:
            found = self._years[year] = self.work_out(year)
        return found

    def work_out(self, year: int) -> Spans:
        raise NotImplementedError

    def open(self, at: float) -> bool:
        """Whether it holds at a moment."""
        return self.year(year_of(at)).holds(at)

    def open_seconds(self, begin: float, end: float) -> float:
        """How long it holds from `begin` to `end`."""
        if end <= begin:
            return 0.0
        years = [self.year(year) for year in _years(begin, end)]
        return sum(year.before(end) - year.before(begin) for year in years)

    def next_change(self, at: float) -> float | None:
        """The first moment after `at` from which it is otherwise; None: not within `YEARS_AHEAD`."""
        first = year_of(at)
        now = self.year(first).holds(at)
        for year in range(first, first + YEARS_AHEAD):
            spans = self.year(year)
            if year > first and spans.holds(year_start(year)) != now:
                return year_start(year)
            edge = spans.edge(max(at, year_start(year)))
            if edge is not None and edge < year_start(year + 1):
                return edge
        return None

    def spans(self, begin: float, end: float) -> Spans:
        """What of it lies from `begin` to `end`."""
        return Spans((max(a, begin), min(b, end)) for year in _years(begin, end) for a, b in self.year(year) if a < end)


class Hours(Timeline):
    """The agreed hours of a calendar, which `complaint` has nothing against."""

    def __init__(self, calendar: Calendar) -> None:
        super().__init__()
        self._calendar = calendar

    def work_out(self, year: int) -> Spans:
        calendar = self._calendar
        if calendar.hours.strip() == ALWAYS_OPEN:
            return Spans([(year_start(year), year_start(year + 1))])
        return Spans(_instants(on_the_wall(calendar, year), _offsets(calendar.zone, year)))


def on_the_wall(calendar: Calendar, year: int) -> list[tuple[float, float]]:
    """The hours as a clock on the wall shows them, in and around a year: seconds of that clock since 1970, in order.
    What goes on over the beginning of a quarter may come as two that touch."""
    from opening_hours import State

    days = holidays_of(calendar, year)
    # No clock is further from UTC than a day. Each day written out costs time at every other, hence in parts.
    edges = [date(year - 1, 12, 30), date(year, 3, 1), date(year, 6, 1), date(year, 9, 1), date(year + 1, 1, 3)]
    shown: list[tuple[float, float]] = []
    for first, last in pairwise(edges):
        opening = _evaluated(calendar.hours, days, first, last)
        shown += [
            ((begin - _START).total_seconds(), (end - _START).total_seconds())
            for begin, end, state, _ in opening.intervals(_midnight(first), _midnight(last))
            if state == State.OPEN
        ]
    return shown


@lru_cache(maxsize=1024)
def _hours(hours: str, zone: str, country: str, subdivision: str, local: tuple[tuple[date, str], ...]) -> Hours:
    return Hours(Calendar("", hours, zone, country, subdivision, dict(local)))


def hours_of(calendar: Calendar) -> Hours:
    """The hours of a calendar; the same object, with what it has worked out, for all that are alike."""
    local = tuple(sorted(calendar.local.items()))
    return _hours(calendar.hours, calendar.zone, calendar.country, calendar.subdivision, local)


def complaint(calendar: Calendar) -> tuple[str, str] | None:
    """What is wrong with a calendar: the field, and what to write instead."""
    try:
        ZoneInfo(calendar.zone)
    except (ValueError, OSError, KeyError):  # its file; its name, which may be a directory's
        return "zone", "is no time zone: write one like Europe/London"
    hours = _masked(calendar.hours)
    if not hours.strip():
        return "hours", "says no hours: write them like 'Mo-Fr 08:00-18:00; PH off', or 24/7"
    if hours.strip() == ALWAYS_OPEN:
        return None
    if _SUN.search(hours):
        return "hours", "depends on the sun, and a calendar has no place: write times"
    if _SCHOOL.search(hours):
        return "hours", "names school holidays (SH), which are not known here: write the days"
    if _NO_END.search(hours):
        return "hours", "has a '+', which says that nobody knows the end: write one"
    if _BOTH.search(hours):
        return "hours", "has 'PH' beside a weekday, which is read in two ways: write 'PH,Mo' for holidays and Mondays"
    from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]  # its stub forgets one

    try:
        OpeningHours(calendar.hours, auto_country=False, auto_timezone=False)
    except (ParserError, ValueError) as error:
        return "hours", _in_words(calendar.hours, str(error))
    if "PH" in hours and (calendar.country, calendar.subdivision) not in _BRITISH:
        try:
            _public(calendar.country, calendar.subdivision, 2026)
        except NotImplementedError:
            return "country", "and 'subdivision' have no holidays known here: write them like GB and ENG"
    year = date(2026, 1, 1), date(2027, 1, 1)
    try:
        opening = _evaluated(calendar.hours, year[:1], *year)
    except (ParserError, ValueError):
        return "hours", "has 'PH' where it cannot be understood: write it like 'PH off' or 'Sa,PH 10:00-12:00'"
    states = {state for _, _, state, _ in opening.intervals(*map(_midnight, year))}
    if not states <= {State.OPEN, State.CLOSED}:
        return "hours", "leaves open whether somebody is there ('unknown', or words alone): write times or off"
    if State.OPEN not in states and "PH" not in hours and not _YEARS.search(hours):
        return "hours", "is never: write when somebody is there"
    return None


def _masked(hours: str) -> str:
    """Without what stands in quotation marks: words for people, which may look like rules."""
    return _COMMENT.sub('"-"', hours)


def _in_words(hours: str, error: str) -> str:
    found = re.search(r"--> \d+:(\d+)", error)
    place = int(found[1]) - 1 if found else 0
    rest = hours[place : place + 20]
    where = f"from {rest!r} on" if rest else "at their end"
    return f"is not understood {where}: write them like 'Mo-Fr 08:00-18:00; PH off'"


def holidays_of(calendar: Calendar, year: int) -> tuple[date, ...]:
    """The public holidays and local days around a year, if its hours ask for any."""
    if "PH" not in _masked(calendar.hours):
        return ()
    days = {day for each in (year - 1, year, year + 1) for day in _public(calendar.country, calendar.subdivision, each)}
    return tuple(sorted(days | set(calendar.local)))


@lru_cache(maxsize=512)
def _public(country: str, subdivision: str, year: int) -> tuple[date, ...]:
    """Days off, those included that stand for one on a weekend. Raises NotImplementedError for a country unknown."""
    from holidays import country_holidays

    return tuple(sorted(country_holidays(country, subdiv=subdivision or None, years=year)))


def _evaluated(hours: str, days: Sequence[date], first: date, last: date) -> OpeningHours:
    """The hours from `first` to `last` with holidays written out. Raises ParserError."""
    from opening_hours import OpeningHours

    opening = OpeningHours(hours, auto_country=False, auto_timezone=False)
    if "PH" not in _masked(hours):
        return opening
    # As the library writes it there is one way to write each thing.
    written = _written_out(_masked(str(opening)), days, first - BESIDE, last + BESIDE)
    return OpeningHours(written, auto_country=False, auto_timezone=False)


def _written_out(hours: str, days: Sequence[date], first: date, last: date) -> str:
    """Rules that name days where `hours` has `PH`. `Sa,PH 10:00-12:00` becomes two, of the same rank."""
    parts = ["; ", *_SEPARATOR.split(hours)]
    made: list[str] = []
    for separator, rule in zip(parts[::2], parts[1::2], strict=True):
        for each in _without_holidays(rule.strip(), days, first, last):
            made += [separator if made else "", each]
    return "".join(made) or "off"


def _without_holidays(rule: str, days: Sequence[date], first: date, last: date) -> Iterator[str]:
    found = _SELECTED.search(rule)
    if found is None:
        yield rule
        return
    months, rest = rule[: found.start()].strip(), rule[found.end() :].strip()
    chosen: set[date] = set()
    for each in _HOLIDAYS.finditer(found.group()):
        moved = timedelta(int(each[1] or 0))
        chosen |= {day + moved for day in days if first <= day + moved <= last}
    weekdays = ",".join(word for word in found.group().split(",") if not _HOLIDAYS.fullmatch(word))
    if weekdays:
        yield " ".join(filter(None, (months, weekdays, rest)))
    if months and chosen:
        within = _evaluated(months, (), first, last)
        chosen = {day for day in chosen if within.is_open(_midnight(day) + timedelta(hours=12))}
    if chosen:
        named = ",".join(f"{day.year} {_MONTHS[day.month - 1]} {day.day}" for day in sorted(chosen))
        yield f"{named} {rest}".strip()


def _instants(
    shown: Sequence[tuple[float, float]], offsets: Sequence[tuple[float, float, float]]
) -> Iterator[tuple[float, float]]:
    """Moments at which the clock on the wall shows what is `shown`, a clock that is `offset` seconds ahead of UTC."""
    for begin, end, offset in offsets:
        first = bisect_right(shown, (begin + offset, begin + offset)) - 1
        for a, b in shown[max(first, 0) :]:
            if a - offset >= end:
                break
            yield max(a - offset, begin), min(b - offset, end)


@lru_cache(maxsize=256)
def _offsets(zone: str, year: int) -> tuple[tuple[float, float, float], ...]:
    """Beginning and end of the stretches of a year in which a clock stays as far ahead of UTC, and how far."""
    info = ZoneInfo(zone)

    def ahead(at: float) -> float:
        offset = datetime.fromtimestamp(at, info).utcoffset()
        assert offset is not None
        return offset.total_seconds()

    begin, end = year_start(year), year_start(year + 1)
    found: list[tuple[float, float, float]] = []
    at, now = begin, ahead(begin)
    while at < end:
        after = min(at + DAY, end)
        if (then := ahead(after)) != now:
            low, high = int(at), int(after)
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if ahead(middle) == now else (low, middle)
            found.append((begin, float(high), now))
            begin, now = float(high), then
        at = after
    return (*found, (begin, end, now)) if begin < end else tuple(found)


@lru_cache(maxsize=256)
def year_start(year: int) -> float:
    """The first moment of a year, of UTC."""
    return datetime(year, 1, 1, tzinfo=UTC).timestamp()


def year_of(at: float) -> int:
    """The year of a moment, of UTC."""
    return datetime.fromtimestamp(at, UTC).year


def _years(begin: float, end: float) -> range:
    """The years that have a part of it."""
    last = year_of(end)
    return range(year_of(begin), last + (end > year_start(last)))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def moment_of(at: float) -> str:
    """`2026-12-01T22:00+0000`: a moment for people, where hours and months are counted unless a calendar says else."""
    return f"{datetime.fromtimestamp(at, ZoneInfo(ZONE)):%Y-%m-%dT%H:%M%z}"


def month_of(at: float, zone: str) -> str:
    """`2026-11`: the month on the wall."""
    there = datetime.fromtimestamp(at, ZoneInfo(zone))
    return f"{there.year:04}-{there.month:02}"


_PERIODS: Final = {"month": (1, 1), "quarter": (3, 1), "year": (12, 1), "financial_year": (12, 4)}
"""How many months it has, and a month in which one begins."""


def period(window: Window, at: float, zone: str) -> tuple[float, float]:
    """Beginning and end of an objective's period: the days up to now, or all of the calendar period that `at` is in."""
    if window.period is None:
        return at - window.days * DAY, at
    length, first = _PERIODS[window.period]
    info = ZoneInfo(zone)
    there = datetime.fromtimestamp(at, info)
    month = there.year * 12 + there.month - 1
    begin = month - (month - (first - 1)) % length
    return _first_of(begin, info), _first_of(begin + length, info)


def _first_of(month: int, info: ZoneInfo) -> float:
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=info).timestamp()
