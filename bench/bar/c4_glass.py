"""C4: the glass device survives. What kills it, each from an incident report, is in `simulator.faults.glass`."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from bench.bar.devices import USER, Devices, Ill, Plays, playing
from bench.bar.hospital import AUTH, AUTH_V3, Parts, poll, raised, run, samples, target, watching
from bench.bar.row import Verdict
from collector.model import Collector, DeviceClass, Schedule
from collector.network.snmp import Snmp
from collector.wire.snmp.module import Metric, Module

SYSTEM = "1.3.6.1.2.1.1"
LISTED = tuple(f"{SYSTEM}.{arc}.0" for arc in (3, 7, 8))
SCALARS = Snmp(
    Module(
        name="three",
        get=LISTED,
        metrics=tuple(Metric(f"system_{oid.split('.')[-2]}", oid.removesuffix(".0"), "gauge") for oid in LISTED),
    )
)
GLASS: Ill = (("glass", {"listed": " ".join(LISTED)}),)
GLASS_V3: Ill = (("glass", {"listed": " ".join(LISTED), "version": 3}),)
LOSSY: Ill = (("loss", {}),)
ASKERS = 3


@dataclass(frozen=True, slots=True)
class C4:
    """Glass devices of class `fragile`, every second one on a line that loses packets, polled by several askers. Every
    third speaks SNMPv3 (authPriv)."""

    id: ClassVar[str] = "C4"
    promise: ClassVar[str] = "a glass device survives, and is read"
    target: ClassVar[str] = "0 deaths in 10,000 polls (quick: in its own), every poll on a sound line with its values"

    devices: int = 60
    polls: int = 3
    timeout: float = 45.0
    """Seconds that a poll may take: six attempts of a fragile device, each of which may be lost once."""
    device_class: DeviceClass = "fragile"
    collector: Collector = SCALARS
    parts: Parts = field(default_factory=Parts)

    def measure(self, seed: int) -> Verdict:
        plays = [self._plays(n) for n in range(self.devices)]
        with playing(plays, seed) as devices, _doors(plays, devices.port) as knocks:
            whole = run(self._ask(plays, devices))
            saw, knocked = devices.stats(), knocks()
        sound = self.polls * len(range(0, self.devices, 2))
        figure: dict[str, Any] = {
            "devices": self.devices,
            "of_them_v3": sum(each.user is not None for each in plays),
            "polls": self.devices * self.polls,
            "packets": saw["packets"],
            "retries": sum(each["retries"] for each in saw["devices"].values()),
            "deaths": len(saw["deaths"]),
            "causes": sorted(set(saw["deaths"].values()))[:5],
            "devices_with_tcp": knocked,
            "whole_of_sound": f"{whole} of {sound}",
            "raised": raised(self.parts.budgets),
        }
        return Verdict(not saw["deaths"] and not knocked and whole == sound, figure)

    def _plays(self, n: int) -> Plays:
        glass, user = (GLASS_V3, USER) if n % 3 == 2 else (GLASS, None)
        ill = (*glass, *LOSSY) if n % 2 else glass
        return Plays(f"d{n}", f"127.16.{n // 200}.{1 + n % 200}", "gateway", None, ill, "fragile", user=user)

    async def _ask(self, plays: Sequence[Plays], devices: Devices) -> int:
        """How many polls of devices on a sound line brought every value."""
        schedule = Schedule(3600.0, self.timeout)
        called = [replace(each, device_class=self.device_class) for each in plays]
        targets = [
            target(each, devices.port, "three", self.collector, schedule, AUTH_V3 if each.user else AUTH)
            for each in called
        ]
        whole = 0
        async with watching(targets, self.parts) as agent:

            async def visit(number: int) -> None:
                nonlocal whole
                for _ in range(self.polls):
                    pages = [poll(agent, plays[number].name, self.timeout + 5) for _ in range(ASKERS)]
                    found = (await asyncio.gather(*pages))[0]
                    whole += number % 2 == 0 and len(samples(found.page)) == len(LISTED)

            await asyncio.gather(*(visit(number) for number in range(len(plays))))
        return whole


@contextmanager
def _doors(plays: Sequence[Plays], port: int) -> Iterator[Callable[[], int]]:
    """A TCP door at every device: how often somebody knocked."""
    with ExitStack() as stack:
        doors = [stack.enter_context(socket.socket()) for _ in plays]
        for door, each in zip(doors, plays, strict=True):
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind((each.address, port))
            door.listen()
        yield lambda: len(select.select(doors, [], [], 0)[0])
