"""From what is used to days until it is full: hours, days, two trends, and how sure they are (docs/capacity.md).

Once an hour, and never over raw samples: a trend of 42 days reads 42 samples a series, not 15,000.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from collector.capacity import of_shape
from dashboards import names as n
from dashboards.promql import labelled, pattern
from dashboards.rule import Record
from dashboards.timing import Timing

TRENDS = ("42d", "14d")
"""Six weeks for the pace, two for whether it has changed: both whole weeks, so that no weekend tips them."""

SHORTER: Mapping[str, str] = {"28d": "42d", "7d": "14d", "4d": "7d"}
"""Instead of a window in which something was cleaned: the next one, where it is wholly after that."""

LEAST = 4
"""Daily samples of a trend: they span three days. With fewer nothing is said."""

CLEANED_BY = 0.1
"""Ours: a level that falls by so much within a day was cleaned, or its disk is larger now. What was before says nothing
of how it grows."""

LONGEST_DAYS = 3650
"""Ten years: not growing, or as good as not."""

SOONEST_DAYS = 0.001
"""Full: shown as 0. The mean of paces needs something to divide by."""

RECENT = "5d"
"""A trend whose last day is older is none: longer than Easter, when nobody is owed anything."""

LEVEL, PEAK = (f"resource=~{pattern(of_shape(shape))}" for shape in ("level", "peak"))


def hour_rules(timing: Timing) -> Iterator[Record]:
    """Where a level stands, and the highest of a peak: of hours that were owed from beginning to end to one of the
    services that the device is part of, or of all where it is part of none, or nobody knows."""
    hour = timing.lasts("1h")
    level = f"last_over_time({n.USED}{{{LEVEL}}}[{hour}])"
    peak = f"max_over_time({n.USED}{{{PEAK}}}[{hour}])"
    yield Record(
        n.USED_HOURLY, f"{level}\nor {peak}\n  unless on (instance) min_over_time({n.OWED}[{timing.range('1h')}]) == 0"
    )
    for window in ("7d", "30d"):
        within = f"quantile_over_time(0.95, {n.USED_HOURLY}[{timing.range(window)}])"
        yield Record(n.P95_HOURLY, f"{within} and {_there(timing)}", {"window": window})


def day_rules(timing: Timing) -> Iterator[Record]:
    """Once a day: a level, or the 95th percentile of the day's peaks. At the same hour as the day before, or the first
    one after that in which there is something, and not before a whole day is known."""
    level = f"{n.USED_HOURLY}{{{LEVEL}}}"
    peak = f"quantile_over_time(0.95, {n.USED_HOURLY}{{{PEAK}}}[{timing.range('1d')}])"
    # A minute more than an hour: of one that comes once a day, the left end is the sample.
    known = f"last_over_time({n.USED}[{timing.lasts('61m')}] offset {timing.lasts('23h')})"
    recorded = f"last_over_time({n.USED_DAILY}[{_short_of_a_day(timing)}])"
    yield Record(n.USED_DAILY, f"({level} or {peak})\nand {known}\nunless {recorded}")
    # When that was: evaluations come late and days are missing, so that the samples' number doesn't tell.
    yield Record(n.USED_DAY, f"{n.USED_DAILY} * 0 + time() / {_day(timing)}")
    # Not with the day's record of this very hour: it may have been cleaned just before.
    of_days = f"{n.USED_DAILY}{{{LEVEL}}}[{timing.lasts(TRENDS[0])}]"
    before = f"last_over_time({of_days} offset {timing.lasts('30m')})"
    yield Record(n.CLEANED, f"{level} < {before} - {CLEANED_BY:g}")
    lately = f"last_over_time({n.CLEANED}[{timing.lasts(TRENDS[0])}])"
    yield Record(n.RENEWED, f"{n.USED_DAILY} and {lately}")
    yield Record(n.RENEWED_DAY, f"{n.USED_DAY} and {n.RENEWED}")


def growth_rules(timing: Timing) -> Iterator[Record]:
    """Each trend's samples, pace a day, its margin, and the room there is.

    Each window of all resources is read as seldom as can be, for that is the cost. The shorter ones are of what was
    cleaned, which is recorded apart: few.
    """
    recent = f"last_over_time({n.USED_DAILY}[{timing.lasts(RECENT)}])"
    for window, of, _ in _windows():
        within = timing.range(window)
        enough = f"count_over_time({of}[{within}]) >= {LEAST}\nand {recent}\nunless {_cleaned(timing, window)}"
        if window in SHORTER:
            enough += f"\nand {_cleaned(timing, SHORTER[window])}"
        yield Record(n.GROWTH_SAMPLES, enough, {"window": window})
    for window, of, when in _windows():
        within, known = timing.range(window), f'{n.GROWTH_SAMPLES}{{window="{window}"}}'
        pace = f"deriv({of}[{within}]) * {_day(timing)}"
        yield Record(n.GROWTH, f"{pace} and ignoring (window) {known}", {"window": window})
        grows = f'{n.GROWTH}{{window="{window}"}}'
        yield Record(n.MARGIN, _margin(timing, window, of, when), {"window": window})
        # From a level as it stands now; of a peak from where its trend stands, for today may be a quiet day.
        trend = f"predict_linear({n.USED_DAILY}{{{PEAK}}}[{within}], 0) and {_there(timing)}"
        full = f"last_over_time({n.FULL}[{timing.lasts('1h')}])"
        level = f"{n.USED_HOURLY}{{{LEVEL}}}"
        stands = f"({level} or {trend})" if window in TRENDS else level
        room = f"{full}\n- on (resource) group_right ()\n{stands}"
        yield Record(n.ROOM, f"{room}\nand ignoring (window) {grows}", {"window": window})


def _windows() -> Iterator[tuple[str, str, str]]:
    """Each window, the daily records that it reads, and when they were."""
    yield from ((window, n.USED_DAILY, n.USED_DAY) for window in TRENDS)
    yield from ((window, n.RENEWED, n.RENEWED_DAY) for window in SHORTER)


def _margin(timing: Timing, window: str, of: str, when: str) -> str:
    """Half of the 90% interval of a pace: the slope's standard error by least squares, times Student's t.

    The error is sqrt((var y / var x - slope²) / (n - 2)). t for 5% at each end is, within 2% from two degrees of
    freedom on, 1.645 + 1.6 / df + 1.9 / df² (checked against the NIST/SEMATECH e-Handbook, 1.3.6.7.2).
    """
    within = timing.range(window)
    spread = labelled(f"stdvar_over_time({of}[{within}]) / stdvar_over_time({when}[{within}])", "window", window)
    free = f'({n.GROWTH_SAMPLES}{{window="{window}"}} - 2)'
    left = f'{spread} - {n.GROWTH}{{window="{window}"}} ^ 2'
    return f"sqrt(clamp_min(\n  {left}, 0\n) / {free})\n* (1.645 + 1.6 / {free} + 1.9 / {free} ^ 2)"


def forecast_rules() -> Iterator[Record]:
    """Days until it is full: as the trends have it together, at the earliest, at the latest.

    Together is the mean of their paces towards it, 1 / days, in which one that doesn't grow is a 0. The others are the
    earliest and latest of the 90% intervals of each trend's own pace.
    """
    central, low, high = (
        # So slow a pace is beyond the longest time: no growth, and no division by nothing or less.
        f"clamp({n.ROOM} / clamp_min({pace}, 1e-9), {SOONEST_DAYS:g}, {LONGEST_DAYS})"
        for pace in (n.GROWTH, f"{n.GROWTH} + {n.MARGIN}", f"{n.GROWTH} - {n.MARGIN}")
    )
    for bound, days in (
        ("central", f"1 / avg without (window) (1 / {central})"),
        ("low", f"min without (window) ({low})"),
        ("high", f"max without (window) ({high})"),
    ):
        yield Record(n.DAYS_HOURLY, days, {"bound": bound})


def _cleaned(timing: Timing, window: str) -> str:
    return f"last_over_time({n.CLEANED}[{timing.range(window)}])"


def _there(timing: Timing) -> str:
    """What was measured within the hour."""
    return f"last_over_time({n.USED}[{timing.lasts('1h')}])"


def _day(timing: Timing) -> str:
    """Seconds in a day, scaled, as PromQL writes numbers."""
    return f"{86400 / timing.scale:g}"


def _short_of_a_day(timing: Timing) -> str:
    return timing.lasts("1410m")
