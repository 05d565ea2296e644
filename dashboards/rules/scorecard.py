"""The board's scorecard: what KPIs add up to, by item and by pillar."""

from __future__ import annotations

from collections.abc import Iterator

from collector.kpis import Kpis
from dashboards import names as n
from dashboards.rule import Record


def item_rules(kpis: Kpis) -> Iterator[Record]:
    """The items, each with its weight."""
    for item in kpis.scorecard.values():
        said = {"item": item.number, "name": item.name}
        more = {"contribution": item.contribution} if item.contribution else {}
        yield Record(n.SCORECARD_INFO, f"vector({item.weight!r})", said | more)


def sum_rules() -> Iterator[Record]:
    """Weighted shares, from 0 (all red) to 1 (all green), of the KPIs that are known; `_low` counts the others as red;
    `_known` is the share of weight that is known. KPIs without a target don't count."""
    known = f"{n.KPI_STATUS} >= 0"
    for label, members, (name, low, how_much) in (
        ("item", n.KPI_SCORECARD, (n.SCORECARD_ITEM, n.SCORECARD_ITEM_LOW, n.SCORECARD_ITEM_KNOWN)),
        ("pillar", n.KPI_PILLAR, (n.SCORECARD_PILLAR, n.SCORECARD_PILLAR_LOW, n.SCORECARD_PILLAR_KNOWN)),
    ):
        by = f"sum by ({label})"
        judged = f"{by} ({members} and on (kpi) {n.KPI_STATUS})"
        weight = f"{by} ({members} and on (kpi) {known})"
        yield Record(name, f"{by} ({members} * on (kpi) group_left () ({known}))\n/ (2 * {weight})")
        at_least = f"clamp_min({n.KPI_STATUS}, 0)"
        yield Record(low, f"{by} ({members} * on (kpi) group_left () {at_least})\n/ (2 * {judged})")
        yield Record(how_much, f"({weight} or 0 * {judged})\n/ {judged}")
    # Items of which nothing is known count in neither sum.
    weights = f"max by (item) ({n.SCORECARD_INFO})"
    weighted = f"{n.SCORECARD_ITEM} * on (item) group_left () {weights}"
    yield Record(n.SCORECARD_TOTAL, f"sum({weighted})\n/ sum({weights} and on (item) {n.SCORECARD_ITEM})")
