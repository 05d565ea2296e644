"""Every series that KPIs record: when all is well, while something is bad, afterwards, without data, and back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from collector.config import load, shipped
from collector.kpis import Baseline, Benchmark, Drivers, Item, Kpi, Kpis
from dashboards import objectives
from dashboards.kpis import FILE, files, group
from dashboards.promql import BadExpression
from dashboards.timing import Timing
from tests.dashboards.four import Table
from tests.dashboards.promtool import Case, catalogue, judged
from tests.dashboards.test_alerts import series, service
from tests.dashboards.test_files import HOSTILE

SHARE = Kpi(
    "share", "Share", "Of all.", "ratio", "up", "share # as it is", target=0.95, amber=0.9, pillar="P",
    scorecard=("1",), baseline=Baseline(0.85, date(2026, 1, 31)),
    benchmark=Benchmark({"q1": 0.8, "median": 0.9, "q3": 0.97}, "Peers"),
    drivers=Drivers("faults # of all", ("ward", "bed")), lever="Beds.",
)  # fmt: skip
WAIT = Kpi(
    "wait", "Wait", "So long.", "seconds", "down", 'wait{window="{{.period}}"}', target=200, amber=400, period="month",
    scorecard=("1", "2"), weight=2, baseline=Baseline(600, date(2026, 1, 31)),
    benchmark=Benchmark({"median": 2}, "Peers", "user"),
)  # fmt: skip
DESK = Kpi("desk", "Desk", "Calls.", "count", "down", waiting="for a desk", target=1, pillar="P", scorecard=("2", "3"))
TOLD = Kpi("told", "Told", "Only.", "count", "up", "share / 0", scorecard=("2",), pillar="P")
GOOD = Kpi("good", "Good", "Already.", "ratio", "up", "share", target=0.8, baseline=Baseline(0.9, date(2026, 1, 31)))

KPIS = Kpis(
    {kpi.id: kpi for kpi in (SHARE, WAIT, DESK, TOLD, GOOD)},
    {"1": Item("1", "One", 3), "2": Item("2", "Two"), "3": Item("3", "Three", 5, "Calls.")},
    ("P",),
    {"user": "people", "bed": "vector(600.0)", "device": "people * 0"},
)

# Ten evaluations each: well, bad, better again, nothing, well.
SERIES = {
    "share": "0.99x9 0.5x9 0.92x9 stale _x9 0.99x10",
    'wait{window="month", who="a"}': "100x9 500x9 300x9 stale _x9 100x10",
    'wait{window="month", who="b"}': "1x9 1x9 1x9 stale _x9 1x10",
    'wait{window="1d"}': "9999x60",
    "people": "100x9 50x9 100x9 stale _x9 100x10",
    'faults{ward="w", bed="1", n="1"}': "4x60",
    'faults{ward="w", bed="1", n="2"}': "4x60",
    'faults{ward="w", bed="2"}': "6x60",
    'faults{ward="v"}': "4x60",
    'faults{ward="u"}': "2x60",
    'faults{ward="good"}': "0x60",
    'up{job="node", instance="c"}': "1x60",
    'up{job="device", instance="sw"}': "1x60",
    'up{job="device", instance="ups"}': "1x29 0x9 1x10",
    'up{job="device", instance="pump"}': "1x60",
    'up{job="prometheus", instance="p"}': "1x60",
    'wardwatch_poll_success{instance="sw", module="a"}': "1x60",
    'wardwatch_poll_success{instance="sw", module="b"}': "1x60",
    'wardwatch_poll_incomplete{instance="sw", module="b", table="t", reason="r"}': "stale _x9 1x9 stale _x40",
    'wardwatch_poll_success{instance="ups", module="a"}': "1x9 0x9 1x9 stale _x9 1x10",
    # Read a minute before each look; from 20 minutes on what was read at 18 is all there is, until it comes again.
    'wardwatch_poll_last_success_timestamp_seconds{instance="sw", module="a"}': "0+120x60",
    'wardwatch_poll_last_success_timestamp_seconds{instance="sw", module="b"}': "0+120x60",
    'wardwatch_poll_last_success_timestamp_seconds{instance="ups", module="a"}': "0+120x9 1080x9 2400+120x9 stale _x9 "
    "4800+120x10",
    # A gateway that is asked while things are bad, and has never answered.
    'wardwatch_poll_success{instance="gateway", module="a"}': "_x10 0x9 stale",
    'wardwatch_equipment_state{instance="pump", state="seen"}': "1x9 0x9 1x40",
    'wardwatch_equipment_state{instance="pump", state="unknown"}': "0x9 1x9 0x40",
}
TIMES = ("10m", "30m", "50m", "70m", "90m")

Numbers = tuple[float | None, ...]


def always(value: float | None) -> Numbers:
    return (value,) * len(TIMES)


def known(well: float | None, bad: float | None, better: float | None, nothing: float | None = None) -> Numbers:
    return (well, bad, better, nothing, well)


EXPECTED: dict[str, Numbers] = {
    "wardwatch:coverage:ratio": known(1, 0.5, 1, 0.75),
    "wardwatch:modules:count": known(3, 4, 3, 2),
    "wardwatch:completeness:ratio": known(1, 1 / 4, 1, 1),
    "wardwatch:freshness:ratio": known(1, 2 / 4, 1, 1),
    'wardwatch:freshness:seconds{quantile="1"}': known(0, 720, 0, 0),
    'wardwatch:freshness:seconds{quantile="0.95"}': known(0, 648, 0, 0),
    'kpi:info{kpi="share", title="Share", definition="Of all.", unit="ratio", direction="up", period="now", '
    'pillar="P", lever="Beds."}': always(1),
    'kpi:info{kpi="desk", title="Desk", definition="Calls.", unit="count", direction="down", period="now", pillar="P", '
    'waiting="for a desk"}': always(1),
    'kpi:scorecard{kpi="wait", item="2"}': always(2),
    'kpi:pillar{kpi="desk", pillar="P"}': always(1),
    'kpi:target{kpi="wait"}': always(200),
    'kpi:amber{kpi="wait"}': always(400),
    'kpi:amber{kpi="desk"}': always(1),
    'kpi:amber{kpi="told"}': always(None),
    'kpi:baseline{kpi="share", date="2026-01-31"}': always(0.85),
    'kpi:benchmark{kpi="share", quartile="q1", source="Peers"}': always(0.8),
    'kpi:benchmark{kpi="share", quartile="median", source="Peers"}': always(0.9),
    'kpi:benchmark{kpi="share", quartile="q3", source="Peers"}': always(0.97),
    'kpi:benchmark{kpi="wait", quartile="median", per="user", source="Peers"}': always(2),
    'kpi:normaliser{per="user"}': known(100, 50, 100),
    'kpi:normaliser{per="bed"}': always(600),
    'kpi:normaliser{per="device"}': always(None),
    'kpi:value{kpi="share"}': known(0.99, 0.5, 0.92),
    'kpi:value{kpi="wait"}': known(100, 500, 300),
    'kpi:value{kpi="told"}': always(None),
    'kpi:value{kpi="desk"}': always(None),
    'kpi:unknown{kpi="desk", why="waiting"}': always(1),
    'kpi:unknown{kpi="told", why="no data"}': always(1),
    'kpi:unknown{kpi="share", why="no data"}': (None, None, None, 1, None),
    'kpi:status{kpi="share"}': known(2, 0, 1, -1),
    'kpi:status{kpi="wait"}': known(2, 0, 1, -1),
    'kpi:status{kpi="desk"}': always(-1),
    'kpi:status{kpi="told"}': always(None),
    'kpi:to_target{kpi="share"}': known(0.04, -0.45, -0.03),
    'kpi:to_target{kpi="wait"}': known(100, -300, -100),
    'kpi:gain{kpi="share"}': known(0.14, -0.35, 0.07),
    'kpi:gain{kpi="wait"}': known(500, 100, 300),
    'kpi:progress{kpi="share"}': known(1.4, -3.5, 0.7),
    'kpi:progress{kpi="wait"}': known(1.25, 0.25, 0.75),
    'kpi:progress{kpi="good"}': always(None),
    'kpi:trend{kpi="share"}': always(None),
    'kpi:normalised{kpi="wait", per="user"}': known(1, 10, 3),
    'kpi:to_peers{kpi="share", quartile="q3"}': known(0.02, -0.47, -0.05),
    'kpi:to_peers{kpi="share", quartile="median"}': known(0.09, -0.4, 0.02),
    'kpi:to_peers{kpi="share", quartile="q1"}': known(0.19, -0.3, 0.12),
    'kpi:to_peers{kpi="wait", quartile="median", per="user"}': known(1, -8, -1),
    # Of a red one only, the three largest, each as its share of all.
    'kpi:driver{kpi="share", what="w 1"}': known(None, 0.4, None),
    'kpi:driver{kpi="share", what="w 2"}': known(None, 0.3, None),
    'kpi:driver{kpi="share", what="v "}': known(None, 0.2, None),
    'kpi:driver{kpi="share", what="u "}': always(None),
    'kpi:driver{kpi="share", what="good "}': always(None),
    'scorecard:info{item="3", name="Three", contribution="Calls."}': always(5),
    # One counts share once and wait twice; two counts wait twice and, where it is known, desk once.
    'scorecard:item{item="1"}': known(1, 0, 0.5),
    'scorecard:item{item="2"}': known(1, 0, 0.5),
    'scorecard:item{item="3"}': always(None),
    'scorecard:item_low{item="1"}': known(1, 0, 0.5, 0),
    'scorecard:item_low{item="2"}': known(2 / 3, 0, 1 / 3, 0),
    'scorecard:item_low{item="3"}': always(0),
    'scorecard:item_known{item="1"}': known(1, 1, 1, 0),
    'scorecard:item_known{item="2"}': known(2 / 3, 2 / 3, 2 / 3, 0),
    'scorecard:item_known{item="3"}': always(0),
    'scorecard:pillar{pillar="P"}': known(1, 0, 0.5),
    'scorecard:pillar_low{pillar="P"}': known(0.5, 0, 0.25, 0),
    'scorecard:pillar_known{pillar="P"}': known(0.5, 0.5, 0.5, 0),
    "scorecard:total": known(1, 0, 0.5),
}


@pytest.mark.parts
def test_every_record_in_every_state(part: Callable[[str], Path], tmp_path: Path) -> None:
    case = Case("all", SERIES)
    for series_, numbers in EXPECTED.items():
        for at, number in zip(TIMES, numbers, strict=True):
            # promtool compares to the last bit.
            case.look(
                at, f"round({series_} * 1e6)", *(() if number is None else ((_labels(series_), _rounded(number)),))
            )
    recorded = {rule.name for rule in group(KPIS, Timing()).rules}

    assert recorded == {series_.partition("{")[0] for series_ in EXPECTED}
    assert judged(part("promtool"), tmp_path, [files(KPIS)[FILE]], [case], "2m") == ""


def _rounded(number: float) -> float:
    return round(number * 1e6)


def _labels(series_: str) -> str:
    return "{" + series_.partition("{")[2].removesuffix("}") + "}"


TREND = Table(
    # A hundredth less an hour is 7.2 less in 30 days. It takes a week to know that nothing is told any more.
    {'kpi:trend{kpi="share"}': (0, -7.2, 0, None)},
    ("200m", "930m", "1670m", "1890m"),
)


@pytest.mark.parts
def test_a_trend_is_what_thirty_days_change_after_a_week(part: Callable[[str], Path], tmp_path: Path) -> None:
    """Scaled: a day takes 24 minutes."""
    case = TREND.looks("trend", {"share": f"100x200 {100 - 0.01!r}-0.01x729 {100 - 7.3!r}x740 stale"}).look(
        "150m", "kpi:trend"
    )

    only = "kpi:(value|trend)"
    assert judged(part("promtool"), tmp_path, [files(KPIS, Timing(60))[FILE]], [case], "1m", only) == ""


@pytest.mark.parts
def test_a_month_begins_anew(part: Callable[[str], Path], tmp_path: Path) -> None:
    """Services and KPIs together: twenty bad minutes in October, none in November, and a collector that goes."""
    months = {
        'service_month{month="2026-10"': "1x59 stale _x900",
        'service_month{month="2026-11"': "_x60 1x59 stale _x900",
    }
    told = series("1x19 0x19 1x79 stale", service_users="60x119 stale", service_agreed="1x119 stale", **months)
    wanted = ("availability", "incident-frequency", "mtbf", "mtbsi", "mtrs", "lost-user-hours", "unknown-time")
    kpis = load(shipped(), environ={}, resolve=str, kpis="read").kpis
    some = Kpis({id: kpis.kpis[id] for id in wanted})
    case = Case("month", told)
    for at, numbers in {
        "58m": (1 - 20 / 59, 1, 39 / 60, 59 / 60, 1200, 20, 0),
        "62m": (1, 0, None, None, None, 0, 0),
        # What nobody has known since is neither good nor bad of the month.
        "160m": (1, 0, None, None, None, 0, 41 / 101),
    }.items():
        for id, number in zip(wanted, numbers, strict=True):
            found = () if number is None else ((f'{{kpi="{id}"}}', _rounded(number)),)
            case.look(at, f'round(kpi:value{{kpi="{id}"}} * 1e6)', *found)
    for at, status in {"58m": 0, "62m": 2, "160m": 2}.items():
        case.look(at, 'kpi:status{kpi="availability"}', ('kpi:status{kpi="availability"}', status))

    texts = [objectives.files(catalogue(service()))[objectives.FILE], files(some)[FILE]]
    assert judged(part("promtool"), tmp_path, texts, [case], "1m", only="service:|kpi:|slo:objective") == ""


MONTH = 'window="month", service='


def sums(**of: float) -> dict[str, tuple[float, float]]:
    """Minutes of two services in a month: well, and where something is bad."""
    return {
        f'service:count:sum{{of="{name}", window="month", service="a"}}': (100, value) for name, value in of.items()
    }


def ratios(label: str, bad: float, well: float = 1, which: str = "x") -> dict[str, tuple[float, float]]:
    return {f'{label}:availability:ratio{{{label}="{which}", window="month"}}': (well, bad)}


BUDGETS = {
    'objective:budget:left{service="a", objective="open"}': (0.5, -0.5),
    'objective:budget:left{service="b", objective="quick"}': (0.25, 0.25),
    'slo:objective:ratio{service="a", objective="open", kind="availability"}': (1, 1),
    'slo:objective:ratio{service="b", objective="quick", kind="latency"}': (1, 1),
}
INCIDENTS = {
    f'service:incidents:count{{{MONTH}"a"}}': (1, 3),
    f'service:incidents:count{{{MONTH}"b"}}': (1, 1),
    'service:count:sum{of="measured", window="month", service="a"}': (1200, 1200),
    'service:count:sum{of="bad", window="month", service="a"}': (120, 240),
    'service:count:sum{of="downtime", window="month", service="a"}': (60, 240),
    f'service:downtime:seconds{{{MONTH}"a"}}': (3600, 14400),
}
DAY = 86400
FOUND = {f'wardwatch_equipment{{criticality="high", state="{state}"}}': (10, 10) for state in ("seen", "unknown")}

Shipped = tuple[dict[str, tuple[float, float]], tuple[float, float]]
"""Series, well and bad; and what the formula makes of them."""

FORMULAS: dict[str, Shipped] = {
    "availability": (sums(measured=100) | {'service:count:sum{of="bad", window="month"}': (0, 5)}, (1, 0.95)),
    "availability-gold": (ratios("tier", 0.9, which="gold"), (1, 0.9)),
    "availability-silver": (ratios("tier", 0.8, which="silver"), (1, 0.8)),
    "availability-bronze": (ratios("tier", 0.7, which="bronze"), (1, 0.7)),
    "availability-safety": (ratios("key_property", 0.9, which="safety"), (1, 0.9)),
    "availability-finance": (ratios("tower", 0.9, which="finance"), (1, 0.9)),
    "supplier-availability": (ratios("supplier", 0.9) | ratios("supplier", 0.95, which="y"), (1, 0.9)),
    "site-variation": (ratios("site", 0.9) | ratios("site", 1, which="y"), (0, 0.1)),
    "unknown-time": (sums(measured=90, agreed=100), (0, 0.1)),
    "incident-frequency": (INCIDENTS, (2, 4)),
    "mtbf": (INCIDENTS, (9, 4)),
    "mtbsi": (INCIDENTS, (9.5, 5)),
    "mtrs": (INCIDENTS, (1800, 3600)),
    "lost-user-hours": ({f'service:user_hours:lost{{{MONTH}"{s}"}}': (0, 7) for s in "ab"}, (0, 14)),
    "budget-left": (BUDGETS, (0.25, -0.5)),
    "budgets-burning": (
        BUDGETS | {f'objective:budget:burning{{service="a", window="{w}"}}': (-1, 1) for w in "12"},
        (0, 1),
    ),
    "sla-attainment": (BUDGETS, (1, 0.5)),
    "quick-services": (BUDGETS | {'objective:budget:left{service="b", objective="quick"}': (0.2, -0.2)}, (1, 0)),
    "capacity-headroom": ({f'capacity:headroom:ratio{{n="{n}"}}': (0.4, n / 10) for n in (1, 2)}, (0.4, 0.1)),
    "days-to-full": ({f'capacity:days_to_full{{n="{n}"}}': (400, n) for n in (20, 30)}, (400, 20)),
    "snmpv3-share": (
        {'wardwatch_snmp_security_level{level="v2c", instance="a"}': (3, 1)}
        | {'wardwatch_snmp_security_level{level="authPriv", instance="b"}': (3, 3)},
        (1, 0.5),
    ),
    "tls-versions": (
        {'probe_tls_version_info{version="TLS 1.3", instance="a"}': (1, -1)}
        | {'probe_tls_version_info{version="TLS 1.0", instance="a"}': (-1, 1)},
        (1, 0),
    ),
    "certificates": ({f'probe_ssl_earliest_cert_expiry{{n="{n}"}}': (DAY * 40, DAY * n) for n in (20, 40)}, (1, 0.5)),
    "clocks": ({'probe_ntp_offset_seconds{instance="a"}': (-0.2, -1.2), "node_timex_sync_status": (1, 1)}, (1, 0.5)),
    "equipment-supported": (FOUND | {'wardwatch_equipment_unsupported{criticality="high"}': (-1, 5)}, (1, 0.75)),
    "equipment-found": (FOUND | {'wardwatch_equipment{criticality="high", state="unseen"}': (0, 10)}, (1, 0.5)),
    "mttd": (
        {f'service:detections:count{{service="{s}", window="30d"}}': (n, n) for s, n in (("a", 3), ("b", 1))}
        | {f'service:mttd:seconds{{service="{s}", window="30d"}}': v for s, v in (("a", (60, 60)), ("b", (300, 2100)))},
        (120, 570),
    ),
    "mtta": ({'oncall:mtta:seconds{severity="critical", window="30d"}': (300, 1200)}, (300, 1200)),
    "out-of-hours": (
        {f'oncall:pages_out_of_hours:count{{window="30d", receiver="{r}"}}': (1, 4) for r in "ab"},
        (2, 8),
    ),
    "alerts-without-action": (
        {'oncall:count:sum{of="untouched", window="30d", owner="a"}': (-1, 3)}
        | {f'oncall:count:sum{{of="ended", window="30d", owner="{owner}"}}': (2, 2) for owner in "ab"},
        (0, 0.75),
    ),
    "coverage": ({"wardwatch:coverage:ratio": (1, 0.5)}, (1, 0.5)),
    "completeness": ({"wardwatch:completeness:ratio": (1, 0.5)}, (1, 0.5)),
    "freshness": ({"wardwatch:freshness:ratio": (1, 0.5)}, (1, 0.5)),
}
"""-1 is a series that is not there."""


@pytest.mark.parts
def test_every_shipped_formula_gives_what_it_says(part: Callable[[str], Path], tmp_path: Path) -> None:
    """Well, bad, without data, and well again; each by itself, so that nothing that another needs helps it."""
    kpis = load(shipped(), environ={}, resolve=str, kpis="read").kpis
    assert FORMULAS.keys() == {id for id, kpi in kpis.kpis.items() if kpi.formula}
    cases = []
    for id, (told, values) in FORMULAS.items():
        case = Case(id, {name: _played(*pair) for name, pair in told.items()})
        for at, value in zip(("4m", "14m", "24m", "34m"), (*values, None, values[0]), strict=True):
            found = () if value is None else ((f'{{kpi="{id}"}}', _rounded(value)),)
            case.look(at, f'round(kpi:value{{kpi="{id}"}} * 1e6)', *found)
        cases.append(case)

    text = files(Kpis(kpis.kpis))[FILE]
    assert judged(part("promtool"), tmp_path, [text], cases, "1m", "kpi:value") == ""


_UNKNOWN = {"agreed": 100, "measured": 40}
SAFETY = 'key_property="safety", tier="gold", tower="finance", supplier="S"'
BUDGET = {'objective:budget:left{service="a", objective="open"}': -0.5}
AN_HOUR = {'service:count:sum{of="bad", window="month", service="a"}': 60}
OURS = {f'service:info{{service="a", {SAFETY}}}': 1}
DEVICE = 'instance="d", site="s", device_kind="k"'
PART = 'instance="d", resource="disk", item="/"'

DRIVEN: dict[str, tuple[dict[str, float], str]] = {
    "availability": (AN_HOUR, "a"),
    "availability-gold": (AN_HOUR | OURS, "a"),
    "availability-silver": (AN_HOUR | {'service:info{service="a", tier="silver"}': 1}, "a"),
    "availability-bronze": (AN_HOUR | {'service:info{service="a", tier="bronze"}': 1}, "a"),
    "availability-safety": (AN_HOUR | OURS, "a"),
    "availability-finance": (AN_HOUR | OURS, "a"),
    "supplier-availability": (AN_HOUR | OURS, "S a"),
    "site-variation": (
        {f'site:availability:ratio{{site="{site}", window="month"}}': of for site, of in {"a": 0.9, "b": 1}.items()},
        "a",
    ),
    "unknown-time": (
        {f'service:count:sum{{of="{of}", window="month", service="a"}}': n for of, n in _UNKNOWN.items()},
        "a",
    ),
    "mtrs": ({f'service:downtime:seconds{{{MONTH}"a"}}': 9e5}, "a"),
    "budget-left": (BUDGET, "a open"),
    "budgets-burning": ({'objective:budget:burning{service="a", objective="open", window="1h"}': 1}, "a open"),
    "sla-attainment": (BUDGET, "a open"),
    "quick-services": (
        BUDGET | {'slo:objective:ratio{service="a", objective="open", kind="latency"}': 0.99},
        "a open",
    ),
    "capacity-headroom": ({f"capacity:headroom:ratio{{{PART}}}": 0.05}, "d disk /"),
    "days-to-full": ({f"capacity:days_to_full{{{PART}}}": 5}, "d disk /"),
    "snmpv3-share": ({f'wardwatch_snmp_security_level{{{DEVICE}, level="v2c"}}': 1}, "k"),
    "tls-versions": ({f'probe_tls_version_info{{{DEVICE}, module="m", version="TLS 1.0"}}': 1}, "d m"),
    "certificates": ({f'probe_ssl_earliest_cert_expiry{{{DEVICE}, module="m"}}': DAY}, "d m"),
    "clocks": ({f"probe_ntp_offset_seconds{{{DEVICE}}}": -5}, "d"),
    "equipment-supported": ({'wardwatch_equipment_unsupported{criticality="high"}': 5}, "high"),
    "equipment-found": ({'wardwatch_equipment_state{ward="w", state="moved"}': 1}, "w moved"),
    "coverage": ({f"wardwatch_device_up{{{DEVICE}}}": 0}, "s k"),
    "completeness": ({f'wardwatch_poll_incomplete{{{DEVICE}, module="m", table="t"}}': 1}, "k m"),
    "freshness": ({f'wardwatch_poll_last_success_timestamp_seconds{{{DEVICE}, module="m"}}': -900}, "s k"),
}
"""Something bad, and what is said to be the only cause of it."""


@pytest.mark.parts
def test_every_shipped_driver_is_found(part: Callable[[str], Path], tmp_path: Path) -> None:
    """The KPIs' own formulas are replaced by one that is always red: those are tested above."""
    kpis = load(shipped(), environ={}, resolve=str, kpis="read").kpis.kpis
    assert DRIVEN.keys() == {id for id, kpi in kpis.items() if kpi.drivers}
    assert {id for id, kpi in kpis.items() if kpi.target is not None and not kpi.lever} == set()
    red = {id: replace(kpis[id], formula=f"vector({-1e9 if kpis[id].direction == 'up' else 1e9})") for id in DRIVEN}
    cases = []
    for id, (told, what) in DRIVEN.items():
        case = Case(id, {name: f"{value}x9" for name, value in told.items()})
        case.look("4m", f'kpi:driver{{kpi="{id}"}}', (f'kpi:driver{{kpi="{id}", what="{what}"}}', 1))
        cases.append(case)

    assert judged(part("promtool"), tmp_path, [files(Kpis(red))[FILE]], cases, "1m", "kpi:") == ""


