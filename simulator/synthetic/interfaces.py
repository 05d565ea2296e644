"""IF-MIB (RFC 2863): ifTable and ifXTable, 41 columns a row; some scalars of IP-MIB (RFC 4293)."""

from __future__ import annotations

from dataclasses import dataclass

from simulator import values
from simulator.synthetic.sheet import Sheet, counter32, counter64
from simulator.values import Clock

ETHERNET, LOOPBACK, VLAN, RADIO = 6, 24, 53, 71
"""ifType: ethernetCsmacd, softwareLoopback, propVirtual, ieee80211."""

IF_ENTRY = "1.3.6.1.2.1.2.2.1"
IFX_ENTRY = "1.3.6.1.2.1.31.1.1.1"


@dataclass(frozen=True, slots=True)
class Interface:
    """`megabits` a second; `busy` is the share of it that is used on average."""

    index: int
    name: str
    description: str
    alias: str = ""
    type: int = ETHERNET
    megabits: int = 1000
    up: bool = True
    busy: float = 0.02


def interfaces(sheet: Sheet, ports: list[Interface]) -> None:
    """Both tables. 64-bit counters and their 32-bit twins run together; a port that is down has none that move."""
    sheet.put("1.3.6.1.2.1.2.1", 0, value=len(ports))
    for port in ports:
        _row(sheet, port)
    sheet.put("1.3.6.1.2.1.31.1.5", 0, value=values.ticks(0))


def _row(sheet: Sheet, port: Interface) -> None:
    index = (port.index,)
    bits = port.megabits * 1_000_000
    octets = bits / 8 * port.busy if port.up else 0.0
    inward, outward = octets * sheet.rate(0.3, 3), octets * sheet.rate(0.3, 3)
    received, sent = inward / 700, outward / 700  # octets in an average frame
    flaw = sheet.rate(1e-5, 1e-2) if port.up else 0.0
    speed = min(bits, 0xFFFFFFFF)
    mac = bytes((0x02, 0x00, 0x5E)) + port.index.to_bytes(3, "big")  # locally administered
    status = 1 if port.up else 2
    sheet.row(IF_ENTRY, index, {
        1: port.index, 2: port.description, 3: port.type, 4: 1500, 5: values.gauge(speed),
        6: mac if port.type != LOOPBACK else b"", 7: 1, 8: status, 9: values.ticks(4200 + port.index),
        10: counter32(inward), 11: counter32(received), 12: counter32(received / 20), 13: counter32(flaw / 10),
        14: counter32(flaw), 15: counter32(0), 16: counter32(outward), 17: counter32(sent), 18: counter32(sent / 20),
        19: counter32(flaw / 5), 20: counter32(flaw / 20), 21: values.gauge(0), 22: values.name("0.0"),
    })  # fmt: skip
    sheet.row(IFX_ENTRY, index, {
        1: port.name, 2: counter32(received / 30), 3: counter32(received / 60), 4: counter32(sent / 30),
        5: counter32(sent / 60), 6: counter64(inward), 7: counter64(received), 8: counter64(received / 30),
        9: counter64(received / 60), 10: counter64(outward), 11: counter64(sent), 12: counter64(sent / 30),
        13: counter64(sent / 60), 14: 1, 15: values.gauge(port.megabits), 16: 2, 17: 1 if port.type == ETHERNET else 2,
        18: port.alias, 19: values.ticks(0),
    })  # fmt: skip


ROOMS = ("Ward", "Theatre", "Clinic", "Office", "Laboratory", "Pharmacy", "Reception", "Imaging")


def switch_ports(count: int, gigabits: int = 1) -> list[Interface]:
    """`count` access ports and four uplinks of ten times their speed; into every ninth nothing is plugged."""
    access = [
        Interface(
            number,
            f"Gi1/0/{number}",
            f"GigabitEthernet1/0/{number}",
            f"{ROOMS[number % len(ROOMS)]} {number:02d}",
            megabits=gigabits * 1000,
            up=number % 9 != 0,
        )
        for number in range(1, count + 1)
    ]
    uplinks = [
        Interface(
            count + number,
            f"Te1/1/{number}",
            f"TenGigabitEthernet1/1/{number}",
            f"Uplink {number}",
            megabits=gigabits * 10_000,
            busy=0.1,
        )
        for number in range(1, 5)
    ]
    return access + uplinks


def routed_ports(names: list[str]) -> list[Interface]:
    """A loopback and a gigabit port per name, the name being what it leads to."""
    first = Interface(1, "lo0", "Loopback0", "management", LOOPBACK, 8000, busy=1e-5)
    return [first] + [
        Interface(number, f"Gi0/{number - 1}", f"GigabitEthernet0/{number - 1}", name, busy=0.08)
        for number, name in enumerate(names, 2)
    ]


def radios(count: int, first: int) -> list[Interface]:
    """Access points as a controller's radio interfaces."""
    return [
        Interface(
            first + n, f"ap{n + 1:02d}", f"Access point {n + 1:02d}", f"{ROOMS[n % len(ROOMS)]} ceiling", RADIO, 867
        )
        for n in range(count)
    ]


def internet(sheet: Sheet, forwarding: bool) -> None:
    """Scalars of the ip, icmp and snmp groups, and one address."""
    rate = sheet.rate(1e3, 1e5)
    sheet.scalars("1.3.6.1.2.1.4", {
        1: 1 if forwarding else 2, 2: 64, 3: counter32(rate), 4: counter32(0), 5: counter32(rate / 1e6),
        6: counter32(rate * 0.9 if forwarding else 0), 7: counter32(0), 8: counter32(rate / 1e5),
        9: counter32(rate / 10), 10: counter32(rate / 10), 11: counter32(0), 12: counter32(rate / 1e6), 13: 60,
        14: counter32(0), 15: counter32(0), 16: counter32(0), 17: counter32(0), 18: counter32(0), 19: counter32(0),
    })  # fmt: skip
    sheet.scalars("1.3.6.1.2.1.25.1", {1: Clock()})
