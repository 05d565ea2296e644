"""Files of /sys that are read again and again, kept open: to look a path up and close it costs most of a read."""

from __future__ import annotations

import os
import threading
import time
from typing import Final

SYSFS: Final = "/sys/"
EVENTS: Final = "/sys/kernel/uevent_seqnum"
"""Counts what happens to devices (kernel, sysfs-kernel-uevent_seqnum): one came, went, or got another name."""

MOST: Final = 256
"""Files kept open; the others are opened each time. Programs are often given 1,024 in all (getrlimit(2))."""

GLANCE: Final = 0.02
"""Seconds for which no event is looked for again: reading an interface's files takes less."""


class Attributes:
    """One thread's: it alone has them kept, for a descriptor that is closed here may be anything a moment later.

    An open file is that of a device, not of its path: it goes on telling of it under another name. So nothing stays
    open over an event. Of a device that is gone the kernel refuses to read, whoever has its file open.
    """

    def __init__(self, events: str = EVENTS, glance: float = GLANCE) -> None:
        self._thread = threading.get_ident()
        self._events = events
        self._glance = glance
        self._seen: bytes | None = None
        self._looked = float("-inf")
        self._open: dict[str, int] = {}

    def read(self, path: str) -> bytes | None:
        """As `model.Host.read`. An attribute is at most one page, and read in one go (kernel, sysfs.rst)."""
        if threading.get_ident() != self._thread:
            return once(path)
        now = time.monotonic()
        if now - self._looked > self._glance:
            self._look(now)
        fd = self._open.get(path)
        if fd is None:
            if self._seen is None or len(self._open) >= MOST:
                return once(path)
            try:
                fd = self._open[path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                return None
        try:
            return os.pread(fd, 65536, 0)
        except OSError:
            os.close(self._open.pop(path))
            return None

    def _look(self, now: float) -> None:
        seen = once(self._events)
        if seen != self._seen:
            for fd in self._open.values():
                os.close(fd)
            self._open.clear()
            self._seen = seen
        self._looked = now


def once(path: str) -> bytes | None:
    """A whole file, opened and closed; None where it is missing or may not be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        data = b""
        while chunk := os.read(fd, 65536):  # /proc hands out a page at a time: a short read is not the end
            data += chunk
    except OSError:
        return None
    finally:
        os.close(fd)
    return data
