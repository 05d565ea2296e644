"""Of the board of clinical equipment: the paths that care depends on, climate and power."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from collector.config import Config
from dashboards.boards.queries import SERIES_TO_DEVICE, TO_DEVICE
from dashboards.palette import BAD, CLIMATE, WARN, WORKS, rising, wrong
from dashboards.panels import Column, Panel, Query, bars, series, states, table
from dashboards.promql import pattern

CLINICAL: Final = frozenset(("dicom", "fhir", "hl7", "orthanc"))
"""Collectors that try what care depends on."""

SITE: Final = 'site=~"$site"'
TEMPERATURE: Final = f"wardwatch:climate_temperature_celsius{{{SITE}}}"
TOO_WARM: Final = f"{TEMPERATURE} > on (climate) group_left () wardwatch:climate_celsius:high"
TOO_COLD: Final = f"{TEMPERATURE} < on (climate) group_left () wardwatch:climate_celsius:low"
OUTSIDE: Final = f"{TOO_WARM} or {TOO_COLD}"


def selector(config: Config) -> str:
    """Probes of the chosen sites that try what care depends on: by the names that modules have here."""
    return f"module=~{pattern(sorted(set(_modules(config))))}, {SITE}"


def _modules(config: Config) -> Iterator[str]:
    yield from (name for name, module in config.modules.items() if module.name in CLINICAL)
    # As the devices call them.
    yield from (each.module for some in config.targets.values() for each in some if each.collector.name in CLINICAL)


def paths(config: Config) -> tuple[Panel, ...]:
    chosen = selector(config)
    by = "by (instance, module)"
    latency = f"sum {by} (rate(probe_latency_seconds_%s{{{chosen}}}[$__rate_interval]))"
    return (
        table(
            "Paths",
            "Each partner: whether the last try worked and why not, how long it took, what failed in the time shown. "
            "Good: all work, none failed.",
            (
                Query(f"max {by} (probe_success{{{chosen}}})"),
                Query(f"max by (instance, module, reason) (probe_failure_info{{{chosen}}})"),
                Query(f"max {by} (probe_duration_seconds{{{chosen}}})"),
                Query(f"sum {by} (increase(probe_failures_total{{{chosen}}}[$__range])) > 0"),
            ),
            (
                Column("instance", "Partner", links=(TO_DEVICE,), least=120),
                Column("Value #A", "Last try", words=WORKS, width=110),
                Column("module", "Tried by", least=120),
                Column("reason", "Reason", width=190),
                Column("Value #C", "Took", "s", width=100),
                Column("Value #D", "Failed", "none", 0, width=90),
            ),
            sort="Last try",
            falling=False,
            none="Nothing is tried",
            width=12,
        ),
        series(
            "How long paths take",
            "Mean of the tries that succeeded. Good: steady; four times yesterday's is an alert.",
            Query(f"{latency % 'sum'} / ({latency % 'count'} > 0)", "{{instance}} {{module}}"),
            "s",
            links=(SERIES_TO_DEVICE,),
            low=0,
            none="Nothing is tried",
            width=12,
            height=9,
        ),
        states(
            "Paths over time",
            "Whether each worked. Good: all along.",
            Query(f"max {by} (probe_success{{{chosen}}})", "{{instance}} {{module}}"),
            WORKS,
            links=(SERIES_TO_DEVICE,),
            none="Nothing is tried",
            width=16,
        ),
        bars(
            "Why paths failed",
            "Tries that failed in the time shown, by reason. Good: none.",
            Query(
                f"sort_desc(sum by (reason) (increase(probe_failures_total{{{chosen}}}[$__range])) > 0)", "{{reason}}"
            ),
            "none",
            decimals=0,
            none="None failed",
            width=8,
        ),
    )


def surroundings(config: Config) -> tuple[Panel, ...]:
    load = config.settings.capacity.full["ups_load"]
    place = "instance, location, climate, sensor"
    by = "max by (instance, location)"
    limit = "wardwatch:climate_celsius:%s"
    return (
        table(
            "Climates",
            "Places whose temperature must be kept, beside the limits of their climate. Good: kept.",
            (
                Query(
                    f"max by ({place}) (({TOO_WARM}) * 0 + 1 or ({TOO_COLD}) * 0 + 2 or {TEMPERATURE} * 0)",
                ),
                Query(f"max by ({place}) ({TEMPERATURE})"),
                Query(f"max by ({place}) ({TEMPERATURE} * 0 + on (climate) group_left () {limit % 'low'})"),
                Query(f"max by ({place}) ({TEMPERATURE} * 0 + on (climate) group_left () {limit % 'high'})"),
            ),
            (
                Column("instance", "Device", links=(TO_DEVICE,), width=140),
                Column("Value #A", "State", words=CLIMATE, width=110),
                Column("Value #B", "Now", "celsius", 1, width=80),
                Column("location", "Place"),
                Column("sensor", "Sensor", width=150),
                Column("climate", "Climate", width=130),
                Column("Value #C", "Lowest", "celsius", 0, width=95),
                Column("Value #D", "Highest", "celsius", 0, width=100),
            ),
            sort="State",
            none="No place has a climate",
            width=16,
            height=8,
        ),
        series(
            "Temperatures of climates",
            "What sensors of places with a climate measure. Good: level, and between the limits beside.",
            Query(f"max by ({place}) ({TEMPERATURE})", "{{instance}} {{sensor}}"),
            "celsius",
            links=(SERIES_TO_DEVICE,),
            none="No place has a climate",
            width=8,
        ),
        table(
            "Power supplies",
            f"Each UPS: what feeds it, how long the battery would last, its load. Good: on mains, below {load:.0%}.",
            (
                Query(f"{by} (wardwatch_ups_on_battery{{{SITE}}})"),
                Query(f"{by} (wardwatch_ups_runtime_seconds{{{SITE}}})"),
                Query(f"{by} (wardwatch_ups_battery_charge_ratio{{{SITE}}})"),
                Query(f"{by} (wardwatch_ups_load_ratio{{{SITE}}})"),
                Query(f"{by} (wardwatch_ups_battery_low{{{SITE}}})"),
                Query(f"{by} (wardwatch_ups_battery_replace{{{SITE}}} or wardwatch_ups_test_failed{{{SITE}}})"),
            ),
            (
                Column("instance", "Supply", links=(TO_DEVICE,)),
                Column("Value #A", "On battery", words=wrong("! yes", BAD), width=130),
                Column("location", "Place"),
                Column("Value #E", "Battery low", words=wrong("! yes", BAD), width=130),
                Column("Value #F", "Battery is bad", words=wrong("! yes", WARN), width=145),
                Column("Value #B", "Lasts", "s", 0, width=100),
                Column("Value #C", "Charge", "percentunit", 0, width=90),
                Column("Value #D", "Load", "percentunit", 0, steps=rising(load, 1), width=90),
            ),
            sort="On battery",
            none="No supply in the inventory",
            height=7,
        ),
    )
