"""Planned work in time (KPIS 2.4): when it is, what it concerns, and what that leaves of agreed hours.

Rules of iCalendar are expanded by dateutil, year by year, from the moment that is asked for: nothing is expanded for
ever. What one of them may cost is bounded by the days it may look at, and not by what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from heapq import merge
from itertools import islice
from typing import Any, Final

from collector.calendar import Hours, Spans, Timeline, hours_of, year_start
from collector.services import ALWAYS, Calendar, Catalogue, Maintenance, Recurrence, Service

LONGEST: Final = timedelta(31)
"""That work may last which comes again."""
MOST: Final = 5_000
"""Times that a rule may say it comes: every day for more than ten years."""
YEARS: Final = 9
"""Within which a rule must have its first time: 29 February is eight years after the last where a century ends."""
SPARE: Final = 800
"""Days that a rule may look at after the last that is asked for: a period of it may be a year, and is looked at whole.
All together some 10 ms, whatever the rule says."""

_COUNT = re.compile(r"\bCOUNT=")
_FREQ = re.compile(r"\bFREQ=(DAILY|WEEKLY)\b")
_INTERVAL = re.compile(r"\bINTERVAL=(\d+)")


class _Exhausted(Exception):
    """A rule has looked at as many days as it may."""


class _Counted(tuple[int, ...]):
    """Months or weekdays that a rule asks each day for: so it is known how many days it looks at."""

    left: int

    def __contains__(self, value: object) -> bool:
        self.left -= 1
        if self.left < 0:
            raise _Exhausted
        return super().__contains__(value)


def times(rule: str, first: datetime, begin: datetime, end: datetime) -> Iterator[datetime]:
    """When a rule that begins with `first` has its times, from `begin` and before `end`; on a clock without a zone.

    Not much longer than `end` a rule may look for one that it never has. Raises ValueError and others for no rule.
    """
    from dateutil.rrule import rrulestr

    interval = int(found[1]) if (found := _INTERVAL.search(rule)) else 1
    weeks = _FREQ.search(rule)
    if weeks and not _COUNT.search(rule) and begin > first:  # what is long past need not be gone through
        step = timedelta((7 if weeks[1] == "WEEKLY" else 1) * interval)
        first += (begin - first) // step * step
    made: Any = rrulestr(rule, dtstart=first)
    # dateutil looks for a next time until the year 9999, and asks each day for its month before anything else, else
    # for its weekday. A test holds it to that.
    which = "_bymonth" if made._bymonth else "_byweekday"
    asked = _Counted(getattr(made, which) or range(7))
    asked.left = max((end - first).days, 0) // interval + SPARE
    setattr(made, which, asked)
    try:
        for each in made:
            if each >= end:
                return
            if each >= begin:
                yield each
    except (_Exhausted, LookupError):  # dateutil looks for a 53rd Monday where there is none
        return


def complaint(rule: str, first: datetime) -> str:
    """What speaks against a rule; empty: nothing does."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    if len(rule) > 500:
        return "is longer than 500 characters"
    if parts.get("FREQ") not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        return "comes more often than once a day: write DAILY, WEEKLY, MONTHLY or YEARLY, and how long it lasts"
    if unknown := sorted(parts.keys() - _PARTS):
        return f"has {unknown[0]}, which is not known here: {', '.join(sorted(_PARTS))} are"
    if several := [name for name in ("BYHOUR", "BYMINUTE", "BYSECOND") if "," in parts.get(name, "")]:
        return f"has several times a day ({several[0]}): write an event for each"
    if _whole(parts, "INTERVAL") not in range(1, 1001):
        return "has an INTERVAL that is not from 1 to 1000"
    if _whole(parts, "COUNT") not in range(1, MOST + 1):
        return f"has a COUNT that is not from 1 to {MOST:,}: write UNTIL"
    try:
        found = list(islice(times(rule, first, first, first + timedelta(YEARS * 366)), 1))
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        return f"is not understood: {error}"
    return "" if found else f"names no day within {YEARS} years"


