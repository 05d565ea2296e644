"""One device under watch: what was kept of it, the poll in flight, and the world as its polls see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from typing import Any, TypeVar

import structlog

from collector import status
from collector.budget import RULES, Allowance, Strain
from collector.compact import Sheaf
from collector.dependencies import UNKNOWN, Health
from collector.edge import Tally, Terms, World
from collector.errors import Paused
from collector.model import (
    Collector,
    Column,
    Common,
    Device,
    Dialogue,
    Echo,
    EchoReply,
    Host,
    Stream,
    Target,
    single,
)
from collector.party import company

T = TypeVar("T")

log = structlog.get_logger()

DUE = 0.9
"""Share of an interval after which a module is due: a whole one would skip every second scrape for a few
milliseconds' jitter (HOUSE 4)."""

REMEMBERED = 1000
"""Modules of a line whose last poll is remembered before those are forgotten that may be polled again anyway."""

UNSCRAPED = 1.5
"""Intervals without a scrape after which the agent's own timer polls (HOUSE 4)."""


_NONE: Mapping[str, Any] = {}


@lru_cache(maxsize=1024)
def _key(name: str, make: type[Any]) -> tuple[str, type[Any]]:
    """Thousands of devices remember the same things."""
    return name, make


def _nothing(device: Device, common: Common) -> Sequence[Column]:
    """What most collectors have to say of a device beside their polls."""
    return ()


@dataclass(slots=True)
class Line:
    """What one address and port share, whatever number of inventory names they have: one poll at a time, one budget."""

    allowance: Allowance
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _began: dict[str, float] = field(default_factory=dict)

    def begun(self, module: str, now: float) -> None:
        """A poll of the module begins, whoever asked for it and with whatever credentials."""
        if len(self._began) >= REMEMBERED:
            longest = max(rules.interval_floor for rules in RULES.values())
            self._began = {name: at for name, at in self._began.items() if now - at < longest}
        self._began[module] = now

    def rest(self, module: str, floor: float, now: float) -> float:
        """Seconds for which the module is to be left alone, if it may be polled every `floor` seconds."""
        return max(0.0, floor - (now - self._began.get(module, -inf)))


