"""What fills up: it grows evenly, so when it is full follows from how full it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bench.history.incidents import DAY
from bench.history.template import Series
from bench.history.waves import place_of, wave
from dashboards import names as n

GROWTH_PER_DAY: Final = 0.0007
"""Of what fills up: two points a month."""
FILLS: Final = (n.USED, n.USED_HOURLY, n.USED_DAILY, n.USED_P95, n.P95_HOURLY)
DAYS: Final = {n.DAYS: 1.0, n.DAYS_LOW: 0.8, n.DAYS_HIGH: 1.3}
"""How long it takes, of what an even growth would take."""
LONGEST: Final = 3650.0
"""Days: what the rules say of what does not grow."""
TRENDS: Final = ("14d", "42d")
"""Windows of growth (dashboards/rules/trends.py)."""
WAVES: Final = 1 / 20
"""Of what is used these come and go."""

Of = tuple[str, str, str]


class Filling:
    """Of the resources among `series`, as of `now`."""

    def __init__(self, series: Iterable[Series], now: int) -> None:
        self._now = now
        self._full: dict[str, float] = {}
        self._week: dict[Of, Series] = {}
        for each in series:
            if each.name == n.FULL:
                self._full[each.labels["resource"]] = each.value
            elif each.name == n.USED_P95 and each.labels["window"] == "7d":
                self._week[_of(each)] = each

    def values(self, series: Series, times: Sequence[int]) -> Iterator[float] | None:
        if series.name in FILLS:
            return (self._used(series, at) for at in times)
        if series.name in DAYS:
            share = DAYS[series.name]
            return (min(LONGEST, max(0.0, series.value + (self._now - at) / DAY * share)) for at in times)
        week, full = self._week.get(_of(series)), self._full.get(series.labels.get("resource", ""))
        if series.name == n.HEADROOM and week is not None and full:
            return (1 - self._used(week, at) / full for at in times)
        return None

    def _used(self, series: Series, at: int) -> float:
        comes = wave(at, place_of(series.labels.get("instance", ""), series.name)) * WAVES
        return min(1.0, max(0.0, series.value - (self._now - at) / DAY * GROWTH_PER_DAY + comes))


def forecasts(series: Iterable[Series]) -> Iterator[Series]:
    """How long each resource takes to be full, and how fast it grows, where four days of rules have not said so."""
    whole = list(series)
    full = {each.labels["resource"]: each.value for each in whole if each.name == n.FULL}
    said = {_of(each) for each in whole if each.name == n.DAYS}
    for each in whole:
        limit = full.get(each.labels.get("resource", ""))
        if each.name != n.USED or limit is None or _of(each) in said:
            continue
        days = max(0.0, limit - each.value) / GROWTH_PER_DAY
        yield from (
            Series(name, each.labels, min(LONGEST, days * share), copy=each.copy) for name, share in DAYS.items()
        )
        for window in TRENDS:
            yield Series(n.GROWTH, {**each.labels, "window": window}, GROWTH_PER_DAY, copy=each.copy)


def _of(series: Series) -> Of:
    return tuple(series.labels.get(label, "") for label in ("resource", "instance", "item"))  # type: ignore[return-value]
