"""Sensors of the hardware: temperatures, fans, voltages, currents, power (node_exporter's `hwmon`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.sweep import Sweep
from collector.host.tables import Table
from collector.model import Column, Edge, Family, Host, Kind, Seconds, Target, column

CHIPS = Family("node_hwmon_chip_names", "Annotation metric for human-readable chip names")
LABELS = Family("node_hwmon_sensor_label", "Label for given chip and sensor")

TIMEOUT = Seconds(0.8)
"""A chip behind a busy bus answers late or never. See filesystem.MOUNT_TIMEOUT."""

_HWMON = "/sys/class/hwmon"
_FILE = re.compile(r"([^0-9]+)([0-9]*)(?:_(.+))?")
_UNCLEAN = re.compile(r"[^a-z0-9:_]")
_TYPES = frozenset(
    ("vrm", "beep_enable", "update_interval", "in", "cpu", "fan", "pwm", "temp", "curr", "power", "energy",
     "humidity", "intrusion")
)  # fmt: skip
_MILLI = 1e-3
_MICRO = 1e-6
_FAN_SPEEDS = frozenset(("input", "min", "max", "target"))
_INTERVALS = frozenset(("average_interval", "average_interval_min", "average_interval_max"))

Chip = Mapping[str, str]
"""A chip's files that mean something here, by name, without white space at the ends."""
Sensor = dict[str, str]
"""Element (`input`, `max`, `label`; empty for the sensor's own file) to text."""


def clean(text: str) -> str:
    """As node_exporter makes names of sysfs's words."""
    return _UNCLEAN.sub("_", text.lower()).strip("_")


def meaning(kind: str, element: str, twice: bool) -> tuple[Family, float]:
    """The family of a sensor's element and what to multiply by: sysfs writes thousandths and millionths.

    `twice`: the sensor has a file of its own beside `_input`, which then needs a name of its own.
    """
    name = f"node_hwmon_{kind}"
    if element == "input":
        name += "_input" if twice else ""
    elif element:
        name += f"_{clean(element)}"
    type_: Kind = "gauge"
    scale = 1.0
    if element in ("fault", "alarm"):
        text = f"Hardware sensor {element} status ({kind})"
    elif element == "beep":
        name, text = f"{name}_enabled", "Hardware monitor sensor has beeping enabled"
    elif kind in ("in", "cpu"):
        name, text, scale = f"{name}_volts", f"Hardware monitor for voltage ({element})", _MILLI
    elif kind == "temp" and element != "type":
        name, text, scale = f"{name}_celsius", f"Hardware monitor for temperature ({element or 'input'})", _MILLI
    elif kind == "curr":
        name, text, scale = f"{name}_amps", f"Hardware monitor for current ({element})", _MILLI
    elif kind == "energy":
        name, text, scale = f"{name}_joule_total", f"Hardware monitor for joules used so far ({element})", _MICRO
        type_ = "counter"
    elif kind == "power" and element == "accuracy":
        text, scale = "Hardware monitor power meter accuracy, as a ratio", _MICRO
    elif kind == "power" and element in _INTERVALS:
        name, text = f"{name}_seconds", f"Hardware monitor power usage update interval ({element})"
        scale = _MILLI
    elif kind == "power":
        name, text, scale = f"{name}_watt", f"Hardware monitor for power usage in watts ({element})", _MICRO
    elif kind == "humidity":
        text = (
            "Hardware monitor for humidity, as a ratio (multiply with 100.0 to get the humidity as a percentage)"
            f" ({element})"
        )
        scale = _MICRO
    elif kind == "fan" and element in _FAN_SPEEDS:
        name, text = f"{name}_rpm", f"Hardware monitor for fan revolutions per minute ({element})"
    else:
        text = f"Hardware monitor {kind} element {element}"
    return Family(name, text, type_), scale


_WHOLE = {
    "beep_enable": (Family("node_hwmon_beep_enabled", "Hardware beep enabled"), 1.0),
    "vrm": (Family("node_hwmon_voltage_regulator_version", "Hardware voltage regulator"), 1.0),
    "update_interval": (
        Family("node_hwmon_update_interval_seconds", "Hardware monitor update interval"),
        _MILLI,
    ),
}
"""What belongs to the chip and not to one of its sensors."""


