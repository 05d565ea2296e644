"""Time ranges, steps and windows as Grafana and its data source for Prometheus choose them.

Facts from @grafana/data (`rangeutil.roundInterval`) and Grafana's documentation of `$__interval` and
`$__rate_interval`. All times are milliseconds, as in Grafana's frames.
"""

from __future__ import annotations

import re
from typing import Final

# fmt: off
ROUNDED: Final = (
    (10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1_500, 1_000), (3_500, 2_000),
    (7_500, 5_000), (12_500, 10_000), (17_500, 15_000), (25_000, 20_000), (45_000, 30_000), (90_000, 60_000),
    (210_000, 120_000), (450_000, 300_000), (750_000, 600_000), (1_050_000, 900_000), (1_500_000, 1_200_000),
    (2_700_000, 1_800_000), (5_400_000, 3_600_000), (9_000_000, 7_200_000), (16_200_000, 10_800_000),
    (32_400_000, 21_600_000), (86_400_000, 43_200_000), (604_800_000, 86_400_000), (1_814_400_000, 604_800_000),
    (3_628_800_000, 2_592_000_000),
)
"""Below so many milliseconds, so many."""
# fmt: on
_YEAR: Final = 31_536_000_000

POINTS: Final = 11_000
"""Prometheus answers with at most so many points a series."""

UNITS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def rounded(interval: float) -> int:
    """The interval that Grafana takes for one of so many milliseconds."""
    return next((to for below, to in ROUNDED if interval < below), _YEAR)


def step(span: int, pixels: int, least: int) -> int:
    """The step of a range query: a point a pixel, no finer than is scraped, no more than Prometheus answers with."""
    return max(rounded(span / max(pixels, 1)), least, rounded(span / POINTS))


def rate_window(step: int, scrape: int) -> int:
    """`$__rate_interval`: four scrapes at least, so that a rate has samples when one is missed."""
    return max(step + scrape, 4 * scrape)


def written(span: int) -> str:
    """As PromQL has it, in its largest unit that is whole."""
    for unit in ("d", "h", "m", "s"):
        if span >= UNITS[unit] and span % UNITS[unit] == 0:
            return f"{span // UNITS[unit]}{unit}"
    return f"{span}ms"


def moment(text: str, now: int) -> int:
    """`now`, `now-6h`, `now-30d`. ValueError for what no board of ours says."""
    found = re.fullmatch(r"now(?:-(\d+)([smhdw]))?", text)
    if found is None:
        raise ValueError(f"{text!r} is no time: now, or now-6h with one of {', '.join(UNITS)}")
    return now - int(found[1]) * UNITS[found[2]] if found[1] else now
