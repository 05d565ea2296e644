"""What follows from the state of services, minute by minute: sums, shares, budgets. So what is told agrees with itself.

A service is down in its incidents, and otherwise up; known, agreed and not worked on all the time. In the last half
hour it is as it was found. The rules that this retells: dashboards/rules/{sums,services,objectives,budgets}.py.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final

from bench.history.incidents import DAY, HOUR, LATELY, MINUTE, Incidents
from bench.history.template import Series
from dashboards import names as n
from dashboards.rules import budgets
from dashboards.timing import LONG, SHORT, seconds

Told = Callable[[int], float]
"""A value at a Unix time; NaN: there is none."""

EVENTS: Final = 10.0
"""A minute, of each objective by events. In a bad minute one of them is bad."""
BEGIN_WITH: Final[Mapping[str, Sequence[int]]] = {
    "month": range(1, 13), "quarter": (1, 4, 7, 10), "year": (1,), "financial_year": (4,),
}  # fmt: skip
"""The months with which periods begin, universal."""
SPANS: Final = {window: seconds(window) for window in (*SHORT, *LONG)}
GROUPS: Final = {f"{label}:availability:ratio": label for label in n.GROUPED}
UNDER_WAY: Final = frozenset((n.COUNT_MINUTE, n.COUNT_HOUR, n.COUNT_HOURLY))


@dataclass(frozen=True, slots=True)
class State:
    """How a service was found: a minute's quantities."""

    agreed: float = 1.0
    measured: float = 1.0
    bad: float = 0.0
    incident: float = 0.0


@dataclass(frozen=True, slots=True)
class Sums:
    """Of some minutes: minutes, and incidents that began."""

    agreed: float
    measured: float
    bad: float
    downtime: float
    incidents: float

    def of(self, what: str) -> float:
        if what in ("errors", "spoiled"):
            return self.bad
        return self.agreed * EVENTS if what == "events" else float(getattr(self, what))

    @property
    def error(self) -> float:
        return self.bad / self.measured if self.measured else math.nan

    @property
    def low(self) -> float:
        return (self.measured - self.bad) / self.agreed if self.agreed else math.nan

    @property
    def high(self) -> float:
        return 1 - self.bad / self.agreed if self.agreed else math.nan


@dataclass(frozen=True, slots=True)
class Objective:
    """`seconds` of its budget are `share` of its period."""

    availability: bool
    period: str
    seconds: float
    share: float

    def error(self, sums: Sums) -> float:
        return sums.error if self.availability else sums.bad / (sums.agreed * EVENTS) if sums.agreed else math.nan

    def consumed(self, sums: Sums) -> float:
        whole = self.seconds / MINUTE if self.availability else self.events
        return sums.bad / whole if whole else math.nan

    def samples(self, sums: Sums) -> float:
        return sums.bad if self.availability else max(sums.bad - budgets.SMEARED, 0)

    @property
    def events(self) -> float:
        return self.seconds / MINUTE * EVENTS

    @property
    def paces(self) -> Mapping[str, budgets.Pace]:
        return {each.window: each for each in (budgets.WEEK if self.period == "7d" else budgets.USUAL)}


