"""Names that hold whatever the vendor: what is declared of them, and fitted to a module.

A `Normal` says of which vendors' metrics a family is made and how; numbers in it are those of the MIB's own object,
before a module scales them. `fit` leaves what a module can give, once per load; `normalising` does it at each poll.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from collector.model import Family
from collector.wire.snmp.module import Metric, Module
from collector.wire.snmp.plan import NUMBERS, TIMES

Words = Mapping[int, str]
"""Names of numbers, or of bits."""

Read = Literal["number", "word", "state"]
"""How a metric stands on a page: a number; a label of its own name; the same once for each state, 1 where it is."""


@dataclass(frozen=True, slots=True)
class Where:
    """Rows that count: those in which another metric of the module is one of these states."""

    metric: str
    states: Words = field(hash=False)


@dataclass(frozen=True, slots=True)
class Source:
    """One vendor's metric. `states` makes 1 of those and 0 of others; without, it is a number."""

    metric: str
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """By label: the vendor's labels, of which the first that is not empty counts."""
    fixed: Mapping[str, str] = field(default_factory=dict, hash=False)
    empty: frozenset[str] = frozenset()
    """Values of the vendor's labels that stand for none."""
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Words for values of the vendor's labels."""
    states: Words = field(default_factory=dict, hash=False)
    unknown: Words = field(default_factory=dict, hash=False)
    """States that say nothing: such rows are left out."""
    bits: Words = field(default_factory=dict, hash=False)
    bit: str = ""
    """The label that names the bit; each is 1 or 0."""
    without: tuple[float, ...] = ()
    """Numbers that stand for no value."""
    least: float | None = None
    """Below it a number stands for no value."""
    scale: float = 1.0
    offset: float = 0.0
    full: str = ""
    """The metric by which the number is divided."""
    precision: str = ""
    """The metric that tells the decimal places, as entPhySensorPrecision does (RFC 3433)."""
    prefix: str = ""
    """The metric that tells the power of a thousand, as entPhySensorScale does (RFC 3433)."""
    where: tuple[Where, ...] = ()


@dataclass(frozen=True, slots=True)
class Normal:
    """A family and its sources. `unit` is the last word of its name, empty for a state or a count."""

    family: Family
    unit: str = ""
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A `Where` on a module's page."""

    name: str
    read: Read
    own: str
    states: frozenset[float] | frozenset[str]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A source as a module gives it. Numbers are those of the page, after the module has scaled them.

    `name` is the family on the page and `own` the label that holds its text. `before` undoes the module's scale, None
    where nothing is to be done to the number at all.
    """

    number: int
    family: Family
    source: Source
    name: str
    read: Read
    own: str
    states: frozenset[float] | frozenset[str]
    unknown: frozenset[float] | frozenset[str]
    without: frozenset[float]
    least: float | None
    before: tuple[float, float] | None
    where: tuple[Condition, ...]


def fit(normals: Sequence[Normal], module: Module) -> tuple[Fitted, ...]:
    """What of `normals` a module gives: sources of which it reads all that they name, as what they need it."""
    metrics = {metric.name: metric for metric in module.metrics}
    found: list[Fitted] = []
    for normal in normals:
        for source in normal.sources:
            fitted = _fit(len(found), normal.family, source, metrics)
            if fitted is not None:
                found.append(fitted)
    return tuple(found)


def _fit(number: int, family: Family, source: Source, metrics: Mapping[str, Metric]) -> Fitted | None:
    metric = metrics.get(source.metric)
    read = _read(metric)
    if metric is None or read is None:
        return None
    if read != "number" and not (source.states or source.bits):
        return None
    if source.bits and read != "word":
        return None
    if any(_read(metrics.get(name)) != "number" for name in (source.full, source.precision, source.prefix) if name):
        return None
    where = tuple(_condition(each, metrics.get(each.metric)) for each in source.where)
    if None in where:
        return None
    return Fitted(
        number=number,
        family=family,
        source=source,
        name=_name(metric),
        read=read,
        own=metric.name,
        states=_states(source.states, metric, read),
        unknown=_states(source.unknown, metric, read),
        without=frozenset(_shown(each, metric) for each in source.without),
        least=None if source.least is None else _shown(source.least, metric),
        before=_before(source, metric),
        where=tuple(each for each in where if each is not None),
    )


def _condition(where: Where, metric: Metric | None) -> Condition | None:
    read = _read(metric)
    if metric is None or read is None or read == "state":
        return None
    return Condition(_name(metric), read, metric.name, _states(where.states, metric, read))


def _read(metric: Metric | None) -> Read | None:
    """How a metric stands on a page; None for what no name can be made of."""
    if metric is None or metric.type in TIMES or metric.regex_extracts:
        return None
    if metric.type in NUMBERS:
        return "number"
    return "state" if metric.type in ("EnumAsStateSet", "Bits") else "word"


def _name(metric: Metric) -> str:
    return f"{metric.name}_info" if metric.type == "EnumAsInfo" else metric.name


def _states(words: Words, metric: Metric, read: Read) -> frozenset[float] | frozenset[str]:
    if read == "number":
        return frozenset(_shown(number, metric) for number in words)
    return frozenset(metric.enum_values.get(number, word) for number, word in words.items())


def _shown(number: float, metric: Metric) -> float:
    """A number of the MIB's object as the module shows it; by the same steps, so that equal stays equal."""
    return number * (metric.scale or 1.0) + metric.offset if metric.scale or metric.offset else float(number)


def _before(source: Source, metric: Metric) -> tuple[float, float] | None:
    scale = metric.scale or 1.0
    plain = not (source.full or source.precision or source.prefix)
    if plain and (scale, metric.offset) == (source.scale, source.offset):
        return None
    return scale, metric.offset
