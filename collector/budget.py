"""What a device may be asked: packets in a span of time, failures before it is left alone, and a person's pause.

Device safety is here and nowhere else (RELIABILITY part 2). Nothing in this module does I/O; times are seconds on the
monotonic clock unless a name says `wall`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from math import inf
from statistics import median
from typing import Literal

from collector.errors import BreakerOpen, OverBudget, Paused
from collector.model import Device, DeviceClass


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every device of a class, whatever the configuration says."""

    retries: int
    """Further attempts for one question (RELIABILITY S7)."""
    patience: float
    """Seconds to wait for the answer to a first attempt."""
    varbinds: int
    """Most variables in one request (S11)."""
    bulk: bool
    """Whether GETBULK and walks are allowed (S11)."""
    request_bytes: int
    """Longest request datagram (S11)."""
    reply_bytes: int
    """Longest reply to ask for; 1,400 keeps it in one Ethernet frame (F26). Many agents send no more than 8 KB."""
    interval_floor: float
    """Shortest interval between polls in seconds (S5)."""


RULES: Mapping[DeviceClass, Rules] = {
    "it": Rules(5, 1.0, 60, True, 1400, 8000, 1.0),
    "fragile": Rules(1, 5.0, 1, False, 484, 1400, 60.0),
    "clinical": Rules(0, 5.0, 1, False, 484, 1400, 300.0),
}


def floor(device_class: DeviceClass, collector: object) -> float:
    """Shortest interval in seconds at which devices of a class may be polled by a collector: the class's (S5), or that
    of what the collector speaks, as for DICOM (S15)."""
    return max(RULES[device_class].interval_floor, own_floor(collector))


def own_floor(collector: object) -> float:
    """What the collector itself insists on; 0: nothing."""
    seconds: float = getattr(collector, "interval_floor", 0.0)
    return seconds


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `packets` in any span of `window` seconds."""

    packets: int
    window: float


@dataclass(frozen=True, slots=True)
class Breaking:
    """When a silent device is left alone (S8): after `failures` failed polls in a row only one packet goes out each
    `wait` seconds, and that wait doubles up to the class's `longest`."""

    failures: int = 3
    wait: float = 60.0
    longest: Mapping[DeviceClass, float] = field(
        default_factory=lambda: {"it": 60.0, "fragile": 900.0, "clinical": 900.0}
    )


@dataclass(frozen=True, slots=True)
class Budgets:
    """Limits per class (S4) and for what devices share (S6). The numbers are settings."""

    classes: Mapping[DeviceClass, Limit] = field(
        default_factory=lambda: {"it": Limit(50, 1.0), "fragile": Limit(2, 1.0), "clinical": Limit(1, 5.0)}
    )
    site: Limit = Limit(500, 1.0)
    subnet: Limit = Limit(500, 1.0)
    total: Limit = Limit(5000, 1.0)
    breaking: Breaking = field(default_factory=Breaking)


@dataclass(frozen=True, slots=True)
class Caps:
    """Most series kept of one device, and of all (RELIABILITY part 3, cardinality bomb)."""

    series_per_device: int = 5000
    series: int = 1_000_000


MARGIN = 1.05
"""Spans are kept 5% longer than promised, since a packet arrives some milliseconds after it was counted here."""


LATE = 0.02
"""Seconds after the promised moment from which a packet counts in what devices share as of when it went: a busy event
loop wakes late, and then lets several go at once. Less than this is not worth the book-keeping."""


class Window:
    """A sliding count of packets. Exact, where a token bucket lets twice its rate through in an unlucky span."""

    __slots__ = ("_forgotten", "_most", "_sent", "_span")

    def __init__(self, limit: Limit) -> None:
        self._span = limit.window * MARGIN
        self._most = limit.packets
        self._sent = array("d")
        """Moments of the last packets and of those promised, in order. An array: every device has one, and dropping the
        first of 5,000 is a microsecond."""
        self._forgotten = -inf
        """The latest moment that is no longer in there."""

    def earliest(self, at: float) -> float:
        """When the next packet may go, not before `at`: behind what is promised for later, or before it where there
        is room for all. What waits for the budget of one site must not hold back another's."""
        sent = self._sent
        if not sent:
            return max(at, self._forgotten + self._span)
        if sent[-1] > at and self._forgotten <= at - self._span:
            near = bisect_left(sent, at + self._span) - bisect_right(sent, at - self._span)
            if near < self._most:
                return at
        if len(sent) == self._most and sent[0] + self._span > at:
            at = sent[0] + self._span
        return max(at, sent[-1], self._forgotten + self._span)

    def take(self, at: float) -> None:
        sent = self._sent
        if len(sent) == self._most:
            self._forgotten = sent[0]
            del sent[0]
        if not sent or sent[-1] <= at:
            sent.append(at)
        else:
            sent.insert(bisect_right(sent, at), at)

    def give_back(self, at: float) -> None:
        """Undo a `take` of a packet that was not sent after all. One so long ago that it no longer counts is gone."""
        place = bisect_left(self._sent, at)
        if place < len(self._sent) and self._sent[place] == at:
            del self._sent[place]

    def limited(self, limit: Limit) -> Window:
        """The window under another limit, with what was sent so far."""
        new = Window(limit)
        new._forgotten = self._forgotten
        for at in self._sent:
            new.take(at)
        return new


