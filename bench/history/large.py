"""The example estate's series, of many services and devices, over a long time, as blocks."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.history import blocks
from bench.history.estate import estate
from bench.history.shapes import history
from bench.history.template import RECORDED, Series, grown, taken

SETTLING_SECONDS: Final = 45
"""Until rules have seen what rules have recorded, and alerts fire."""


@dataclass(frozen=True, slots=True)
class Size:
    """`recent`: minutes told one by one of what is recorded. `raw`: devices of which what was scraped is told."""

    services: int
    devices: int
    days: int
    recent: int
    raw: int
    minutes: int = 120


FULL: Final = Size(services=200, devices=500, days=90, recent=360, raw=5000)
QUICK: Final = Size(services=20, devices=50, days=10, recent=360, raw=100)


@dataclass(frozen=True, slots=True)
class Made:
    series: int
    samples: int
    now: int
    """Seconds; the last samples are of less than a minute before."""


def make(size: Size, data: Path, like: str = "", scraped: Iterable[str] = ()) -> Made:
    """History up to now. `scraped`: names of what is told of raw series."""
    with TemporaryDirectory(prefix="history-") as name:
        home = Path(name)
        series = taken(like, EVERYTHING) if like else _played(home / "estate")
        recorded = list(grown(_named(series, RECORDED), size.services, size.devices))
        raw = list(grown(_named(series, "|".join(map(re.escape, scraped)) or "up"), 0, size.raw))
        now = int(time.time()) // 60 * 60
        told = history(recorded, raw, now - size.recent * 60, now - size.minutes * 60, now)
        samples = blocks.write(told, now - size.days * 86400, now, home, data)
        return Made(len(recorded) + len(raw), samples, now)


EVERYTHING: Final = ".+"


def _played(home: Path) -> list[Series]:
    with estate(home) as running:
        time.sleep(SETTLING_SECONDS / 2)
        well = taken(running.prometheus, EVERYTHING)
        running.fall_ill()
        time.sleep(SETTLING_SECONDS)
        return together(well, taken(running.prometheus, EVERYTHING))


def together(*those: Iterable[Series]) -> list[Series]:
    """Each series once, as it was first."""
    found: dict[str, Series] = {}
    for series in those:
        for each in series:
            found.setdefault(each.text(), each)
    return list(found.values())


def _named(series: Iterable[Series], pattern: str) -> list[Series]:
    names = re.compile(pattern)
    return [each for each in series if names.fullmatch(each.name)]
