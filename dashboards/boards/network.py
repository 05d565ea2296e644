"""Network: sites and devices, and the ports that carry most, are full, lose frames, or come and go."""

from __future__ import annotations

from typing import Final

from collector.config import Config
from dashboards import names as n
from dashboards.board import ANY_OR_NONE, Board, Row, Variable, alerts, maintenance
from dashboards.boards import network_ports as ports
from dashboards.boards.network_ports import CHOSEN, NETWORK, THOSE
from dashboards.boards.queries import SITE, TO_DEVICE, alert_columns, alert_queries
from dashboards.palette import BAD, NOTICE, WARN, Word, above, any_is
from dashboards.palette import DEVICE as STATES
from dashboards.panels import Column, Panel, Query, bars, series, stat, table

ABOUT: Final = """**For** the network team, and whoever asks whether it is the network.
**Good** is noughts: all devices answer, no port loses frames, none is full, no link comes and goes.
From a row to the device, there to the port."""

KIND: Final = Variable(
    "kind",
    "Kind",
    'label_values(wardwatch:network_state{site=~"$site"}, device_kind)',
    every=ANY_OR_NONE,
)

AILS: Final = "Device(Restarted|CpuHigh|MemoryHigh|SupplyFailed|FanFailed)"
MOST: Final = 200
"""Devices in the list: those that are down first, then others that are not up."""
FIRST: Final = 6
"""Down, as the list has it: more than any other state, so that it is there however many answer in part."""
LISTED: Final = f"topk({MOST}, ({NETWORK} == 1) * {FIRST} or {NETWORK})"
FIRING: Final = f'ALERTS{{alertstate="firing", {CHOSEN}}}'
ALERT: Final = "instance, alertname"
"""Each counts once, as the list of alerts has it, of however many ports or tables of the device it fires."""


def board(config: Config) -> Board:
    return Board(
        uid="wardwatch-network",
        title="Does the network carry what it should, and where does it not?",
        about=ABOUT,
        variables=(SITE, KIND),
        marks=(
            alerts(f'alertname=~"Port.+|Device.+", {CHOSEN}'),
            maintenance(f"{n.SCRAPED_DEVICE_MAINTENANCE}{{{CHOSEN}}} == 1"),
        ),
        rows=(
            Row("", _first()),
            Row("Sites and devices", (_sites(), _down(), _devices(config))),
            Row("What carries most, and what is full", ports.carried(config)),
            Row("Errors, discards, flaps", ports.ailing()),
            Row("What is to be done", (_alerts(config), _room(config))),
        ),
    )


def _counted(title: str, about: str, what: str, colour: str) -> Panel:
    return stat(title, f"{about} Good: 0.", Query(f"count({what}) or vector(0)"), steps=any_is(colour), width=3)


def _firing(names: str) -> str:
    return f'ALERTS{{alertstate="firing", alertname=~"{names}", {CHOSEN}}}'


def _first() -> tuple[Panel, ...]:
    return (
        _counted("Down", "Devices that did not answer their last poll.", f"{NETWORK} == 1", BAD),
        _counted(
            "Cut off",
            "Of those, devices that cannot answer because what lies before them is down: look there first.",
            f"wardwatch_dependency_down{{{CHOSEN}}} == 1 {THOSE}",
            WARN,
        ),
        _counted(
            "Lose frames", "Ports with an alert for errors or discards.", _firing("PortErrors|PortDiscards"), WARN
        ),
        _counted(
            "Full now",
            "Directions of ports that used nearly all of their speed in the last five minutes.",
            f"wardwatch:port_busy:ratio{{{CHOSEN}}}",
            WARN,
        ),
        _counted("Flapping", "Links with an alert because they come and go.", _firing("PortFlaps"), WARN),
        _counted(
            "Ailing",
            "Devices with an alert for a restart, a busy processor, full memory, a supply or a fan.",
            f"count by (instance) ({_firing(AILS)})",
            WARN,
        ),
    )


