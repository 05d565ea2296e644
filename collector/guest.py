"""One device as `/snmp` and `/probe` ask it, whether it is in the inventory or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from collector.budget import floor
from collector.config.targets import bounded, offset
from collector.model import Collector, Device, Schedule, Target
from collector.status import Kept
from collector.watch import DUE, Line, Watch

T = TypeVar("T")


class Guest(Watch):
    """A device as it is asked on demand, beside its own watch if it has one. No timer polls it."""

    __slots__ = ("_principal", "wanted")

    def __init__(self, device: Device, line: Line, principal: Callable[[], Watch | None]) -> None:
        super().__init__(device, (), line)
        self.wanted: Counter[str] = Counter()
        """Modules by the number of those who wait for them."""
        self._principal = principal
        if (own := principal()) is not None:
            self.tally = own.tally

    def reckon(self) -> None:
        """Have what was sent counted with the device, if it has entered the inventory meanwhile."""
        own = self.principal
        if own is not None and own.tally is not self.tally:
            own.tally.add(self.tally)
            self.tally = own.tally

    @property
    def principal(self) -> Watch | None:
        return self._principal()

    @property
    def busy(self) -> bool:
        return bool(self.wanted) or (self.task is not None and not self.task.done())

    def _made(self, name: str, make: type[T]) -> T:
        """A device has the same ways whoever asks it: what its own watch has learned of them is shared."""
        own, beside = self.principal, getattr(make, "beside", None)
        if own is None or beside is None or own.identity != self.identity:
            return super()._made(name, make)
        made: T = beside(own.recall(name, make))
        return made

    def learn(self, name: str, collector: Collector, timeout: float, at: str = "") -> None:
        """Have the module among those that may be asked for, of a place on the device where it is a probe."""
        if name in self.kept:
            return
        device = self.device
        # Due again exactly when the class allows; `Watch.due` is content with a part of an interval.
        interval = floor(device.device_class, collector) / DUE
        schedule = Schedule(interval, bounded(collector, timeout), offset(device.name, interval))
        self.targets += (Target(device, name, collector, schedule, at),)
        self.kept[name] = Kept()

    def due(self, now: float) -> list[Target]:
        return [target for target in super().due(now) if target.module in self.wanted and not self.rest(target, now)]

    def ready(self, due: Sequence[Target], now: float) -> Sequence[Target]:
        return [target for target in due if not self.rest(target, now)]

    def rest(self, target: Target, now: float) -> float:
        """Seconds for which the device's class leaves the module alone, whoever asked for it last: a context or other
        credentials are no other device (RELIABILITY S5)."""
        return self.line.rest(target.module, floor(self.device.device_class, target.collector), now)

    def settled(self, module: str, asked: float, now: float) -> bool:
        """Whether a poll of the module ended since it was asked for, or is so young that there may be no other yet."""
        kept = self.kept[module]
        if kept.began is None or kept.ended is None or kept.ended < kept.began or kept.urgent:
            return False
        collector = next(target.collector for target in self.targets if target.module == module)
        return kept.ended >= asked or now - kept.began < floor(self.device.device_class, collector)

    def mute_only(self, asked: Sequence[Target], now: float) -> bool:
        # Whoever may ask for a module that the device never answers must not stop its polling (RELIABILITY F4).
        if any(self.kept[target.module].ever_succeeded for target in asked):
            return False
        own = self.principal
        return super().mute_only(asked, now) or (own is not None and own.mute_only((), now))
