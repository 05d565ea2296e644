"""KPIs and scorecard: one page for the board of directors."""

from __future__ import annotations

from typing import Final

from collector.config import Config
from dashboards import names as n
from dashboards.board import Board, Mark, Row
from dashboards.boards import kpitable
from dashboards.boards.queries import TO_SERVICE
from dashboards.palette import BAD, GOOD, KPI, QUIET, UNKNOWN, WARN, Step, any_is
from dashboards.panels import Column, Panel, Query, series, stat, table

ABOUT: Final = """**For** the board of directors.
**Good** is: nothing missed, nothing unknown, and more that gets better than worse.
What is missed says below what keeps it so and what helps. Silence is never green."""

MONTH: Final = '{window="month"}'
SCORE: Final = (Step(None, BAD), Step(0.25, WARN), Step(0.75, GOOD))
"""A score is as near to a state as the state's own number: red is 0, amber a half, green 1."""


def board(config: Config) -> Board:
    return Board(
        uid="wardwatch-kpis",
        title="Is IT as good as it ought to be, and is it getting better?",
        about=ABOUT,
        since="now-90d",
        refresh="5m",
        marks=(Mark("Promises broken", f"{n.LEFT} < 0", "Promise broken", BAD, "{{service}} {{objective}}"),),
        rows=(
            Row("", _first()),
            Row("Scorecard", (_items(), _pillars(), _towers())),
            Row("KPIs: against target, the past and peers", kpitable.tables()),
            Row("What is missed, and why", (_drivers(), _unknown())),
            Row("Successes beside failures", (_kept(), _broken(), _journey())),
        ),
    )


def _first() -> tuple[Panel, ...]:
    counted = (
        ("Kept", "KPIs that are at their target or better. Good: all.", f"{n.KPI_STATUS} == 2", (Step(None, GOOD),)),
        ("Close", "KPIs between amber and their target.", f"{n.KPI_STATUS} == 1", any_is(WARN)),
        ("Missed", "KPIs that are worse than amber. Good: 0.", f"{n.KPI_STATUS} == 0", any_is(BAD)),
        (
            "Not known",
            "KPIs with a target of which there is no value. What is not known is not kept. Good: 0.",
            f"{n.KPI_STATUS} == -1",
            any_is(UNKNOWN),
        ),
        (
            "Getting worse",
            "KPIs whose last 30 days lead away from their target by more than a tenth of the way from it to amber. "
            "Good: 0.",
            f"{kpitable.WAY} == -1",
            any_is(WARN),
        ),
    )
    return (
        stat(
            "Score",
            "All items of the scorecard by their weight, of what is known: 0% is all missed, 100% all kept.",
            Query(n.SCORECARD_TOTAL),
            "percentunit",
            steps=SCORE,
            decimals=0,
            trend=True,
            none="? not known",
            width=3,
        ),
        *(
            stat(title, about, Query(f"count({expr}) or vector(0)"), steps=steps, width=3)
            for title, about, expr, steps in counted
        ),
    )


def _state(score: str, by: str, known: str) -> str:
    """The state that a score is nearest to; where nothing is known, that."""
    return f"max by ({by}) (round(2 * {score}) or on ({by}) ({known} == 0) - 1)"


def _score(name: str) -> tuple[Column, ...]:
    return (
        Column(f"Value #{name[0]}", "State", words=KPI, width=98),
        Column(f"Value #{name[1]}", "Score", "percentunit", 0, width=88),
        Column(f"Value #{name[2]}", "Known", "percentunit", 0, width=78),
    )


def _items() -> Panel:
    state, *numbers = _score("ABC")
    return table(
        "Items",
        "What the board looks at. Score: the weighted share of its known KPIs, from 0% (all missed) to 100% (all "
        "kept). Known: the share of weight of which there is a value. Weight: how much IT contributes. Good: ✓ kept, "
        "all known.",
        (
            Query(_state(n.SCORECARD_ITEM, "item", n.SCORECARD_ITEM_KNOWN)),
            Query(f"max by (item) ({n.SCORECARD_ITEM})"),
            Query(f"max by (item) ({n.SCORECARD_ITEM_KNOWN})"),
            Query(f"max by (item, name) ({n.SCORECARD_INFO})"),
        ),
        (
            Column("item", "No.", width=65),
            state,
            Column("name", "Item"),
            *numbers,
            Column("Value #D", "Weight", "none", 0, width=95),
        ),
        sort="Weight",
        width=11,
        height=13,
    )


def _pillars() -> Panel:
    return table(
        "Pillars",
        "The pillars of governance, as kpis.yml has them (GO-ACT), each of its KPIs. Good: ✓ kept, all known.",
        (
            Query(_state(n.SCORECARD_PILLAR, "pillar", n.SCORECARD_PILLAR_KNOWN)),
            Query(f"max by (pillar) ({n.SCORECARD_PILLAR})"),
            Query(f"max by (pillar) ({n.SCORECARD_PILLAR_KNOWN})"),
        ),
        (Column("pillar", "Pillar", least=110), *_score("ABC")),
        sort="Score",
        falling=False,
        width=6,
        height=13,
    )


