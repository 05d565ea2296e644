"""What collectors keep from poll to poll, so that label text is rendered and families are built only once."""

from __future__ import annotations

from collections.abc import Sequence

from collector.model import Column, Family, Rows, column, rows, single


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
        else:
            self._columns = [
                kept if each == were else column(kept.family, over, each)
                for kept, each, were in zip(self._columns, values, self._values, strict=True)
            ]
        self._families, self._over, self._values = families, over, values
        return self._columns


class Singles:
    """As `Grid`, for columns of one value each."""

    __slots__ = ("_columns", "_families", "_values")

    def __init__(self) -> None:
        self._families: Sequence[Family] = ()
        self._values: Sequence[float] = ()
        self._columns: Sequence[Column] = ()

    def columns(self, families: Sequence[Family], values: Sequence[float]) -> Sequence[Column]:
        """A column for each family, with its value. The same `families` object means the same families."""
        if families is not self._families:
            self._columns = [single(family, value) for family, value in zip(families, values, strict=True)]
        elif values != self._values:
            self._columns = [
                kept if value == was else single(kept.family, value)
                for kept, value, was in zip(self._columns, values, self._values, strict=True)
            ]
        self._families, self._values = families, values
        return self._columns
