"""NTP: is a time server there, does its clock follow another, and how far is it from ours (IHE Consistent Time).

The offset is against the clock of the machine this runs on, whose own discipline `node_timex_*` tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_bytes
from typing import ClassVar

from collector.errors import NoData, Refused
from collector.model import UNBOUNDED, Column, Device, Edge, Family, PortNumber, Seconds, Target
from collector.probing import Report, attempt
from collector.probing.place import place, unfit
from collector.probing.question import Question
from collector.wire import ntp

OFFSET = Family("probe_ntp_offset_seconds", "How far the server's clock is ahead of this machine's.")
DELAY = Family("probe_ntp_delay_seconds", "How long question and answer were under way.")
STRATUM = Family("probe_ntp_stratum", "Distance from a reference clock: 1 is beside one, 16 has none.")
LEAP = Family("probe_ntp_leap", "Leap indicator: 3 is a clock that is not synchronised.")
ROOT_DELAY = Family("probe_ntp_root_delay_seconds", "Delay to the reference clock, as the server says.")
ROOT_DISPERSION = Family("probe_ntp_root_dispersion_seconds", "Error to the reference clock, as the server says.")
REACH = Family("probe_ntp_reach", "The last eight probes, the latest lowest: a bit for each that was answered.")

HISTORY = 0xFF
"""ntpd's reach register has eight bits (RFC 5905 section 13)."""


class Reach:
    """Which of the last eight probes were answered."""

    __slots__ = ("register",)

    def __init__(self) -> None:
        self.register = 0

    def take(self, answered: bool) -> None:
        self.register = (self.register << 1 | answered) & HISTORY


@dataclass(frozen=True, slots=True)
class Ntp:
    """Asks once. It fails where the server says that its clock follows none, and beyond `max_offset`."""

    name: ClassVar[str] = "ntp"
    lasting: ClassVar[bool] = True

    port: PortNumber = PortNumber(123)
    max_stratum: int = 15
    max_offset: Seconds = UNBOUNDED
    """Seconds either way; not said: any will do."""
    timeout: Seconds = UNBOUNDED

    def unfit(self, device: Device, at: str) -> str:
        """Why it can't probe there; nothing where it can."""
        return unfit(at, port=self.port)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The probe's columns. Raises a `PollError`, with columns too."""

        async def probe(report: Report) -> None:
            await self._ask(target, edge, report)

        return await attempt(target, edge, probe)

    async def _ask(self, target: Target, edge: Edge, report: Report) -> None:
        cookie, wall = token_bytes(ntp.COOKIE), edge.host.wall
        moments: list[float] = []
        replies: list[ntp.Reply] = []

        def ask() -> bytes:
            moments.append(wall())
            return ntp.request(cookie)

        def take(packet: bytes) -> bool:
            arrived = wall()
            if (reply := ntp.read(packet, cookie)) is not None:
                moments.append(arrived)
                replies.append(reply)
            return bool(replies)

        question, reach = Question(edge, "ntp", ask, take), edge.memory(Reach)
        await edge.udp(question, place(target.at).port or self.port)
        reach.take(bool(replies and not replies[0].kiss))
        report.set(REACH, reach.register)
        question.settle()
        sent, arrived = moments
        self._judge(replies[0], sent, arrived, report)

    def _judge(self, reply: ntp.Reply, sent: float, arrived: float, report: Report) -> None:
        if reply.kiss:
            raise Refused(f"the server wants to be left alone: {reply.kiss}", word=f"kiss_{reply.kiss.lower()}")
        offset = reply.offset(sent, arrived)
        report.set(OFFSET, offset)
        report.set(DELAY, reply.delay(sent, arrived))
        report.set(STRATUM, reply.stratum)
        report.set(LEAP, reply.leap)
        report.set(ROOT_DELAY, reply.root_delay)
        report.set(ROOT_DISPERSION, reply.root_dispersion)
        if not reply.synchronised:
            raise NoData("the server's clock follows no other", word="not_synchronised")
        if reply.stratum > self.max_stratum:
            raise NoData(f"stratum {reply.stratum} is more than {self.max_stratum}", word="stratum")
        if self.max_offset and abs(offset) > self.max_offset:
            raise NoData(f"the clocks are {abs(offset):.3f} s apart", word="offset")
