"""C5: nothing is ever written. Every other row holds it too: `devices.playing` fails on anything but a question."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from bench.bar.devices import READS, USER, Plays, Written, playing
from bench.bar.hospital import AUTH, AUTH_V1, AUTH_V3, Parts, modules, poll, raised, run, target, watching
from bench.bar.program import ROOM, entry, running
from bench.bar.row import Verdict
from bench.bar.speaking import spoken
from collector.model import Auth, DeviceClass, Schedule
from collector.network.snmp import Snmp, walks
from simulator import synthetic
from simulator.usm import User

VERSIONS: Mapping[str, tuple[Auth, User | None]] = {
    "v1": (AUTH_V1, None),
    "v2c": (AUTH, None),
    "v3": (AUTH_V3, USER),
}
CLASSES: Sequence[DeviceClass] = ("it", "fragile", "clinical")
"""A clinical device is asked for as one whose inventory entry says who approved that."""

Answer = tuple[str, int, bool]
"""What was asked over HTTP, the status, and whether it is right."""
METHODS = ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "SET")
PATHS = ("/metrics", "/snmp", "/sd", "/", "/-/ready", "/probe")
REFUSED = frozenset({400, 404, 405})
"""Statuses of a method that would write."""
_SETS = {"op": "set", "oid": "1.3.6.1.2.1.1.5.0", "value": "x"}
HOSTILE: Sequence[tuple[str, Mapping[str, str], int]] = (
    ("/metrics", {"device": "switch", **_SETS}, 200),
    ("/snmp", {"target": "switch", "module": "if_mib", **_SETS}, 200),
    ("/snmp", {"target": "switch", "module": "if_mib", "snmp_context": "write", "auth": "private"}, 400),
)
"""Paths, parameters and statuses: words that nobody knows are not heard."""


@dataclass(frozen=True, slots=True)
class C5:
    """Every kind of device in every version, asked for every shipped module by every class that may; then HTTP that
    would have it set."""

    id: ClassVar[str] = "C5"
    promise: ClassVar[str] = "nothing is ever written"
    target: ClassVar[str] = (
        "0 SETs, nothing but GET, GETNEXT and GETBULK to any device, v3 included; HTTP refused; over TCP GET, HEAD and "
        "C-ECHO only, and MLLP only from modules that name who approved it"
    )

    kinds: Sequence[str] = tuple(synthetic.KINDS)
    timeout: float = 8.0
    parts: Parts = field(default_factory=Parts)

    def measure(self, seed: int) -> Verdict:
        plays = [
            Plays(
                f"{kind}-{name}-{version}", f"127.20.{10 * place + number}.{1 + n}", kind, None, device_class=name,
                user=user,
            )
            for place, name in enumerate(CLASSES)
            for number, (version, (_, user)) in enumerate(VERSIONS.items())
            for n, kind in enumerate(self.kinds)
        ]  # fmt: skip
        saw: Mapping[str, Any] = {}
        answers: Sequence[Answer] = ()
        try:
            with playing(plays, seed) as devices:
                run(self._ask(plays, devices.port))
                answers = run(self._mischief(plays[0], devices.port))
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
            "http_attempts": len(answers),
            "http_statuses": sorted({status for _, status, _ in answers}),
            "http_odd": [f"{what}: {status}" for what, status, right in answers if not right][:5],
            "raised": raised(self.parts.budgets),
        }
        figure["tcp"], only_read = spoken(self.parts)
        read = bool(kinds) and not kinds.keys() - READS and not figure["unwelcome"] and only_read
        return Verdict(read and bool(answers) and not figure["http_odd"], figure)

    async def _ask(self, plays: Sequence[Plays], port: int) -> None:
        schedule = Schedule(3600.0, self.timeout)
        targets = [
            target(each, port, name, collector, schedule, VERSIONS[each.name.rpartition("-")[2]][0])
            for each in plays
            for name, collector in modules().items()
            if isinstance(collector, Snmp) and (each.device_class == "it" or not walks(collector))
        ]
        async with watching(targets, self.parts) as agent:
            await asyncio.gather(*(poll(agent, each.name, self.timeout + 5) for each in plays))

    async def _mischief(self, plays: Plays, port: int) -> Sequence[Answer]:
        """Answers to requests that would write something, were there a way."""
        device = entry("switch", plays.address, port, ("system",))
        found: list[Answer] = []
        async with running([device], settings={"budgets": ROOM}) as program:
            for method in METHODS:
                for path in PATHS:
                    async with program.session.request(method, program.url + path, data=b"x" * 64) as answer:
                        found.append((f"{method} {path}", answer.status, answer.status in REFUSED))
            for path, query, status in HOSTILE:
                async with program.session.get(program.url + path, params=query) as answer:
                    found.append((f"{path} {query}", answer.status, answer.status == status))
        return found


def of_one_kind(row: C5) -> C5:
    """A smaller one, for tests."""
    return replace(row, kinds=("switch",), timeout=1.5)
