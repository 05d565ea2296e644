"""The garbage collector of a program that keeps much for long: it is not to look at all of that again and again.

What is learned of a device stays, and is a thousand objects or more; reading one makes and drops as many. CPython looks
for rings among young objects whenever 700 more were made than dropped, and among all of them whenever these grew by a
quarter. With 10,000 small devices that was a quarter of the collector's CPU, and held up everything for seconds at a
time (`python -m bench.scale small --full`). So the young may be more, and what has stayed is set aside
(`gc.freeze`): it is freed as ever by its count of references, and no longer looked at. It is then kept in huge pages,
too (`hugepages`).
"""

from __future__ import annotations

import asyncio
import gc
from typing import Final

from collector.edge import hugepages

THRESHOLDS: Final = (20_000, 20, 50)
"""Objects made and not dropped at which the youngest are looked at, and after how many such looks their elders are."""
FIRST: Final = 20.0
"""Seconds until what has stayed is set aside the first time; each time after that is twice as far off. Whatever ring
is in use at such a moment and dropped later stays in memory: seldom, and ever more seldom, it costs nothing to speak
of."""


class Heap:
    """Sets aside what has stayed. One for the whole program."""

    def __init__(self) -> None:
        self._renewed = asyncio.Event()

    async def settle(self) -> None:
        """Go on until cancelled; everything is as before then."""
        before = gc.get_threshold()
        gc.set_threshold(*THRESHOLDS)
        gc.freeze()
        try:
            while True:
                wait = FIRST
                while not await self._renewal(wait):
                    gc.collect(1)  # the young alone: the whole would hold everything up
                    gc.freeze()
                    await asyncio.to_thread(hugepages.gather)
                    wait *= 2
                gc.unfreeze()
                gc.collect()
                gc.freeze()
        finally:
            gc.unfreeze()
            gc.set_threshold(*before)

    def renew(self) -> None:
        """Much was replaced, as by a reload: look at everything once, then begin anew."""
        self._renewed.set()

    async def _renewal(self, wait: float) -> bool:
        try:
            await asyncio.wait_for(self._renewed.wait(), wait)
        except TimeoutError:
            return False
        self._renewed.clear()
        return True
