"""What is read in one go: the wanted columns of a table side by side, whether a module walks the table or its columns.

A subtree that a module walks stays what is marked, given up or walked by itself where the device can't do it so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from collector.wire.snmp import ber
from collector.wire.snmp.walk import Columns, minimal

Table = tuple[bytes, ...]
"""Raw columns that have, as a rule, the same rows, in the order of their OIDs."""


class Unit(NamedTuple):
    """Subtrees that are read in one go, as tables; `skipped` are the numbers of columns that are left out.

    No tables: nothing below them needs to be read.
    """

    roots: tuple[bytes, ...]
    tables: tuple[Table, ...]
    skipped: frozenset[int] = frozenset()

    @property
    def first(self) -> bytes:
        """The first column, by which a unit that has tables is remembered."""
        return self.tables[0][0]

    def only(self, roots: Sequence[bytes], columns: Columns) -> Unit:
        """What of it lies below some of its roots."""
        if len(roots) == len(self.roots):
            return self
        mine = tuple(roots)
        left = [tuple(column for column in table if column.startswith(mine)) for table in self.tables]
        skipped = frozenset(number for number in self.skipped if columns.prefixes[number].startswith(mine))
        return Unit(mine, tuple(table for table in left if table), skipped)


@lru_cache(maxsize=1024)
def together(several: tuple[Unit, ...]) -> Unit:
    """All of these as one table, for those whose few rows fit into one reply."""
    columns = sorted((column for unit in several for table in unit.tables for column in table), key=ber.decode_arcs)
    roots = tuple(root for unit in several for root in unit.roots)
    return Unit(roots, (tuple(columns),), frozenset().union(*(unit.skipped for unit in several)))


def units(roots: Sequence[bytes], columns: Columns) -> Mapping[bytes, Unit]:
    """By root: what it is read with. None for what is walked: a row, or a subtree whose columns can't be told by their
    place in a reply."""
    found: dict[bytes, Unit] = {}
    siblings: dict[bytes, list[bytes]] = {}
    for root in roots:
        below = tables(root, columns)
        if below == ((root,),):
            siblings.setdefault(entry(root), []).append(root)
        elif below:
            found[root] = Unit((root,), below)
    for several in siblings.values():
        table = tuple(sorted(several, key=ber.decode_arcs))
        found |= dict.fromkeys(table, Unit(table, (table,)))
    return found


def leaner(whole: Mapping[bytes, Unit], columns: Columns, left_out: Collection[bytes]) -> Mapping[bytes, Unit]:
    """By root: how to read it without some columns, where there are any in its unit."""
    made: dict[bytes, Unit] = {}
    for root, unit in whole.items():
        if root in made:
            continue
        skipped = frozenset(
            number
            for number, prefix in enumerate(columns.prefixes)
            if prefix in left_out and prefix.startswith(unit.roots)
        )
        if skipped:
            rest = [tuple(column for column in table if column not in left_out) for table in unit.tables]
            less = Unit(unit.roots, tuple(table for table in rest if table), skipped)
            made |= dict.fromkeys(unit.roots, less)
    return made


def tables(root: bytes, columns: Columns) -> tuple[Table, ...]:
    """The wanted columns at or below `root` as tables; none where they can't be told by their place in a reply."""
    below = sorted((prefix for prefix in columns.prefixes if prefix.startswith(root)), key=ber.decode_arcs)
    own = all(columns.prefixes[columns.find(prefix)] == prefix for prefix in below)
    if not own or len(minimal(below)) < len(below):
        return ()
    found: list[list[bytes]] = []
    parent = b""
    for prefix in below:
        above = entry(prefix)
        # A single one goes with the table behind it: that costs a few variables, not a packet.
        if found and (parent == above or len(found[-1]) == 1):
            found[-1].append(prefix)
        else:
            found.append([prefix])
        parent = above
    return tuple(map(tuple, found))


@lru_cache(maxsize=4096)
def entry(column: bytes) -> bytes:
    """What a raw column is a part of: a table's entry."""
    end = len(column) - 1
    while end > 0 and column[end - 1] >= 0x80:  # the last arc goes on
        end -= 1
    return column[:end]


def named(table: Table) -> bytes:
    """The entry by which a table is remembered, whichever of its columns are read: the last one's, for a single column
    may go with the table behind it."""
    return entry(table[-1])
