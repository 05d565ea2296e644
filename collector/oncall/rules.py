"""What the configuration decides about alerts, and by which words they are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from collector.oncall import COPIES, IGNORED
from collector.oncall.message import Alert
from collector.oncall.tallies import OTHER, SEVERITIES

USUAL: Final = ("alertname", "severity", "owner", "service", "objective", "instance", "site", "location", "module")
"""Labels by which people tell alerts apart, most of all."""
MOST_SAID: Final = 2048
"""Characters of an alert's labels that are remembered."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`copies` in seconds; alerts named in `ignore` call nobody; `owners` are told apart; `screen` takes patient data
    out of a text."""

    copies: float = COPIES
    ignore: frozenset[str] = frozenset(IGNORED)
    owners: frozenset[str] = frozenset()
    screen: Callable[[str], str] = field(default=str)

    def calls(self, alert: Alert) -> bool:
        """Whether it calls anybody."""
        return alert.labels.get("alertname") not in self.ignore

    def owner(self, written: str) -> str:
        """The word under which an owner's alerts are counted."""
        return written if not written or written in self.owners else OTHER

    def remembered(self, alert: Alert) -> dict[str, str]:
        """Its labels for people, the usual ones first, as much as there is room for."""
        labels = alert.labels
        first = [name for name in USUAL if name in labels]
        room, kept = MOST_SAID, dict[str, str]()
        for name in (*first, *sorted(labels.keys() - set(first))):
            room -= len(name) + len(labels[name])
            if room >= 0:
                kept[self.screen(name)] = self.screen(labels[name])
        return kept


def severity_of(alert: Alert) -> str:
    """One of `SEVERITIES`."""
    severity = alert.labels.get("severity", "")
    return severity if severity in SEVERITIES else OTHER
