"""Processes under measurement: started with their output in a file, their CPU and memory read from /proc."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def running(
    words: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process for as long as the block lasts, ended by its own pid."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in words],
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cpu(pid: int) -> float:
    """Seconds of CPU, user and system, that a process with all its threads has used. Resolution 10 ms."""
    return sum(_times(pid))


def kernel(pid: int) -> float:
    """Those of them that were spent in the kernel."""
    return _times(pid)[1]


def _times(pid: int) -> tuple[float, float]:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[11]) / _TICK, int(words[12]) / _TICK


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    return _memory(pid, "VmRSS:")


def peak(pid: int) -> int:
    """Bytes of memory that a process has held at most."""
    return _memory(pid, "VmHWM:")


def _memory(pid: int, key: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    return 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait(process: subprocess.Popen[bytes], url: str, log: Path, seconds: float = 60.0, pause: float = 0.01) -> float:
    """Seconds until `url` answers with 200. RuntimeError with the end of the log when it never does."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        if process.poll() is not None:
            break
        try:
            with opener.open(url, timeout=2):
                return time.perf_counter() - begun
        except (OSError, urllib.error.HTTPError):
            time.sleep(pause)
    said = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    raise RuntimeError(f"{process.args!r} does not answer at {url}:\n{said}")
