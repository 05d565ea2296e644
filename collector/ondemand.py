"""Polls that `/snmp` asks for: other modules than a device's own, and addresses that are not in the inventory.

They go through the agent: the same line, budget, breaker and pause as scheduled polls (RELIABILITY S3, S4). What is
asked of one device by many is polled once, and no sooner again than its class allows; the rest is served from what is
kept. A poll belongs to no asker.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from collector.agent import Agent
from collector.budget import RULES
from collector.config.targets import bounded, offset
from collector.model import Collector, Column, Device, Schedule, Target
from collector.status import Kept
from collector.watch import DUE, Line, Sameness, Watch

KEEP: Final = 600.0
"""Seconds after which a guest that nobody asked for is forgotten: longer than any usual scrape interval."""
LEAST: Final = 60.0
"""Seconds that a guest is kept even where others need its place: until then its budget and breaker must be known."""


BESIDE: Final = " "
"""Between a module's name and the place that it probes, where a guest is probed by it at several: no name has one."""


class Crowded(Exception):
    """There are as many guests as may be, and all of them were asked for lately."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What there is of one module: columns, and how the poll went that gave them."""

    collector: Collector
    columns: Sequence[Column]
    outcome: str
    """`success`, `partial`, or the reason of the failure."""
    duration: float = 0.0
    """Seconds of the poll, and of the conversation in it."""
    talked: float = 0.0
    sent: int = 0
    repeated: int = 0
    dropped: int = 0
    """Samples that a cap left out."""
    said: Sequence[tuple[str, str]] = ()
    """What exactly was wrong, each with its table."""


class Guest(Watch):
    """A device as it is asked on demand, beside its own watch if it has one. No timer polls it."""

    def __init__(self, device: Device, line: Line, principal: Callable[[], Watch | None]) -> None:
        super().__init__(device, (), line)
        self.wanted: Counter[str] = Counter()
        """Modules by the number of those who wait for them."""
        self._principal = principal
        if (own := principal()) is not None:
            self.tally = own.tally

    @property
    def principal(self) -> Watch | None:
        return self._principal()

    @property
    def busy(self) -> bool:
        return bool(self.wanted) or (self.task is not None and not self.task.done())

    def learn(self, name: str, collector: Collector, timeout: float, at: str = "") -> None:
        """Have the module among those that may be asked for, of a place on the device where it is a probe."""
        if name in self.kept:
            return
        device = self.device
        # Due again exactly when the class allows; `Watch.due` is content with a part of an interval.
        interval = RULES[device.device_class].interval_floor / DUE
        schedule = Schedule(interval, bounded(collector, timeout), offset(device.name, interval))
        self.targets += (Target(device, name, collector, schedule, at),)
        self.kept[name] = Kept()

    def due(self, now: float) -> list[Target]:
        return [target for target in super().due(now) if target.module in self.wanted]

    def settled(self, module: str, asked: float, now: float) -> bool:
        """Whether a poll of the module ended since it was asked for, or is so young that there may be no other yet."""
        kept = self.kept[module]
        if kept.began is None or kept.ended is None or kept.ended < kept.began or kept.urgent:
            return False
        return kept.ended >= asked or now - kept.began < RULES[self.device.device_class].interval_floor

    def mute_only(self, asked: Sequence[Target], now: float) -> bool:
        # Whoever may ask for a module that the device never answers must not stop its polling (RELIABILITY F4).
        if any(self.kept[target.module].ever_succeeded for target in asked):
            return False
        own = self.principal
        return super().mute_only(asked, now) or (own is not None and own.mute_only((), now))


