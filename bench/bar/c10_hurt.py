"""C10: we notice if we hurt. Virtual time; devices that recover slowly from each question and tire when asked often."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from math import exp
from statistics import median
from typing import Any, ClassVar

from bench.bar.hospital import SHARED_FREELY
from bench.bar.row import Verdict
from collector.agent import Agent
from collector.budget import RULES, Budgets, Caps, Pauses
from collector.model import Device, DeviceClass, Schedule, Target
from tests.collector.worlds import Asks, FakeWorld, Packet, value, virtual

CLASSES: tuple[DeviceClass, ...] = ("fragile", "clinical")
"""Class `it` is polled on: people need those most when things are slow (RELIABILITY, header)."""
INTERVALS = 3
FACTOR = 5.0
REST = 0.03
"""Seconds to an answer when left in peace."""
EASE = 5
"""Intervals between polls at first; then they come at every one, which is the floor of the class (S5)."""
POLLS = 12
"""Polls at ease. In a hurry there would be four times as many."""

Make = Callable[[FakeWorld, Budgets, Caps], Agent]


def agent(world: FakeWorld, budgets: Budgets, caps: Caps) -> Agent:
    """The agent as it is shipped."""
    return Agent(world, budgets, caps)  # type: ignore[arg-type]  # a world is what it does


class Tired:
    """Answers more slowly the less it was left in peace: five intervals at ease let it forget a question."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._load: dict[str, tuple[float, float]] = {}
        self.answers: dict[str, list[float]] = defaultdict(list)
        """Seconds to each answer, by address."""

    def __call__(self, packet: Packet) -> tuple[float, bytes]:
        load, at = self._load.get(packet.address, (0.0, packet.at))
        load = load * exp((at - packet.at) / self._interval) + 1
        self._load[packet.address] = load, packet.at
        seconds = REST * load**5
        self.answers[packet.address].append(seconds)
        return seconds, b"ok"


@dataclass(frozen=True, slots=True)
class C10:
    """Devices of the careful classes, first polled at ease and then, after a reload, as often as their class allows."""

    id: ClassVar[str] = "C10"
    promise: ClassVar[str] = "we notice if we hurt"
    target: ClassVar[str] = (
        "a device that answers five times as slowly since it is polled more often is left alone after at most 3 "
        "intervals, nothing is sent any more, and its page says so"
    )

    devices: int = 10
    make: Make = agent

    def measure(self, seed: int) -> Verdict:
        harmed, after, said = 0, 0, 0
        for device_class in CLASSES:
            listed = [Device(f"d{n}", f"127.19.0.{1 + n}", device_class) for n in range(self.devices)]
            tired = Tired(RULES[device_class].interval_floor)
            said += virtual(self._watch(listed, tired))
            for answers in tired.answers.values():
                rested = median(answers[:EASE])
                slow = [seconds >= FACTOR * rested for seconds in answers]
                harmed += any(slow)
                after = max(after, sum(slow))
        figure: dict[str, Any] = {
            "devices": self.devices * len(CLASSES),
            "harmed": harmed,
            "slow_polls_until_it_stopped": after,
            "pages_say_so": said,
        }
        every = self.devices * len(CLASSES)
        return Verdict(harmed == said == every and after <= INTERVALS, figure)

    async def _watch(self, listed: list[Device], tired: Tired) -> int:
        """How many pages say that their device is paused in the end."""
        loop = asyncio.get_running_loop()
        made = self.make(FakeWorld(tired), SHARED_FREELY, Caps())

        def spare(device: Device) -> None:
            scope = f"device:{device.name}"
            made.pause(Pauses(made.shared.pauses.scopes | {scope}))

        made.on_strain = spare
        floor = RULES[listed[0].device_class].interval_floor
        for interval, polls in ((EASE * floor, POLLS), (floor, 4 * POLLS)):
            schedule = Schedule(interval, floor / 2)
            made.load(listed, {device.name: [Target(device, "m", Asks(), schedule)] for device in listed})
            until = loop.time() + interval * polls
            await asyncio.sleep(until - loop.time())
        said = 0
        for device in listed:
            page = await made.page(device.name, 1.0)
            said += value(page, "wardwatch_paused", scope=f"device:{device.name}") == 1
        await made.close()
        return said