@dataclass(slots=True)
class _Memory:
    sweep: Sweep[Chip] = field(default_factory=lambda: Sweep("hwmon"))
    chips: Table = field(default_factory=lambda: Table("chip", "chip_name"))
    labels: Table = field(default_factory=lambda: Table("chip", "label", "sensor"))
    meanings: dict[tuple[str, str, bool], tuple[Family, float]] = field(default_factory=dict)
    tables: dict[Family, Table] = field(default_factory=dict)


class _Read:
    """Reads the files of one chip, in a thread."""

    __slots__ = ("_host",)

    def __init__(self, host: Host) -> None:
        self._host = host

    def __call__(self, directory: str) -> Chip:
        found: dict[str, str] = {}
        # Old drivers put the attributes on the device that the chip belongs to.
        for base in (directory, f"{directory}/device"):
            for name in self._host.list(base):
                parts = _FILE.fullmatch(name)
                if name not in found and (name == "name" or (parts and parts[1] in _TYPES)):
                    content = self._host.read(f"{base}/{name}")
                    if content is not None:
                        found[name] = content.decode("utf-8", "replace").strip("\n")
        return found


def chip_name(host: Host, directory: str, own: str) -> str:
    """A name that stays over restarts: of the device's bus and place, else the chip's own, else `hwmonN`."""
    real = host.link(directory) or directory
    device = host.link(f"{real}/device")
    if device is not None:
        *_, bus, place = ("", *device.split("/"))
        name = "_".join(part for part in (clean(bus), clean(place)) if part)
        if clean(place):
            return name
    return clean(own) or clean(real.rpartition("/")[2])


@dataclass(frozen=True, slots=True)
class Hwmon:
    """`timeout`: how long a chip may take before its siblings are served without it."""

    name: ClassVar[str] = "hwmon"
    waits: ClassVar[bool] = True
    timeout: Seconds = TIMEOUT

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        host, memory = edge.host, edge.memory(_Memory)
        directories = [f"{_HWMON}/{name}" for name in host.list(_HWMON)]
        if not directories:
            raise NoData("no chip has sensors")
        timeout = min(float(self.timeout), max(0.05, (edge.deadline - edge.now()) / 2.5))
        found = await memory.sweep.run(host, directories, _Read(host), timeout)
        named = [(chip_name(host, directory, chip.get("name", "")), chip) for directory, chip in found.items()]
        return _columns(sorted(named, key=lambda pair: pair[0]), memory)


def sensors(chip: Chip) -> dict[str, tuple[str, Sensor]]:
    """`temp1` to its type and elements. Files without a number belong to sensor 0, as in node_exporter."""
    found: dict[str, tuple[str, Sensor]] = {}
    for name, text in chip.items():
        parts = _FILE.fullmatch(name)
        if parts and parts[1] in _TYPES:
            sensor = f"{parts[1]}{int(parts[2] or 0)}"
            found.setdefault(sensor, (parts[1], {}))[1][parts[3] or ""] = text
    return found


def _columns(chips: Sequence[tuple[str, Chip]], memory: _Memory) -> list[Column]:
    names: dict[tuple[str, str], None] = {}
    labels: dict[tuple[str, str, str], None] = {}
    values: dict[Family, dict[tuple[str, str], float]] = {}
    for name, chip in chips:
        if clean(chip.get("name", "")):
            names[(name, clean(chip["name"]))] = None
        for sensor, (kind, elements) in sorted(sensors(chip).items()):
            if "label" in elements:
                labels[(name, elements["label"], sensor)] = None
            for element, text in elements.items():
                if element == "label":
                    continue
                try:
                    value = float(text)
                except ValueError:
                    continue
                key = (kind, element, "" in elements)
                family, scale = _WHOLE.get(kind) or memory.meanings.get(key) or (None, 1.0)
                if family is None:
                    family, scale = memory.meanings[key] = meaning(*key)
                # Two chips of one name on one bus: the first is kept, as a second would be the same series.
                values.setdefault(family, {}).setdefault((name, sensor), value * scale)
    columns = []
    if names:
        columns.append(column(CHIPS, memory.chips.rows(list(names)), [1.0] * len(names)))
    if labels:
        columns.append(column(LABELS, memory.labels.rows(list(labels)), [1.0] * len(labels)))
    for family, measured in values.items():
        table = memory.tables.setdefault(family, Table("chip", "sensor"))
        columns.append(column(family, table.rows(list(measured)), measured.values()))
    if not columns:
        raise NoData("no chip has sensors")
    return columns
