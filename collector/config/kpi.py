"""One KPI as it is written: what it is made of, what is good, what peers reach."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Final, Protocol, TypeGuard

from pydantic import BeforeValidator, Field, WithJsonSchema

from collector.config.calendars import Day
from collector.config.document import Document, Step
from collector.config.metrics import ReadLabel
from collector.config.promql import Formula
from collector.config.scalars import Listed, Name, Number, Plain, Written, number, seconds, shown, suggestion
from collector.config.typed import Findings, Strict, part, sound
from collector.kpis import PERIOD, Baseline, Benchmark, Direction, Drivers, Kpi, Kpis, Per, Quartile, Span, Unit

QUARTILES: Final[tuple[Quartile, ...]] = ("q1", "median", "q3")
PER: Final[Mapping[str, Per]] = {"users": "user", "devices": "device", "beds": "bed"}
"""The normalisers, and what one of each is called."""
MOST_WEIGHT: Final = 1000


def _amount(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        share, lasting = value.endswith("%"), value[-1:].isalpha()
        found = round(number(value[:-1]) / 100, 12) if share else seconds(value) if lasting else number(value)
        if not math.isfinite(found):
            raise ValueError
    except ValueError:
        raise ValueError(f"{shown(value)} is no amount: write it like 12.5, 99.9% or 4h") from None
    return found


Amount = Annotated[
    float,
    BeforeValidator(_amount),
    WithJsonSchema({"type": "string", "examples": ["99.9%", "4h", "12"]}),  # an editor takes numbers for that too
]
"""A number, a share in percent, or a duration, which is seconds."""


class BaselineFile(Strict):
    """Where the journey began."""

    value: Annotated[Amount, Field(description="what the KPI was")]
    date: Annotated[Day, Field(description="on which day: 2026-11-28")]


class BenchmarkFile(Strict):
    """What peers reach."""

    q1: Annotated[Amount | None, Written, Field(description="the lower quartile")] = None
    median: Annotated[Amount | None, Written, Field(description="the median")] = None
    q3: Annotated[Amount | None, Written, Field(description="the upper quartile")] = None
    per: Annotated[
        Per | None, Written, Field(description="quartiles are per user, device or bed; default: of the value itself")
    ] = None
    source: Annotated[Plain, Field(description="who found that out, and when")]


class DriversFile(Strict):
    """What keeps a KPI from its target."""

    formula: Annotated[Formula, Field(description="PromQL: the more, the worse; what is above 0 counts")]
    by: Annotated[
        tuple[ReadLabel, ...],
        Listed,
        Field(min_length=1, description="its labels that say which one: things and teams, not people"),
    ]


class KpiFile(Strict):
    """One KPI."""

    id: Annotated[Name, Field(description="its name in rules and labels")]
    title: Annotated[Plain, Field(description="what people call it")]
    definition: Annotated[Plain, Field(description="what exactly is counted, in words")]
    unit: Annotated[Unit, Field(description="ratio, seconds, hours, days, count, score or currency")]
    direction: Annotated[Direction, Field(description="where better is: up or down")]
    formula: Annotated[
        Formula | None,
        Written,
        Field(description="PromQL; of several series the worst counts. `{{.period}}` stands for `period`"),
    ] = None
    waiting: Annotated[
        Plain | None, Written, Field(description="instead of a formula: for which source of data it waits")
    ] = None
    target: Annotated[
        Amount | None, Written, Field(description="from here on it is green; default: it is not judged")
    ] = None
    amber: Annotated[
        Amount | None, Written, Field(description="from here to the target it is amber; default: the target")
    ] = None
    period: Annotated[Span, Field(description="over which time it is measured")] = "now"
    owner: Annotated[Name | None, Written, Field(description="the team that can change it")] = None
    source: Annotated[Plain | None, Written, Field(description="where its data come from")] = None
    pillar: Annotated[Plain | None, Written, Field(description="the pillar that it belongs to")] = None
    scorecard: Annotated[tuple[Plain, ...], Listed, Field(description="numbers of the scorecard's items")] = ()
    weight: Annotated[
        Number, Field(gt=0, le=MOST_WEIGHT, description="how often it counts in its items and its pillar")
    ] = 1.0
    baseline: Annotated[
        BaselineFile | None, Written, Field(description="where it began; `wardwatch baseline freeze` asks Prometheus")
    ] = None
    benchmark: Annotated[BenchmarkFile | None, Written, Field(description="what peers reach")] = None
    drivers: Annotated[
        DriversFile | None, Written, Field(description="what keeps it red: the three that count most are recorded")
    ] = None
    lever: Annotated[Plain | None, Written, Field(description="what changes it, in words")] = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A KPI as it is written in a file, and what a shipped entry of the same id says besides."""

    document: Document
    where: tuple[Step, ...]
    written: Mapping[str, Any]
    besides: Mapping[str, Any]
    own: bool
    """A site wrote it, so it answers for the items and the pillar that it names."""


class _Wrong(Protocol):
    def __call__(self, what: str, *where: Step) -> None: ...


