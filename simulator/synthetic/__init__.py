"""Devices that we make up: each kind is a function from options to an image, built from facts of the MIBs.

Their names, places and rates are fictitious; nothing here was read from a real network. An image is built once per kind
and size, and shared by all devices of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from simulator.image import Image
from simulator.synthetic import bridge, entity, host, interfaces, power
from simulator.synthetic.printer import printer as fill_printer
from simulator.synthetic.sheet import Sheet, system

ENTERPRISE = "1.3.6.1.4.1.32473"
"""The enterprise number for examples (RFC 5612)."""

GIB = 1 << 20  # in KiB

PORTS = 48


def switch(ports: int = PORTS, addresses: int = 0) -> Image:
    """IF-MIB of `ports` ports and four uplinks: 41 variables each, 2,132 for 48 ports; sensors of its cabinet; spanning
    tree, neighbours, power over Ethernet; a forwarding database of so many `addresses`.
    """
    sheet = Sheet("switch")
    system(sheet, f"Example switch, {ports} ports", f"{ENTERPRISE}.1.1", 6)
    connected = interfaces.switch_ports(ports)
    interfaces.interfaces(sheet, connected)
    interfaces.internet(sheet, forwarding=False)
    entity.entities(sheet, "switch", entity.CABINET)
    bridge.bridge(sheet, connected)
    bridge.learned(sheet, connected, addresses)
    bridge.neighbours(sheet, connected)
    bridge.power(sheet, connected)
    return sheet.image()


def router(ports: int = 6) -> Image:
    """A router between `ports` networks."""
    sheet = Sheet("router")
    system(sheet, "Example router", f"{ENTERPRISE}.1.2", 4)
    names = ["Internet provider", "Health network", "Campus", "Data centre", "Building services", "Guests"]
    interfaces.interfaces(sheet, interfaces.routed_ports([names[n % len(names)] for n in range(ports)]))
    interfaces.internet(sheet, forwarding=True)
    entity.entities(sheet, "router", entity.CABINET)
    return sheet.image()


def firewall(ports: int = 8) -> Image:
    """A firewall: a router's interfaces, and a Linux machine's processors and memory."""
    sheet = Sheet("firewall")
    system(sheet, "Example firewall", f"{ENTERPRISE}.1.3", 76)
    zones = [
        "Outside",
        "Inside",
        "Servers",
        "Clinical devices",
        "Remote access",
        "Partners",
        "Synchronisation",
        "Spare",
    ]
    interfaces.interfaces(sheet, interfaces.routed_ports([zones[n % len(zones)] for n in range(ports)]))
    interfaces.internet(sheet, forwarding=True)
    host.host(sheet, 4, 8 * GIB, {"/": 32 * GIB, "/var/log": 100 * GIB})
    host.ucd(sheet, 4, 8 * GIB)
    return sheet.image()


def wireless(ports: int = 24) -> Image:
    """A wireless controller with `ports` access points."""
    sheet = Sheet("wireless")
    system(sheet, "Example wireless controller", f"{ENTERPRISE}.1.4", 6)
    wired = interfaces.routed_ports(["Campus", "Campus"])
    interfaces.interfaces(sheet, wired + interfaces.radios(ports, len(wired) + 1))
    entity.entities(sheet, "wireless controller", entity.CABINET)
    return sheet.image()


def server(ports: int = 2) -> Image:
    """A Linux server as net-snmp shows it."""
    sheet = Sheet("server")
    system(sheet, "Linux server 6.1.0 x86_64", "1.3.6.1.4.1.8072.3.2.10", 72)
    interfaces.interfaces(sheet, interfaces.routed_ports([f"Network {n + 1}" for n in range(ports)]))
    interfaces.internet(sheet, forwarding=False)
    host.host(sheet, 8, 32 * GIB, {"/": 40 * GIB, "/var": 200 * GIB, "/srv": 1000 * GIB})
    host.ucd(sheet, 8, 32 * GIB)
    return sheet.image()


def storage(ports: int = 4) -> Image:
    """A storage array: its shelves as file systems, its cabinet's sensors."""
    sheet = Sheet("storage")
    system(sheet, "Example storage array", f"{ENTERPRISE}.1.5", 72)
    interfaces.interfaces(sheet, interfaces.routed_ports([f"Storage network {n + 1}" for n in range(ports)]))
    volumes = {f"/vol/{name}": 500 * GIB for name in ("images", "records", "mail", "backup", "home", "virtual")}
    host.host(sheet, 4, 64 * GIB, volumes)
    entity.entities(sheet, "storage array", entity.CABINET + entity.SERVER_ROOM[:2])
    return sheet.image()


def ups(ports: int = 1) -> Image:
    """An uninterruptible power supply with `ports` phases and its network card."""
    sheet = Sheet("ups")
    system(sheet, "Example network management card", f"{ENTERPRISE}.1.6", 72)
    interfaces.interfaces(sheet, [interfaces.Interface(1, "eth0", "Ethernet", megabits=100, busy=0.0005)])
    power.supply(sheet, ports)
    return sheet.image()


def environment(ports: int = 1) -> Image:
    """A room's temperature and humidity."""
    sheet = Sheet("environment")
    system(sheet, "Example environment sensor", f"{ENTERPRISE}.1.7", 64)
    interfaces.interfaces(sheet, [interfaces.Interface(1, "eth0", "Ethernet", megabits=10, busy=0.0005)])
    entity.entities(sheet, "environment sensor", entity.SERVER_ROOM)
    return sheet.image()


def fridge(ports: int = 1) -> Image:
    """A medicine fridge's sensor, within 2 to 8 degrees."""
    sheet = Sheet("fridge")
    system(sheet, "Example environment sensor", f"{ENTERPRISE}.1.7", 64)
    interfaces.interfaces(sheet, [interfaces.Interface(1, "eth0", "Ethernet", megabits=10, busy=0.0005)])
    entity.entities(sheet, "environment sensor", entity.FRIDGE)
    return sheet.image()


def printer(ports: int = 1) -> Image:
    """A colour laser printer."""
    sheet = Sheet("printer")
    system(sheet, "Example LaserPrint C400", f"{ENTERPRISE}.1.8", 72)
    interfaces.interfaces(sheet, [interfaces.Interface(1, "eth0", "Ethernet", megabits=100, busy=0.002)])
    fill_printer(sheet)
    return sheet.image()


def gateway(ports: int = 1) -> Image:
    """A clinical device's network card, with the system group and one interface and nothing clinical."""
    sheet = Sheet("gateway")
    system(sheet, "Example clinical gateway", f"{ENTERPRISE}.1.9", 72)
    interfaces.interfaces(sheet, [interfaces.Interface(1, "eth0", "Ethernet", megabits=100, busy=0.001)])
    return sheet.image()


KINDS: Mapping[str, Callable[..., Image]] = {
    f.__name__: f
    for f in (switch, router, firewall, wireless, server, storage, ups, environment, fridge, printer, gateway)
}


@lru_cache(maxsize=64)
def image(kind: str, ports: int | None = None, addresses: int = 0) -> Image:
    """The image of a kind, shared. Raises KeyError for an unknown one, TypeError for addresses of what is no switch."""
    options = {"ports": ports, "addresses": addresses or None}
    return KINDS[kind](**{name: option for name, option in options.items() if option is not None})
