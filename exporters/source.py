"""What the web server asks of the rest of the program. `collector.cli` hands it one; tests hand it fakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from collector.config.urls import Urls
from collector.model import Column, Secret
from exporters.standing import Standing


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
    """A device as the pages show it."""

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
    modules: str = ""
    """What it is asked for, with commas."""
    place: str = ""
    """Where switches see it, and how that is; empty: nobody looks."""
    since: float | None = None
    """Seconds for which it has answered, or not answered; None: not known, as neither was seen to begin."""


@dataclass(frozen=True, slots=True)
class Question:
    """What `/snmp` is asked: each parameter given as often as it may be. Nothing else is known of it."""

    target: str
    auth: str
    """Empty: not said."""
    modules: tuple[str, ...]
    context: str
    engine_id: str
    strict: bool
    """Whether the asker wants an answer only where snmp_exporter would give one."""


@dataclass(frozen=True, slots=True)
class ProbeQuestion:
    """What `/probe` is asked."""

    target: str
    module: str
    hostname: str
    """Whom to ask a web server for, where the target does not say; empty: not said."""


@dataclass(frozen=True, slots=True)
class Scrape:
    """The answer to a `Question`."""

    columns: Sequence[Column]
    faults: Sequence[str]
    """Why there is none, in snmp_exporter's words; empty: there is."""
    seconds: Mapping[str, float]
    """How long the poll of each module took, of polls that were in no answer before."""
    unexpected: int = 0
    """Variables in those of a type that SNMP has not."""


class Refusal(Exception):
    """A question that is not answered; the text is for whoever asked."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        """400: there is no such thing. 403: it may not be asked. 408, 413, 415: not like this. 429, 503: not now."""


class Source(Protocol):
    """Everything that is shown. Nothing here blocks the event loop."""

    async def host_page(self, choice: Choice, patience: float) -> Sequence[Column]:
        """This machine's series and the program's own, answered within `patience` seconds. Raises KeyError(name) for
        a collector in `choice.collect` that there is not."""

    async def device_page(self, name: str, patience: float) -> Sequence[Column]:
        """A device's series, answered within `patience` seconds. Raises KeyError for a device that is not listed."""

    async def snmp_page(self, question: Question, patience: float) -> Scrape:
        """What modules read of a device, answered within `patience` seconds, which may be infinite. Raises Refusal."""

    async def probe_page(self, question: ProbeQuestion, patience: float) -> Sequence[Column]:
        """What a probe has found, answered within `patience` seconds. Raises Refusal."""

    async def notified(self, body: bytes) -> None:
        """Take a message of Alertmanager: when this returns it is on disk. Raises Refusal."""

    def webhook_token(self) -> Secret | None:
        """What Alertmanager must show to be heard; None: a login will do, or that it comes from this machine."""

    def groups(self, shard: tuple[int, int] | None, asked: str) -> Sequence[Mapping[str, Any]]:
        """The inventory as http_sd target groups; `(2, 5)`: the second of five shares, counted from 1. `asked` is the
        host:port by which the asker has reached us; empty: not known."""

    def overview(self) -> Sequence[DeviceLine]:
        """Every device, in any order."""

    async def standing(self) -> Standing:
        """How services stand by Prometheus, within some seconds, however many people ask; without it, what is known
        here."""

    async def reload(self) -> Sequence[str]:
        """Read the configuration again. Returns the problems, `file:line: where: what` each; then nothing changed."""

    def ready(self) -> bool:
        """Whether the configuration is in use and pages can be served."""

    @property
    def config_digest(self) -> str:
        """SHA-256, in hex, of the configuration in use."""

    @property
    def urls(self) -> Urls:
        """Where people find things."""
