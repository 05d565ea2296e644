"""Small state files that survive a crash, and the locks and clocks around them."""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def write_state(path: Path, content: Mapping[str, Any]) -> None:
    """Replace a small state file: after a crash at any instant it holds the old content or the new (RELIABILITY F1).

    Raises OSError where the disk refuses; the old content then stands.
    """
    body = json.dumps(content, sort_keys=True, separators=(",", ":"))
    line = json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest()})
    _directory(path.parent)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with os.fdopen(_written(beside), "w", encoding="utf-8") as file:
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


def _written(path: Path) -> int:
    """A descriptor for a file to be written from its beginning. No link is followed.

    What root makes in somebody else's directory belongs to them: a person who orders something as root must not leave
    files behind that the collector, which is nobody there, can neither read nor lock.
    """
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        owner = path.parent.stat()
        if os.geteuid() == 0 and owner.st_uid != 0:
            os.fchown(number, owner.st_uid, owner.st_gid)
    except OSError:
        os.close(number)
        raise
    return number


def _directory(path: Path) -> None:
    """Make it, where it is missing; it belongs to whom the one above does, as above."""
    if path.is_dir():
        return
    path.mkdir(parents=True, exist_ok=True)
    owner = path.parent.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


class Damaged(Exception):
    """A state file does not hold what was written into it."""


def read_state(path: Path) -> Mapping[str, Any] | None:
    """What `write_state` wrote; None where there is none.

    Raises Damaged, and OSError where it cannot be read now: neither says that nothing was written, so the file stays.
    """
    try:
        line, body = path.read_bytes().decode().splitlines()
        if json.loads(line)["sha256"] != hashlib.sha256(body.encode()).hexdigest():
            raise ValueError("checksum")
        content = json.loads(body)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise Damaged(f"{path} is damaged") from None
    if not isinstance(content, dict):
        raise Damaged(f"{path} is damaged")
    return content


def set_aside(path: Path) -> None:
    """Keep a damaged file as NAME.damaged, for a person to look at. Raises OSError."""
    path.replace(path.with_name(path.name + ".damaged"))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` against other processes while a state file is read, changed and written."""
    _directory(path.parent)
    with os.fdopen(_written(path), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class AlreadyRunning(Exception):
    """Another process does what only one may do at a time."""


@contextmanager
def sole(path: Path, otherwise: str) -> Iterator[None]:
    """Hold `path` while nobody else does. Raises AlreadyRunning with `otherwise`, and OSError."""
    _directory(path.parent)
    with os.fdopen(_written(path), "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(otherwise) from None
        yield


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Be the only collector of a state directory: two would ask every device twice. Raises AlreadyRunning, OSError."""
    with sole(directory / "collector.lock", f"another collector works with the state in {directory}"):
        yield


def version(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is replaced, within one tick of the file system's clock too; None: there is none.

    Raises OSError.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


class Watcher(Generic[T]):
    """Notices that a file changed that `read` reads."""

    def __init__(self, path: Path, read: Callable[[], T]) -> None:
        self._path = path
        self._read = read
        self._seen: tuple[int, int, int] | None = None

    def changed(self) -> T | None:
        """What is in it now, or None while it is as it was. A file that has vanished is as it was.

        Raises Damaged and OSError for as long as it cannot be read.
        """
        found = version(self._path)
        if found is None or found == self._seen:
            return None
        content = self._read()
        self._seen = found
        return content

    def forget(self) -> None:
        """Tell all of it again: nothing came of it."""
        self._seen = None


def wall() -> float:
    """Unix time in seconds."""
    return time.time()


def person() -> str:
    """Who runs this process, for people to read."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"


def monotonic() -> float:
    """Seconds that never go back."""
    return time.monotonic()