class Promises:
    """Of the services among `series`, as of `now`."""

    def __init__(self, series: Iterable[Series], now: int) -> None:
        self._now = now
        self._service, self._known = "", dict[tuple[int, int], Sums]()
        self._found: dict[str, State] = {}
        self._users: dict[str, float] = {}
        self._groups: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._objectives: dict[tuple[str, str], Objective] = {}
        states: dict[str, dict[str, float]] = defaultdict(dict)
        whole = list(series)
        shares = {_objective(each.labels): 1 - each.value for each in whole if each.name == n.SLOTH_OBJECTIVE}
        for each in whole:
            service = each.labels.get("service", "")
            if each.name in (n.AGREED, n.MEASURED, n.BAD, n.INCIDENT) and not each.copy:
                states[service][each.name] = each.value
            elif each.name == n.USERS:
                self._users[service] = each.value
            elif each.name == n.INFO:
                for label in n.GROUPED:
                    self._groups[label, each.labels.get(label, "")].add(service)
            elif each.name == n.BUDGET_SECONDS:
                kind, period, of = each.labels["kind"], each.labels["period"], _objective(each.labels)
                self._objectives[of] = Objective(kind == "availability", period, each.value, shares.get(of, math.nan))
        for service, said in states.items():
            self._found[service] = State(
                *(_number(said.get(name)) for name in (n.AGREED, n.MEASURED, n.BAD, n.INCIDENT))
            )

    def values(self, series: Series, times: Iterable[int]) -> Iterator[float] | None:
        """One for each time; None: it does not follow from the state of a service."""
        told = self._teller(series.name, series.labels)
        return None if told is None else (told(at) for at in times)

    def _teller(self, name: str, labels: Mapping[str, str]) -> Told | None:
        service, window = labels.get("service", ""), labels.get("window", "")
        if (label := GROUPS.get(name)) is not None:
            return self._of_group(sorted(self._groups[label, labels[label]]), window)
        if name.startswith("slo:"):
            return self._of_sloth(name, labels)
        if name in (n.COUNT, n.COUNT_MONTHS, n.COUNT_MONTHLY) or name in UNDER_WAY:
            return self._counted(name, service, labels["of"], window or "month")
        if name == n.BEGINS:
            return lambda at: self.sums(service, at - MINUTE, at).incidents
        if name in _OF_SERVICE:
            return self._of_service(_OF_SERVICE[name], service, window)
        promised = self._objectives.get(_objective(labels))
        return None if promised is None else self._of_objective(name, service, promised, window or promised.period)

    def sums(self, service: str, since: int, until: int) -> Sums:
        """Of the minutes after `since` up to that of `until`. Many series ask for the same, one service at a time."""
        if service != self._service:
            self._service, self._known = service, {}
        if (found := self._known.get((since, until))) is None:
            found = self._known[since, until] = self._sums(service, since, until)
        return found

    def _sums(self, service: str, since: int, until: int) -> Sums:
        incidents, found = Incidents(service, self._now), self._found.get(service)
        # A whole minute, so that no minute is both told and found.
        lately = (self._now - LATELY) // MINUTE * MINUTE
        turn = until if found is None else min(max(since, lately), until)
        told, late = (turn - since) // MINUTE, (until - turn) // MINUTE
        spoiled, begun = incidents.minutes(since, turn), incidents.count(since, turn)
        state = found or State()
        return Sums(
            told + late * state.agreed,
            told + late * state.measured,
            spoiled + late * state.bad,
            spoiled + late * state.bad * state.incident,
            begun + (state.incident if late and since <= lately else 0),
        )

    def _over(self, service: str, window: str, at: int) -> Sums:
        return self.sums(service, since(window, at), at)

    def _of_group(self, services: Sequence[str], window: str) -> Told:
        """Each weighs as many minutes as were measured of it."""

        def told(at: int) -> float:
            sums = [self._over(each, window, at) for each in services]
            measured = sum(each.measured for each in sums)
            return 1 - sum(each.bad for each in sums) / measured if measured else math.nan

        return told

    def _counted(self, name: str, service: str, of: str, window: str) -> Told:
        def told(at: int) -> float:
            if name == n.COUNT_HOURLY:  # recorded with the first minute after it
                return self.sums(service, at - HOUR - MINUTE, at - MINUTE).of(of)
            if name == n.COUNT_MINUTE:
                return self.sums(service, at - MINUTE, at).of(of)
            if name == n.COUNT_HOUR:
                return self.sums(service, at // HOUR * HOUR - MINUTE, at).of(of)
            return self._over(service, window, at).of(of)

        return told

    def _of_service(self, made: Callable[[Sums, float], float], service: str, window: str) -> Told:
        return lambda at: made(self._over(service, window, at), self._users.get(service, 0.0))

    def _of_objective(self, name: str, service: str, promised: Objective, window: str) -> Told | None:
        if name in (n.ERRORS, n.EVENTS):
            return lambda at: self.sums(service, at - MINUTE, at).of("errors" if name == n.ERRORS else "events")
        if name == n.BURNING:
            pace = promised.paces[window]

            def burning(at: int) -> float:
                sums = self._over(service, window, at)
                gone, short = promised.consumed(sums), promised.consumed(self._over(service, pace.short, at))
                fast = gone > pace.share and short > pace.share / budgets.SHORTER
                return gone if fast and promised.samples(sums) >= budgets.LEAST_SAMPLES else math.nan

            return burning
        made = _OF_OBJECTIVE.get(name)
        return None if made is None else lambda at: made(promised, self._over(service, window, at))

    def _of_sloth(self, name: str, labels: Mapping[str, str]) -> Told | None:
        service = labels.get("sloth_service", "")
        promised = self._objectives.get((service, labels.get("sloth_slo", "")))
        if promised is None:
            return None
        if name.startswith(n.SLOTH_RATIO):
            window = name.removeprefix(n.SLOTH_RATIO)
            return lambda at: promised.error(self._over(service, window, at))
        window = "5m" if name == n.SLOTH_BURN else promised.period
        if name in (n.SLOTH_BURN, n.SLOTH_PERIOD_BURN):
            return lambda at: promised.error(self._over(service, window, at)) / promised.share
        if name == n.SLOTH_LEFT:
            return lambda at: 1 - promised.error(self._over(service, window, at)) / promised.share
        return None


_OF_SERVICE: Final[Mapping[str, Callable[[Sums, float], float]]] = {
    n.SERVICE_ERROR: lambda sums, users: sums.error,
    n.AVAILABILITY: lambda sums, users: 1 - sums.error,
    n.AVAILABILITY_LOW: lambda sums, users: sums.low,
    n.AVAILABILITY_HIGH: lambda sums, users: sums.high,
    n.INCIDENTS: lambda sums, users: sums.incidents,
    n.DOWNTIME: lambda sums, users: sums.downtime * MINUTE,
    n.MTRS: lambda sums, users: sums.downtime * MINUTE / sums.incidents if sums.incidents else math.nan,
    n.MTBF: lambda sums, users: (sums.measured - sums.bad) * MINUTE / sums.incidents if sums.incidents else math.nan,
    n.USER_HOURS: lambda sums, users: sums.bad * MINUTE / HOUR * users,
}
_OF_OBJECTIVE: Final[Mapping[str, Callable[[Objective, Sums], float]]] = {
    n.ERROR: lambda promised, sums: promised.error(sums),
    n.ERROR_LOW: lambda promised, sums: 1 - sums.high,
    n.ERROR_HIGH: lambda promised, sums: 1 - sums.low,
    n.SAMPLES: lambda promised, sums: promised.samples(sums),
    n.BUDGET_EVENTS: lambda promised, sums: promised.events,
    n.CONSUMED: lambda promised, sums: promised.consumed(sums),
    n.LEFT: lambda promised, sums: 1 - promised.consumed(sums),
    n.LEFT_LOW: lambda promised, sums: (
        1 - promised.consumed(sums) - (sums.agreed - sums.measured) * MINUTE / promised.seconds
    ),
    n.CONSUMED_MINUTES: lambda promised, sums: promised.consumed(sums) * promised.seconds / MINUTE,
    n.LEFT_MINUTES: lambda promised, sums: (1 - promised.consumed(sums)) * promised.seconds / MINUTE,
}


def silent(series: Iterable[Series]) -> Iterator[Series]:
    """All of them; and states of services of which nothing was known when they were found, which were up or down until
    then."""
    whole = list(series)
    lost = {each.labels["service"]: each for each in whole if each.name == n.UNKNOWN and each.value}
    yield from (each for each in whole if each.name not in (n.UP, n.BAD) or each.labels["service"] not in lost)
    for each in lost.values():
        yield from (Series(name, each.labels, math.nan, copy=each.copy) for name in (n.UP, n.BAD))


def since(window: str, at: int) -> int:
    """The end of the last minute before a window that ends with the minute of `at`."""
    return at - SPANS[window] if window in SPANS else _begun(window, at // DAY) - MINUTE


@cache
def _begun(period: str, day: int) -> int:
    """Unix time with which the period began that has this day."""
    date = datetime.fromtimestamp(day * DAY, UTC)
    first = max((month for month in BEGIN_WITH[period] if month <= date.month), default=BEGIN_WITH[period][-1])
    year = date.year - (first > date.month)
    return int(datetime(year, first, 1, tzinfo=UTC).timestamp())


def _objective(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels.get("service", ""), labels.get("objective", "")


def _number(value: float | None) -> float:
    """What nobody knows counts as nothing."""
    return 0.0 if value is None or math.isnan(value) else value
