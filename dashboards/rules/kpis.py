"""Each KPI: what it is, what it ought to be, and how far it is from target, baseline and peers."""

from __future__ import annotations

from collections.abc import Iterator

from collector.kpis import PERIOD, Kpi, Kpis
from dashboards import names as n
from dashboards.promql import enclosed, quoted, union
from dashboards.rule import Record
from dashboards.timing import Timing, seconds

TREND = "30d"
STEP = "1h"
"""One point an hour: 720 are read of each KPI, not the 21,600 that were recorded."""
LEAST = "7d"
"""Before that a trend is none."""
DRIVERS = 3
"""So many are told of each red KPI: where to begin, and no list of everything."""

_UP = f'{n.KPI_INFO}{{direction="up"}}'


def declared_rules(kpi: Kpi) -> Iterator[Record]:
    """What the catalogue says of it."""
    this = {"kpi": kpi.id}
    said = {
        "title": kpi.title,
        "definition": kpi.definition,
        "unit": kpi.unit,
        "direction": kpi.direction,
        "period": kpi.period,
        "owner": kpi.owner,
        "source": kpi.source,
        "pillar": kpi.pillar,
        "waiting": kpi.waiting,
        "lever": kpi.lever,
    }
    yield Record(n.KPI_INFO, "vector(1)", this | {name: text for name, text in said.items() if text})
    for item in kpi.scorecard:
        yield _constant(n.KPI_SCORECARD, kpi.weight, this | {"item": item})
    if kpi.pillar:
        yield _constant(n.KPI_PILLAR, kpi.weight, this | {"pillar": kpi.pillar})
    if kpi.target is not None:
        yield _constant(n.KPI_TARGET, kpi.target, this)
        yield _constant(n.KPI_AMBER, kpi.target if kpi.amber is None else kpi.amber, this)
    if kpi.baseline is not None:
        yield _constant(n.KPI_BASELINE, kpi.baseline.value, this | {"date": kpi.baseline.date.isoformat()})
    if kpi.benchmark is not None:
        peers = this | {"source": kpi.benchmark.source} | ({"per": kpi.benchmark.per} if kpi.benchmark.per else {})
        for quartile, value in kpi.benchmark.quartiles.items():
            yield _constant(n.KPI_BENCHMARK, value, peers | {"quartile": quartile})


def _constant(name: str, value: float, labels: dict[str, str]) -> Record:
    return Record(name, f"vector({value!r})", labels)


def normaliser_rules(kpis: Kpis) -> Iterator[Record]:
    """How many users, devices and beds there are. Raises BadExpression."""
    for per, expression in kpis.normalisers.items():
        yield Record(
            n.KPI_NORMALISER, f"max{enclosed(expression, f'normaliser of each {per}')} > 0 < Inf", {"per": per}
        )


def value_rules(kpi: Kpi) -> Iterator[Record]:
    """What it is now; of several series the worst. A division by nothing gives nothing. Raises BadExpression."""
    if kpi.formula:
        worst = "min" if kpi.direction == "up" else "max"
        formula = enclosed(kpi.formula.replace(PERIOD, kpi.period), kpi.id)
        yield Record(n.KPI_VALUE, f"{worst}{formula} > -Inf < Inf", {"kpi": kpi.id})


def judged_rules() -> Iterator[Record]:
    """2 green, 1 amber, 0 red, and -1 where nobody knows: never absent, and never green by silence."""
    yield Record(n.KPI_UNKNOWN, f'max by (kpi) ({n.KPI_INFO}{{waiting!=""}})', {"why": "waiting"})
    nothing = f'max by (kpi) ({n.KPI_INFO}{{waiting=""}}) unless on (kpi) {n.KPI_VALUE}'
    yield Record(n.KPI_UNKNOWN, nothing, {"why": "no data"})
    up, down = (
        "\n+ on (kpi) ".join(f"({n.KPI_VALUE} {better} bool on (kpi) {limit})" for limit in (n.KPI_TARGET, n.KPI_AMBER))
        for better in (">=", "<=")
    )
    yield Record(n.KPI_STATUS, union((f"{up}\nand on (kpi) {_UP}", down, f"0 * {n.KPI_TARGET} - 1"), by="kpi"))


def compared_rules(timing: Timing) -> Iterator[Record]:
    """How far it is from where it should be, and from where it was. More is better, whatever the direction."""
    yield Record(n.KPI_TO_TARGET, _gain(n.KPI_VALUE, n.KPI_TARGET))
    yield Record(n.KPI_GAIN, _gain(n.KPI_VALUE, n.KPI_BASELINE))
    # Of the way from the baseline to the target; where there was none to go, there is no progress either.
    yield Record(n.KPI_PROGRESS, f"{n.KPI_GAIN}\n/ on (kpi) ({_gain(n.KPI_TARGET, n.KPI_BASELINE)} > 0)")
    slope = f"deriv({n.KPI_VALUE}[{timing.lasts(TREND)}:{timing.lasts(STEP)}])"
    known = f"last_over_time({n.KPI_VALUE}[{timing.lasts('1d')}] offset {timing.lasts(LEAST)})"
    yield Record(n.KPI_TREND, f"{slope} * {seconds(TREND) / timing.scale:g}\nand on (kpi) {known}")
    per = f'(count by (kpi, per) ({n.KPI_BENCHMARK}{{per!=""}}) > bool 0)'
    value = f"({per} * on (kpi) group_left () {n.KPI_VALUE})"
    yield Record(n.KPI_NORMALISED, f"{value}\n/ on (per) group_left () {n.KPI_NORMALISER}")
    # Each KPI is compared in one way: per something, or as it is.
    plain = f'({n.KPI_VALUE} unless on (kpi) {n.KPI_BENCHMARK}{{per!=""}})'
    compared = f"(max by (kpi) ({n.KPI_NORMALISED}) or {plain})"
    peers = f"max without (source) ({n.KPI_BENCHMARK})"
    above = f"-({peers} - on (kpi) group_left () {compared})"
    below = f"{peers} - on (kpi) group_left () {compared}"
    yield Record(n.KPI_PEERS, f"({above} and on (kpi) {_UP})\nor on (kpi, quartile) ({below})")


def driver_rules(kpi: Kpi) -> Iterator[Record]:
    """What keeps a red KPI red: the largest, each as its share of all. Raises BadExpression."""
    if kpi.drivers is None or kpi.target is None:
        return
    formula = enclosed(kpi.drivers.formula.replace(PERIOD, kpi.period), f"drivers of {kpi.id}")
    by = ", ".join(kpi.drivers.by)
    missing = f"sum by ({by}) {formula} > 0"
    largest = f"topk({DRIVERS}, {missing})\n/ on () group_left () sum({missing})"
    red = f"{n.KPI_STATUS}{{kpi={quoted(kpi.id)}}} == 0"
    joined = ", ".join(quoted(label) for label in kpi.drivers.by)
    # Labels end here: what is told apart by whatever it takes, all KPIs tell in one.
    which = f'label_join({largest}\nand on () {red}, "what", " ", {joined})'
    yield Record(n.KPI_DRIVER, f"max by (what) ({which})", {"kpi": kpi.id})


def _gain(one: str, other: str) -> str:
    """By how much one is better than the other; both have one series a KPI."""
    return f"(\n  {one} - on (kpi) {other} and on (kpi) {_UP}\n  or on (kpi) {other} - on (kpi) {one}\n)"
