"""C2: packet budgets hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from bench.bar.devices import Devices, Ill, Plays, playing
from bench.bar.hospital import Parts, modules, poll, run, target, watching
from bench.bar.row import Verdict
from collector.budget import Budgets
from collector.model import DeviceClass, Schedule

ALLOWED: Mapping[DeviceClass, tuple[int, str]] = {
    "it": (Budgets().classes["it"].packets, "if_mib"),
    "fragile": (Budgets().classes["fragile"].packets, "ups_scalars"),
    "clinical": (Budgets().classes["clinical"].packets, "system_scalars"),
}
"""Packets in any window as it is shipped (1 s; 5 s for `clinical`), and what each class is asked here."""

LOSSY: Ill = (("loss", {}),)
GONE: Ill = (("dead", {}),)
ASKERS = 5


@dataclass(frozen=True, slots=True)
class C2:
    """Three classes, polled without a pause by several askers each, with loss, with a site that goes and returns."""

    id: ClassVar[str] = "C2"
    promise: ClassVar[str] = "packet budgets hold"
    target: ClassVar[str] = "0 windows over budget, in each class, retries included"

    devices: int = 10
    """Of each class."""
    seconds: float = 15.0
    parts: Parts = field(default_factory=Parts)

    def measure(self, seed: int) -> Verdict:
        plays = [
            Plays(
                f"{name}-{n}", f"127.14.{place}.{1 + n}", "ups" if name == "fragile" else "switch",
                None if name == "fragile" else 48, LOSSY if n % 2 else (), name,
            )
            for place, name in enumerate(ALLOWED)
            for n in range(self.devices)
        ]  # fmt: skip
        with playing(plays, seed) as devices:
            run(self._press(plays, devices))
            saw = devices.stats()
        worst = {name: self._worst(plays, saw, name) for name in ALLOWED}
        over = sum(
            saw["devices"][each.name]["most_packets_in_window"] > ALLOWED[each.device_class][0] for each in plays
        )
        figure: dict[str, Any] = {
            "devices": len(plays),
            "packets": saw["packets"],
            "retries": sum(each["retries"] for each in saw["devices"].values()),
            "most_in_a_window": worst,
            "devices_over_budget": over,
        }
        pressed = all(worst[name] >= ALLOWED[name][0] for name in ALLOWED)
        return Verdict(pressed and not over, figure)

    def _worst(self, plays: Sequence[Plays], saw: Mapping[str, Any], name: DeviceClass) -> int:
        return max(int(saw["devices"][p.name]["most_packets_in_window"]) for p in plays if p.device_class == name)

    async def _press(self, plays: Sequence[Plays], devices: Devices) -> None:
        modes = modules()
        targets = []
        for each in plays:
            name = ALLOWED[each.device_class][1]
            targets.append(target(each, devices.port, name, modes[name], Schedule(3600.0, self.seconds)))
        until = time.perf_counter() + self.seconds
        site = [each.name for each in plays if int(each.name.rpartition("-")[2]) % 3 == 0]
        async with watching(targets, self.parts) as agent:

            async def ask(name: str) -> None:
                while (left := until - time.perf_counter()) > 0:
                    await poll(agent, name, left)
                    await asyncio.sleep(0.001)

            askers = [asyncio.ensure_future(ask(each.name)) for each in plays for _ in range(ASKERS)]
            await asyncio.sleep(self.seconds / 3)
            devices.fall_ill(site, GONE)
            await asyncio.sleep(self.seconds / 3)
            devices.fall_ill(site, LOSSY)
            await asyncio.gather(*askers)
