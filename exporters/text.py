"""Columns to the text exposition format 0.0.4: the hot half of every page (HOUSE 5).

Work is done per column, not per sample: a row's label text exists already, so a column is one C-level interleaving of
prefix, label text and value text, and one join. No text outlives the page, but for one `Form`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress as select
from itertools import count
from math import isfinite
from typing import Final

from collector.model import Column, Rows

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus 3 refuses a page whose type is missing or odd (CONTRACTS 14 T2)."""

_SUFFIXES: Final = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
_HELP = str.maketrans({"\\": "\\\\", "\n": "\\n"})
_SPECIAL: Final = {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}
_WRITTEN_OUT: Final = 1e21
"""Whole numbers below this are written without exponent; 2^64 has 20 digits."""

_Group = tuple[str, str]
"""The family name that HELP and TYPE give, and its shape: `histogram`, `summary`, or empty for the simple types."""


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered page: `samples` are on it; `duplicates` were left off, because a series may appear only once."""

    body: bytes
    samples: int
    duplicates: int


def render(columns: Iterable[Column]) -> Page:
    """One page: families sorted by name, HELP and TYPE once each, no series twice (RELIABILITY D7).

    Columns of one family may come from several modules; the first word wins, in help, type and samples alike. The
    family of a histogram's or summary's column has the name of the *sample* (`x_bucket`, `x_sum`, `x_count`; for
    quantiles `x`) and is grouped under `x`. What would make a name mean two things (a gauge `x_count` beside a
    histogram `x`) is left off and counted.
    """
    groups, duplicates = grouped(columns)
    unique: dict[int, bool] = {}
    parts: list[bytes] = []
    samples = 0
    for (name, _), members in sorted(groups.items()):
        first = members[0]
        head = header(name, first.family.help, first.family.type)
        if len(members) == 1 and len(first.values) == 1:  # half of a host page: a family without labels
            line = f"{head}{first.family.name}{first.rows.text[0]} {_number(first.values[0])}\n"
            parts.append(line.encode("utf-8", "replace"))
            samples += 1
            continue
        block = [head]
        if not _alone(members, unique):
            kept = _first_of_each(members)
            duplicates += sum(len(c.values) for c in members) - sum(len(texts) for _, texts, _ in kept)
        else:
            kept = [(c.family.name, c.rows.text, c.values) for c in members]
        for sample_name, texts, values in kept:
            block.append(_lines(sample_name, texts, values))
            samples += len(texts)
        # Encoded block by block: a block still is in the processor's cache. A lone surrogate that escaped `clean`
        # becomes "?", rather than costing the whole page (RELIABILITY D4).
        parts.append("".join(block).encode("utf-8", "replace"))
    return Page(b"".join(parts), samples, duplicates)


class Form:
    """A page as it was last, kept for one that is asked for again and again: this machine's.

    While the next page has the same families over the same rows, only numbers that have changed are written. A column
    that is the same object is not looked into: collectors keep those whose values stay.
    """

    def __init__(self) -> None:
        self._columns: Sequence[Column] = ()
        self._places: list[int] = []
        """Of each column, where its first number stands in `_parts`: each of its others is two places further on.
        Empty where the form cannot show the page."""
        self._parts: list[str] = []
        """The page, number by number, each behind what stands before it."""

    def render(self, columns: Sequence[Column]) -> Page:
        """As `render`."""
        if not self._filled(columns):
            self._draw(columns)
        self._columns = columns
        if not self._places:
            return render(columns)
        return Page("".join(self._parts).encode("utf-8", "replace"), len(self._parts) // 2, 0)

    def _filled(self, columns: Sequence[Column]) -> bool:
        """Hot: whether the form is that of these columns, and has their numbers by now."""
        if len(columns) != len(self._columns):
            return False
        parts, places = self._parts, self._places or [0] * len(columns)
        for before, now, place in zip(self._columns, columns, places, strict=True):
            if now is before:
                continue
            if (now.family is not before.family and now.family != before.family) or (
                now.rows is not before.rows and now.rows != before.rows
            ):
                return False
            if parts:
                for value, was, at in zip(now.values, before.values, count(place, 2), strict=False):
                    if value != was:
                        if not value.is_integer():
                            parts[at] = repr(value) if isfinite(value) else _number(value)
                        else:
                            parts[at] = str(int(value)) if -_WRITTEN_OUT < value < _WRITTEN_OUT else _number(value)
        return True

    def _draw(self, columns: Sequence[Column]) -> None:
        """What can lose a sample to a duplicate is left to `render`."""
        self._places, self._parts = [], []
        groups, refused = grouped(columns)
        unique: dict[int, bool] = {}
        if refused or not all(_alone(members, unique) for members in groups.values()):
            return
        places: dict[int, int] = {}
        end = ""
        for (name, _), members in sorted(groups.items()):
            before = end + header(name, members[0].family.help, members[0].family.type)
            for column in members:
                places[id(column)] = len(self._parts) + 1
                for text, number in zip(column.rows.text, numbers(column.values), strict=True):
                    self._parts += (f"{before}{column.family.name}{text} ", number)
                    before = end = "\n"
        self._parts.append(end)
        self._places = [places.get(id(column), 0) for column in columns]


def _lines(name: str, texts: Sequence[str], values: array[float]) -> str:
    """Hot: `name{labels} value` for each row. See bench/render.py."""
    size = len(texts)
    if values[0] == values[-1] and values.count(values[0]) == size:  # errors, speeds, states: the same in every row
        end = f" {_number(values[0])}\n"
        return f"{name}{(end + name).join(texts)}{end}"
    parts: list[str] = [f"\n{name}"] * (4 * size)
    parts[0] = name
    parts[1::4] = texts
    parts[2::4] = [" "] * size
    total = sum(values)
    if -_WRITTEN_OUT < total < _WRITTEN_OUT and all(map(float.is_integer, values)):
        parts[3::4] = map(str, map(int, values))
        parts.append("\n")
        return "".join(parts)
    parts[3::4] = map(repr, values)
    parts.append("\n")
    # A raw line end only ever follows a value: inside labels it is escaped. So these meet values and nothing else.
    # Zero has one sign, as among whole numbers.
    text = "".join(parts).replace(".0\n", "\n").replace(" -0\n", " 0\n")
    if not isfinite(total):
        text = text.replace(" inf\n", " +Inf\n").replace(" -inf\n", " -Inf\n").replace(" nan\n", " NaN\n")
    return text


def numbers(values: Sequence[float]) -> list[str]:
    """Hot: each value as text."""
    if -_WRITTEN_OUT < sum(values) < _WRITTEN_OUT:
        values = tuple(values)  # two tuples are compared in one go
        whole = tuple(map(int, values))
        texts = list(map(str, whole))
        if whole != values:
            for at in [at for at, (one, other) in enumerate(zip(whole, values, strict=True)) if one != other]:
                texts[at] = repr(values[at])
        return texts
    return list(map(_number, values))


def _number(value: float) -> str:
    if value.is_integer() and -_WRITTEN_OUT < value < _WRITTEN_OUT:
        return str(int(value))
    return repr(value).removesuffix(".0") if isfinite(value) else _SPECIAL[repr(value)]


def grouped(columns: Iterable[Column]) -> tuple[dict[_Group, list[Column]], int]:
    """Columns by group, and how many samples belong to a name that another group took first."""
    groups: dict[_Group, list[Column]] = {}
    owner: dict[str, _Group] = {}
    refused = 0
    for column in columns:
        if not column.values:
            continue
        group, names = _claim(column.family.name, column.family.type)
        if len(names) == 1:
            taken = owner.setdefault(names[0], group) != group
        else:
            taken = any(owner.get(name, group) != group for name in names)
        if taken:
            refused += len(column.values)
            continue
        if len(names) > 1:
            owner.update(dict.fromkeys(names, group))
        groups.setdefault(group, []).append(column)
    return groups, refused


@lru_cache(maxsize=4096)
def _claim(name: str, shape: str) -> tuple[_Group, tuple[str, ...]]:
    """The group of a column of this name and type, and every sample name that this group takes for itself."""
    suffixes = _SUFFIXES.get(shape)
    if suffixes is None:
        return (name, ""), (name,)
    for suffix in suffixes:
        if name.endswith(suffix):
            name = name.removesuffix(suffix)
            break
    return (name, shape), (name, *(name + suffix for suffix in suffixes))


@lru_cache(maxsize=8192)
def header(name: str, about: str, shape: str) -> str:
    """HELP and TYPE. Families are declared once and shown on every page."""
    kind = f"# TYPE {name} {shape}\n"
    about = about.translate(_HELP)
    return f"# HELP {name} {about}\n{kind}" if about else kind


def _distinct(rows: Rows, known: dict[int, bool]) -> bool:
    """Whether no two rows read the same; asked once for all columns of a table."""
    answer = known.get(id(rows))
    if answer is None:
        answer = known[id(rows)] = len(set(rows.text)) == len(rows.text)
    return answer


def _alone(members: Sequence[Column], known: dict[int, bool]) -> bool:
    """Whether no series of a group can come twice: one column, or those of a histogram, none with two rows alike."""
    if len(members) > 1 and len({column.family.name for column in members}) < len(members):
        return False
    return all(_distinct(column.rows, known) for column in members)


def _first_of_each(columns: Sequence[Column]) -> list[tuple[str, Sequence[str], array[float]]]:
    """Sample name, label texts and values of columns of one group, later duplicates taken out."""
    # Label text tells series apart only where the labels come in one order.
    alike = len({c.rows.names for c in columns}) == 1
    seen: dict[str, set[object]] = {}
    kept: list[tuple[str, Sequence[str], array[float]]] = []
    for column in columns:
        known = seen.setdefault(column.family.name, set())
        fresh = []
        for key in column.rows.text if alike else _identities(column.rows):
            fresh.append(key not in known)
            known.add(key)
        if any(fresh):
            texts = tuple(select(column.rows.text, fresh))
            kept.append((column.family.name, texts, array("d", select(column.values, fresh))))
    return kept


def _identities(rows: Rows) -> Iterable[frozenset[tuple[str, str]]]:
    """What Prometheus knows a series by: its labels in any order, empty ones left out."""
    return (frozenset((n, v) for n, v in zip(rows.names, values, strict=True) if v) for values in rows.values)
