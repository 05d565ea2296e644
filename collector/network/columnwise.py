"""Whole columns at a time: rows that belong together, numbers that are scaled. No I/O, and nothing of any module."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from collector.model import Rows

UNITS: Final = 9
"""EntitySensorDataScale's number for units, a factor of 1; 1 is yocto and 17 yotta (RFC 3433)."""


def every(counts: Iterable[Sequence[bool] | None]) -> Sequence[bool] | None:
    """Rows that count in every respect; None: all of them."""
    given = [each for each in counts if each is not None]
    if len(given) < 2:
        return given[0] if given else None
    return [all(each) for each in zip(*given, strict=True)]


def joined(of: Rows, other: Rows, own: str) -> list[int]:
    """For each row of `of`, the row of `other` that has the same labels, `own` aside; -1 for none.

    A row without labels belongs to all.
    """
    names = [name for name in other.names if name != own]
    if any(name not in of.names for name in names):
        return [-1] * len(of)
    at = [other.names.index(name) for name in names]
    place = {tuple(values[n] for n in at): row for row, values in enumerate(other.values)}
    at = [of.names.index(name) for name in names]
    return [place.get(tuple(values[n] for n in at), -1) for values in of.values]


def label(of: Rows, name: str) -> list[str]:
    """A label's value in each row."""
    if name not in of.names:
        return [""] * len(of)
    at = of.names.index(name)
    return [values[at] for values in of.values]


def times(values: Sequence[float], scale: float) -> Sequence[float]:
    """Scaled; by division where that is exact, so that 57 percent are 0.57 and not 0.5700000000000001."""
    if scale == 1:
        return values
    part = round(1 / scale) if 0 < scale < 1 else 0
    return [v / part for v in values] if part and part * scale == 1 else [v * scale for v in values]


def divided(values: Sequence[float], scale: float) -> Sequence[float]:
    """What `times` has made `values` of."""
    if scale == 1:
        return values
    part = round(1 / scale) if 0 < scale < 1 else 0
    return [float(round(v * part, 6)) for v in values] if part and part * scale == 1 else [v / scale for v in values]


def power(places: float | None, prefix: float | None) -> int | None:
    """The power of ten that EntitySensorPrecision and EntitySensorDataScale make (RFC 3433); None out of their bounds.

    A precision below 0 tells how exact a value is and moves no point.
    """
    if places is None or prefix is None or not -8 <= places <= 9 or not 1 <= prefix <= 17:
        return None
    return 3 * (int(prefix) - UNITS) - max(int(places), 0)


def string(text: str) -> bytes | None:
    """A string of bytes as a page shows it; None for one that is none."""
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return None


def bit(text: bytes, number: int) -> bool:
    """Whether a bit is set; 0 is the highest of the first byte, and what is missing is not set."""
    return number >> 3 < len(text) and text[number >> 3] & 0x80 >> (number & 7) > 0
