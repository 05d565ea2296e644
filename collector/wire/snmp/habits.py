"""What a device may be asked at a time, and what it has taught us about itself: sizes, patience, dumbness."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from collector.wire.snmp.walk import Caps

FIRST_REPETITIONS = 10
"""Where GETBULK begins with a device it does not know (F4: Telegraf and Datadog chose 10 as well)."""

MOST_REPETITIONS = 54
"""More only where a module says so: a Zyxel GS1920 leaves out rows above 55, and nobody can see it (F4)."""

DEFAULT_REPETITIONS = 25
"""snmp_exporter's default. A module that says less knows a device that can't bear more."""

SPARE = 80
"""Bytes of a reply that are not varbinds: header, community, request id."""

GROWTH = 1.3
"""Each further attempt waits this much longer (S7), so that six fit into 13 seconds."""

JITTER = 0.1

LONGEST = 5.0
"""Patience never grows beyond this many times the class's."""

CLIMB = 0.1
"""Repetitions by which a ceiling that was met without trouble is raised: a row more after ten replies."""

RETRIAL = 16
"""Polls after which a habit that was learned from silence is put to the test again: it may have been loss."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the device's class allows (`budget.Rules`), and where a walk is cut off."""

    retries: int = 5
    patience: float = 1.0
    varbinds: int = 60
    bulk: bool = True
    request_bytes: int = 1400
    reply_bytes: int = 1400
    caps: Caps = field(default_factory=Caps)


class Learned:
    """What earlier polls found out about a device."""

    __slots__ = ("ceiling", "lone_gets", "lone_walks", "repetitions", "round_trip")

    def __init__(self) -> None:
        self.repetitions: float = FIRST_REPETITIONS
        self.ceiling = float("inf")
        self.round_trip = 0.0
        self.lone_gets = 0
        """Polls for which GETs carry one varbind (F5)."""
        self.lone_walks: dict[bytes, int] = {}
        """Polls for which a subtree is walked by GETNEXT (F4)."""

    def poll(self) -> None:
        """A poll begins."""
        self.lone_gets = max(self.lone_gets - 1, 0)
        self.lone_walks = {root: left - 1 for root, left in self.lone_walks.items() if left > 1}

    def took(self, seconds: float) -> None:
        """An answer took so long."""
        self.round_trip = max(seconds, 0.7 * self.round_trip + 0.3 * seconds)

    def wish(self, wished: int) -> int:
        """Repetitions for the next GETBULK of a module that asks for `wished`."""
        most = wished if 0 < wished < DEFAULT_REPETITIONS else max(MOST_REPETITIONS, wished)
        return int(max(1, min(self.repetitions, self.ceiling, most)))

    def fit(self, repetitions: int, attempt: int, size: int, count: int, room: int) -> None:
        """A GETBULK for so many `repetitions` brought `count` varbinds in `size` bytes where `room` is wished for.

        Replies are to fill one frame without being fragmented (F26). Small ones grow at most twofold at a time.
        """
        if attempt >= 2:
            # It took fewer rows to get through: a size is in the way, or loss.
            self.ceiling = max(repetitions, min(self.ceiling, self.repetitions) // 2)
        elif repetitions + 1 > self.ceiling:
            self.ceiling += CLIMB
        if count:
            fitting = (room - SPARE) * count // max(size - SPARE, 1)
            self.repetitions = max(1, min(2 * repetitions if attempt < 2 else self.repetitions, fitting))

    def doubt_gets(self) -> None:
        """Several varbinds in a GET were met with silence, one was not."""
        self.lone_gets = RETRIAL

    def doubt_walk(self, root: bytes) -> None:
        """GETBULKs below `root` were met with silence, a GETNEXT was not."""
        self.lone_walks[root] = RETRIAL


def patience(limits: Limits, learned: Learned, tries: int) -> float:
    """Seconds to wait for the answer to attempt `tries` (from 0): the class's, or more for a slow device."""
    usual = min(max(limits.patience, 2 * learned.round_trip), LONGEST * limits.patience)
    return usual * GROWTH**tries * random.uniform(1 - JITTER, 1 + JITTER)
