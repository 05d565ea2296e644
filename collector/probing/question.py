"""A question of one datagram and its answer, for probes that speak UDP."""

from __future__ import annotations

from collections.abc import Callable

from collector.errors import BY_REASON, Malformed, TimedOut
from collector.model import Edge


class Question:
    """`ask` makes the datagram when it may go; `take` reads one that comes, and says whether it is the answer.

    It is sent once: what is measured is the answer to it, and whoever loses datagrams should be seen to (a
    `model.Dialogue`). `take` may raise `Malformed`; the wait for another goes on.
    """

    def __init__(self, edge: Edge, kind: str, ask: Callable[[], bytes], take: Callable[[bytes], bool]) -> None:
        self.kind = kind
        self.patience = edge.deadline - edge.now()
        self._ask = ask
        self._take = take
        self._asked = self._answered = False
        self._cut = ""
        self._fault: Malformed | None = None

    def send(self) -> bytes | None:
        if self._asked:
            return None
        self._asked = True
        return self._ask()

    def receive(self, packet: bytes) -> bool:
        try:
            self._answered = self._take(packet)
        except Malformed as fault:
            self._fault = fault
        return self._answered

    def silence(self) -> None:
        self._cut = TimedOut.reason

    def expire(self, reason: str) -> None:
        self._cut = reason

    def settle(self) -> None:
        """Raises the `PollError` that says why there is no answer; nothing where there is one."""
        if self._answered:
            return
        if self._cut in ("", TimedOut.reason):
            raise self._fault or TimedOut("no answer in time")
        raise BY_REASON[self._cut](self._cut)
