"""Pages of like devices: thousands of small ones with the same families over as many rows, but for who they are.

Most of what a small page costs is finding out how it is built. Two devices that are asked the same way have the same
columns: over the same tables where these are interned (`model.interned`), else over tables of the same length. So how a
page is built is kept by its columns, and only numbers are filled in, and label texts of rows that are a device's own.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

from collector.compact import Compact, Layout, Sheaf, size
from collector.model import Column, Family, Rows
from exporters.text import Page, grouped, header, numbers, render

SMALL: Final = 200
"""Samples: a page with more has long tables, whose rows are as many as no other device's."""
KEPT: Final = 256
"""Forms: one for each way in which devices are asked, and each way in which that turns out. Where there are more ways
than that, none comes again soon enough to be kept."""

_Key = tuple[int, ...]


class _Parts:
    """What a page is made of: its `numbers` in the order in which they are kept, its `tables`, and the `key` of how
    it is built. That is made of what is `held`: an object that is held does not give its identity to another."""

    __slots__ = ("held", "key", "numbers", "tables")

    def __init__(self, columns: Sequence[Column]) -> None:
        key: list[int] = []
        held: list[Family | Layout | Rows] = []
        tables: list[Rows] = []
        values: list[array[float]] = []
        for part in columns.parts if type(columns) is Sheaf else (columns,):
            if type(part) is Compact:
                key += id(part.layout), len(part.values)
                held.append(part.layout)
                tables += part.tables
                values.append(part.values)
                continue
            for family, rows, own in part:
                # Its very table, or how many rows of its own it has.
                given = _given(rows)
                key += id(family), id(rows) if given else -len(own)
                held.append(family)
                if given:
                    held.append(rows)
                tables.append(rows)
                values.append(own)
        self.key = tuple(key)
        self.held = held
        self.tables = tables
        self.numbers = array("d", b"".join(values))


@dataclass(slots=True)
class _Form:
    held: Sequence[Family | Layout | Rows]
    """What the key is made of."""
    order: Callable[[array[float]], Sequence[float]]
    """Numbers as they come on the page, out of those as they are kept."""
    parts: list[str]
    """What stands before each number, with a place for each of them, as `exporters.text.Form` has it: of the device
    whose page was last."""
    own: Sequence[tuple[int, Sequence[tuple[int, str, str]]]]
    """Of each table that is a device's own its number, and of each column over it the place in `parts` where its first
    row begins, and what stands before the label text there and in the rows after it."""
    filled: list[Rows | None]
    """Whose label texts stand there. Like devices have most rows in common (`wire.snmp.labels.keep`)."""
    together: Sequence[Sequence[int]]
    """Numbers of the tables of columns that have one name, as several modules may: no row may be in two of them."""
    apart: list[Sequence[Rows]]
    """Tables of each of these in which that was so."""


class Forms:
    """Renders as `exporters.text.render` does."""

    def __init__(self) -> None:
        self._forms: OrderedDict[_Key, _Form | None] = OrderedDict()
        """None: such columns go on no form."""
        self._seen: OrderedDict[_Key, None] = OrderedDict()
        """Lately, once: what does not come again soon is not worth a form."""

    def __len__(self) -> int:
        return len(self._forms)

    def render(self, columns: Sequence[Column]) -> Page:
        if not columns or size(columns) > SMALL:
            return render(columns)
        page = _Parts(columns)
        if page.key not in self._forms:
            self._remember(page, columns)
            return render(columns)
        self._forms.move_to_end(page.key)
        form = self._forms[page.key]
        if form is None or not _fill(form, page.tables):
            return render(columns)
        shown = form.order(page.numbers)
        parts = list(form.parts)
        parts[1::2] = numbers(shown)
        return Page("".join(parts).encode("utf-8", "replace"), len(shown), 0)

    def _remember(self, page: _Parts, columns: Sequence[Column]) -> None:
        if page.key not in self._seen:
            self._seen[page.key] = None
            _bound(self._seen)
        else:
            del self._seen[page.key]
            self._forms[page.key] = _drawn(page, columns)
            _bound(self._forms)


def _fill(form: _Form, tables: Sequence[Rows]) -> bool:
    """Put label texts into their places. Whether no row comes twice."""
    for number, places in enumerate(form.together):
        over = [tables[place] for place in places]
        if over != form.apart[number]:
            if not _apart(over):
                return False
            form.apart[number] = over
    filled = form.filled
    for number, (place, columns) in enumerate(form.own):
        rows = tables[place]
        if rows is filled[number]:
            continue
        text = rows.text
        if len(set(text)) < len(text):
            return False
        for at, first, rest in columns:
            if len(text) > 1:
                form.parts[at + 2 : at + 2 * len(text) : 2] = [f"{rest}{each} " for each in text[1:]]
            form.parts[at] = f"{first}{text[0]} "
        filled[number] = rows
    return True


def _given(rows: Rows) -> bool:
    """Whether label texts belong to the form. A single row is filled in: there are too many of those, each on few
    pages."""
    return rows.shared and len(rows.text) > 1


def _bound(cache: OrderedDict[_Key, Any]) -> None:
    if len(cache) > KEPT:
        cache.popitem(last=False)


def _apart(tables: Sequence[Rows]) -> bool:
    """Whether no series comes twice in columns of one name. Label texts tell that where labels come in one order."""
    texts = [text for rows in tables for text in rows.text]
    return len(set(texts)) == len(texts) and len({rows.names for rows in tables}) == 1


def _places(columns: Sequence[Column]) -> list[tuple[int, int]]:
    """Of each column, where its numbers begin and which is its table."""
    found: list[tuple[int, int]] = []
    begin = tables = 0
    for part in columns.parts if type(columns) is Sheaf else (columns,):
        if type(part) is Compact:
            layout = part.layout
            found += [(begin + own.start, tables + n) for own, n in zip(layout.slices, layout.numbers, strict=True)]
            begin += len(part.values)
            tables += len(part.tables)
            continue
        for column in part:
            found.append((begin, tables))
            begin += len(column.values)
            tables += 1
    return found


def _drawn(page: _Parts, columns: Sequence[Column]) -> _Form | None:
    """None where every such page loses samples, because a name would mean two things: that is for `render`."""
    each = tuple(columns)
    groups, refused = grouped(each)
    if refused or not groups:
        return None
    places = dict(zip(map(id, each), _places(columns), strict=True))
    order, parts = list[int](), list[str]()
    own: dict[int, list[tuple[int, str, str]]] = {}
    together: dict[str, list[int]] = {}
    end = ""
    for (group, _), members in sorted(groups.items()):
        before = end + header(group, members[0].family.help, members[0].family.type)
        for column in members:
            begin, table = places[id(column)]
            order += range(begin, begin + len(column.values))
            name = column.family.name
            together.setdefault(name, []).append(table)
            if not _given(column.rows):
                own.setdefault(table, []).append((len(parts), before + name, f"\n{name}"))
            elif len(set(column.rows.text)) < len(column.rows.text):
                return None
            for text in column.rows.text:
                parts += (f"{before}{name}{text} ", "")
                before = end = "\n"
    parts.append(end)
    several = [numbers for numbers in together.values() if len(numbers) > 1]
    # One alone would come without a tuple around it.
    picked = itemgetter(*order) if len(order) > 1 else itemgetter(slice(order[0], order[0] + 1))
    return _Form(page.held, picked, parts, tuple(own.items()), [None] * len(own), several, [()] * len(several))
