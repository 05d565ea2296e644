"""What the web server asks of the rest of the program. `collector.cli` hands it one; tests hand it fakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from collector.model import Column


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of the host's collectors a page shows: node_exporter's `collect[]` and `exclude[]`, never both."""

    collect: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()

    def wants(self, collector: str) -> bool:
        return collector in self.collect if self.collect else collector not in self.exclude


EVERYTHING = Choice()


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device as the landing page shows it."""

    name: str
    device_class: str
    kind: str
    site: str
    location: str
    state: str
    """One word: `up`, `down`, `unknown`, `paused`, `passive`, `partial` or `elsewhere`; the page knows their order."""
    reason: str
    """Why, where the state is no good news; else empty."""
    last_poll_age: float | None
    """Seconds since the last poll ended; None: never polled."""
    duration: float | None
    """Seconds that the last poll took."""


class Source(Protocol):
    """Everything that is shown. Nothing here blocks the event loop."""

    async def host_page(self, choice: Choice, patience: float) -> Sequence[Column]:
        """This machine's series and the program's own, answered within `patience` seconds. Raises KeyError(name) for
        a collector in `choice.collect` that there is not."""

    async def device_page(self, name: str, patience: float) -> Sequence[Column]:
        """A device's series, answered within `patience` seconds. Raises KeyError for a device that is not listed."""

    def groups(self, shard: tuple[int, int] | None) -> Sequence[Mapping[str, Any]]:
        """The inventory as http_sd target groups; `(2, 5)`: the second of five shares, counted from 1."""

    def overview(self) -> Sequence[DeviceLine]:
        """Every device, in any order."""

    async def reload(self) -> Sequence[str]:
        """Read the configuration again. Returns the problems, `file:line: where: what` each; then nothing changed."""

    def ready(self) -> bool:
        """Whether the configuration is in use and pages can be served."""

    @property
    def config_digest(self) -> str:
        """SHA-256, in hex, of the configuration in use."""
