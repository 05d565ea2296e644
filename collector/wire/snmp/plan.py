"""A module, made ready for asking: raw OIDs, columns by number, label sets shared between metrics.

`compile` is pure and remembered: a module is compiled when it is first polled. It raises ValueError, in a person's
words, for what can't be done; the configuration asks `problems` at load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

from collector.model import Family, Kind
from collector.wire.snmp import ber
from collector.wire.snmp.expression import Extract, extract
from collector.wire.snmp.module import Index, Lookup, Metric, Module
from collector.wire.snmp.sieve import Sieve, sieve
from collector.wire.snmp.text import COMBINED, INDEX_TYPES
from collector.wire.snmp.units import Unit, units
from collector.wire.snmp.walk import Columns, minimal

NUMBERS = frozenset({"counter", "gauge", "Float", "Double"})
TIMES = frozenset({"DateAndTime", "ParseDateAndTime", "NTPTimeStamp"})


@dataclass(frozen=True, slots=True)
class Look:
    """A lookup: the cell of `column` at `tail` + the arcs of `labels`; `labels` empty: drop `labelname`."""

    labels: tuple[str, ...]
    labelname: str
    column: int
    tail: bytes
    lookup: Lookup


@dataclass(frozen=True, slots=True)
class Labels:
    """How an index becomes labels. Metrics with the same rules share one of these, and so their rows."""

    number: int
    names: tuple[str, ...]
    indexes: tuple[Index, ...]
    looks: tuple[Look, ...]
    columns: tuple[int, ...]


_Shared = dict[tuple[tuple[Index, ...], tuple[Lookup, ...]], Labels]


@dataclass(frozen=True, slots=True)
class Series:
    """One metric: where its cells are, what becomes of them.

    `read` is `number`, `time`, `info`, `states`, `bits`, `text` or `extract`. `own` says whether its text goes into
    a label of its own. `kin` is the column that says which type a combined type has here, -1 for none.
    """

    number: int
    family: Family
    read: str
    metric: Metric
    column: int
    labels: Labels
    own: bool
    kin: int
    extracts: tuple[tuple[Family, tuple[Extract, ...]], ...] = ()


class Turn(NamedTuple):
    """What is asked for one module of several. `plans` are the numbers of those that it serves."""

    gets: tuple[bytes, ...]
    roots: tuple[bytes, ...]
    plans: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask (raw OIDs, overlaps taken out) and what to make of the answers."""

    gets: tuple[bytes, ...]
    roots: tuple[bytes, ...]
    units: Mapping[bytes, Unit]
    """By root: what is read with its columns abreast, and along with which other roots."""
    scalars: frozenset[bytes]
    """Columns whose metric has no index: what a GET brings where a walk below finds nothing."""
    columns: Columns
    series: tuple[Series, ...]
    filters: tuple[Sieve, ...]
    module: Module
    max_repetitions: int

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What is asked, as `joint.Joint` has it for several modules."""
        return (Turn(self.gets, self.roots),)

    def wish(self, root: bytes) -> int:
        """Most repetitions below `root`."""
        return self.max_repetitions

    def any_order(self, root: bytes) -> bool:
        """Whether OIDs below `root` may come in any order."""
        return self.module.allow_nonincreasing_oids


@lru_cache(maxsize=512)
def compile(module: Module) -> Plan:
    """The plan of a module; the same object for the same module."""
    # Where two metrics have one OID the last one counts, as in snmp_exporter's tree.
    metrics = list({ber.encode_oid(metric.oid): metric for metric in module.metrics}.items())
    own = [raw for raw, _ in metrics]
    columns = Columns(minimal(own), _others(metrics))
    shared: _Shared = {}
    series: list[Series] = []
    for raw, metric in metrics:
        if columns.prefixes[columns.find(raw)] != raw:
            continue  # a shorter metric OID on the way takes all that is below it (CONTRACTS 3)
        labels = _labels(metric, columns, shared)
        series.append(_series(len(series), raw, metric, columns, labels))
    roots = minimal([ber.encode_oid(oid) for oid in module.walk])
    gets = tuple(dict.fromkeys(ber.encode_oid(oid) for oid in module.get))
    return Plan(
        gets=tuple(get for get in gets if not any(get.startswith(root) for root in roots)),
        roots=roots,
        units=units(roots, columns),
        scalars=frozenset(raw for raw, metric in metrics if not metric.indexes),
        columns=columns,
        series=tuple(series),
        filters=tuple(sieve(each) for each in module.filters),
        module=module,
        max_repetitions=module.max_repetitions,
    )


def problems(module: Module) -> Iterator[str]:
    """What is wrong with a module, each in a person's words with the metric's name."""
    checks: list[tuple[str, Callable[[], object]]] = [
        (oid, partial(ber.encode_oid, oid)) for oid in (*module.walk, *module.get)
    ]
    checks += [(each.oid, partial(sieve, each)) for each in module.filters]
    checks += [(metric.name, partial(_check, metric)) for metric in module.metrics]
    for where, check in checks:
        try:
            check()
        except ValueError as error:
            yield f"{where}: {error}"


def _check(metric: Metric) -> None:
    ber.encode_oid(metric.oid)
    for lookup in metric.lookups:
        if lookup.labels:
            ber.encode_oid(lookup.oid)
    for index in metric.indexes:
        if index.type not in INDEX_TYPES:
            raise ValueError(f"index {index.labelname}: type {index.type!r} can't be read from an index")
    known = {index.labelname for index in metric.indexes}
    for lookup in metric.lookups:
        missing = [label for label in lookup.labels if label not in known]
        if missing:
            raise ValueError(f"lookup {lookup.labelname}: no label {missing[0]!r} before it")
        known.add(lookup.labelname)
    for extracts in metric.regex_extracts.values():
        for each in extracts:
            extract(each)


def _others(metrics: Sequence[tuple[bytes, Metric]]) -> Iterator[bytes]:
    """Columns that are needed besides the metrics' own: lookups', and those that tell a combined type."""
    for raw, metric in metrics:
        for lookup in metric.lookups:
            if lookup.labels:
                yield ber.encode_oid(lookup.oid)
        if metric.type in COMBINED:
            yield _before(raw)


def _before(raw: bytes) -> bytes:
    """The OID of the previous column: the last arc less one."""
    arcs = ber.decode_arcs(raw)
    return ber.encode_arcs((*arcs[:-1], max(arcs[-1] - 1, 0)))


def _labels(metric: Metric, columns: Columns, shared: _Shared) -> Labels:
    known = shared.get((metric.indexes, metric.lookups))
    if known is not None:
        return known
    looks = []
    names = {index.labelname for index in metric.indexes}
    for lookup in metric.lookups:
        if lookup.labels:
            raw = ber.encode_oid(lookup.oid)
            column = columns.find(raw)
            looks.append(Look(lookup.labels, lookup.labelname, column, raw[len(columns.prefixes[column]) :], lookup))
            names.add(lookup.labelname)
        else:
            looks.append(Look((), lookup.labelname, -1, b"", lookup))
            names.discard(lookup.labelname)
    read = tuple(dict.fromkeys(look.column for look in looks if look.column >= 0))
    labels = Labels(len(shared), tuple(sorted(names)), metric.indexes, tuple(looks), read)
    shared[metric.indexes, metric.lookups] = labels
    return labels


def _series(number: int, raw: bytes, metric: Metric, columns: Columns, labels: Labels) -> Series:
    """What becomes of one metric's cells (CONTRACTS 3, "type to output")."""
    name, about = metric.name, metric.help
    kind: Kind = "gauge"
    own = name not in labels.names
    extracts: tuple[tuple[Family, tuple[Extract, ...]], ...] = ()
    if metric.type in NUMBERS:
        read, own = "number", False
        kind = "counter" if metric.type == "counter" else "gauge"
    elif metric.type in TIMES:
        read, own = "time", False
    elif metric.type == "EnumAsInfo":
        read, name, about = "info", name + "_info", about + " (EnumAsInfo)"
    elif metric.type == "EnumAsStateSet":
        read, about = "states", about + " (EnumAsStateSet)"
    elif metric.type == "Bits":
        read, about = "bits", about + " (Bits)"
    elif metric.regex_extracts:
        read, own = "extract", False
        extracts = tuple(
            (Family(name + suffix, about + " (regex extracted)", "gauge"), tuple(extract(each) for each in several))
            for suffix, several in metric.regex_extracts.items()
        )
    else:
        read = "text"
    kin = columns.find(_before(raw)) if metric.type in COMBINED else -1
    return Series(number, Family(name, about, kind), read, metric, columns.find(raw), labels, own, kin, extracts)
