"""Whether Prometheus and Alertmanager keep up: panels of the collection board."""

from __future__ import annotations

from typing import Final

from dashboards.palette import BAD, GOOD, QUIET, WARN, Step, any_is
from dashboards.panels import Column, Panel, Query, series, stat, table

RULE_SHARE: Final = (Step(None, QUIET), Step(0.5, WARN), Step(1, BAD))
"""At its interval a group of rules skips a turn; prometheus-mixin's alert PrometheusMissingRuleEvaluations is then
near. Half of it is ours."""


def panels() -> tuple[Panel, ...]:
    return (_rules(), _targets(), _health(), _storage(), _alerts(), _messages())


def _rules() -> Panel:
    # Prometheus names a group by its file's path, too: the file's name is enough to find it.
    named = 'label_replace({0}, "group", "$1", "rule_group", ".*/(.*)")'
    took = "prometheus_rule_group_last_duration_seconds"
    share = f"{took} / prometheus_rule_group_interval_seconds"
    largest = f"topk(8, {share})"

    def of(expr: str) -> Query:
        return Query(f"max by (group) ({named.format(f'{expr} and on (instance, rule_group) {largest}')})")

    return table(
        "Groups of rules, those that take most of their interval",
        "How long the last evaluation took, the share of the interval that this is, and evaluations that "
        "failed or were left out in the last hour. Good: less than half, and 0.",
        (
            of(share),
            of(took),
            of("increase(prometheus_rule_evaluation_failures_total[1h])"),
            of("increase(prometheus_rule_group_iterations_missed_total[1h])"),
        ),
        (
            Column("group", "File; group"),
            Column("Value #A", "Share", "percentunit", 1, steps=RULE_SHARE, width=90),
            Column("Value #B", "Took", "s", 1, width=90),
            Column("Value #C", "Failed", "none", 0, steps=any_is(BAD), width=95),
            Column("Value #D", "Missed", "none", 0, steps=any_is(BAD), width=95),
        ),
        sort="Share",
        width=10,
    )


def _targets() -> Panel:
    return table(
        "Targets",
        "What Prometheus scrapes, by job: how many, how many answered, samples of one round, and the slowest answer. "
        "Good: all answer.",
        (
            Query("count by (job) (up)"),
            Query("sum by (job) (up)"),
            Query("sum by (job) (scrape_samples_post_metric_relabeling)"),
            Query("max by (job) (scrape_duration_seconds)"),
        ),
        (
            Column("job", "Job", width=115),
            Column("Value #A", "Targets", "none", 0, width=95),
            Column("Value #B", "Answered", "none", 0, width=105),
            Column("Value #C", "Samples", "short", 1, width=95),
            Column("Value #D", "Slowest", "s", 1, width=90),
        ),
        sort="Targets",
        width=8,
    )


def _health() -> Panel:
    wrong = (
        (
            "configuration",
            "count(wardwatch_config_last_reload_successful == 0 or prometheus_config_last_reload_successful == 0 "
            "or alertmanager_config_last_reload_successful == 0)",
        ),
        (
            "pages",
            "sum(increase(prometheus_target_scrapes_exceeded_sample_limit_total[1h]) "
            "+ increase(prometheus_target_scrape_pool_exceeded_label_limits_total[1h]))",
        ),
        ("blocks", "sum(increase(prometheus_tsdb_compactions_failed_total[1h]))"),
        ("log", "sum(increase(prometheus_tsdb_wal_corruptions_total[1h]))"),
        ("collector", "sum(increase(wardwatch_collector_bugs_total[1h]))"),
    )
    return stat(
        "What is wrong with them",
        "Programs that go on with the configuration from before a mistake; and in the last hour: pages that Prometheus "
        "refused for their size, blocks that it could not compact, damage of its write-ahead log, and polls that ended "
        "in a fault of the collector. Good: 0.",
        [Query(f"{expr} or vector(0)", name) for name, expr in wrong],
        steps=(Step(None, GOOD), Step(0.5, BAD)),
        decimals=0,
        names=True,
        width=6,
        height=9,
    )


def _storage() -> Panel:
    return series(
        "History on disk",
        "Bytes of Prometheus' blocks, and the most that it may keep where a size is set. Good: below that.",
        (
            Query("sum(prometheus_tsdb_storage_blocks_bytes)", "blocks"),
            Query("sum(prometheus_tsdb_retention_limit_bytes)", "most (0: no limit)"),
        ),
        "bytes",
        low=0,
        width=8,
    )


def _alerts() -> Panel:
    return series(
        "Alerts on their way",
        "Alerts a second from Prometheus to Alertmanager, and those that got lost between them; messages a second from "
        "there, and those that failed. Good: nothing lost or failed.",
        (
            Query("sum(rate(prometheus_notifications_sent_total[$__rate_interval]))", "alerts sent"),
            Query(
                "sum(rate(prometheus_notifications_errors_total[$__rate_interval])) "
                "+ sum(rate(prometheus_notifications_dropped_total[$__rate_interval]))",
                "alerts lost",
            ),
            Query("sum(rate(alertmanager_notifications_total[$__rate_interval]))", "messages sent"),
            Query("sum(rate(alertmanager_notifications_failed_total[$__rate_interval]))", "messages failed"),
        ),
        "cps",
        low=0,
        width=8,
    )


def _messages() -> Panel:
    some = "and on (integration) sum by (integration) (increase(alertmanager_notifications_total[1d])) > 0"
    return table(
        "Messages by way",
        "Messages of the last day by the way that they went, those that failed, and the mean time that one took. Good: "
        "none failed.",
        (
            Query("sum by (integration) (increase(alertmanager_notifications_total[1d])) > 0"),
            Query(f"sum by (integration) (increase(alertmanager_notifications_failed_total[1d])) {some}"),
            Query(
                "sum by (integration) (increase(alertmanager_notification_latency_seconds_sum[1d])) / "
                "(sum by (integration) (increase(alertmanager_notification_latency_seconds_count[1d])) > 0)"
            ),
        ),
        (
            Column("integration", "By"),
            Column("Value #A", "Sent", "none", 0, width=80),
            Column("Value #B", "Failed", "none", 0, steps=any_is(BAD), width=95),
            Column("Value #C", "Took", "s", 2, width=90),
        ),
        sort="Sent",
        none="No message was sent",
        width=8,
        height=8,
    )
