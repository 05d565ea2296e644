"""Columns at rest: those of one poll as one object, where they are small.

A device of 100 variables has 60 columns of one or two rows. Kept as they are that is 100 objects and 9 KB a device, a
third of all that it costs; and each page and poll has to fetch them from memory, for thousands of other devices were
read since. Devices that are asked the same way have the same families in the same order: that is kept once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Final, overload
from weakref import WeakValueDictionary

from collector.model import Column, Family, Rows

SMALL: Final = 200
"""Samples: with more, columns are long, and it is worth more that those with the same numbers are one
(`wire.snmp.numbers.alike`)."""

_Place = tuple[Family, int, int, int]
"""A column's family, the number of its table, and where its values begin and end."""


class _Layout:
    """How columns lie in a `Compact`: the same object for all that are alike."""

    __slots__ = ("__weakref__", "places")

    def __init__(self, columns: Sequence[Column], numbers: Sequence[int]) -> None:
        places: list[_Place] = []
        end = 0
        for column, number in zip(columns, numbers, strict=True):
            begin, end = end, end + len(column.values)
            places.append((column.family, number, begin, end))
        self.places = tuple(places)


_layouts: WeakValueDictionary[tuple[object, ...], _Layout] = WeakValueDictionary()
"""By what tells them apart. A layout holds its families: while it is here, these are those with their identities."""


class Compact(Sequence[Column]):
    """Columns, made anew whenever somebody wants them."""

    __slots__ = ("_layout", "_tables", "_values")

    def __init__(self, columns: Sequence[Column]) -> None:
        tables = {id(column.rows): column.rows for column in columns}
        order = {table: number for number, table in enumerate(tables)}
        numbers = [order[id(column.rows)] for column in columns]
        self._tables: tuple[Rows, ...] = tuple(tables.values())
        self._values = array("d", b"".join([column.values for column in columns]))
        key = (*[id(column.family) for column in columns], *numbers, *map(len, self._tables))
        layout = _layouts.get(key)
        if layout is None:
            layout = _layouts[key] = _Layout(columns, numbers)
        self._layout = layout

    def __len__(self) -> int:
        return len(self._layout.places)

    def __iter__(self) -> Iterator[Column]:
        tables, values = self._tables, self._values
        return iter([Column(family, tables[at], values[begin:end]) for family, at, begin, end in self._layout.places])

    @overload
    def __getitem__(self, at: int) -> Column: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Column]: ...
    def __getitem__(self, at: int | slice) -> Column | Sequence[Column]:
        if isinstance(at, slice):
            return tuple(self)[at]
        family, table, begin, end = self._layout.places[at]
        return Column(family, self._tables[table], self._values[begin:end])


def compact(columns: Sequence[Column]) -> Sequence[Column]:
    """The same columns in the order they have, as they are kept best."""
    if sum([len(column.values) for column in columns]) > SMALL:
        return tuple(columns)
    return Compact(columns) if columns else ()
