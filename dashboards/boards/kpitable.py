"""Tables of KPIs for the board of directors, one for each kind of unit: a column has one unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dashboards import names as n
from dashboards.palette import KPI, TREND, Words
from dashboards.panels import Column, Panel, Query, table

_BETTER: Final = f'(({n.KPI_TREND} and on (kpi) {n.KPI_INFO}{{direction="up"}}) or on (kpi) -{n.KPI_TREND})'
_MATTERS: Final = f"abs({n.KPI_TARGET} - on (kpi) {n.KPI_AMBER}) / 10"
WAY: Final = f"(sgn({_BETTER}) * on (kpi) (abs({_BETTER}) > bool on (kpi) {_MATTERS}) or on (kpi) sgn({_BETTER}))"
"""1 better, 0 steady, -1 worse, by KPI: steady is less in 30 days than a tenth of the way from target to amber."""

HOURS: Final = 3600
DAYS: Final = 86400


def tables() -> tuple[Panel, ...]:
    return (
        _table("Shares", 'unit="ratio"', "percentunit", 2, height=24),
        _table("Times", 'unit=~"seconds|hours|days"', "s", 1, height=9),
        _table("Counts, scores and amounts", 'unit=~"count|score|currency"', "none", 1, height=5),
    )


def _table(title: str, units: str, unit: str, decimals: int, *, height: int) -> Panel:
    shown = f"({n.KPI_INFO}{{{units}}} and on (kpi) {n.KPI_VALUE})"
    columns: list[Column] = []
    queries: list[Query] = []
    for letter, (heading, width, expr, words) in zip("ABCDEFGHI", _numbers(unit), strict=True):
        queries.append(Query(f"max by (kpi) ({expr} and on (kpi) {shown})"))
        share = heading == "Of the way"
        columns.append(
            Column(
                f"Value #{letter}",
                heading,
                "percentunit" if share else unit,
                0 if share else decimals,
                words=words,
                width=width,
            )
        )
    queries.append(Query(f"max by (kpi, title, definition) {shown}"))
    # On a phone there is room for two columns.
    columns.insert(1, Column("title", "KPI", width=325))
    columns.append(Column("definition", "What is counted"))
    return table(
        title,
        "Each KPI of which there is a value: its state and value, its target, its state 30 days ago, where the last 30 "
        "days lead, what that makes in 30 days more, where it began and how much of the way to the target is done, and "
        "how much better it is than its peers' median. Good: ✓ kept, or ▲ better.",
        queries,
        columns,
        sort="State",
        falling=False,
        none="None of these is known yet",
        height=height,
    )


def _numbers(unit: str) -> Iterator[tuple[str, int, str, Words]]:
    """Headings, their widths, expressions by KPI in the table's unit, and their words where they are states."""
    scaled = _seconds if unit == "s" else str
    soon = f"clamp_min({n.KPI_VALUE} + on (kpi) {n.KPI_TREND}, 0)"
    peers = f'max by (kpi) ({n.KPI_PEERS}{{quartile="median"}}) or max by (kpi) ({n.KPI_PEERS})'
    yield "State", 110, f"({n.KPI_STATUS} or on (kpi) {n.KPI_VALUE} * 0 + 3)", KPI
    yield "Now", 90, scaled(n.KPI_VALUE), {}
    yield "Target", 95, scaled(n.KPI_TARGET), {}
    # What was so then may be kept by the hour only.
    yield "30 days ago", 125, f"last_over_time({n.KPI_STATUS}[2h] offset 30d)", KPI
    yield "Trend", 105, WAY, TREND
    yield "In 30 days", 110, scaled(f"clamp_max({soon}, 1)" if unit == "percentunit" else soon), {}
    yield "Began at", 105, scaled(f"max by (kpi) ({n.KPI_BASELINE})"), {}
    yield "Of the way", 110, n.KPI_PROGRESS, {}
    yield "Than peers", 115, scaled(f"({peers})"), {}


def _seconds(expr: str) -> str:
    """What is in hours or days, in seconds."""
    hours, days = (f'{n.KPI_INFO}{{unit="{unit}"}} * {length}' for unit, length in (("hours", HOURS), ("days", DAYS)))
    each = f'max by (kpi) ({n.KPI_INFO}{{unit="seconds"}} or {hours} or {days})'
    return f"({expr}) * on (kpi) {each}"
