"""Processes that never outlive the one that starts them. Linux; standard library only.

Each child is the leader of a session of its own, so that Ctrl-C at the terminal reaches the supervisor alone, which
then stops its children in its own order. The kernel kills them should the supervisor be killed first.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 8.0
"""From SIGTERM to SIGKILL. wardwatch ends within 5 s; Prometheus writes its head to disk meanwhile."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Child:
    """A running process and the file that holds its output."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_words(self, lines: int = 10) -> list[str]:
        """The end of its log."""
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 16_384))
            return log.read().decode(errors="replace").splitlines()[-lines:]


def start(name: str, words: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> Child:
    """Start `words` with its output in `log`, written anew. `env` adds to the environment. Raises OSError."""
    log.parent.mkdir(parents=True, exist_ok=True)
    parent = os.getpid()

    def die_with_parent() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have gone before the call above: then nobody would ever send the signal.
        if os.getppid() != parent:
            os._exit(1)

    with log.open("wb") as output:
        process = subprocess.Popen(
            words,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - the supervisor has one thread
        )
    return Child(name, process, log)


def stop(children: Sequence[Child], grace: float = GRACE_SECONDS) -> list[str]:
    """Stop all of them with SIGTERM, after `grace` seconds with SIGKILL. The names of those that had to be killed."""
    for child in children:
        _signal(child, signal.SIGTERM)
    deadline = time.monotonic() + grace
    killed = []
    for child in children:
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            killed.append(child.name)
        # Whatever a child started itself is in its group, and goes with it.
        _signal(child, signal.SIGKILL)
        child.process.wait()
    return killed


def _signal(child: Child, number: signal.Signals) -> None:
    try:
        os.killpg(child.process.pid, number)
    except ProcessLookupError:
        pass