def _towers() -> Panel:
    of = f"* on (service) group_left (tower) {n.INFO}"
    return table(
        "Towers",
        "Availability of each tower's services in this month's agreed hours, their interruptions, and the hours that "
        "users lost. Good: more than its services' targets, and none.",
        (
            Query(f"max by (tower) (tower:availability:ratio{MONTH})"),
            Query(f"sum by (tower) ({n.INCIDENTS}{MONTH} {of})"),
            Query(f"sum by (tower) ({n.USER_HOURS}{MONTH} {of})"),
        ),
        (
            Column("tower", "Tower", least=132),
            Column("Value #A", "Availability", "percentunit", 2, width=120),
            Column("Value #B", "Times", "none", 0, width=78),
            Column("Value #C", "Hours lost", "none", 0, width=106),
        ),
        sort="Availability",
        falling=False,
        none="No service names a tower",
        width=7,
        height=13,
    )


def _drivers() -> Panel:
    said = "title, owner, lever"
    red = f"{n.KPI_INFO} and on (kpi) ({n.KPI_STATUS} == 0)"
    rest = f'label_replace({red} unless on (kpi) {n.KPI_DRIVER}, "what", "all of it", "", "")'
    told = f"max by (kpi, what, {said}) ({n.KPI_DRIVER} * on (kpi) group_left ({said}) {n.KPI_INFO})"
    return table(
        "What keeps it missed, and what helps",
        "Of each KPI that is missed: the three things that count most, each with its share of all of them, and its "
        "lever. To say where to begin, not whom to blame. Good: empty.",
        Query(f"sort_desc({told} or max by (kpi, what, {said}) ({rest}))"),
        (
            Column("title", "KPI", width=290),
            Column("what", "By", width=260),
            Column("Value", "Share", "percentunit", 0, width=90),
            Column("lever", "What helps"),
            Column("owner", "Who can change it", width=155),
        ),
        sort="KPI",
        falling=False,
        none="✓ Nothing is missed",
        width=17,
        height=12,
    )


def _unknown() -> Panel:
    waiting = f'label_replace({n.KPI_INFO}{{waiting!=""}}, "why", "$1", "waiting", "(.*)")'
    silent = f'{n.KPI_INFO} and on (kpi) {n.KPI_UNKNOWN}{{why="no data"}}'
    return table(
        "What nobody knows yet",
        "How many KPIs wait for which source of data; and those that ought to have a value and have none. Good: empty.",
        Query(
            f"count by (why) ({waiting})"
            f' or count by (why) (label_replace({silent}, "why", "no data: $1", "title", "(.*)"))'
        ),
        (Column("why", "Why"), Column("Value", "KPIs", "none", 0, width=85)),
        sort="KPIs",
        none="✓ All is known",
        width=7,
        height=12,
    )


def _kept() -> Panel:
    good = f"{n.USERS} and on (service) ({n.INCIDENTS}{MONTH} == 0)"
    return table(
        "Services without an interruption this month",
        "Those with the most users first, ten at most; hours: agreed and known. Good: every service is here.",
        (
            Query(f"max by (service) (topk(10, {good}))"),
            Query(
                f'max by (service) ({n.COUNT}{{of="measured", window="month"}} and on (service) topk(10, {good}))/60'
            ),
        ),
        (
            Column("service", "Service", links=(TO_SERVICE,)),
            Column("Value #A", "Users", "none", 0, width=90),
            Column("Value #B", "Hours", "none", 0, width=80),
        ),
        sort="Users",
        none="✗ Every service was interrupted",
        width=7,
    )


def _broken() -> Panel:
    worst = f"topk(10, {n.USER_HOURS}{MONTH} and on (service) ({n.INCIDENTS}{MONTH} > 0))"

    def of(expr: str) -> Query:
        return Query(f"max by (service) ({expr} and on (service) {worst})")

    return table(
        "Interrupted this month",
        "Services that were interrupted: how often, for how long in agreed hours, how many hours users lost, and what "
        "is left of the error budget. The ten that cost users most. Good: empty.",
        (
            of(f"{n.USER_HOURS}{MONTH}"),
            of(f"{n.INCIDENTS}{MONTH}"),
            of(f"{n.DOWNTIME}{MONTH}"),
            Query(f"min by (service) ({n.LEFT} and on (service) {worst})"),
        ),
        (
            Column("service", "Service", links=(TO_SERVICE,)),
            Column("Value #A", "Hours lost", "none", 0, width=122),
            Column("Value #B", "Times", "none", 0, width=85),
            Column("Value #C", "Down", "s", 1, width=90),
            Column(
                "Value #D",
                "Budget left",
                "percentunit",
                0,
                steps=(Step(None, BAD), Step(0, QUIET)),
                width=120,
            ),
        ),
        sort="Hours lost",
        none="✓ Nothing was interrupted",
        width=9,
    )


def _journey() -> Panel:
    return series(
        "Score over time",
        "The whole scorecard and each pillar: 0% is all missed, 100% all kept. Good: rising, and at the top.",
        (Query(n.SCORECARD_TOTAL, "All"), Query(n.SCORECARD_PILLAR, "{{pillar}}")),
        "percentunit",
        low=0,
        high=1,
        none="Nothing is known yet",
        width=8,
        height=9,
    )
