"""C5: nothing is ever written. Every other row holds it too: `devices.playing` fails on anything but a question."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from bench.bar.devices import READS, Plays, Written, playing
from bench.bar.hospital import Parts, modules, poll, run, target, watching
from bench.bar.program import ROOM, entry, running
from bench.bar.row import Verdict
from bench.bar.speaking import spoken
from collector.model import DeviceClass, Schedule
from collector.network.snmp import Snmp, walks
from simulator import synthetic

METHODS = ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "SET")
PATHS = ("/metrics", "/snmp", "/sd", "/", "/-/ready", "/probe")
HOSTILE: Sequence[Mapping[str, str]] = (
    {"device": "switch", "method": "set"},
    {"target": "switch", "module": "if_mib", "op": "set", "oid": "1.3.6.1.2.1.1.5.0", "value": "x"},
    {"target": "switch", "module": "if_mib", "snmp_context": "write", "auth": "private"},
)


@dataclass(frozen=True, slots=True)
class C5:
    """Every kind of device asked for every shipped module by every class that may; then HTTP that would have it set."""

    id: ClassVar[str] = "C5"
    promise: ClassVar[str] = "nothing is ever written"
    target: ClassVar[str] = (
        "0 SETs, and nothing but GET, GETNEXT and GETBULK to any device; over TCP GET, HEAD and C-ECHO only, and "
        "MLLP only from modules that name who approved it"
    )

    kinds: Sequence[str] = tuple(synthetic.KINDS)
    timeout: float = 8.0
    parts: Parts = field(default_factory=Parts)

    def measure(self, seed: int) -> Verdict:
        classes: Sequence[DeviceClass] = ("it", "fragile")
        plays = [
            Plays(f"{kind}-{name}", f"127.20.{place}.{1 + n}", kind, None, device_class=name)
            for place, name in enumerate(classes)
            for n, kind in enumerate(self.kinds)
        ]
        saw: Mapping[str, Any] = {}
        statuses: list[int] = []
        try:
            with playing(plays, seed) as devices:
                run(self._ask(plays, devices.port))
                statuses = run(self._mischief(plays[0], devices.port))
                saw = devices.stats()
        except Written:
            pass  # the figure says it
        kinds = dict(saw.get("kinds", {}))
        figure: dict[str, Any] = {
            "devices": len(plays),
            "modules": sum(isinstance(each, Snmp) for each in modules().values()),
            "kinds": kinds,
            "sets": kinds.get("set", 0),
            "unwelcome": sum(each["unwelcome"] for each in saw.get("devices", {}).values()),
            "http_attempts": len(statuses),
            "http_statuses": sorted(set(statuses)),
        }
        figure["tcp"], only_read = spoken(self.parts)
        return Verdict(bool(kinds) and not kinds.keys() - READS and not figure["unwelcome"] and only_read, figure)

    async def _ask(self, plays: Sequence[Plays], port: int) -> None:
        schedule = Schedule(3600.0, self.timeout)
        targets = [
            target(each, port, name, collector, schedule)
            for each in plays
            for name, collector in modules().items()
            if isinstance(collector, Snmp) and (each.device_class == "it" or not walks(collector))
        ]
        async with watching(targets, self.parts) as agent:
            await asyncio.gather(*(poll(agent, each.name, self.timeout + 5) for each in plays))

    async def _mischief(self, plays: Plays, port: int) -> list[int]:
        """Statuses of requests that would write something, were there a way."""
        device = entry("switch", plays.address, port, ("system",))
        found = []
        async with running([device], settings={"budgets": ROOM}) as program:
            for method in METHODS:
                for path in PATHS:
                    async with program.session.request(method, program.url + path, data=b"x" * 64) as answer:
                        found.append(answer.status)
            for query in HOSTILE:
                for path in PATHS[:2]:
                    async with program.session.get(program.url + path, params=query) as answer:
                        found.append(answer.status)
        return found


def of_one_kind(row: C5) -> C5:
    """A smaller one, for tests."""
    return replace(row, kinds=("switch",), timeout=1.5)
