"""Estate today: the wall of operations."""

from __future__ import annotations

from typing import Final

from collector.config import Config
from collector.services import LITTLE_LEFT
from dashboards import names as n
from dashboards.board import Board, Row, alerts, maintenance, with_service
from dashboards.boards.changes import came_or_went
from dashboards.boards.queries import OWNER, TO_DEVICE, TO_SERVICE
from dashboards.boards.shares import share
from dashboards.palette import BAD, QUIET, SERVICE, UNKNOWN, WARN, Step, any_is
from dashboards.panels import Column, Link, Panel, Query, bars, stat, table
from dashboards.states import service_state

ABOUT: Final = """**For** IT operations, on the wall.
**Good** is noughts from left to right: nothing down, nothing unknown, no budget burning, nobody paged.
Start at what is red, follow its row to the service, from there to the device."""

OWNED: Final = f'on (service) {n.INFO}{{owner=~"$owner"}}'
NEWEST: Final = 15
ALERT: Final = "alertname, severity, instance, service, owner"
WHOSE: Final = 'alertname!="Watchdog", severity=~"critical|warning", owner=~"$owner"'
FIRING: Final = f'ALERTS{{alertstate="firing", {WHOSE}}}'


def board(config: Config) -> Board:
    state = f"({service_state()}) and {OWNED}"
    return Board(
        uid="wardwatch-today",
        title="Is everything that we promised up, and what needs us now?",
        about=ABOUT,
        variables=(OWNER,),
        marks=(alerts('owner=~"$owner"'), maintenance(f"{n.MAINTENANCE} == 1")),
        rows=(
            Row(
                "",
                (
                    stat(
                        "Services down",
                        "Services whose components say that they are down, outside maintenance. Good: 0.",
                        Query(f"count(({state}) == 3) or vector(0)"),
                        steps=any_is(BAD),
                        width=3,
                    ),
                    stat(
                        "Services unknown",
                        "Services of which nobody knows whether they are up: data is missing. Good: 0.",
                        Query(f"count(({state}) == 2) or vector(0)"),
                        steps=any_is(UNKNOWN),
                        width=3,
                    ),
                    stat(
                        "Budgets burning",
                        "Objectives that spend their error budget so fast that somebody is told. Good: 0.",
                        Query(f"count(max by (service, objective) ({n.BURNING}) > 0 and {OWNED}) or vector(0)"),
                        steps=any_is(BAD),
                        width=3,
                    ),
                    stat(
                        "Pages open",
                        "Alerts that fire now and wake somebody (severity critical). Good: 0.",
                        Query(f"count({FIRING.replace('critical|warning', 'critical')}) or vector(0)"),
                        steps=any_is(BAD),
                        width=3,
                    ),
                    stat(
                        "Tickets open",
                        "Alerts that fire now and wait for working hours (severity warning).",
                        Query(f"count({FIRING.replace('critical|warning', 'warning')}) or vector(0)"),
                        steps=any_is(WARN),
                        width=3,
                    ),
                    stat(
                        "Devices down",
                        "Devices of the inventory that did not answer their last poll. Good: 0.",
                        Query("count(wardwatch_device_up == 0) or vector(0)"),
                        steps=any_is(WARN),
                        width=3,
                    ),
                ),
            ),
            Row(
                "What was promised",
                (
                    table(
                        "Services",
                        "Each service: its state, minutes of error budget left in its period, share of it consumed. "
                        "Good: up, and less consumed than of the period has gone.",
                        (
                            Query(f"{state}"),
                            Query(f"min by (service) ({n.LEFT_MINUTES}) and {OWNED}"),
                            Query(f"1 - min by (service) ({n.LEFT}) and {OWNED}"),
                            Query(f'max by (service, owner, tier) ({n.INFO}{{owner=~"$owner"}})'),
                        ),
                        (
                            Column("service", "Service", links=(TO_SERVICE,)),
                            Column("Value #A", "State", words=SERVICE, width=130),
                            Column("Value #B", "Budget left (min)", "none", 0, width=170),
                            Column(
                                "Value #C",
                                "Consumed",
                                "percentunit",
                                0,
                                steps=(Step(None, QUIET), Step(1 - LITTLE_LEFT, WARN), Step(1, BAD)),
                                width=110,
                            ),
                            Column("owner", "Owner", width=160),
                            Column("tier", "Tier", width=90),
                        ),
                        sort="State",
                        width=15,
                        height=10,
                    ),
                    bars(
                        "Open alerts by owner",
                        "Alerts that fire now, by who is to act. Good: none.",
                        Query(f"sort_desc(count by (owner) ({FIRING}))", "{{owner}}"),
                        "short",
                        none="None fires",
                        width=9,
                        height=10,
                    ),
                ),
            ),
            Row("What needs us now", (_burning(), _newest(config))),
            Row("Where", (_sites(), came_or_went(NEWEST))),
            Row("Do we see it all", _seen(config)),
        ),
    )


