"""What others read of capacity, and whom a forecast tells.

Cheap, and every few minutes: a plain selector looks five minutes back, and trends are recorded once an hour.
"""

from __future__ import annotations

from collections.abc import Iterator

from collector.capacity import Limits
from collector.services import Catalogue
from dashboards import names as n
from dashboards.promql import pattern
from dashboards.rule import Alert, Record
from dashboards.rules.alerts import Places
from dashboards.rules.causes import whose
from dashboards.timing import Timing

KEPT = "130m"
"""How long an hour's record is believed: over one evaluation that is missing."""

FULL_DAYS = 0.01

ALERT = "CapacityForecastFull"

CAUSES = "PortSaturated|UpsLoadHigh|UpsOverloaded|DeviceMemoryHigh|.*Full"
"""Alerts that say of a device that something of it is full: then there is nothing to forecast, and nothing to add."""


def service_rules(catalogue: Catalogue) -> Iterator[Record]:
    """Which devices each service is made of, and which of them are owed to anybody now."""
    found = False
    for name, service in sorted(catalogue.services.items()):
        devices = sorted({leaf.device for leaf in service.leaves() if leaf.device})
        if devices:
            found = True
            those = f"max by (instance) ({n.USED}{{instance=~{pattern(devices)}}} >= bool 0)"
            yield Record(n.SERVES, those, {"service": name})
    if found:
        yield Record(n.OWED, f"max by (instance) ({n.SERVES} * on (service) group_left () {n.AGREED})")


def shown_rules(timing: Timing) -> Iterator[Record]:
    kept = timing.lasts(KEPT)
    for name, bound in ((n.DAYS, "central"), (n.DAYS_LOW, "low"), (n.DAYS_HIGH, "high")):
        last = f'sum without (bound) (last_over_time({n.DAYS_HOURLY}{{bound="{bound}"}}[{kept}]))'
        # What is full by any trend is full.
        yield Record(name, f"({last} > {FULL_DAYS}) or {last} * 0")
    yield Record(n.USED_P95, f"last_over_time({n.P95_HOURLY}[{kept}])")
    week = f'sum without (window) ({n.USED_P95}{{window="7d"}})'
    yield Record(n.HEADROOM, f"1 - {week} / on (resource) group_left () {n.FULL}")


def alert_rules(timing: Timing, limits: Limits, places: Places, team: str) -> Iterator[Record | Alert]:
    soon = f"{n.DAYS} < {limits.days} and {n.DAYS_LOW} < {limits.earliest}"
    said = f'ALERTS{{alertstate="firing", alertname!="{ALERT}", alertname=~"{CAUSES}"}}'
    yield Record(n.FILLING, f"{soon}\nunless ({n.DAYS} == 0 and on (instance) {said})")
    # One place an instance, whatever jobs scrape it.
    where = "topk by (instance) (1, max by (instance, site, location) (up >= bool 0))"
    yield Alert(
        ALERT,
        f"{n.FILLING} * on (instance) group_left (site, location) {where}\n"
        f"or on (resource, instance, item) {n.FILLING}",
        {"severity": "warning", **whose({}, team)},
        places.of_device(
            ALERT,
            "Something will be full before it can be made larger.",
            "{{ $labels.resource }} {{ $labels.item }} of {{ $labels.instance }} reaches its limit in "
            '{{ $value | printf "%.0f" }} days if it goes on as in the last 14 and 42 days, and may do so within '
            f"{limits.earliest}.",
        ),
        timing.lasts("1h"),
    )
