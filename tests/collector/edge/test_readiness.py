"""Waiting for a socket until a deadline, on the loop that the program runs on."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
import uvloop

from collector.edge.readiness import Readiness

SOON = 0.05


@pytest.fixture(params=[asyncio.SelectorEventLoop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def runner(request: pytest.FixtureRequest) -> asyncio.Runner:
    return asyncio.Runner(loop_factory=request.param)


def test_it_waits_until_there_is_something_and_no_longer_than_the_deadline(runner: asyncio.Runner) -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        here, there = socket.socketpair()
        with here, there:
            here.setblocking(False)
            ready = Readiness(here, loop, loop.time() + SOON)
            await ready.writable()
            loop.call_later(SOON / 5, there.send, b"x")
            await ready.readable()
            assert here.recv(2) == b"x"
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                await ready.readable()
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
        here, there = socket.socketpair()
        with here, there:
            here.setblocking(False)
            ready = Readiness(here, loop, loop.time() + 60)
            waiting = asyncio.ensure_future(ready.readable())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            assert not loop.remove_reader(here)
            ready.close()

    with runner:
        runner.run(scene())
