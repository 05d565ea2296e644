"""How values went on their way to what they are: with the day and the week, growing, and with incidents.

The last value of a series is near that of its template. All of it follows from names and times, nothing from chance:
the same template and the same times give the same text.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Final
from zlib import crc32

from bench.history.blocks import HOUR, Told
from bench.history.template import LATER, Series
from dashboards import names as n

DAY: Final = 24 * HOUR
GROWTH_PER_DAY: Final = 0.0007
"""Of what fills up: two points a month."""
OFFSETS: Final = (1, 7, 28, 30, 90)
"""Days back at which rules and boards look at an instant."""
DAILY, WEEKLY, NOISE = 0.25, 0.15, 0.03
"""Shares of a value that come and go with the day and the week, and at random."""
ONE_IN: Final = 300
"""Of so many hours one has an incident, for each service and device."""
SPREAD: Final = 16
"""So many series are unlike each other in their noise; the others are like one of these."""

STANDS: Final = re.compile(
    r".*_info|.*:(info|scorecard|pillar|target|amber|baseline|benchmark|peers|promised|high|low|highest|lowest)"
    r"|service:(users|now|month|half)|slo:(objective|time_period|error_budget).*|objective:budget:(seconds|events)"
    r"|objective:target.*|capacity:(uplink|service|full).*|.*(size|limit|speed).*|ifOperStatus|ifAdminStatus"
    r"|.*[:_](state|status|wrong)|.*_timestamp_seconds|ALERTS_FOR_STATE|wardwatch_equipment_.*"
)
"""Names of what does not come and go: numbers that are words, and moments."""
WELL: Final = (n.UP, n.COMPONENT_UP, n.AGREED, n.MEASURED, "wardwatch_device_up", "up")
ILL: Final = (n.BAD, n.INCIDENT, n.BEGINS, n.UNKNOWN, n.MAINTENANCE, n.BURNING)
FILLS: Final = (n.USED, n.USED_HOURLY, n.USED_DAILY, n.USED_P95, n.P95_HOURLY)
WHOLE_HOUR: Final[dict[str, float]] = {"agreed": 60, "measured": 60, "events": 600}
"""Minutes, and events, in an hour's sum; of the others there are only some in an incident."""
SPOILED: Final = 25.0
"""Minutes, or events, of an incident's hour."""


def told(series: Sequence[Series], step: int, now: int) -> Told:
    """Samples of each series every `step` seconds, at whole multiples of it; every minute where `offset 30d` looks."""

    def lines(since: int, until: int) -> Iterator[str]:
        looked = (at for days in OFFSETS for at in every(60, now - days * DAY - 600, now - days * DAY + 1800))
        times = sorted({*every(step, since, until), *(at for at in looked if since <= at < until)})
        hours, days = every(HOUR, since, until), every(DAY, since, until)
        for each in series:
            those = times
            if each.name in LATER:
                those = days if each.name in (n.USED_DAILY, n.USED_DAY) else hours
            if text := "".join(_told(each, those, now)):
                yield text

    return lines


def every(step: int, since: int, until: int) -> list[int]:
    """Whole multiples of `step` from `since` to before `until`."""
    return list(range(-(-since // step) * step, until, step))


def history(recorded: Sequence[Series], raw: Sequence[Series], recent: int, raw_since: int, now: int) -> Told:
    """What rules recorded: hourly, every minute since `recent`. What was scraped: so since `raw_since`."""
    old, new, scraped = told(recorded, HOUR, now), told(recorded, 60, now), told(raw, 60, now)

    def lines(since: int, until: int) -> Iterator[str]:
        if since < recent:
            yield from old(since, min(until, recent))
        if until > recent:
            yield from new(max(since, recent), until)
        if until > raw_since:
            yield from scraped(max(since, raw_since), until)

    return lines


def _told(series: Series, times: list[int], now: int) -> Iterator[str]:
    """A line for each time at which the series has a sample."""
    name, half = series.name, series.labels.get("half")
    if "month" in series.labels and name.startswith("service:"):
        for month, those in _months(times):
            ours = [at for at in those if _counts(name, half, at)]
            text = series.text(month=month)
            yield from _lines(text, ours, values(series, ours, now))
        return
    chosen = times
    if name == "ALERTS":
        key = _key(series)
        chosen = [at for at in times if incident(key, at, now) or _lately(series, at, now)]
    yield from _lines(series.text(), chosen, values(series, chosen, now))


def _lines(text: str, times: Sequence[int], found: Iterable[float]) -> Iterator[str]:
    return (f"{text} {value:.6g} {at}\n" for at, value in zip(times, found, strict=True))


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


def values(series: Series, times: Sequence[int], now: int) -> Iterator[float]:
    name, value, key = series.name, series.value, _key(series)
    if name in (n.COUNT_HOURLY, n.COUNT_MINUTE):
        whole = WHOLE_HOUR.get(series.labels.get("of", ""), 0.0)
        part = 1.0 if name == n.COUNT_HOURLY else 1 / 60
        return ((whole or (SPOILED if incident(key, at, now) else 0.0)) * part for at in times)
    if name == n.USED_DAY:
        return (at / DAY for at in times)
    if name == "ALERTS":
        return (value for _ in times)
    if name in WELL or name in ILL:
        usual = float(name in WELL)
        return (value if _lately(series, at, now) else float(usual != incident(key, at, now)) for at in times)
    if STANDS.fullmatch(name) or (value in (0.0, 1.0) and not series.counter):
        return (value for _ in times)
    place = crc32(f"{key} {name}".encode()) % SPREAD
    if series.counter:
        # Since a week ago, faster by day than by night.
        return (value * max(0.0, 1 + (at - now) / (7 * DAY) + _late(at) - _late(now)) for at in times)
    if name in FILLS:
        return (min(1.0, max(0.0, value - (now - at) / DAY * GROWTH_PER_DAY + _wave(at, place) / 20)) for at in times)
    top = 1.0 if "ratio" in name and 0 <= value <= 1 else math.inf
    return (min(top, value * (1 + _wave(at, place) - _wave(now, place))) for at in times)


def _lately(series: Series, at: int, now: int) -> bool:
    """Whether a state is what it was found to be: of the ones that are there, in the last half hour."""
    return not series.copy and at > now - 1800


def _key(series: Series) -> str:
    """What falls ill together."""
    return series.labels.get("service") or series.labels.get("instance") or series.labels.get("kpi") or series.name


@cache
def _begun(key: str) -> int:
    return crc32(key.encode())


def incident(key: str, at: int, now: int) -> bool:
    """Whether the service or device has an incident in the first minutes of this hour. One in three never has."""
    place = _begun(key)
    return place % 3 > 0 and (place + now // HOUR - at // HOUR) % ONE_IN == 0 and at % HOUR < SPOILED * 60


@cache
def _wave(at: int, place: int) -> float:
    """About 0: more in the afternoon and on weekdays, with noise that is one of SPREAD."""
    moved = at - place * 300
    day = math.sin((moved % DAY / DAY - 0.375) * 2 * math.pi)
    week = 0.0 if moved // DAY % 7 in (2, 3) else 1.0  # 1 January 1970 was a Thursday
    noise = ((at // 60 + place * 977) * 2654435761 % 1000) / 500 - 1
    return DAILY * day * (0.3 + 0.7 * week) + WEEKLY * (week - 0.7) + NOISE * noise


def _late(at: int) -> float:
    """By how much of a week's growth a counter is behind or before a steady one, whose slope is steeper."""
    return -0.6 / (14 * math.pi) * math.cos((at % DAY / DAY - 0.375) * 2 * math.pi)