class Watch:
    """The state of one device. The agent decides; this remembers."""

    __slots__ = (
        "_choice", "_memory", "_restored", "_turn", "answered", "asked", "changed", "connected", "device", "duration",
        "info", "kept", "last_began", "last_poll", "line", "listed", "strain", "tally", "targets", "task", "timer",
        "trial", "turn",
    )  # fmt: skip

    def __init__(self, device: Device, targets: Sequence[Target], line: Line) -> None:
        self.device = device
        self.listed = tuple(targets)
        """What the inventory says."""
        self.targets = self.listed
        """That, and what was chosen by what the device says of itself."""
        self.line = line
        self.tally = Tally()
        self.strain = Strain()
        self.info = status.info(device)
        self.kept = {target.module: status.Kept() for target in targets}
        self.task: asyncio.Task[None] | None = None
        self.connected = False
        """Whether the poll under way has made a connection: what has begun there may go on without another packet that
        the budget is asked for."""
        self.timer: asyncio.TimerHandle | None = None
        self.turn = 0.0
        """Monotonic seconds of the turn that is planned (`turns.Turns`); `timer` is set for it once it is near."""
        self.trial: asyncio.TimerHandle | None = None
        self.asked: float | None = None
        """Monotonic seconds of the last scrape."""
        self.answered: bool | None = None
        """Whether the device answered when it was last polled; None: not polled yet."""
        self.changed: float | None = None
        """Monotonic seconds at which that was last seen to change."""
        self.last_began: float | None = None
        """Monotonic seconds at which the last poll began."""
        self.last_poll: float | None = None
        """Monotonic seconds at which the last poll ended, and how long it took."""
        self.duration = 0.0
        self._memory: dict[tuple[str, type[Any]], Any] = {}
        self._restored: Mapping[str, Mapping[str, Any]] = _NONE
        self._choice: tuple[Target, Mapping[str, Collector]] | None = None
        self._turn = 0

    @property
    def principal(self) -> Watch | None:
        """Whose timer tries the device again when its breaker allows, and who says how the device is; None: nobody."""
        return self

    @property
    def series(self) -> int:
        """Samples kept."""
        return sum([kept.series for kept in self.kept.values()])

    @property
    def interval(self) -> float:
        """Seconds between polls: the shortest of the device's modules."""
        return min([target.schedule.interval for target in self.targets])

    @property
    def reason(self) -> str:
        """Why the device is not well: the reason of the first module that failed; empty: it is well, or unknown."""
        for kept in self.kept.values():
            if kept.outcome and not kept.succeeded:
                return kept.outcome
        return ""

    def state(self, paused: str | None) -> str:
        """`passive`, `paused`, `unknown`, `up`, `partial` or `down`; `paused` is the scope in which it is paused."""
        if not self.targets:
            return "passive"
        if paused:
            return "paused"
        if self.device.here:
            return "up"
        if self.answered is None:
            return "unknown"
        if not self.answered:
            return "down"
        outcomes = {kept.outcome for kept in self.kept.values() if kept.outcome}
        if not outcomes:
            return "unknown"
        return "up" if outcomes == {"success"} else "partial"

    def health(self, now: float, paused: str | None) -> Health:
        """What its own polls say of the device, to those that are reached through it."""
        if paused or self.answered is None or not self._known(now):
            return UNKNOWN
        return Health(
            self.answered,
            -inf if self.changed is None else self.changed,
            -inf if self.last_began is None else self.last_began,
        )

    def due(self, now: float) -> list[Target]:
        """Targets to poll now: those that worked last time first, the others in turn, so that one module which the
        device never answers cannot keep the rest from being asked."""
        due = []
        for target in self.targets:
            kept = self.kept[target.module]
            if kept.urgent or kept.began is None or now - kept.began >= DUE * target.schedule.interval:
                due.append(target)
        good = [target for target in due if self.kept[target.module].succeeded]
        rest = [target for target in due if not self.kept[target.module].succeeded]
        if rest:
            turn = self._turn % len(rest)
            rest = rest[turn:] + rest[:turn]
            self._turn += 1
        return good + rest

    def ready(self, due: Sequence[Target], now: float) -> Sequence[Target]:
        """What of this, found due before the line was free, may be polled now that it is."""
        return due

    def resumed(self) -> None:
        """A pause is over: that it was the reason is no news any more, and how the device is shows with its next
        poll."""
        for kept in self.kept.values():
            if kept.outcome == Paused.reason:
                kept.outcome = ""

    @property
    def unasked(self) -> list[Target]:
        """Targets that were never polled."""
        return [target for target in self.targets if self.kept[target.module].began is None]

    def mute_only(self, asked: Sequence[Target], now: float) -> bool:
        """Whether silence is about these modules only: they never worked, and another does (RELIABILITY F4)."""
        if any(self.kept[target.module].ever_succeeded for target in asked):
            return False
        return any(
            self.kept[target.module].succeeded and self.kept[target.module].fresh(target, now)
            for target in self.targets
        )

    @property
    def alone_at(self) -> float:
        """When nobody will have asked for so long that the agent must poll by itself, unless somebody does."""
        return -inf if self.asked is None else self.asked + UNSCRAPED * self.interval

    def choose(self, by: Target, modules: Mapping[str, Collector]) -> None:
        """Have the device asked for these modules too, as `by` is scheduled; in force from `rechosen` on."""
        self._choice = by, modules

    def rechosen(self) -> int | None:
        """Ask for what was chosen; None where that is nothing new. Modules that stay keep all that is known of them.

        The number is that of series more (or, below zero, fewer) than were kept before.
        """
        if self._choice is None:
            return None
        (by, modules), self._choice = self._choice, None
        listed = {target.module for target in self.listed}
        before = {target.module: target for target in self.targets}
        chosen = {name: collector for name, collector in modules.items() if name not in listed}
        if [t.module for t in self.targets] == [*(t.module for t in self.listed), *chosen]:
            return None
        series = self.series
        self.targets = (*self.listed, *(Target(self.device, *pair, by.schedule) for pair in chosen.items()))
        kept = {target.module: before.get(target.module) for target in self.targets}
        self.kept = {name: self.kept[name] if was is not None else status.Kept() for name, was in kept.items()}
        names = {*self.kept, *map(company, self.targets)}
        self._memory = {key: value for key, value in self._memory.items() if key[0] in names}
        log.info("modules chosen", device=self.device.name, modules=[*chosen])
        return self.series - series

    def forget(self, module: str) -> int:
        """Be asked for one module no more. The number of series that were kept of it."""
        self.targets = tuple(target for target in self.targets if target.module != module)
        self._memory = {key: value for key, value in self._memory.items() if key[0] != module}
        return self.kept.pop(module).series

    def saved(self) -> Mapping[str, Any] | None:
        """What is to be known of the device after a restart, as JSON has it; None where that is nothing."""
        found = {name: make.saved(value) for (name, make), value in self._memory.items() if hasattr(make, "saved")}
        # What was restored and not used yet must outlive another restart.
        modules = {**self._restored, **{name: saved for name, saved in found.items() if saved}}
        return {**self.identity, "modules": modules} if modules else None

    @property
    def identity(self) -> Mapping[str, Any]:
        """What must be the same for what was known of a device to hold after a restart. No secret."""
        auth = self.device.auth
        return {"address": self.device.address, "port": self.device.port, "auth": auth.name if auth else ""}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """What the last run knew, if the device still has the address and the auth that it had."""
        if all(saved.get(key) == value for key, value in self.identity.items()):
            self._restored = dict(saved.get("modules", _NONE)) or _NONE

    def inherit(self, old: Watch, same_collector: Any) -> None:
        """Take over what a reload must not lose: counters, and what was kept of targets that stay as they were."""
        self.tally = old.tally
        if self.device.address == old.device.address:
            self.strain = old.strain
        self.asked, self.answered, self.changed = old.asked, old.answered, old.changed
        self.last_began, self.last_poll, self.duration = old.last_began, old.last_poll, old.duration
        self._restored = old._restored
        self._inherit_choice(old)
        before = {target.module: target for target in old.targets}
        for target in self.targets:
            previous = before.get(target.module)
            if previous is None:
                continue
            kept = old.kept[target.module]
            if same_collector(previous.collector, target.collector) and previous.device.address == self.device.address:
                self.kept[target.module] = kept
                keys = {target.module, company(target)}
                self._memory |= {k: v for k, v in old._memory.items() if k[0] in keys}
            else:
                self.kept[target.module].outcomes = kept.outcomes
                self.kept[target.module].succeeded_at = kept.succeeded_at

    def _inherit_choice(self, old: Watch) -> None:
        """What was chosen stays until it is chosen anew, by other rules perhaps."""
        chosen = [target.module for target in old.targets[len(old.listed) :]]
        for by in self.listed:
            choices: Mapping[str, Collector] = getattr(by.collector, "choices", {})
            if choices and self.device.address == old.device.address:
                self.choose(by, {name: choices[name] for name in chosen if name in choices})
                self.rechosen()

    def memory(self, target: Target, make: type[T]) -> T:
        return self.recall(company(target) or target.module, make)

    def recall(self, name: str, make: type[T]) -> T:
        """What is remembered under a module's or a company's name; made where there is nothing yet."""
        key = _key(name, make)  # type: ignore[arg-type]  # a type can be hashed
        remembered = self._memory.get(key)
        if remembered is None:
            remembered = self._memory[key] = self._made(name, make)
        result: T = remembered
        return result

    def _made(self, name: str, make: type[T]) -> T:
        restored = getattr(make, "restored", None)
        if restored is not None and name in self._restored:
            saved = self._restored[name]
            self._restored = {other: each for other, each in self._restored.items() if other != name} or _NONE
            try:
                made: T = restored(saved)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                log.warning("not restored", device=self.device.name, module=name, why=str(error))
            else:
                return made
        return make()

    def columns(self, now: float, wants: Callable[[str], bool] = lambda module: True) -> Sheaf:
        """What may be served of the device's own series, of the modules that are wanted."""
        served: list[Sequence[Column]] = []
        for target in self.targets:
            kept = self.kept[target.module]
            if not wants(target.module):
                continue
            if kept.fresh(target, now):
                served.append(kept.shown)
            served.append(kept.lasting)
        return Sheaf(*filter(None, served))

    def page(self, now: float, paused: str | None, common: Common) -> Sheaf:
        """The device's page: its series, and how polling it goes."""
        page = [self.info]
        if not self.targets:
            return Sheaf(page)
        for collector in {type(target.collector): target.collector for target in self.targets}.values():
            page.extend(getattr(collector, "about", _nothing)(self.device, common))
        fresh = {target.module for target in self.targets if self.kept[target.module].fresh(target, now)}
        page.extend(status.modules(self.kept, fresh, now))
        if self.answered is not None and paused is None and self._known(now):
            page.append(single(status.UP, float(self.answered)))
        page.append(single(status.BREAKER, float(self.line.allowance.breaker.open)))
        page.append(status.packets(self.tally))
        if paused is not None:
            page.append(status.labelled(status.PAUSED, "scope", {paused: 1}))
        return Sheaf(self.columns(now), page)

    def _known(self, now: float) -> bool:
        """Whether what was seen of the device is recent enough to be said: never older than two intervals."""
        if self.line.allowance.breaker.open:
            return True
        return self.last_began is not None and now - self.last_began <= 2 * self.interval

    def stop(self) -> None:
        self.turn = inf
        for timer in (self.timer, self.trial):
            if timer is not None:
                timer.cancel()
        if self.task is not None:
            self.task.cancel()


