"""Every recorded series: when all is well, while something is bad, afterwards, and without data."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.services import Leaf, Node, Objective, Service, Window
from dashboards import names
from dashboards.objectives import group
from dashboards.rule import Record
from dashboards.rules.alerts import Places
from dashboards.timing import LONG, SHORT, Timing
from tests.dashboards.promtool import Case, catalogue, judge

EPR = Service(
    "epr",
    "Records",
    Node(2, (Leaf("web", "web"), Node(1, (Leaf("a", "steady"), Leaf("b", "steady - 1"))))),
    (
        Objective("open", "availability", 0.99),
        Objective("ok", "events", 0.9, errors="sum(rate(errors[{{.window}}]))", total="rate(events[{{.window}}])"),
    ),
)

SAID = 'service="epr", instance="c", job="node"'
GROUPS = 'tower="t", site="s", supplier="u", tier="1", key_property="safety", owner="desk"'

# Well for half an hour, bad for 20 minutes, well for 40, nothing for 20, well again.
SERIES = {
    "web": "1x29 0x19 1x39 stale _x19 1x100",
    "steady": "1x300",
    f"service_agreed{{{SAID}}}": "1x300",
    f"service_maintenance{{{SAID}}}": "0x300",
    f"service_users{{{SAID}}}": "120x300",
    f'service_month{{month="2026-11", {SAID}}}': "1x300",
    f"service_info{{{GROUPS}, {SAID}}}": "1x300",
    f'service_period_agreed_seconds{{objective="open", {SAID}}}': "2592000x300",
    f'service_period_agreed_seconds{{objective="ok", {SAID}}}': "2592000x300",
    # Sixty events a minute, half of them errors while it is bad.
    "events": "0+60x89 stale _x19 5400+60x100",
    "errors": "0x29 30+30x19 600x39 stale _x19 600x100",
}

TIMES = ("20m", "40m", "80m", "100m")

Numbers = tuple[float | None, float | None, float | None, float | None]
"""At each of those times; None is absent."""

DAY = (0, 11 / 41, 20 / 81, 20 / 90)
"""Bad of what was measured; 11 minutes are unknown at the end."""

LOW = (0, 11 / 41, 20 / 81, 20 / 101)
HIGH = (0, 11 / 41, 20 / 81, 31 / 101)
BUDGET = 25_920
"""Seconds: 1% of 30 days."""

USED = (0, 660 / BUDGET, 1200 / BUDGET, 1200 / BUDGET)


def less(one: float, numbers: tuple[float, float, float, float]) -> Numbers:
    return (one - numbers[0], one - numbers[1], one - numbers[2], one - numbers[3])


def times(factor: float, numbers: tuple[float, float, float, float]) -> Numbers:
    return (factor * numbers[0], factor * numbers[1], factor * numbers[2], factor * numbers[3])


def always(value: float) -> Numbers:
    return (value, value, value, value)


EVENTS = (4320 * 18 / 21, 4320 * 38 / 41, 4320 * 78 / 81, math.nan)
"""A tenth of a month's events. At first a rate over 5 minutes sees a fifth to four fifths of one, and what it makes of
the minutes after the last sample is its own affair."""

OPEN = 'sloth_slo="open"'
EXPECTED: dict[str, Numbers] = {
    'service:half{half="even"}': (1, 1, None, None),
    'service:half{half="odd"}': (None, None, 1, 1),
    'service:month{month="2026-11"}': always(1),
    'service:now{half="odd"}': (None, None, 1, 1),
    f"service:info{{{GROUPS}}}": always(1),
    "service:promised": always(1),
    "service:users": always(120),
    "service:agreed": always(1),
    "service:maintenance": always(0),
    'service:component:up{component="web"}': (1, 0, 1, None),
    'service:component:up{component="group 2"}': always(1),
    'service:component:up{component="b"}': always(0),
    "service:up": (1, 0, 1, None),
    "service:unknown": (0, 0, 0, 1),
    "service:measured": (1, 1, 1, 0),
    "service:bad": (0, 1, 0, None),
    "service:incident": (0, 1, 0, 0),
    "service:incident:begins": always(0),
    "objective:events": (1, 1, 1, None),
    "objective:errors": (0, 0.5, 0, None),
    'service:count:minute{of="bad"}': (0, 1, 0, None),
    'service:count:minute{of="downtime"}': (0, 1, 0, None),
    'service:count:minute{of="spoiled"}': (0, 1, 0, None),
    'service:count:hour{of="bad"}': (0, 11, 0, 0),
    'service:count:hourly{of="bad"}': (None, None, None, None),
    'service:count:months{of="bad"}': (0, 11, 20, 20),
    'service:count:sum{of="bad", window="5m"}': (0, 5, 0, None),
    'service:count:sum{of="measured", window="1h"}': (21, 41, 60, 60 - 11),
    'service:count:sum{of="agreed", window="30d"}': (21, 41, 81, 101),
    **{f'service:count:sum{{of="bad", window="{w}"}}': (0, 11, 20, 20) for w in (*LONG, "month")},
    'service:count:sum{of="incidents", window="month"}': (0, 1, 1, 1),
    'service:error:ratio{window="1d"}': DAY,
    'service:error:ratio{window="5m"}': (0, 1, 0, None),
    'service:availability:ratio{window="month"}': less(1, DAY),
    'service:availability:ratio_low{window="7d"}': less(1, HIGH),
    'service:availability:ratio_high{window="7d"}': less(1, LOW),
    # BudgetBurnFast pages with the ninth bad minute, eight after the first.
    'service:mttd:seconds{window="30d"}': (None, 480, 480, 480),
    'service:detections:count{window="30d"}': (None, 1, 1, 1),
    'service:incidents:count{window="1d"}': (0, 1, 1, 1),
    'service:downtime:seconds{window="1d"}': (0, 660, 1200, 1200),
    'service:mtrs:seconds{window="1d"}': (None, 660, 1200, 1200),
    'service:mtbf:seconds{window="1d"}': (None, 1800, 3660, 4200),
    'service:user_hours:lost{window="1d"}': (0, 22, 40, 40),
    'tower:availability:ratio{tower="t", window="1d"}': less(1, DAY),
    'site:availability:ratio{site="s", window="1d"}': less(1, DAY),
    'supplier:availability:ratio{supplier="u", window="1d"}': less(1, DAY),
    'tier:availability:ratio{tier="1", window="1d"}': less(1, DAY),
    'key_property:availability:ratio{key_property="safety", window="1d"}': less(1, DAY),
    'objective:error:ratio{objective="open", window="28d"}': DAY,
    'objective:error:ratio{objective="ok", window="5m"}': (0, 0.5, 0, None),
    'objective:error:ratio_low{window="1d"}': LOW,
    'objective:error:ratio_high{window="1d"}': HIGH,
    'objective:bad:samples{objective="open", window="1h"}': (0, 11, 20, 9),
    # 24 evaluations looked back on an error, less the five in which a single one is seen.
    # Prometheus 3 looks back on one sample less: 18 whichever it is.
    'clamp_max(objective:bad:samples{objective="ok", window="6h"}, 18)': (0, 6, 18, 18),
    'objective:budget:seconds{objective="open"}': always(BUDGET),
    'objective:budget:events{objective="ok"}': EVENTS,
    'objective:budget:consumed{objective="open", window="30d"}': USED,
    'objective:budget:left{objective="open"}': less(1, USED),
    'objective:budget:left_low{objective="open"}': less(1, (*USED[:3], 1860 / BUDGET)),
    'objective:budget:consumed_minutes{objective="open"}': (0, 11, 20, 20),
    'objective:budget:left_minutes{objective="open"}': (432, 421, 412, 412),
    'objective:budget:burning{objective="open", urgency="page"}': (None, 660 / BUDGET, None, None),
    'objective:budget:burning{objective="open", urgency="ticket"}': (None, None, None, None),
    f"slo:objective:ratio{{{OPEN}}}": always(0.99),
    f"slo:error_budget:ratio{{{OPEN}}}": always(0.01),
    f"slo:time_period:days{{{OPEN}}}": always(30),
    f"slo:current_burn_rate:ratio{{{OPEN}}}": (0, 100, 0, None),
    f"slo:period_burn_rate:ratio{{{OPEN}}}": times(100, DAY),
    f"slo:period_error_budget_remaining:ratio{{{OPEN}}}": less(1, (0, 1100 / 41, 2000 / 81, 2000 / 90)),
    f'sloth_slo_info{{{OPEN}, sloth_objective="99", sloth_id="epr-open", sloth_service="epr"}}': always(1),
    f'slo:sli_error:ratio_rate5m{{{OPEN}, sloth_window="5m"}}': (0, 1, 0, None),
    f'slo:sli_error:ratio_rate30m{{{OPEN}, sloth_window="30m"}}': (0, 11 / 30, 0, 0),
    f'slo:sli_error:ratio_rate1h{{{OPEN}, sloth_window="1h"}}': (0, 11 / 41, 20 / 60, 9 / 49),
    f'slo:sli_error:ratio_rate2h{{{OPEN}, sloth_window="2h"}}': DAY,
    f'slo:sli_error:ratio_rate6h{{{OPEN}, sloth_window="6h"}}': DAY,
    **{f'slo:sli_error:ratio_rate{w}{{{OPEN}, sloth_window="{w}"}}': DAY for w in LONG},
}

ELSEWHERE = {
    # In test_sums and test_histories, where a month ends; in test_alerts, where one service depends on another.
    names.COUNT_MONTHLY,
    names.SERVICE_DEPENDENCY_DOWN,
    # In test_service_records, of a single outage.
    names.UNTOLD,
    names.DETECTION,
}


@pytest.mark.parts
def test_every_record_is_what_was_worked_out(part: Callable[[str], Path], tmp_path: Path) -> None:
    case = Case("records", SERIES)
    for selector, expected in EXPECTED.items():
        for at, value in zip(TIMES, expected, strict=True):
            if value is None:
                case.look(at, selector)
            elif not math.isnan(value):
                # To a billionth, as sums of fractions are; promtool knows only equal.
                case.look(at, f"round(sum({selector}) * 1e9) - round({value!r} * vector(1e9))", 0)
    # One sample for a full hour, in the first minute of the next.
    case.look("60m", 'sum(service:count:hourly{of="bad"})', 20).look("61m", "service:count:hourly")
    case.look("31m", "sum(service:incident:begins)", 1).look("30m", "sum(service:incident)", 0)
    # Five good minutes: 50 to 54.
    case.look("53m", "sum(service:incident)", 1).look("54m", "sum(service:incident)", 0)

    assert judge(part("promtool"), tmp_path, catalogue(EPR), [case]) == ""


def test_there_is_no_record_that_no_test_looks_at() -> None:
    recorded = {rule.name for rule in group(catalogue(EPR), Timing(), Places()).rules if isinstance(rule, Record)}

    assert recorded == {selector.split("{")[0].removeprefix("clamp_max(") for selector in EXPECTED} | ELSEWHERE
    assert {f"slo:sli_error:ratio_rate{window}" for window in (*SHORT, *LONG)} <= recorded


@pytest.mark.parts
def test_what_the_collector_said_is_believed_for_an_hour(part: Callable[[str], Path], tmp_path: Path) -> None:
    gone = {series: "1x29 stale" for series in SERIES if series.startswith("service_")}
    case = Case("gone", {"web": "1x300", "steady": "1x300", **gone})
    for name in ("service:agreed", "service:month", "service:now", "service:measured"):
        case.look("80m", f"count({name})", 1).look("95m", name)
    # Nor is a month over because nobody says which one it is.
    case.look("200m", "last_over_time(service:count:monthly[1d])")
    # The state of the service needs nothing of the collector, and its owner is remembered.
    case.look("95m", 'count(service:info{owner="desk"})', 1)
    case.look("95m", "sum(service:up)", 1).look("95m", "service:bad")

    assert judge(part("promtool"), tmp_path, catalogue(EPR), [case], only="service:|slo:objective") == ""


@pytest.mark.parts
def test_two_collectors_that_disagree_break_nothing(part: Callable[[str], Path], tmp_path: Path) -> None:
    other = 'service="epr", instance="d", job="node"'
    case = Case("two", SERIES | {f'service_month{{month="2026-12", {other}}}': "1x300"})
    case.series = {**case.series, f'service_info{{owner="other", {other}}}': "1x300"}
    case.look("40m", "count(service:month)", 1).look("40m", "count(service:info)", 1)
    case.look("40m", 'sum(service:count:sum{of="bad", window="1d"})', 11)

    assert judge(part("promtool"), tmp_path, catalogue(EPR), [case], only="service:") == ""


def steady(share: float, target: float = 0.999) -> Case:
    """Sixty events a minute around the clock, of which this share are errors."""
    return Case(
        f"{share:.1%} of errors",
        {
            "events": "0+60x200",
            "errors": f"0+{60 * share!r}x200",
            f"service_agreed{{{SAID}}}": "1x200",
            f"service_maintenance{{{SAID}}}": "0x200",
            f'service_month{{month="2026-11", {SAID}}}': "1x200",
            f'service_period_agreed_seconds{{objective="ok", {SAID}}}': "2592000x200",
        },
    )


def events(window: Window | None = None, **queries: str) -> Service:
    asked = {"errors": "rate(errors[{{.window}}])", "total": "rate(events[{{.window}}])"} | queries
    return Service("epr", "E", None, (Objective("ok", "events", 0.999, window or Window(30), **asked),))


@pytest.mark.parts
def test_events_page_at_the_factor_that_sloth_documents(part: Callable[[str], Path], tmp_path: Path) -> None:
    """14.4 times 0.1% is 1.44%: after an hour 1.5% has used more than 2% of the budget, 1.4% less."""
    above, below = steady(0.015), steady(0.014)
    above.look("60m", 'count(objective:budget:burning{urgency="page", window="1h"})', 1)
    below.look("60m", 'objective:budget:burning{urgency="page", window="1h"}')
    # Events only: nobody misses its state.
    above.look("60m", "service:unknown")

    assert judge(part("promtool"), tmp_path, catalogue(events()), [above, below]) == ""


@pytest.mark.parts
def test_a_single_error_among_few_events_burns_nothing_nor_do_no_events(
    part: Callable[[str], Path], tmp_path: Path
) -> None:
    few = steady(0)
    few.name = "three events an hour, and one of them fails"
    few.series = {**few.series, "events": "0x19 1x19 2x19 3x100", "errors": "0x39 1x200"}
    few.look("42m", 'sum(objective:error:ratio{window="1h"}) > bool 0', 1).look("42m", "objective:budget:burning")
    none = steady(0)
    none.name = "no events"
    none.series = {**none.series, "events": "7x200", "errors": "7x200"}
    none.look("60m", "objective:budget:burning").look("60m", "objective:error:ratio")
    broken = steady(0)
    broken.name = "NaN for a while"
    broken.series = {**broken.series, "events": "0+60x9 NaN 0+60x100", "errors": "0x9 NaN 0x100"}
    broken.look("60m", 'sum(objective:error:ratio{window="1d"})', 0)

    assert judge(part("promtool"), tmp_path, catalogue(events()), [few, none, broken]) == ""


@pytest.mark.parts
def test_latency_counts_probes_that_are_not_answered_in_time(part: Callable[[str], Path], tmp_path: Path) -> None:
    service = Service("epr", "E", None, (Objective("ok", "latency", 0.9, Window(7), 1.0, "d_seconds", 'm="x"'),))
    case = steady(0)
    case.series = {
        **case.series,
        'd_seconds_count{m="x"}': "0+4x200",
        'd_seconds_bucket{m="x", le="1"}': "0+3x200",
        'd_seconds_bucket{m="x", le="0.5"}': "0+1x200",
        'd_seconds_count{m="y"}': "0+9x200",
    }
    case.look("60m", 'sum(objective:error:ratio{window="1h"})', 0.25)
    case.look("60m", "sum(slo:time_period:days)", 7)

    assert judge(part("promtool"), tmp_path, catalogue(service), [case]) == ""


@pytest.mark.parts
def test_two_objectives_of_one_service_have_a_budget_each(part: Callable[[str], Path], tmp_path: Path) -> None:
    objectives = (
        Objective("open", "availability", 0.99),
        Objective("monthly", "availability", 0.9, Window(period="month"), labels={"team": "ward"}),
    )
    service = Service("epr", "E", EPR.tree, objectives)
    period = f'service_period_agreed_seconds{{objective="monthly", {SAID}}}'
    case = Case("two", SERIES | {period: "1296000x300"})
    case.look("40m", 'round(sum(objective:budget:left_minutes{objective="open", window="30d"}), 1e-6)', 432 - 11)
    # A tenth of 15 agreed days.
    case.look("40m", 'round(sum(objective:budget:left_minutes{objective="monthly", window="month"}), 1e-6)', 2160 - 11)
    case.look("40m", 'count(objective:error:ratio{window="1h"})', 2)
    case.look("40m", 'sum(slo:objective:ratio{team="ward"})', 0.9)
    # January 1970.
    case.look("40m", 'sum(slo:time_period:days{sloth_slo="monthly"})', 31)

    assert judge(part("promtool"), tmp_path, catalogue(service), [case]) == ""
