"""TCP: does a port take a connection, with TLS if wanted, and does a conversation of lines go as expected.

blackbox_exporter's `tcp` (CONTRACTS 6), for SMTP, IMAP, LDAP and the like: `query_response` and STARTTLS included.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final, Literal

from collector.errors import Malformed, NoData, TimedOut, Unreachable
from collector.model import NO_TLS, UNBOUNDED, Column, Device, Edge, Family, Seconds, Stream, Target, Tls
from collector.probing import Report, attempt, in_family
from collector.probing.lines import Lines
from collector.probing.place import place, unfit
from collector.probing.tls import secure
from collector.wire.re2 import expand

REGEX = Family("probe_failed_due_to_regex", "1: a line that was expected did not come.")
BYTES = Family("probe_failed_due_to_bytes", "1: bytes that were expected did not come.")
EXPECT = Family("probe_expect_info", "1: what labels were made of from the line that was expected.")

LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Label:
    """A label of `probe_expect_info`; `${1}` in its value is a group of the expression."""

    name: str
    value: str

    def __post_init__(self) -> None:
        if not LABEL.fullmatch(self.name) or self.name == "module":
            raise ValueError(f"{self.name!r} is not a label name that may be used here")


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a conversation: what is expected, then what is sent, then whether TLS begins."""

    expect: re.Pattern[str] | None = None
    expect_bytes: str = ""
    send: str = ""
    starttls: bool = False
    labels: tuple[Label, ...] = ()

    def __post_init__(self) -> None:
        if self.expect is not None and self.expect_bytes:
            raise ValueError("expect and expect_bytes exclude each other")


@dataclass(frozen=True, slots=True)
class Tcp:
    """Connects, and goes through `query_response` if there is any."""

    name: ClassVar[str] = "tcp"
    lasting: ClassVar[bool] = True

    preferred_ip_protocol: Literal["ip4", "ip6"] = "ip6"
    ip_protocol_fallback: bool = True
    source_ip_address: str = ""
    query_response: tuple[Step, ...] = ()
    tls: bool = False
    tls_config: Tls = NO_TLS
    timeout: Seconds = UNBOUNDED

    def unfit(self, device: Device, at: str) -> str:
        """Why it can't probe there; nothing where it can."""
        return unfit(at)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The probe's columns. Raises a `PollError`, with columns too."""
        return await attempt(target, edge, partial(self._probe, target, edge))

    async def _probe(self, target: Target, edge: Edge, report: Report) -> None:
        where = place(target.at)
        report.set(REGEX, 0.0)
        report.set(BYTES, 0.0)
        in_family(report, target.device.address, self.preferred_ip_protocol, fallback=self.ip_protocol_fallback)
        stream = await edge.connect(where.port, self.source_ip_address)
        name = where.host or target.device.address
        if self.tls:
            await secure(stream, self.tls_config, name, edge, report)
        lines = Lines(stream)
        for step in self.query_response:
            await self._step(step, stream, lines, name, edge, report)

    async def _step(self, step: Step, stream: Stream, lines: Lines, name: str, edge: Edge, report: Report) -> None:
        send = step.send
        if step.expect is not None:
            match = await _expected(step.expect, lines, report)
            send = expand(match, send)
            if step.labels:
                report.set(EXPECT, 1.0, **{label.name: expand(match, label.value) for label in step.labels})
        elif step.expect_bytes and not await _came(step.expect_bytes.encode(), lines):
            report.set(BYTES, 1.0)
            raise NoData("the bytes that were expected did not come", word="bytes")
        if send:
            await stream.send(f"{send}\n".encode())
        if step.starttls:
            await secure(stream, self.tls_config, name, edge, report)


async def _expected(wanted: re.Pattern[str], lines: Lines, report: Report) -> re.Match[str]:
    """The first line that fits; the others are passed over. Raises `NoData`, word `regex`."""
    try:
        while (line := await lines.next()) is not None:
            if match := wanted.search(line):
                return match
    except Malformed:
        pass  # a line that never ends is none
    report.set(REGEX, 1.0)
    raise NoData("the line that was expected did not come", word="regex")


async def _came(wanted: bytes, lines: Lines) -> bool:
    try:
        return await lines.reach(wanted)
    except (TimedOut, Unreachable):
        return False
