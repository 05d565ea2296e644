"""C8: the exact DICOM dialogue, with archives that check every byte, take one association at a time and no stranger."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bench import process
from bench.bar.hospital import Parts, poll, run, watching
from bench.bar.row import Verdict
from collector.agent import Agent
from collector.clinical.dicom import Dicom
from collector.model import Device, Schedule, Target
from simulator.services import service
from simulator.services.server import Station, served

WHOLE = "RQ AC ECHO RELEASE"
REJECTED = "RQ RJ"
FAILURES = 3
"""Verifications that are rejected before a peer is left alone (RELIABILITY S8)."""


@dataclass(frozen=True, slots=True)
class C8:
    """Echoes one after the other at each of several archives; then archives that do not know us, scraped on and on."""

    id: ClassVar[str] = "C8"
    promise: ClassVar[str] = "the DICOM dialogue is exact"
    target: ClassVar[str] = (
        "1,000 echoes (quick: 100) whole and in order, 0 aborts, 0 wrong bytes; a peer that rejects is left alone"
    )

    echoes: int = 100
    archives: int = 5
    scrapes: int = 30
    parts: Parts = field(default_factory=Parts)

    def measure(self, seed: int) -> Verdict:
        port = process.free_port()
        known = self._stations("known", 10, callers="WARDWATCH", associations="1")
        unknown = self._stations("unknown", 11, callers="SOMEBODY", associations="1")
        with served((*known, *unknown), port):
            run(self._ask(known, unknown, port))
        said = sum((Counter(each.service.counts.said) for each in known), Counter[str]())
        wrong = sum((Counter(each.service.counts.wrong) for each in (*known, *unknown)), Counter[str]())
        rejected = [dict(each.service.counts.said) for each in unknown]
        figure: dict[str, Any] = {
            "echoes": self.echoes,
            "dialogues": dict(said),
            "wrong": dict(wrong),
            "peers_that_reject": len(unknown),
            "asked_while_rejecting": max(sum(each.values()) for each in rejected),
        }
        kept = (
            said == {WHOLE: self.echoes} and not wrong and all(each == {REJECTED: FAILURES} for each in rejected)
        )  # fmt: skip
        return Verdict(kept, figure)

    def _stations(self, name: str, place: int, **rules: str) -> Sequence[Station]:
        return [
            Station(f"{name}-{n}", f"127.17.{place}.{1 + n}", service("dicom", title="ARCHIVE", **rules))
            for n in range(self.archives)
        ]

    async def _ask(self, known: Sequence[Station], unknown: Sequence[Station], port: int) -> None:
        schedule = Schedule(3600.0, 5.0)
        targets = [
            Target(Device(each.device, each.address), "echo", Dicom(), schedule, f"ARCHIVE@:{port}")
            for each in (*known, *unknown)
        ]
        async with watching(targets, self.parts) as agent:
            rounds = self.echoes // self.archives
            await asyncio.gather(*(_verify(agent, each.device, rounds) for each in known))
            await asyncio.gather(*(_verify(agent, each.device, self.scrapes) for each in unknown))


async def _verify(agent: Agent, name: str, times: int) -> None:
    for _ in range(times):
        await poll(agent, name, 10.0)
