"""Service: one service, from what was promised to the component that breaks it."""

from __future__ import annotations

from typing import Final

from collector.config import Config
from collector.services import LITTLE_LEFT
from dashboards import names as n
from dashboards.board import Board, Mark, Row, alerts, maintenance
from dashboards.boards import service_promise as promise
from dashboards.boards.queries import ONE_SERVICE, TO_DEVICE, TO_SERVICE, alert_columns, alert_queries
from dashboards.boards.service_promise import ONE
from dashboards.palette import BAD, CALM, OWED, QUIET, SERVICE, UP, WARN, Step, Word
from dashboards.panels import Column, Panel, Query, stat, states, table
from dashboards.states import service_state

ABOUT: Final = """**For** the owner of the service, and whoever is called for it.
**Good** is up, and more budget left than of the period is to come.
The timeline shows which component it was; the table leads to the device. Shaded: maintenance, and hours not agreed."""

LANES: Final = {
    **SERVICE,
    "4": Word("– not owed", QUIET),
    "5": Word("✓ owed", CALM),
}
"""Of the timeline: states, and a lane of agreed hours."""


def board(config: Config) -> Board:
    return Board(
        uid="wardwatch-service",
        title="Does this service keep its promise, and what breaks it?",
        about=ABOUT,
        variables=(ONE_SERVICE,),
        marks=(
            alerts(ONE),
            maintenance(f"{n.MAINTENANCE}{{{ONE}}} == 1"),
            Mark("Not agreed", f"{n.AGREED}{{{ONE}}} == 0", "Outside agreed hours", QUIET),
        ),
        since="now-24h",
        rows=(
            Row("", _first()),
            Row("Its state", (_timeline(), _components(), _needs(), _needed())),
            Row("Its error budget", (promise.burn(), promise.left(), promise.objectives())),
            Row("What it came to", (promise.windows(), promise.incidents())),
            Row("Who is told", (_alerts(config),)),
        ),
    )


def _first() -> tuple[Panel, ...]:
    left = f"min by (objective) ({n.LEFT}{{{ONE}}})"
    return (
        stat(
            "State",
            "What its components come to: up, down, unknown where data is missing, or maintenance. Good: up.",
            Query(service_state(ONE)),
            words=SERVICE,
            width=3,
        ),
        stat(
            "Promised",
            "The target of each of its objectives: the share of agreed time, or of events, that is to be good.",
            Query(f"max by (objective) ({n.SLOTH_OBJECTIVE}{{{ONE}}})", "{{objective}}"),
            "percentunit",
            none="– nothing",
            width=3,
            names=True,
        ),
        stat(
            "Budget left",
            "Minutes that it may still be down in the period of each objective before the promise is broken. Good: "
            "above 0, and more than of the period is to come.",
            Query(f"min by (objective) ({n.LEFT_MINUTES}{{{ONE}}})", "{{objective}}"),
            "m",
            steps=(Step(None, BAD), Step(0, CALM)),
            none="– no budget",
            decimals=1,
            width=3,
            names=True,
        ),
        stat(
            "Budget used",
            f"The share of each objective's budget that is gone. Good: below {1 - LITTLE_LEFT:.0%}; at 100% the "
            "promise is broken.",
            Query(f"1 - {left}", "{{objective}}"),
            "percentunit",
            steps=(Step(None, CALM), Step(1 - LITTLE_LEFT, WARN), Step(1, BAD)),
            none="– no budget",
            decimals=0,
            width=3,
            names=True,
        ),
        stat(
            "Burning",
            "Objectives whose budget goes so fast that somebody is told. Good: none.",
            Query(f"count(max by (objective) ({n.BURNING}{{{ONE}}})) or vector(0)"),
            words={"0": Word("✓ no", CALM)},
            steps=(Step(None, CALM), Step(1, BAD)),
            width=3,
        ),
        stat(
            "Owed now",
            "Whether it is within agreed hours, and outside maintenance: only then downtime counts.",
            Query(f"{n.AGREED}{{{ONE}}}"),
            words=OWED,
            width=3,
        ),
    )


def _timeline() -> Panel:
    return states(
        "State of the tree",
        "The service, its agreed hours, and each component over time. Good: up from left to right. What is down while "
        "the service is up has a substitute.",
        (
            Query(service_state(ONE), "{{service}}"),
            Query(f"{n.AGREED}{{{ONE}}} + 4", "agreed hours"),
            Query(f"(1 - {n.COMPONENT_UP}{{{ONE}}}) * 3", "{{component}}"),
        ),
        LANES,
        width=24,
        height=10,
    )


def _components() -> Panel:
    parts = f'label_replace({n.COMPONENT_UP}{{{ONE}}}, "instance", "$1", "component", "([^:]+)(:.*)?")'
    where = "max by (instance, device_kind, site, location) (wardwatch_device_info)"
    devices = f"{parts} * on (instance) group_left (device_kind, site, location) {where}"
    return table(
        "Components",
        "What it is made of, each with its state; a device leads to its board. Good: up.",
        Query(f"{devices}\nor {n.COMPONENT_UP}{{{ONE}}} unless on (component) ({devices})"),
        (
            Column("component", "Component"),
            Column("Value", "State", words=UP, width=100),
            Column("instance", "Device", links=(TO_DEVICE,)),
            Column("device_kind", "Kind"),
            Column("location", "Location"),
        ),
        sort="State",
        falling=False,
        none="– measured by events only",
        width=12,
    )


def _needs() -> Panel:
    wanted = f'label_replace({n.SCRAPED_DEPENDS}{{{ONE}}}, "service", "$1", "dependency", "(.+)")'
    return _others("What it needs", "Services that it depends on, each with its state. Good: up.", wanted)


def _needed() -> Panel:
    wanted = f'{n.SCRAPED_DEPENDS}{{dependency="$service"}}'
    return _others("Who needs it", "Services that depend on it, each with its state: they go when it goes.", wanted)


def _others(title: str, about: str, wanted: str) -> Panel:
    return table(
        title,
        about,
        Query(f"({service_state()}) and on (service) {wanted}"),
        (
            Column("service", "Service", links=(TO_SERVICE,)),
            Column("Value", "State", words=SERVICE, width=130),
        ),
        sort="State",
        none="None",
        width=6,
    )


def _alerts(config: Config) -> Panel:
    return table(
        "Alerts of it and of its devices",
        "What fires, and what waits whether it lasts; since when. An alert leads to its runbook. Good: none.",
        alert_queries(ONE),
        alert_columns(config.settings.urls.runbooks, devices=True),
        sort="Since",
        none="No alert",
        height=7,
    )
