"""Columns at rest: those of one poll as one object, where they are small.

A device of 100 variables has 60 columns of one or two rows. Kept as they are that is 100 objects and 9 KB a device, a
third of all that it costs; and each page and poll has to fetch them from memory, for thousands of other devices were
read since. Devices that are asked the same way have the same families in the same order: that is kept once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import Final, overload
from weakref import WeakValueDictionary

from collector.model import DETAIL, DROPPED, INCOMPLETE, Aside, Column, Family, Rows

SMALL: Final = 200
"""Samples: with more, columns are long, and it is worth more that those with the same numbers are one
(`wire.snmp.numbers.alike`)."""

_SAYS: Final = (INCOMPLETE, DETAIL, DROPPED)
"""Families by which a collector speaks to the agent."""


class Layout:
    """How columns lie in a `Compact`, the same object for all that are alike: of each its family, the number of its
    table, and the slice of the numbers that is its own.

    `asides` are so many at the end that are put aside. `size` is how many samples there are; `plain` whether they are
    all the device's, and none of them is for the agent. `shared` are tables that pages of many devices have: those
    with another one there lie in another way.
    """

    __slots__ = ("__weakref__", "asides", "families", "numbers", "parts", "plain", "shared", "size", "slices")

    def __init__(
        self, families: Sequence[Family], numbers: Sequence[int], slices: Sequence[slice], asides: int,
        shared: Sequence[Rows | None],
    ) -> None:  # fmt: skip
        self.families = tuple(families)
        self.numbers = tuple(numbers)
        self.slices = tuple(slices)
        self.asides = asides
        self.shared = tuple(shared)
        self.size: int = sum([each.stop - each.start for each in slices])
        self.plain = not [family for family in families if family in _SAYS]
        self.parts: tuple[Layout, Layout] | None = None
        """Those for the page and those aside, over the same numbers and tables; None where none are aside."""
        if asides:
            ways = [(families[:-asides], numbers[:-asides], slices[:-asides])]
            ways.append((families[-asides:], numbers[-asides:], slices[-asides:]))
            page, aside = [_layout(*way, 0, shared) for way in ways]
            self.parts = page, aside


_layouts: WeakValueDictionary[tuple[int, ...], Layout] = WeakValueDictionary()
"""By what tells them apart. A layout holds its families: while it is here, these are those with their identities."""


def _layout(
    families: Sequence[Family], numbers: Sequence[int], slices: Sequence[slice], asides: int,
    shared: Sequence[Rows | None],
) -> Layout:  # fmt: skip
    ends = [end for each in slices for end in (each.start, each.stop)]
    key = (len(families), *map(id, families), *numbers, *ends, asides, *map(id, shared))
    known = _layouts.get(key)
    if known is None:
        known = _layouts[key] = Layout(families, numbers, slices, asides, shared)
    return known


class _Made(Sequence[Column]):
    """Columns that are made when somebody looks at them, which is hardly ever at one alone."""

    __slots__ = ()

    @overload
    def __getitem__(self, at: int) -> Column: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Column]: ...
    def __getitem__(self, at: int | slice) -> Column | Sequence[Column]:
        return tuple(self)[at]


class Compact(_Made):
    """Columns, made anew whenever somebody wants them."""

    __slots__ = ("layout", "tables", "values")

    def __init__(self, layout: Layout, tables: tuple[Rows, ...], values: array[float]) -> None:
        self.layout = layout
        self.tables = tables
        self.values = values

    def __len__(self) -> int:
        return len(self.layout.families)

    def __iter__(self) -> Iterator[Column]:
        layout = self.layout
        over = map(self.tables.__getitem__, layout.numbers)
        values = map(self.values.__getitem__, layout.slices)
        columns = zip(layout.families, over, values, strict=True)
        return map(Column._make, columns) if not layout.asides else self._with_asides(columns)

    def _with_asides(self, columns: Iterator[tuple[Family, Rows, array[float]]]) -> Iterator[Column]:
        shown = len(self) - self.layout.asides
        for place, each in enumerate(columns):
            yield Column(*each) if place < shown else Aside(*each)

    def apart(self) -> tuple[Sequence[Column], Sequence[Column]]:
        """Those for the page, and those aside."""
        parts = self.layout.parts
        if parts is None:
            return self, ()
        return Compact(parts[0], self.tables, self.values), Compact(parts[1], self.tables, self.values)


class Sheaf(_Made):
    """Columns of a page in `parts`, each as it is kept: whoever looks at them one by one has them made."""

    __slots__ = ("parts",)

    def __init__(self, *several: Sequence[Column]) -> None:
        self.parts: Sequence[Sequence[Column]] = [
            part for each in several for part in (each.parts if isinstance(each, Sheaf) else (each,))
        ]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __iter__(self) -> Iterator[Column]:
        return chain.from_iterable(self.parts)


def size(columns: Sequence[Column]) -> int:
    """Number of samples."""
    if type(columns) is Compact:
        return columns.layout.size
    if type(columns) is Sheaf:
        return sum([size(part) for part in columns.parts])
    return sum([len(column.values) for column in columns])


def compact(columns: Sequence[Column]) -> Sequence[Column]:
    """The same columns in the order they have, as they are kept best."""
    if size(columns) > SMALL:
        return tuple(columns)
    return together(columns) if columns else ()


def together(columns: Sequence[Column]) -> Compact:
    """As one object, numbers in the order of the columns."""
    _, _, values = zip(*columns, strict=True)
    ends = [0, *accumulate(map(len, values))]
    return laid(columns, array("d", b"".join(values)), list(map(slice, ends, ends[1:])))


def laid(columns: Sequence[Column], values: array[float], slices: Sequence[slice], asides: int = 0) -> Compact:
    """As one object over these numbers, of which each has its slice. The last `asides` are those that are aside."""
    families, over, _ = zip(*columns, strict=True)
    tables = {id(each): each for each in over}
    order = {table: number for number, table in enumerate(tables)}
    numbers = [order[id(each)] for each in over]
    shared = [each if each.shared and len(each) > 1 else None for each in tables.values()]
    return Compact(_layout(families, numbers, slices, asides, shared), tuple(tables.values()), values)
