"""A7: a reply is never credited to the wrong question, and a deadline is absolute."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bench.bar.devices import Devices, Plays, playing
from bench.bar.hospital import SHARED_FREELY, Parts, Poll, lagging, modules, poll, raised, run, said, target, watching
from bench.bar.row import Verdict
from collector.agent import Agent
from collector.budget import Budgets, Limit
from collector.model import Collector, Column, Schedule, Target
from collector.network.snmp import Snmp
from collector.wire.snmp.module import Index, Metric, Module

MODES: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("f06_other_oid", {"style": "adds_zero"}),
    ("f06_other_oid", {"style": "sign"}),
    *(("f07_request_id", {"style": style}) for style in ("wrong", "old", "zero", "late", "duplicate", "reordered")),
    ("f08_other_address", {}),
)
"""Nine ways of answering something else (F6 to F8)."""

PORTS = 4
LATE = 0.05
"""Seconds by which a poll may end after its deadline."""
EXCUSED = 0.15
"""Seconds of the event loop's own lag that are taken off that, at most: this process plays many parts at once."""
TRUTH = "truth"

ENTRY = "1.3.6.1.2.1.2.2.1"
SINGLE = Module(
    name="single",
    get=tuple(f"{ENTRY}.{column}.{port}" for column in (3, 4, 5, 7, 8) for port in range(1, PORTS + 1)),
    metrics=tuple(
        Metric(name, f"{ENTRY}.{column}", "gauge", "", (Index("ifIndex", "gauge"),))
        for column, name in ((3, "type"), (4, "mtu"), (5, "speed"), (7, "wanted"), (8, "status"))
    ),
)
"""Values that stand still, each asked for by its own name."""

BUDGETS = Budgets({**SHARED_FREELY.classes, "it": Limit(1000, 1.0)}, *(SHARED_FREELY.site,) * 3)
"""Raised, so that 100,000 exchanges fit into minutes."""


@dataclass(frozen=True, slots=True)
class A7:
    """Nine modes mixed, walked and asked for single values, until there were so many exchanges. Each device has one
    mode or two, and others with each poll: an answer that comes late meets those of another mode."""

    id: ClassVar[str] = "A7"
    promise: ClassVar[str] = "a reply is never credited to the wrong question"
    target: ClassVar[str] = "0 wrong values, 0 polls that end more than 50 ms after their deadline"

    exchanges: int = 2_000
    copies: int = 8
    """Devices that have each mode at a time, for each way of asking."""
    timeout: float = 3.0
    """Seconds that a poll may take."""
    parts: Parts = field(default_factory=lambda: Parts(budgets=BUDGETS))

    def measure(self, seed: int) -> Verdict:
        plays = [Plays(TRUTH, "127.11.0.1", ports=PORTS)]
        for number in range(2 * len(MODES) * self.copies):
            address = f"127.11.{1 + number // 100}.{1 + 2 * (number % 100)}"
            plays.append(Plays(f"d{number}", address, ports=PORTS))
        with playing(plays, seed) as devices:
            found = run(self._ask(plays, devices))
            asked = devices.stats()["packets"]
        figure = {"exchanges": asked, "devices": len(plays) - 1, "raised": raised(self.parts.budgets), **found}
        kept = asked >= self.exchanges and not found["wrong_values"] and not found["missed_deadlines"]
        return Verdict(bool(kept and found["right_values"]), figure)

    async def _ask(self, plays: Sequence[Plays], devices: Devices) -> Mapping[str, float]:
        ways: Sequence[tuple[str, Collector]] = (("if_mib", modules()["if_mib"]), ("single", Snmp(SINGLE)))
        schedule = Schedule(3600.0, self.timeout)
        targets: list[Target] = [target(plays[0], devices.port, *way, schedule) for way in ways]
        for number, each in enumerate(plays[1:]):
            targets.append(target(each, devices.port, *ways[number // len(MODES) % 2], schedule))
        right = wrong = missed = rounds = 0
        latest = 0.0
        async with watching(targets, self.parts) as agent, lagging() as lag:
            truth = rows((await poll(agent, TRUTH, 10)).page)
            before = devices.stats()["packets"]
            while devices.stats()["packets"] - before < self.exchanges:
                await asyncio.to_thread(mix, devices, plays[1:], rounds)
                rounds += 1
                polls = (self._one(agent, each.name, n / len(plays)) for n, each in enumerate(plays[1:]))
                for found in await asyncio.gather(*polls):
                    values = rows(found.page)
                    good = sum(key in truth and same(row, truth[key]) for key, row in values.items())
                    right, wrong = right + good, wrong + len(values) - good
                    latest = max(latest, found.seconds - self.timeout)
                    missed += found.seconds > self.timeout + LATE + min(lag.worst, EXCUSED)
        return {
            "rounds": rounds,
            "right_values": right,
            "wrong_values": wrong,
            "missed_deadlines": missed,
            "latest_ms_after_deadline": round(latest * 1e3, 1),
            "loop_lag_ms": round(lag.worst * 1e3, 1),
        }

    async def _one(self, agent: Agent, name: str, turn: float) -> Poll:
        """A poll that begins so many seconds from now: all at once would be late by themselves."""
        await asyncio.sleep(turn)
        return await poll(agent, name, self.timeout + 5)


def mix(devices: Devices, plays: Sequence[Plays], turn: int) -> None:
    """Give every device other modes: each second one a mode, the others two of them."""
    for place in range(2 * len(MODES)):
        first, second = MODES[(place + turn) % len(MODES)], MODES[(place + 2 * turn + 3) % len(MODES)]
        names = [each.name for each in plays[place :: 2 * len(MODES)]]
        devices.fall_ill(names, (first, second) if place % 2 and first[0] != second[0] else (first,))


Row = tuple[Mapping[str, str], float]


def rows(page: Sequence[Column]) -> Mapping[tuple[str, str], Row]:
    """Labels and value of each of the device's samples, by family and interface."""
    names = {column.family.name for column in page if not column.family.name.startswith("wardwatch_")}
    return {(name, row[0].get("ifIndex", "")): row for name in names for row in said(page, name)}


def same(row: Row, truth: Row) -> bool:
    """Whether a sample says what is true; a label may be missing where its column was not read."""
    return row[1] == truth[1] and all(truth[0].get(label) == text for label, text in row[0].items() if text)
