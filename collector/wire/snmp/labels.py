"""Raw indexes to rows: the labels of a table, rendered once and kept while the table stays as it is (HOUSE 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from sys import getrefcount
from typing import Generic, TypeVar, overload

from collector.errors import Malformed
from collector.model import SINGLE, Rows, label_text
from collector.privacy import Screen
from collector.wire.snmp import ber, said
from collector.wire.snmp.plan import Labels
from collector.wire.snmp.text import Arcs, read_index, render_lookup, screened, screened_index
from collector.wire.snmp.walk import Harvest

_PAIR = re.compile(r'([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")

Values = tuple[str, ...]

T = TypeVar("T")


class Reread(Sequence[Values]):
    """Label values read back from the rendered text when somebody asks, which is rare.

    Keeping both would double what a device costs at rest: text is what every page needs.
    """

    __slots__ = ("_names", "_text")

    def __init__(self, names: Values, text: tuple[str, ...]) -> None:
        self._names = names
        self._text = text

    def __len__(self) -> int:
        return len(self._text)

    @overload
    def __getitem__(self, at: int) -> Values: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Values]: ...
    def __getitem__(self, at: int | slice) -> Values | Sequence[Values]:
        if isinstance(at, slice):
            return tuple(self._read(text) for text in self._text[at])
        return self._read(self._text[at])

    def __iter__(self) -> Iterator[Values]:
        return map(self._read, self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._text)

    def _read(self, text: str) -> Values:
        found = {name: _ESCAPE.sub(_unescaped, value) for name, value in _PAIR.findall(text)}
        return tuple(found.get(name, "") for name in self._names)


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


class Pool(Generic[T]):
    """What several devices have in common, once: a thousand switches of one make have the same ports.

    What nobody else keeps any more goes when the pool has grown `growth` times, but not before there are `room`.
    (`sys.intern` keeps strings for ever in 3.12.)
    """

    def __init__(self, room: int = 10_000, growth: float = 2.0) -> None:
        self._room = self._least = room
        self._growth = growth
        self._things: dict[T, T] = {}

    def __call__(self, *things: T) -> tuple[T, ...]:
        """Equal things, shared."""
        known = self._things
        if len(known) > self._room:
            known = self._things = {thing: thing for thing, holders in _holders(known) if holders > _UNUSED}
            self._room = max(self._least, int(self._growth * len(known)))
        return tuple([known.setdefault(thing, thing) for thing in things])

    def __len__(self) -> int:
        return len(self._things)


def _holders(things: Mapping[T, T]) -> list[tuple[T, int]]:
    return [(thing, getrefcount(thing)) for thing in things]


_UNUSED = next(holders for _, holders in _holders({text: text for text in map(str, (1 << 64,))}))
"""Holders that CPython counts of something which is in a pool and nowhere else."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Rows as last rendered. `take` are the cells they stand for (None: all of them, in order), `stamp` is what
    they were made from besides the indexes, `duplicates` how many cells had the labels of an earlier one (F13),
    `unreadable` how many have an index that is none. `again` are some of the duplicates, each with its row."""

    rows: Rows
    stamp: tuple[int, ...]
    take: tuple[int, ...] | None = None
    duplicates: int = 0
    unreadable: int = 0
    again: tuple[tuple[int, int], ...] = ()

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Kept) and self._all() == other._all())

    def __hash__(self) -> int:
        return hash((self.rows.text, self.stamp))

    def _all(self) -> tuple[object, ...]:
        rows = self.rows  # whose values are what their text says
        return rows.names, rows.text, self.stamp, self.take, self.duplicates, self.unreadable, self.again


ALIKE = 100
"""Rows of a table that may be alike on two devices. A longer one hardly ever is (addresses, connections), or as itself
a poll later: a pool would only keep what has gone."""

_texts: Pool[str] = Pool()
_tables: Pool[Kept] = Pool(256, 1.25)


def keep(names: Values, values: Sequence[Values | None], stamp: tuple[int, ...], unreadable: int = 0) -> Kept:
    """Rows rendered; the same object for devices whose tables are alike."""
    kept = _rendered(names, values, stamp, unreadable)
    return kept if len(kept.rows) > ALIKE else _tables(kept)[0]


def _rendered(names: Values, values: Sequence[Values | None], stamp: tuple[int, ...], unreadable: int) -> Kept:
    if not names and len(values) == 1 and values[0] is not None:
        return Kept(SINGLE, stamp, unreadable=unreadable)
    text = [None if each is None else label_text(names, each) for each in values]
    unique = set(text)
    if len(unique) == len(text) and None not in unique:
        return Kept(_rows(names, [each for each in text if each is not None]), stamp, unreadable=unreadable)
    first: dict[str, int] = {}
    again: list[tuple[int, str]] = []
    for place, each in enumerate(text):
        if each is not None and first.setdefault(each, place) != place and len(again) < said.MOST:
            again.append((place, each))
    duplicates = len(text) - len(first) - text.count(None)
    order = {each: row for row, each in enumerate(first)} if again else {}
    told = tuple([(place, order[each]) for place, each in again])
    return Kept(_rows(names, first), stamp, tuple(first.values()), duplicates, unreadable, told)


def _rows(names: Values, text: Iterable[str]) -> Rows:
    kept = _texts(*text)
    return Rows(names, Reread(names, kept), kept)


class Table:
    """The cells of a harvest by index, for lookups; each column is sorted in at its first use."""

    __slots__ = ("_harvest", "_index", "_prints")

    def __init__(self, harvest: Harvest) -> None:
        self._harvest = harvest
        self._index: dict[int, dict[bytes, tuple[int, bytes]]] = {}
        self._prints: dict[int, int] = {}

    def cell(self, column: int, index: bytes) -> tuple[int, bytes] | None:
        """Tag and content of a cell."""
        cells = self._index.get(column)
        if cells is None:
            cells = self._index[column] = {}
            for run in self._harvest.runs.get(column, ()):
                for place, value in zip(run.indexes, run.values, strict=True):
                    cells[place] = (run.tag, value)
        return cells.get(index)

    def stamp(self, columns: Sequence[int]) -> int:
        """A number that is another one when any cell of these columns is."""
        if not columns:
            return 0
        for column in columns:
            if column not in self._prints:
                runs = self._harvest.runs.get(column, ())
                self._prints[column] = hash(tuple((r.tag, tuple(r.indexes), tuple(r.values)) for r in runs))
        return hash(tuple(self._prints[column] for column in columns))


def read(labels: Labels, index: bytes, table: Table, screen: Screen) -> Values | None:
    """Label values of one row in the order of `labels.names`, as they may be shown; None where the index is none."""
    try:
        rest = ber.decode_arcs(index)
    except Malformed:
        return None
    values: dict[str, str] = {}
    arcs: dict[str, Arcs] = {}
    for part in labels.indexes:
        text, used, rest = read_index(rest, part)
        values[part.labelname] = screened_index(screen, part, used, text)
        arcs[part.labelname] = used
    for look in labels.looks:
        lookup = look.lookup
        if not look.labels:
            values.pop(look.labelname, None)
            continue
        key = b"".join(ber.encode_arcs(arcs.get(label, ())) for label in look.labels)
        cell = table.cell(look.column, look.tail + key)
        if cell is None:
            values[look.labelname] = ""
            continue
        values[look.labelname] = screened(screen, *cell, render_lookup(*cell, lookup), look.raw)
        number = ber.number(*cell)
        # Its number is the arc for the lookups after it; what is no number, or no arc, leads nowhere.
        arcs[look.labelname] = (int(number),) if isinstance(number, int) and 0 <= number <= ber.ARC else (0,)
    return tuple(values[name] for name in labels.names)
