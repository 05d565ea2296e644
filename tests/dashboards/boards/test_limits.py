"""Limits on boards are those of the rules that are shipped, or the configuration's: no number is typed in twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import promql_parser as promql
import pytest

from collector.capacity import RESOURCES
from collector.cli.rulefiles import SOURCES
from collector.config import Config, load
from collector.config.causes import read_causes
from collector.services import LITTLE_LEFT
from dashboards import names
from dashboards.board import written
from dashboards.boards import every
from dashboards.limits import limit
from dashboards.rules import budgets, quality
from tests.dashboards.boards.reading import rules
from tests.dashboards.boards.shipped import ROOT, Json, boards, panels

HOSTS, HOST, DEVICE = "wardwatch-hosts", "wardwatch-host", "wardwatch-device"

OF_ALERTS = (
    (HOSTS, "Processors", "HostCpuBusy", "warning"),
    (HOSTS, "Load for each processor", "HostSaturated", "warning"),
    (HOSTS, "Disk queues", "HostDiskSaturated", "warning"),
    (HOSTS, "Memory fetched from disk", "HostMajorFaults", "warning"),
    (HOSTS, "File descriptors", "HostFileDescriptors", "warning"),
    (HOSTS, "File descriptors", "HostFileDescriptors", "critical"),
    (HOST, "Processors", "HostCpuBusy", "warning"),
    (HOST, "Processors: used", "HostCpuBusy", "warning"),
    (HOST, "Processors: wait", "HostSaturated", "warning"),
    (HOST, "Disks: wait", "HostDiskSaturated", "warning"),
    (HOST, "Memory: waits", "HostMajorFaults", "warning"),
    (HOST, "File descriptors", "HostFileDescriptors", "warning"),
    (HOST, "File descriptors", "HostFileDescriptors", "critical"),
    (DEVICE, "Supplies and paper", "PrinterSupplyLow", "warning"),
)

CONSTANTS = {
    1 - LITTLE_LEFT: "what little of a budget is: the status page says it too",
    quality.FRESH: "the rule that records freshness",
    0.5: "half: of an interval, or of a count, where one is too many",
    0.25: "half way from a red state, 0, to an amber one, 0.5",
    0.75: "half way from an amber state, 0.5, to a green one, 1",
}
"""Values of steps that neither the configuration nor an alert knows, besides 0 and 1."""


@cache
def example() -> Config:
    return load(ROOT / "config", environ={}, resolve=str, kpis="read")


def _steps(panel: Json) -> Iterator[float]:
    """Of the panel and its columns."""
    drawn = panel.get("fieldConfig", {"defaults": {}})
    found = [drawn["defaults"].get("thresholds") or {}]
    for override in drawn.get("overrides", ()):
        found += [each["value"] for each in override["properties"] if each["id"] == "thresholds"]
    yield from (step["value"] for each in found for step in each.get("steps", ()) if step["value"] is not None)


def _panel(uid: str, title: str) -> Json:
    return next(each for each in panels(boards()[uid]) if each["title"] == title)


@pytest.mark.parametrize(("uid", "title", "alert", "severity"), OF_ALERTS, ids=lambda each: each)
def test_a_panel_has_the_limit_of_its_alert(uid: str, title: str, alert: str, severity: str) -> None:
    ours = [each for each in rules() if each.get("alert") == alert and each["labels"]["severity"] == severity]
    limits = {number for each in ours for number in _compared(promql.parse(each["expr"]))}
    assert set(_steps(_panel(uid, title))) & limits, f"{alert} compares with {limits}"


def _compared(node: Any) -> Iterator[float]:
    """Numbers with which an expression compares at its outermost, in each of what `or`, `and` and `unless` join."""
    if isinstance(node, promql.ParenExpr):
        yield from _compared(node.expr)
    elif isinstance(node, promql.BinaryExpr):
        if isinstance(node.rhs, promql.NumberLiteral):
            yield node.rhs.val
        else:
            yield from (number for side in (node.lhs, node.rhs) for number in _compared(side))


def test_an_alert_that_changes_takes_the_board_along() -> None:
    sources: Mapping[str, list[dict[str, Any]]] = read_causes(SOURCES)
    for group in sources["hosts.yml"]:
        for rule in group["rules"]:
            if rule.get("alert") == "HostSaturated":
                rule["expr"] = rule["expr"].replace("> 2", "> 7.5")
    assert limit(sources, "HostSaturated") == 7.5
    assert '"value": 7.5' in _json(example(), sources)[HOST]


def _json(config: Config, sources: Mapping[str, list[dict[str, Any]]]) -> dict[str, str]:
    return {board.uid: written(board) for board in every(config, sources)}


def test_no_step_is_typed_in() -> None:
    config, sources = example(), read_causes(SOURCES)
    settings, kpis = config.settings, config.kpis.kpis.values()
    known: set[float | None] = {0, 1, *settings.capacity.full.values(), settings.caps.series}
    known |= {settings.capacity.days, settings.capacity.earliest}
    known |= {*(each.target for each in kpis), *(each.amber for each in kpis)}
    known |= {limit(sources, alert, severity) for _, _, alert, severity in OF_ALERTS if alert != "PrinterSupplyLow"}
    known |= {limit(sources, "PrinterSupplyLow", of="wardwatch_printer_supply_ratio")}
    typed = [
        f"{uid}: {panel['title']}: {value}"
        for uid, board in boards().items()
        for panel in panels(board)
        for value in _steps(panel)
        if value not in known | CONSTANTS.keys()
    ]
    assert typed == []


def test_capacity_s_limits_are_what_its_boards_show() -> None:
    config = example()
    full = {name: 0.31 + place / 100 for place, name in enumerate(RESOURCES)}
    capacity = replace(config.settings.capacity, full=full, days=77, earliest=33)
    changed = replace(config, settings=replace(config.settings, capacity=capacity))
    text = _json(changed, read_causes(SOURCES))
    for uid, resources in {
        "wardwatch-capacity": ("ports", "address_pool", "ups_load"),
        HOST: ("memory", "filesystem"),
        "wardwatch-network": ("bandwidth", "ports"),
        DEVICE: ("bandwidth", "ups_load"),
    }.items():
        for name in resources:
            assert f'"value": {full[name]:g}' in text[uid], f"{uid}: {name}"
    assert '"value": 77' in text["wardwatch-capacity"]
    assert "< 33" in text["wardwatch-capacity"]


def test_full_now_is_what_the_rules_call_full() -> None:
    """The board compares with capacity:full:ratio, which is the configuration's."""
    recorded = {
        each["labels"]["resource"]: float(each["expr"].removeprefix("vector(").removesuffix(")"))
        for each in rules()
        if each.get("record") == "capacity:full:ratio"
    }
    assert recorded == example().settings.capacity.full
    assert ">= on (resource) group_left () capacity:full:ratio" in str(_panel("wardwatch-capacity", "Full now"))


def test_the_room_at_peak_is_the_kpi_s() -> None:
    kpi = example().kpis.kpis["capacity-headroom"]
    assert list(_steps(_panel("wardwatch-capacity", "Least room at peak"))) == [kpi.amber, kpi.target]


def test_burn_is_measured_by_the_paces_that_call() -> None:
    services = [each["expr"] for each in rules() if each.get("record") == names.BURNING]
    burn = str(_panel("wardwatch-service", "Burn, as a share of what calls somebody"))
    for pace in budgets.USUAL:
        assert any(f">= {pace.share:g}" in expr or f"> {pace.share:g}" in expr for expr in services), pace
        assert f"* 0 + {pace.share:g}" in burn
    for pace in budgets.WEEK:
        assert f"* 0 + {pace.share:g}" in burn


def test_what_has_no_number_is_told() -> None:
    sources = {"a.yml": [{"rules": [{"alert": "A", "expr": "up", "labels": {"severity": "warning"}}]}]}
    with pytest.raises(ValueError, match="A: its expression ends in no number"):
        limit(sources, "A")
    with pytest.raises(KeyError, match="B, critical"):
        limit(sources, "B", "critical")
