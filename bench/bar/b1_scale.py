"""B1: thousands of devices on one collector. The measuring is `bench.scale`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from bench import pages, scale
from bench.bar.row import Verdict
from bench.scale import PROGRAM, SMALL, Fleet, Words

CORES = 1.0
"""Of RELIABILITY B1; `python -m bench.scale small --full` holds the quarter of a core that is aimed at."""
QUARTER = 0.25


@dataclass(frozen=True, slots=True)
class B1:
    """Devices of 100 variables, with loss and with dead, malformed and slow ones among them; 10,000 in full."""

    id: ClassVar[str] = "B1"
    promise: ClassVar[str] = "every healthy device, every interval"
    target: ClassVar[str] = "99.99% of healthy device-intervals fresh, none missed twice running; 1 core, 400 MB"

    fleet: Fleet = SMALL
    program: Words = PROGRAM

    def measure(self, seed: int) -> Verdict:
        fleet = replace(self.fleet, cores=CORES)
        found = scale.measure(fleet, seed, self.program)
        broken = [promise for promise, kept in scale.promises(fleet, found).items() if not kept]
        aimed = replace(fleet, cores=QUARTER).allowed
        figure = {
            "devices": fleet.devices,
            "interval_s": fleet.interval,
            "series_allowed": pages.series(fleet.devices, fleet.room),
            **found.figure(),
            "broken": broken,
            "cores_aimed_at": round(aimed, 3),
            "within_aim": found.cores <= aimed,
        }
        return Verdict(not broken, figure)
