"""Boxes and an inventory as a test writes them: addresses are small numbers, ports are Gi1 to Gi48, 100 is Po1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from collector.model import Device
from collector.network.equipment import macs
from collector.network.equipment.place import Place
from collector.network.equipment.sheet import Fdb, Neighbour, Port, Sheet
from collector.network.equipment.whereabouts import Whereabouts

WALL = 1_767_225_600.0
CORE, EDGE, FAR, ROUTER, CONTROLLER = 0xC0, 0xE0, 0xF0, 0xB0, 0xA0
"""Own addresses of boxes."""
PUMP, MONITOR, OTHER = 0x11, 0x12, 0x13
PORTS = {index: Port(f"Gi{index}", True, False) for index in range(1, 49)} | {100: Port("Po1", True, False)}


def box(name: str, rows: Iterable[tuple[int, int, int]] = (), *, at: float = 0.0, own: int = 0, **more: Any) -> Sheet:
    """A box that was read at `at`; its rows are address, port and VLAN."""
    ports = PORTS | more.pop("ports", {})
    own_macs = frozenset((own,)) if own else frozenset()
    return Sheet(name, at, more.pop("good_for", 600.0), own=own_macs, ports=ports, fdb=Fdb(rows), **more)


def device(name: str = "pump", mac: int = PUMP, **fields: Any) -> Device:
    fields = {"device_class": "clinical", "passive": True, "address": "10.0.0.1"} | fields
    return Device(name, mac=macs.written(mac) if mac else "", **fields)


def switch(name: str, **fields: Any) -> Device:
    return Device(name, f"10.1.0.{len(name)}", **fields)


class Site:
    """An inventory and a clock that the test moves."""

    def __init__(self, *devices: Device, boxes: Iterable[str] = ()) -> None:
        self.now = 0.0
        self.places = Whereabouts()
        self.devices = devices or (device(),)
        self.places.load(self.devices, tuple(boxes))

    def hears(self, *sheets: Sheet) -> Site:
        for sheet in sheets:
            self.places.put(sheet)
        return self

    def place(self, name: str = "pump", wall: float | None = None) -> Place:
        place = self.places.place(name, self.now, WALL + self.now if wall is None else wall)
        assert place is not None
        return place

    def where(self, name: str = "pump") -> tuple[str, str, str]:
        """State, box and port."""
        place = self.place(name)
        return place.state, place.box, place.port


def lldp(port: int, name: str = "", mac: int = 0, address: str = "") -> Neighbour:
    return Neighbour(port, name, mac, address)
