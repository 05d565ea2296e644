"""When the agent polls a device by itself: at a fixed place in each of its intervals, given by a hash of its name (S9).

A timer for each would wake the program as often as it polls, nearly always to find that somebody has asked meanwhile,
and to wake up costs more than to look. So all whose turn comes within `AHEAD` are looked through together, and timers
are set for those alone that nobody asks for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Final

from collector.watch import Watch

AHEAD: Final = 1.0
"""Seconds that are looked through at a time."""


class Turns:
    """The turns of all devices. Create it inside the event loop; `close` when done."""

    def __init__(self, now: Callable[[], float], start: Callable[[Watch], object]) -> None:
        self._now = now
        self._start = start
        self._loop = asyncio.get_running_loop()
        self._coming: list[tuple[float, int, Watch]] = []
        """A heap of turns; the number tells those apart that come at one moment."""
        self._numbers = count()
        self._seen = now() + AHEAD
        """Until when turns were looked through: one that is planned for before that gets a timer at once."""
        self._timer: asyncio.TimerHandle | None = None
        """Of the next look; None: there is nothing to look for, as where only this machine is asked."""

    def plan(self, watch: Watch) -> None:
        """Wake at the device's next turn that may find it unscraped, and at those after it."""
        offset, interval = watch.targets[0].schedule.offset, watch.interval
        # A timer may wake a hair early: counted from the turn that was planned, the same turn never comes twice.
        since = max(self._now(), watch.turn, watch.alone_at - 2e-6 * interval)
        watch.turn = offset + interval * ((since - offset + 1e-6 * interval) // interval + 1)
        if watch.turn <= self._seen:
            watch.timer = self._loop.call_at(watch.turn, self._take, watch)
        else:
            heappush(self._coming, (watch.turn, next(self._numbers), watch))
            if self._timer is None:
                self._timer = self._loop.call_at(self._seen, self._look)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._coming.clear()

    def _look(self) -> None:
        self._seen = self._now() + AHEAD
        self._timer = self._loop.call_at(self._seen, self._look)
        while self._coming and self._coming[0][0] <= self._seen:
            turn, _, watch = heappop(self._coming)
            if watch.turn != turn:
                continue  # it was stopped
            if watch.alone_at > turn:
                self.plan(watch)  # who asked keeps asking longer than that; nobody takes it back
            else:
                watch.timer = self._loop.call_at(turn, self._take, watch)
        if not self._coming:
            self._timer.cancel()
            self._timer = None

    def _take(self, watch: Watch) -> None:
        if self._now() >= watch.alone_at:
            self._start(watch)
        self.plan(watch)
