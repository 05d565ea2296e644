"""How good the data are of which all else is made: how much of the inventory is measured, how fresh, how whole."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards import names as n
from dashboards.rule import Record
from dashboards.timing import Timing

FRESH = 600
"""Seconds, two of the longest usual interval: an archive is asked every five minutes (RELIABILITY S15)."""

QUANTILES = ("0.5", "0.95", "1")

_SINCE = "(time() - wardwatch_poll_last_success_timestamp_seconds)"


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
    # A table that was read in part makes its module's answer incomplete.
    whole = "wardwatch_poll_success unless on (instance, module) wardwatch_poll_incomplete == 1"
    yield Record(n.COMPLETENESS, f"avg(({whole}) or 0 * wardwatch_poll_success)")
    fresh = f"{_SINCE} < bool {_seconds(timing)}"
    yield Record(n.FRESHNESS, f"avg({fresh} or 0 * wardwatch_poll_success)")
    for quantile in QUANTILES:
        yield Record(n.AGE, f"quantile({quantile}, {_SINCE})", {"quantile": quantile})


def _seconds(timing: Timing) -> str:
    return f"{FRESH / timing.scale:g}"
