"""A8: every walk ends, and says when it is incomplete."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bench.bar.devices import Ill, Plays, playing
from bench.bar.hospital import (
    AUTH,
    AUTH_V1,
    SHARED_FREELY,
    Parts,
    Poll,
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
from collector.budget import Budgets, Limit
from collector.model import Schedule

IN_V1 = "end_in_v1"

AGENTS: Mapping[str, Ill] = {
    "same": (("f01_not_increasing", {"style": "same"}),),
    "back": (("f01_not_increasing", {"style": "back"}),),
    "cycle_of_three": (("f01_not_increasing", {"style": "cycle"}),),
    "two_exchanged": (("f01_not_increasing", {"style": "inside"}),),
    "another_subtree": (("f01_not_increasing", {"style": "elsewhere", "after": 1}),),
    "endless": (("f02_endless_walk", {}),),
    "gen_err": (("f03_walk_error", {"style": "gen_err"}),),
    "silence": (("f03_walk_error", {"style": "silence"}),),
    "dumb_to_getbulk": (("f04_broken_getbulk", {"style": "silent"}),),
    "stall": (("f21_stall", {}),),
    "too_big": (("f03_walk_error", {"style": "too_big"}),),
    IN_V1: (),
}
"""Each walks `if_mib`, the last of them in version 1, where noSuchName is the end."""

WELL = "well"
LATE = 0.05
"""Seconds by which a poll may end after its deadline."""

BUDGETS = Budgets({**SHARED_FREELY.classes, "it": Limit(200, 1.0)}, *(SHARED_FREELY.site,) * 3)
"""Raised, so that a walk by GETNEXT is not cut off by its budget first."""


@dataclass(frozen=True, slots=True)
class A8:
    """Agents with a fault of walking each, polled at the same time, each until its deadline at the latest."""

    id: ClassVar[str] = "A8"
    promise: ClassVar[str] = "every walk ends, and says if it is incomplete"
    target: ClassVar[str] = "all agents end within the poll's deadline; 0 incomplete tables unmarked"

    timeout: float = 10.0
    parts: Parts = field(default_factory=lambda: Parts(budgets=BUDGETS))

    def measure(self, seed: int) -> Verdict:
        plays = [Plays(WELL, "127.12.0.1")]
        plays += [Plays(name, f"127.12.0.{3 + 2 * n}", ill=ill) for n, (name, ill) in enumerate(AGENTS.items())]
        with playing(plays, seed) as devices:
            found, lag = run(self._ask(plays, devices.port))
        truth = samples(found.pop(WELL).page)
        late = [name for name, one in found.items() if one.seconds > self.timeout + LATE + lag]
        narrow = {key for key in truth if not key[0].startswith("ifHC")}  # version 1 has no 64-bit counters
        whole = [
            name
            for name, one in found.items()
            if samples(one.page).keys() >= (narrow if name == IN_V1 else truth.keys())
        ]
        unmarked = [name for name, one in found.items() if name not in whole and not _marked(one)]
        figure: dict[str, Any] = {
            "agents": len(found),
            "ended_in_time": len(found) - len(late),
            "whole": whole,
            "unmarked": unmarked,
            "late": late,
            "slowest_s": round(max(one.seconds for one in found.values()), 2),
            "deadline_s": self.timeout,
            "loop_lag_ms": round(lag * 1e3, 1),
            "raised": raised(self.parts.budgets),
        }
        return Verdict(not late and not unmarked and IN_V1 in whole, figure)

    async def _ask(self, plays: list[Plays], port: int) -> tuple[dict[str, Poll], float]:
        schedule = Schedule(3600.0, self.timeout)
        module = modules()["if_mib"]
        targets = [target(p, port, "if_mib", module, schedule, AUTH_V1 if p.name == IN_V1 else AUTH) for p in plays]
        async with watching(targets, self.parts) as agent, lagging() as lag:
            pages = await asyncio.gather(*(poll(agent, each.name, self.timeout + 5) for each in plays))
        return {each.name: page for each, page in zip(plays, pages, strict=True)}, lag.worst


def _marked(one: Poll) -> bool:
    """Whether the page says that something is missing: a mark on a table, or a module that failed."""
    return bool(said(one.page, "wardwatch_poll_incomplete") or said(one.page, "wardwatch_poll_failed_info"))
