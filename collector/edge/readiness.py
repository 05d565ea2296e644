"""Waiting for one socket, as often as it takes, until one deadline; and for what others may wait for too."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from math import inf
from typing import Any


class Readiness:
    """Waits until a socket can be read or written. `close` when done with it.

    One timer serves all its waits: setting one for each costs more than the wait. The event loop goes on watching
    after a wait, since most end in another one soon: to watch anew costs several calls to the kernel each time.
    """

    __slots__ = ("_fd", "_late", "_loop", "_reading", "_timer", "_waiting", "_writing")

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        self._fd = sock.fileno()  # loops keep books of sockets that are given to them whole
        self._loop = loop
        self._late = False
        self._reading = False
        """The loop watches for something to read."""
        self._writing = False
        self._waiting: asyncio.Future[None] | None = None
        self._timer = loop.call_at(deadline, self._expire)

    async def readable(self) -> None:
        """Raises TimeoutError at the deadline, and at once after it. As with select(2), there may be nothing after all:
        an event that was on its way when what it told of was read."""
        if not self._reading:
            self._loop.add_reader(self._fd, self._can_read)
            self._reading = True
        if self._writing:
            self._leave_writing()
        await self._wait()

    async def writable(self) -> None:
        """As `readable`."""
        if not self._writing:
            self._loop.add_writer(self._fd, self._can_write)
            self._writing = True
        if self._reading:
            self._leave_reading()
        await self._wait()

    def close(self) -> None:
        self._timer.cancel()
        if self._reading:
            self._leave_reading()
        if self._writing:
            self._leave_writing()

    async def _wait(self) -> None:
        if self._late:
            raise TimeoutError
        self._waiting = self._loop.create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _can_read(self) -> None:
        if self._waiting is None:  # nobody wants to know now
            self._leave_reading()
        else:
            wake(self._waiting)

    def _can_write(self) -> None:
        if self._waiting is None:
            self._leave_writing()
        else:
            wake(self._waiting)

    def _leave_reading(self) -> None:
        self._loop.remove_reader(self._fd)
        self._reading = False

    def _leave_writing(self) -> None:
        self._loop.remove_writer(self._fd)
        self._writing = False

    def _expire(self) -> None:
        self._late = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(TimeoutError())


async def ended(future: asyncio.Future[Any], patience: float) -> None:
    """Wait until it has ended, `patience` seconds at most: `asyncio.wait` for one that many may wait for, at half its
    cost. It goes on, whoever gives up."""
    loop = asyncio.get_running_loop()
    waiting = loop.create_future()
    done = partial(wake, waiting)
    future.add_done_callback(done)
    timer = loop.call_later(max(patience, 0.0), done) if patience < inf else None
    try:
        await waiting
    finally:
        future.remove_done_callback(done)
        if timer is not None:
            timer.cancel()


def wake(waiting: asyncio.Future[None], ended: object = None) -> None:
    """Let who waits go on, unless somebody has; also as what a task calls that has `ended`."""
    if not waiting.done():
        waiting.set_result(None)