def _burning() -> Panel:
    return table(
        "Budgets that burn",
        "Objectives that spend their error budget so fast that somebody is told: the share that was spent within "
        "the window. Good: none.",
        Query(f"max by (service, objective, urgency, window) ({n.BURNING}) and {OWNED}"),
        (
            Column("service", "Service", links=(TO_SERVICE,)),
            Column("Value", "Spent", "percentunit", 0, width=90),
            Column("window", "Within", width=90),
            Column("urgency", "Call", width=90),
            Column("objective", "Objective"),
        ),
        sort="Spent",
        none="None burns",
        width=10,
    )


def _newest(config: Config) -> Panel:
    runbook = Link("Runbook", config.settings.urls.runbooks + "/${__data.fields.alertname}")
    newest = f"topk({NEWEST}, min by ({ALERT}) ({with_service('ALERTS_FOR_STATE', WHOSE)}))"
    return table(
        "Newest alerts",
        f"The {NEWEST} that began last, newest first. An alert leads to its runbook. Good: none.",
        Query(f"{newest} * 1000"),
        (
            Column("alertname", "Alert", links=(runbook,)),
            Column("Value", "Since", "dateTimeFromNow", width=140),
            Column("severity", "Severity", width=90),
            Column("instance", "Device", links=(TO_DEVICE,)),
            Column("service", "Service", links=(TO_SERVICE,)),
            Column("owner", "Owner"),
        ),
        sort="Since",
        none="No alert",
        width=14,
    )


def _sites() -> Panel:
    return table(
        "Sites",
        "Of each site: devices, how many of them answer; alerts that fire there; availability of its services over 30 "
        "days. Good: all answer, none fires.",
        (
            Query("count by (site) (wardwatch_device_up)"),
            Query("sum by (site) (wardwatch_device_up)"),
            Query(f"count by (site) ({FIRING} and on (site) wardwatch_device_up)"),
            Query('max by (site) (site:availability:ratio{window="30d"})'),
        ),
        (
            Column("site", "Site"),
            Column("Value #A", "Devices", "none", 0, width=90),
            Column("Value #B", "Answer", "none", 0, width=90),
            Column("Value #C", "Alerts", "none", 0, steps=any_is(WARN), width=90),
            Column("Value #D", "Availability", "percentunit", 2, width=120),
        ),
        sort="Alerts",
        width=12,
    )


def _seen(config: Config) -> tuple[Panel, ...]:
    return (
        share(config, "coverage", "Seen", n.COVERAGE, "devices and hosts of which something is known", width=6),
        share(
            config, "completeness", "Whole", n.COMPLETENESS, "modules that were answered in whole last time", width=6
        ),
        share(config, "freshness", "Fresh", n.FRESHNESS, "modules that were read within 10 minutes", width=6),
        stat(
            "Not scraped",
            "Targets of Prometheus that it does not reach. Good: 0.",
            Query("count(up == 0) or vector(0)"),
            steps=any_is(BAD),
            width=6,
        ),
    )
