"""A connection as services see it: bytes counted, bounded, and an end where a client has gone."""

from __future__ import annotations

import asyncio

from simulator.services.counts import Counts, Wrong

LONGEST = 65_536
"""Bytes of a head, a message or a unit; nothing that is asked here is longer."""


class Conversation:
    """One client. Reading raises `asyncio.IncompleteReadError` where it goes in the middle."""

    __slots__ = ("_counts", "_reader", "_writer")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: Counts) -> None:
        self._reader = reader
        self._writer = writer
        self._counts = counts

    async def exactly(self, size: int) -> bytes:
        """Raises Wrong for more than LONGEST."""
        if size > LONGEST:
            raise Wrong("too long")
        data = await self._reader.readexactly(size)
        self._counts.bytes += size
        return data

    async def until(self, end: bytes) -> bytes:
        """All up to `end` and with it. Raises Wrong for more than LONGEST."""
        try:
            data = await self._reader.readuntil(end)
        except asyncio.LimitOverrunError:
            raise Wrong("too long") from None
        self._counts.bytes += len(data)
        return data

    async def ended(self) -> bool:
        """Whether the client closes now; False: it says more."""
        data = await self._reader.read(1)
        self._counts.bytes += len(data)
        return not data

    async def say(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()
