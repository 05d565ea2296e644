"""C3: a dead device is left alone. A day in virtual time: the devices are silence, so no socket is needed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any, ClassVar

from bench.bar.hospital import SHARED_FREELY, modules, raised
from bench.bar.row import Verdict
from collector.agent import Agent
from collector.budget import RULES, Budgets, Caps
from collector.model import Auth, Device, DeviceClass, Schedule, Secret, Target
from tests.collector.worlds import FakeWorld, Packet, virtual

CLASSES: tuple[DeviceClass, ...] = ("it", "fragile", "clinical")
DAY = 86_400.0
FAILURES = 3
"""Polls that fail before a device is left alone (RELIABILITY S8)."""
LONGEST = {"it": 60.0, "fragile": 900.0, "clinical": 900.0}
"""Seconds between packets in the end. A device of class `it` that returns is to be seen within a minute."""

Breakers = Mapping[str, Mapping[str, float]]
Moments = dict[str, list[float]]
"""When packets came, by address."""


class _Noted(list[Packet]):
    """Keeps of each packet when and to whom, and nothing else: a day of 3,000 devices has millions."""

    def __init__(self, moments: Moments) -> None:
        super().__init__()
        self._moments = moments

    def append(self, packet: Packet) -> None:
        self._moments[packet.address].append(packet.at)


def remembered(breakers: Breakers) -> Breakers:
    """What a restart leaves of the breakers."""
    return breakers


@dataclass(frozen=True, slots=True)
class C3:
    """Dead devices of all classes for a day, with a restart in the middle of it."""

    id: ClassVar[str] = "C3"
    promise: ClassVar[str] = "a dead device is left alone"
    target: ClassVar[str] = "once open at most 1 packet in 60 s, falling to 1 in 15 min (class it: 60 s), restarted"

    devices: int = 30
    budgets: Budgets = SHARED_FREELY
    restart: Callable[[Breakers], Breakers] = remembered

    def measure(self, seed: int) -> Verdict:
        listed = [
            Device(f"d{n}", f"127.15.{n // 200}.{1 + n % 200}", CLASSES[n % 3], auth=Auth("bar", 2, Secret("public")))
            for n in range(self.devices)
        ]
        moments: Moments = defaultdict(list)
        virtual(self._day(listed, moments, seed))
        shortest, last, opening = DAY, dict.fromkeys(CLASSES, DAY), 0
        for device in listed:
            first = FAILURES * (RULES[device.device_class].retries + 1)
            after = moments[device.address][first:]
            gaps = [later - earlier for earlier, later in pairwise(after)]
            opening += len(moments[device.address]) < first
            shortest = min([shortest, *gaps])
            last[device.device_class] = min([last[device.device_class], *gaps[-8:]])
        figure: dict[str, Any] = {
            "devices": self.devices,
            "hours": DAY / 3600,
            "packets": sum(map(len, moments.values())),
            "shortest_gap_s": round(shortest, 1),
            "shortest_gap_in_the_end_s": {name: round(gap, 1) for name, gap in last.items()},
            "never_opened": opening,
            "raised": raised(self.budgets),
        }
        kept = shortest >= 60 and all(last[name] >= LONGEST[name] for name in CLASSES) and not opening
        return Verdict(kept, figure)

    async def _day(self, listed: list[Device], moments: Moments, seed: int) -> None:
        loop = asyncio.get_running_loop()
        breakers: Breakers = {}
        for hours in (11.7, 12.3):
            world = FakeWorld(lambda packet: None)
            world.packets = _Noted(moments)
            agent = Agent(world, self.budgets, Caps())  # type: ignore[arg-type]
            agent.load(listed, {device.name: [_target(device, seed)] for device in listed})
            agent.restore(self.restart(breakers))
            end = loop.time() + hours * 3600
            await asyncio.sleep(end - loop.time())
            breakers = agent.breakers()
            await agent.close()


def _target(device: Device, seed: int) -> Target:
    interval = max(RULES[device.device_class].interval_floor, 60.0)
    offset = Random(f"{seed}/{device.name}").uniform(0, interval)
    return Target(device, "ups_scalars", modules()["ups_scalars"], Schedule(interval, 30.0, offset))