def read_kpi(entry: Entry, known: Kpis, findings: Findings) -> Kpi | None:
    """What is known of it; every mistake is told."""
    written = {**entry.besides, **entry.written}
    model = part(entry.document, entry.where, written, KpiFile, findings) or sound(KpiFile, written)
    if model is None:
        return None

    def wrong(what: str, *where: Step) -> None:
        findings.problem(entry.document, [*entry.where, *where], what)

    _check_data(model, written, wrong)
    _check_limits(model, written, wrong)
    _check_units(model.unit, written, (), wrong)
    if entry.own:
        _check_board(model, entry.written, known, wrong)
    # Its quartiles are looked at where something else of it is wrong, too.
    peers = model.benchmark or sound(BenchmarkFile, written.get("benchmark"), {"source": "?"})
    benchmark = _benchmark(peers, known, wrong) if peers is not None else None
    frozen = model.baseline
    return Kpi(
        id=model.id,
        title=model.title,
        definition=model.definition,
        unit=model.unit,
        direction=model.direction,
        formula=model.formula or "",
        waiting=model.waiting or "",
        target=model.target,
        amber=model.amber if model.amber is not None else model.target,
        period=model.period,
        owner=model.owner or "",
        source=model.source or "",
        pillar=model.pillar if model.pillar in known.pillars else "",
        scorecard=tuple(item for item in dict.fromkeys(model.scorecard) if item in known.scorecard),
        weight=model.weight,
        baseline=Baseline(frozen.value, frozen.date) if frozen is not None else None,
        benchmark=benchmark,
        drivers=Drivers(model.drivers.formula, model.drivers.by) if model.drivers is not None else None,
        lever=model.lever or "",
    )


def _check_data(model: KpiFile, written: Mapping[str, Any], wrong: _Wrong) -> None:
    ways = [key for key in ("formula", "waiting") if key in written]
    if not ways:
        wrong("is missing: write PromQL, or under waiting for which source of data it waits", "formula")
    if len(ways) > 1:
        wrong("has no place beside formula: keep one of them", "waiting")
    drivers = model.drivers.formula if model.drivers is not None else ""
    if model.period == "now" and PERIOD in f"{model.formula} {drivers}":
        wrong(f"is missing: the formula says {PERIOD}", "period")


def _check_limits(model: KpiFile, written: Mapping[str, Any], wrong: _Wrong) -> None:
    if model.amber is None:
        return
    if model.target is None:
        if "target" not in written:
            wrong("has no place without a target", "amber")
    elif (model.amber > model.target) if model.direction == "up" else (model.amber < model.target):
        side = "above" if model.direction == "up" else "below"
        what = f"{model.amber:g} is on the wrong side of the target: {model.direction} is better, and it is {side} "
        wrong(f"{what}{model.target:g}", "amber")


def _check_units(unit: Unit, written: Any, where: tuple[Step, ...], wrong: _Wrong) -> None:
    """A percentage is a share, a duration is seconds."""
    for key in ("target", "amber", "value", *QUARTILES):
        text = written.get(key)
        if not _is_amount(text):
            continue
        if text.endswith("%") and unit != "ratio":
            wrong(f"{shown(text)} is a share, and the unit is {unit}: write a number", *where, key)
        elif text[-1].isalpha() and unit != "seconds":
            wrong(f"{shown(text)} is a duration, and the unit is {unit}: write a number", *where, key)
    if not where:
        for key in ("baseline", "benchmark"):
            if isinstance(below := written.get(key), dict):
                _check_units(unit, below, (key,), wrong)


def _is_amount(value: Any) -> TypeGuard[str]:
    try:
        _amount(value)
    except ValueError:
        return False
    return isinstance(value, str)


def _check_board(model: KpiFile, written: Mapping[str, Any], known: Kpis, wrong: _Wrong) -> None:
    """The scorecard's items and the pillar that it names."""
    for index, item in enumerate(model.scorecard if "scorecard" in written else ()):
        if item not in known.scorecard:
            wrong(no_item(item, known.scorecard), "scorecard", index)
    if "pillar" in written and model.pillar is not None and model.pillar not in known.pillars:
        wrong(no_pillar(model.pillar, known.pillars), "pillar")


def no_item(item: str, known: Mapping[str, object]) -> str:
    """What is wrong with it."""
    return f"the scorecard has no item {shown(item)}.{suggestion(item, known)} They are written in kpis.yml"


def no_pillar(word: str, known: Sequence[str]) -> str:
    """What is wrong with it."""
    return f"there is no pillar {shown(word)}.{suggestion(word, known)} They are written in kpis.yml"


def _benchmark(model: BenchmarkFile, known: Kpis, wrong: _Wrong) -> Benchmark | None:
    found = {name: value for name in QUARTILES if (value := getattr(model, name)) is not None}
    if not found:
        wrong("has no quartile: write q1, median or q3", "benchmark")
    values = list(found.items())
    for (lower, less), (upper, more) in pairwise(values):
        if less > more:
            wrong(f"{more:g} is less than {lower}, which is {less:g}: quartiles rise", "benchmark", upper)
    if model.per is not None and model.per not in known.normalisers:
        key = next(key for key, per in PER.items() if per == model.per)
        wrong(f"nobody says how many {key} there are: write it under normalisers", "benchmark", "per")
    return Benchmark(found, model.source, model.per)
