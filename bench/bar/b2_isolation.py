"""B2: one stuck device never delays another."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, ClassVar

from bench.bar.devices import Ill, Plays, playing
from bench.bar.hospital import Parts, modules, raised, run, target, watching
from bench.bar.row import Verdict
from collector.model import Collector, Column, Edge, Schedule, Target

SICK: Mapping[str, Ill] = {
    "black_hole": (("dead", {}),),
    "drip": (("drip", {"seconds": 1.0}),),
    "flood": (("flood", {"packets": 10_000, "seconds": 5.0}),),
}
EARLY = 0.1
"""Seconds by which a timer may wake before its turn."""

WORSE = 0.05
"""Seconds by which the healthy ones' 99th percentile may grow."""


@dataclass(frozen=True)
class Clocked:
    """A collector whose polls' ends are noted: seconds after the turn at which each should have begun."""

    name: ClassVar[str] = "clocked"
    inner: Collector
    lateness: list[float]

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        began = edge.now()
        try:
            return await self.inner.poll(replace(target, collector=self.inner), edge)
        finally:
            schedule = target.schedule
            waited = (began - schedule.offset + EARLY) % schedule.interval - EARLY
            if target.device.name not in SICK:
                self.lateness.append(waited + edge.now() - began)


@dataclass(frozen=True, slots=True)
class B2:
    """Healthy switches on the agent's own timer, in turns without and with three sick devices among them."""

    id: ClassVar[str] = "B2"
    promise: ClassVar[str] = "one stuck device never delays another"
    target: ClassVar[str] = "99th percentile of the healthy ones' lateness at most 50 ms worse; 0 late polls"

    healthy: int = 97
    interval: float = 2.0
    rounds: int = 3
    """Measurements without and with, in turns; their medians are compared."""
    intervals: int = 1
    """Intervals that each lasts."""
    parts: Parts = field(default_factory=Parts)

    def measure(self, seed: int) -> Verdict:
        plays = [Plays(f"d{n}", f"127.13.{n // 200}.{1 + n % 200}", ports=4) for n in range(self.healthy)]
        with ExitStack() as stack:
            port = stack.enter_context(playing(plays, seed)).port
            ill = [Plays(name, f"127.13.100.{1 + 2 * n}", ports=4, ill=SICK[name]) for n, name in enumerate(SICK)]
            # Apart from each other and from the healthy: what a flood costs to send is no fault of the collector's.
            ports = [stack.enter_context(playing([each], seed)).port for each in ill]
            targets = [self._target(each, port, n) for n, each in enumerate(plays)]
            sick = [self._target(*each, n * self.healthy // 3) for n, each in enumerate(zip(ill, ports, strict=True))]
            without, among = [], []
            for _ in range(self.rounds):
                without.append(run(self._watch(targets)))
                among.append(run(self._watch([*targets, *sick])))
        worse = median(p99(found) for found in among) - median(p99(found) for found in without)
        late = sum(seconds > self.interval for found in among for seconds in found)
        polls = sum(map(len, among))
        figure: dict[str, Any] = {
            "healthy": self.healthy,
            "polls": polls,
            "p99_ms_without": [round(p99(found) * 1e3, 1) for found in without],
            "p99_ms_with": [round(p99(found) * 1e3, 1) for found in among],
            "worse_ms": round(worse * 1e3, 1),
            "late": late,
            "raised": raised(self.parts.budgets),
        }
        return Verdict(worse <= WORSE and not late and polls >= self.healthy * self.rounds * self.intervals, figure)

    def _target(self, plays: Plays, port: int, place: int) -> Target:
        schedule = Schedule(self.interval, self.interval, offset=place * self.interval / self.healthy)
        return target(plays, port, "if_mib", modules()["if_mib"], schedule)

    async def _watch(self, targets: Sequence[Target]) -> list[float]:
        lateness: list[float] = []
        parts = replace(self.parts, collector=lambda collector: Clocked(collector, lateness))
        async with watching(targets, parts):
            # A first poll of each knows nothing of its device; the turns that follow are measured.
            await asyncio.sleep(self.interval)
            lateness.clear()
            await asyncio.sleep(self.interval * (self.intervals + 0.2))
        return lateness


def p99(lateness: Sequence[float]) -> float:
    return sorted(lateness)[int(len(lateness) * 0.99)] if lateness else float("inf")
