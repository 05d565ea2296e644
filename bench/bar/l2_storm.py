"""L2: what is no fault calls nobody, and a lost site calls once. Real Prometheus and Alertmanager; an hour is a minute.

Every message that tells a person of something that fires is counted, whatever its severity.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from bench import process
from bench.bar.row import Verdict
from deploy.local import parts
from tests.e2e.conftest import query
from tests.e2e.hospital import Hospital, hospital
from tests.e2e.wards import INTERVAL, Setting, unchanged

HOUR: float = 60.0
"""Seconds that an hour takes."""

TELLING = 8
"""Intervals after which people have been told of a device that is down: five that the alert waits for, and what polls,
rules and Alertmanager take. A site that is back before may be told of or not."""

KNOWN = 2
"""Intervals within which a lost site is known to be down, and one that is back to be fresh (B3). Who looks each
interval sees it one later."""

RESTARTED = 30.0
"""Seconds after a restart in which Prometheus may still find fault with it."""


@dataclass(frozen=True, slots=True)
class L2:
    """A hospital of which every device loses packets. Then a site vanishes a few times. Then the collector restarts,
    which another Prometheus judges: to one for which an hour takes a minute a restart is minutes long."""

    id: ClassVar[str] = "L2"
    promise: ClassVar[str] = "no false storm: what is no fault calls nobody, a lost site calls once"
    target: ClassVar[str] = (
        "24 h (quick: half of one) of 5% loss each way, a minute a second: 0 messages; a restart: 0; a site lost for "
        "10 intervals twice: 1 each, (full) for 5 twice: at most 1 each; down and fresh again within 2, 0 "
        "of anything else"
    )

    hours: float = 0.5
    lost: Sequence[int] = (10, 10)
    """Intervals for which the site vanishes, each time."""
    program: Sequence[str] = (sys.executable, "-m", "bench.bar.hurried")
    edit: Callable[[Path], None] = unchanged
    """What is done to the generated rules and routes."""

    def measure(self, seed: int) -> Verdict:
        setting = Setting(all_lossy=True, archives=0, program=self.program, edit=self.edit, seed=seed)
        with (
            TemporaryDirectory(prefix="bar-") as name,
            hospital(parts.part, process.free_port, Path(name), setting) as ward,
        ):
            ward.everyone_up()
            time.sleep(self.hours * HOUR)
            lossy = ward.told()
            polls = _sum(ward, "sum(wardwatch_polls_total)")
            retries = _sum(ward, 'sum(wardwatch_packets_total{kind="retry"})')
            outages = [ward.lose_site(intervals * INTERVAL) for intervals in self.lost]
            restarted = time.time()
            ward.restart()
            time.sleep(RESTARTED)
            after = _fired(ward, restarted)
        messages = [outage.messages for outage in outages]
        figure: dict[str, Any] = {
            "hours_of_loss": self.hours,
            "polls": polls,
            "retries": retries,
            "messages_for_loss": len({told.message for told in lossy}),
            "lost_intervals": list(self.lost),
            "messages_per_site_loss": messages,
            "alerts_in_them": [len({_named(told) for told in outage.told}) for outage in outages],
            "beside": sorted({_named(told) for outage in outages for told in outage.beside}),
            "down_after": [round(outage.down, 1) for outage in outages],
            "fresh_after": [round(outage.fresh, 1) for outage in outages],
            "alerts_after_restart": len(after),
            "why": dict(Counter(each.partition(" of ")[0] for each in {_named(told) for told in lossy} | set(after))),
        }
        once = all(n == 1 if lost >= TELLING else n <= 1 for n, lost in zip(messages, self.lost, strict=True))
        known = all(max(outage.down, outage.fresh) <= (KNOWN + 1) * INTERVAL for outage in outages)
        return Verdict(not lossy and once and not figure["beside"] and known and not after, figure)


def _named(told: Any) -> str:
    return f"{told.labels['alertname']} of {told.labels.get('instance', 'nobody')}"


def _sum(ward: Hospital, expression: str) -> int:
    found = query(ward.prometheus, expression)
    return int(float(found[0]["value"][1])) if found else 0


def _fired(ward: Hospital, since: float) -> list[str]:
    """Alerts that fired since then, by the Prometheus to which a restart is as short as it is."""
    labels = 'alertstate="firing", alertname!="Watchdog", job!="node"'
    window = max(1, int(time.time() - since))
    found = query(ward.slow, f"count by (alertname, instance) (count_over_time(ALERTS{{{labels}}}[{window}s]))")
    return [f"{row['metric']['alertname']} of {row['metric'].get('instance', 'nobody')}" for row in found]
