"""What a module asks for, in the words of snmp_exporter's `snmp.yml` (CONTRACTS 2): plain data, filled in from YAML.

Nothing here is computed: `plan.compile` turns a `Module` into what the walk and the columns need, at first use.
Defaults are those of snmp_exporter's `config.DefaultModule` and its neighbours. OIDs are dotted text without a
leading dot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from collector.model import Seconds


@dataclass(frozen=True, slots=True)
class Index:
    """One part of a row's index: a label, and how many arcs it takes and how they read (`type`)."""

    labelname: str
    type: str = "gauge"
    fixed_size: int = 0
    implied: bool = False
    enum_values: Mapping[int, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A label read from another column at the index that `labels` name; no `labels` at all: drop `labelname`."""

    labels: tuple[str, ...] = ()
    labelname: str = ""
    oid: str = ""
    type: str = ""
    display_hint: str = ""
    enum_values: Mapping[int, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class RegexExtract:
    """A number out of a text: `regex` (RE2, anchored on both sides) and the template that makes the number."""

    regex: str
    value: str = "$1"
    scale: float = 0.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Metric:
    """One column of the MIB and the family it becomes. `scale` 0 means: not scaled."""

    name: str
    oid: str
    type: str = ""
    help: str = ""
    indexes: tuple[Index, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    regex_extracts: Mapping[str, tuple[RegexExtract, ...]] = field(default_factory=dict, hash=False)
    datetime_pattern: str = ""
    enum_values: Mapping[int, str] = field(default_factory=dict, hash=False)
    offset: float = 0.0
    scale: float = 0.0
    display_hint: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Walk `oid`; where a value matches one of `values`, ask `targets` at that index only.

    `index` is what counts of an index: the `last` arc, as in snmp_exporter's files, whose targets are what `walk` and
    `get` say; or the `whole`, where targets are tables or columns. `names` are names of numbers, which match as well.
    """

    oid: str
    targets: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    index: Literal["last", "whole"] = "last"
    names: Mapping[int, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Module:
    """A configured way of asking. `name` is its key in the file; its hash is its name's, cheap however large it is."""

    name: str
    walk: tuple[str, ...] = field(default=(), hash=False)
    get: tuple[str, ...] = field(default=(), hash=False)
    metrics: tuple[Metric, ...] = field(default=(), hash=False)
    max_repetitions: int = field(default=25, hash=False)
    retries: int = field(default=3, hash=False)
    timeout: Seconds = field(default=Seconds(5.0), hash=False)
    use_unconnected_udp_socket: bool = field(default=False, hash=False)
    allow_nonincreasing_oids: bool = field(default=False, hash=False)
    filters: tuple[Filter, ...] = field(default=(), hash=False)
