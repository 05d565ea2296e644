"""HL7 over MLLP: is an interface's port open; and, where somebody has approved it, does it acknowledge a test message.

Law before features (RELIABILITY S16, C5): a module does nothing unless it says `connect: true`, and sends a message
only with `message:` and `approved_by:`. What may be in a message is narrow (`wire.hl7`), and of a reply nothing is
kept but its code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from secrets import token_hex
from typing import ClassVar

from collector.errors import Refused, Unreachable
from collector.model import NO_TLS, UNBOUNDED, Column, Device, Edge, Family, PortNumber, Seconds, Stream, Target, Tls
from collector.probing import Report, attempt
from collector.probing.place import unfit
from collector.probing.tls import reached
from collector.wire.hl7 import ACCEPTED, Template, acknowledgement, template
from collector.wire.mllp import Frames, frame

PHASES = Family("probe_hl7_duration_seconds", "How long each phase took.")
ACK = Family("probe_hl7_ack_info", "1: the code of the acknowledgement (HL7 table 0008).")


@dataclass(frozen=True, slots=True)
class Hl7:
    """Connects to an interface and closes again, or sends one approved test message and reads its acknowledgement."""

    name: ClassVar[str] = "hl7"
    lasting: ClassVar[bool] = True

    connect: bool = False
    """Whether a connection may be made that carries nothing. Never on a port that takes one connection only."""
    message: str = ""
    approved_by: str = ""
    """Who of the interface team has approved the message."""
    port: PortNumber = PortNumber(2575)
    tls: bool = False
    tls_config: Tls = NO_TLS
    timeout: Seconds = UNBOUNDED
    sent: Template | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if bool(self.message) != bool(self.approved_by):
            raise ValueError("message and approved_by go together: who has approved that it is sent (RELIABILITY S16)")
        if not self.message and not self.connect:
            raise ValueError("does nothing: write connect: true where a connection may be made (RELIABILITY S16)")
        if self.message:
            object.__setattr__(self, "sent", template(self.message))

    def unfit(self, device: Device, at: str) -> str:
        """Why it can't probe there; nothing where it can."""
        return unfit(at, port=self.port)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The probe's columns. Raises a `PollError`, with columns too."""
        return await attempt(target, edge, partial(self._probe, target, edge))

    async def _probe(self, target: Target, edge: Edge, report: Report) -> None:
        tls = self.tls_config if self.tls else None
        stream = await reached(target, edge, report, PHASES, port=self.port, tls=tls)
        if self.sent is None:
            return
        control = token_hex(8)
        now = datetime.fromtimestamp(edge.host.wall(), UTC).strftime("%Y%m%d%H%M%S+0000")
        began = edge.clock()
        await stream.send(frame(self.sent.message(now, control)))
        reply = await _reply(stream)
        report.set(PHASES, edge.clock() - began, phase="acknowledge")
        code = acknowledgement(reply, control)
        report.set(ACK, 1.0, code=code)
        if code not in ACCEPTED:
            raise Refused(f"the message was not accepted: {code}", word=f"ack_{code.lower()}")


async def _reply(stream: Stream) -> bytes:
    """The first message that comes."""
    frames = Frames()
    while (message := frames.next()) is None:
        if not (data := await stream.receive()):
            raise Unreachable("the connection ended before an acknowledgement", word="closed")
        frames.feed(data)
    return message
