"""Every series and label that rules record or read, once. What each one means: docs/objectives.md.

A name is `level:what:operation`, as the Prometheus documentation wants recorded series named.
"""

from __future__ import annotations

from typing import Final

# From the collector, scraped: one series a service, besides Prometheus' own `instance` and `job`.
SCRAPED_AGREED: Final = "service_agreed"
SCRAPED_MAINTENANCE: Final = "service_maintenance"
SCRAPED_PERIOD: Final = "service_period_agreed_seconds"
SCRAPED_MONTH: Final = "service_month"
SCRAPED_INFO: Final = "service_info"
SCRAPED_USERS: Final = "service_users"
SCRAPED_DEPENDS: Final = "service_depends_info"

# From the collector, scraped: on the page of each device, and so with its `instance`.
SCRAPED_DEPENDENCY_DOWN: Final = "wardwatch_dependency_down"
SCRAPED_DEVICE_MAINTENANCE: Final = "wardwatch_device_maintenance"
SCRAPED_CONTACT: Final = "wardwatch_device_contact_info"

# Devices that alerts keep quiet about (`by` dependency or maintenance), and those that nobody waits for now, by
# instance; nothing of the others.
SILENCED: Final = "device:silenced"
OFF_HOURS: Final = "device:off_hours"

# How a device is, as `dashboards/rules/causes.py` numbers it, by instance and where and what it is.
DEVICE_STATE: Final = "device:state"
# 1 in each minute in which a device came or went; nothing otherwise. As its `wardwatch_device_up`.
DEVICE_CHANGED: Final = "device:changed"

# States, by service.
COMPONENT_UP: Final = "service:component:up"
UP: Final = "service:up"
UNKNOWN: Final = "service:unknown"
AGREED: Final = "service:agreed"
MAINTENANCE: Final = "service:maintenance"
MEASURED: Final = "service:measured"
BAD: Final = "service:bad"
INCIDENT: Final = "service:incident"
BEGINS: Final = "service:incident:begins"
UNTOLD: Final = "service:incident:untold"
DETECTION: Final = "service:detection:seconds"
USERS: Final = "service:users"
INFO: Final = "service:info"
PROMISED: Final = "service:promised"

# Where each minute belongs: even and odd hours, months.
HALF: Final = "service:half"
MONTH: Final = "service:month"
NOW: Final = "service:now"

# Events of a latency or events objective, as its queries give them over 5 minutes.
ERRORS: Final = "objective:errors"
EVENTS: Final = "objective:events"

# Sums, with the label `of`.
COUNT_MINUTE: Final = "service:count:minute"
COUNT_HOUR: Final = "service:count:hour"
COUNT_HOURLY: Final = "service:count:hourly"
COUNT_MONTHS: Final = "service:count:months"
COUNT_MONTHLY: Final = "service:count:monthly"
COUNT: Final = "service:count:sum"

# What is read of them, with the label `window`.
SERVICE_ERROR: Final = "service:error:ratio"
AVAILABILITY: Final = "service:availability:ratio"
AVAILABILITY_LOW: Final = "service:availability:ratio_low"
AVAILABILITY_HIGH: Final = "service:availability:ratio_high"
INCIDENTS: Final = "service:incidents:count"
DOWNTIME: Final = "service:downtime:seconds"
MTBF: Final = "service:mtbf:seconds"
MTRS: Final = "service:mtrs:seconds"
MTTD: Final = "service:mttd:seconds"
DETECTIONS: Final = "service:detections:count"
USER_HOURS: Final = "service:user_hours:lost"

# Objectives.
ERROR: Final = "objective:error:ratio"
ERROR_LOW: Final = "objective:error:ratio_low"
ERROR_HIGH: Final = "objective:error:ratio_high"
SAMPLES: Final = "objective:bad:samples"
BUDGET_SECONDS: Final = "objective:budget:seconds"
BUDGET_EVENTS: Final = "objective:budget:events"
CONSUMED: Final = "objective:budget:consumed"
LEFT: Final = "objective:budget:left"
LEFT_LOW: Final = "objective:budget:left_low"
CONSUMED_MINUTES: Final = "objective:budget:consumed_minutes"
LEFT_MINUTES: Final = "objective:budget:left_minutes"
BURNING: Final = "objective:budget:burning"
SERVICE_DEPENDENCY_DOWN: Final = "service:dependency_down"

# On call. Sums with the label `of`, and what is read of them, with the label `window`.
CALL_TOTAL: Final = "oncall:total:sum"
CALL_NEW: Final = "oncall:new:sum"
CALL_COUNT: Final = "oncall:count:sum"
CALL_OPEN: Final = "oncall:alerts:open"
CALL_NOTIFICATIONS: Final = "oncall:notifications:count"
CALL_OUT_OF_HOURS: Final = "oncall:pages_out_of_hours:count"
CALL_MTTA: Final = "oncall:mtta:seconds"
CALL_UNTOUCHED: Final = "oncall:ended_without_action:ratio"
CALL_DURATION: Final = "oncall:alert_duration:seconds"

