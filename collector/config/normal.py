"""`snmp/normal.yml`: names that hold whatever the vendor, and of which vendors' metrics they are made.

A site's families stand beside the shipped ones; one of the same name replaces the shipped one, and without sources
switches it off.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from collector.config.document import Document, Step
from collector.config.metrics import LabelName, MetricName
from collector.config.scalars import Filled, Keyed, Line, Listed, Number, Written, shown, suggestion
from collector.config.snmp import States
from collector.config.typed import Findings, Strict, named
from collector.model import Collector, Family
from collector.network.normal import Normal, Source, Where

FILE: Final = "normal.yml"

DOMAINS: Final = ("ups", "pdu", "environment", "printer")
"""What such names are of. All others that begin with `wardwatch_` are the program's own."""

_NAME = re.compile(rf"wardwatch_({'|'.join(DOMAINS)})_[a-z][a-z0-9_]*")

Unit = Literal["celsius", "seconds", "ratio", "volts", "amperes", "watts"]


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        begin = ", ".join(f"wardwatch_{domain}_" for domain in DOMAINS)
        raise ValueError(f"{shown(text)} is not a name here: begin with one of {begin} and go on in small letters")
    return text


def _labels(value: Any) -> Any:
    """One label of the vendor's needs no brackets."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        return value
    return {name: [each] if isinstance(each, str) else each for name, each in value.items()}


class WhereFile(Strict):
    metric: Annotated[MetricName, Field(description="another metric of the same module")]
    is_: Annotated[States, Field(alias="is", min_length=1, description="states in which a row counts, by number")]


class BitsFile(Strict):
    label: Annotated[LabelName, Field(description="label that names the bit")]
    names: Annotated[States, Field(min_length=1, description="names by number; bit 0 is the highest of the first byte")]


class SourceFile(Strict):
    metric: Annotated[MetricName, Field(description="the vendor's metric, as modules name it")]
    labels: Annotated[
        dict[LabelName, tuple[LabelName, ...]],
        BeforeValidator(_labels, json_schema_input_type=dict[str, str | tuple[str, ...]]),
        Field(description="labels, each from a label of the vendor's, or from the first of several that is not empty"),
    ] = Field(default_factory=dict)
    fixed: Annotated[dict[LabelName, Filled], Keyed] = Field(
        default_factory=dict, description="labels that are always the same"
    )
    empty: Annotated[tuple[Line, ...], Listed, Field(description="values of the vendor's labels that mean none")] = ()
    names: Annotated[dict[str, Filled], Keyed] = Field(
        default_factory=dict, description="words for values of the vendor's labels"
    )
    is_: Annotated[
        States, Field(alias="is", default_factory=dict, description="states that become 1, by number; others become 0")
    ]
    unknown: States = Field(default_factory=dict, description="states that say nothing; left out")
    bits: Annotated[BitsFile | None, Written, Field(description="for a string of bits: a row for each")] = None
    without: Annotated[tuple[Number, ...], Listed, Field(description="numbers that mean no value; left out")] = ()
    least: Annotated[Number | None, Written, Field(description="numbers below it mean no value; left out")] = None
    scale: Annotated[Number, Field(description="the MIB's number is multiplied by this")] = 1.0
    offset: Annotated[Number, Field(description="and this is added")] = 0.0
    full: Annotated[MetricName | None, Written, Field(description="metric by which the number is divided")] = None
    precision: Annotated[
        MetricName | None, Written, Field(description="metric that tells its decimal places, as RFC 3433 has them")
    ] = None
    prefix: Annotated[
        MetricName | None, Written, Field(description="metric that tells its power of a thousand, as RFC 3433 has it")
    ] = None
    where: Annotated[tuple[WhereFile, ...], Listed, Field(description="rows that count; all must hold")] = ()

    @model_validator(mode="after")
    def _one_way(self) -> SourceFile:
        """A state, bits or a number, and each label once."""
        if self.is_ and self.bits is not None:
            raise ValueError("'is' and 'bits' exclude each other: keep one")
        numeric = self.model_fields_set & {"scale", "offset", "full", "precision", "prefix"}
        if numeric and (self.is_ or self.bits is not None):
            raise ValueError(f"'{sorted(numeric)[0]}' is for numbers: what 'is' or 'bits' make is 1 or 0")
        if self.scale == 0:
            raise ValueError("'scale' 0 makes 0 of everything: write another number")
        names = [*self.labels, *self.fixed, *((self.bits.label,) if self.bits else ())]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"the label {shown(twice)} is written twice: keep one of them")
        return self


class NormalFile(Strict):
    """One family."""

    name: Annotated[str, AfterValidator(_name), Field(description="its name, the unit at its end")]
    help: Annotated[Filled, Field(description="its help text")]
    unit: Annotated[Unit | None, Written, Field(description="unit of its numbers; none: a state or a count")] = None
    type: Annotated[Literal["gauge", "counter"], Field(description="gauge or counter")] = "gauge"
    from_: Annotated[
        tuple[SourceFile, ...], Listed, Field(alias="from", description="what it is made of; none: it is switched off")
    ]

    @model_validator(mode="after")
    def _said_in_the_name(self) -> NormalFile:
        ending = ("_total" if self.type == "counter" else "") or (f"_{self.unit}" if self.unit else "")
        if not self.name.endswith(ending):
            raise ValueError(f"{shown(self.name)} does not end in '{ending}'")
        return self


class NormalsFile(Strict):
    """`snmp/normal.yml`: names that hold whatever the vendor."""

    normal: Annotated[tuple[NormalFile, ...], Listed, Field(description="the families")] = ()


class Declared(NamedTuple):
    """A family and where it stands."""

    normal: Normal
    document: Document
    where: list[Step]


def read_normals(document: Document, findings: Findings) -> dict[str, Declared]:
    """The families of a file by name; those with problems are left out."""
    found: dict[str, Declared] = {}
    for model, where in named(document, "normal", NormalsFile, NormalFile, findings, "family"):
        normal = Normal(Family(model.name, model.help, model.type), model.unit or "", tuple(map(_source, model.from_)))
        found[model.name] = Declared(normal, document, where)
    return found


def check_metrics(normals: Mapping[str, Declared], modules: Mapping[str, Collector | None], findings: Findings) -> None:
    """What a file makes families of must be a metric of some module."""
    known = {
        metric.name
        for collector in modules.values()
        if (module := getattr(collector, "module", None)) is not None
        for metric in module.metrics
    }
    for normal, document, where in normals.values():
        for index, source in enumerate(normal.sources):
            spot = [*where, "from", index]
            _check(document, [*spot, "metric"], source.metric, known, findings)
            for key in ("full", "precision", "prefix"):
                if name := getattr(source, key):
                    _check(document, [*spot, key], name, known, findings)
            for number, each in enumerate(source.where):
                _check(document, [*spot, "where", number, "metric"], each.metric, known, findings)


def _check(document: Document, where: Sequence[Step], name: str, known: Collection[str], findings: Findings) -> None:
    if name not in known:
        findings.problem(document, where, f"no module has a metric {shown(name)}.{suggestion(name, known)}")


def _source(model: SourceFile) -> Source:
    return Source(
        metric=model.metric,
        labels=model.labels,
        fixed=model.fixed,
        empty=frozenset(model.empty),
        names=model.names,
        states=model.is_,
        unknown=model.unknown,
        bits=model.bits.names if model.bits is not None else {},
        bit=model.bits.label if model.bits is not None else "",
        without=model.without,
        least=model.least,
        scale=model.scale,
        offset=model.offset,
        full=model.full or "",
        precision=model.precision or "",
        prefix=model.prefix or "",
        where=tuple(Where(each.metric, each.is_) for each in model.where),
    )
