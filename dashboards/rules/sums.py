"""Sums over windows and calendar periods, without reading every sample (docs/objectives.md).

Each minute is recorded once, under the half (even or odd) of its hour. The samples of the current half in the last
hour are then exactly the hour under way, and those of the other half in the last two hours exactly the hour before,
which is recorded once when it is over. A window is the full hours whose sums were recorded in it, and the hour under
way, less what the hour in which it began had seen by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dashboards import names as n
from dashboards.promql import labelled, pattern, union
from dashboards.rule import Record
from dashboards.timing import LONG, SHORT, Timing

TIME = ("agreed", "measured", "bad", "downtime", "incidents")
"""Of services: minutes, and how many incidents began in each."""

EVENTS = ("errors", "events", "spoiled")
"""Of objectives by events: as their queries count them, and minutes that saw an error."""

BURNING = ("bad", "measured", *EVENTS)
"""What short windows are asked about."""

MONTH_DAYS = "32d"
"""Holds a whole month and the hour after it."""

FINISHED_DAYS = "60d"
"""Two months: one that is over was recorded within them."""

YEAR_DAYS = "340d"
"""Holds the ends of eleven months, and no month's end twice."""

PERIOD_MONTHS: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "quarter": ((1, 2, 3), (4, 5, 6), (7, 8, 9), (10, 11, 12)),
    "year": (tuple(range(1, 13)),),
    "financial_year": ((4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2, 3),),
}
"""The months that make each period, in order. A financial year begins on 1 April."""


def minute_rules() -> Iterator[Record]:
    """Each evaluation's quantities, once."""
    where = f"\n* on (service) group_left (month, half) {n.NOW}"
    # The first of the two evaluations with which an incident begins belongs to it.
    down = f"{n.BAD} * {n.INCIDENT} + {n.BEGINS}"
    for of, expr in zip(TIME, (n.AGREED, n.MEASURED, n.BAD, f"({down})", n.BEGINS), strict=True):
        yield Record(n.COUNT_MINUTE, expr + where, {"of": of})
    owed = f"and on (service) ({n.AGREED} == 1)"
    for of, expr in zip(EVENTS, (n.ERRORS, n.EVENTS, f"{n.ERRORS} > bool 0"), strict=True):
        yield Record(n.COUNT_MINUTE, f"(({expr}) {owed}){where}", {"of": of})


def hour_rules(timing: Timing) -> Iterator[Record]:
    """The hour under way, and each full hour once: at the first evaluation after it, or the next that runs."""
    hour, two = timing.lasts("1h"), timing.lasts("2h")
    under_way = f"sum_over_time({n.COUNT_MINUTE}[{hour}]) and on (half) {n.HALF}"
    yield Record(n.COUNT_HOUR, f"sum without (half) ({under_way})", {"half": "under way"})
    before = f"sum_over_time({n.COUNT_MINUTE}[{two}]) unless on (half) {n.HALF}"
    yield Record(n.COUNT_HOURLY, f"({before})\nunless last_over_time({n.COUNT_HOURLY}[{hour}])")


def month_rules(timing: Timing) -> Iterator[Record]:
    """The months of the last weeks, and each full month once, when its last hour is over."""
    hours = f"sum_over_time({n.COUNT_HOURLY}[{timing.range(MONTH_DAYS)}])"
    yield Record(n.COUNT_MONTHS, f"sum without (half) ({hours} or {n.COUNT_HOUR})")
    # Only by what a collector says now: else the one under way would seem to be over when nobody says anything.
    said = n.SCRAPED_MONTH
    over = f"({n.COUNT_MONTHS} and on (service) {said})\nunless on (service, month) {said}"
    recorded = f"last_over_time({n.COUNT_MONTHLY}[{timing.lasts(FINISHED_DAYS)}])"
    yield Record(n.COUNT_MONTHLY, f"{over}\nunless on (service, month) {n.COUNT_HOUR}\nunless {recorded}")


def window_rules(timing: Timing) -> Iterator[Record]:
    for window in SHORT:
        minutes = f"{n.COUNT_MINUTE}{{of=~{pattern(BURNING)}}}[{timing.range(window)}]"
        yield Record(n.COUNT, f"sum without (half, month) (sum_over_time({minutes}))", {"window": window})
    for window in LONG:
        hours = f"sum_over_time({n.COUNT_HOURLY}[{timing.range(window)}])"
        began = labelled(f"-{n.COUNT_HOUR} offset {timing.lasts(window)}", "half", "begun")
        yield Record(
            n.COUNT,
            # Below 0 only where an hour's sum was lost, as when Prometheus was away all of the hour after.
            f"clamp_min(sum without (half, month) (\n  {hours}\n  or {n.COUNT_HOUR}\n  or {began}\n), 0)",
            {"window": window},
        )
    month = f"{n.COUNT_MONTHS} and on (service, month) {n.MONTH}"
    yield Record(n.COUNT, f"sum without (month) ({month})", {"window": "month"})


def period_rules(timing: Timing, periods: Mapping[str, Sequence[str]]) -> Iterator[Record]:
    """Months that are over and the one under way; only for those services that promise something by the period.

    Which months those are depends on the current one. Numbers say it without years: none comes twice in 340 days.
    """
    for period, services in periods.items():
        those = f"service=~{pattern(services)}"
        finished = f"{n.COUNT_MONTHLY}{{{those}, month=~%s}}[{timing.lasts(YEAR_DAYS)}]"
        parts = [f'{n.COUNT}{{window="month", {those}}}']
        for months in PERIOD_MONTHS[period]:
            for index in range(1, len(months)):
                earlier = f'".+-({"|".join(f"{month:02}" for month in months[:index])})"'
                now = f'{n.MONTH}{{{those}, month=~".+-{months[index]:02}"}}'
                sums = f"sum_over_time({finished % earlier})"
                parts.append(f"{sums} and on (service) {now}")
        yield Record(n.COUNT, f"sum without (month, window) (\n  {union(parts)}\n)", {"window": period})
