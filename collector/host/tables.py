"""What collectors keep from poll to poll, so that label text is rendered and families are built only once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from collector.model import Family, Rows, rows


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


class Families:
    """Families whose names the kernel chooses, each built when its field is first seen.

    `make` gets the field as it stands in the file and answers None for a field that is not wanted.
    """

    __slots__ = ("_known", "_make")

    def __init__(self, make: Callable[[bytes], Family | None]) -> None:
        self._make = make
        self._known: dict[bytes, Family | None] = {}

    def get(self, field: bytes) -> Family | None:
        try:
            return self._known[field]
        except KeyError:
            family = self._known[field] = self._make(field)
            return family
