"""Waiting for a socket until a deadline, on the loop that the program runs on."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvloop

from collector.edge.readiness import Readiness

SOON = 0.05


@pytest.fixture(params=[asyncio.SelectorEventLoop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def runner(request: pytest.FixtureRequest) -> asyncio.Runner:
    return asyncio.Runner(loop_factory=request.param)


@contextmanager
def connected(seconds: float = 60) -> Iterator[tuple[socket.socket, socket.socket, Readiness]]:
    """Two ends of a connection, and who waits at the first of them."""
    loop = asyncio.get_running_loop()
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        yield here, there, Readiness(here, loop, loop.time() + seconds)


async def read(ready: Readiness, here: socket.socket) -> bytes:
    while True:
        await ready.readable()
        try:
            return here.recv(2)
        except BlockingIOError:
            pass


def test_it_waits_until_there_is_something_and_no_longer_than_the_deadline(runner: asyncio.Runner) -> None:
    async def scene() -> None:
        with connected(SOON) as (here, there, ready):
            await ready.writable()
            asyncio.get_running_loop().call_later(SOON / 5, there.send, b"x")
            assert await read(ready, here) == b"x"
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                await read(ready, here)
            assert time.monotonic() - began < 20 * SOON
            there.send(b"y")
            with pytest.raises(TimeoutError):
                await ready.readable()  # too late is too late
            ready.close()

    with runner:
        runner.run(scene())


def test_who_is_cancelled_leaves_nothing_behind(runner: asyncio.Runner) -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        with connected() as (here, _, ready):
            waiting = asyncio.ensure_future(ready.readable())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            ready.close()
            assert not loop.remove_reader(here)
            assert not loop.remove_writer(here)

    with runner:
        runner.run(scene())


def test_what_comes_while_nobody_waits_is_neither_lost_nor_told_of_again_and_again(runner: asyncio.Runner) -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        with connected() as (here, _, ready):
            await ready.writable()
            await asyncio.sleep(SOON)  # it can be written to all the time
            assert not loop.remove_writer(here)
            ready.close()
        with connected() as (here, there, ready):
            there.send(b"x")
            await ready.readable()
            await asyncio.sleep(SOON)
            assert not loop.remove_reader(here)
            assert await read(ready, here) == b"x"
            loop.call_later(SOON, there.send, b"y")
            assert await read(ready, here) == b"y"
            ready.close()

    with runner:
        runner.run(scene())
