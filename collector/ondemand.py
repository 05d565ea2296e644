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
from typing import Any, Final

from collector import audit
from collector.agent import Agent
from collector.guest import Guest
from collector.model import Collector, Column, Device, Target
from collector.status import Kept
from collector.strangers import Strangers
from collector.watch import Sameness, Watch

KEEP: Final = 600.0
"""Seconds after which a guest that nobody asked for is forgotten: longer than any usual scrape interval."""
LEAST: Final = 60.0
"""Seconds that a guest is kept even where others need its place: until then its budget and breaker must be known."""


CONTEXTS: Final = 60
"""Guests at one address and port, each with a context or credentials of its own: a module is polled once a second at
most of class it, so that more of them would not be asked even once within `LEAST`."""

PLACES: Final = 200
"""Places of one device that are remembered at a time; the one that was learned first makes room. A URL may say any."""

BESIDE: Final = " "
"""Between a module's name and the place that it probes, where a guest is probed by it at several: no name has one."""


class Crowded(Exception):
    """There are as many guests as may be, at all or at one address, and all of them were asked for lately."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What there is of one module: columns, and how the poll went that gave them."""

    collector: Collector
    columns: Sequence[Column]
    outcome: str
    """`success`, `partial`, or the reason of the failure."""
    duration: float = 0.0
    """Seconds of the poll, and of the conversation in it."""
    untold: float = 0.0
    """The same for the first who reads of that poll, 0 for all others: a poll is counted once, whoever reads of it."""
    talked: float = 0.0
    sent: int = 0
    repeated: int = 0
    dropped: int = 0
    """Samples that a cap left out."""
    said: Sequence[tuple[str, str]] = ()
    """What exactly was wrong, each with its table."""


class OnDemand:
    """All guests. Create it inside the event loop."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._modules: Mapping[str, Collector] = {}
        self._timeout, self._most = 0.0, 0
        self._guests: dict[Device, Guest] = {}
        """The one first that nobody has asked for the longest."""
        self._strangers = Strangers()
        self._sweeping: asyncio.TimerHandle | None = None

    def saved(self) -> Sequence[Mapping[str, Any]]:
        """What is to be known after a restart of addresses that are not in the inventory, as JSON has it."""
        for guest in self._guests.values():
            self._note(guest)
        return self._strangers.saved()

    def restore(self, saved: Sequence[Mapping[str, Any]]) -> None:
        """What `saved` gave in an earlier run."""
        self._strangers.restore(saved, self._most)

    def _note(self, guest: Guest) -> None:
        """What was learned of a stranger: its guest goes, and may come again."""
        if guest.principal is None and (known := guest.saved()) is not None:
            self._strangers.keep(known, self._most)

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
        if key not in guest.kept and len(guest.targets) >= PLACES:
            idle = next((target.module for target in guest.targets if target.module not in guest.wanted), None)
            if idle is None:
                raise Crowded(f"{PLACES} places of this device are asked for now: try again")
            self._agent.forget(guest, idle)
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
                if task is not None:
                    await asyncio.wait((task,), timeout=left if left < inf else None)
                    continue
                moment = now()
                rests = [guest.rest(target, moment) for target in guest.targets if target.module in waiting]
                if not (rest := min((each for each in rests if each > 0), default=0.0)):
                    return
                await asyncio.sleep(min(rest, left))
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
            self._make_room(device)

            def principal() -> Watch | None:
                return self._agent.at(device)

            guest = self._agent.welcome(device, lambda line: Guest(device, line, principal))
            if guest.principal is None:
                guest.restore(self._strangers.known(guest.identity))
        if not guest.busy:
            guest.reckon()
        guest.asked = self._agent.world.now()
        self._guests[device] = guest
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(KEEP, self._sweep)
        return guest

    def _make_room(self, newcomer: Device) -> None:
        """Raises Crowded."""
        place = newcomer.address, newcomer.port
        there = [device for device in self._guests if (device.address, device.port) == place]
        if len(there) >= CONTEXTS:
            self._dismiss_one(there, "contexts of the device")
        if len(self._guests) >= self._most:
            self._dismiss_one(list(self._guests), "addresses")

    def _dismiss_one(self, among: Sequence[Device], what: str) -> None:
        """Forget the one that nobody has asked for the longest. Raises Crowded."""
        for device in among:
            guest = self._guests[device]
            if self._idle(guest) < LEAST:
                break
            if not guest.busy:
                self._dismiss(device)
                return
        raise Crowded(f"{len(among)} {what} were asked for within {LEAST:.0f} s: try again")

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
        guest = self._guests.pop(device)
        self._end(guest)
        self._agent.dismiss(guest)

    def _end(self, guest: Guest) -> None:
        """What must not be lost with a guest: how its device is asked best, and what was sent to it."""
        self._note(guest)
        guest.reckon()
        if guest.principal is None and guest.tally.sent:
            audit.guest(guest)

    def close(self) -> None:
        """Nobody asks any more. What was learned stays for `saved`."""
        for guest in self._guests.values():
            self._end(guest)
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
    untold = kept.duration if kept.told != kept.ended else 0.0
    kept.told = kept.ended
    return Reading(
        target.collector,
        kept.columns,
        kept.outcome,
        duration=kept.duration,
        untold=untold,
        talked=kept.talked,
        sent=kept.sent,
        repeated=kept.repeated,
        dropped=kept.dropped,
        said=kept.said,
    )
