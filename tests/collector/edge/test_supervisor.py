"""What systemd is told (sd_notify(3)), by a listener in its place."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from collector.edge.supervisor import Supervisor
from tests.conftest import ROOT, Start


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind(str(tmp_path / "notify"))
        there.settimeout(20)
        yield there


def named(listener: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": listener.getsockname(), **more}


def test_it_tells_what_it_is_told_to(listener: socket.socket) -> None:
    Supervisor(named(listener), 1).tell("READY=1", "STATUS=well")

    assert listener.recv(100) == b"READY=1\nSTATUS=well"


def test_an_abstract_socket_begins_with_a_zero() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind("")  # the kernel chooses one
        name = there.getsockname().decode()

        Supervisor({"NOTIFY_SOCKET": f"@{name[1:]}"}, 1).tell("READY=1")

        assert there.recv(100) == b"READY=1"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_where_nobody_listens_it_is_quiet(environ: dict[str, str]) -> None:
    Supervisor(environ, 1).tell("READY=1")


def test_a_listener_that_is_gone_or_full_keeps_nobody_waiting(listener: socket.socket, tmp_path: Path) -> None:
    Supervisor({"NOTIFY_SOCKET": str(tmp_path / "nowhere")}, 1).tell("READY=1")

    begun = time.monotonic()
    for _ in range(1000):
        Supervisor(named(listener), 1).tell("WATCHDOG=1")
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("environ", "every"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_signs_of_life_come_twice_as_often_as_they_are_waited_for(
    listener: socket.socket, environ: dict[str, str], every: float
) -> None:
    assert Supervisor(named(listener, **environ), 7).every == every


async def test_nobody_who_wants_none_gets_signs_of_life(listener: socket.socket) -> None:
    await asyncio.wait_for(Supervisor(named(listener), 7).live(), 1)


@pytest.mark.slow
def test_the_program_says_that_it_is_ready_lives_hangs_and_ends(
    listener: socket.socket, tmp_path: Path, start: Start
) -> None:
    environ = named(listener, WATCHDOG_USEC="200000", STATE_DIRECTORY=str(tmp_path), PYTHONPATH=str(ROOT))
    process = start(
        [sys.executable, "-m", "collector", "run", "--web.listen-address", "127.0.0.1:0"], cwd=tmp_path, env=environ
    )

    # Signs of life may come first: systemd counts them from when it is ready.
    assert b"READY=1" in [listener.recv(100) for _ in range(3)]
    assert [listener.recv(100) for _ in range(5)] == [b"WATCHDOG=1"] * 5

    process.send_signal(signal.SIGSTOP)
    listener.settimeout(1)
    with suppress(TimeoutError):
        for _ in range(3):
            listener.recv(100)
        pytest.fail("a program that stands still is not alive")
    process.send_signal(signal.SIGCONT)
    listener.settimeout(20)
    assert listener.recv(100) == b"WATCHDOG=1"

    process.send_signal(signal.SIGTERM)
    said = [listener.recv(100)]
    while said[-1] != b"STOPPING=1":
        said.append(listener.recv(100))
    assert process.wait(10) == 0
