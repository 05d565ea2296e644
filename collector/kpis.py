"""What a board is told: KPIs against target, baseline and peers, and the scorecard that they add up to (HOUSE 3).

Declared in `config/kpis.yml`; `dashboards` makes rules of it. Numbers are in the KPI's unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Direction = Literal["up", "down"]
"""Where better is."""

Unit = Literal["ratio", "seconds", "hours", "days", "count", "score", "currency"]
Per = Literal["user", "device", "bed"]
Quartile = Literal["q1", "median", "q3"]

Span = Literal["now", "7d", "28d", "30d", "90d", "month", "quarter", "year", "financial_year"]
"""Over which time a KPI is measured: `now` is what is so at the moment, the others are windows of services' sums."""

PERIOD = "{{.period}}"
"""Stands in a formula for the KPI's period: `{window="{{.period}}"}`."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Where the journey began: what the KPI was on a day."""

    value: float
    date: date


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What peers reach: quartiles by their names, in numbers' order, of the value itself or `per` user, device or bed.
    `source` says who found that out."""

    quartiles: Mapping[Quartile, float]
    source: str
    per: Per | None = None


@dataclass(frozen=True, slots=True)
class Drivers:
    """What keeps it from its target: PromQL of which more is worse, and the labels by which it is told apart."""

    formula: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI. Without `formula` it is `waiting` for a source of data, which that says in words.

    From `target` on it is green, from `amber` on amber, else red; without a target it is told, and not judged.
    `pillar` and the items in `scorecard` count it `weight` times. `drivers` say what keeps it red, `lever` what changes
    it.
    """

    id: str
    title: str
    definition: str
    unit: Unit
    direction: Direction
    formula: str = ""
    waiting: str = ""
    target: float | None = None
    amber: float | None = None
    period: Span = "now"
    owner: str = ""
    source: str = ""
    pillar: str = ""
    scorecard: tuple[str, ...] = ()
    weight: float = 1.0
    baseline: Baseline | None = None
    benchmark: Benchmark | None = None
    drivers: Drivers | None = None
    lever: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the scorecard. `weight` is how much IT contributes to it, `contribution` by what."""

    number: str
    name: str
    weight: float = 1.0
    contribution: str = ""


@dataclass(frozen=True, slots=True)
class Kpis:
    """All KPIs by id, the scorecard's items by number, the pillars; references are right. `normalisers` is PromQL for
    how many users, devices and beds there are, as far as anybody says."""

    kpis: Mapping[str, Kpi] = field(default_factory=dict)
    scorecard: Mapping[str, Item] = field(default_factory=dict)
    pillars: tuple[str, ...] = ()
    normalisers: Mapping[Per, str] = field(default_factory=dict)
