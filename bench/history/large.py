"""The example estate's series, of many services and devices, over a long time, as blocks."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.history import blocks
from bench.history.estate import estate
from bench.history.filling import forecasts
from bench.history.shapes import STATES, history
from bench.history.template import RECORDED, Series, grown, taken
from collector.config.known import names_in
from dashboards import names as n
from tests.dashboards.boards.shipped import asked, filled

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


def read() -> set[str]:
    """Names of series that boards read, recorded and raw."""
    return {name for each in asked() for name in names_in(filled(each.expr))}


def make(
    size: Size, data: Path, like: str = "", *, only_read: bool = False, by: Callable[[], Collection[str]] = read
) -> Made:
    """History up to now: of what is recorded, and of what boards read of what is scraped. `only_read`: of both.

    `by` names what is read, where it is not boards that read it.
    """
    names = by()
    with TemporaryDirectory(prefix="history-") as name:
        home = Path(name)
        series = taken(like, EVERYTHING) if like else _played(home / "estate")
        ours = [each for each in series if recorded_name(each.name)]
        ours += forecasts(ours)
        recorded = list(grown([s for s in ours if s.name in names or not only_read], size.services, size.devices))
        raw = list(grown([s for s in series if s.name in names and not recorded_name(s.name)], 0, size.raw))
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
        return lasting(together(well, taken(running.prometheus, EVERYTHING)))


def together(*those: Iterable[Series]) -> list[Series]:
    """Each series once, as it was first; states as they were last, as alerts are."""
    found: dict[str, Series] = {}
    for series in those:
        for each in series:
            if (before := found.get(text := each.text())) is None or _is_state(before, each):
                found[text] = each
    return list(found.values())


def _is_state(before: Series, after: Series) -> bool:
    if after.name in STATES or after.name in (n.DEVICE_STATE, "wardwatch:network_state"):
        return True
    says_whether = not recorded_name(after.name) and not after.counter and {before.value, after.value} <= {0.0, 1.0}
    # Of some KPIs there was no value at first.
    return says_whether or (after.name == n.KPI_STATUS and before.value < 0)


def lasting(series: Iterable[Series]) -> list[Series]:
    """What was found bad is told to be so for half an hour: then it is an incident, which it was too early to see."""
    found = list(series)
    bad = {each.labels["service"] for each in found if each.name == n.BAD and each.value}
    return [
        replace(each, value=1.0) if each.name == n.INCIDENT and each.labels["service"] in bad else each
        for each in found
    ]


def recorded_name(name: str) -> bool:
    return re.fullmatch(RECORDED, name) is not None
