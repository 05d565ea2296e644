"""From the KPIs to recording rules: what comes after what. What each series means: docs/kpis.md.

For each KPI there are a rule for its value and one for each number that it is compared with. All else is the same few
rules for all of them. Formulas read what other rules have recorded, so a cycle costs little; it runs every two minutes,
because an instant query looks back five.
"""

from __future__ import annotations

from collections.abc import Iterator

from collector.kpis import Kpis
from dashboards.rule import Group, Record, written
from dashboards.rules import kpis as rules
from dashboards.rules import quality, scorecard
from dashboards.timing import Timing

FILE = "prometheus/kpis.yml"

EVERY = "2m"

ABOUT = (
    "KPIs against target, baseline and peers, and the scorecard that they add up to. docs/kpis.md explains them.",
    "All in one group, since each rule reads what those before it have recorded at the same instant.",
)


def files(kpis: Kpis, timing: Timing | None = None) -> dict[str, str]:
    """What `wardwatch rules` writes, by path. Raises BadExpression."""
    return {FILE: written([group(kpis, timing or Timing())], ABOUT)}


def group(kpis: Kpis, timing: Timing) -> Group:
    """Raises BadExpression."""
    return Group("wardwatch kpis", timing.lasts(EVERY), tuple(_rules(kpis, timing)) if kpis.kpis else ())


def _rules(kpis: Kpis, timing: Timing) -> Iterator[Record]:
    ordered = [kpis.kpis[id] for id in sorted(kpis.kpis)]
    yield from quality.rules(timing)
    for kpi in ordered:
        yield from rules.declared_rules(kpi)
    yield from rules.normaliser_rules(kpis)
    for kpi in ordered:
        yield from rules.value_rules(kpi)
    yield from rules.judged_rules()
    yield from rules.compared_rules(timing)
    for kpi in ordered:
        yield from rules.driver_rules(kpi)
    yield from scorecard.item_rules(kpis)
    yield from scorecard.sum_rules()
