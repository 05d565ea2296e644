"""C2: packet budgets hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

import aiohttp

from bench.bar.devices import Devices, Ill, Plays, playing
from bench.bar.hospital import lagging, poll, run
from bench.bar.program import Make, Program, entry, running
from bench.bar.row import Verdict
from collector.budget import Budgets
from collector.cli.service import Service
from collector.model import DeviceClass

ALLOWED: Mapping[DeviceClass, tuple[int, str]] = {
    "it": (Budgets().classes["it"].packets, "if_mib"),
    "fragile": (Budgets().classes["fragile"].packets, "ups_scalars"),
    "clinical": (Budgets().classes["clinical"].packets, "system_scalars"),
}
"""Packets in any window as it is shipped (1 s; 5 s for `clinical`), and what each class is asked here."""

SHARED = {"site": 120, "subnet": 80}
"""Packets a second, lower than shipped: so that few devices come up against what they share."""
BUSY, NARROW = "busy", "127.14.3"
"""The site of two subnets that want more than it may, and the subnet that by itself wants more than it may."""

LOSSY: Ill = (("loss", {}),)
GONE: Ill = (("dead", {}),)
ASKERS = 5
EXCUSED = 0.15
"""Seconds of the event loop's own lag, at most, by which packets of many devices may come together: what devices share
is counted as of when a packet may go (`budget.Allowance`), and this process plays many parts at once."""
ANSWERS = frozenset({200, 429, 503})
"""Statuses in a burst: served, or asked to come again."""


@dataclass(frozen=True, slots=True)
class C2:
    """Three classes, polled without a pause by several askers each, with loss, with a site that goes and returns, and
    with a burst of HTTP requests as it does; sites and subnets that allow less than their devices."""

    id: ClassVar[str] = "C2"
    promise: ClassVar[str] = "packet budgets hold"
    target: ClassVar[str] = "0 windows over budget, of each class, of sites and of subnets, retries and bursts included"

    devices: int = 10
    """Of each class, seven at least."""
    seconds: float = 15.0
    burst: int = 500
    """HTTP requests at once."""
    make: Make = Service

    def measure(self, seed: int) -> Verdict:
        plays = [self._plays(name, n) for name in ALLOWED for n in range(self.devices)]
        with playing(plays, seed) as devices:
            answers, lag = run(self._press(plays, devices, Random(seed)))
            saw = devices.stats()
        worst = {name: self._worst(plays, saw, name) for name in ALLOWED}
        over = sum(
            saw["devices"][each.name]["most_packets_in_window"] > ALLOWED[each.device_class][0] for each in plays
        )
        shared: Mapping[str, int] = saw["groups"]
        shared_over = [name for name, most in shared.items() if most > _allowed(name) * (1 + min(lag, EXCUSED))]
        odd = sorted({str(answer) for answer in answers if answer not in ANSWERS})
        figure: dict[str, Any] = {
            "devices": len(plays),
            "packets": saw["packets"],
            "retries": sum(each["retries"] for each in saw["devices"].values()),
            "most_in_a_window": worst,
            "devices_over_budget": over,
            "shared_allowed": SHARED,
            "most_in_a_second": dict(shared),
            "shared_over_budget": shared_over,
            "loop_lag_ms": round(lag * 1e3, 1),
            "http_burst": len(answers),
            "http_served": answers.count(200),
            "http_odd": odd[:3],
        }
        pressed = all(worst[name] >= ALLOWED[name][0] for name in ALLOWED)
        pressed = pressed and shared[BUSY] >= SHARED["site"] and shared[NARROW] >= SHARED["subnet"]
        return Verdict(pressed and not over and not shared_over and not odd, figure)

    def _plays(self, name: DeviceClass, n: int) -> Plays:
        """The first of class `it` stands alone, so that its own budget is what it comes up against."""
        if name != "it":
            place, site = 4 + (name == "clinical"), "quiet"
        elif n == 0:
            place, site = 0, "alone"
        else:
            place, site = n % 3 or 3, BUSY if n % 3 else "narrow"
        kind, ports = ("ups", None) if name == "fragile" else ("switch", 8)
        ill = LOSSY if n % 4 == 1 else ()
        return Plays(f"{name}-{n}", f"127.14.{place}.{1 + n}", kind, ports, ill, name, reply_bytes=484, site=site)

    def _worst(self, plays: Sequence[Plays], saw: Mapping[str, Any], name: DeviceClass) -> int:
        return max(int(saw["devices"][p.name]["most_packets_in_window"]) for p in plays if p.device_class == name)

    async def _press(self, plays: Sequence[Plays], devices: Devices, random: Random) -> tuple[list[int | str], float]:
        budgets = {name: {"packets": packets, "window": "1s"} for name, packets in SHARED.items()}
        entries = [self._entry(each, devices.port) for each in plays]
        until = time.perf_counter() + self.seconds
        vanishing = [each.name for each in plays if each.site == "narrow"]
        async with running(entries, settings={"budgets": budgets}, make=self.make) as program, lagging() as lag:

            async def ask(name: str) -> None:
                while (left := until - time.perf_counter()) > 0:
                    await poll(program.service.agent, name, left)
                    await asyncio.sleep(0.001)

            askers = [asyncio.ensure_future(ask(each.name)) for each in plays for _ in range(ASKERS)]
            await asyncio.sleep(self.seconds / 3)
            await asyncio.to_thread(devices.fall_ill, vanishing, GONE)
            await asyncio.sleep(self.seconds / 3)
            await asyncio.to_thread(devices.fall_ill, vanishing, LOSSY)
            wanted = [random.choice(plays) for _ in range(self.burst)]
            answers = await asyncio.gather(*(self._request(program, n, each) for n, each in enumerate(wanted)))
            await asyncio.gather(*askers)
        return answers, lag.worst

    def _entry(self, plays: Plays, port: int) -> dict[str, Any]:
        more: dict[str, Any] = {"class": plays.device_class, "site": plays.site}
        if plays.device_class == "clinical":
            more["active"] = {"approved_by": "the bar", "date": "2026-11-22"}
        timeout = f"{round(self.seconds * 1000)}ms"
        module = ALLOWED[plays.device_class][1]
        return entry(plays.name, plays.address, port, (module,), interval="1h", timeout=timeout, **more)

    async def _request(self, program: Program, number: int, plays: Plays) -> int | str:
        """The status of one request of a burst, by the device's page or by `/snmp`."""
        path, query = "/metrics", {"device": plays.name}
        if number % 2:
            path, query = "/snmp", {"target": plays.name, "module": ALLOWED[plays.device_class][1]}
        headers = {"X-Prometheus-Scrape-Timeout-Seconds": "2"}
        try:
            async with program.session.get(program.url + path, params=query, headers=headers) as answer:
                await answer.read()
                return answer.status
        except aiohttp.ClientError as error:
            return type(error).__name__


def _allowed(group: str) -> int:
    return SHARED["subnet" if "." in group else "site"]