class OnDemand:
    """All guests. Create it inside the event loop."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._modules: Mapping[str, Collector] = {}
        self._timeout = self._most = 0.0
        self._guests: dict[Device, Guest] = {}
        """The one first that nobody has asked for the longest."""
        self._sweeping: asyncio.TimerHandle | None = None

    def load(
        self, modules: Mapping[str, Collector], timeout: float, most: int, welcome: Callable[[Device], bool]
    ) -> None:
        """Ask for these modules from now on, each poll `timeout` seconds at most, of `most` guests that are `welcome`.

        Guests stay that are still welcome and whose modules are as they were, a poll in flight included.
        """
        same = Sameness()
        for device, guest in list(self._guests.items()):
            if not welcome(device) or not all(
                (module := target.module.partition(BESIDE)[0]) in modules
                and same.collectors(target.collector, modules[module])
                for target in guest.targets
            ):
                self._dismiss(device)
        self._modules, self._timeout, self._most = modules, timeout, most

    def __len__(self) -> int:
        return len(self._guests)

    async def ask(self, device: Device, names: Sequence[str], patience: float) -> Mapping[str, Reading]:
        """What there is of these modules within `patience` seconds. `device` is the inventory's, or like one.

        Raises Crowded, and KeyError for a module that there is not.
        """
        own = self._own(device)
        mine = [name for name in names if own is not None and name in own.kept]
        others = {name: self._modules[name] for name in names if name not in mine}
        now = self._agent.world.now
        until = now() + patience
        guest = self._guest(device) if others else None
        readings: dict[str, Reading] = {}
        if own is not None and mine:
            own.asked = now()
            await self._agent.settled(own, patience)
            targets = {target.module: target for target in own.targets}
            for name in mine:  # a poll may have found that a module is for another kind of device
                there = name in targets
                readings[name] = (
                    _kept(own.kept[name], targets[name], now())
                    if there
                    else Reading(self._modules[name], (), "no_data")
                )
        if guest is not None:
            for name, collector in others.items():
                guest.learn(name, collector, self._timeout)
            asked = now()
            await self._settle(guest, tuple(others), asked, until)
            moment = now()
            for target in guest.targets:
                if target.module in others:
                    settled = guest.settled(target.module, asked, moment)
                    kept = guest.kept[target.module]
                    readings[target.module] = (
                        _reading(target, kept) if settled else Reading(target.collector, (), "timeout")
                    )
        return {name: readings[name] for name in names}

    async def probe(self, device: Device, name: str, at: str, patience: float) -> Reading:
        """What a probe has found at a place on the device within `patience` seconds.

        Raises Crowded, and KeyError for a module that there is not.
        """
        own, now = self._own(device), self._agent.world.now
        for target in own.targets if own is not None else ():
            if target.at == at and same_module(target, self._modules[name]):
                assert own is not None
                own.asked = now()
                await self._agent.settled(own, patience)
                return _kept(own.kept[target.module], target, now())
        guest, asked, key = self._guest(device), now(), f"{name}{BESIDE}{at}"
        guest.learn(key, self._modules[name], self._timeout, at)
        await self._settle(guest, (key,), asked, asked + patience)
        target = next(target for target in guest.targets if target.module == key)
        if not guest.settled(key, asked, now()):
            return Reading(target.collector, (), "timeout", duration=now() - asked)
        return _reading(target, guest.kept[key])

    async def _settle(self, guest: Guest, names: Sequence[str], asked: float, until: float) -> None:
        now = self._agent.world.now
        waiting = set(names)
        guest.wanted.update(waiting)
        try:
            while True:
                there = {name for name in waiting if guest.settled(name, asked, now())}
                waiting -= there
                guest.wanted = guest.wanted - Counter(there)
                left = until - now()
                if not waiting or left <= 0:
                    return
                task = self._agent.start(guest)
                if task is None:
                    return
                await asyncio.wait((task,), timeout=left if left < inf else None)
        finally:
            guest.wanted = guest.wanted - Counter(waiting)

    def _own(self, device: Device) -> Watch | None:
        """The watch of a device that is asked as the inventory has it."""
        try:
            watch = self._agent.watch(device.name)
        except KeyError:
            return None
        return watch if watch.device == device else None

    def _guest(self, device: Device) -> Guest:
        guest = self._guests.pop(device, None)
        if guest is None:
            self._make_room()

            def principal() -> Watch | None:
                try:
                    watch = self._agent.watch(device.name)
                except KeyError:
                    return None
                return watch if watch.device.address == device.address else None

            guest = self._agent.welcome(device, lambda line: Guest(device, line, principal))
        guest.asked = self._agent.world.now()
        self._guests[device] = guest
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(KEEP, self._sweep)
        return guest

    def _make_room(self) -> None:
        if len(self._guests) < self._most:
            return
        for device, guest in self._guests.items():
            if self._idle(guest) < LEAST:
                break
            if not guest.busy:
                self._dismiss(device)
                return
        raise Crowded(f"{len(self._guests)} addresses were asked for within {LEAST:.0f} s: try again")

    def _sweep(self) -> None:
        """Forget whom nobody asks for."""
        self._sweeping = None
        for device, guest in list(self._guests.items()):
            if self._idle(guest) < KEEP:
                break
            if not guest.busy:
                self._dismiss(device)
        if self._guests:
            self._sweeping = asyncio.get_running_loop().call_later(LEAST, self._sweep)

    def _idle(self, guest: Guest) -> float:
        return self._agent.world.now() - (guest.asked or 0.0)

    def _dismiss(self, device: Device) -> None:
        self._agent.dismiss(self._guests.pop(device))

    def close(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()


def same_module(target: Target, collector: Collector) -> bool:
    """Whether a device is probed by that very module. Its name there may be another one."""
    return target.collector == collector


def _kept(kept: Kept, target: Target, now: float) -> Reading:
    """A module that the device is polled for anyway: what its page would show."""
    if not kept.outcome or (kept.succeeded and not kept.fresh(target, now)):
        return Reading(target.collector, (), "timeout")
    return _reading(target, kept)


def _reading(target: Target, kept: Kept) -> Reading:
    return Reading(
        target.collector, kept.columns, kept.outcome, kept.duration, kept.talked, kept.sent, kept.repeated,
        kept.dropped, kept.said,
    )  # fmt: skip
