"""A burst of ICMP echoes: how many are lost, how much their times differ. Names are smokeping_prober's (CONTRACTS 7).

For devices of class it: others are sent one echo an interval and no more (RELIABILITY S18).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from statistics import fmean
from typing import ClassVar, Final

from collector.errors import PollError, TimedOut
from collector.histogram import Histogram
from collector.model import UNBOUNDED, Column, Device, Echo, Edge, Family, Seconds, Target, column, interned
from collector.probing import Report, attempt
from collector.probing.place import unfit

REQUESTS = Family("smokeping_requests_total", "Echoes sent.", "counter")
RESPONSES = Family("smokeping_response_duration_seconds", "How long replies took.", "histogram")
TTL = Family("smokeping_response_ttl", "Hop limit (TTL) of the last reply.")
LOSS = Family("probe_icmp_loss_ratio", "Share of the last burst's echoes that had no reply.")
JITTER = Family("probe_icmp_jitter_seconds", "Mean difference between one reply's time and the next in the last burst.")
MEAN = Family("probe_icmp_rtt_seconds", "Mean time of the last burst's replies.")

BUCKETS: Final = tuple(0.00005 * 2**n for n in range(20))
"""Seconds: smokeping_prober's, 50 microseconds to 26.2 s (CONTRACTS 7)."""

MOST: Final = 20
"""Echoes in a burst, as smokeping has it by default."""
LEAST_GAP: Final = 0.02
"""Seconds between two echoes: what a device of class it may be sent in packets a second (RELIABILITY S4)."""


class Replies:
    """What became of one target's echoes since the program started."""

    __slots__ = ("requests", "took")

    def __init__(self) -> None:
        self.requests = 0
        self.took = Histogram(BUCKETS)

    def columns(self, module: str) -> list[Column]:
        one = interned(("module",), ((module,),))
        return [column(REQUESTS, one, (self.requests,)), *self.took.columns(RESPONSES, (("module", module),))]


@dataclass(frozen=True, slots=True)
class Burst:
    """Sends `count` echoes, one each `gap`, and fails where none is answered."""

    name: ClassVar[str] = "icmp_burst"
    lasting: ClassVar[bool] = True

    count: int = 10
    gap: Seconds = Seconds(0.1)
    patience: Seconds = Seconds(1.0)
    """Seconds for which a reply is waited for."""
    payload_size: int = 56
    timeout: Seconds = UNBOUNDED

    def __post_init__(self) -> None:
        if not 2 <= self.count <= MOST:
            raise ValueError(f"count: 2 to {MOST}")
        if self.gap < LEAST_GAP:
            raise ValueError(f"gap: at least {LEAST_GAP * 1000:.0f}ms")

    def unfit(self, device: Device, at: str) -> str:
        """Why it can't probe there; nothing where it can."""
        if device.device_class != "it":
            return f"sends many echoes; a {device.device_class} device is sent one (RELIABILITY S18): use icmp"
        return unfit(at, needs_port=False)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        """The probe's columns. Raises a `PollError`, with columns too."""
        replies = edge.memory(Replies)
        try:
            columns = await attempt(target, edge, partial(self._probe, edge, replies))
        except PollError as error:
            if error.columns:
                error.columns = [*error.columns, *replies.columns(target.module)]
            raise
        return [*columns, *replies.columns(target.module)]

    async def _probe(self, edge: Edge, replies: Replies, report: Report) -> None:
        """One echo after the other: there is one question under way to a device (RELIABILITY S3)."""
        took: list[float] = []
        sent = 0
        echo = Echo(self.payload_size, patience=self.patience)
        while sent < self.count and (sent == 0 or edge.now() + self.gap < edge.deadline):
            if sent:
                await asyncio.sleep(self.gap)
            sent += 1
            replies.requests += 1
            try:
                reply = await edge.ping(echo)
            except TimedOut:
                continue
            took.append(reply.seconds)
            replies.took.observe(reply.seconds)
            if reply.hop_limit:
                report.set(TTL, reply.hop_limit)
        report.set(LOSS, 1 - len(took) / sent)
        if not took:
            raise TimedOut(f"none of {sent} echoes was answered")
        report.set(MEAN, fmean(took))
        if len(took) > 1:
            report.set(JITTER, fmean(abs(later - earlier) for earlier, later in pairwise(took)))
