"""How the estate is cabled: who hangs on which port, and what switches, routers and controllers therefore know.

A tree of links between boxes, and stations at ports of them. From it follows for every box what it would have learned:
forwarding databases, ARP, neighbours, wireless clients. All addresses are locally administered and fictitious.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field

from collector.config.scalars import Keyed, Line, Listed, Name, Whole
from collector.config.typed import Strict
from collector.model import Device

FIRST_AGGREGATE = 1000
"""ifIndex before the first of the aggregates."""

MANAGEMENT = 1
"""The VLAN in which boxes talk."""


class StationFile(Strict):
    """Something plugged in, or a wireless client."""

    at: Annotated[Line, Field(description="box and port, or controller and access point: sw-1 Gi1/0/5")]
    vlan: Annotated[Whole, Field(description="its VLAN")] = MANAGEMENT
    mac: Annotated[Line | None, Field(description="its address, where the inventory has none")] = None
    duplex: Annotated[Literal["full", "half"], Field(description="of its port")] = "full"


class NetworkFile(Strict):
    """`network:` of `simulator.yml`."""

    links: Annotated[
        tuple[tuple[Line, Line], ...],
        Listed,
        Field(description="two ends each, box and port; Te1/1/1+Te1/1/2 is an aggregate"),
    ] = ()
    vlans: Annotated[dict[Line, Line], Keyed, Field(description="names by number")] = Field(default_factory=dict)
    stations: Annotated[dict[Name, StationFile], Keyed, Field(description="by name of device, or any other")] = Field(
        default_factory=dict
    )
    silent: Annotated[
        tuple[Name, ...], Listed, Field(description="boxes that tell their neighbours nothing of themselves")
    ] = ()


@dataclass(frozen=True, slots=True)
class End:
    """One end of a link: a box, and its ports, several where they are an aggregate."""

    box: str
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Station:
    """Something at a port. `address` is empty where the inventory does not have it."""

    name: str
    mac: bytes
    box: str
    port: str
    vlan: int
    half: bool
    address: str


class Network:
    """The tree. Raises ValueError for a link to nowhere, a circle, or a station without an address."""

    def __init__(self, written: NetworkFile, devices: Mapping[str, Device]) -> None:
        self.vlans = {int(number): name for number, name in written.vlans.items()} | {MANAGEMENT: "default"}
        self.silent = frozenset(written.silent)
        self.links = [(_end(a), _end(b)) for a, b in written.links]
        self.boxes: dict[str, IPv4Address] = {}
        for end in (end for link in self.links for end in link):
            if end.box not in devices:
                raise ValueError(f"a link leads to {end.box}, which is not in the inventory")
            self.boxes[end.box] = IPv4Address(devices[end.box].address)
        self.stations = [_station(name, each, devices.get(name)) for name, each in written.stations.items()]
        for station in self.stations:
            if station.box not in self.boxes:
                raise ValueError(f"{station.name} hangs on {station.box}, which no link leads to")
        self._towards = {box: self._ways(box) for box in self.boxes}

    def mac(self, box: str) -> bytes:
        """The own address of a box, made of its IP address."""
        return bytes((0x02, 0x00, 0x5E)) + self.boxes[box].packed[1:]

    def ends(self, box: str) -> Iterator[tuple[End, End]]:
        """The links of a box, its own end first."""
        for one, other in self.links:
            if one.box == box:
                yield one, other
            if other.box == box:
                yield other, one

    def learned(self, box: str) -> Iterator[tuple[bytes, tuple[str, ...], int]]:
        """Address, ports and VLAN of all that a switch has heard."""
        for station in self.stations:
            ports = (station.port,) if station.box == box else self._towards[box].get(station.box)
            if ports:
                yield station.mac, ports, station.vlan
        for other, ports in self._towards[box].items():
            yield self.mac(other), ports, MANAGEMENT

    def at(self, box: str) -> Iterator[Station]:
        return (station for station in self.stations if station.box == box)

    def _ways(self, box: str) -> Mapping[str, tuple[str, ...]]:
        """The ports of a box by who is reached through them."""
        found: dict[str, tuple[str, ...]] = {}
        waiting = deque((other.box, own.ports) for own, other in self.ends(box))
        while waiting:
            there, ports = waiting.popleft()
            if there in found or there == box:
                raise ValueError(f"the links are no tree: there are two ways from {box} to {there}")
            found[there] = ports
            waiting.extend((other.box, ports) for _, other in self.ends(there) if other.box not in {box, *found})
        return found


def _end(text: str) -> End:
    box, _, ports = text.partition(" ")
    if not ports:
        raise ValueError(f"'{text}' is no end of a link: write a box and its port, like sw-1 Te1/1/1")
    return End(box, tuple(ports.split("+")))


def _station(name: str, written: StationFile, device: Device | None) -> Station:
    box, _, port = written.at.partition(" ")
    mac = (device.mac if device is not None else "") or written.mac or ""
    if not re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", mac):
        raise ValueError(f"{name} has no MAC address, neither in the inventory nor here: write mac")
    address = device.address if device is not None else ""
    return Station(
        name, bytes.fromhex(mac.replace(":", "")), box, port, written.vlan, written.duplex == "half", address
    )
