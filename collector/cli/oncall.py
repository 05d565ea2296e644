"""Alertmanager's webhook in a running collector: the part that is always there.

What counts calls is imported with the first message, or where earlier runs have noted some: without, nothing is read,
and nothing shown. Start-up is a promised figure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from collector.config import Config
from collector.model import Column, Host, Secret
from collector.privacy import Screen

if TYPE_CHECKING:
    from collector.cli.calls import Calls

JOURNAL: Final = "oncall.journal"
EVERY: Final = 1.0
"""Seconds between two looks at what people have acknowledged."""


class OnCall:
    """`failed` is told what of the state could not be read or written, `well` that it could."""

    def __init__(
        self,
        state: Path,
        host: Host,
        screen: Screen,
        failed: Callable[[str, Exception], None],
        well: Callable[[str], None],
    ) -> None:
        self._state = state
        self._host = host
        self._screen = screen
        self._failed = failed
        self._well = well
        self._config: Config | None = None
        self._calls: Calls | None = None
        self._begun = asyncio.Event()
        """Somebody has been called: until then nobody can have said anything."""
        self.token: Secret | None = None
        """What Alertmanager must show."""

    def load(self, config: Config) -> None:
        """The configuration from now on."""
        self._config = config
        self.token = config.settings.oncall.token
        if self._calls is not None:
            self._calls.load(config)
        elif (self._state / JOURNAL).exists():
            self._begin(config)

    def columns(self) -> Sequence[Column]:
        return self._calls.columns() if self._calls is not None else ()

    async def notified(self, body: bytes) -> None:
        """Take a message. When this returns it is on disk. Raises Refusal."""
        assert self._config is not None
        calls = self._calls or self._begin(self._config)
        await calls.notified(body)

    async def watch(self) -> None:
        """Look again and again at what people say."""
        await self._begun.wait()
        while True:
            await asyncio.sleep(EVERY)
            assert self._calls is not None
            try:
                await self._calls.look()
                self._well("on-call state")
            except Exception as error:  # noqa: BLE001 - without this loop nobody's word would be heard
                self._failed("on-call state", error)

    def _begin(self, config: Config) -> Calls:
        from collector.cli.calls import Calls

        self._calls = Calls(self._state / JOURNAL, self._host, self._screen, self._failed, self._well)
        self._calls.load(config)
        self._begun.set()
        return self._calls
