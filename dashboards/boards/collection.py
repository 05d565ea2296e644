"""Collection: whether what the other boards show is all of it, and of now; and what that costs."""

from __future__ import annotations

from typing import Final

from collector.config import Config
from dashboards import names as n
from dashboards.board import Board, Row, alerts
from dashboards.boards import servers
from dashboards.boards.queries import TO_DEVICE
from dashboards.boards.shares import share
from dashboards.palette import BAD, QUIET, WARN, Step, any_is
from dashboards.panels import Column, Panel, Query, bars, series, stat, table
from dashboards.rules import quality

ABOUT: Final = """**For** those who run wardwatch.
**Good** is three high shares and three noughts: all is seen, whole, of now, and alerts get through.
Start at what is late or left out below; whether the servers keep up is at the bottom."""

_COLLECTOR: Final = "and on (instance) count by (instance) (wardwatch_devices)"
"""Of programs that poll devices: host agents are the same program."""


def board(config: Config) -> Board:
    return Board(
        uid="wardwatch-collection",
        title="Do we see everything, and of now?",
        about=ABOUT,
        marks=(alerts('alertname=~"PollsLate|SeriesDropped|RulesFail|AlertsNotSent|MessagesNotSent|WardwatchDown"'),),
        rows=(
            Row("", _first(config)),
            Row("Late, slow, left out", (_age(), _held(), _reasons(), _late(), _slow(), _partial())),
            Row("What it costs", (_cpu(), _packets(), _series(config), _kinds(), _costly())),
            Row("Prometheus and Alertmanager", servers.panels()),
        ),
    )


def _first(config: Config) -> tuple[Panel, ...]:
    noughts = (
        (
            "Devices silent",
            "Devices that did not answer their last poll. Good: 0.",
            "count(wardwatch_device_up == 0)",
            any_is(WARN),
        ),
        (
            "Rules failing",
            "Rules of Prometheus that could not be evaluated within the last 15 minutes. Good: 0.",
            "sum(increase(prometheus_rule_evaluation_failures_total[15m]) > 0)",
            any_is(BAD),
        ),
        (
            "Alerts lost",
            "Alerts that did not reach Alertmanager, and messages that did not reach anybody, in the last hour. "
            "Good: 0.",
            "sum(increase(prometheus_notifications_dropped_total[1h]) > 0 "
            "or increase(alertmanager_notifications_failed_total[1h]) > 0)",
            any_is(BAD),
        ),
    )
    return (
        share(config, "coverage", "Seen", n.COVERAGE, "devices and hosts of which something is known"),
        share(config, "completeness", "Whole", n.COMPLETENESS, "modules whose last poll was answered in whole"),
        share(config, "freshness", "Fresh", n.FRESHNESS, "modules that were read within the last 10 minutes"),
        *(
            stat(title, about, Query(f"{expr} or vector(0)"), steps=steps, decimals=0, width=3)
            for title, about, expr, steps in noughts
        ),
    )


def _age() -> Panel:
    return series(
        "Time since modules were read",
        "So long ago at most were 95 of 100 modules read, and all of them. Good: below the line, from which on data "
        "are not fresh, and level. A line that rises as time goes by is a device that does not answer.",
        (Query(f'{n.AGE}{{quantile="0.95"}}', "95 of 100"), Query(f'{n.AGE}{{quantile="1"}}', "all")),
        "s",
        steps=(Step(None, QUIET), Step(quality.FRESH, WARN)),
        low=0,
        width=9,
    )


def _held() -> Panel:
    held = (
        ("breakers open", "sum(wardwatch_breaker_open)"),
        ("paused", 'count(count by (instance) (wardwatch_paused{job="device"}))'),
        ("over budget", 'count(wardwatch_poll_failed_info{reason="over_budget"})'),
        ("with series dropped", "count(wardwatch_series_dropped > 0)"),
        ("answered in part", "count(count by (instance, module) (wardwatch_poll_incomplete == 1))"),
    )
    return stat(
        "Held back and left out",
        "Devices that are left alone for they did not answer (breaker) or that people paused; modules for "
        "which budgets left no room, of which a cap left series out, or whose last answer was not whole. Good: 0.",
        [Query(f"{expr} or vector(0)", name) for name, expr in held],
        steps=any_is(WARN),
        names=True,
        width=6,
        height=8,
    )


def _reasons() -> Panel:
    return bars(
        "Why polls fail",
        "Modules of which the last poll gave nothing, by reason. Good: none.",
        Query("sort_desc(count by (reason) (wardwatch_poll_failed_info))", "{{reason}}"),
        "short",
        steps=(Step(None, WARN),),
        none="✓ None fails",
        width=9,
    )


