"""What each objective counts, and how good it has to be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from collector.services import Objective, Service
from dashboards import names as n
from dashboards.promql import enclosed, pattern, quoted
from dashboards.rule import Record
from dashboards.timing import Timing

QUERIED: Final = "5m"
"""The range of an objective's own queries: two scrapes of a device that is asked every two minutes."""

_WINDOW: Final = re.compile(r"\{\{\s*\.window\s*\}\}")
_LABEL: Final = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*")


def target_rule(service: Service, objective: Objective, nth: int) -> Record:
    """The one rule that tells the general ones about this objective: all else is joined with it.

    `nth` is the number of an availability objective among its service's, so that joins are one to many.
    """
    sloth = {
        "sloth_id": f"{service.name}-{objective.name}",
        "sloth_service": service.name,
        "sloth_slo": objective.name,
    }
    own = {
        "service": service.name,
        "objective": objective.name,
        "kind": objective.kind,
        "period": objective.window.name,
        "nth": str(nth),
        "page": "yes" if objective.page else "no",
        "ticket": "yes" if objective.ticket else "no",
    }
    extra = {
        name: value
        for name, value in sorted(objective.labels.items())
        if _LABEL.fullmatch(name) and name not in n.OWN_LABELS and name not in sloth
    }
    return Record(n.SLOTH_OBJECTIVE, f"vector({objective.target!r})", {**own, **sloth, **extra})


def event_rules(service: Service, objective: Objective, timing: Timing) -> Iterator[Record]:
    """Errors and events of the last five minutes. Recorded every minute, each event counts five times in both.

    No NaN or infinity gets through: in a sum it would stay for as long as the longest window. Where there are events
    and no series of errors, there were none. Raises BadExpression.
    """
    whose = f"{service.name}: {objective.name}"
    if objective.kind == "availability":
        return
    if objective.kind == "latency":
        errors, events = _latency(objective, whose, timing)
    elif objective.ratio:
        errors, events = f"clamp(max{_ranged(objective.ratio, whose, timing)}, 0, 1)", ""
    else:
        errors = f"sum{_ranged(objective.errors, whose, timing)}"
        events = f"sum{_ranged(objective.total, whose, timing)}"
    labels = {"service": service.name, "objective": objective.name}
    this = f"{{service={quoted(service.name)}, objective={quoted(objective.name)}}}"
    if not events:
        yield Record(n.ERRORS, f"{errors} >= 0", labels)
        yield Record(n.EVENTS, f"{n.ERRORS}{this} >= bool 0", labels)
        return
    yield Record(n.EVENTS, f"{events} >= 0 < Inf", labels)
    none = f"sum({n.EVENTS}{this}) * 0"
    yield Record(n.ERRORS, f"({errors} >= 0 < Inf)\nor {none}", labels)


def _ranged(expression: str, whose: str, timing: Timing) -> str:
    return enclosed(_WINDOW.sub(timing.lasts(QUERIED), expression), whose)


def _latency(objective: Objective, whose: str, timing: Timing) -> tuple[str, str]:
    """Probes that were not answered within the bound, and all."""
    selector = objective.selector.strip().removeprefix("{").removesuffix("}").strip().removesuffix(",")
    window = timing.lasts(QUERIED)
    # Prometheus 3 writes `1.0` where an exporter says `1`.
    bound = f"{objective.below:g}"
    bounds = (bound, f"{bound}.0") if bound.isdigit() else (bound,)
    both = ", ".join(part for part in (selector, f"le=~{pattern(bounds)}") if part)
    every = f"{objective.histogram}_count" + (f"{{{selector}}}" if selector else "")
    within = f"{objective.histogram}_bucket{{{both}}}"
    total = f"sum{enclosed(f'increase({every}[{window}])', whose)}"
    good = f"sum{enclosed(f'increase({within}[{window}])', whose)}"
    # Two counters of one scrape: what is extrapolated of them may differ in the last digits.
    return f"clamp_min({total} - {good}, 0)", total


def ratio_rules(layers: int) -> Iterator[Record]:
    """Shares of what was bad. `layers`: the most availability objectives that one service has."""
    events = f'{n.COUNT}{{of="errors"}} / ignoring (of) ({n.COUNT}{{of="events"}} > 0)'
    for name, source, more in (
        (n.ERROR, n.SERVICE_ERROR, (events,)),
        (n.ERROR_LOW, f"(1 - {n.AVAILABILITY_HIGH})", ()),
        (n.ERROR_HIGH, f"(1 - {n.AVAILABILITY_LOW})", ()),
    ):
        parts = [f"{source} * on (service) group_left (objective) {one}" for one in ones(layers)]
        if parts or more:
            yield Record(name, "\nor ".join((*parts, *more)))


def ones(layers: int) -> Iterator[str]:
    """1 for each availability objective, in layers that have at most one of a service."""
    for nth in range(1, layers + 1):
        yield f'({n.SLOTH_OBJECTIVE}{{kind="availability", nth="{nth}"}} > bool 0)'


def sloth_rules(windows: Mapping[str, str]) -> Iterator[Record]:
    """Sloth's names and labels, so that dashboards made for it work. `windows`: which, and their names."""
    joined = f"* on (service, objective) group_left ({n.SLOTH_LABELS}) ({n.SLOTH_OBJECTIVE} > bool 0)"
    for window, called in windows.items():
        rates = f'{n.ERROR}{{window="{window}"}}\n{joined}'
        yield Record(n.SLOTH_RATIO + called, f"max by ({n.SLOTH_LABELS}) (\n  {rates}\n)", {"sloth_window": called})
    budget = f"max by ({n.SLOTH_LABELS}) (1 - {n.SLOTH_OBJECTIVE})"
    yield Record(n.SLOTH_BUDGET, budget)
    yield Record(n.SLOTH_DAYS, f"max by ({n.SLOTH_LABELS}) (\n  {_days()}\n)")
    by = f"/ on ({n.SLOTH_LABELS}) {n.SLOTH_BUDGET}"
    yield Record(n.SLOTH_BURN, f"max by ({n.SLOTH_LABELS}) ({n.SLOTH_RATIO}5m) {by}")
    own = f"{n.ERROR} and on (service, objective, window) {own_window(n.SLOTH_OBJECTIVE)}"
    yield Record(n.SLOTH_PERIOD_BURN, f"max by ({n.SLOTH_LABELS}) (\n  ({own})\n{joined}\n) {by}")
    yield Record(n.SLOTH_LEFT, f"1 - {n.SLOTH_PERIOD_BURN}")
    percent = f"round({n.SLOTH_OBJECTIVE} * 1e7) / 1e5"
    yield Record(
        n.SLOTH_INFO,
        f'count_values by (service, objective, period, {n.SLOTH_LABELS}) ("sloth_objective", {percent}) > bool 0',
        {"sloth_mode": "wardwatch", "sloth_spec": "prometheus/v1"},
    )


def own_window(series: str) -> str:
    """These, with their objective's period as the window."""
    return f'label_replace({series}, "window", "$1", "period", "(.+)")'


def _days() -> str:
    """A month has the days that it has; the others what they have on average."""
    known = {"7d": "7", "28d": "28", "30d": "30", "90d": "90"}
    known |= {"month": "on () group_left () days_in_month()", "quarter": "91.3125"}
    known |= {"year": "365.25", "financial_year": "365.25"}
    return "\n  or ".join(f'({n.SLOTH_OBJECTIVE}{{period="{name}"}} > bool 0) * {days}' for name, days in known.items())
