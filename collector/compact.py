"""Columns at rest: those of one poll as one object, where they are small.

A device of 100 variables has 60 columns of one or two rows. Kept as they are that is 100 objects and 9 KB a device, a
third of all that it costs; and each page and poll has to fetch them from memory, for thousands of other devices were
read since. Devices that are asked the same way have the same families in the same order: that is kept once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, overload
from weakref import WeakValueDictionary

from collector.model import Column, Rows

SMALL: Final = 200
"""Samples: with more, columns are long, and it is worth more that those with the same numbers are one
(`wire.snmp.numbers.alike`)."""


class _Layout:
    """How columns lie in a `Compact`, the same object for all that are alike: of each its family, the number of its
    table, and the slice of the numbers that is its own."""

    __slots__ = ("__weakref__", "families", "numbers", "slices")

    def __init__(self, columns: Sequence[Column], numbers: Sequence[int]) -> None:
        ends = [0, *accumulate([len(column.values) for column in columns])]
        self.families = tuple([column.family for column in columns])
        self.numbers = tuple(numbers)
        self.slices = tuple(map(slice, ends, ends[1:]))


_layouts: WeakValueDictionary[tuple[int, ...], _Layout] = WeakValueDictionary()
"""By what tells them apart. A layout holds its families: while it is here, these are those with their identities."""


class Compact(Sequence[Column]):
    """Columns, made anew whenever somebody wants them."""

    __slots__ = ("_layout", "_tables", "_values")

    def __init__(self, columns: Sequence[Column]) -> None:
        families, over, values = zip(*columns, strict=True)
        self._values = array("d", b"".join(values))
        tables = {id(each): each for each in over}
        order = {table: number for number, table in enumerate(tables)}
        numbers = [order[id(each)] for each in over]
        self._tables: tuple[Rows, ...] = tuple(tables.values())
        key = (*map(id, families), *numbers, *map(len, self._tables))
        layout = _layouts.get(key)
        if layout is None:
            layout = _layouts[key] = _Layout(columns, numbers)
        self._layout = layout

    def __len__(self) -> int:
        return len(self._layout.families)

    def __iter__(self) -> Iterator[Column]:
        layout = self._layout
        over = map(self._tables.__getitem__, layout.numbers)
        values = map(self._values.__getitem__, layout.slices)
        return map(Column._make, zip(layout.families, over, values, strict=True))

    @overload
    def __getitem__(self, at: int) -> Column: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Column]: ...
    def __getitem__(self, at: int | slice) -> Column | Sequence[Column]:
        if isinstance(at, slice):
            return tuple(self)[at]
        layout = self._layout
        return Column(layout.families[at], self._tables[layout.numbers[at]], self._values[layout.slices[at]])


def compact(columns: Sequence[Column]) -> Sequence[Column]:
    """The same columns in the order they have, as they are kept best."""
    if sum([len(column.values) for column in columns]) > SMALL:
        return tuple(columns)
    return Compact(columns) if columns else ()
