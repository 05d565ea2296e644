"""What a device may be asked at a time, and what it has taught us about itself: sizes, patience, dumbness."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collector.wire.snmp.walk import Caps

FIRST_REPETITIONS = 10
"""Where GETBULK begins with a device it does not know (F4: Telegraf and Datadog chose 10 as well)."""

MOST_REPETITIONS = 54
"""More only where a module says so: a Zyxel GS1920 leaves out rows above 55, and nobody can see it (F4)."""

DEFAULT_REPETITIONS = 25
"""snmp_exporter's default. A module that says less knows a device that can't bear more."""

SPARE = 80
"""Bytes of a reply that are not varbinds: header, community, request id."""

AROUND = 6
"""Bytes around a name in a question."""

LONG_NAME = 42
"""Bytes to reckon for a name in a question for several columns where its index is not known."""

GROWTH = 1.3
"""Each further attempt waits this much longer (S7), so that six fit into 14 seconds."""

JITTER = 0.1

LONGEST = 5.0
"""Patience never grows beyond this many times the class's."""

CLIMB = 0.1
"""Repetitions by which a ceiling that was met without trouble is raised: a row more after ten replies."""

FRAME = 1400
"""Bytes of a reply that fits into one Ethernet frame (F26): where every device begins."""

DOUBLINGS = 10
"""Times that what a device is asked for at once is doubled: more than any class allows."""

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

    def names(self, longest: int = LONG_NAME) -> int:
        """Most names in one question, of so many bytes each."""
        return max(1, min(self.varbinds, (self.request_bytes - SPARE) // (longest + AROUND)))


LOSSES = 2
"""Silent attempts at a question for several columns that are taken for lost packets. With one, where a twentieth of
packets is lost each way, most devices were read column by column most of the time: in more packets, of which more are
lost (`python -m bench.scale small`)."""

NOTED = 64
"""Most tables of a device that are remembered over a restart."""


class Learned:
    """What earlier polls found out about a device."""

    __slots__ = (
        "_age", "ceiling", "clean", "engine_id", "lone_gets", "lone_rows", "lone_walks", "longest",
        "parted", "repetitions", "round_trip", "rows", "setbacks", "size", "sizes", "unheard",
    )  # fmt: skip

    def __init__(self) -> None:
        self._age = 0
        self.clean = 0
        """Polls in which nothing went wrong; below zero: how many more before larger replies are tried again."""
        self.setbacks = 0
        self.longest = float("inf")
        """Bytes beyond which the device cuts its replies off."""
        self.size = 30.0
        """Bytes of a varbind."""
        self.sizes: dict[bytes, float] = {}
        """The same of what is read abreast, by its first column: texts here say nothing of numbers there."""
        self.rows: dict[bytes, int] = {}
        """Rows of each table that is read with its columns abreast, by its entry."""
        self.repetitions: float = FIRST_REPETITIONS
        self.ceiling = float("inf")
        self.round_trip = 0.0
        self.lone_gets = 0
        """Polls for which GETs carry one varbind (F5)."""
        self.lone_walks: dict[bytes, int] = {}
        """Polls for which a subtree is walked by GETNEXT (F4)."""
        self.lone_rows = 0
        """Polls for which a GETBULK has no non-repeaters."""
        self.unheard = 0
        """GETBULKs with them, the latest ones, to which no answer came."""
        self.parted = 0
        """Times that an answer to one made no sense."""
        self.engine_id = b""
        """Of SNMPv3, where the device has answered with it (S14); its clock is not worth keeping over a restart."""

    def poll(self) -> None:
        """A poll begins."""
        self._age += 1
        if self._age % RETRIAL == 0:
            # Longer replies cost nothing where they are cut off again, and another device may be behind the address.
            self.longest = float("inf")
        if self.clean >= RETRIAL:
            self.setbacks = 0
        self.lone_gets = max(self.lone_gets - 1, 0)
        self.lone_rows = max(self.lone_rows - 1, 0)
        self.lone_walks = {root: left - 1 for root, left in self.lone_walks.items() if left > 1}

    def took(self, seconds: float) -> None:
        """An answer took so long."""
        self.round_trip = max(seconds, 0.7 * self.round_trip + 0.3 * seconds)

    def wish(self, wished: int) -> int:
        """Repetitions for the next GETBULK of a module that asks for `wished`."""
        return int(max(1, min(self.repetitions, self.ceiling, most_repetitions(wished))))

    def room(self, limit: int) -> int:
        """Bytes of a reply with several columns where the class allows `limit`: a frame after a first clean poll, twice
        as many after each one more. 0: no such replies, for the class has no room or the device is not known so far.
        """
        if self.clean <= 0 or limit <= FRAME:
            return 0
        return int(min(limit, FRAME << min(self.clean - 1, DOUBLINGS), self.longest))

    def varbinds(self, room: int, column: bytes, size: float = 0.0) -> int:
        """How many varbinds a reply of `room` bytes holds where `column` is the first that is read, and those so far
        took `size` bytes each. Counted in steps of a sixteenth at most: what is asked together stays the same while
        numbers grow by a byte here and there, and so does what is known of how to read it (`row.look`)."""
        most = int(max(1, min((room - SPARE) / max(size, self.sizes.get(column, self.size)), self.ceiling)))
        return most - most % (1 << max(0, most.bit_length() - 5))

    def measure(self, size: int, count: int) -> None:
        """A reply of `size` bytes held `count` varbinds."""
        self.size = max((size - SPARE) / count, 0.9 * self.size)

    def set_back(self) -> None:
        """A large reply, or one of several columns, did not come or was none: back to one frame, twice as long each
        time (F4, F26)."""
        self.clean = -(RETRIAL << min(self.setbacks, 10))
        self.setbacks += 1

    def fit(self, repetitions: int, attempt: int, size: int, count: int, room: int, *, again: bool) -> None:
        """A GETBULK for so many `repetitions` brought `count` varbinds in `size` bytes where `room` is wished for.
        `again`: it has taken fewer rows to get an answer more than once in this poll.

        Replies are to fill one frame without being fragmented (F26). Small ones grow at most twofold at a time.
        """
        if attempt >= 2:
            # Once that may be loss; twice in a poll a size is in the way.
            if again:
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

    def doubt_non_repeaters(self) -> None:
        """A GETBULK with non-repeaters was answered in a way that makes no sense: none for a while, twice as long each
        time."""
        self.lone_rows = RETRIAL << min(self.parted, 10)
        self.parted += 1

    def miss_non_repeaters(self) -> None:
        """A GETBULK with them was not answered. Now and then that is loss; where none is answered there are none for a
        while, and then one to try."""
        self.unheard += 1
        if self.unheard > LOSSES:
            self.lone_rows = RETRIAL

    def doubt_walk(self, root: bytes) -> None:
        """GETBULKs below `root` were met with silence, a GETNEXT was not."""
        self.lone_walks[root] = RETRIAL

    def saved(self) -> Mapping[str, Any]:
        """What is worth knowing after a restart, as JSON has it."""
        known: dict[str, Any] = {
            "clean": self.clean,
            "setbacks": self.setbacks,
            "size": round(self.size, 1),
            "repetitions": round(self.repetitions, 1),
            "lone_gets": self.lone_gets,
            "lone_rows": self.lone_rows,
            "parted": self.parted,
            "lone_walks": {root.hex(): left for root, left in list(self.lone_walks.items())[:NOTED]},
            "engine_id": self.engine_id.hex(),
            "tables": {table.hex(): rows for table, rows in list(self.rows.items())[:NOTED]},
        }
        limits = {"longest": self.longest, "ceiling": self.ceiling}
        return known | {name: limit for name, limit in limits.items() if limit != float("inf")}

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> Learned:
        """What `saved` gave in an earlier run; what is not in it is as with a device that was never met.

        Raises ValueError, TypeError or AttributeError for what `saved` never gives.
        """
        made = cls()
        made.clean = int(saved.get("clean", 0))
        made.setbacks = max(int(saved.get("setbacks", 0)), 0)
        made.size = max(float(saved.get("size", made.size)), 1.0)
        made.repetitions = max(float(saved.get("repetitions", made.repetitions)), 1.0)
        made.ceiling = max(float(saved.get("ceiling", made.ceiling)), 1.0)
        made.longest = max(float(saved.get("longest", made.longest)), FRAME)
        made.lone_gets = min(max(int(saved.get("lone_gets", 0)), 0), RETRIAL)
        made.lone_rows = max(int(saved.get("lone_rows", 0)), 0)
        made.parted = max(int(saved.get("parted", 0)), 0)
        lone, rows = saved.get("lone_walks", {}), saved.get("tables", {})
        made.engine_id = bytes.fromhex(saved.get("engine_id", ""))
        made.lone_walks = {bytes.fromhex(root): min(int(left), RETRIAL) for root, left in lone.items()}
        made.rows = {bytes.fromhex(table): max(int(count), 0) for table, count in rows.items()}
        return made


def most_repetitions(wished: int) -> int:
    """Most repetitions of a GETBULK in a module that asks for `wished`."""
    return wished if 0 < wished < DEFAULT_REPETITIONS else max(MOST_REPETITIONS, wished)


def patience(limits: Limits, learned: Learned, tries: int) -> float:
    """Seconds to wait for the answer to attempt `tries` (from 0): the class's, or more for a slow device."""
    usual = min(max(limits.patience, 2 * learned.round_trip), LONGEST * limits.patience)
    # Never less than the class's: a device may die of a retry that comes a moment too soon (C4).
    return usual * GROWTH**tries * random.uniform(1 + JITTER / 4, 1 + JITTER)
