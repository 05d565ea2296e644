"""How far the questions of a walk reach, and what answers teach about that."""

from __future__ import annotations

from collector.wire.snmp import message, outcome
from collector.wire.snmp.habits import FIRST_REPETITIONS, FRAME, Learned, Limits
from collector.wire.snmp.question import Asked
from collector.wire.snmp.walk import COMPLETE


class Stride:
    """Of one conversation, whose walks come one after the other. `bulk`: there are GETBULKs."""

    __slots__ = ("_bulk", "_doubt", "_learned", "_limits", "_lone", "_most", "_root", "_shortened", "_wish")

    def __init__(self, learned: Learned, limits: Limits, *, bulk: bool) -> None:
        self._learned = learned
        self._limits = limits
        self._bulk = bulk
        self._shortened = 0
        """Times that it took fewer rows to get an answer."""
        self.begin(b"", 0)

    def begin(self, root: bytes, wish: int) -> None:
        """A walk of `root`, for modules that wish for so many repetitions."""
        self._root = root
        self._wish = wish
        self._most = 0
        """Repetitions beyond which the device has refused in this walk; 0: it has not."""
        self._doubt = False
        """A GETNEXT was answered where GETBULKs were not, once."""
        self._lone = not self._bulk or root in self._learned.lone_walks
        """By GETNEXT only."""

    def ask(self, last: bytes, attempt: int, attempts: int, now: float) -> Asked:
        """What comes after `last`, in the shape that the number of the attempt suggests, of so many."""
        # The last two attempts are GETNEXTs, for agents that are dumb to GETBULK (F4); where that has just worked,
        # two GETBULKs are enough to be sure.
        fallback = 2 if self._doubt else max(2, attempts - 2)
        if self._lone or (attempt >= fallback and attempts > 2):
            return Asked("next", (last,), 0, attempt, now)
        repetitions = self._learned.wish(self._wish)
        if self._most:
            repetitions = min(repetitions, self._most)
        if attempt >= 2:
            repetitions = max(1, min(repetitions, FIRST_REPETITIONS) >> attempt - 1)
        return Asked("bulk", (last,), repetitions, attempt, now)

    def heard(self, asked: Asked, size: int, count: int) -> None:
        """That was answered with `count` varbinds in `size` bytes."""
        if asked.kind == "bulk":
            self._doubt = False
            self._shortened += asked.attempt >= 2
            room = min(self._limits.reply_bytes, FRAME)
            self._learned.fit(asked.repetitions, asked.attempt, size, count, room, again=self._shortened > 1)
        elif not self._lone:
            if self._doubt:
                self._lone = True
                self._learned.doubt_walk(self._root)
            self._doubt = True

    def refused(self, asked: Asked, status: int) -> str:
        """That was answered with an error status, which ends peers' walks as if they were complete; ours asks for less
        first (F3). The word for why the walk is over; empty: it goes on."""
        if status == message.NO_SUCH_NAME:
            return COMPLETE  # how v1 says that there is nothing more
        if status in (message.NO_ACCESS, message.AUTHORIZATION_ERROR) or asked.kind != "bulk":
            return outcome.word(status)
        if asked.repetitions > 1:
            self._most = asked.repetitions // 2
            if status == message.TOO_BIG:
                self._learned.ceiling = self._most
        else:
            self._lone = True
        return ""
