"""What the boards of equipment, network and device say while something is wrong: each fault in its own place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.dashboards.boards.shipped import asked, filled
from tests.dashboards.promtool import Case, judged

pytestmark = [pytest.mark.slow, pytest.mark.parts]

QUERIES = {(each.board.removeprefix("wardwatch-"), each.place): each.expr for each in asked()}

NOW = "30m"
LOOKED: set[str] = set()
"""Queries that a case shows to say something."""
ONLY_HERE = (
    "wardwatch-equipment: Paths D",
    "wardwatch-equipment: Why paths failed A",
    "wardwatch-equipment: Strangers on clinical VLANs A",
    "wardwatch-network: Full ports A",
    "wardwatch-network: Full ports B",
    "wardwatch-network: annotation Maintenance",
    "wardwatch-oncall: MTTA A",
    "wardwatch-service: Incidents, by the hour A",
    "wardwatch-service: Incidents, by the hour B",
    "wardwatch-service: Incidents, by the hour C",
    "wardwatch-service: Incidents, by the hour D",
    "wardwatch-capacity: Peaks in agreed hours A",
    "wardwatch-capacity: Use against the next step A",
    "wardwatch-capacity: Address pools A",
    "wardwatch-capacity: annotation Alerts",
)
"""What empty.yml says is shown here."""
ALL = dict.fromkeys(("site", "location", "kind", "class", "resource", "owner"), ".*")


Said = float | None | Mapping[str, float]
"""What a query gives: a number, nothing, or numbers by labels."""


def case(
    name: str,
    board: str,
    series: Mapping[str, str],
    said: Mapping[str, Said],
    chosen: Mapping[str, str] | None = None,
) -> Case:
    """`said` by the title of a panel and the letter of its query."""
    made = Case(name, series)
    for place, values in said.items():
        if values is not None:
            LOOKED.add(f"wardwatch-{board}: {place}")
        expr = filled(QUERIES[board, place], {**ALL, **(chosen or {})})
        if isinstance(values, Mapping):
            made.look(NOW, expr, *values.items())
        else:
            made.look(NOW, expr, *(() if values is None else (values,)))
    return made


def on(name: str, **labels: str) -> str:
    matchers = ", ".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{name}{{{matchers}}}"


def piece(name: str, state: int, ward: str = "A", wrong: int = 0) -> dict[str, str]:
    """`state` as palette.EQUIPMENT numbers it."""
    words = {"instance": name, "site": "main", "ward": ward, "type": "pump", "criticality": "high"}
    return {
        on("wardwatch_equipment:info", **words): "1x40",
        on("wardwatch_equipment:state", **words): f"{state}x40",
        on("wardwatch_equipment:wrong", **words): f"{wrong}x40",
    }


def device(name: str, **labels: str) -> dict[str, str]:
    """One whose ports are read, which has always answered."""
    said = {"instance": name, "site": "main", "device_kind": "switch", **labels}
    return {
        on("wardwatch_device_info", **said): "1x40",
        on("wardwatch_device_up", **said): "1x40",
        on("wardwatch_breaker_open", **said): "0x40",
        on("wardwatch_poll_success", module="if_mib", **said): "1x40",
        on("wardwatch_poll_success", module="system", **said): "1x40",
        on("wardwatch:network_state", **said): "0x40",
    }


EQUIPMENT = (
    case(
        "nothing is wrong, nothing is said",
        "equipment",
        piece("pump", 0)
        | piece("quiet", 1)
        | {
            on("wardwatch_equipment:port_up", instance="pump"): "1x40",
        },
        {
            "Not seen A": 0,
            "Moved A": 0,
            "Wrong VLAN A": 0,
            "Bad ports A": 0,
            "Paths that fail A": 0,
            "Climate or power A": 0,
        },
    ),
    case(
        "each fault is in its own panel, and those that have one come first",
        "equipment",
        piece("here", 0, wrong=1)
        | piece("gone", 3, wrong=1)
        | piece("lost", 4, wrong=1)
        | piece("away", 2, "B", wrong=1)
        | {
            on("wardwatch_equipment_wrong_vlan", instance="here"): "1x40",
            on("wardwatch_equipment_seen", instance="here"): "1x40",
            on("wardwatch_equipment_wrong_vlan", instance="gone"): "1x40",
            on("wardwatch_equipment_seen", instance="gone"): "0x40",
            on("wardwatch_equipment:port_up", instance="gone"): "0x40",
            on("wardwatch_equipment_half_duplex", instance="gone"): "1x40",
            on("wardwatch_equipment_half_duplex", instance="here"): "1x40",
        },
        {
            "Not seen A": 2,
            "Moved A": 1,
            "Wrong VLAN A": 1,
            "Bad ports A": 2,
            "By ward A": {'{ward="A"}': 3, '{ward="B"}': 1},
            "By ward B": {'{ward="A"}': 1, '{ward="B"}': 0},
            "By ward E": {'{ward="A"}': 1, '{ward="B"}': 0},
            "Pieces (200 at most) B": {
                '{instance="here"}': 0,
                '{instance="gone"}': 3,
                '{instance="lost"}': 4,
                '{instance="away"}': 2,
            },
        },
    ),
    case(
        "a choice leaves the others out",
        "equipment",
        piece("gone", 3) | piece("lost", 3, "B"),
        {"Not seen A": 1, "By ward A": {'{ward="B"}': 1}, "Pieces (200 at most) B": {'{instance="lost"}': 3}},
        {"location": "B"},
    ),
    case(
        "paths, climate and power",
        "equipment",
        {
            on("probe_success", instance="archive", module="dicom_echo", site="main"): "0x40",
            on("probe_success", instance="archive", module="icmp", site="main"): "0x40",
            on(
                "probe_failures_total", instance="archive", module="dicom_echo", site="main", reason="timeout"
            ): "0+1x40",
            on("wardwatch:climate_temperature_celsius", instance="warm", climate="f", site="main"): "9x40",
            on("wardwatch:climate_temperature_celsius", instance="cold", climate="f", site="main"): "1x40",
            on("wardwatch:climate_temperature_celsius", instance="well", climate="f", site="main"): "5x40",
            on("wardwatch:climate_celsius:high", climate="f"): "8x40",
            on("wardwatch:climate_celsius:low", climate="f"): "2x40",
            on("wardwatch_ups_on_battery", instance="ups", site="main"): "1x40",
            on("wardwatch_equipment_unknown_macs", instance="sw", site="main", vlan="10"): "2x40",
        },
        {
            "Paths that fail A": 1,
            "Climate or power A": 3,
            "Paths D": {'{instance="archive", module="dicom_echo"}': 30},
            "Why paths failed A": {'{reason="timeout"}': 30},
            "Strangers on clinical VLANs A": {'{instance="sw", vlan="10"}': 2},
            "Climates A": {
                '{instance="warm", climate="f"}': 1,
                '{instance="cold", climate="f"}': 2,
                '{instance="well", climate="f"}': 0,
            },
        },
    ),
)

OF_A_DEVICE: tuple[tuple[str, Mapping[str, str], Mapping[str, Said]], ...] = (
    ("up", device("x"), {"State A": {'{instance="x"}': 0}, "Kept quiet A": 0}),
    (
        "down, and kept quiet for what lies before it",
        device("x")
        | {
            on("wardwatch_device_up", instance="x", site="main", device_kind="switch"): "0x40",
            on("device:silenced", instance="x", by="dependency"): "1x40",
            on("wardwatch_poll_failed_info", instance="x", module="system", reason="timeout"): "1x40",
            on("probe_failure_info", instance="x", module="icmp", reason="timeout"): "1x40",
        },
        {
            "State A": {'{instance="x"}': 1},
            "Kept quiet A": 1,
            "Why A": {'{module="system", reason="timeout"}': 1, '{module="icmp", reason="timeout"}': 1},
        },
    ),
    (
        "in part, in maintenance",
        device("x")
        | {
            on("wardwatch_poll_success", module="system", instance="x", site="main", device_kind="switch"): "0x40",
            on("device:silenced", instance="x", by="maintenance"): "1x40",
            on("device:silenced", instance="x", by="dependency"): "1x40",
        },
        {"State A": {'{instance="x"}': 4}, "Kept quiet A": 2},
    ),
    (
        "paused, whatever its last poll said",
        device("x") | {on("wardwatch_paused", instance="x", scope="device"): "1x40"},
        {"State A": {'{instance="x"}': 3}},
    ),
    (
        "not polled yet",
        {on("wardwatch_device_info", instance="x"): "1x40", on("wardwatch_breaker_open", instance="x"): "0x40"},
        {"State A": {'{instance="x"}': 2}},
    ),
    ("never asked", {on("wardwatch_device_info", instance="x"): "1x40"}, {"State A": {'{instance="x"}': 5}}),
    (
        "a port that is switched off is not one that is down",
        {
            on("ifOperStatus", instance="x", ifIndex="1", ifName="a"): "2x40",
            on("ifAdminStatus", instance="x", ifIndex="1", ifName="a"): "2x40",
            on("ifOperStatus", instance="x", ifIndex="2", ifName="b"): "2x40",
            on("ifAdminStatus", instance="x", ifIndex="2", ifName="b"): "1x40",
            on("ifHCInOctets", instance="x", ifIndex="2", ifName="b"): "0+750x40",
            on("ifHCOutOctets", instance="x", ifIndex="2", ifName="b"): "0+1500x40",
            on("ifHighSpeed", instance="x", ifIndex="2", ifName="b"): "0.001x40",
        },
        {
            "Ports A": {'{ifIndex="1", ifName="a"}': 8, '{ifIndex="2", ifName="b"}': 2},
            "Ports E": {'{ifIndex="2", ifName="b"}': 0.2},
        },
    ),
)
DEVICE = tuple(case(name, "device", series, said, {"instance": "x"}) for name, series, said in OF_A_DEVICE)

NETWORK = (
    case(
        "all answer",
        "network",
        device("a") | device("b"),
        {
            "Down A": 0,
            "Cut off A": 0,
            "Full now A": 0,
            "Sites B": {'{site="main"}': 2},
            "Sites C": {'{site="main"}': 0},
            "Devices down A": None,
        },
    ),
    case(
        "one is down, another behind it",
        "network",
        device("a")
        | device("b")
        | {
            on("wardwatch:network_state", instance="a", site="main", device_kind="switch"): "1x40",
            on("wardwatch:network_state", instance="b", site="main", device_kind="switch"): "1x40",
            on("wardwatch:network_down:count", site="main", device_kind="switch"): "2x40",
            on("wardwatch_dependency_down", instance="b", site="main", device_kind="switch"): "1x40",
        },
        {
            "Down A": 2,
            "Cut off A": 1,
            "Sites C": {'{site="main"}': 2},
            "Devices down A": {'{site="main"}': 2},
            "Devices (200 at most) A": {
                '{instance="a", site="main", device_kind="switch"}': 6,
                '{instance="b", site="main", device_kind="switch"}': 6,
            },
        },
    ),
    case(
        "a port that is full, one that loses frames",
        "network",
        {
            on("wardwatch:port_busy:ratio", instance="a", ifIndex="1", direction="in"): "_x19 0.9x20",
            on("wardwatch:port_errors:rate15m", instance="a", ifIndex="2"): "0.5x40",
            on("wardwatch:port_flaps:changes1h", instance="a", ifIndex="3"): "12x40",
            on("ALERTS", alertstate="firing", alertname="PortFlaps", instance="a", ifIndex="3"): "1x40",
            on("ALERTS", alertstate="pending", alertname="PortErrors", instance="a", ifIndex="2"): "1x40",
            on("wardwatch_device_maintenance", instance="a", site="main"): "1x40",
            on("wardwatch_device_maintenance", instance="b", site="main"): "0x40",
        },
        {
            "Full now A": 1,
            "Lose frames A": 0,
            "Flapping A": 1,
            "annotation Maintenance": {'wardwatch_device_maintenance{instance="a", site="main"}': 1},
            "Full ports B": {'{direction="in", ifIndex="1", instance="a"}': 0.9},
            "Full ports A": {'{direction="in", ifIndex="1", instance="a"}': 12},
            "Ports with errors, discards or flaps A": {'{ifIndex="2", instance="a"}': 0.5},
            "Ports with errors, discards or flaps C": {
                '{ifIndex="3", instance="a"}': 12,
                '{ifIndex="2", instance="a"}': 0,
            },
            "Ports with errors, discards or flaps D": {
                '{ifIndex="3", instance="a"}': 1,
                '{ifIndex="2", instance="a"}': 0,
            },
        },
    ),
)


POOL = {"resource": "address_pool", "instance": "dhcp-1", "item": "10.0.8.0"}
FORECAST = {"alertname": "CapacityForecastFull", "alertstate": "firing", "severity": "warning", **POOL}

OTHERS = (
    case(
        "addresses run out",
        "capacity",
        {
            on("capacity:used:ratio", **POOL): "0.75x40",
            on("capacity:used:ratio_p95", **POOL, window="7d"): "0.8x40",
            on("capacity:full:ratio", resource="address_pool"): "0.5x40",
            on("wardwatch_device_contact_info", instance="dhcp-1", owner="servers", site="main"): "1x40",
            on("ALERTS", **FORECAST): "1x40",
        },
        {
            "Peaks in agreed hours A": {'{resource="address_pool"}': 0.8},
            "Use against the next step A": {'{resource="address_pool"}': 1.5},
            "Address pools A": {on("capacity:used:ratio", **POOL): 0.75},
            "annotation Alerts": {on("ALERTS", **FORECAST): 1},
        },
    ),
    case(
        "a page was acknowledged after five minutes",
        "oncall",
        {on("oncall:mtta:seconds", severity="critical", window="30d"): "300x40"},
        {"MTTA A": 300},
    ),
    case(
        "an incident of ten minutes began after eleven",
        "service",
        {
            on("service:incident:begins", service="epr"): "0x10 1 0x30",
            on("service:incident", service="epr"): "0x10 1x9 0x30",
        },
        {
            "Incidents, by the hour A": {'{service="epr"}': 660_000},
            "Incidents, by the hour B": None,
            "Incidents, by the hour C": {'{service="epr"}': 1},
            "Incidents, by the hour D": {'{service="epr"}': 10},
        },
        {"service": "epr"},
    ),
    case(
        "of two incidents within the hour both are seen",
        "service",
        {
            on("service:incident:begins", service="epr"): "0x5 1 0x13 1 0x30",
            on("service:incident", service="epr"): "0x5 1x6 0x7 1x3 0x30",
        },
        {
            "Incidents, by the hour A": {'{service="epr"}': 360_000},
            "Incidents, by the hour B": {'{service="epr"}': 1_260_000},
            "Incidents, by the hour C": {'{service="epr"}': 2},
            "Incidents, by the hour D": {'{service="epr"}': 11},
        },
        {"service": "epr"},
    ),
    case(
        "a device that left hours ago is told as long as the board looks back so far",
        "oncall",
        {
            on("wardwatch_device_up", instance="cab-3", site="main"): "0x40",
            on("device:changed", instance="cab-3", site="main"): "_x3 1 _x5 1 _x30",
        },
        {
            "Devices that came or went A": {'{instance="cab-3", site="main"}': 2},
            "Devices that came or went B": {'{instance="cab-3", site="main"}': 0},
        },
    ),
)


def test_a_fault_is_said_where_it_must(part: Callable[[str], Path], tmp_path: Path) -> None:
    assert judged(part("promtool"), tmp_path, [], (*EQUIPMENT, *DEVICE, *NETWORK, *OTHERS), "1m") == ""
    assert set(ONLY_HERE) <= LOOKED