def _late() -> Panel:
    return table(
        "Longest not read",
        "Modules by the time since a poll last succeeded, the ten longest. Good: seconds, or a few minutes.",
        Query(
            "topk(10, time() - max by (instance, module, site) (wardwatch_poll_last_success_timestamp_seconds))",
        ),
        (
            Column("instance", "Device", links=(TO_DEVICE,)),
            Column("Value", "Ago", "s", 1, width=100),
            Column("module", "Module"),
        ),
        sort="Ago",
        width=8,
    )


def _slow() -> Panel:
    return table(
        "Slowest",
        "Modules by how long their last poll took, the ten slowest. Good: far less than their timeout.",
        Query("topk(10, max by (instance, module) (wardwatch_poll_duration_seconds))"),
        (
            Column("instance", "Device", links=(TO_DEVICE,)),
            Column("Value", "Took", "s", 2, width=100),
            Column("module", "Module"),
        ),
        sort="Took",
        width=8,
    )


def _partial() -> Panel:
    return table(
        "Answered in part",
        "Tables that were read in part only, by reason, with how many devices. Good: empty.",
        Query("topk(10, count by (module, table, reason) (wardwatch_poll_incomplete == 1))"),
        (
            Column("module", "Module", least=115),
            Column("table", "Table", least=110),
            Column("reason", "Reason", least=100),
            Column("Value", "Devices", "none", 0, width=110),
        ),
        sort="Devices",
        none="✓ All answers are whole",
        width=8,
    )


def _cpu() -> Panel:
    cpu = f"(rate(process_cpu_seconds_total[$__rate_interval]) {_COLLECTOR})"
    return stat(
        "What a collector takes",
        "CPU as a share of one core, and milliseconds of it a second for each device; memory; how late the program's "
        "loop was lately at worst. Good: far less than a core, and less late than a second.",
        (
            Query(f"sum{cpu} * 100", "CPU (%)"),
            Query(f"sum{cpu} * 1000 / sum(wardwatch_devices)", "CPU a device (ms)"),
            Query(f"sum(process_resident_memory_bytes {_COLLECTOR}) / 2^20", "memory (MiB)"),
            Query("max(wardwatch_loop_lag_seconds) * 1000", "loop late by (ms)"),
        ),
        "short",
        names=True,
        width=6,
        height=8,
    )


def _packets() -> Panel:
    return series(
        "SNMP packets sent",
        "Packets a second to all devices, and those of them that were sent again since no answer had come. "
        "Good: level, and hardly any again.",
        (
            Query("sum(rate(snmp_packets_total[$__rate_interval]))", "sent"),
            Query("sum(rate(snmp_packet_retries_total[$__rate_interval]))", "sent again"),
        ),
        "pps",
        low=0,
        width=9,
    )


def _series(config: Config) -> Panel:
    return series(
        "Series",
        "Series that collectors keep, with the most that each may keep (caps.series), and that Prometheus "
        "has in memory. Good: level, and below the cap.",
        (Query("wardwatch_series", "{{instance}}"), Query("sum(prometheus_tsdb_head_series)", "Prometheus")),
        steps=(Step(None, QUIET), Step(config.settings.caps.series, BAD)),
        low=0,
        width=9,
    )


def _kinds() -> Panel:
    kinds = (
        'label_replace(scrape_samples_post_metric_relabeling{job="device"}, "device_kind", "other", "device_kind", "")'
    )
    return bars(
        "Series by kind of device",
        "How many series devices of each kind give together, the ten with the most: what memory and disk go for.",
        Query(f"topk(10, sort_desc(sum by (device_kind) ({kinds})))", "{{device_kind}}"),
        "short",
        width=10,
        height=9,
    )


def _costly() -> Panel:
    samples = 'topk(10, max by (instance) (scrape_samples_post_metric_relabeling{job="device"}))'

    def of(expr: str) -> Query:
        return Query(f"{expr} and on (instance) {samples}")

    return table(
        "What a device costs, the ten with the most series",
        "Series of a device's page, how long Prometheus took to read it, and packets a second that the device gets.",
        (
            Query(samples),
            of('max by (instance) (scrape_duration_seconds{job="device"})'),
            of('sum by (instance) (rate(wardwatch_packets_total{kind=~"get|next|bulk|discovery"}[$__rate_interval]))'),
        ),
        (
            Column("instance", "Device", links=(TO_DEVICE,)),
            Column("Value #A", "Series", "none", 0, width=100),
            Column("Value #B", "Read in", "s", 1, width=100),
            Column("Value #C", "Packets", "pps", 1, width=110),
        ),
        sort="Series",
        width=14,
        height=9,
    )
