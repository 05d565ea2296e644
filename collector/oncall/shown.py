"""The ledger as columns, and as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from collector.model import Column, Family, column, interned, single
from collector.oncall.episode import Episode
from collector.oncall.ledger import Ledger
from collector.oncall.tallies import SEVERITIES

OPEN = Family("wardwatch_oncall_alerts_open", "Alerts that go on, as messages have told.")
UNSEEN = Family("wardwatch_oncall_alerts_unacknowledged", "Open alerts that nobody sees to now.")
OLDEST = Family(
    "wardwatch_oncall_oldest_unacknowledged_seconds", "How long the oldest open alert that nobody sees to goes on."
)
COPIES = Family("wardwatch_oncall_copies_total", "Messages that said again what was just said.", "counter")


def columns(ledger: Ledger, now: float) -> Iterator[Column]:
    """Everything, at a moment."""
    opened, unseen, oldest = (dict.fromkeys(SEVERITIES, 0.0) for _ in range(3))
    for episode in ledger.open.values():
        severity = episode.kind[1]
        opened[severity] += 1
        if not episode.seen_to(now):
            unseen[severity] += 1
            oldest[severity] = max(oldest[severity], now - episode.starts)
    for family, values in ((OPEN, opened), (UNSEEN, unseen), (OLDEST, oldest)):
        yield column(family, interned(("severity",), tuple((word,) for word in values)), values.values())
    yield single(COPIES, ledger.copies)
    yield from ledger.tallies.columns()


def listed(ledger: Ledger) -> Sequence[Mapping[str, Any]]:
    """The open alerts, as JSON has them: what `wardwatch ack` chooses from."""
    return [_listed(episode) for episode in ledger.open.values()]


def _listed(episode: Episode) -> Mapping[str, Any]:
    saved = episode.saved()
    return {key: saved[key] for key in ("fingerprint", "starts", "labels", "ack")}
