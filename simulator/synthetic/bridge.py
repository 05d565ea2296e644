"""What a switch knows besides its interfaces: BRIDGE-MIB (RFC 4188), Q-BRIDGE-MIB (RFC 4363), LLDP-MIB,
POWER-ETHERNET-MIB (RFC 3621).
"""

from __future__ import annotations

from simulator import ber, values
from simulator.synthetic.interfaces import Interface
from simulator.synthetic.sheet import Sheet, counter32

BRIDGE = "1.3.6.1.2.1.17"
FDB_ENTRY = f"{BRIDGE}.7.1.2.2.1"
"""dot1qTpFdbEntry; its index is a database and an address, and neither is a column that can be read."""

LLDP = "1.0.8802.1.1.2.1"
POWER = "1.3.6.1.2.1.105.1"

FORWARDING, DISABLED = 5, 1
"""dot1dStpPortState."""

LEARNED = 3
"""dot1qTpFdbStatus."""

DELIVERING, SEARCHING = 3, 2
"""pethPsePortDetectionStatus."""

MAC, NAME = 4, 5
"""LldpChassisIdSubtype of an address, LldpPortIdSubtype of an interface's name."""


def bridge(sheet: Sheet, ports: list[Interface]) -> None:
    """A bridge over all ports, under a root that is reached by the first uplink."""
    root = bytes.fromhex("1000") + _address(1)
    uplink = next(port.index for port in ports if port.megabits > ports[0].megabits)
    sheet.scalars(f"{BRIDGE}.1", {1: _address(0), 2: len(ports), 3: 2})
    sheet.scalars(f"{BRIDGE}.4", {1: counter32(0), 2: 300})
    sheet.scalars(f"{BRIDGE}.2", {
        1: 3, 2: 32768, 3: values.ticks(8_640_000), 4: counter32(1 / 604_800), 5: root, 6: 2, 7: uplink,
    })  # fmt: skip
    for port in ports:
        sheet.row(f"{BRIDGE}.1.4.1", (port.index,), {
            1: port.index, 2: port.index, 3: values.name("0.0"), 4: counter32(0), 5: counter32(0),
        })  # fmt: skip
        sheet.row(f"{BRIDGE}.2.15.1", (port.index,), {
            3: FORWARDING if port.up else DISABLED, 4: 1, 10: counter32(1 / 604_800 if port.up else 0),
        })  # fmt: skip
        sheet.row(f"{BRIDGE}.4.4.1", (port.index,), {5: counter32(sheet.rate(1e-3, 1e-1) if port.up else 0)})


def learned(sheet: Sheet, ports: list[Interface], addresses: int) -> None:
    """A forwarding database of so many addresses, below 16 million, spread over the ports that are up."""
    behind = [values.number(port.index) for port in ports if port.up]
    status = values.number(LEARNED)
    for number in range(addresses):
        index = (1, *_address(number))
        sheet.row(FDB_ENTRY, index, {2: behind[number % len(behind)], 3: status})


def neighbours(sheet: Sheet, ports: list[Interface]) -> None:
    """A neighbour at each uplink."""
    sheet.scalars(f"{LLDP}.2", {
        1: values.ticks(7_200_000), 2: values.gauge(6), 3: values.gauge(2), 4: values.gauge(0), 5: values.gauge(2),
    })  # fmt: skip
    for port in ports:
        sheet.row(f"{LLDP}.2.7.1", (port.index,), {2: counter32(0), 3: counter32(0), 7: values.gauge(0)})
        sheet.row(f"{LLDP}.3.7.1", (port.index,), {2: NAME, 3: port.name, 4: port.description})
    uplinks = [port for port in ports if port.megabits > ports[0].megabits]
    for number, port in enumerate(uplinks, 1):
        sheet.row(f"{LLDP}.4.1.1", (0, port.index, number), {
            4: MAC, 5: _address(number), 6: NAME, 7: f"Te1/1/{number}", 8: f"TenGigabitEthernet1/1/{number}",
            9: f"sw-example-{number}", 10: "Example switch",
        })  # fmt: skip


def power(sheet: Sheet, ports: list[Interface], watts: int = 740) -> None:
    """Power over Ethernet at the access ports: two of three have something that takes some."""
    access = [port for port in ports if port.megabits == ports[0].megabits]
    fed = [port for port in access if port.up and port.index % 3]
    for port in access:
        sheet.row(f"{POWER}.1.1", (1, port.index), {
            3: 1, 4: 2, 5: 1, 6: DELIVERING if port in fed else SEARCHING, 7: 3, 8: counter32(0), 9: "",
            10: 4 if port in fed else 1, 11: counter32(0), 12: counter32(0), 13: counter32(0), 14: counter32(0),
        })  # fmt: skip
    drawn = sheet.wander(ber.GAUGE32, min(7 * len(fed), watts), len(fed) / 2)
    sheet.row(f"{POWER}.3.1.1", (1,), {2: values.gauge(watts), 3: 1, 4: drawn, 5: 80})


def _address(number: int) -> bytes:
    return (0x02_00_5E_10_00_00 + number).to_bytes(6, "big")  # locally administered
