"""Normalised families out of a module's columns, at each poll.

Work is done on whole columns; rows are made anew only when the vendor's rows are others, or other ones of them count.
A row of which something is not known (a condition, a divisor, decimal places) is left out: no number is better than a
wrong one.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from collector.model import SINGLE, Column, Rows, rows
from collector.network.columnwise import UNITS, bit, divided, every, joined, label, power, string, times
from collector.network.normal import Condition, Fitted

Counts = list[Sequence[bool] | None]
"""Which rows count, in several respects; None: all of them."""


class Made:
    """What was made of a device's rows, by module and source: kept while they stay as they are."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, str], tuple[Any, Any]] = {}

    def __call__(self, key: tuple[str, int, str], stamp: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What `make` gives, the same again while `stamp` is: rows are told by being the same object."""
        known = self._known.get(key)
        if known is None or len(known[0]) != len(stamp) or not all(map(_same, known[0], stamp)):
            known = self._known[key] = (stamp, make())
        return known[1]


def _same(one: Any, other: Any) -> bool:
    return one is other or (not isinstance(one, Rows) and one == other)


def normalise(module: str, fitted: Sequence[Fitted], columns: Iterable[Column], made: Made) -> list[Column]:
    """The columns of `fitted`, in its order, out of those of a module's poll."""
    if not fitted:
        return []
    by_name = {column.family.name: column for column in columns}
    found = (_Source(module, each, by_name, made).column() for each in fitted)
    return [column for column in found if column is not None and column.values]


class _Source:
    """One source at one poll."""

    def __init__(self, module: str, fitted: Fitted, by_name: Mapping[str, Column], made: Made) -> None:
        self._fitted = fitted
        self._by_name = by_name
        self._made = made
        self._module = module

    def column(self) -> Column | None:
        fitted, column = self._fitted, self._by_name.get(self._fitted.name)
        if column is None:
            return None
        counts: Counts = [self._counts(column, each) for each in fitted.where]
        if fitted.source.bits:
            return self._bits(column, every(counts))
        if fitted.read == "number":
            return self._numbers(column, counts)
        return self._words(column, counts)

    def _numbers(self, column: Column, counts: Counts) -> Column:
        fitted, values = self._fitted, column.values
        if fitted.unknown or fitted.without:
            nothing = {*fitted.unknown, *fitted.without}
            counts.append([value not in nothing for value in values])
        if fitted.least is not None:
            counts.append([value >= fitted.least for value in values])
        if fitted.states:
            values = array("d", [value in fitted.states for value in values])
        elif fitted.before is not None:
            values, known = self._scaled(column)
            counts.append(known)
        return self._column(column, values, every(counts))

    def _words(self, column: Column, counts: Counts) -> Column:
        """A state that stands in a label of the metric's own name."""
        fitted = self._fitted
        words = self._words_in(column.rows, fitted.own)
        if fitted.read == "state":
            counts.append([value == 1 for value in column.values])
        if fitted.unknown:
            counts.append([word not in fitted.unknown for word in words])
        values = array("d", [word in fitted.states for word in words])
        return self._column(column, values, every(counts))

    def _bits(self, column: Column, counts: Sequence[bool] | None) -> Column:
        """One row for each bit that has a name; bit 0 is the highest of the first byte (RFC 2790 section 4)."""
        fitted, source = self._fitted, self._fitted.source
        words = self._words_in(column.rows, fitted.own)
        strings = [string(word) if counts is None or counts[at] else None for at, word in enumerate(words)]
        take = tuple(at for at, each in enumerate(strings) if each is not None)

        def expand() -> Rows:
            over = self._labelled(column.rows, take)
            names = tuple(sorted((*over.names, source.bit)))
            at = names.index(source.bit)
            return rows(names, [(*v[:at], word, *v[at:]) for v in over.values for word in source.bits.values()])

        made = self._known("rows", (column.rows, take), expand)
        values = [float(bit(strings[at] or b"", number)) for at in take for number in source.bits]
        return Column(fitted.family, made, array("d", values))

    def _column(self, column: Column, values: array[float], counts: Sequence[bool] | None) -> Column:
        take = None if counts is None or all(counts) else tuple(at for at, each in enumerate(counts) if each)
        if take is not None:
            values = array("d", [values[at] for at in take])
        made = self._known("rows", (column.rows, take), lambda: self._labelled(column.rows, take))
        return Column(self._fitted.family, made, values)

    def _scaled(self, column: Column) -> tuple[array[float], Sequence[bool] | None]:
        """The numbers in the family's unit, and which of them are known."""
        fitted, source = self._fitted, self._fitted.source
        assert fitted.before is not None
        scale, offset = fitted.before
        values: Sequence[float] = column.values
        if offset:
            values = [value - offset for value in values]
        values = divided(values, scale)
        known: Counts = []
        if source.precision or source.prefix:
            powers, sure = self._powers(column)
            values = [v / 10**-p if p < 0 else v * 10**p for v, p in zip(values, powers, strict=True)]
            known.append(sure)
        if source.full:
            whole = self._other(column, source.full)
            known.append([each is not None and each > 0 for each in whole])
            values = [v / w if w else 0.0 for v, w in zip(values, whole, strict=True)]
        values = times(values, source.scale)
        return array("d", [v + source.offset for v in values] if source.offset else values), every(known)

    def _powers(self, column: Column) -> tuple[list[int], list[bool]]:
        """Powers of ten, and which of them are within RFC 3433's bounds: a device may say anything."""
        source, rows_of = self._fitted.source, len(column.values)
        places = self._other(column, source.precision) if source.precision else [0.0] * rows_of
        prefixes = self._other(column, source.prefix) if source.prefix else [float(UNITS)] * rows_of
        powers = [power(place, prefix) for place, prefix in zip(places, prefixes, strict=True)]
        return [each or 0 for each in powers], [each is not None for each in powers]

    def _other(self, column: Column, name: str) -> list[float | None]:
        """The numbers of another metric that belong to a column's rows; None where there is none."""
        other = self._by_name.get(name)
        if other is None:
            return [None] * len(column.values)
        places = self._places(column, other, "")
        if places is None:
            return list(other.values)
        return [other.values[at] if at >= 0 else None for at in places]

    def _counts(self, column: Column, where: Condition) -> Sequence[bool]:
        """Which rows of a column are in one of the states."""
        other = self._by_name.get(where.name)
        if other is None:
            return [False] * len(column.values)
        if where.read == "number":
            right = [value in where.states for value in other.values]
        else:
            right = [word in where.states for word in self._words_in(other.rows, where.own)]
        places = self._places(column, other, where.own if where.read == "word" else "")
        return right if places is None else [at >= 0 and right[at] for at in places]

    def _places(self, column: Column, other: Column, own: str) -> Sequence[int] | None:
        """For each row of a column, the row of another that belongs to it, -1 for none; None: the same."""
        if column.rows is other.rows:
            return None
        stamp = (column.rows, other.rows)
        places: Sequence[int] = self._known(
            f"places in {other.family.name}", stamp, lambda: joined(column.rows, other.rows, own)
        )
        return places

    def _labelled(self, of: Rows, take: Sequence[int] | None) -> Rows:
        """The family's labels of a vendor's rows. Where two would read the same, all that may name them is said."""
        source = self._fitted.source
        names = tuple(sorted((*source.labels, *source.fixed)))
        if not names and len(of) == 1:
            return SINGLE
        every = list(of.values)
        found = [dict(zip(of.names, every[at], strict=True)) for at in (range(len(of)) if take is None else take)]
        said = [[self._words_of(row, name) for name in names] for row in found]
        first = [tuple(words[0] if words else "" for words in row) for row in said]
        if len(set(first)) != len(first):
            seen = [first.count(each) > 1 for each in first]
            whole = [tuple(" ".join(words) for words in row) for row in said]
            first = [long if twice else short for short, long, twice in zip(first, whole, seen, strict=True)]
        return rows(names, first)

    def _words_of(self, row: Mapping[str, str], name: str) -> list[str]:
        source = self._fitted.source
        if name in source.fixed:
            return [source.fixed[name]]
        words = [row.get(each, "") for each in source.labels[name]]
        return [source.names.get(word, word) for word in words if word and word not in source.empty]

    def _words_in(self, of: Rows, own: str) -> Sequence[str]:
        words: Sequence[str] = self._known(f"{own} in words", (of,), lambda: label(of, own))
        return words

    def _known(self, what: str, stamp: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        return self._made((self._module, self._fitted.number, what), (self._fitted.source, *stamp), make)
