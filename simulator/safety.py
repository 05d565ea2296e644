"""What was done to a device, counted where it cannot be argued with: at the device (RELIABILITY parts 5 C and 6)."""

from __future__ import annotations

from collections import Counter, deque
from math import inf
from typing import Any

HOLD = 0.9
"""A request that will never be answered counts as outstanding for this share of the poller's patience, or until the
same question is asked again: the device cannot know when a poller gives up, only that it has not done so before."""


class Safety:
    """The counters of one device. Times are monotonic seconds.

    A packet is a retry when it asks what the one before it asked (its request-id apart) and that one has had no
    answer yet. `window` is the span in seconds over which packets are counted together.
    """

    __slots__ = (
        "_open", "_recent", "bulk_repetitions", "deaths", "kinds", "largest_request", "most_outstanding",
        "most_packets", "most_varbinds", "patience", "quickest_retry", "replies", "reply_bytes", "retries",
        "unwelcome", "window",
    )  # fmt: skip

    def __init__(self, window: float = 1.0, patience: float = 1.0) -> None:
        self.window = window
        self.patience = patience
        self.kinds: Counter[str] = Counter()
        self.replies = 0
        self.reply_bytes = 0
        self.retries = 0
        self.quickest_retry = 0.0
        self.most_outstanding = 0
        self.most_packets = 0
        self.most_varbinds = 0
        self.largest_request = 0
        self.bulk_repetitions = 0
        self.unwelcome = 0
        self.deaths: list[str] = []
        self._recent: deque[float] = deque()
        self._open: dict[object, tuple[float, float]] = {}
        """Questions under way: when last asked, and when the first answer leaves (infinity: not as far as is known)."""

    @property
    def packets(self) -> int:
        """All packets that came, whatever was in them."""
        return self.kinds.total()

    @property
    def recent(self) -> int:
        """Packets in the window that ended with the last one."""
        return len(self._recent)

    @property
    def outstanding(self) -> int:
        """Requests under way as of the last packet."""
        return len(self._open)

    def arrived(self, kind: str, size: int, now: float) -> None:
        """A packet of `size` bytes came."""
        self.kinds[kind] += 1
        self.largest_request = max(self.largest_request, size)
        recent = self._recent
        recent.append(now)
        oldest = now - self.window
        while recent[0] <= oldest:
            recent.popleft()
        self.most_packets = max(self.most_packets, len(recent))

    def asked(self, question: object, varbinds: int, now: float) -> float | None:
        """A request was understood; the seconds since it was last asked when it is a retry, else None."""
        self.most_varbinds = max(self.most_varbinds, varbinds)
        if self._open:
            given_up = now - HOLD * self.patience
            self._open = {
                each: (asked, answer)
                for each, (asked, answer) in self._open.items()
                if answer > now and (asked > given_up or each == question)
            }
        before = self._open.pop(question, None)
        # A retry is answered when the answer to an earlier copy leaves.
        self._open[question] = (now, before[1] if before else inf)
        self.most_outstanding = max(self.most_outstanding, len(self._open))
        if before is None:
            return None
        pause = now - before[0]
        self.quickest_retry = min(self.quickest_retry, pause) if self.retries else pause
        self.retries += 1
        return pause

    def answered(self, question: object, size: int, at: float, now: float) -> None:
        """An answer leaves at `at`; until then the question is outstanding."""
        self.replies += 1
        self.reply_bytes += size
        held = self._open.get(question)
        if held is None:
            return
        if at <= now:
            del self._open[question]
        else:
            self._open[question] = (held[0], min(held[1], at))

    def served(
        self, kind: str, size: int, varbinds: int, repetitions: int, question: object, reply: int, now: float
    ) -> None:
        """`arrived`, `asked` and `answered` at once, for a request that is answered on the spot."""
        self.arrived(kind, size, now)
        self.bulk_repetitions = max(self.bulk_repetitions, repetitions)
        if self._open or varbinds > self.most_varbinds or not self.most_outstanding:
            self.asked(question, varbinds, now)
            self._open.pop(question, None)
        self.replies += 1
        self.reply_bytes += reply

    def report(self) -> dict[str, Any]:
        """The counters as JSON can hold them; `docs/simulator.md` explains each."""
        return {
            "packets": self.packets,
            "kinds": dict(sorted(self.kinds.items())),
            "replies": self.replies,
            "reply_bytes": self.reply_bytes,
            "retries": self.retries,
            "quickest_retry_seconds": round(self.quickest_retry, 6) if self.retries else None,
            "unwelcome": self.unwelcome,
            "most_outstanding": self.most_outstanding,
            "most_packets_in_window": self.most_packets,
            "window_seconds": self.window,
            "most_varbinds": self.most_varbinds,
            "most_repetitions": self.bulk_repetitions,
            "largest_request_bytes": self.largest_request,
            "deaths": list(self.deaths),
        }
