"""D5: a cardinality bomb."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from bench.bar.devices import Plays, playing
from bench.bar.hospital import SHARED_FREELY, Parts, Poll, modules, poll, raised, run, said, samples, target, watching
from bench.bar.row import Verdict
from collector.budget import Budgets, Caps, Limit
from collector.model import Schedule
from collector.network.snmp import Snmp
from collector.wire.snmp.module import Index, Metric, Module

BOMB = "bomb"
CAP = Caps().series_per_device
TABLE = Snmp(
    Module(
        name="table",
        walk=("1.3.6.1.2.1.2.2.1",),
        metrics=(Metric("interface", "1.3.6.1.2.1.2.2.1.1", "gauge", "", (Index("ifIndex", "gauge"),)),),
    )
)
"""Walks what never ends: the rows of its first column are made up as they are asked for."""

BUDGETS = Budgets({**SHARED_FREELY.classes, "it": Limit(5000, 1.0)}, *(SHARED_FREELY.site,) * 3)
"""Raised, so that a walk gets as far as its own cap."""


@dataclass(frozen=True, slots=True)
class D5:
    """A switch whose columns never end, a million interfaces and more, among switches that are well."""

    id: ClassVar[str] = "D5"
    promise: ClassVar[str] = "a device with a million interfaces costs nobody else"
    target: ClassVar[str] = "at most 5,000 series of it, the rest counted; the others' pages identical"

    others: int = 10
    timeout: float = 10.0
    parts: Parts = field(default_factory=lambda: Parts(budgets=BUDGETS))

    def measure(self, seed: int) -> Verdict:
        well = [Plays(f"d{n}", f"127.17.0.{1 + n}") for n in range(self.others)]
        endless = Plays(BOMB, "127.17.1.1", ill=(("f02_endless_walk", {}),))
        with playing(well, seed) as devices, playing([endless], seed) as bomb:
            ports = dict.fromkeys((each.name for each in well), devices.port)
            before = run(self._ask(well, ports))
            ports[BOMB] = bomb.port
            after = run(self._ask([*well, endless], ports))
            answered = bomb.stats()["replies"]
        page = after.pop(BOMB).page
        series = sum(len(column.values) for column in page)
        dropped = sum(number for _, number in said(page, "wardwatch_series_dropped"))
        changed = [name for name, one in after.items() if samples(one.page) != samples(before[name].page)]
        figure: dict[str, Any] = {
            "replies_of_the_bomb": answered,
            "series": series,
            "dropped": int(dropped),
            "why": sorted({labels["reason"] for labels, _ in said(page, "wardwatch_poll_incomplete")}),
            "others": self.others,
            "others_changed": len(changed),
            "raised": raised(self.parts.budgets, self.parts.caps),
        }
        return Verdict(series <= CAP and dropped > 0 and not changed, figure)

    async def _ask(self, plays: list[Plays], ports: Mapping[str, int]) -> dict[str, Poll]:
        schedule = Schedule(3600.0, self.timeout)
        ways = {each.name: ("table", TABLE) if each.name == BOMB else ("if_mib", modules()["if_mib"]) for each in plays}
        targets = [target(each, ports[each.name], *ways[each.name], schedule) for each in plays]
        async with watching(targets, self.parts) as agent:
            found = await asyncio.gather(*(poll(agent, each.name, self.timeout + 5) for each in plays))
        return {each.name: page for each, page in zip(plays, found, strict=True)}


def uncapped(row: D5) -> D5:
    """The row without the cap that it is about."""
    return replace(row, parts=replace(row.parts, caps=Caps(series_per_device=10**9)))
