"""Availability, budget and MTRS agree with histories worked out by hand, in real Prometheus' own evaluator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from collector.services import Leaf, Node, Objective, Service
from tests.dashboards.histories import HISTORIES, History, play
from tests.dashboards.promtool import Case, catalogue, judge


def promised(history: History, name: str) -> Service:
    leaves = [Leaf(f"part {n}", f'component{{service="{name}", number="{n}"}}') for n in (1, 2)]
    two = history.second_down or history.needs == 2
    tree = Node(history.needs, tuple(leaves if two else leaves[:1]))
    return Service(name, history.name, tree, (Objective("open", "availability", 0.99),))


@pytest.mark.parts
@pytest.mark.slow
@pytest.mark.parametrize("hours", sorted({history.hours for history in HISTORIES}))
def test_outages_come_to_what_was_worked_out_by_hand(part: Callable[[str], Path], tmp_path: Path, hours: int) -> None:
    """Those that last as long together: each costs as much as the longest beside it."""
    told = [history for history in HISTORIES if history.hours == hours]
    services = [promised(history, f"s{number:02}") for number, history in enumerate(told)]
    case = Case("histories", {})
    for history, service in zip(told, services, strict=True):
        played = play(history, service.name)
        case.series = {**case.series, **played.series}
        measured = history.measured if history.measured >= 0 else history.agreed
        at = f"{played.last}m"

        window = "3d"
        exact = history.within == 0
        for of, expected in (
            ("bad", history.bad),
            ("agreed", history.agreed),
            ("measured", measured),
            ("incidents", history.incidents),
            ("downtime", history.downtime),
        ):
            text = f'service:count:sum{{of="{of}", %s}}'
            _check(case, at, text, service.name, window, expected, 0 if exact else history.within)
        if not exact:
            continue
        _check(case, at, "service:availability:ratio{%s}", service.name, window, 1 - history.bad / measured, 1e-9)
        _check(case, at, "service:user_hours:lost{%s}", service.name, window, 120 * history.bad / 60, 1e-9)
        # 1% of a million agreed seconds.
        left = 1_000_000 * 0.01 / 60 - history.bad
        _check(case, at, "objective:budget:left_minutes{%s}", service.name, "30d", left, 1e-6)
        unknown = history.agreed - measured
        low = 1 - (history.bad + unknown) * 60 / 10_000
        _check(case, at, "objective:budget:left_low{%s}", service.name, "30d", low, 1e-9)
        if history.incidents:
            mtrs = history.downtime * 60 / history.incidents
            _check(case, at, "service:mtrs:seconds{%s}", service.name, window, mtrs, 1e-6)
            mtbf = (measured - history.bad) * 60 / history.incidents
            _check(case, at, "service:mtbf:seconds{%s}", service.name, window, mtbf, 1e-6)
        if history.month:
            this = 'service:count:sum{of="bad", %s}'
            _check(case, at, this, service.name, "month", history.month_bad, 0)
            before = f'sum(last_over_time(service:count:monthly{{of="bad", service="{service.name}"}}[1d]))'
            case.look(at, before, history.bad - history.month_bad)

    said = judge(
        part("promtool"), tmp_path, catalogue(*services), [case], only="service:|objective:budget|slo:objective"
    )

    assert said == ""


def _check(case: Case, at: str, series: str, service: str, window: str, expected: float, tolerance: float) -> None:
    """0 when it holds; else promtool prints the number that was found."""
    labels = f'service="{service}", window="{window}"'
    value = f"sum({series % labels})"
    case.look(at, f"({value} - {expected!r}) * 0 and abs({value} - {expected!r}) <= {tolerance!r} or {value}", 0.0)
