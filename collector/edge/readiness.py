"""Waiting for one socket, as often as it takes, until one deadline."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any


class Readiness:
    """Waits until a socket can be read or written. One timer serves all its waits: setting one for each costs more
    than the wait. `close` when done with it."""

    __slots__ = ("_late", "_loop", "_socket", "_timer", "_waiting")

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        self._socket = sock
        self._loop = loop
        self._late = False
        self._waiting: asyncio.Future[None] | None = None
        self._timer = loop.call_at(deadline, self._expire)

    async def readable(self) -> None:
        """Raises TimeoutError at the deadline, and at once after it."""
        await self._until(self._loop.add_reader, self._loop.remove_reader)

    async def writable(self) -> None:
        """As `readable`."""
        await self._until(self._loop.add_writer, self._loop.remove_writer)

    def close(self) -> None:
        self._timer.cancel()

    async def _until(self, watch: Callable[..., Any], leave: Callable[[socket.socket], Any]) -> None:
        if self._late:
            raise TimeoutError
        self._waiting = waiting = self._loop.create_future()
        watch(self._socket, wake, waiting)
        try:
            await waiting
        finally:
            leave(self._socket)
            self._waiting = None

    def _expire(self) -> None:
        self._late = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(TimeoutError())


def wake(waiting: asyncio.Future[None], ended: object = None) -> None:
    """Let who waits go on, unless somebody has; also as what a task calls that has `ended`."""
    if not waiting.done():
        waiting.set_result(None)
