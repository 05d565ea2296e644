"""Temperatures and throttling as the kernel's thermal governor sees them (node_exporter's `thermal_zone`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import number, word
from collector.host.sweep import Sweep
from collector.host.tables import Table
from collector.model import Column, Edge, Family, Host, Seconds, Target, column

TEMPERATURE = Family("node_thermal_zone_temp", "Zone temperature in Celsius")
CURRENT = Family("node_cooling_device_cur_state", "Current throttle state of the cooling device")
MAXIMUM = Family("node_cooling_device_max_state", "Maximum throttle state of the cooling device")

TIMEOUT = Seconds(0.8)
"""Reading a zone asks the firmware. See filesystem.MOUNT_TIMEOUT."""

_THERMAL = "/sys/class/thermal"
_ZONE = "thermal_zone"
_COOLING = "cooling_device"

Reading = tuple[str, tuple[int | None, ...]]
"""Type, and the numbers of a zone or of a cooling device."""


@dataclass(slots=True)
class _Memory:
    sweep: Sweep[Reading] = field(default_factory=lambda: Sweep("thermal_zone"))
    zones: Table = field(default_factory=lambda: Table("type", "zone"))
    devices: Table = field(default_factory=lambda: Table("name", "type"))


class _Read:
    """Reads one zone or cooling device, in a thread."""

    __slots__ = ("_host",)

    def __init__(self, host: Host) -> None:
        self._host = host

    def __call__(self, name: str) -> Reading:
        base = f"{_THERMAL}/{name}"
        files = ("temp",) if name.startswith(_ZONE) else ("cur_state", "max_state")
        return word(self._host, f"{base}/type"), tuple(number(self._host, f"{base}/{file}") for file in files)


@dataclass(frozen=True, slots=True)
class ThermalZone:
    """`timeout`: how long a zone may take before its siblings are served without it."""

    name: ClassVar[str] = "thermal_zone"
    waits: ClassVar[bool] = True
    timeout: Seconds = TIMEOUT

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        host, memory = edge.host, edge.memory(_Memory)
        names = [name for name in host.list(_THERMAL) if name.startswith((_ZONE, _COOLING))]
        timeout = min(float(self.timeout), max(0.05, (edge.deadline - edge.now()) / 2.5))
        found = await memory.sweep.run(host, names, _Read(host), timeout)
        zones: list[tuple[str, str]] = []
        temperatures: list[float] = []
        devices: list[tuple[str, str]] = []
        states: list[tuple[int, int]] = []
        for name in names:
            kind, numbers = found.get(name, ("", ()))
            if not numbers or None in numbers:
                continue  # a zone that is switched off refuses to be read
            if name.startswith(_ZONE):
                zones.append((kind, name[len(_ZONE) :]))
                temperatures.append((numbers[0] or 0) / 1000.0)
            else:
                devices.append((name[len(_COOLING) :], kind))
                states.append((numbers[0] or 0, numbers[1] or 0))
        columns = []
        if zones:
            columns.append(column(TEMPERATURE, memory.zones.rows(zones), temperatures))
        if devices:
            rows = memory.devices.rows(devices)
            columns.append(column(CURRENT, rows, [state for state, _ in states]))
            columns.append(column(MAXIMUM, rows, [state for _, state in states]))
        if not columns:
            raise NoData("there is no thermal zone")
        return columns
