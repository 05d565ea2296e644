"""What collectors keep from poll to poll, so that label text is rendered and families are built only once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from collector.model import SINGLE, Column, Family, Rows, column, rows

Wanted = tuple[Sequence[tuple[int, int]], Sequence[Family]]
"""Of each number: its place among the words and what to multiply it by; and its family."""


class Table:
    """The rows of one table. The same `Rows` comes back until a label value changes."""

    __slots__ = ("_names", "_rows", "_values")

    def __init__(self, *names: str) -> None:
        self._names = names
        self._values: Sequence[tuple[str, ...]] = ()
        self._rows = rows(names, ())

    def rows(self, values: Sequence[tuple[str, ...]]) -> Rows:
        """Rows for `values`: the label values of each row, in the order of this table's names."""
        if values != self._values:
            self._rows = rows(self._names, values)
            self._values = values
        return self._rows


class Grid:
    """Columns over the rows of one table: as long as its values stay, a column is the same object, which need be
    neither made nor written anew (`exporters.text.Form`)."""

    __slots__ = ("_columns", "_families", "_over", "_values")

    def __init__(self) -> None:
        self._families: Sequence[Family] = ()
        self._over: Rows | None = None
        self._values: Sequence[Sequence[float]] = ()
        self._columns: Sequence[Column] = ()

    def columns(self, families: Sequence[Family], over: Rows, values: Sequence[Sequence[float]]) -> Sequence[Column]:
        """A column for each family, with its values: sequences of one kind from poll to poll. The same `families`
        object means the same families."""
        if families is not self._families or over is not self._over:
            self._columns = [column(family, over, each) for family, each in zip(families, values, strict=True)]
        elif values != self._values:
            self._columns = [
                kept if each == were else column(kept.family, over, each)
                for kept, each, were in zip(self._columns, values, self._values, strict=True)
            ]
        self._families, self._over, self._values = families, over, values
        return self._columns


class Singles:
    """As `Grid`, for columns of one value each."""

    __slots__ = ("_grid",)

    def __init__(self) -> None:
        self._grid = Grid()

    def columns(self, families: Sequence[Family], values: Iterable[float]) -> Sequence[Column]:
        """A column for each family, with its value. The same `families` object means the same families."""
        return self._grid.columns(families, SINGLE, [(value,) for value in values])


class Names:
    """A file in which names and numbers alternate: what is wanted is found again only when the names are others."""

    __slots__ = ("_families", "_names", "_singles", "_wanted")

    def __init__(self) -> None:
        self._names: Sequence[bytes] = ()
        self._wanted: Sequence[int] = ()
        self._families: Sequence[Family] = ()
        self._singles = Singles()

    def columns(self, content: bytes, family: Callable[[str], Family | None]) -> Sequence[Column]:
        """A column for each name that `family` makes one of. Raises ValueError where a number is none."""
        words = content.split()
        names, numbers = words[::2], words[1::2]
        if names != self._names:
            found = {at: family(name.decode("ascii", "replace")) for at, name in enumerate(names)}
            self._wanted = tuple([at for at, each in found.items() if each is not None])
            self._families = tuple([each for each in found.values() if each is not None])
            self._names = names
        return self._singles.columns(self._families, [int(numbers[at]) for at in self._wanted])


class Words:
    """A file whose words stand where they stood while its text is the same but for `changing` bytes."""

    __slots__ = ("_changing", "_families", "_places", "_shape", "_singles")

    def __init__(self, changing: bytes) -> None:
        self._changing = changing
        self._shape = b""
        self._places: Sequence[tuple[int, int]] = ()
        self._families: Sequence[Family] = ()
        self._singles = Singles()

    def columns(self, content: bytes, wanted: Callable[[bytes], Wanted]) -> Sequence[Column]:
        """A column for each number that `wanted` finds. Raises ValueError where a number is none."""
        shape = content.translate(None, self._changing)
        if shape != self._shape:
            self._places, self._families = wanted(content)
            self._shape = shape
        words = content.split()
        return self._singles.columns(self._families, [int(words[place]) * scale for place, scale in self._places])
