"""On call: what pages now, what else changed, and how heavy the calls are."""

from __future__ import annotations

from typing import Final

from collector.config import Config
from dashboards import names as n
from dashboards.board import Board, Row, alerts, maintenance
from dashboards.boards.changes import came_or_went
from dashboards.boards.queries import OWNER, TO_DEVICE, TO_SERVICE, alert_columns, alert_queries
from dashboards.boards.reasons import reasons
from dashboards.boards.shares import limits, target, within
from dashboards.limits import Sources
from dashboards.palette import BAD, QUIET, WARN, Step, any_is
from dashboards.panels import Column, Panel, Query, bars, series, stat, table

ABOUT: Final = """**For** whoever is called, on a phone at 3 a.m.; below for who plans the shifts.
**Good** is no page open, and none that nobody has answered.
Top to bottom: what it is, its runbook, what else changed then. `wardwatch ack ALERT` says that you see to it."""

OWNED: Final = 'owner=~"$owner"'
MINE: Final = f'alertname!="Watchdog", {OWNED}'
WINDOW: Final = 'window="30d"'
LISTED: Final = 20


def board(config: Config, sources: Sources) -> Board:
    return Board(
        uid="wardwatch-oncall",
        title="What pages now, why, and what else changed?",
        about=ABOUT,
        variables=(OWNER,),
        marks=(alerts(f'severity="critical", {MINE}'), maintenance(f"{n.MAINTENANCE} == 1")),
        since="now-3h",
        rows=(
            Row("", _first(config)),
            Row("What it is, why, since when", _open(config, sources)),
            Row("What else changed", (_over_time(), came_or_went(LISTED, height=8), _planned(), _told())),
            Row("The load", (*_load(config), _restored(config))),
        ),
    )


def _first(config: Config) -> tuple[Panel, ...]:
    soon, answer = within(config, "mtta"), target(config, "mtta")
    firing = f'ALERTS{{alertstate="firing", severity="%s", {MINE}}}'
    return (
        stat(
            "Pages open",
            "Alerts that fire and wake somebody (severity critical). Good: 0.",
            Query(f"count({firing % 'critical'}) or vector(0)"),
            steps=any_is(BAD),
            width=3,
        ),
        stat(
            "Tickets open",
            "Alerts that fire and wait for working hours (severity warning).",
            Query(f"count({firing % 'warning'}) or vector(0)"),
            steps=any_is(WARN),
            width=3,
        ),
        stat(
            "Unanswered",
            "Pages that somebody was called for, and nobody has acknowledged, of all owners. Good: 0.",
            Query('sum(wardwatch_oncall_alerts_unacknowledged{severity="critical"}) or vector(0)'),
            steps=any_is(BAD),
            width=3,
        ),
        stat(
            "Oldest waits",
            "How long the oldest page that nobody has acknowledged has waited." + soon,
            Query('max(wardwatch_oncall_oldest_unacknowledged_seconds{severity="critical"})'),
            "s",
            steps=(Step(None, QUIET), Step(1, WARN), *(() if answer is None else (Step(answer, BAD),))),
            none="– nobody was called",
            width=3,
        ),
        stat(
            "MTTA",
            "Mean time to acknowledge, of the pages of 30 days, from when they began to fire." + soon,
            Query(f'max({n.CALL_MTTA}{{severity="critical", {WINDOW}}})'),
            "s",
            steps=limits(config, "mtta"),
            none="– none yet",
            width=3,
        ),
        stat(
            "Out of hours",
            "Pages out of agreed hours in the last 7 days, over all receivers. Good: few enough that people sleep.",
            Query(f'sum({n.CALL_OUT_OF_HOURS}{{window="7d"}}) or vector(0)'),
            decimals=0,
            width=3,
        ),
    )


def _open(config: Config, sources: Sources) -> tuple[Panel, ...]:
    runbooks = config.settings.urls.runbooks
    return tuple(
        table(
            title,
            f"{about} An alert leads to its runbook, a device and a service to their boards. Good: none.",
            alert_queries(f'severity="{severity}", {MINE}', reasons=True),
            alert_columns(runbooks, reasons=reasons(config, sources, severity)),
            sort="Since",
            none="None",
            height=height,
        )
        for title, about, severity, height in (
            ("Pages", "What fires and wakes somebody, or soon will; why, since when, whose it is.", "critical", 8),
            ("Tickets", "What waits for working hours; why, since when, whose it is.", "warning", 9),
        )
    )


