"""Device: one device whole, whatever it is."""

from __future__ import annotations

from typing import Final

from collector.config import Config
from dashboards import names as n
from dashboards.board import Board, Row, alerts, maintenance
from dashboards.boards import device_parts as parts
from dashboards.boards.queries import DEVICE, TO_SERVICE, alert_columns, alert_queries
from dashboards.limits import Sources
from dashboards.palette import BAD, GOOD, NOTICE, QUIET, UP, WORKS, Word, any_is
from dashboards.palette import DEVICE as STATES
from dashboards.panels import Column, Panel, Query, series, stat, states, table
from dashboards.states import device_state

ABOUT: Final = """**For** whoever follows an alert or a row of another board to one device, at 3 a.m. too.
**Good** is up, nothing that fails, no alert, breaker closed.
Below: its polls, its past, its ports, its place, what it measures. A device has only some of these."""

ONE: Final = 'instance="$instance"'

KEPT_QUIET: Final = {
    "0": Word("✓ no", GOOD),
    "1": Word("→ behind a fault", NOTICE),
    "2": Word("⚒ maintenance", NOTICE),
}
BREAKER: Final = {
    "0": Word("✓ closed", GOOD),
    "1": Word("✗ open", BAD),
    "null": Word("– none", QUIET),
}


def board(config: Config, sources: Sources) -> Board:
    return Board(
        uid="wardwatch-device",
        title="How is this device, and why?",
        about=ABOUT,
        variables=(DEVICE,),
        marks=(alerts(ONE), maintenance(f"{n.SCRAPED_DEVICE_MAINTENANCE}{{{ONE}}} == 1")),
        rows=(
            Row("", (*_first(), _inventory())),
            Row("Its polls", (_modules(), _took(), _services())),
            Row("Its past", _past(config)),
            Row("Its ports", parts.ports(config)),
            Row("Where it hangs on the network", parts.place()),
            Row("What is tried of it", parts.probes()),
            Row("What it measures", parts.measured(config, sources)),
        ),
    )


def _first() -> tuple[Panel, ...]:
    quiet = f'max({n.SILENCED}{{{ONE}, by="%s"}})'
    return (
        stat(
            "State",
            "As its last polls say: up, partial (a module fails), down, paused by a person, or never asked, as usual "
            "for clinical equipment. Good: up, or never asked.",
            Query(device_state(ONE)),
            words=STATES,
        ),
        table(
            "Why",
            "What failed in the last poll of each module and the last try of each probe, or was read in part only. "
            "Good: nothing.",
            Query(
                f"max by (module, reason) (wardwatch_poll_failed_info{{{ONE}}})\n"
                f"or max by (module, reason) (probe_failure_info{{{ONE}}})\n"
                f"or max by (module, reason) (wardwatch_poll_incomplete{{{ONE}}} == 1)"
            ),
            (Column("module", "Module", width=110), Column("reason", "Reason")),
            none="Nothing fails",
            width=5,
            height=4,
        ),
        stat(
            "Alerts",
            "Alerts of this device that fire now. Good: 0.",
            Query(f'count(ALERTS{{alertstate="firing", severity=~"critical|warning", {ONE}}}) or vector(0)'),
            steps=any_is(BAD),
            width=3,
        ),
        stat(
            "Kept quiet",
            "Whether its alerts are held back: what lies before it is down, or planned work goes on. Good: no.",
            Query(f"{quiet % 'maintenance'} * 2\nor {quiet % 'dependency'}\nor vector(0)"),
            words=KEPT_QUIET,
            width=3,
        ),
        stat(
            "Breaker",
            "Open: three polls in a row failed, so it is asked seldom until it answers. Good: closed.",
            Query(f"max(wardwatch_breaker_open{{{ONE}}})"),
            words=BREAKER,
            none=BREAKER["null"].text,
            width=3,
        ),
    )


def _inventory() -> Panel:
    said = "device_kind, class, device_type, maker, model, site, location, ward, asset, criticality"
    return table(
        "What the inventory says",
        "What it is, where it stands, who is called, and the most important service that needs it.",
        (
            Query(f"max by (instance, {said}) (wardwatch_device_info{{{ONE}}})"),
            Query(f"max by (instance, owner, service, key_property) ({n.SCRAPED_CONTACT}{{{ONE}}})"),
        ),
        (
            Column("device_kind", "Kind", width=170),
            Column("device_type", "Type"),
            Column("class", "Class", width=110),
            Column("site", "Site"),
            Column("location", "Location"),
            Column("ward", "Ward"),
            Column("owner", "Called"),
            Column("service", "Service", links=(TO_SERVICE,)),
            Column("key_property", "Suffers first"),
            Column("criticality", "Criticality"),
            Column("maker", "Maker"),
            Column("model", "Model"),
            Column("asset", "Asset"),
        ),
        height=4,
    )


def _modules() -> Panel:
    return table(
        "Modules",
        "What it is asked: whether the last poll went well and why not, how old what is served is, how long the poll "
        "took, and the rule by which the module was chosen where the device chose. Good: all work, and data younger "
        "than two intervals.",
        (
            Query(f"max by (module) (wardwatch_poll_success{{{ONE}}})"),
            Query(f"max by (module, reason) (wardwatch_poll_failed_info{{{ONE}}})"),
            Query(f"max by (module) (wardwatch_poll_age_seconds{{{ONE}}})"),
            Query(f"max by (module) (wardwatch_poll_duration_seconds{{{ONE}}})"),
            Query(f"max by (module, rule) (wardwatch_device_modules_info{{{ONE}}})"),
        ),
        (
            Column("module", "Module"),
            Column("Value #A", "Last poll", words=WORKS, width=120),
            Column("reason", "Reason", width=110),
            Column("Value #C", "Age", "s", 0, width=80),
            Column("Value #D", "Took", "s", width=90),
            Column("rule", "Chosen by", width=120),
        ),
        sort="Last poll",
        falling=False,
        none="Nothing is asked of it",
        width=12,
    )


def _took() -> Panel:
    return series(
        "How long its polls take",
        "Of each module. Good: steady, and far below its interval; what grows will be late one day.",
        Query(f"max by (module) (wardwatch_poll_duration_seconds{{{ONE}}})", "{{module}}"),
        "s",
        low=0,
        none="Nothing is asked of it",
        width=5,
        height=9,
    )


def _services() -> Panel:
    return table(
        "Services that need it",
        "Components of services that are this device or something of it, each with its state. Good: up.",
        Query(f'max by (service, component) ({n.COMPONENT_UP}{{component=~"$instance(:.+)?"}})'),
        (
            Column("service", "Service", links=(TO_SERVICE,), width=150),
            Column("component", "Component"),
            Column("Value", "State", words=UP, width=90),
        ),
        none="No component of its own",
        width=7,
        height=9,
    )


def _past(config: Config) -> tuple[Panel, ...]:
    return (
        states(
            "Status history",
            "Its state over time. Good: up all along.",
            Query(device_state(ONE), "{{instance}}"),
            STATES,
            width=12,
            height=6,
        ),
        states(
            "Alerts over time",
            "When each of its alerts fired. Good: none did.",
            Query(f'max by (alertname) (ALERTS{{alertstate="firing", {ONE}}})', "{{alertname}}"),
            {"1": Word("! fires", BAD)},
            none="None fired",
            width=12,
            height=6,
        ),
        table(
            "Alerts of it",
            "What fires, and what waits whether it lasts; since when. An alert leads to its runbook. Good: none.",
            alert_queries(ONE),
            alert_columns(config.settings.urls.runbooks),
            sort="Since",
            none="No alert",
            height=6,
        ),
    )
