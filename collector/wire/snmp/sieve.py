"""Filters: a column is walked first, and where its values match, others are asked at those rows and nowhere else.

There are two kinds (`module.Filter`). snmp_exporter's takes the last arc of an index for the whole of it, and narrows
what `walk` and `get` name to the letter (CONTRACTS 3). Ours takes the whole index, and narrows every column of the
module that lies in a target: a table, an entry or a column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collector.errors import Malformed
from collector.wire.re2 import pattern
from collector.wire.snmp import ber
from collector.wire.snmp.module import Filter, Module
from collector.wire.snmp.text import display
from collector.wire.snmp.walk import Columns, Harvest, Run, minimal

if TYPE_CHECKING:
    from collector.wire.snmp.plan import Plan

MOST_APART = 16
"""Rows up to which tables with longer indexes, in which a row is the beginning of several, are walked row by row."""

MOST_SINGLY = 0.5
"""Share of a table's rows up to which its cells are asked for one by one, some fifty in a GET. Beyond that a walk is
cheaper, though it brings what nobody wants: its answers hold as many, or four times as many where they may be large."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """A filter made ready: what to walk, what its values are matched with, what it narrows."""

    root: bytes
    columns: Columns
    filter: Filter
    values: tuple[re.Pattern[str], ...]

    def matches(self, run: Run) -> list[bytes]:
        """The raw indexes of the cells that match."""
        found = []
        for index, value in zip(run.indexes, run.values, strict=True):
            text = display(run.tag, value)
            words = (
                (text, self.filter.names[int(text)]) if text.isdigit() and int(text) in self.filter.names else (text,)
            )
            if index and any(regex.search(word) for regex in self.values for word in words):
                found.append(index)
        return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rows by their raw indexes; where they are only the `beginning` of those, every row that begins so."""

    indexes: frozenset[bytes]
    beginning: tuple[bytes, ...] = ()

    def has(self, index: bytes) -> bool:
        return index.startswith(self.beginning) if self.beginning else index in self.indexes


@dataclass(slots=True)
class Narrowed:
    """What is left to ask: GETs and walks. `rows` are, by column that is walked whole, the rows that count."""

    gets: tuple[bytes, ...] = ()
    roots: tuple[bytes, ...] = ()
    rows: dict[int, Wanted] = field(default_factory=dict)


def sieve(each: Filter) -> Sieve:
    """Raises ValueError for what is no OID or no expression."""
    root = ber.encode_oid(each.oid)
    for target in each.targets:
        ber.encode_oid(target)
    return Sieve(root, Columns((root,)), each, tuple(pattern(value) for value in each.values))


def narrow(plan: Plan, sieved: Sequence[Harvest], harvest: Harvest) -> Narrowed:
    """What a module asks after its filters. What a filter has read already goes to `harvest`.

    Several filters on one target must all agree.
    """
    pairs = list(zip(plan.filters, sieved, strict=True))
    gets, roots = _by_last_arc(plan.module, [(s, h) for s, h in pairs if s.filter.index == "last"])
    narrowed = Narrowed(gets, roots)
    whole = [(s, h) for s, h in pairs if s.filter.index == "whole"]
    if whole:
        _by_whole_index(plan, whole, harvest, narrowed)
    return narrowed


def sift(harvest: Harvest, rows: Mapping[int, Wanted]) -> Harvest:
    """A harvest without the rows that nobody asked for, of columns that were walked whole."""
    if not rows:
        return harvest
    sifted = Harvest(harvest.columns)
    for column, runs in harvest.runs.items():
        wanted = rows.get(column)
        if wanted is None:
            sifted.runs[column] = runs
            continue
        for run in runs:
            left = Run(run.tag, [], [])
            for index, value in zip(run.indexes, run.values, strict=True):
                if wanted.has(index):
                    left.indexes.append(index)
                    left.values.append(value)
            if left.indexes:
                sifted.runs.setdefault(column, []).append(left)
    return sifted


def narrowed_columns(columns: Columns, target: bytes) -> list[int]:
    """The columns of a module that lie in a target, by number."""
    return [number for number, prefix in enumerate(columns.prefixes) if prefix.startswith(target)]


