"""Series that nothing in the example estate gives within minutes, in the form in which they would come.

Each has the labels of one that there is: of the same device or port. Why it does not come by itself stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tests.dashboards.boards.asking import Prometheus

Like = tuple[str, Mapping[str, str], float]
"""A query whose series it resembles, labels besides, and its value."""

PORT: Final = "wardwatch:port_bits:rate5m_top20"
CALL: Final = {"window": "30d"}
ALERT: Final = {"alertstate": "firing", "severity": "warning"}

INJECTED: Final[tuple[tuple[str, Like], ...]] = (
    # Simulated supplies and printers have no such object.
    ("wardwatch_ups_battery_replace", ("wardwatch_ups_load_ratio", {}, 1)),
    ("wardwatch_printer_media_ratio", ("max without (supply) (wardwatch_printer_supply_ratio)", {"tray": "1"}, 0.2)),
    # Nothing is sent to any of its equipment.
    ("wardwatch_device_up", ("wardwatch_equipment_seen", {}, 0)),
    # No service of the estate speaks TLS.
    ("probe_ssl_earliest_cert_expiry", ("probe_success", {}, 1.9e9)),
    # Switches are asked for what they have learned every five minutes, and what is learned is sure later.
    ("wardwatch_equipment:port_power_watts", ("wardwatch_equipment:port_up", {}, 6)),
    ("wardwatch_equipment_unknown_macs", ('wardwatch_poll_success{module="if_mib"}', {"vlan": "10"}, 1)),
    # No page is as large as the cap, and no disk is limited by its size.
    ("wardwatch_series_dropped", ("wardwatch_poll_success", {}, 12)),
    ("prometheus_tsdb_retention_limit_bytes", ("prometheus_tsdb_retention_limit_bytes", {}, 5e10)),
    # Five minutes of a busy port, an hour of a bad one.
    ("wardwatch:port_busy:ratio", (PORT, {}, 0.93)),
    ("ALERTS", (PORT, {**ALERT, "alertname": "PortErrors"}, 1)),
    # Nobody was called at night, or has said what he sees to, and nothing is over.
    ("oncall:mtta:seconds", ("oncall:alerts:open", {**CALL, "severity": "critical"}, 240)),
    ("oncall:alert_duration:seconds", ("oncall:alerts:open", CALL, 900)),
    ("oncall:notifications:count", ("oncall:alerts:open", {**CALL, "receiver": "desk", "hours": "agreed"}, 3)),
    ("oncall:notifications:count", ("oncall:alerts:open", {**CALL, "receiver": "desk", "hours": "night"}, 1)),
    ("oncall:notifications:count", ("oncall:alerts:open", {**CALL, "receiver": "desk", "hours": "out_of_hours"}, 2)),
)


def page(prometheus: Prometheus) -> str:
    return "".join(f"{line}\n" for line in _lines(prometheus))


def _lines(prometheus: Prometheus) -> Iterator[str]:
    for name, (like, more, value) in INJECTED:
        for each in prometheus.ask("query", query=like)["result"]:
            labels = {**each["metric"], **more}
            labels.pop("__name__", None)
            yield f"{name}{{{','.join(f'{label}={_quoted(text)}' for label, text in labels.items())}}} {value:g}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'
