"""Calls that can hang, made cheaply while none of them does (RELIABILITY B7).

A thread for each mount and sensor on every scrape would cost more than all the reading. So all items go through one
thread, one after the other, and only when that thread has not come back in time does each item that it has not
reached get a thread of its own. The item it stopped at is stuck, and is not tried again until its call returns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from collector.errors import TimedOut
from collector.model import Host

T = TypeVar("T")

_AT_ONCE = 16
"""Threads used at a time once something hangs: a dead NFS server rarely exports more mounts than this to one host."""


class _Pass(Generic[T]):
    """One thread's way through the items. Written by that thread, read by the event loop."""

    __slots__ = ("at", "items", "over", "results")

    def __init__(self, items: Sequence[str]) -> None:
        self.items = items
        self.results: dict[str, T] = {}
        self.at: str | None = None
        self.over = False

    def go(self, call: Callable[[str], T]) -> None:
        try:
            for item in self.items:
                self.at = item
                self.results[item] = call(item)
        finally:
            self.at = None
            self.over = True


class Sweep(Generic[T]):
    """Keeps, from poll to poll, the thread that hangs. `word` names it in `Host.stuck()`."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._hanging: _Pass[T] | None = None

    async def run(self, host: Host, items: Sequence[str], call: Callable[[str], T], patience: float) -> dict[str, T]:
        """`call(item)` for each item; an item that is stuck is missing. Lasts at most twice `patience` seconds.

        Only TimedOut is taken care of: `call` returns its own failures as results.
        """
        if not items:
            return {}
        done: dict[str, T] = {}
        hanging = self._hanging
        if hanging is None or hanging.over:
            self._hanging = None
            latest: _Pass[T] = _Pass(items)
            try:
                await host.apart(self._word, latest.go, call, timeout=patience)
                if latest.over:
                    return latest.results
            except TimedOut:
                # The results so far are copied: the thread may still add to them.
                hanging = self._hanging = latest
                done.update(latest.results.copy())
        stuck = hanging.at if hanging is not None else None
        rest = [item for item in items if item not in done and item != stuck]
        slots = asyncio.Semaphore(_AT_ONCE)
        ends = asyncio.get_running_loop().time() + patience

        async def alone(item: str) -> None:
            async with slots:
                left = ends - asyncio.get_running_loop().time()
                if left <= 0:
                    return
                try:
                    done[item] = await host.apart(f"{self._word} {item}", call, item, timeout=left)
                except TimedOut:
                    return

        await asyncio.gather(*(alone(item) for item in rest))
        return done