def _by_last_arc(
    module: Module, filters: Sequence[tuple[Sieve, Harvest]]
) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """As snmp_exporter has it: the index is the last arc only, a target leaves `walk` by name and `get` by what its
    text begins with."""
    chosen: dict[str, set[int]] = {}
    for each, harvest in filters:
        found = set()
        for run in harvest.runs.get(0, ()):
            for index in each.matches(run):
                with suppress(Malformed):
                    found.add(ber.decode_arcs(index)[-1])
        for target in each.filter.targets:
            chosen[target] = chosen[target] & found if target in chosen else found
    gets = [oid for oid in module.get if not any(oid.startswith(target) for target in chosen)]
    walks = [oid for oid in module.walk if oid not in chosen]
    gets += [f"{target}.{index}" for target, indexes in chosen.items() for index in sorted(indexes)]
    roots = minimal([ber.encode_oid(oid) for oid in walks])
    raw = dict.fromkeys(ber.encode_oid(oid) for oid in gets)
    return tuple(get for get in raw if not any(get.startswith(root) for root in roots)), roots


def _by_whole_index(plan: Plan, filters: Sequence[tuple[Sieve, Harvest]], harvest: Harvest, narrowed: Narrowed) -> None:
    columns = plan.columns
    chosen: dict[int, set[bytes]] = {}
    total = 0
    for each, read in filters:
        runs = read.runs.get(0, ())
        total = max(total, sum(len(run.indexes) for run in runs))
        found = {index for run in runs for index in each.matches(run)}
        for target in each.filter.targets:
            for number in narrowed_columns(columns, ber.encode_oid(target)):
                chosen[number] = chosen[number] & found if number in chosen else found
    taken = _take_over(columns, filters, chosen, harvest)
    longer = _longer(plan, chosen, filters)
    gets: list[bytes] = []
    walks: list[bytes] = []
    done = {columns.prefixes[number] for number in chosen}
    for number, indexes in chosen.items():
        prefix = columns.prefixes[number]
        if number in taken:
            continue
        if number in longer and len(indexes) <= MOST_APART:
            walks += [prefix + index for index in sorted(indexes)]
        elif number not in longer and len(indexes) <= MOST_SINGLY * total:
            gets += [prefix + index for index in sorted(indexes)]
        else:
            done.discard(prefix)
            walks.append(prefix)
            narrowed.rows[number] = Wanted(frozenset(indexes), tuple(indexes) if number in longer else ())
    walks += [part for root in narrowed.roots for part in _without(root, columns, done)]
    kept = [get for get in narrowed.gets if not get.startswith(tuple(done))]
    narrowed.gets, narrowed.roots = tuple(dict.fromkeys((*kept, *gets))), minimal(walks)


def _longer(plan: Plan, chosen: Mapping[int, object], filters: Sequence[tuple[Sieve, Harvest]]) -> set[int]:
    """The columns whose index goes on behind that of the filter's column."""
    lengths = {series.column: len(series.labels.indexes) for series in plan.series}
    found = set()
    for each, _ in filters:
        own = plan.columns.find(each.root)
        for target in each.filter.targets:
            for number in narrowed_columns(plan.columns, ber.encode_oid(target)):
                if own in lengths and number in lengths and lengths[number] > lengths[own]:
                    found.add(number)
    return found.intersection(chosen)


def _take_over(
    columns: Columns, filters: Sequence[tuple[Sieve, Harvest]], chosen: Mapping[int, set[bytes]], harvest: Harvest
) -> set[int]:
    """What a filter walked and narrows itself need not be asked again."""
    taken = set()
    for each, read in filters:
        number = columns.find(each.root)
        if number < 0 or columns.prefixes[number] != each.root or number not in chosen or number in taken:
            continue
        taken.add(number)
        for run in read.runs.get(0, ()):
            for index, value in zip(run.indexes, run.values, strict=True):
                if index in chosen[number]:
                    harvest.add(each.root + index, run.tag, value)
    return taken


def _without(root: bytes, columns: Columns, done: set[bytes]) -> list[bytes]:
    """A walk without columns that need no walk: the other columns below it, one by one; none where nothing is left."""
    if not any(prefix.startswith(root) or root.startswith(prefix) for prefix in done):
        return [root]
    if any(root.startswith(prefix) for prefix in done):
        return []
    return [prefix for prefix in columns.prefixes if prefix.startswith(root) and prefix not in done]
