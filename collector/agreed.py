"""What is owed now, as columns (KPIS 2.4): agreed hours, maintenance, periods and who it is about, for every service.

What does not change from page to page is kept until it does: states until one of them changes, sums over periods for a
minute, which is how often rules look at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from collector.calendar import Hours, Timeline, hours_of, month_of, period, year_of, year_start
from collector.maintenance import Owed, Work, Works, concerned
from collector.model import Column, Family, column, rows
from collector.services import Catalogue, Maintenance, Window

AGREED = Family("service_agreed", "1: inside agreed hours and outside maintenance.")
MAINTENANCE = Family("service_maintenance", "1: planned work on the service goes on.")
PERIOD = Family(
    "service_period_agreed_seconds",
    "Agreed seconds of the objective's whole period, known maintenance taken out: the days up to now, or all of the "
    "month, quarter, year or financial year.",
)
MONTH = Family("service_month", "1: the month it is where the service is.")
INFO = Family("service_info", "1: what the catalogue says of the service.")
USERS = Family("service_users", "How many users the catalogue says the service has; 0: it does not.")
SCORECARD = Family("service_scorecard_info", "1: an item of the board's scorecard that the service counts for.")
PILLAR = Family("service_pillar_info", "1: a pillar of the improvement framework that the service counts for.")
DEPENDS = Family("service_depends_info", "1: a service without which the service cannot be.")

MINUTE = 60.0

Cuts = Mapping[str, Sequence[tuple[float, float]]]
"""Stretches of time that somebody took out of maintenance again, by its name."""


def works_of(catalogue: Catalogue, more: Iterable[Maintenance], cuts: Cuts) -> list[Work]:
    """All planned work: what the catalogue has, and `more`."""
    return [Work(each, catalogue.calendars, cuts.get(each.name, ())) for each in (*catalogue.maintenance, *more)]


class Agreed:
    """A catalogue in time. `sites` has the site of each device of the inventory."""

    def __init__(
        self, catalogue: Catalogue, sites: Mapping[str, str], more: Iterable[Maintenance] = (), cuts: Cuts | None = None
    ) -> None:
        services = list(catalogue.services.values())
        calendars = [catalogue.calendars[service.hours] for service in services]
        works = works_of(catalogue, more, cuts or {})
        places = _places(catalogue, sites, works)
        planned = {each: Works([works[place] for place in each]) for each in set(places.values())}
        owed: dict[tuple[Hours, tuple[int, ...]], Owed] = {}
        self._owed: list[Timeline] = []
        self._planned: list[Timeline] = []
        for service, calendar in zip(services, calendars, strict=True):
            key = (hours_of(calendar), places[service.name])
            if key not in owed:
                owed[key] = Owed(key[0], planned[key[1]])
            self._owed.append(owed[key])
            self._planned.append(planned[key[1]])
        self._zones = [calendar.zone for calendar in calendars]
        self._names = [service.name for service in services]
        self._rows = rows(("service",), [(name,) for name in self._names])
        objectives = [(place, each) for place, service in enumerate(services) for each in service.objectives]
        alike: dict[tuple[Timeline, Window, str], int] = {}
        keys = [(self._owed[place], each.window, self._zones[place]) for place, each in objectives]
        self._which = [alike.setdefault(key, len(alike)) for key in keys]
        """For each objective the place of its period's sum among those that differ."""
        self._sums = [_Sum(*key) for key in alike]
        named = [(self._names[place], each.name) for place, each in objectives]
        self._objectives = rows(("service", "objective"), named)
        self._about = [
            _told(
                INFO,
                ("service", "title", "tower", "tier", "owner", "supplier", "site", "key_property", "runbook"),
                [
                    (s.name, s.title, s.tower, s.tier, s.owner, s.supplier, s.site, s.key_property, s.runbook)
                    for s in services
                ],
            ),
            column(USERS, self._rows, [service.users for service in services]),
            _told(SCORECARD, ("service", "item"), [(s.name, item) for s in services for item in s.scorecard]),
            _told(PILLAR, ("service", "pillar"), [(s.name, pillar) for s in services for pillar in s.pillars]),
            _told(DEPENDS, ("service", "dependency"), [(s.name, each) for s in services for each in s.depends_on]),
        ]
        self._states: list[Column] = []
        self._month: Column | None = None
        self._months: list[str] = []
        self._since, self._until = inf, -inf
        self._periods: list[Column] = []
        self._minute = -1.0

    def columns(self, at: float) -> Sequence[Column]:
        """As it is at a moment (Unix seconds); nothing where there is no service."""
        if not self._names:
            return ()
        if not self._since <= at < self._until:
            self._look(at)
        if (minute := at // MINUTE * MINUTE) != self._minute:
            self._minute = minute
            self._periods = [column(PERIOD, self._objectives, self._seconds(minute))]
        return [*self._states, *self._periods, *self._about]

    def _look(self, at: float) -> None:
        """States, and until when they hold at least."""
        agreed = {timeline: timeline.open(at) for timeline in set(self._owed)}
        planned = {timeline: timeline.open(at) for timeline in set(self._planned)}
        months = {zone: month_of(at, zone) for zone in set(self._zones)}
        self._states = [
            column(AGREED, self._rows, [agreed[timeline] for timeline in self._owed]),
            column(MAINTENANCE, self._rows, [planned[timeline] for timeline in self._planned]),
            self._in_month([months[zone] for zone in self._zones]),
        ]
        year = year_of(at)
        edges = [timeline.year(year).edge(at) for timeline in (*agreed, *planned)]
        ends = [period(Window(period="month"), at, zone)[1] for zone in months]
        self._since, self._until = at, min(year_start(year + 1), *ends, *(edge for edge in edges if edge is not None))

    def _in_month(self, months: list[str]) -> Column:
        if self._month is None or months != self._months:
            self._months = months
            self._month = _told(MONTH, ("service", "month"), list(zip(self._names, months, strict=True)))
        return self._month

    def _seconds(self, at: float) -> Iterable[float]:
        """The agreed seconds of each objective's period."""
        sums = [each.seconds(at) for each in self._sums]
        return [sums[place] for place in self._which]


class _Sum:
    """The agreed seconds of a period; of a calendar period kept until it is over."""

    def __init__(self, owed: Timeline, window: Window, zone: str) -> None:
        self._owed = owed
        self._window = window
        self._zone = zone
        self._begin, self._end = inf, -inf
        self._found = 0.0

    def seconds(self, at: float) -> float:
        if self._window.period is None:
            return self._owed.open_seconds(*period(self._window, at, self._zone))
        if not self._begin <= at < self._end:
            self._begin, self._end = period(self._window, at, self._zone)
            self._found = self._owed.open_seconds(self._begin, self._end)
        return self._found


def _places(catalogue: Catalogue, sites: Mapping[str, str], works: Sequence[Work]) -> dict[str, tuple[int, ...]]:
    """Which of `works` concern each service. Many may come of one entry, and concern the same."""
    places: dict[str, list[int]] = {name: [] for name in catalogue.services}
    known: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for place, work in enumerate(works):
        each = work.maintenance
        key = (each.services, each.sites, each.devices)
        if key not in known:
            known[key] = [service.name for service in concerned(each, catalogue, sites)]
        for name in known[key]:
            places[name].append(place)
    return {name: tuple(of_service) for name, of_service in places.items()}


def _told(family: Family, names: tuple[str, ...], values: Sequence[tuple[str, ...]]) -> Column:
    return column(family, rows(names, values), [1] * len(values))