# Sloth's names, which public dashboards read.
SLOTH_RATIO: Final = "slo:sli_error:ratio_rate"
SLOTH_OBJECTIVE: Final = "slo:objective:ratio"
SLOTH_BUDGET: Final = "slo:error_budget:ratio"
SLOTH_DAYS: Final = "slo:time_period:days"
SLOTH_BURN: Final = "slo:current_burn_rate:ratio"
SLOTH_PERIOD_BURN: Final = "slo:period_burn_rate:ratio"
SLOTH_LEFT: Final = "slo:period_error_budget_remaining:ratio"
SLOTH_INFO: Final = "sloth_slo_info"
SLOTH_LABELS: Final = "sloth_id, sloth_service, sloth_slo"

SOMEBODY_WAITS: Final = f'({AGREED} == 1 or {INFO}{{key_property="safety"}})'
"""Services that are owed now, and those on which safety hangs, always."""

# The monitoring itself.
MODULES: Final = "wardwatch:modules:count"
COVERAGE: Final = "wardwatch:coverage:ratio"
COMPLETENESS: Final = "wardwatch:completeness:ratio"
FRESHNESS: Final = "wardwatch:freshness:ratio"
AGE: Final = "wardwatch:freshness:seconds"

# KPIs, with the label `kpi`. What each one means: docs/kpis.md.
KPI_INFO: Final = "kpi:info"
KPI_SCORECARD: Final = "kpi:scorecard"
KPI_PILLAR: Final = "kpi:pillar"
KPI_TARGET: Final = "kpi:target"
KPI_AMBER: Final = "kpi:amber"
KPI_BASELINE: Final = "kpi:baseline"
KPI_BENCHMARK: Final = "kpi:benchmark"
KPI_NORMALISER: Final = "kpi:normaliser"
KPI_VALUE: Final = "kpi:value"
KPI_UNKNOWN: Final = "kpi:unknown"
KPI_STATUS: Final = "kpi:status"
KPI_TO_TARGET: Final = "kpi:to_target"
KPI_GAIN: Final = "kpi:gain"
KPI_PROGRESS: Final = "kpi:progress"
KPI_TREND: Final = "kpi:trend"
KPI_NORMALISED: Final = "kpi:normalised"
KPI_PEERS: Final = "kpi:to_peers"
KPI_DRIVER: Final = "kpi:driver"

SCORECARD_INFO: Final = "scorecard:info"
SCORECARD_ITEM: Final = "scorecard:item"
SCORECARD_ITEM_LOW: Final = "scorecard:item_low"
SCORECARD_ITEM_KNOWN: Final = "scorecard:item_known"
SCORECARD_PILLAR: Final = "scorecard:pillar"
SCORECARD_PILLAR_LOW: Final = "scorecard:pillar_low"
SCORECARD_PILLAR_KNOWN: Final = "scorecard:pillar_known"
SCORECARD_TOTAL: Final = "scorecard:total"

# Capacity, with the labels `resource`, `instance` and `item` (docs/capacity.md).
USED: Final = "capacity:used:ratio"
FULL: Final = "capacity:full:ratio"
DAYS: Final = "capacity:days_to_full"
DAYS_LOW: Final = "capacity:days_to_full_low"
DAYS_HIGH: Final = "capacity:days_to_full_high"
HEADROOM: Final = "capacity:headroom:ratio"
USED_P95: Final = "capacity:used:ratio_p95"
GROWTH: Final = "capacity:growth:per_day"
UPLINK: Final = "capacity:uplink"
SERVES: Final = "capacity:service"
OWED: Final = "capacity:agreed"
FILLING: Final = "capacity:filling"

# What they are made of, recorded once an hour.
USED_HOURLY: Final = "capacity:used:hourly"
USED_DAILY: Final = "capacity:used:daily"
USED_DAY: Final = "capacity:used:day"
CLEANED: Final = "capacity:used:cleaned"
P95_HOURLY: Final = "capacity:hourly:ratio_p95"
RENEWED: Final = "capacity:used:renewed"
RENEWED_DAY: Final = "capacity:used:renewed_day"
GROWTH_SAMPLES: Final = "capacity:growth:samples"
ROOM: Final = "capacity:room:ratio"
MARGIN: Final = "capacity:growth:margin"
DAYS_HOURLY: Final = "capacity:hourly:days_to_full"

# From the collector and exporters, scraped.
SCRAPED_UPLINK: Final = "wardwatch_equipment_uplink_info"

GROUPED: Final = ("tower", "site", "supplier", "tier", "key_property")
"""Labels of service_info by which availability is summed up, as `TOWER:availability:ratio`."""

INFO_LABELS: Final = (*GROUPED, "owner")

OWN_LABELS: Final = frozenset(
    ("service", "objective", "kind", "period", "nth", "page", "ticket", "window", "of", "half", "month", "component")
)
"""Labels that an objective's own `labels` do not replace."""