class Breaker:
    """Leaves a silent device alone (S8). Closed: polls go out. Open: none. Trial: one packet, which decides."""

    __slots__ = ("_breaking", "_longest", "_until", "_wait", "failures")

    def __init__(self, breaking: Breaking, device_class: DeviceClass) -> None:
        self._breaking = breaking
        self._longest = breaking.longest[device_class]
        self.failures = 0
        self._wait = 0.0
        self._until = 0.0

    def limit(self, breaking: Breaking, device_class: DeviceClass) -> None:
        """Go on under other settings; what is open stays open, but no longer than they allow."""
        self._breaking = breaking
        self._longest = breaking.longest[device_class]
        self._wait = min(self._wait, self._longest)

    @property
    def open(self) -> bool:
        return self._wait > 0

    @property
    def until(self) -> float:
        """While open: monotonic seconds of the next trial."""
        return self._until

    def state(self, now: float) -> Literal["closed", "open", "trial"]:
        if not self.open:
            return "closed"
        return "trial" if now >= self._until else "open"

    def tried(self, now: float) -> None:
        """A trial's packet is out: whatever cuts it off, a restart too, no other follows before the wait is over."""
        self._until = now + self._wait

    def failed(self, now: float) -> None:
        """A poll got no proper answer."""
        self.failures += 1
        if self.failures >= self._breaking.failures:
            self._wait = min(self._wait * 2 or self._breaking.wait, self._longest)
            self._until = now + self._wait

    def close(self) -> None:
        """The device answered, or a person asked for another try."""
        self.failures = 0
        self._wait = 0.0

    def saved(self, now: float, wall: float) -> Mapping[str, float] | None:
        """What must survive a restart; None while there is nothing to remember."""
        if not self.open:
            return None
        return {"failures": self.failures, "wait": self._wait, "until_wall": wall + self._until - now}

    def restore(self, saved: Mapping[str, float], now: float, wall: float) -> None:
        """Take up `saved`. A wall clock that jumped cannot prolong the wait beyond its length."""
        self.failures = int(saved["failures"])
        self._wait = min(max(float(saved["wait"]), 0.0), self._longest)
        self._until = now + min(max(float(saved["until_wall"]) - wall, 0.0), self._wait)


STRICTEST: tuple[DeviceClass, ...] = ("clinical", "fragile", "it")
"""Classes, the most careful first: what two inventory names share is treated as the more careful of them."""


class Strain:
    """Whether a device answers far more slowly than when its polling began: then it may be us (S20)."""

    FIRST = 5
    """Polls that say how quickly it answers when left in peace."""
    LATEST = 3
    FACTOR = 5.0
    FLOOR = 0.02
    """Seconds: what is quicker than this counts as this, or a hiccup of a quick device would look like harm."""

    __slots__ = ("_first", "_latest")

    def __init__(self) -> None:
        self._first: tuple[float, ...] = ()
        self._latest: tuple[float, ...] = ()

    def grows(self, seconds: float) -> bool:
        """Take a poll's mean time to an answer. True: the latest are all `FACTOR` times the first ones' median."""
        if len(self._first) < self.FIRST:
            self._first += (max(seconds, self.FLOOR),)
            return False
        self._latest = (*self._latest, seconds)[-self.LATEST :]
        return len(self._latest) == self.LATEST and min(self._latest) >= self.FACTOR * median(self._first)


@dataclass(frozen=True, slots=True)
class Pauses:
    """Scopes in which nothing may be sent (S19): `all`, `class:clinical`, `site:NAME`, `device:NAME`."""

    scopes: frozenset[str] = frozenset()

    def of(self, device: Device) -> str | None:
        """The widest scope that silences `device`; None: it may be asked."""
        if not self.scopes:
            return None
        for scope in ("all", f"class:{device.device_class}", f"site:{device.site}", f"device:{device.name}"):
            if scope in self.scopes:
                return scope
        return None


