"""DICOM: does an application entity take an association, answer a C-ECHO, and let go (RELIABILITY S15, C8).

A target is `[CALLED@]host[:port]`; without a called title, the module's. The time of each phase is the peer's own: the
edge acknowledges at once, so that a peer which sends its answer in two pieces does not wait for us (ECOSYSTEM 1.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from secrets import randbelow
from typing import ClassVar, Final

from collector.errors import PollError, TimedOut
from collector.model import NO_TLS, UNBOUNDED, Column, Device, Edge, Family, PortNumber, Seconds, Stream, Target, Tls
from collector.probing import Report, attempt
from collector.probing.place import place, unfit
from collector.probing.tls import reached
from collector.wire.dicom import pdu
from collector.wire.dicom.echo import Echo

PHASES = Family("probe_dicom_duration_seconds", "How long each phase took.")
RESULT = Family("probe_dicom_association_result", "1: what became of the verification, as a word of DICOM's.")
ENDING = Family("probe_dicom_association_end", "1: how the association ended.")

LONGEST: Final = Seconds(5.0)
"""Seconds for all of a verification (RELIABILITY S15)."""


@dataclass(frozen=True, slots=True)
class Dicom:
    """Verifies one application entity: association, C-ECHO, release. Nothing else of DICOM is spoken."""

    name: ClassVar[str] = "dicom"
    lasting: ClassVar[bool] = True
    interval_floor: ClassVar[float] = 300.0
    """Seconds between two verifications, also where a peer has refused one (RELIABILITY S15)."""

    calling_ae_title: str = "WARDWATCH"
    """Ours. Have it registered on the peer: many say nothing to a stranger, and some raise an alarm."""
    called_ae_title: str = ""
    port: PortNumber = PortNumber(104)
    tls: bool = False
    tls_config: Tls = NO_TLS
    timeout: Seconds = LONGEST

    def __post_init__(self) -> None:
        pdu.ae_title(self.calling_ae_title)
        if self.called_ae_title:
            pdu.ae_title(self.called_ae_title)
        if not UNBOUNDED < self.timeout <= LONGEST:
            raise ValueError(f"timeout: a verification may take at most {LONGEST:g} s (RELIABILITY S15)")

    def unfit(self, device: Device, at: str) -> str:
        """Why it can't probe there; nothing where it can."""
        if found := unfit(at, port=self.port):
            return found
        title = place(at).user or self.called_ae_title
        if not title:
            return "needs a called AE title: write it in the target, such as ARCHIVE@:104"
        try:
            pdu.ae_title(title)
        except ValueError as error:
            return f"has a called AE title that cannot be: {error}"
        return ""

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The probe's columns. Raises a `PollError`, with columns too."""
        return await attempt(target, edge, partial(self._verify, target, edge))

    async def _verify(self, target: Target, edge: Edge, report: Report) -> None:
        tls = self.tls_config if self.tls else None
        stream = await reached(target, edge, report, PHASES, port=self.port, tls=tls)
        echo = Echo(place(target.at).user or self.called_ae_title, self.calling_ae_title, randbelow(1 << 16))
        try:
            await self._converse(echo, stream, edge, report)
        finally:
            report.set(RESULT, 1.0, result=echo.outcome)
            if echo.ending:
                report.set(ENDING, 1.0, end=echo.ending)
        if (problem := echo.problem()) is not None:
            raise _said(problem, echo.outcome)

    async def _converse(self, echo: Echo, stream: Stream, edge: Edge, report: Report) -> None:
        began = edge.clock()
        while (data := echo.send()) is not None:
            if data:
                await stream.send(data)
                continue
            try:
                received = await stream.receive()
            except (TimedOut, asyncio.CancelledError) as stop:
                echo.expire()
                if abort := echo.send():
                    stream.last(abort)
                if isinstance(stop, asyncio.CancelledError):
                    raise
                return
            if not received:
                echo.closed()
                continue
            for phase in echo.receive(received):
                now = edge.clock()
                report.set(PHASES, now - began, phase=phase)
                began = now


def _said(problem: PollError, word: str) -> PollError:
    problem.word = word
    return problem
