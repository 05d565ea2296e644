"""Sparklines: the figures of a day or a week as paths of an SVG, and the same in words for who does not see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from exporters.page.templates import percent
from exporters.standing import Course

WIDTH: Final = 144
HEIGHT: Final = 24
"""Of the picture, in its own units."""
FULL: Final = 0.9995
"""Shares of time from which on a bar is whole: less than a second of half an hour is missing."""
LEAST: Final = 6.0
"""Height of what is missing at least: a minute of half an hour must be seen."""
DEEPEST: Final = -1.0
"""A budget that is overdrawn further is drawn no deeper: one spent twice over says all there is to say."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Bars: `good` as high as the share of time that was up, `bad` what is missing at the top, `unknown` a line."""

    good: str
    bad: str
    unknown: str
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """A course between nothing and all; `zero` is the height of nothing."""

    path: str
    zero: str
    label: str


def strip(shares: Course, hours: float = 24) -> Strip | None:
    """None where nothing is known."""
    known = [share for share in shares if share is not None]
    if not known:
        return None
    step = WIDTH / len(shares)
    good, bad, unknown = [], [], []
    for first, last, share in _runs(shares):
        x, wide = first * step, (last - first) * step
        if share is None:
            unknown.append(_box(x, HEIGHT - 2, wide, 2))
            continue
        missing = 0.0 if share >= FULL else max(LEAST, HEIGHT * (1 - max(share, 0.0)))
        if missing:
            bad.append(_box(x, 0, wide, missing))
        if missing < HEIGHT:
            good.append(_box(x, missing, wide, HEIGHT - missing))
    each = hours / len(shares)
    words = f"Up {percent(sum(known) / len(known))} of the time known in the last {hours:g} hours"
    if gaps := len(shares) - len(known):
        words += f"; not known for {gaps * each:g} of them"
    return Strip("".join(good), "".join(bad), "".join(unknown), words)


def line(shares: Course, days: float = 7) -> Line | None:
    """None where fewer than two are known."""
    known = [share for share in shares if share is not None]
    if len(known) < 2:
        return None
    floor = min(0.0, max(DEEPEST, min(known)))

    def height(share: float) -> float:
        return 1 + (HEIGHT - 2) * (1 - min(max(share, floor), 1.0)) / (1 - floor)

    step = WIDTH / (len(shares) - 1)
    path, pen = [], "M"
    for place, share in enumerate(shares):
        if share is None:
            pen = "M"
            continue
        path.append(f"{pen}{_n(place * step)} {_n(height(share))}")
        pen = "L"
    words = f"Budget left over {days:g} days: from {percent(known[0])} to {percent(known[-1])}"
    if min(known) < min(known[0], known[-1]):
        words += f", {percent(min(known))} at the least"
    return Line("".join(path), _n(height(0.0)), words)


def _runs(shares: Course) -> Iterator[tuple[int, int, float | None]]:
    """Neighbours that look alike, as one: from, to (exclusive), share."""
    first = 0
    for place in range(1, len(shares) + 1):
        if place == len(shares) or _looks(shares[place]) != _looks(shares[first]):
            yield first, place, shares[first]
            first = place


def _looks(share: float | None) -> float | None:
    return share if share is None or share < FULL else 1.0


def _box(x: float, y: float, wide: float, high: float) -> str:
    return f"M{_n(x)} {_n(y)}h{_n(wide)}v{_n(high)}h-{_n(wide)}z"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
