"""How values went on their way to what they are: with the day and the week, growing, and with incidents.

The last value of a series is near that of its template. All of it follows from names and times, nothing from chance:
the same template and the same times give the same text.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from bench.history.blocks import Told
from bench.history.filling import Filling
from bench.history.incidents import DAY, HOUR, LATELY, Incidents
from bench.history.promises import Promises, silent
from bench.history.template import LATER, Series
from bench.history.waves import place_of, wave
from dashboards import names as n

OFFSETS: Final = (1, 7, 28, 30, 90)
"""Days back at which rules and boards look at an instant."""

STANDS: Final = re.compile(
    r".*_info|.*:(info|scorecard|pillar|target|amber|baseline|benchmark|peers|promised|high|low|highest|lowest)"
    r"|service:(users|now|month|half)|slo:(objective|time_period|error_budget).*|objective:budget:(seconds|events)"
    r"|objective:target.*|capacity:(uplink|service|full).*|.*(size|limit|speed).*|ifOperStatus|ifAdminStatus"
    r"|.*[:_](state|status|wrong)|.*_timestamp_seconds|(process_start|node_boot)_time_seconds|ALERTS_FOR_STATE|wardwatch_equipment_.*"
)
"""Names of what does not come and go: numbers that are words, and moments."""
MOMENT: Final = re.compile(r".*_timestamp_seconds|ALERTS_FOR_STATE")
"""Names of moments: what was only just done when it was found, was done only just before at any time."""
JUST: Final = 15
"""Seconds."""
STATES: Final[Mapping[str, Callable[[Incidents, int], float]]] = {
    **dict.fromkeys(
        (n.UP, n.COMPONENT_UP, "wardwatch_device_up", "up", "probe_success", "wardwatch_poll_success"),
        lambda each, at: float(not each.under_way(at)),
    ),
    **dict.fromkeys((n.BAD, n.INCIDENT), lambda each, at: float(each.under_way(at))),
    **dict.fromkeys((n.AGREED, n.MEASURED), lambda each, at: 1.0),
    **dict.fromkeys((n.UNKNOWN, n.MAINTENANCE, "wardwatch:network_down:count"), lambda each, at: 0.0),
}
"""As they were until the last half hour."""


class Follows(Protocol):
    """What works out some series from others."""

    def values(self, series: Series, times: Sequence[int], /) -> Iterator[float] | None:
        """None: it is not among them."""


def told(series: Sequence[Series], step: int, now: int, follows: Sequence[Follows] = ()) -> Told:
    """Samples of each series every `step` seconds, at whole multiples of it; every minute where `offset 30d` looks."""

    def lines(since: int, until: int) -> Iterator[str]:
        looked = (at for days in OFFSETS for at in every(60, now - days * DAY - 600, now - days * DAY + 1800))
        times = sorted({*every(step, since, until), *(at for at in looked if since <= at < until)})
        hours, days = every(HOUR, since, until), every(DAY, since, until)
        for each in series:
            those = times
            if each.name in LATER:
                those = days if each.name in (n.USED_DAILY, n.USED_DAY) else hours
            if text := "".join(_told(each, those, now, follows)):
                yield text

    return lines


def every(step: int, since: int, until: int) -> list[int]:
    """Whole multiples of `step` from `since` to before `until`."""
    return list(range(-(-since // step) * step, until, step))


def history(recorded: Sequence[Series], raw: Sequence[Series], recent: int, raw_since: int, now: int) -> Told:
    """What rules recorded: hourly, every minute since `recent`. What was scraped: so since `raw_since`."""
    recorded = sorted(silent(recorded), key=lambda each: each.labels.get("service", ""))
    follows = (Promises(recorded, now), Filling(recorded, now))
    old, new = (told(recorded, step, now, follows) for step in (HOUR, 60))
    scraped = told(raw, 60, now)

    def lines(since: int, until: int) -> Iterator[str]:
        if since < recent:
            yield from old(since, min(until, recent))
        if until > recent:
            yield from new(max(since, recent), until)
        if until > raw_since:
            yield from scraped(max(since, raw_since), until)

    return lines


def _told(series: Series, times: list[int], now: int, follows: Sequence[Follows]) -> Iterator[str]:
    """A line for each time at which the series has a sample."""
    name, half = series.name, series.labels.get("half")
    if "month" in series.labels and name.startswith("service:"):
        for month, those in _months(times):
            ours = [at for at in those if _counts(name, half, at)]
            text = series.text(month=month)
            yield from _lines(text, ours, values(series, ours, now, follows))
        return
    chosen = times
    incidents = Incidents(_key(series), now)
    if name == "ALERTS":
        chosen = [at for at in times if incidents.under_way(at) or _lately(series, at, now)]
    if name == n.DEVICE_CHANGED:
        # What is found to have changed did so when it came to be as it was found.
        found = 0 if series.copy else (now - LATELY) // 60 * 60 + 60
        chosen = [at for at in times if at == found or incidents.begins(at)]
    yield from _lines(series.text(), chosen, values(series, chosen, now, follows))


def _lines(text: str, times: Sequence[int], found: Iterable[float]) -> Iterator[str]:
    return (f"{text} {_text(value)} {at}\n" for at, value in zip(times, found, strict=True) if not math.isnan(value))


def _text(value: float) -> str:
    """Six digits will do for a share, and would make a moment another one by hours."""
    return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"


def _months(times: list[int]) -> Iterator[tuple[str, list[int]]]:
    """The times of each month, universal."""
    first = 0
    while first < len(times):
        begun = datetime.fromtimestamp(times[first], UTC)
        ends = datetime(begun.year + begun.month // 12, begun.month % 12 + 1, 1, tzinfo=UTC).timestamp()
        last = bisect_left(times, ends, first)
        yield f"{begun:%Y-%m}", times[first:last]
        first = last


def _counts(name: str, half: str | None, at: int) -> bool:
    """Whether the half of the hours that a sum is of is under way; over, where it is recorded once the hour is."""
    if half not in ("even", "odd"):
        return True
    return (at // HOUR % 2 == ("even", "odd").index(half)) != (name == n.COUNT_HOURLY)


def values(series: Series, times: Sequence[int], now: int, follows: Sequence[Follows] = ()) -> Iterator[float]:
    """NaN: there is none then. What follows from others is as those have it."""
    for each in follows:
        if (found := each.values(series, times)) is not None:
            return found
    name, value, key = series.name, series.value, _key(series)
    if name == n.USED_DAY:
        return (at / DAY for at in times)
    if name in ("ALERTS", n.DEVICE_CHANGED):
        return (value for _ in times)
    if name in STATES:
        incidents, usual = Incidents(key, now), STATES[name]
        return (value if _lately(series, at, now) else usual(incidents, at) for at in times)
    if MOMENT.fullmatch(name) and value < now + HOUR:
        return (min(value, at - JUST) for at in times)
    if STANDS.fullmatch(name) or (value in (0.0, 1.0) and not series.counter):
        return (value for _ in times)
    place = place_of(key, name)
    if series.counter:
        # Since a week ago, faster by day than by night.
        return (value * max(0.0, 1 + (at - now) / (7 * DAY) + _late(at) - _late(now)) for at in times)
    top = 1.0 if "ratio" in name and 0 <= value <= 1 else math.inf
    return (min(top, value * (1 + wave(at, place) - wave(now, place))) for at in times)


def _lately(series: Series, at: int, now: int) -> bool:
    """Whether a state is what it was found to be: of the ones that are there, in the last half hour."""
    return not series.copy and at > now - LATELY


def _key(series: Series) -> str:
    """What falls ill together."""
    return series.labels.get("service") or series.labels.get("instance") or series.labels.get("kpi") or series.name


def _late(at: int) -> float:
    """By how much of a week's growth a counter is behind or before a steady one, whose slope is steeper."""
    return -0.6 / (14 * math.pi) * math.cos((at % DAY / DAY - 0.375) * 2 * math.pi)
