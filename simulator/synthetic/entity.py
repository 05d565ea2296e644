"""ENTITY-MIB (RFC 6933) and ENTITY-SENSOR-MIB (RFC 3433)."""

from __future__ import annotations

from dataclasses import dataclass

from simulator import ber, values
from simulator.synthetic.sheet import Sheet
from simulator.values import Clock

PHYSICAL = "1.3.6.1.2.1.47.1.1.1.1"
SENSOR = "1.3.6.1.2.1.99.1.1.1"

CHASSIS, SENSOR_CLASS = 3, 8
VOLTS_DC, CELSIUS, HUMIDITY, RPM = 4, 8, 9, 10
UNITS = {VOLTS_DC: "V", CELSIUS: "degrees C", HUMIDITY: "%RH", RPM: "rpm"}


@dataclass(frozen=True, slots=True)
class Probe:
    """A sensor: `tenths` means that its value has one decimal (precision 1)."""

    name: str
    type: int
    middle: float
    swing: float
    tenths: bool = True


def entities(sheet: Sheet, chassis: str, probes: list[Probe]) -> None:
    """A chassis (index 1) and its sensors (from 1001 on)."""
    _physical(sheet, 1, chassis, "Chassis", CHASSIS, 0, 1)
    for number, probe in enumerate(probes, 1):
        index = 1000 + number
        _physical(sheet, index, probe.name, f"{probe.name} sensor", SENSOR_CLASS, 1, number)
        factor = 10 if probe.tenths else 1
        sheet.row(SENSOR, (index,), {
            1: probe.type, 2: 9, 3: 1 if probe.tenths else 0,
            4: sheet.wander(ber.INTEGER, probe.middle * factor, probe.swing * factor, 3600), 5: 1,
            6: UNITS[probe.type], 7: Clock(), 8: values.gauge(10_000),
        })  # fmt: skip
    sheet.put("1.3.6.1.2.1.47.1.4.1", 0, value=values.ticks(0))


def _physical(sheet: Sheet, index: int, name: str, what: str, kind: int, inside: int, place: int) -> None:
    sheet.row(PHYSICAL, (index,), {
        2: what, 3: values.name("0.0"), 4: inside, 5: kind, 6: place, 7: name, 8: "1.0", 9: "", 10: "",
        11: f"EX{index:06d}", 12: "Example Devices", 13: "EX-1", 14: "", 15: "", 16: 1,
    })  # fmt: skip


SERVER_ROOM = [
    Probe("Inlet temperature", CELSIUS, 21, 2),
    Probe("Outlet temperature", CELSIUS, 31, 4),
    Probe("Humidity", HUMIDITY, 45, 6),
]
FRIDGE = [
    Probe("Upper shelf", CELSIUS, 5.2, 0.9),
    Probe("Lower shelf", CELSIUS, 4.4, 0.8),
    Probe("Humidity", HUMIDITY, 52, 6),
]
CABINET = [
    Probe("Board temperature", CELSIUS, 38, 4),
    Probe("Fan 1", RPM, 5200, 300, tenths=False),
    Probe("Fan 2", RPM, 5150, 300, tenths=False),
    Probe("12 V rail", VOLTS_DC, 12.1, 0.1),
]