def _sites() -> Panel:
    return table(
        "Sites",
        "Devices of each site, how many answer, are down or cut off, and alerts that fire. Good: all answer.",
        (
            Query(f"count by (site) ({NETWORK})"),
            Query(f"sum by (site) ({NETWORK} == bool 0)"),
            Query(f"sum by (site) ({NETWORK} == bool 1)"),
            Query(f"sum by (site) (wardwatch_dependency_down{{{CHOSEN}}} {THOSE})"),
            Query(f"count by (site) (count by (site, {ALERT}) ({FIRING} {THOSE})) or sum by (site) ({NETWORK} * 0)"),
        ),
        (
            Column("site", "Site"),
            Column("Value #A", "Devices", "none", 0, width=90),
            Column("Value #B", "Answer", "none", 0, width=90),
            Column("Value #C", "Down", "none", 0, steps=any_is(BAD), width=95),
            Column("Value #D", "Cut off", "none", 0, steps=any_is(WARN), width=95),
            Column("Value #E", "Alerts", "none", 0, steps=any_is(WARN), width=80),
        ),
        sort="Down",
        width=12,
        height=7,
    )


def _down() -> Panel:
    return series(
        "Devices down",
        "How many did not answer, by site. Good: none; many at once have one cause.",
        Query(f"sum by (site) (wardwatch:network_down:count{{{CHOSEN}}})", "{{site}}"),
        "none",
        low=0,
        stacked=True,
        none="None was down",
        width=12,
        height=7,
    )


def _devices(config: Config) -> Panel:
    # What is joined first is little: aggregated are the rows of the list.
    by, listed = "max by (instance)", f"and on (instance) {LISTED}"
    busy, room = (config.settings.capacity.full[name] for name in ("bandwidth", "ports"))
    return table(
        f"Devices ({MOST} at most)",
        "Those that are down first, then others that are not up: the state and why, whether alerts are kept quiet, "
        "alerts that fire, the share of ports with a link, the busiest uplink. Good: up, no alert.",
        (
            Query(f"max by (instance, device_kind, site, location) ({LISTED})"),
            Query(f"max by (instance, reason) (wardwatch_poll_failed_info{{{CHOSEN}}} {listed})"),
            Query(f"{by} ({n.SILENCED} {listed})"),
            Query(f"count by (instance) (count by ({ALERT}) ({FIRING} {listed}))"),
            Query(f'{by} ({n.USED}{{resource="ports"}} {listed})'),
            Query(f'{by} ({n.USED}{{resource="bandwidth"}} {listed})'),
            Query(f"{by} (wardwatch_poll_duration_seconds{{{CHOSEN}}} {listed})"),
        ),
        (
            Column("instance", "Device", links=(TO_DEVICE,)),
            Column("Value #A", "State", words={**STATES, str(FIRST): STATES["1"]}, width=110),
            Column("reason", "Reason", width=110),
            Column("Value #C", "Kept quiet", words={"1": Word("→ yes", NOTICE)}, width=120),
            Column("Value #D", "Alerts", "none", 0, steps=any_is(WARN), width=80),
            Column("device_kind", "Kind", width=150),
            Column("site", "Site", width=130),
            Column("location", "Location"),
            Column("Value #E", "Ports used", "percentunit", 0, steps=above(room, WARN), width=110),
            Column("Value #F", "Uplink used", "percentunit", 0, steps=above(busy), width=120),
            Column("Value #G", "Slowest poll", "s", width=125),
        ),
        sort="State",
        none="No device is read with the module if_mib",
        height=11,
    )


def _alerts(config: Config) -> Panel:
    return table(
        "Alerts",
        "Of the chosen devices: what fires, what waits whether it lasts. An alert leads to its runbook. Good: none.",
        alert_queries(f'severity!="", {CHOSEN}', NETWORK),
        alert_columns(config.settings.urls.runbooks, devices=True),
        sort="Since",
        none="No alert",
        width=15,
        height=8,
    )


def _room(config: Config) -> Panel:
    full = config.settings.capacity.full["ports"]
    return bars(
        "Where ports run out",
        "Switches with the largest share of ports that have a link. Good: room for what comes next.",
        Query(f'sort_desc(topk(10, {n.USED}{{resource="ports"}} {THOSE}))', "{{instance}}"),
        "percentunit",
        steps=above(full, WARN),
        high=1,
        none="No switch is read",
        width=9,
    )
