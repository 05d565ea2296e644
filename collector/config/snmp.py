"""`snmp/*.yml`: snmp_exporter's `snmp.yml`, strictly: the keys, types and defaults of CONTRACTS 2.

Any such file works unchanged, the stock one of 64,000 lines included; so this is the one place where reading has to be
fast. Models are checked by pydantic's compiled core and copied into the dataclasses of `wire.snmp.module`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from collector.config.auths import Credentials, read_auths
from collector.config.document import Document, Step
from collector.config.filters import FilterFile, read_filters
from collector.config.metrics import NO_TEXT, IndexType, LabelName, MetricName, Suffix, ValueType, metric_name
from collector.config.oids import MOST_ARCS, Oid, Regex
from collector.config.scalars import (
    NOT_A_NAME,
    Count,
    Duration,
    Flag,
    Keyed,
    Listed,
    Name,
    Number,
    Whole,
    is_name,
    shown,
)
from collector.config.secrets import Secrets
from collector.config.typed import Findings, Strict, entries, part, top
from collector.model import Auth, Seconds
from collector.wire.snmp.module import Filter, Index, Lookup, Metric, Module, RegexExtract


def _states(value: Any) -> Any:
    """Most enumerations of a large file are the same few: numbers are read without leaving this function."""
    if not isinstance(value, dict):
        return {} if value is None else value
    return {(int(k) if k.isascii() and k.isdigit() and len(k) < 10 else k): v for k, v in value.items()}


States = Annotated[dict[Whole, str], BeforeValidator(_states)]


class IndexFile(Strict):
    labelname: Annotated[LabelName, Field(description="label that the index part becomes")]
    type: Annotated[IndexType, Field(description="how the part reads")] = "gauge"
    fixed_size: Annotated[Whole, Field(ge=0, le=MOST_ARCS, description="its length in numbers, where it is fixed")] = 0
    implied: Annotated[Flag, Field(description="the part takes all that is left")] = False
    enum_values: States = Field(default_factory=dict, description="names of numbers")


class LookupFile(Strict):
    labels: Annotated[
        tuple[LabelName, ...], Listed, Field(description="labels whose index is looked up; none: drop")
    ] = ()
    labelname: Annotated[LabelName, Field(description="label that is set, or dropped")]
    oid: Annotated[Annotated[Oid, Field(min_length=1)] | Literal[""], Field(description="column that is read")] = ""
    type: Annotated[ValueType, Field(description="how the value reads")] = ""
    display_hint: Annotated[str, Field(description="DISPLAY-HINT of RFC 2579")] = ""
    enum_values: States = Field(default_factory=dict, description="names of numbers")


class RegexExtractFile(Strict):
    regex: Annotated[Regex, Field(description="matched against the whole text")]
    value: Annotated[str, Field(description="what of the match is the number")] = "$1"
    scale: Annotated[Number, Field(description="the number is multiplied by this")] = 0.0
    offset: Annotated[Number, Field(description="and this is added")] = 0.0


class MetricFile(Strict):
    name: Annotated[MetricName, Field(description="name of the metric")]
    oid: Annotated[Oid, Field(description="its OID, without the index")]
    type: Annotated[ValueType, Field(description="how the value reads: gauge, counter, DisplayString ...")] = ""
    help: Annotated[str, Field(description="its help text")] = ""
    indexes: Annotated[tuple[IndexFile, ...], Listed, Field(description="the parts of the index, in order")] = ()
    lookups: Annotated[tuple[LookupFile, ...], Listed, Field(description="labels read from other columns")] = ()
    regex_extracts: Annotated[dict[Suffix, Annotated[tuple[RegexExtractFile, ...], Listed]], Keyed] = Field(
        default_factory=dict, description="numbers out of texts, by the suffix of the metric's name"
    )
    datetime_pattern: Annotated[str, Field(description="strptime's pattern of ParseDateAndTime")] = ""
    enum_values: States = Field(default_factory=dict, description="names of numbers")
    offset: Annotated[Number, Field(description="added to the value")] = 0.0
    scale: Annotated[Number, Field(description="the value is multiplied by this; 0: it is not")] = 0.0
    display_hint: Annotated[str, Field(description="DISPLAY-HINT of RFC 2579")] = ""


class SnmpModuleFile(Strict):
    walk: Annotated[tuple[Oid, ...], Listed, Field(description="subtrees that are walked")] = ()
    get: Annotated[tuple[Oid, ...], Listed, Field(description="single values that are asked for")] = ()
    metrics: Annotated[tuple[MetricFile, ...], Listed, Field(description="what becomes of the answers")] = ()
    max_repetitions: Annotated[Whole, Field(ge=0, le=65_535, description="most rows in one answer")] = 25
    retries: Annotated[
        Whole, Field(ge=0, le=100, description="further attempts; the device's class may allow less")
    ] = 3
    timeout: Annotated[Duration, Field(description="wait for one answer")] = 5.0
    use_unconnected_udp_socket: Annotated[Flag, Field(description="read and without effect: sockets are shared")] = (
        False
    )
    allow_nonincreasing_oids: Annotated[Flag, Field(description="go on where OIDs do not increase")] = False
    filters: Annotated[tuple[FilterFile, ...], Listed, Field(description="rows that are asked for, by a value")] = ()


class SnmpFile(Strict):
    """A file in snmp_exporter's format."""

    auths: Annotated[dict[Name, Credentials], Keyed] = Field(default_factory=dict, description="credentials by name")
    modules: Annotated[dict[Name, SnmpModuleFile], Keyed] = Field(default_factory=dict, description="modules by name")
    version: Annotated[Count | None, Field(description="version of the format")] = None


