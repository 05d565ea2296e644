"""The machine this process runs on."""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import queue
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import psutil

from collector.edge.attributes import SYSFS, Attributes, once
from collector.edge.readiness import ended
from collector.errors import TimedOut

T = TypeVar("T")


_TIMEX_FIELDS: Final = (
    "modes", "offset", "freq", "maxerror", "esterror", "status", "constant", "precision", "tolerance", "tv_sec",
    "tv_usec", "tick", "ppsfreq", "jitter", "shift", "stabil", "jitcnt", "calcnt", "errcnt", "stbcnt", "tai",
)  # fmt: skip
_TIMEX: Final = struct.Struct("@Illllillllllllillllli44x")
"""struct timex of <sys/timex.h> (adjtimex(2)), as it is laid out here."""


_WHOLE: Final = (
    "/proc/sys/", "/proc/pressure/", "/proc/loadavg", "/proc/meminfo", "/proc/stat", "/proc/net/netstat",
    "/proc/net/snmp", "/proc/net/sockstat",
)  # fmt: skip
"""Files that the kernel hands out in one go, to who has room for them: they are `single_open` in its source, or
settings. Of the others it hands out what fits into a page, and the end is where it says so."""


class _Aside:
    """Threads for calls that can hang. Daemons: one that never comes back cannot keep the program from ending."""

    def __init__(self) -> None:
        self._idle: list[queue.SimpleQueue[Callable[[], None]]] = []

    def submit(self, work: Callable[[], None]) -> None:
        try:
            inbox = self._idle.pop()
        except IndexError:
            inbox = queue.SimpleQueue()
            threading.Thread(target=self._serve, args=(inbox,), name="apart", daemon=True).start()
        inbox.put(work)

    def _serve(self, inbox: queue.SimpleQueue[Callable[[], None]]) -> None:
        while True:
            inbox.get()()
            self._idle.append(inbox)


class LocalHost:
    """The machine this process runs on (`model.Host`)."""

    def __init__(self) -> None:
        self.system = platform.system().lower()
        self.psutil: Any = psutil
        self._aside = _Aside()
        self._busy: dict[str, asyncio.Future[Any]] = {}
        self._late: set[str] = set()
        self._open: dict[str, int] = {}
        self._attributes = Attributes()
        self._timex = ctypes.create_string_buffer(_TIMEX.size)  # `modes` stays 0: nothing is set
        self._libc: Any = ctypes.CDLL(None, use_errno=True) if self.system == "linux" else None

    def read(self, path: str) -> bytes | None:
        # The machine's own files of /proc stay open: read again from the start they are new, for a third of the cost
        # (the kernel keeps the buffer it has grown). Those of a process come and go.
        fd = self._open.get(path)
        if fd is not None:
            return self._again(path, fd)
        if path.startswith(SYSFS):
            return self._attributes.read(path)
        if not path.startswith("/proc/") or not path[6].isalpha() or path.startswith("/proc/self"):
            return once(path)
        try:
            fd = self._open[path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        return self._again(path, fd)

    def _again(self, path: str, fd: int) -> bytes | None:
        try:
            data = os.pread(fd, 65536, 0)
            if len(data) < 65536 and path.startswith(_WHOLE):
                return data
            while chunk := os.pread(fd, 65536, len(data)):
                data += chunk
        except OSError:  # a module was unloaded: the path is looked up anew next time
            os.close(self._open.pop(path))
            return None
        return data

    def list(self, path: str) -> Sequence[str]:
        try:
            return sorted(os.listdir(path))  # noqa: PTH208 - names only, on the hot path
        except OSError:
            return ()

    def link(self, path: str) -> str | None:
        try:
            return os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))  # noqa: PTH115,PTH118,PTH120
        except OSError:
            return None

    async def apart(self, item: str, call: Callable[..., T], *args: Any, timeout: float) -> T:  # noqa: ASYNC109
        if item in self._late:
            raise TimedOut(f"{item}: an earlier call has not come back")
        future = self._busy.get(item)
        if future is None:
            future = self._busy[item] = self._start(item, call, args)
        await ended(future, timeout)
        if not future.done():
            self._late.add(item)
            raise TimedOut(f"{item}: no answer within {timeout:g} s")
        result: T = future.result()
        return result

    async def after(self, item: str, call: Callable[..., T], *args: Any, timeout: float) -> T:  # noqa: ASYNC109
        """As `apart`, but the answer is never that of an earlier call: one in flight is waited for, in the same time.
        For what writes: the last word must be the last written."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while (earlier := self._busy.get(item)) is not None and item not in self._late:
            done, _ = await asyncio.wait((earlier,), timeout=deadline - loop.time())
            if not done:
                self._late.add(item)
        return await self.apart(item, call, *args, timeout=max(deadline - loop.time(), 0.0))

    def stuck(self) -> Sequence[str]:
        return sorted(self._late)

    def statvfs(self, path: str) -> Any:
        return os.statvfs(path)

    def adjtimex(self) -> Mapping[str, int] | None:
        if self._libc is None:
            return None
        state = self._libc.adjtimex(self._timex)
        if state < 0:
            return None
        return {**dict(zip(_TIMEX_FIELDS, _TIMEX.unpack(self._timex), strict=True)), "state": state}

    def wall(self) -> float:
        return time.time()

    def _start(self, item: str, call: Callable[..., Any], args: tuple[Any, ...]) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def settle(result: Any, error: BaseException | None) -> None:
            self._busy.pop(item, None)
            self._late.discard(item)
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
                future.exception()  # seen: a call that fails after its poll gave up is nobody's news

        def work() -> None:
            result, problem = None, None
            try:
                result = call(*args)
            except BaseException as error:  # noqa: BLE001 - handed to the asker, whatever it is
                problem = error
            try:
                loop.call_soon_threadsafe(settle, result, problem)
            except RuntimeError:
                pass  # the loop has closed while the call hung

        self._aside.submit(work)
        return future
