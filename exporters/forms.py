"""Pages of like devices: thousands of small ones with the same families over the same rows, but for who they are.

Most of what a small page costs is finding out how it is built. Two devices that are asked the same way have the same
columns: their tables are interned (`model.interned`), and rows of their own, such as what the inventory says of a
device, come one to a column. So how a page is built is kept by its columns, and only label texts of single rows and
numbers are filled in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from collector.model import Column, Family, Rows
from exporters.text import Page, grouped, header, numbers, render

SMALL: Final = 200
"""Samples: a page with more is one of tables, of which each device has its own."""
KEPT: Final = 256
"""Forms: one for each way in which devices are asked, and each way in which that turns out. Where more devices than
that have small tables of their own, none of theirs comes again soon enough to be kept."""

_Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Form:
    held: Sequence[tuple[Family, Rows]]
    """What the key is made of: an object that is held does not give its identity to another."""
    order: Sequence[int]
    """Places of the columns as they come on the page."""
    parts: Sequence[str]
    """What stands before each number, with a place for each of them, as `exporters.text.Form` has it."""
    single: Sequence[tuple[int, int]]
    """Of each row of its own: the column's place, and the place in `parts` where its label text is to be added."""


class Forms:
    """Renders as `exporters.text.render` does."""

    def __init__(self) -> None:
        self._forms: OrderedDict[_Key, _Form] = OrderedDict()
        self._seen: OrderedDict[_Key, None] = OrderedDict()
        """Lately, once: what does not come again soon is not worth a form."""

    def __len__(self) -> int:
        return len(self._forms)

    def render(self, columns: Sequence[Column]) -> Page:
        # Of each column its family, and its very table, or that it has one row of its own, or nothing.
        sizes = [len(column.values) for column in columns]
        if sum(sizes) > SMALL:
            return render(columns)
        tables = [id(c.rows) if size > 1 else -size for c, size in zip(columns, sizes, strict=True)]
        key = (*[id(column.family) for column in columns], *tables)
        form = self._forms.get(key)
        if form is None:
            self._remember(key, columns)
            return render(columns)
        self._forms.move_to_end(key)
        parts = list(form.parts)
        for place, at in form.single:
            parts[at] = f"{parts[at]}{columns[place].rows.text[0]} "
        values = list(chain.from_iterable([columns[place].values for place in form.order]))
        parts[1::2] = numbers(values)
        return Page("".join(parts).encode("utf-8", "replace"), len(values), 0)

    def _remember(self, key: _Key, columns: Sequence[Column]) -> None:
        if key not in self._seen:
            self._seen[key] = None
            _bound(self._seen)
        elif (form := _drawn(columns)) is not None:
            del self._seen[key]
            self._forms[key] = form
            _bound(self._forms)


def _bound(cache: OrderedDict[_Key, Any]) -> None:
    if len(cache) > KEPT:
        cache.popitem(last=False)


def _drawn(columns: Sequence[Column]) -> _Form | None:
    """None where a page may lose a sample to a duplicate: that is for `render`."""
    groups, refused = grouped(columns)
    if refused:
        return None
    places = {id(column): place for place, column in enumerate(columns)}
    order, parts, single = list[int](), list[str](), list[tuple[int, int]]()
    end = ""
    for (name, _), members in sorted(groups.items()):
        if len({column.family.name for column in members}) < len(members):
            return None
        before = end + header(name, members[0].family.help, members[0].family.type)
        for column in members:
            if len(set(column.rows.text)) < len(column.rows.text):
                return None
            order.append(places[id(column)])
            table = len(column.values) > 1
            if not table:
                single.append((order[-1], len(parts)))
            for text in column.rows.text:
                parts += (f"{before}{column.family.name}" + (f"{text} " if table else ""), "")
                before = end = "\n"
    parts.append(end)
    return _Form([(column.family, column.rows) for column in columns], order, parts, single)
