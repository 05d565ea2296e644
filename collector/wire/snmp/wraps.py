"""32-bit counts of octets on fast interfaces: they come round in less time than passes between two polls.

At 10 Gb/s a Counter32 wraps after 3.4 s (RELIABILITY F16). What `rate()` makes of it is a number, and wrong; so such
rows are refused on device pages, and counted; `/snmp` has them, as its peer has. IF-MIB (RFC 2863 section 3.1.6) asks
agents for the 64-bit twins above 20 Mb/s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from functools import lru_cache
from itertools import compress
from typing import Final

from collector.wire.snmp import ber
from collector.wire.snmp.module import Module
from collector.wire.snmp.plan import Plan, compile
from collector.wire.snmp.walk import Harvest, Run

OCTETS: Final = tuple(map(ber.encode_oid, ("1.3.6.1.2.1.2.2.1.10", "1.3.6.1.2.1.2.2.1.16")))
"""ifInOctets and ifOutOctets."""

SPEEDS: Final = {
    ber.encode_oid("1.3.6.1.2.1.31.1.1.1.15"): 1000,  # ifHighSpeed, Mb/s
    ber.encode_oid("1.3.6.1.2.1.2.2.1.5"): 1_000_000_000,  # ifSpeed, b/s; all ones above 4.3 Gb/s
}
"""1 Gb/s in the unit of each column. There a Counter32 still lasts for 34 s."""


@lru_cache(maxsize=512)
def _columns(module: Module) -> tuple[Mapping[int, str], Mapping[int, int]]:
    """A module's counters of octets with their metrics' names, and its speeds with 1 Gb/s, by column number."""
    plan = compile(module)
    prefixes = plan.columns.prefixes
    octets = {s.column: s.family.name for s in plan.series if prefixes[s.column] in OCTETS}
    return octets, {number: SPEEDS[prefix] for number, prefix in enumerate(prefixes) if prefix in SPEEDS}


def speeds(module: Module) -> Set[int]:
    """The numbers of a module's columns that say which counters come round too fast."""
    return _columns(module)[1].keys()


@lru_cache(maxsize=512)
def octets(module: Module) -> Plan:
    """The module's plan with nothing but counters of octets among its series."""
    plan = compile(module)
    wanted = _columns(module)[0]
    return replace(plan, series=tuple(series for series in plan.series if series.column in wanted))


def refused_only(module: Module, harvest: Harvest) -> Harvest:
    """The harvest with those rows of counters of octets only that `refuse` leaves out."""
    counters, speeds = _columns(module)
    fast = _fast(harvest, speeds)
    left = Harvest(harvest.columns)
    left.runs = dict(harvest.runs)
    for column in counters:
        runs = [_of(run, fast.__contains__) for run in harvest.runs.get(column, ()) if run.tag == ber.COUNTER32]
        left.runs[column] = [run for run in runs if run.indexes]
    return left


def refuse(module: Module, harvest: Harvest) -> tuple[Harvest, Mapping[str, int]]:
    """The harvest without 32-bit counts of octets above 1 Gb/s, and how many rows that are by metric.

    A module that reads no speed keeps them: nobody can tell.
    """
    octets, speeds = _columns(module)
    if not octets or not (fast := _fast(harvest, speeds)):
        return harvest, {}

    def slow(index: bytes) -> bool:
        return index not in fast

    left = Harvest(harvest.columns)
    left.runs = dict(harvest.runs)
    refused = {}
    for column, name in octets.items():
        runs = [_of(run, slow) if run.tag == ber.COUNTER32 else run for run in harvest.runs.get(column, ())]
        before = sum(len(run.indexes) for run in harvest.runs.get(column, ()))
        after = sum(len(run.indexes) for run in runs)
        if after < before:
            refused[name] = before - after
            left.runs[column] = [run for run in runs if run.indexes]
    return left, refused


def _fast(harvest: Harvest, speeds: Mapping[int, int]) -> set[bytes]:
    """Indexes of interfaces above 1 Gb/s."""
    return {
        index
        for column, limit in speeds.items()
        for run in harvest.runs.get(column, ())
        if run.tag in ber.UNSIGNED
        for index, value in zip(run.indexes, run.values, strict=True)
        if int.from_bytes(value, "big") > limit
    }


def _of(run: Run, wanted: Callable[[bytes], bool]) -> Run:
    chosen = list(map(wanted, run.indexes))
    return Run(run.tag, list(compress(run.indexes, chosen)), list(compress(run.values, chosen)))
