"""What every test may ask for: real parts, free ports, processes that never outlive their test, golden files."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pytest
import structlog
from hypothesis import settings

from deploy.local import parts

ROOT = Path(__file__).resolve().parents[1]

# How long an example takes says how busy the machine is: no test fails for that.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: no collection of garbage need look at it each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """A command that configures logging does so for its own test only."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def part() -> Callable[[str], Path]:
    """`part("promtool")` is the real part's executable, fetched where it is missing.

    A part that can't be had fails the test with its name: a silent skip would let a whole contract go untested.
    """

    def get(name: str) -> Path:
        try:
            return parts.part(name)
        except parts.MissingPart as problem:
            pytest.fail(f"real part missing: {problem}", pytrace=False)

    return get


@pytest.fixture(scope="session")
def free_port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], int]:
    """`free_port()` is a port free now for TCP and UDP on every loopback address, and given out once: to one of the
    processes that run tests beside each other."""
    own = tmp_path_factory.getbasetemp()
    given = (own.parent if hasattr(request.config, "workerinput") else own) / "ports"
    given.mkdir(exist_ok=True)

    def get() -> int:
        for _ in range(100):
            with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                tcp.bind(("127.0.0.1", 0))
                port: int = tcp.getsockname()[1]
                try:
                    udp.bind(("0.0.0.0", port))
                    (given / str(port)).touch(exist_ok=False)
                except OSError:
                    continue
            return port
        pytest.fail("no free port on this machine", pytrace=False)

    return get


class Start(Protocol):
    def __call__(
        self, words: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[bytes]: ...


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(["program", ...])` runs a process; its output goes to `tmp_path/process-N.log`, shown if the test fails.

    It is stopped by its own pid when the test ends: SIGTERM, five seconds, SIGKILL. `env` adds to the environment.
    """
    running: list[tuple[subprocess.Popen[bytes], Path]] = []

    def run(
        words: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[bytes]:
        log = tmp_path / f"process-{len(running)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(word) for word in words],
                env={**os.environ, **(env or {})},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running.append((process, log))
        return process

    yield run
    for process, _ in running:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 5
    for process, log in running:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # pytest shows captured output of a failed test only.
        print(f"--- {process.args!r} ended with {process.returncode}\n{log.read_text(errors='replace')[-4000:]}")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """`golden(path, text)`: the text is what the file holds; `pytest --update-golden` writes it instead."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        if not path.exists():
            pytest.fail(f"no golden file {path.relative_to(ROOT)}: write it with pytest --update-golden", pytrace=False)
        assert text == path.read_text(encoding="utf-8"), f"{path.relative_to(ROOT)} differs; pytest --update-golden"

    return compare
