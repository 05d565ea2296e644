"""Forged traps before the trap receiver's judge, for row A9."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from collector.network.traps.counts import Counts
from collector.network.traps.notice import Refused
from collector.network.traps.senders import Sender
from collector.network.traps.usm import Usm
from tests.collector.network.traps.device import CORE, Agent, Clock, v3
from tests.collector.network.traps.forged import FORGERIES, OURS

Judge = Callable[[bytes, int, Clock], Usm]


@dataclass(slots=True)
class Tried:
    """Forged traps by name that were taken for true, or learned from; of as many genuine ones, how many were taken."""

    accepted: set[str] = field(default_factory=set)
    genuine: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where traps of one device are judged, and copies found."""

    sender: Sender
    clock: Clock
    usm: Usm
    counts: Counts = field(default_factory=Counts)

    def takes(self, data: bytes) -> bool:
        try:
            notice = self.usm.read(data, [self.sender])
        except Refused:
            return False
        return not self.counts.repeated(notice, self.clock())


def judged(judge: Judge, protocols: Sequence[str]) -> Tried:
    """Every forgery with every digest, after a genuine trap and before another one."""
    tried = Tried()
    for protocol in protocols:
        auth = v3(digest=protocol)
        for name, (_, forge) in FORGERIES.items():
            clock = Clock()
            agent, desk = Agent(auth, clock), _Desk(replace(CORE, auth=auth), clock, judge(OURS, 5, clock))
            desk.usm.load([desk.sender])
            clock.at += 1000
            first = agent.trap()
            desk.takes(first)
            known = dict(desk.usm.engines)
            if desk.takes(forge(auth, clock, first)) or desk.usm.engines != known:
                tried.accepted.add(name)
            tried.sent += 1
            tried.genuine += desk.takes(agent.trap())
    return tried
