"""The numbers that only grow, each under a bounded number of labels, whatever Alertmanager sends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final

from collector.edge.journal import Record
from collector.histogram import Histogram
from collector.model import Column, Family, column, rows
from collector.oncall.episode import Kind
from collector.oncall.hours import CLASSES

NOTIFICATIONS = Family(
    "wardwatch_oncall_notifications_total",
    "Messages about alerts by receiver, highest severity, class of hour and what they said; copies are left out.",
    "counter",
)
STARTED = Family("wardwatch_oncall_alerts_started_total", "Alerts of which a message said that they began.", "counter")
ENDED = Family("wardwatch_oncall_alerts_ended_total", "Alerts of which a message said that they ended.", "counter")
UNTOUCHED = Family(
    "wardwatch_oncall_alerts_ended_without_action_total", "Alerts that ended and were never acknowledged.", "counter"
)
FLAPPING = Family(
    "wardwatch_oncall_alerts_flapping_total", "Times that an alert had begun again three times in an hour.", "counter"
)
ACKNOWLEDGED = Family("wardwatch_oncall_alerts_acknowledged_total", "Alerts that somebody acknowledged.", "counter")
LOST = Family("wardwatch_oncall_alerts_lost_total", "Alerts whose end nobody told, by reason.", "counter")
TRUNCATED = Family("wardwatch_oncall_alerts_truncated_total", "Alerts that Alertmanager cut off messages.", "counter")
FORGOTTEN = Family("wardwatch_oncall_forgotten_total", "What was forgotten early for want of room.", "counter")
TOOK = Family(
    "wardwatch_oncall_time_to_acknowledge_seconds", "From an alert's beginning to its acknowledgement.", "histogram"
)

_KIND: Final = ("alertname", "severity", "owner")
_OF_KIND: Final = (STARTED, ENDED, UNTOUCHED, FLAPPING, ACKNOWLEDGED)
_LABELS: Final = {
    NOTIFICATIONS: ("receiver", "severity", "hours", "status"),
    **dict.fromkeys(_OF_KIND, _KIND),
    LOST: ("reason",),
    TRUNCATED: (),
    FORGOTTEN: ("what",),
}
_BY_NAME: Final = {family.name: family for family in _LABELS}
_ZERO: Final = {LOST: (("silent",), ("forgotten",)), TRUNCATED: ((),), FORGOTTEN: (("alert",), ("message",))}
"""Rows that are always there."""

BOUNDS: Final = (60.0, 180.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 4 * 3600.0, 12 * 3600.0, 86_400.0)
"""Seconds. Among them 15 minutes, the usual target for a priority 1 (KPIS 2.2)."""

SEVERITIES: Final = ("critical", "warning", "other")
"""The two of HOUSE 3, the most urgent first, and whatever else."""
OTHER: Final = "other"
MOST_NAMES: Final = 200
"""Alert names that are told apart: more than twice as many as are shipped."""
MOST_RECEIVERS: Final = 50
MOST_KINDS: Final = 1_000
"""Alert name, severity and owner together."""


class Tallies:
    """Counts by family and labels. Which words are told apart is decided in the order in which they came."""

    def __init__(self) -> None:
        self.counts: dict[Family, dict[tuple[str, ...], int]] = {family: {} for family in _LABELS}
        for family, keys in _ZERO.items():
            self.counts[family].update(dict.fromkeys(keys, 0))
        self.took = {severity: Histogram(BOUNDS) for severity in SEVERITIES}
        self._names: set[str] = set()
        self._kinds: set[Kind] = set()
        self._receivers: set[str] = set()

    def add(self, family: Family, key: tuple[str, ...] = (), count: int = 1) -> None:
        of = self.counts[family]
        of[key] = of.get(key, 0) + count

    def kind(self, name: str, severity: str, owner: str) -> Kind:
        """The words under which such an alert is counted."""
        if name not in self._names:
            name = self._one_more(self._names, name, MOST_NAMES)
        kind = (name, severity, owner)
        if kind not in self._kinds:
            if len(self._kinds) >= MOST_KINDS:
                return (OTHER, severity, OTHER)
            self._kinds.add(kind)
            for family in _OF_KIND:  # from zero, so that a first end, say, is an increase
                self.counts[family].setdefault(kind, 0)
        return kind

    def receiver(self, name: str) -> str:
        """The word under which messages to a receiver are counted."""
        if name not in self._receivers:
            name = self._one_more(self._receivers, name, MOST_RECEIVERS)
            counts = self.counts[NOTIFICATIONS]
            for key in product((name,), SEVERITIES, CLASSES, ("firing", "resolved")):
                counts.setdefault(key, 0)
        return name

    def _one_more(self, known: set[str], word: str, most: int) -> str:
        if word not in known:
            if len(known) >= most:
                return OTHER
            known.add(word)
        return word

    def columns(self) -> Iterator[Column]:
        for family, counts in self.counts.items():
            if counts:
                yield column(family, rows(_LABELS[family], counts), counts.values())
        for severity, histogram in self.took.items():
            yield from histogram.columns(TOOK, (("severity", severity),))

    def saved(self) -> Iterator[Record]:
        for family, counts in self.counts.items():
            for key, count in counts.items():
                yield ["count", family.name, list(key), count]
        for severity, histogram in self.took.items():
            yield ["took", severity, *histogram.saved()]

    def restore(self, record: Record) -> None:
        """Take up what `saved` gave. What this version knows nothing of is passed over."""
        match record:
            case ["count", str(name), list(key), int(count)] if name in _BY_NAME:
                self._restore(_BY_NAME[name], tuple(map(str, key)), count)
            case ["took", str(severity), list(counts), int() | float() as total] if severity in self.took:
                self.took[severity].restore(counts, total)

    def _restore(self, family: Family, key: tuple[str, ...], count: int) -> None:
        if len(key) != len(_LABELS[family]):
            return
        if family in _OF_KIND:
            self._names.add(key[0])
            self._kinds.add((key[0], key[1], key[2]))
        elif family is NOTIFICATIONS:
            self._receivers.add(key[0])
        self.counts[family][key] = count


def most_urgent(severities: Iterable[str]) -> str:
    found: Sequence[str] = sorted(severities, key=SEVERITIES.index)
    return found[0] if found else OTHER
