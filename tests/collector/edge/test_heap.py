"""What has stayed is not looked at any more; what was replaced is, once; and the program ends as it began."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import suppress

import pytest

from collector.edge import heap


class Ring:
    """An object that only the garbage collector can free."""

    def __init__(self) -> None:
        self.itself = self


async def settling(care: heap.Heap) -> asyncio.Task[None]:
    task = asyncio.create_task(care.settle())
    await asyncio.sleep(0)
    return task


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def until_more(than: int) -> None:
    async with asyncio.timeout(5):
        while gc.get_freeze_count() <= than:
            await asyncio.sleep(0.01)


async def test_what_stays_is_set_aside_and_a_reload_finds_what_was_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "FIRST", 0.05)
    thresholds, care = gc.get_threshold(), heap.Heap()
    task = await settling(care)
    try:
        assert gc.get_threshold() == heap.THRESHOLDS
        at_first = gc.get_freeze_count()
        assert at_first > 0
        kept = [Ring() for _ in range(5000)]
        await until_more(at_first + 5000)
        gone = weakref.ref(kept[0])
        kept.clear()
        gc.collect()
        assert gone() is not None  # set aside: nobody looks
        care.renew()
        async with asyncio.timeout(5):
            while gone() is not None:
                await asyncio.sleep(0.01)
    finally:
        await ended(task)
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == thresholds


async def test_rings_that_never_were_old_are_freed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    task = await settling(heap.Heap())
    try:
        gone = weakref.ref(Ring())
        young = [[n] for n in range(2 * heap.THRESHOLDS[0])]
        assert gone() is None
        assert young
    finally:
        await ended(task)


async def test_what_stays_is_put_into_huge_pages_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[None] = []
    monkeypatch.setattr(heap, "FIRST", 0.01)
    monkeypatch.setattr(heap.hugepages, "gather", lambda: times.append(None))
    task = await settling(heap.Heap())
    try:
        async with asyncio.timeout(5):
            while len(times) < 3:
                await asyncio.sleep(0.01)
    finally:
        await ended(task)
