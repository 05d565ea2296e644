"""Who was called, how soon somebody saw to it, and how long alerts last (KPIS 2.2, N27). What it means: docs/oncall.md.

Cheap, for nothing here is as large as the estate: a handful of series for each receiver and owner, every five minutes.
A window reads one sample of each for every five minutes, 8,640 for 30 days; the collector's own counters are read
once. Whole numbers stay whole, which `increase` would not keep, and the first call of all counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dashboards import names as n
from dashboards.rule import Group, Record
from dashboards.timing import Timing

EVERY: Final = 300
"""Seconds: people read these, nothing pages by them."""

WINDOWS: Final = ("7d", "30d")
LONGEST: Final = "30d"
"""For so long a collector may be away, and what it has counted meanwhile is still told from what it had before."""

ABOUT: Final = (
    "On call: who was called and when, how soon somebody saw to it, how long alerts last. See docs/oncall.md.",
)

_OF_ALERTS: Final = {
    "started": "wardwatch_oncall_alerts_started_total",
    "ended": "wardwatch_oncall_alerts_ended_total",
    "untouched": "wardwatch_oncall_alerts_ended_without_action_total",
    "flapping": "wardwatch_oncall_alerts_flapping_total",
}
_FIRING: Final = 'ALERTS{alertstate="firing", alertname!="Watchdog"}'
_WHOSE: Final = "sum by (severity, owner)"


def group(timing: Timing) -> Group:
    """`timing` has its own interval set aside: `EVERY` counts."""
    own = Timing(timing.scale, EVERY)
    return Group("wardwatch on call", own.every, (*_totals(), *_new(own), *_alerts(own), *_windows(own), *_read()))


def _totals() -> Iterator[Record]:
    """What the collector has counted so far. A collector that moved to another machine is the same one."""
    notifications = 'wardwatch_oncall_notifications_total{status="firing"}'
    yield Record(n.CALL_TOTAL, f"sum by (receiver, severity, hours) ({notifications}) > 0", {"of": "notifications"})
    for of, counter in _OF_ALERTS.items():
        yield Record(n.CALL_TOTAL, f"{_WHOSE} ({counter}) > 0", {"of": of})
    took = "wardwatch_oncall_time_to_acknowledge_seconds"
    yield Record(n.CALL_TOTAL, f"sum by (severity) ({took}_count) > 0", {"of": "acknowledged"})
    yield Record(n.CALL_TOTAL, f"sum by (severity) ({took}_sum) > 0", {"of": "seconds"})


def _new(timing: Timing) -> Iterator[Record]:
    """What came since the last evaluation that saw the collector: all of it where none ever did, nothing where a
    collector that lost its state begins anew."""
    before = f"last_over_time({n.CALL_TOTAL}[{timing.lasts(LONGEST)}] offset {timing.every})"
    yield Record(n.CALL_NEW, f"clamp_min({n.CALL_TOTAL} - ({before} or {n.CALL_TOTAL} * 0), 0)")


def _alerts(timing: Timing) -> Iterator[Record]:
    """By Prometheus' own account, which knows of alerts that called nobody: those that fire, and those that have
    fired since the last evaluation and do so no more. What begins again within that time goes on."""
    whose = "by (severity, owner)"
    yield Record(n.CALL_OPEN, f"count {whose} ({_FIRING})")
    fired = f"present_over_time({_FIRING}[{timing.range('5m')}])"
    # An alert that is pending again after a restart of Prometheus has not ended.
    over = f"count {whose} ({fired} unless ignoring (alertstate) ALERTS)"
    yield Record(n.CALL_NEW, over, {"of": "over"})
    yield Record(n.CALL_NEW, f"{n.CALL_OPEN} * {EVERY / timing.scale:g}", {"of": "alert_seconds"})


def _windows(timing: Timing) -> Iterator[Record]:
    for window in WINDOWS:
        summed = f"sum_over_time({n.CALL_NEW}[{timing.range(window)}])"
        yield Record(n.CALL_COUNT, summed, {"window": window})


def _read() -> Iterator[Record]:
    yield Record(n.CALL_NOTIFICATIONS, _of("notifications"))
    # A person on call sleeps through what is no page, and works through what comes in agreed hours (KPIS N27).
    out = f'{n.CALL_COUNT}{{of="notifications", severity="critical", hours!="agreed"}}'
    yield Record(n.CALL_OUT_OF_HOURS, f"sum by (receiver, window) ({out})")
    yield Record(n.CALL_MTTA, f"{_of('seconds')} / ({_of('acknowledged')} > 0)")
    yield Record(n.CALL_UNTOUCHED, f"({_of('untouched')} or 0 * {_of('ended')}) / ({_of('ended')} > 0)")
    yield Record(n.CALL_DURATION, f"{_of('alert_seconds')} / ({_of('over')} > 0)")


def _of(what: str) -> str:
    return f'sum without (of) ({n.CALL_COUNT}{{of="{what}"}})'
