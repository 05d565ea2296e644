"""Files of the state directory. A disk that refuses or hangs is counted, told of once, and tried again later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from collector.cli.own import About
from collector.edge.host import LocalHost
from collector.edge.state import Damaged, read_state, set_aside, write_state
from collector.errors import TimedOut

DISK = 2.0
"""Seconds that the state's disk is waited for."""

log = structlog.get_logger()


class StateFiles:
    """Reads and writes them; `about` counts what failed."""

    def __init__(self, state: Path, host: LocalHost, about: About) -> None:
        self._state = state
        self._host = host
        self._about = about
        self._failing: set[str] = set()
        self._foreign: dict[str, Mapping[str, Any]] = {}
        """What the files hold that this version knows nothing of: another one may."""

    def read(self, file: str, *parts: str) -> Mapping[str, Any]:
        """A file of state. What is none of its known parts is kept for whoever understands it."""
        path = self._state / file
        saved: Mapping[str, Any] = {}
        try:
            saved = read_state(path) or {}
        except Damaged as error:
            self.failed("not read", error)
            with suppress(OSError):
                set_aside(path)
        except OSError as error:
            self.failed("not read", error)
        self._foreign[file] = {key: value for key, value in saved.items() if key not in parts}
        return saved

    async def put(self, file: str, content: Mapping[str, Any]) -> None:
        """Write a file of state; one that would hold nothing is not begun."""
        if any(content.values()) or (self._state / file).exists():
            await self.write(file, DISK, partial(_write_file, file), {**self._foreign.get(file, {}), **content})

    async def write(self, what: str, patience: float, call: Callable[[Path, Any], None], content: Any) -> bool:
        """Write state; whether it is written. A disk that refuses or hangs is counted, and tried again later."""
        try:
            await self._host.after(what, call, self._state, content, timeout=patience)
        except (OSError, TimedOut) as error:
            self.failed(f"{what} not written", error)
            return False
        self.well(f"{what} not written")
        return True

    def well(self, what: str) -> None:
        """What may have failed before does not."""
        self._failing.discard(what)

    def failed(self, what: str, error: Exception) -> None:
        """Count each time, say it once until it is well again."""
        self._about.state_failures += 1
        if what not in self._failing:
            self._failing.add(what)
            log.error(what, path=str(self._state), why=f"{type(error).__name__}: {error}")


def _write_file(file: str, state: Path, content: Mapping[str, Any]) -> None:
    write_state(state / file, content)
