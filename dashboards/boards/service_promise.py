"""What a service promised, and what became of it: error budgets, availability, incidents."""

from __future__ import annotations

from typing import Final

from dashboards import names as n
from dashboards.palette import BAD, CALM, Step
from dashboards.panels import Column, Panel, Query, series, table
from dashboards.rules.budgets import USUAL, WEEK
from dashboards.rules.objectives import own_window
from dashboards.timing import SHORT

ONE: Final = 'service="$service"'


def burn() -> Panel:
    paces = [
        Query(
            f'max by (objective) ({n.CONSUMED}{{{ONE}, window="{usual.window}"}})\n'
            f'/ (max by (objective) ({n.SLOTH_OBJECTIVE}{{{ONE}, period="7d"}}) * 0 + {week.share:g}\n'
            f"or max by (objective) ({n.SLOTH_OBJECTIVE}{{{ONE}}}) * 0 + {usual.share:g})",
            f"{{{{objective}}}} in {usual.window} ({usual.urgency})",
        )
        for usual, week in zip(USUAL, WEEK, strict=True)
    ]
    return series(
        "Burn, as a share of what calls somebody",
        "What of the budget went within each window, over the share at which that pages or becomes a ticket (SRE "
        "workbook, chapter 5). Good: far below 1.",
        paces,
        "percentunit",
        steps=(Step(None, CALM), Step(1, BAD)),
        low=0,
        reaches=1,
    )


def left() -> Panel:
    own = own_window(n.BUDGET_SECONDS)
    return series(
        "Budget left",
        "The share of the budget that is left in the period, and what it would be were all that nobody knows bad. "
        "Good: it falls no faster than the period goes by.",
        (
            Query(f"max by (objective) ({n.LEFT}{{{ONE}}})", "{{objective}}"),
            Query(
                f"min by (objective) ({n.LEFT_LOW}{{{ONE}}} and on (service, objective, window) {own})",
                "{{objective}}, unknown counted as bad",
            ),
        ),
        "percentunit",
        steps=(Step(None, BAD), Step(0, CALM)),
        high=1,
    )


def objectives() -> Panel:
    own = own_window(n.BUDGET_SECONDS)

    def of(name: str) -> Query:
        return Query(f"max by (objective, window) ({name}{{{ONE}}} and on (service, objective, window) {own})")

    return table(
        "Objectives",
        "Each objective in its own period: the share that was bad, with both bounds (unknown counted as good, and as "
        "bad), and minutes of its budget that are gone and left. Good: bad is less than the target allows.",
        (
            Query(f"max by (objective, kind) ({n.SLOTH_OBJECTIVE}{{{ONE}}})"),
            of(n.ERROR),
            of(n.ERROR_LOW),
            of(n.ERROR_HIGH),
            of(n.CONSUMED_MINUTES),
            of(n.LEFT_MINUTES),
        ),
        (
            Column("objective", "Objective"),
            Column("kind", "Kind"),
            Column("window", "Period", width=90),
            Column("Value #A", "Target", "percentunit", 3, width=110),
            Column("Value #B", "Bad", "percentunit", 3, width=110),
            Column("Value #C", "Bad at least", "percentunit", 3, width=130),
            Column("Value #D", "Bad at most", "percentunit", 3, width=130),
            Column("Value #E", "Minutes gone", "none", 0, width=140),
            Column("Value #F", "Minutes left", "none", 0, width=140),
        ),
        none="Nothing is promised",
        height=6,
    )


def windows() -> Panel:
    def by(name: str) -> Query:
        return Query(f'max by (window) ({name}{{{ONE}, window!~"{"|".join(SHORT)}"}})')

    return table(
        "Availability and incidents",
        "Over rolling windows and calendar periods, in agreed time: availability with both bounds (unknown counted as "
        "good, and as bad), incidents, downtime, mean time between and to restore, user-hours lost.",
        (
            by(n.AVAILABILITY),
            by(n.AVAILABILITY_LOW),
            by(n.INCIDENTS),
            by(n.DOWNTIME),
            by(n.MTRS),
            by(n.MTBF),
            by(n.USER_HOURS),
        ),
        (
            Column("window", "Window", width=85),
            Column("Value #A", "Availability", "percentunit", 3, width=120),
            Column("Value #B", "At least", "percentunit", 3, width=95),
            Column("Value #C", "Incidents", "none", 0, width=100),
            Column("Value #D", "Downtime", "dtdurations", width=105),
            Column("Value #E", "To restore", "dtdurations", width=105),
            Column("Value #F", "Between", "dtdurations", width=100),
            Column("Value #G", "User-hours", "none", 1, width=110),
        ),
        sort="Window",
        falling=False,
        width=13,
        height=10,
    )


def incidents() -> Panel:
    begins = f"timestamp({n.BEGINS}{{{ONE}}} == 1)[59m30s:1m]"
    return table(
        "Incidents, by the hour",
        "Each hour of the board's time range in which it was in an incident: when the first began, and the last where "
        "several did, how many began, and how many minutes of that hour they took. An incident begins with two bad "
        "minutes and ends with five good ones. Good: none.",
        (
            Query(f"min_over_time({begins}) * 1000"),
            Query(f"(max_over_time({begins}) > min_over_time({begins})) * 1000"),
            Query(f"count_over_time({begins})"),
            Query(f"count_over_time(({n.INCIDENT}{{{ONE}}} == 1)[59m30s:1m])"),
        ),
        (
            Column("Time", "Hour until", "dateTimeAsIso", width=160),
            Column("Value #A", "First began", "dateTimeAsIso", width=160),
            Column("Value #B", "Last began", "dateTimeAsIso", width=160),
            Column("Value #C", "Begun", "none", 0, width=85),
            Column("Value #D", "Minutes", "none", 0, width=90),
        ),
        sort="Hour until",
        none="None",
        each="1h",
        width=11,
        height=10,
    )
