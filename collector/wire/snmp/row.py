"""A row of a table as a regular expression: rows that look alike are read in C (bench/snmp_decode.py).

What matches is in order to the last byte: the columns in their places, one index over the whole row, each value of its
column's type, each length what it should be. What does not match says nothing: the caller reads that row its own way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter

from collector.wire.snmp import ber

COLUMNS = 16
"""Most columns in a row: an expression takes some 0.2 ms a column to make."""

FEW = 5
"""Rows below which a table is read as quickly one by one."""

WORTH = 4
"""Times that an expression is wanted before it is made: making it costs as much as a few replies do without it."""

LOOKS = 8
"""Most ways that rows of the same columns look which are remembered."""

PASSED = -1
"""Instead of a tag: a column that has ended. What stands in its place is passed over."""
UNKNOWN = -2
"""Instead of a tag: a column that has not begun."""

_NUMBERS = (4, 5, 3, 1, 2, 6, 7, 8, 9)
"""Lengths of a number's content, the most usual of a counter first."""
_TEXTS = tuple(range(64))
"""Lengths of a text's content that are read here."""
_VARBINDS = range(8, 0x40)
"""Lengths of a varbind that is passed over."""

_CONTENT = itemgetter(slice(1, None))
_GROUPS = re.Match.groups


class Row:
    """Rows of `prefixes` whose values have these `tags` and whose index takes `size` bytes.

    `types` are the tags of columns that have not ended.
    """

    __slots__ = ("_compiled", "_prefixes", "_size", "_wanted", "tags", "types")

    def __init__(self, prefixes: tuple[bytes, ...], tags: tuple[int, ...], size: int) -> None:
        self.tags = tags
        self.types = tuple(tag for tag in tags if tag != PASSED)
        self._size = size
        self._prefixes = prefixes
        self._wanted = 0
        self._compiled: re.Pattern[bytes] | None = None

    def read(self, packet: bytes, at: int, end: int) -> tuple[int, Sequence[bytes], Sequence[Iterable[bytes]]]:
        """Where the first row that looks different begins; up to there the indexes, and each column's values.

        Nothing, while the expression is not worth making.
        """
        if self._compiled is None:
            self._wanted += 1
            if self._wanted < WORTH:
                return at, (), ()
            self._compiled = re.compile(_expression(self._prefixes, self.tags, self._size), re.DOTALL)
        # Each match begins where the one before ended.
        rows = list(iter(self._compiled.scanner(packet, at, end).match, None))  # type: ignore[attr-defined]
        if not rows:
            return at, (), ()
        indexes, *columns = zip(*map(_GROUPS, rows), strict=True)
        return rows[-1].end(), indexes, [map(_CONTENT, values) for values in columns]


class Look:
    """What rows of some columns look like: `latest` is how they looked last, on whatever device."""

    __slots__ = ("_known", "_prefixes", "latest")

    def __init__(self, prefixes: tuple[bytes, ...]) -> None:
        self.latest: Row | None = None
        self._prefixes = prefixes
        self._known: dict[tuple[tuple[int, ...], int], Row] = {}

    def take(self, tags: tuple[int, ...], size: int) -> None:
        """They look so now."""
        known = self._known.get((tags, size))
        if known is None:
            if len(self._known) >= LOOKS:
                self._known.clear()
            known = self._known[tags, size] = Row(self._prefixes, tags, size)
        self.latest = known


look = lru_cache(maxsize=1024)(Look)
"""The same `Look` for all devices that are asked for these columns together."""


def _expression(prefixes: Sequence[bytes], tags: Sequence[int], size: int) -> bytes:
    index = b"(.{%d})" % size
    parts = []
    for prefix, tag in zip(prefixes, tags, strict=True):
        if tag == PASSED:
            parts.append(b"0(?:%b)" % b"|".join(_byte(n) + b".{%d}" % n for n in _VARBINDS))
        else:
            parts.append(_cell(prefix, tag, index, size))
            index = b"\\1"
    return b"".join(parts)


def _cell(prefix: bytes, tag: int, index: bytes, size: int) -> bytes:
    head = bytes((ber.OID, len(prefix) + size)) + prefix
    between = len(head) + size + 1  # from the varbind's length to the value's
    lengths = [n for n in (_TEXTS if tag in _TEXTUAL else _NUMBERS) if between + 1 + n < 0x80]
    # The look ahead holds both lengths to each other, the group then holds the content to its length.
    agreed = b"|".join(_byte(between + 1 + n) + b".{%d}" % between + _byte(n) for n in lengths)
    content = b"|".join(_byte(n) + b".{%d}" % n for n in lengths)
    return b"0(?=%b).%b%b%b(%b)" % (agreed, re.escape(head), index, _byte(tag), content)


_TEXTUAL = frozenset({ber.OCTET_STRING, ber.OID, ber.OPAQUE, ber.IP_ADDRESS, ber.NSAP_ADDRESS})


def _byte(value: int) -> bytes:
    return re.escape(bytes((value,)))