def read_auths_of(document: Document, secrets: Secrets, findings: Findings) -> dict[str, Auth | None]:
    """The auths of a file by name; None for one with problems."""
    data = document.data if isinstance(document.data, dict) else {}
    return read_auths(document, data.get("auths"), secrets, findings, inherited=True)


def read_modules_of(document: Document, findings: Findings) -> dict[str, Module | None]:
    """The modules of a file by name; None for one with problems."""
    data = top(document, SnmpFile, findings)
    modules: dict[str, Module | None] = {}
    for name, written in entries(document, ["modules"], data.get("modules"), findings).items():
        where: list[Step] = ["modules", name]
        if not is_name(name):
            findings.problem(document, where, NOT_A_NAME)
        model = part(document, where, written, SnmpModuleFile, findings)
        modules[name] = None
        if model is None:
            continue
        sound = _lookups_begin(document, where, model, findings) and _names_differ(document, where, model, findings)
        filters = read_filters(document, where, model.filters, model.metrics, findings)
        if sound and filters is not None:
            modules[name] = _module(name, model, filters)
    return modules


def _lookups_begin(document: Document, where: list[Step], model: SnmpModuleFile, findings: Findings) -> bool:
    """Whether each lookup starts from labels that are there: index labels, and what lookups before it gave."""
    before = len(findings.problems)
    for number, metric in enumerate(model.metrics):
        if not metric.lookups:
            continue
        known = {index.labelname for index in metric.indexes}
        for at, lookup in enumerate(metric.lookups):
            spot = [*where, "metrics", number, "lookups", at]
            for label in lookup.labels:
                if label not in known:
                    what = f"there is no label {shown(label)} before this lookup: write an index or a lookup of it"
                    findings.problem(document, [*spot, "labels"], what)
            if lookup.labels and not lookup.oid:
                findings.problem(document, spot, "looks up labels in no column: write its oid")
            known.add(lookup.labelname)
    return len(findings.problems) == before


def _names_differ(document: Document, where: list[Step], model: SnmpModuleFile, findings: Findings) -> bool:
    """Whether what is added to names gives names that may be used, and none that a metric of another name has.

    Two metrics of one name are two places of the same thing, as in snmp_exporter's own file.
    """
    before = len(findings.problems)
    owners = {metric.name: metric.name for metric in model.metrics if _plain(metric)}
    for number, metric in enumerate(model.metrics):
        if _plain(metric):
            continue
        spot: list[Step] = [*where, "metrics", number]
        info = metric.type == "EnumAsInfo"
        for suffix in ("_info",) if info else metric.regex_extracts:
            name, place = metric.name + suffix, spot if info else [*spot, "regex_extracts", suffix]
            try:
                metric_name(name)
            except ValueError as error:
                findings.problem(document, place, str(error))
            owner = owners.setdefault(name, metric.name)
            if owner != metric.name:
                what = (
                    f"gives series {shown(name)}, and so does the metric {shown(owner)}: choose another suffix or name"
                )
                findings.problem(document, place, what)
    return len(findings.problems) == before


def _plain(metric: MetricFile) -> bool:
    """Whether its series have its own name."""
    return metric.type != "EnumAsInfo" and (not metric.regex_extracts or metric.type in NO_TEXT)


def _module(name: str, m: SnmpModuleFile, filters: tuple[Filter, ...]) -> Module:
    return Module(
        name=name,
        walk=m.walk,
        get=m.get,
        metrics=tuple(map(_metric_of, m.metrics)),
        max_repetitions=m.max_repetitions,
        retries=m.retries,
        timeout=Seconds(m.timeout),
        use_unconnected_udp_socket=m.use_unconnected_udp_socket,
        allow_nonincreasing_oids=m.allow_nonincreasing_oids,
        filters=filters,
    )


def _metric_of(m: MetricFile) -> Metric:
    extracts: Mapping[str, tuple[RegexExtract, ...]] = {
        suffix: tuple(RegexExtract(e.regex, e.value, e.scale, e.offset) for e in listed)
        for suffix, listed in m.regex_extracts.items()
    }
    return Metric(
        name=m.name,
        oid=m.oid,
        type=m.type,
        help=m.help,
        indexes=tuple(Index(i.labelname, i.type, i.fixed_size, i.implied, i.enum_values) for i in m.indexes),
        lookups=tuple(Lookup(u.labels, u.labelname, u.oid, u.type, u.display_hint, u.enum_values) for u in m.lookups),
        regex_extracts=extracts,
        datetime_pattern=m.datetime_pattern,
        enum_values=m.enum_values,
        offset=m.offset,
        scale=m.scale,
        display_hint=m.display_hint,
    )
