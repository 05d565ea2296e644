"""From the catalogue to recording rules and alerts: what comes after what. Why it is cheap: docs/objectives.md.

For each service there is a rule for every component and one for itself, for each objective one to three. Everything
else is the same few rules for all services, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from collector.services import Catalogue, Objective, Service
from dashboards.rule import Alert, Group, Record, written
from dashboards.rules import budgets, dependencies, detection, objectives, oncall, services, state, sums
from dashboards.rules.alerts import Places, alerts
from dashboards.rules.components import component_rules
from dashboards.timing import LONG, PERIODS, SHORT, Timing

FILE = "prometheus/services.yml"
ON_CALL = "prometheus/oncall.yml"

ABOUT = (
    "The promised services: their state, agreed time, error budgets and alerts. docs/objectives.md explains them.",
    "All in one group, since each rule reads what those before it have recorded at the same instant.",
)


def files(catalogue: Catalogue, timing: Timing | None = None, places: Places | None = None) -> dict[str, str]:
    """What `wardwatch rules` writes, by path. Raises BadExpression."""
    timing = timing or Timing()
    return {
        FILE: written([group(catalogue, timing, places or Places())], ABOUT),
        ON_CALL: written([oncall.group(timing)], oncall.ABOUT),
    }


def group(catalogue: Catalogue, timing: Timing, places: Places) -> Group:
    """Raises BadExpression."""
    ordered = [catalogue.services[name] for name in sorted(catalogue.services)]
    return Group("wardwatch services", timing.every, tuple(_rules(ordered, timing, places)) if ordered else ())


def _rules(ordered: Sequence[Service], timing: Timing, places: Places) -> Iterator[Record | Alert]:
    promised = [(service, *each) for service in ordered for each in _numbered(service)]
    layers = max((nth for _, objective, nth in promised if objective.kind == "availability"), default=0)

    yield from state.clock_rules(timing)
    for service, objective, nth in promised:
        yield objectives.target_rule(service, objective, nth)
    yield from state.promise_rules(timing)
    for service in ordered:
        yield from component_rules(service)
    yield from state.known_rules([service.name for service in ordered if service.tree is None])
    yield from state.incident_rules(timing)
    yield from detection.detection_rules(timing)
    for service, objective, _ in promised:
        yield from objectives.event_rules(service, objective, timing)

    yield from sums.minute_rules()
    yield from sums.hour_rules(timing)
    yield from sums.month_rules(timing)
    yield from sums.window_rules(timing)
    yield from sums.period_rules(timing, _periods(promised))

    yield from services.availability_rules()
    yield from services.incident_rules(timing)
    yield from detection.mean_rules(timing)
    yield from services.grouped_rules()
    if promised:
        yield from objectives.ratio_rules(layers)
        yield from budgets.budget_rules(timing, layers)
        yield from budgets.burn_rules(_paces(promised), layers)
        yield from dependencies.dependency_rules(timing)
        yield from objectives.sloth_rules({window: window for window in (*SHORT, *LONG)})
    yield from alerts(timing, places)


def _numbered(service: Service) -> Iterator[tuple[Objective, int]]:
    """Objectives, each with its number among those of its kind."""
    seen: dict[str, int] = {}
    for objective in service.objectives:
        seen[objective.kind] = seen.get(objective.kind, 0) + 1
        yield objective, seen[objective.kind]


def _periods(promised: Sequence[tuple[Service, Objective, int]]) -> Mapping[str, Sequence[str]]:
    """The services that promise something by the quarter, year and financial year."""
    found = {
        period: sorted({service.name for service, objective, _ in promised if objective.window.period == period})
        for period in PERIODS
    }
    return {period: those for period, those in found.items() if those}


def _paces(promised: Sequence[tuple[Service, Objective, int]]) -> Mapping[str, tuple[budgets.Pace, ...]]:
    week = {objective.window.days == 7 for _, objective, _ in promised}
    paces = {'period!="7d"': budgets.USUAL} if False in week else {}
    return paces | ({'period="7d"': budgets.WEEK} if True in week else {})
