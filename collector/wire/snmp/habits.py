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

LONG_NAME = 48
"""Bytes to reckon for a name in a question for several columns."""

GROWTH = 1.3
"""Each further attempt waits this much longer (S7), so that six fit into 14 seconds."""

JITTER = 0.1

LONGEST = 5.0
"""Patience never grows beyond this many times the class's."""

CLIMB = 0.1
"""Repetitions by which a ceiling that was met without trouble is raised: a row more after ten replies."""

FRAME = 1400
"""Bytes of a reply that fits into one Ethernet frame (F26): where every device begins."""

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
    reply_bytes: int = FRAME
    caps: Caps = field(default_factory=Caps)

    @property
    def names(self) -> int:
        """Most columns in one question."""
        return max(1, min(self.varbinds, (self.request_bytes - SPARE) // LONG_NAME))


class Learned:
    """What earlier polls found out about a device."""

    __slots__ = (
        "ceiling", "clean", "lone_gets", "lone_walks", "longest", "repetitions", "round_trip", "rows", "setbacks",
        "size",
    )  # fmt: skip

    def __init__(self) -> None:
        self.clean = 0
        """Polls in which nothing went wrong; below zero: how many more before larger replies are tried again."""
        self.setbacks = 0
        self.longest = float("inf")
        """Bytes beyond which the device cuts its replies off."""
        self.size = 30.0
        """Bytes of a varbind."""
        self.rows: dict[bytes, int] = {}
        """Rows of each table that is read with its columns abreast, by its first column."""
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
        return int(max(1, min(self.repetitions, self.ceiling, most_repetitions(wished))))

    def room(self, limit: int) -> int:
        """Bytes of reply to ask for where the class allows `limit`: a frame more for each clean poll but the first."""
        return int(min(limit, FRAME * max(1, self.clean), self.longest))

    def varbinds(self, room: int) -> int:
        """How many varbinds a reply of `room` bytes holds."""
        return int(max(1, min((room - SPARE) / self.size, self.ceiling)))

    def measure(self, size: int, count: int) -> None:
        """A reply of `size` bytes held `count` varbinds."""
        self.size = max((size - SPARE) / count, 0.9 * self.size)

    def set_back(self) -> None:
        """A large reply, or one of several columns, did not come or was none: back to one frame, twice as long each
        time (F4, F26)."""
        self.clean = -(RETRIAL << min(self.setbacks, 10))
        self.setbacks += 1

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
            self.measure(size, count)
            fitting = (room - SPARE) * count // max(size - SPARE, 1)
            self.repetitions = max(1, min(2 * repetitions if attempt < 2 else self.repetitions, fitting))

    def doubt_gets(self) -> None:
        """Several varbinds in a GET were met with silence, one was not."""
        self.lone_gets = RETRIAL

    def doubt_walk(self, root: bytes) -> None:
        """GETBULKs below `root` were met with silence, a GETNEXT was not."""
        self.lone_walks[root] = RETRIAL


def most_repetitions(wished: int) -> int:
    """Most repetitions of a GETBULK in a module that asks for `wished`."""
    return wished if 0 < wished < DEFAULT_REPETITIONS else max(MOST_REPETITIONS, wished)


def patience(limits: Limits, learned: Learned, tries: int) -> float:
    """Seconds to wait for the answer to attempt `tries` (from 0): the class's, or more for a slow device."""
    usual = min(max(limits.patience, 2 * learned.round_trip), LONGEST * limits.patience)
    # Never less than the class's: a device may die of a retry that comes a moment too soon (C4).
    return usual * GROWTH**tries * random.uniform(1 + JITTER / 4, 1 + JITTER)
