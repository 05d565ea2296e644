"""Orthanc: the archive's own figures, `GET /tools/metrics-prometheus`, under its own names (CONTRACTS 13).

Its page gives every sample a time of its own and no type; here the samples are as fresh as the poll, and typed. Only
figures are read: no name of a patient, study or instance is on that page (RELIABILITY S22).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Final

from collector.errors import Malformed
from collector.model import NO_TLS, UNBOUNDED, Column, Device, Edge, Family, Kind, Seconds, Secret, Target, Tls
from collector.probing import Report, attempt
from collector.probing.http import AGENT, Answer, Exchange, Request, basic, granted
from collector.probing.place import host_header, place, unfit_url, whole
from collector.probing.tls import secure

COUNTERS: Final = frozenset({"orthanc_last_change"})
"""What only grows while the archive lives. All else goes up and down: what is stored, jobs in its history, times."""

MOST: Final = 200
"""Figures that are taken; Orthanc 1.12 has some thirty."""

_SAMPLE = re.compile(r"(orthanc_[a-z0-9_]{1,80}) ([0-9.eE+-]{1,32})(?: [0-9]+)?")
_PATH: Final = "tools/metrics-prometheus"


@dataclass(frozen=True, slots=True)
class Orthanc:
    """Reads the figures of an archive. A target is the base URL of its REST API; the usual port is 8042."""

    name: ClassVar[str] = "orthanc"
    lasting: ClassVar[bool] = True

    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    tls_config: Tls = NO_TLS
    timeout: Seconds = UNBOUNDED

    def unfit(self, device: Device, at: str) -> str:
        """Why it can't probe there; nothing where it can."""
        return unfit_url(at)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The probe's columns. Raises a `PollError`, with columns too."""
        return await attempt(target, edge, partial(self._probe, target, edge))

    async def _probe(self, target: Target, edge: Edge, report: Report) -> None:
        said = place(target.at)
        base = whole(said, target.device.address)
        stream = await edge.connect(base.port if said.port or said.scheme else PORT)
        if base.scheme == "https":
            await secure(stream, self.tls_config, base.host, edge, report)
        headers = [("Host", host_header(base)), ("User-Agent", AGENT), ("Connection", "close")]
        if self.username:
            headers.append(("Authorization", basic(self.username, self.password.reveal())))
        exchange = Exchange(stream, edge.clock)
        answer = await exchange.ask(Request("GET", f"{base.path.rstrip('/')}/{_PATH}", headers))
        await exchange.read(answer, keep=True)
        granted(answer)
        found = 0
        for name, value in _figures(answer):
            kind: Kind = "counter" if name in COUNTERS else "gauge"
            report.set(Family(name, "Orthanc's own figure of that name.", kind), value)
            found += 1
        if not found:
            raise Malformed("no figure of Orthanc's in the answer", word="no_figures")


PORT: Final = 8042
"""Orthanc's HttpPort where nothing else is configured."""


def _figures(answer: Answer) -> Iterator[tuple[str, float]]:
    for number, line in enumerate(answer.body.decode("ascii", "replace").splitlines()):
        if number >= MOST:
            return
        if match := _SAMPLE.fullmatch(line.strip()):
            try:
                yield match[1], float(match[2])
            except ValueError:
                continue