def _played(well: float, bad: float) -> str:
    """Ten minutes each; -1 is not there."""
    first, second = (f"{value}x9" if value != -1 else "stale _x9" for value in (well, bad))
    return f"{first} {second} stale _x9 {first}"


@pytest.mark.parts
def test_one_site_alone_differs_from_none(part: Callable[[str], Path], tmp_path: Path) -> None:
    kpis = load(shipped(), environ={}, resolve=str, kpis="read").kpis
    case = Case("one", {'site:availability:ratio{site="a", window="month"}': "1x9"})
    case.look("4m", "kpi:status", ('kpi:status{kpi="site-variation"}', -1))

    text = files(Kpis({"site-variation": kpis.kpis["site-variation"]}))[FILE]
    assert judged(part("promtool"), tmp_path, [text], [case], "1m", "kpi:") == ""


@pytest.mark.parts
@pytest.mark.parametrize("scale", [1, 60])
def test_promtool_finds_nothing_to_say(part: Callable[[str], Path], tmp_path: Path, scale: int) -> None:
    hostile = {
        text: Kpi(
            text, text, text, "ratio", "up", "up # fine", target=1, pillar=text, scorecard=(text,), owner=text,
            source=text, benchmark=Benchmark({"q1": 1}, text), baseline=Baseline(1, date(2026, 1, 1)),
        )
        for text in HOSTILE
    }  # fmt: skip
    items = {text: Item(text, text, 1, text) for text in HOSTILE}
    kpis = Kpis(KPIS.kpis | hostile, KPIS.scorecard | items, HOSTILE, KPIS.normalisers)
    text = files(kpis, Timing(scale))[FILE]
    (tmp_path / "kpis.yml").write_text(text)
    words: list[str | Path] = [part("promtool"), "check", "rules", "--lint=all", "--lint-fatal", tmp_path / "kpis.yml"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    rules = yaml.safe_load(text)["groups"][0]["rules"]
    wanted = group(kpis, Timing(scale)).rules
    assert [rule.get("labels", {}) for rule in rules] == [dict(rule.labels) for rule in wanted]


def test_a_formula_that_does_not_stand_by_itself_is_refused() -> None:
    kpi = Kpi("a", "A", "a", "ratio", "up", "up) or (up")

    with pytest.raises(BadExpression, match=r"^a: "):
        files(Kpis({"a": kpi}))


def test_without_kpis_nothing_is_recorded() -> None:
    assert yaml.safe_load(files(Kpis())[FILE]) == {"groups": []}