def _over_time() -> Panel:
    return series(
        "Alerts over time",
        "How many alerts fire, by owner. What rose together may have one cause.",
        Query(f'count by (owner) (ALERTS{{alertstate="firing", severity=~"critical|warning", {MINE}}})', "{{owner}}"),
        low=0,
        stacked=True,
        none="None fired",
        width=12,
    )


def _planned() -> Panel:
    return table(
        "Planned work now",
        "Services and devices that are in maintenance: they call nobody.",
        (
            Query(f"max by (service) ({n.MAINTENANCE} == 1)"),
            Query(f"max by (instance) ({n.SCRAPED_DEVICE_MAINTENANCE} == 1)"),
        ),
        (
            Column("service", "Service", links=(TO_SERVICE,)),
            Column("instance", "Device", links=(TO_DEVICE,)),
        ),
        none="None",
        width=6,
        height=7,
    )


def _told() -> Panel:
    return series(
        "Configuration and restarts",
        "When the collector, Prometheus and Alertmanager last took up their configuration, and when the collector "
        "started: seconds ago. A line that falls to 0 is a change.",
        (
            Query("time() - max(wardwatch_config_last_reload_success_timestamp_seconds)", "collector's configuration"),
            Query("time() - max(prometheus_config_last_reload_success_timestamp_seconds)", "Prometheus' rules"),
            Query("time() - max(alertmanager_config_last_reload_success_timestamp_seconds)", "Alertmanager's routes"),
            Query('time() - max(process_start_time_seconds{job="node"})', "collector's start"),
        ),
        "s",
        low=0,
        width=18,
        height=7,
    )


def _load(config: Config) -> tuple[Panel, ...]:
    return (
        table(
            "Calls by shift, 30 days",
            "How often each receiver was called, by the hours in which it was: agreed, out of hours, night. Good: "
            "pages mostly in agreed hours.",
            tuple(
                Query(f'sum by (receiver, severity) ({n.CALL_NOTIFICATIONS}{{{WINDOW}, hours="{hours}"}})')
                for hours in ("agreed", "out_of_hours", "night")
            ),
            (
                Column("receiver", "Receiver"),
                Column("Value #C", "Night", "none", 0, width=90),
                Column("severity", "Severity", width=100),
                Column("Value #B", "Out of hours", "none", 0, width=135),
                Column("Value #A", "Agreed hours", "none", 0, width=135),
            ),
            sort="Night",
            none="Nobody was called",
            width=12,
        ),
        table(
            "How alerts go, 30 days",
            "Of each owner's alerts: how long they lasted, and the share that ended without anybody acknowledging "
            "them. Good: short, and near 0: what ends by itself need not wake anybody.",
            (
                Query(f"max by (owner, severity) ({n.CALL_DURATION}{{{WINDOW}, {OWNED}}})"),
                Query(f"max by (owner, severity) ({n.CALL_UNTOUCHED}{{{WINDOW}, {OWNED}}})"),
                Query(f"max by (owner, severity) ({n.CALL_OPEN}{{{OWNED}}})"),
            ),
            (
                Column("owner", "Owner"),
                Column("Value #C", "Open now", "none", 0, width=120),
                Column("severity", "Severity", width=100),
                Column("Value #A", "Lasted", "dtdurations", width=120),
                Column("Value #B", "Nobody acted", "percentunit", 0, width=140),
            ),
            sort="Open now",
            none="No alert ended",
            width=12,
        ),
        series(
            "Time to acknowledge",
            "Mean over the 30 days before, by severity. It should fall; the line is for pages."
            + within(config, "mtta"),
            Query(f"max by (severity) ({n.CALL_MTTA}{{{WINDOW}}})", "{{severity}}"),
            "s",
            steps=limits(config, "mtta")[:2],
            low=0,
            none="Nobody has acknowledged anything",
            width=12,
        ),
    )


def _restored(config: Config) -> Panel:
    owned = f"on (service) group_left (owner) {n.INFO}{{{OWNED}}}"
    return bars(
        "Time to restore, 30 days",
        "Mean time from the beginning of an incident to its end (MTRS), the ten longest." + within(config, "mtrs"),
        Query(f"sort_desc(topk(10, {n.MTRS}{{{WINDOW}}} * {owned}))", "{{service}}"),
        "s",
        steps=limits(config, "mtrs"),
        none="No incident",
        width=12,
    )