class View:
    """The world as one poll sees it (`model.Edge`): its own device only, within budget, until the deadline."""

    __slots__ = ("_streams", "_target", "_watch", "_world", "clock", "common", "deadline", "host", "now", "room")

    def __init__(self, world: World, common: Common, watch: Watch, target: Target, deadline: float, room: int) -> None:
        self._world = world
        self.common = common
        self._watch = watch
        self._target = target
        self.host: Host = world.host
        self.now = world.now
        self.clock = world.clock
        self.deadline = deadline
        self._streams: list[Stream] = []
        self.room = room

    def memory(self, make: type[T]) -> T:
        return self._watch.memory(self._target, make)

    def choose(self, modules: Mapping[str, Collector]) -> None:
        self._watch.choose(self._target, modules)

    async def udp(self, dialogue: Dialogue, port: int = 0) -> None:
        device, began = self._watch.device, self.now()
        try:
            await self._world.udp((device.address, *device.reply_from), port or device.port, dialogue, self._terms())
        finally:
            self._talked(began)

    async def connect(self, port: int, source: str = "") -> Stream:
        self._watch.connected = True
        began = self.now()
        try:
            stream: Stream = await self._world.connect(self._watch.device.address, port, self._terms(), source)
        finally:
            self._talked(began)
        self._streams.append(stream)
        return stream

    async def ping(self, echo: Echo) -> EchoReply:
        began = self.now()
        try:
            return await self._world.ping(self._watch.device.address, echo, self._terms())
        finally:
            self._talked(began)

    def close(self) -> None:
        """The poll is over: nothing of it stays open, whatever ended it."""
        self._watch.connected = False
        for stream in self._streams:
            stream.close()

    def _terms(self) -> Terms:
        return Terms(self.deadline, self._watch.line.allowance, self._watch.tally)

    def _talked(self, began: float) -> None:
        self._watch.kept[self._target.module].talked += self.now() - began


class Sameness:
    """Compares old targets with new ones, each pair of collectors once: thousands of devices share a few modules."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bool] = {}

    def collectors(self, old: object, new: object) -> bool:
        key = (id(old), id(new))
        if key not in self._known:
            self._known[key] = old == new
        return self._known[key]

    def targets(self, old: Sequence[Target], new: Sequence[Target]) -> bool:
        return len(old) == len(new) and all(
            (a.module, a.at, a.schedule) == (b.module, b.at, b.schedule) and self.collectors(a.collector, b.collector)
            for a, b in zip(old, new, strict=True)
        )
