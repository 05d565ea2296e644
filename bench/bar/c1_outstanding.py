"""C1: at most one outstanding request per device."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from bench.bar.devices import Devices, Plays, playing
from bench.bar.hospital import run
from bench.bar.program import ROOM, Make, Program, entry, running
from bench.bar.row import Verdict
from collector.cli.service import Service

MODULES = ("system", "if_mib")
RATE = 500
"""Packets a second that a device is allowed here, ten times what is shipped: so that a million fit into minutes."""
SETTINGS: Mapping[str, Any] = {"budgets": {"it": {"packets": RATE, "window": "1s"}, **ROOM}}
RELOAD_EVERY = 2.0


@dataclass(frozen=True, slots=True)
class C1:
    """Devices that the inventory names twice, on the timer, scraped, asked on demand and retried by many at once, while
    the configuration is read again and again. Half of them lose packets."""

    id: ClassVar[str] = "C1"
    promise: ClassVar[str] = "at most one outstanding request per device"
    target: ClassVar[str] = "maximum seen by any device: 1 (full: in 1,000,000 requests)"

    devices: int = 40
    clients: int = 20
    requests: int = 5_000
    seconds: float = 20.0
    """At most."""
    make: Make = Service

    def measure(self, seed: int) -> Verdict:
        plays = [
            Plays(f"d{n}", f"127.19.{n // 200}.{1 + n % 200}", ports=4, ill=(("loss", {}),) if n % 2 else ())
            for n in range(self.devices)
        ]
        with playing(plays, seed) as devices:
            answers = run(self._press(plays, devices, Random(seed)))
            saw = devices.stats()
        most = max(each["most_outstanding"] for each in saw["devices"].values())
        figure: dict[str, Any] = {
            "devices": len(plays),
            "clients": self.clients,
            "requests": saw["packets"],
            "retries": sum(each["retries"] for each in saw["devices"].values()),
            "http_answers": answers,
            "raised": SETTINGS["budgets"],
            "most_outstanding": most,
            "devices_with_more": sum(each["most_outstanding"] > 1 for each in saw["devices"].values()),
        }
        return Verdict(most == 1 and saw["packets"] >= self.requests, figure)

    async def _press(self, plays: Sequence[Plays], devices: Devices, random: Random) -> int:
        # One name is cut off before an answer is given up, the other asks again meanwhile.
        entries = [
            entry(each.name + twin, each.address, devices.port, MODULES, interval=seconds, timeout=seconds)
            for each in plays
            for twin, seconds in (("", "1s"), ("-again", "3s"))
        ]
        names = [each["name"] for each in entries]
        until = time.perf_counter() + self.seconds
        answers = 0

        def going() -> bool:
            return time.perf_counter() < until

        async def client(program: Program) -> None:
            nonlocal answers
            while going():
                name = random.choice(names)
                if random.random() < 0.1:
                    program.service.agent.retry(name)
                path, query = "/metrics", {"device": name}
                if random.random() < 0.3:
                    path, query = "/snmp", {"target": name, "module": "if_mib"}
                headers = {"X-Prometheus-Scrape-Timeout-Seconds": "3"}
                async with program.session.get(program.url + path, params=query, headers=headers) as answer:
                    await answer.read()
                answers += 1
                await asyncio.sleep(0.005)

        async def reload(program: Program) -> None:
            while going():
                await asyncio.sleep(min(RELOAD_EVERY, self.seconds / 3))
                await program.service.reload()

        async def enough() -> None:
            nonlocal until
            while going():
                await asyncio.sleep(0.5)
                if (await asyncio.to_thread(devices.stats))["packets"] >= self.requests:
                    until = 0.0

        async with running(entries, settings=SETTINGS, make=self.make) as program:
            await asyncio.gather(*(client(program) for _ in range(self.clients)), reload(program), enough())
        return answers
