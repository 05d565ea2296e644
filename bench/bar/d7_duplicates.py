"""D7: no duplicate or conflicting series, whatever the device and whatever modules it is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from bench.bar.hospital import modules
from bench.bar.row import Verdict
from collector.model import Column
from collector.network.snmp import Snmp
from exporters.text import Page, render
from tests.collector.wire.snmp.agents import Agent, available, recording
from tests.collector.wire.snmp.faulty import poll
from tests.exporters.exposition import parse


@dataclass(frozen=True, slots=True)
class D7:
    """Recordings of real devices, each asked for every shipped module, all on one page, read by a strict parser."""

    id: ClassVar[str] = "D7"
    promise: ClassVar[str] = "no duplicate or conflicting series"
    target: ClassVar[str] = "0 on every page (and on every page that another row reads over HTTP)"

    recordings: int = 12
    seconds: float = 60.0
    """After so long no further recording is begun."""
    render: Callable[[Iterable[Column]], Page] = render

    def measure(self, seed: int) -> Verdict:
        known = sorted(available().values())
        chosen = Random(seed).sample(known, min(self.recordings, len(known)))
        bad: list[str] = []
        left_off = samples = read = 0
        until = time.perf_counter() + self.seconds
        for name in chosen:
            if time.perf_counter() > until and read >= min(3, len(chosen)):
                break
            page = self.render(everything(name))
            read += 1
            left_off += page.duplicates
            try:
                samples += len(parse(page.body).samples)
            except (ValueError, IndexError, KeyError) as error:
                bad.append(f"{name}: {error}"[:300])
        figure: dict[str, Any] = {
            "recordings": read,
            "modules": sum(isinstance(each, Snmp) for each in modules().values()),
            "samples": samples,
            "kept_off_the_page": left_off,
            "pages_with_any": len(bad),
            "first": bad[0] if bad else None,
        }
        return Verdict(not bad and samples > 0, figure)


def everything(name: str) -> Sequence[Column]:
    """All that the shipped modules find in a recording."""
    agent = Agent(recording(name))
    columns: list[Column] = []
    for each in modules().values():
        if isinstance(each, Snmp) and not each.module.filters:
            columns += poll(agent, each.module, deadline=1e6).columns.values()
    return columns