class Shared:
    """The windows and pauses that devices share."""

    def __init__(self, budgets: Budgets, pauses: Pauses | None = None) -> None:
        self.budgets = budgets
        self.pauses = pauses or Pauses()
        self._total = Window(budgets.total)
        self._sites: dict[str, Window] = {}
        self._subnets: dict[str, Window] = {}

    def windows(self, device: Device) -> tuple[Window, ...]:
        """What `device` shares with others: its subnet (/24 or /64), its site, and the whole collector."""
        if not device.address:
            return (self._total,)
        bits = 64 if ":" in device.address else 24
        subnet = str(ip_network(f"{device.address}/{bits}", strict=False))
        near = self._subnets.setdefault(subnet, Window(self.budgets.subnet))
        if not device.site:
            return (near, self._total)
        return (near, self._sites.setdefault(device.site, Window(self.budgets.site)), self._total)


class Allowance:
    """What one device may still be sent: asked by the edge before each packet, told of each answer.

    One for each address and port, whatever number of inventory names, modules and askers share it.
    """

    __slots__ = (
        "_busy",
        "_device",
        "_polled",
        "_promised",
        "_shared",
        "_trial",
        "_window",
        "_windows",
        "answers",
        "breaker",
        "sent",
    )

    def __init__(self, device: Device, shared: Shared) -> None:
        self._device = self._polled = device
        self._shared = shared
        self._window = Window(shared.budgets.classes[device.device_class])
        self._windows = shared.windows(device)
        self._promised: float | None = None
        self._trial = False
        self._busy = 0.0
        """Until when the last question is under way, where no answer has come: nobody asks another one meanwhile (S3),
        whatever cut the first asker off."""
        self.breaker = Breaker(shared.budgets.breaking, device.device_class)
        self.sent = 0
        self.answers = 0

    def serves(self, device: Device, shared: Shared) -> bool:
        """Whether this allowance is still the right one after a reload."""
        mine = self._device
        return shared is self._shared and (mine.device_class, mine.site) == (device.device_class, device.site)

    def renew(self, device: Device, shared: Shared) -> None:
        """Serve a device whose class, site or limits changed; what was sent and a poll under way stay."""
        self.end()
        self._device, self._shared = device, shared
        self._window = self._window.limited(shared.budgets.classes[device.device_class])
        self._windows = shared.windows(device)
        self.breaker.limit(shared.budgets.breaking, device.device_class)

    def begin(self, now: float, device: Device) -> None:
        """A poll begins, under this of the device's names. Raises `Paused` or `BreakerOpen`; nothing is sent then."""
        self._polled = device
        self._check_pause()
        state = self.breaker.state(now)
        if state == "open":
            raise BreakerOpen(f"left alone after {self.breaker.failures} failed polls")
        self._trial = state == "trial"
        self._promised = None
        self.sent = self.answers = 0

    def wait(self, now: float, deadline: float) -> float:
        """Seconds until the next packet may go; 0: send it now, it is counted.

        Raises `Paused`, `BreakerOpen` (the one packet of a trial is spent) or `OverBudget` (not before `deadline`).
        """
        self._check_pause()
        if self._trial and self.sent and not self.answers:
            raise BreakerOpen("the one packet of a trial got no answer")
        at = self._promised
        if at is None:
            at = max(self._window.earliest(now), self._busy)
            mine = at <= now
            if mine:
                at = self._together(at)
            if at >= deadline:
                raise OverBudget("the packet budget, or a question under way, allows no packet before the deadline")
            if mine:
                for window in self._windows:
                    window.take(at)
                self._promised = at
        if at > now:
            return at - now
        if now - at > LATE:
            for window in self._windows:
                window.give_back(at)
                window.take(now)
        self._promised = None
        self._window.take(now)
        self._busy = now + RULES[self._device.device_class].patience
        self.sent += 1
        if self._trial and not self.answers:
            self.breaker.tried(now)
        return 0.0

    def _together(self, at: float) -> float:
        """When all that the device shares allows a packet. Room at one moment says nothing of a later one."""
        asked = -inf
        while at > asked:
            asked = at
            for window in self._windows:
                at = max(at, window.earliest(asked))
        return at

    def unsent(self, now: float) -> None:
        """The packet that `wait` let go could not be sent; it will be asked for again."""
        self._window.give_back(now)
        self._promised = now
        self._busy = 0.0
        self.sent -= 1

    def end(self) -> None:
        """The poll is over: what it was promised and did not use is for others."""
        if self._promised is not None:
            for window in self._windows:
                window.give_back(self._promised)
            self._promised = None

    def answered(self) -> None:
        """The device answered what it was asked."""
        self._busy = 0.0
        self.answers += 1

    def _check_pause(self) -> None:
        pauses = self._shared.pauses
        if not pauses.scopes:
            return
        scope = pauses.of(self._device) or pauses.of(self._polled)
        if scope is not None:
            raise Paused(f"paused: {scope}")
