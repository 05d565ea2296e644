"""On what terms something is sent to a device: when it may go, until when it is waited for, where it is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Pace(Protocol):
    """Who is asked before each packet: `budget.Allowance`."""

    def wait(self, now: float, deadline: float) -> float: ...

    def unsent(self, now: float) -> None: ...

    def answered(self) -> None: ...


class Tally:
    """Packets of one device by kind, since the program started."""

    __slots__ = ("kinds", "received", "repeated", "sent", "stray", "waited")

    def __init__(self) -> None:
        self.sent = self.repeated = self.received = self.stray = 0
        self.kinds: dict[str, int] = {}
        """Packets sent by `Dialogue.kind`, those included that were sent again: together they are `sent`."""
        self.waited = 0.0
        """Seconds from each last question to its answer, added up."""

    def count(self, kind: str, packets: int = 1) -> None:
        """So many packets went out."""
        self.sent += packets
        self.kinds[kind] = self.kinds.get(kind, 0) + packets

    def add(self, other: Tally) -> None:
        """Count what was counted elsewhere too."""
        for kind, packets in other.kinds.items():
            self.count(kind, packets)
        self.repeated += other.repeated
        self.received += other.received
        self.stray += other.stray
        self.waited += other.waited


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a dialogue goes out: until when (monotonic seconds), who is asked, where it is counted."""

    deadline: float
    pace: Pace
    tally: Tally