def _whole(parts: Mapping[str, str], name: str) -> int:
    """A part's number; 1 where it is not there, 0 where it is none."""
    text = parts.get(name, "1")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


_PARTS: Final = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYSETPOS"}
    | {"BYHOUR", "BYMINUTE", "BYSECOND"}
)


class Work(Timeline):
    """When one maintenance is. `cut` is what was taken out of it again: somebody ended it earlier."""

    def __init__(
        self,
        maintenance: Maintenance,
        calendars: Mapping[str, Calendar],
        cut: Iterable[tuple[float, float]] = (),
    ) -> None:
        super().__init__()
        self.maintenance = maintenance
        self._hours: Hours | None = None
        if maintenance.hours:
            within = calendars.get(maintenance.hours_in, ALWAYS)
            self._hours = hours_of(replace(within, hours=maintenance.hours))
        self._cut = Spans(sorted(cut))

    @property
    def again(self) -> bool:
        """Whether it comes more than once."""
        return self._hours is not None or self.maintenance.again is not None

    def work_out(self, year: int) -> Spans:
        if self._hours is not None:
            return self._hours.year(year).without(self._cut)
        maintenance = self.maintenance
        assert maintenance.begins is not None
        assert maintenance.ends is not None
        begin, end = year_start(year), year_start(year + 1)
        if maintenance.again is None:
            found = [(maintenance.begins.timestamp(), maintenance.ends.timestamp())]
        else:
            found = sorted(_occurrences(maintenance.begins, maintenance.ends, maintenance.again, begin, end))
        return Spans((max(a, begin), min(b, end)) for a, b in found if a < end and b > begin).without(self._cut)


def _occurrences(
    begins: datetime, ends: datetime, again: Recurrence, begin: float, end: float
) -> Iterator[tuple[float, float]]:
    """Those that have a part between two moments, and some around them."""
    zone: tzinfo | None = begins.tzinfo
    first = begins.replace(tzinfo=None)
    seconds = ends.timestamp() - begins.timestamp()  # two times of one zone would be subtracted as clocks show them
    long = ends.replace(tzinfo=None) - first if again.whole_days else timedelta(seconds=seconds)
    but = {each.timestamp() for each in again.but}
    if again.rule:
        near = datetime.fromtimestamp(begin, zone).replace(tzinfo=None) - long - timedelta(1)
        far = datetime.fromtimestamp(end, zone).replace(tzinfo=None) + timedelta(1)
        starts: Iterable[datetime] = times(again.rule, first, near, far)
    else:
        starts = (first,)
    for start in starts:
        moment = start.replace(tzinfo=zone).timestamp()
        if moment in but:
            continue
        over = (start + long).replace(tzinfo=zone).timestamp() if again.whole_days else moment + seconds
        yield moment, over
    for one, other in again.also:
        yield one.timestamp(), other.timestamp()


class Works(Timeline):
    """While any of several is."""

    def __init__(self, works: Sequence[Work]) -> None:
        super().__init__()
        self.works = works

    def work_out(self, year: int) -> Spans:
        return Spans(merge(*(work.year(year) for work in self.works)))


class Owed(Timeline):
    """Agreed hours in which nothing is planned."""

    def __init__(self, hours: Hours, works: Works) -> None:
        super().__init__()
        self._hours = hours
        self._works = works

    def work_out(self, year: int) -> Spans:
        return self._hours.year(year).without(self._works.year(year))


def concerned(maintenance: Maintenance, catalogue: Catalogue, sites: Mapping[str, str]) -> Iterator[Service]:
    """The services that are not owed meanwhile. `sites` has the site of each device of the inventory."""
    for service in catalogue.services.values():
        if service.name in maintenance.services or _touched(service, maintenance, sites):
            yield service


def _touched(service: Service, maintenance: Maintenance, sites: Mapping[str, str]) -> bool:
    leaves = service.leaves()
    if any(leaf.device in maintenance.devices for leaf in leaves if leaf.device):
        return True
    if not maintenance.sites:
        return False
    at = {sites.get(leaf.device, "") for leaf in leaves}
    return service.site in maintenance.sites or (bool(at) and at <= set(maintenance.sites))
