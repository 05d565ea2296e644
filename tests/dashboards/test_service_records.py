"""Series of services that need a month's turn, a dependency, or hours of quiet after it, to be seen come and go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from collector.services import Leaf, Node, Objective, Service, Window
from dashboards.timing import Timing
from tests.dashboards.four import Table, level, pace
from tests.dashboards.promtool import Case, catalogue, judge

AFTER = 400
"""Minutes of quiet: longer than the longest of the short windows."""

OPEN = Objective("open", "availability", 0.99)
MONTHLY = Objective("monthly", "availability", 0.99, Window(period="month"))
OK = Objective("ok", "events", 0.9, errors="sum(rate(errors[{{.window}}]))", total="rate(events[{{.window}}])")
EPR = Service("epr", "Records", Node(1, (Leaf("web", "web"),)), (OPEN, OK, MONTHLY))
SERVICES = catalogue(
    EPR,
    Service("lab", "Laboratory", Node(1, (Leaf("analyser", "analyser"),)), (OPEN,)),
    Service("mail", "Mail", Node(1, (Leaf("relay", "relay"),))),
)


def of(name: str, service: str, more: str = "") -> str:
    return f'{name}{{service="{service}", instance="c", job="node"{more}}}'


def series(after: int) -> dict[str, str]:
    return {
        "web": level(1, 0, 1, after),
        "analyser": level(1, "_", 1, after),
        "relay": level(1, 1, 1, after),
        "events": pace(60, 120, 60, after),
        "errors": pace(0, 30, 0, after),
        of("service_agreed", "epr"): level(1, 1, 1, after),
        of("service_agreed", "lab"): level(1, 0, 1, after),
        of("service_agreed", "mail"): level("_", 1, "_", after),
        of("service_maintenance", "lab"): level(0, 1, 0, after),
        of("service_users", "epr"): level(120, 120, 120, after),
        of("service_users", "lab"): level(120, 60, 120, after),
        of("service_info", "lab", ', owner="desk"'): level(1, "_", 1, after),
        of("service_info", "lab", ', owner="ward"'): level("_", 1, "_", after),
        of("service_info", "epr", ', owner="desk"'): level(1, 1, 1, after),
        **{
            of("service_period_agreed_seconds", "epr", f', objective="{name}"'): level(2592000, 1296000, 2592000, after)
            for name in ("open", "ok", "monthly")
        },
        of("service_month", "epr", ', month="2026-10"'): level(1, "_", "_", after),
        of("service_month", "epr", ', month="2026-11"'): level("_", 1, "_", after),
        of("service_month", "epr", ', month="2026-12"'): level("_", "_", 1, after),
        of("service_depends_info", "lab", ', dependency="epr"'): level(1, 1, 1, after),
    }


SELDOM = Timing(interval=300)
"""As often as is needed: seven hours are then 84 evaluations."""

BUDGET = 0.01 * 1296000
"""Seconds: 1% of the fifteen days that are agreed while it fires."""

BURNING = 'objective:budget:burning{service="epr", objective="open"'
BAD = 'service:count:sum{of="bad", service="epr"'
STATES = Table(
    {
        'service:agreed{service="lab"}': (1, 0, 1, None),
        'service:maintenance{service="lab"}': (0, 1, 0, None),
        'service:users{service="lab"}': (120, 60, 120, None),
        'service:promised{service="mail"}': (None, 1, None, None),
        'service:month{service="epr", month="2026-11"}': (None, 1, None, None),
        'service:info{service="lab", owner="ward"}': (None, 1, None, None),
        'service:now{service="epr", month="2026-11"}': (None, 1, None, None),
        'service:component:up{service="epr", component="web"}': (1, 0, 1, None),
        'service:up{service="epr"}': (1, 0, 1, None),
        'service:unknown{service="lab"}': (0, 1, 0, 1),
        'service:measured{service="lab"}': (1, 0, 1, None),
        'service:count:minute{of="agreed", service="lab"}': (1, 0, 1, None),
        'service:count:minute{of="measured", service="lab"}': (1, 0, 1, None),
        'service:count:minute{of="errors", service="epr"}': (0, 0.5, 0, None),
        'service:count:minute{of="events", service="epr"}': (1, 2, 1, None),
        'objective:errors{objective="ok"}': (0, 0.5, 0, None),
        'objective:events{objective="ok"}': (1, 2, 1, None),
        f'{BAD}, window="month"}}': (0, 14, 0, None),
        f'{BAD}, window="5m"}}': (0, 1, 0, None),
        f'{BAD}, window="30m"}}': (0, 6, 0, None),
        f'{BAD}, window="1h"}}': (0, 12, 0, None),
        f'{BAD}, window="2h"}}': (0, 14, 0, 0),
        f'{BAD}, window="6h"}}': (0, 14, 0, 0),
        'objective:budget:seconds{objective="open"}': (2 * BUDGET, BUDGET, 2 * BUDGET, None),
        f'{BURNING}, urgency="page", window="1h"}}': (None, 3600 / BUDGET, None, None),
        f'{BURNING}, urgency="page", window="6h"}}': (None, 4200 / BUDGET, None, None),
        f'{BURNING}, urgency="ticket", window="1d"}}': (None, 4200 / BUDGET, None, None),
        f'{BURNING}, urgency="ticket", window="3d"}}': (None, 4200 / BUDGET, None, None),
        'objective:bad:samples{objective="open", window="1h"}': (0, 12, 0, None),
        'objective:budget:consumed{objective="monthly", window="month"}': (0, 4200 / BUDGET, 0, None),
        'objective:budget:left{objective="monthly"}': (1, 1 - 4200 / BUDGET, 1, None),
        'objective:budget:left_low{objective="monthly"}': (1, 1 - 4200 / BUDGET, 1, None),
        'objective:budget:consumed_minutes{objective="monthly"}': (0, 70, 0, None),
        'objective:budget:left_minutes{objective="monthly"}': (432, 216 - 70, 432, None),
        'slo:sli_error:ratio_rate1h{sloth_slo="open", sloth_window="1h"}': (0, 1, 0, None),
        'service:dependency_down{service="lab"}': (None, 1, None, None),
    },
    # At the end of each, and when what the collector said is no longer believed.
    ("65m", "135m", "535m", "640m"),
)
EVENTS = Table(
    # A tenth of what a month will see at the mean so far: 1 a second, then 2 of half a month. To the nearest ten: what
    # the first minutes count is Prometheus' affair.
    {'objective:budget:events{objective="ok"}': (800, 620, 970, None)},
    STATES.times,
    to=10,
)
HOURS = Table(
    {
        # Of the hour from 60m on, and of October, whose last hour that is: once.
        'service:count:hourly{of="bad", service="epr"}': (None, 10, None, None),
        'service:count:monthly{of="agreed", service="epr", month="2026-10"}': (None, 14, None, None),
    },
    ("115m", "120m", "125m", "640m"),
)
UNDER_WAY = Table(
    {'service:count:hour{half="under way", of="bad", service="epr"}': (0, 10, 0, None)},
    ("65m", "115m", "535m", "700m"),
)
CLOCK = Table({'service:half{half="even"}': (None, 1, None, 1)}, ("115m", "120m", "180m", "640m"))
INCIDENTS = Table(
    {
        # Two bad minutes begin one; no other has begun since, and the month is over with 139m.
        'service:incident:begins{service="epr"}': (0, 1, 0, 0),
        'service:count:minute{of="incidents", service="epr"}': (0, 1, 0, 0),
        'service:incidents:count{service="epr", window="month"}': (0, 1, 0, 0),
        'service:incident:untold{service="epr"}': (None, 1, None, None),
        'service:downtime:seconds{service="epr", window="month"}': (0, 120, 0, 0),
        'service:mtrs:seconds{service="epr", window="month"}': (None, 120, None, None),
        # Not a good minute of the month yet.
        'service:mtbf:seconds{service="epr", window="month"}': (None, 0, None, None),
        'service:user_hours:lost{service="epr", window="month"}': (0, 4, 0, 0),
    },
    ("69m", "71m", "140m", "215m"),
)
DETECTED = Table(
    # Bad from 70m on; the page is seen at 75m, and was sent by the evaluation before.
    {'service:detection:seconds{service="epr"}': (None, 240, None, None)},
    ("74m", "75m", "76m", "215m"),
)
MEANS = Table(
    {
        'service:mttd:seconds{service="epr", window="30d"}': (None, 150, None, None),
        'service:detections:count{service="epr", window="30d"}': (None, 2, None, None),
    },
    ("20h", "30h", "760h", "800h"),
)
TABLES = (STATES, EVENTS, HOURS, UNDER_WAY, CLOCK, INCIDENTS, DETECTED, MEANS)


@pytest.mark.parts
def test_they_come_and_go(part: Callable[[str], Path], tmp_path: Path) -> None:
    case = Case("services", series(AFTER))
    for table in (STATES, EVENTS, HOURS, UNDER_WAY, CLOCK):
        case.looks += table.looks("", {}).looks
    only = "service:(?!.*(ty:ratio|user_|mt|downtime))|objective:|slo:(objective|sli_error:ratio_rate1h)"

    assert judge(part("promtool"), tmp_path, SERVICES, [case], SELDOM, only, samples="1m") == ""


@pytest.mark.parts
def test_incidents_come_and_go(part: Callable[[str], Path], tmp_path: Path) -> None:
    page = 'ALERTS{alertname="BudgetBurnFast", alertstate="firing", severity="critical", service="epr"}'
    case = INCIDENTS.looks("incidents", series(70) | {page: "_x75 1x64 stale"})
    case.looks += DETECTED.looks("", {}).looks
    only = "service:(?!.*ratio)|slo:objective"

    assert judge(part("promtool"), tmp_path, catalogue(EPR), [case], only=only) == ""


@pytest.mark.parts
def test_what_was_detected_is_told_for_thirty_days(part: Callable[[str], Path], tmp_path: Path) -> None:
    case = MEANS.looks("means", {'service:detection:seconds{service="epr"}': "_x24 60 240 stale"})
    only = "service:(mttd|detections)"

    assert judge(part("promtool"), tmp_path, catalogue(EPR), [case], only=only, every="1h") == ""
