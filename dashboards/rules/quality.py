"""How good the data are of which all else is made: how much of the inventory is measured, how fresh, how whole.

Sums and counts of one series each: of 40,000 modules one join would cost more than all of this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dashboards import names as n
from dashboards.rule import Record
from dashboards.timing import Timing

FRESH: Final = 600
"""Seconds, two of the longest usual interval: an archive is asked every five minutes (RELIABILITY S15)."""

_READ = "wardwatch_poll_last_success_timestamp_seconds"


def rules(timing: Timing) -> Iterator[Record]:
    """Devices and hosts are what Prometheus is told to scrape, whether or not it gets anything of them."""
    seen = (
        "max by (instance) (wardwatch_poll_success) == 1",
        'max by (instance) (wardwatch_equipment_state{state!="unknown"}) == 1',
        'max by (instance) (up{job="node"}) == 1',
    )
    measured = "\n  or on (instance) ".join(seen)
    everything = 'count(count by (instance) (up{job=~"node|device"}))'
    yield Record(n.COVERAGE, f"(count(\n  {measured}\n) or vector(0))\n/ {everything}")
    yield Record(n.MODULES, "count(wardwatch_poll_success)")
    # A table that was read in part makes its module's answer incomplete, which succeeded otherwise.
    partly = "count(count by (instance, module) (wardwatch_poll_incomplete == 1)) or vector(0)"
    yield Record(n.COMPLETENESS, f"(sum(wardwatch_poll_success) - ({partly}))\n/ {n.MODULES}")
    # Modules that were never read are in the one number and not in the other.
    yield Record(n.FRESHNESS, f"(count({_READ} > time() - {FRESH / timing.scale:g}) or vector(0))\n/ {n.MODULES}")
    yield Record(n.AGE, f"time() - quantile(0.05, {_READ})", {"quantile": "0.95"})
    yield Record(n.AGE, f"time() - min({_READ})", {"quantile": "1"})
