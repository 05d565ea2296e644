"""Pages of like devices: thousands of small ones with the same families over as many rows, but for who they are.

Most of what a small page costs is finding out how it is built. Two devices that are asked the same way have the same
columns: over the same tables where these are interned (`model.interned`), else over tables of the same length. So how a
page is built is kept by its columns, and only numbers are filled in, and label texts of rows that are a device's own.
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
"""Samples: a page with more has long tables, whose rows are as many as no other device's."""
KEPT: Final = 256
"""Forms: one for each way in which devices are asked, and each way in which that turns out. Where there are more ways
than that, none comes again soon enough to be kept."""

_Key = tuple[int, ...]


@dataclass(slots=True)
class _Form:
    held: Sequence[Family | Rows]
    """What the key is made of: an object that is held does not give its identity to another."""
    order: Sequence[int]
    """Places of the columns as they come on the page."""
    parts: list[str]
    """What stands before each number, with a place for each of them, as `exporters.text.Form` has it: of the device
    whose page was last."""
    own: Sequence[tuple[int, int, str, str]]
    """Of each column whose rows are a device's own: its place, the place in `parts` where its first row begins, and
    what stands before the label text there and in the rows after it."""
    filled: list[Rows | None]
    """Whose label texts stand there. Like devices have most rows in common (`wire.snmp.labels.keep`)."""
    together: Sequence[Sequence[int]]
    """Places of columns that have one name, as several modules may: no row may be in two of them."""


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
        if not columns:
            return render(columns)
        families, over, values = zip(*columns, strict=True)
        sizes = list(map(len, values))
        if sum(sizes) > SMALL:
            return render(columns)
        # Of each column its family, and its very table, or how many rows of its own it has.
        tables = [id(rows) if size > 1 and rows.shared else -size for rows, size in zip(over, sizes, strict=True)]
        key = (*map(id, families), *tables)
        if key not in self._forms:
            self._remember(key, columns)
            return render(columns)
        self._forms.move_to_end(key)
        form = self._forms[key]
        if form is None:
            return render(columns)
        for places in form.together:
            if not _apart([columns[place] for place in places]):
                return render(columns)
        parts, filled = form.parts, form.filled
        for number, (place, at, first, rest) in enumerate(form.own):
            rows = over[place]
            if rows is filled[number]:
                continue
            text = rows.text
            if len(text) > 1:
                if len(set(text)) < len(text):
                    return render(columns)
                parts[at + 2 : at + 2 * len(text) : 2] = [f"{rest}{each} " for each in text[1:]]
            parts[at] = f"{first}{text[0]} "
            filled[number] = rows
        shown = list(chain.from_iterable([values[place] for place in form.order]))
        parts = list(parts)
        parts[1::2] = numbers(shown)
        return Page("".join(parts).encode("utf-8", "replace"), len(shown), 0)

    def _remember(self, key: _Key, columns: Sequence[Column]) -> None:
        if key not in self._seen:
            self._seen[key] = None
            _bound(self._seen)
        else:
            del self._seen[key]
            self._forms[key] = _drawn(columns)
            _bound(self._forms)


def _given(rows: Rows) -> bool:
    """Whether label texts belong to the form. A single row is filled in: there are too many of those, each on few
    pages."""
    return rows.shared and len(rows.text) > 1


def _bound(cache: OrderedDict[_Key, Any]) -> None:
    if len(cache) > KEPT:
        cache.popitem(last=False)


def _apart(columns: Sequence[Column]) -> bool:
    """Whether no series comes twice in columns of one name. Label texts tell that where labels come in one order."""
    texts = [text for column in columns for text in column.rows.text]
    return len(set(texts)) == len(texts) and len({column.rows.names for column in columns}) == 1


def _drawn(columns: Sequence[Column]) -> _Form | None:
    """None where every such page loses samples, because a name would mean two things: that is for `render`."""
    groups, refused = grouped(columns)
    if refused:
        return None
    places = {id(column): place for place, column in enumerate(columns)}
    order, parts, own = list[int](), list[str](), list[tuple[int, int, str, str]]()
    together: dict[str, list[int]] = {}
    end = ""
    for (group, _), members in sorted(groups.items()):
        before = end + header(group, members[0].family.help, members[0].family.type)
        for column in members:
            order.append(places[id(column)])
            name = column.family.name
            together.setdefault(name, []).append(order[-1])
            if _given(column.rows):
                if len(set(column.rows.text)) < len(column.rows.text):
                    return None
            else:
                own.append((order[-1], len(parts), before + name, f"\n{name}"))
            for text in column.rows.text:
                parts += (f"{before}{name}{text} ", "")
                before = end = "\n"
    parts.append(end)
    held: list[Family | Rows] = [column.family for column in columns]
    held += [column.rows for column in columns if _given(column.rows)]
    several = [places for places in together.values() if len(places) > 1]
    return _Form(held, order, parts, own, [None] * len(own), several)
