"""Small state files that survive a crash, and the locks and clocks around them."""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def write_state(path: Path, content: Mapping[str, Any]) -> None:
    """Replace a small state file: after a crash at any instant it holds the old content or the new (RELIABILITY F1).

    Raises OSError where the disk refuses; the old content then stands.
    """
    body = json.dumps(content, sort_keys=True, separators=(",", ":"))
    line = json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest()})
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(f"{line}\n{body}\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_state(path: Path) -> Mapping[str, Any] | None:
    """What `write_state` wrote; None where there is none. A damaged file is set aside as NAME.damaged."""
    try:
        line, body = path.read_text(encoding="utf-8").splitlines()
        if json.loads(line)["sha256"] != hashlib.sha256(body.encode()).hexdigest():
            raise ValueError("checksum")
        content = json.loads(body)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        try:
            path.replace(path.with_name(path.name + ".damaged"))
        except OSError:
            pass
        return None
    return content if isinstance(content, dict) else None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` against other processes while a state file is read, changed and written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class AlreadyRunning(Exception):
    """Another collector works with this state directory."""


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Be the only collector of a state directory: two would ask every device twice. Raises AlreadyRunning, OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "collector.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another collector works with the state in {directory}") from None
        yield


def changed_at(path: Path) -> int:
    """Modification time in nanoseconds; 0 where there is no such file."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def wall() -> float:
    """Unix time in seconds."""
    return time.time()


def person() -> str:
    """Who runs this process, for people to read."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"
