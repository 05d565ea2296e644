"""Batteries and mains adapters (node_exporter's `powersupplyclass`)."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import integer, pattern
from collector.host.sweep import Sweep
from collector.host.tables import Table
from collector.model import Column, Edge, Family, Host, Seconds, Target, column

INFO = Family("node_power_supply_info", "info of /sys/class/power_supply/<power_supply>.")


def _family(name: str) -> Family:
    return Family(f"node_power_supply_{name}", f"{name} value of /sys/class/power_supply/<power_supply>.")


_RENAMED = {
    "cycle_count": "cyclecount",
    "time_to_empty_now": "time_to_empty_seconds",
    "time_to_full_now": "time_to_full_seconds",
    "current_now": "current_ampere",
    "energy_now": "energy_watthour",
    "voltage_now": "voltage_volt",
    "charge_now": "charge_ampere",
    "power_now": "power_watt",
}
"""File to name, where they differ. The units of the others are as the kernel's, in whole amperes, volts, watts."""

_PLAIN = (
    "authentic", "calibrate", "capacity", "capacity_alert_max", "capacity_alert_min", "cycle_count", "online",
    "present", "time_to_empty_now", "time_to_full_now",
)  # fmt: skip
_MICRO = (
    "current_boot", "current_max", "current_now", "energy_empty", "energy_empty_design", "energy_full",
    "energy_full_design", "energy_now", "voltage_boot", "voltage_max", "voltage_max_design", "voltage_min",
    "voltage_min_design", "voltage_now", "voltage_ocv", "charge_control_limit", "charge_control_limit_max",
    "charge_counter", "charge_empty", "charge_empty_design", "charge_full", "charge_full_design", "charge_now",
    "charge_term_current", "constant_charge_current", "constant_charge_current_max", "constant_charge_voltage",
    "constant_charge_voltage_max", "precharge_current", "input_current_limit", "power_now",
)  # fmt: skip
_TENTHS = (
    "temp", "temp_alert_max", "temp_alert_min", "temp_ambient", "temp_ambient_max", "temp_ambient_min", "temp_max",
    "temp_min",
)  # fmt: skip

PROPERTIES: tuple[tuple[str, Family, float], ...] = (
    *((file, _family(_RENAMED.get(file, file)), 1.0) for file in _PLAIN),
    *((file, _family(_RENAMED.get(file, file)), 1e6) for file in _MICRO),
    *((file, _family(f"{file}_celsius"), 10.0) for file in _TENTHS),
)
"""File, family, and what to divide the kernel's number by (sysfs-class-power: micro-units, tenths of a degree)."""

WORDS = (
    "capacity_level", "charge_type", "health", "manufacturer", "model_name", "scope", "serial_number", "status",
    "technology", "type", "usb_type",
)  # fmt: skip

TIMEOUT = Seconds(0.8)
"""A battery's controller answers late or never. See filesystem.MOUNT_TIMEOUT."""

_SUPPLIES = "/sys/class/power_supply"
_WANTED = frozenset((*(file for file, _, _ in PROPERTIES), *WORDS))

Supply = Mapping[str, bytes]


@dataclass(slots=True)
class _Memory:
    sweep: Sweep[Supply] = field(default_factory=lambda: Sweep("powersupplyclass"))
    info: Table = field(default_factory=lambda: Table("power_supply", *WORDS))
    each: dict[str, Table] = field(default_factory=dict)


class _Read:
    """Reads one supply's files, in a thread."""

    __slots__ = ("_host",)

    def __init__(self, host: Host) -> None:
        self._host = host

    def __call__(self, name: str) -> Supply:
        base = f"{_SUPPLIES}/{name}"
        found = {file: self._host.read(f"{base}/{file}") for file in self._host.list(base) if file in _WANTED}
        return {file: content for file, content in found.items() if content is not None}


@dataclass(frozen=True, slots=True)
class PowerSupply:
    """`ignored_supplies` as in node_exporter's `--collector.powersupply.ignored-supplies`."""

    name: ClassVar[str] = "powersupplyclass"
    waits: ClassVar[bool] = True
    ignored_supplies: str = "^$"
    timeout: Seconds = TIMEOUT

    def __post_init__(self) -> None:
        pattern("ignored_supplies", self.ignored_supplies)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        host, memory = edge.host, edge.memory(_Memory)
        names = [name for name in host.list(_SUPPLIES) if not re.search(self.ignored_supplies, name)]
        if not names:
            raise NoData("there is no power supply")
        timeout = min(float(self.timeout), max(0.05, (edge.deadline - edge.now()) / 2.5))
        found = await memory.sweep.run(host, names, _Read(host), timeout)
        supplies = [(name, found[name]) for name in names if name in found]
        columns = []
        for file, family, divisor in PROPERTIES:
            values = array("d")
            labels = []
            for name, supply in supplies:
                value = integer(supply.get(file, b""))
                if value is not None:
                    labels.append((name,))
                    values.append(value / divisor)
            if labels:
                table = memory.each.setdefault(file, Table("power_supply"))
                columns.append(Column(family, table.rows(labels), values))
        info = [
            (name, *(supply.get(word, b"").decode("utf-8", "replace").strip() for word in WORDS))
            for name, supply in supplies
        ]
        if info:
            columns.append(column(INFO, memory.info.rows(info), [1.0] * len(info)))
        return columns
