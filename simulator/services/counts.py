"""What was said to a service, counted where it cannot be argued with: at the service."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Wrong(Exception):
    """A client said what none may say; the message is a bounded word for a counter."""


class Counts:
    """The counters of one service."""

    __slots__ = ("bytes", "connections", "most_open", "open", "said", "wrong")

    def __init__(self) -> None:
        self.connections = 0
        self.open = 0
        self.most_open = 0
        self.bytes = 0
        """All that came over its connections, TCP's own apart."""
        self.said: Counter[str] = Counter()
        """What clients wanted, in the service's words."""
        self.wrong: Counter[str] = Counter()

    def opened(self) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)

    def closed(self) -> None:
        self.open -= 1

    def report(self) -> dict[str, Any]:
        """The counters as JSON can hold them; `docs/simulator.md` explains each."""
        return {
            "connections": self.connections,
            "most_open": self.most_open,
            "bytes": self.bytes,
            "said": dict(sorted(self.said.items())),
            "wrong": dict(sorted(self.wrong.items())),
        }
