"""A10: a huge table hurts nobody.

A collector's memory is the most that it held while the turns that count went by, as the kernel counts it (VmHWM). Each
measurement is in a process of its own: memory that an earlier one left behind would hide what a later one takes.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, ClassVar

import structlog

from bench.bar.b2_isolation import WORSE, Clocked, p99
from bench.bar.devices import Plays, playing
from bench.bar.hospital import (
    SHARED_FREELY,
    Parts,
    lagging,
    modules,
    poll,
    raised,
    run,
    said,
    samples,
    target,
    watching,
)
from bench.bar.row import Verdict
from collector.budget import Budgets, Caps, Limit
from collector.model import Column, Schedule
from exporters.text import render

HUGE = "huge"
TABLE = "q_bridge_fdb"
BESIDE = ("if_mib", "bridge")
"""What the device with the huge table is asked for all the same."""

MEGABYTES = 64
CAP = Caps().series_per_device
TIMEOUT = 30.0
"""Seconds that each module of that device may take."""

BUDGETS = Budgets({**SHARED_FREELY.classes, "it": Limit(500, 1.0)}, *(SHARED_FREELY.site,) * 3)
"""Raised tenfold: what is shipped spreads so large a table over a minute and a half."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one measurement. Seconds, bytes; `pages` are the huge device's, as far as they tell of it."""

    lateness: Sequence[float]
    peak: int
    blocked: float
    pages: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Told:
    """What one page of the huge device says: of its table, and which series beside it are there."""

    series: int
    dropped: int
    incomplete: frozenset[str]
    beside: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class A10:
    """A switch that is asked for all addresses it knows, among switches on the agent's own timer.

    Measured in turns without and with that question; the switch is there in both, and asked for its ports in both.
    """

    id: ClassVar[str] = "A10"
    promise: ClassVar[str] = "a huge table hurts nobody"
    target: ClassVar[str] = (
        "100,000 rows (quick: 10,000): at most 64 MB more, others' 99th percentile of lateness at most 50 ms worse; "
        "at most 5,000 series of it, the cut said, none beside it lost"
    )

    devices: int = 50
    addresses: int = 10_000
    interval: float = 1.5
    rounds: int = 3
    """Measurements without and with; the lateness is the medians', the memory the worst of one less the best of the
    other."""
    parts: Parts = field(default_factory=lambda: Parts(budgets=BUDGETS))

    def measure(self, seed: int) -> Verdict:
        others = [Plays(f"d{n}", f"127.18.{n // 200}.{1 + n % 200}", ports=4) for n in range(self.devices - 1)]
        huge = Plays(HUGE, "127.18.100.1", addresses=self.addresses)
        without, among = [], []
        with ExitStack() as stack:
            # Apart: what it costs to send a huge table is no fault of the collector's.
            ports = [stack.enter_context(playing(plays, seed)).port for plays in (others, [huge])]
            for _ in range(self.rounds):
                without.append(_apart(self, others, huge, ports, BESIDE))
                among.append(_apart(self, others, huge, ports, (*BESIDE, TABLE)))
        return self._judge(without, among)

    def _judge(self, without: Sequence[Seen], among: Sequence[Seen]) -> Verdict:
        worse = median(p99(seen.lateness) for seen in among) - median(p99(seen.lateness) for seen in without)
        more = max(seen.peak for seen in among) - min(seen.peak for seen in without)
        pages = [told for seen in among for told in seen.pages]
        beside = frozenset[tuple[str, str]]().union(*(told.beside for seen in without for told in seen.pages))
        silent = sum(not told.dropped and not told.incomplete for told in pages)
        polls = min(len(seen.lateness) for seen in (*without, *among))
        figure: dict[str, Any] = {
            "raised": raised(self.parts.budgets),
            "devices": self.devices,
            "addresses": self.addresses,
            "extra_mb": round(more / 1e6, 1),
            "peak_mb_without": [round(seen.peak / 1e6, 1) for seen in without],
            "peak_mb_with": [round(seen.peak / 1e6, 1) for seen in among],
            "p99_ms_without": [round(p99(seen.lateness) * 1e3, 1) for seen in without],
            "p99_ms_with": [round(p99(seen.lateness) * 1e3, 1) for seen in among],
            "worse_ms": round(worse * 1e3, 1),
            "blocked_ms_with": [round(seen.blocked * 1e3, 1) for seen in among],
            "polls": sum(len(seen.lateness) for seen in among),
            "pages": len(pages),
            "series": max(told.series for told in pages),
            "dropped": [told.dropped for told in pages],
            "why": sorted(frozenset[str]().union(*(told.incomplete for told in pages))),
            "cut_in_silence": silent,
            "series_beside": len(beside),
            "lost_beside": max(len(beside - told.beside) for told in pages),
        }
        kept = more <= MEGABYTES * 1e6 and worse <= WORSE and polls >= self.devices - 1 and bool(beside)
        cut = figure["series"] <= CAP and not silent and not figure["lost_beside"]
        return Verdict(kept and cut, figure)

    async def watch(self, others: Sequence[Plays], huge: Plays, ports: Sequence[int], asked: Sequence[str]) -> Seen:
        """One measurement: a turn of the others that nobody counts, and one in which the huge device is polled."""
        lateness: list[float] = []
        clocked = Clocked(modules()["if_mib"], lateness)
        targets = [
            target(each, ports[0], "if_mib", clocked, self._turn(place / len(others)))
            for place, each in enumerate(others)
        ]
        # Polled when it is told to be: its own next turn is as far away as can be.
        rarely = Schedule(3600.0, TIMEOUT, offset=time.monotonic() % 3600.0)
        targets += [target(huge, ports[1], name, modules()[name], rarely) for name in asked]
        async with watching(targets, self.parts) as agent:
            # A first poll of each knows nothing of its device; of the huge one it is the dearest.
            await asyncio.sleep(self.interval)
            lateness.clear()
            _forget_peak()
            async with lagging() as lag:
                over = asyncio.create_task(asyncio.sleep(self.interval * 1.2))
                pages = []
                for _ in range(2):  # known labels, the second time
                    page = (await poll(agent, HUGE, TIMEOUT * len(asked))).page
                    render(page)
                    pages.append(_told(page))
                await over
        return Seen(lateness, _peak(), lag.worst, pages)

    def _turn(self, place: float) -> Schedule:
        return Schedule(self.interval, self.interval, offset=place * self.interval)


def _told(page: Sequence[Column]) -> Told:
    mine = [labels["reason"] for labels, _ in said(page, "wardwatch_poll_incomplete") if labels["module"] == TABLE]
    table = {key for key in samples(page) if "Fdb" in key[0]}
    return Told(
        series=len(table),
        dropped=int(sum(n for labels, n in said(page, "wardwatch_series_dropped") if labels["module"] == TABLE)),
        incomplete=frozenset(mine),
        beside=frozenset(samples(page).keys() - table),
    )


def _apart(row: A10, others: Sequence[Plays], huge: Plays, ports: Sequence[int], asked: Sequence[str]) -> Seen:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_collector, row, others, huge, ports, asked).result()


def _collector(row: A10, others: Sequence[Plays], huge: Plays, ports: Sequence[int], asked: Sequence[str]) -> Seen:
    """The child."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return run(row.watch(others, huge, ports, asked))


def _forget_peak() -> None:
    """What was held while the program started is no matter here (proc(5), clear_refs: 5)."""
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Bytes that this process has held at most since then."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
