"""What else a box says, made of raw cells: its neighbours, whose IP address is whose, and its wireless clients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from collector.network.equipment import macs
from collector.network.equipment.asking import VLANS, Group, Said, Tables
from collector.network.equipment.interfaces import Interfaces
from collector.network.equipment.sheet import Client, Fdb, Neighbour

CHASSIS_MAC: Final = 4
"""LldpChassisIdSubtype macAddress."""

PORT_MAC: Final = 3
"""LldpPortIdSubtype macAddress."""


UNNAMED: Final = "unnamed"
"""An access point without a name: its address would be the only word for it, and is no label."""


class _Clients(NamedTuple):
    """A controller's table of clients: columns, and the states that mean that the client is there."""

    group: Group
    point: str
    status: str
    there: frozenset[int]
    vlan: str
    name: str


CISCO: Final = (
    _Clients(
        "lwapp", "cldcApMacAddress", "cldcClientStatus", frozenset((3, 4, 5)), "cldcClientAccessVLAN", "cLApName"
    ),
    _Clients(
        "airespace", "bsnMobileStationAPMacAddr", "bsnMobileStationStatus", frozenset((2, 3, 4)),
        "bsnMobileStationVlanId", "bsnAPName",
    ),
)  # fmt: skip
"""Authenticated, associated and in power save; the two MIBs count from 0 and from 1."""


def neighbours(said: Said, interfaces: Interfaces) -> Iterator[Neighbour]:
    """Who says that it is at the other end of a port, by LLDP and CDP."""
    cells = Tables("lldp", said.get("lldp"))
    kinds = {cell.arcs[0]: cell.number for cell in cells("lldpLocPortIdSubtype") if cell.arcs}
    ids = {cell.arcs[0]: cell for cell in cells("lldpLocPortId") if cell.arcs}
    texts = {cell.arcs[0]: cell.text for cell in cells("lldpLocPortDesc") if cell.arcs}
    bridges = Tables("ports", said.get("ports"))
    ports = bridges.ports("dot1dBasePortIfIndex")
    by_mac = {mac: index for index, mac in interfaces.macs.items()}

    def local(number: int) -> int:
        """lldpLocPortNum is a number of LLDP's own: what it is called tells, and only then the number itself."""
        own = ids.get(number)
        found = None
        if own is not None:
            of_mac = kinds.get(number) == PORT_MAC
            found = by_mac.get(macs.of_bytes(own.content)) if of_mac else interfaces.called(own.text)
        found = found or interfaces.called(texts.get(number, ""))
        return found or (number if number in interfaces.ports else ports.get(number, 0))

    names = {cell.arcs: cell.text for cell in cells("lldpRemSysName")}
    subtypes = cells.by_index("lldpRemChassisIdSubtype")
    chassis = cells.by_index("lldpRemChassisId")
    for arcs in names.keys() | chassis.keys():
        if len(arcs) == 3 and (index := local(arcs[1])):
            mac = int.from_bytes(subtypes.get(arcs, b""), "big") == CHASSIS_MAC
            address = macs.of_bytes(chassis.get(arcs, b"")) if mac else 0
            yield Neighbour(interfaces.whole(index), names.get(arcs, ""), address)
    cells = Tables("cdp", said.get("cdp"))
    addresses = cells.by_index("cdpCacheAddress")
    for cell in cells("cdpCacheDeviceId"):
        if len(cell.arcs) == 2 and cell.arcs[0]:
            yield Neighbour(interfaces.whole(cell.arcs[0]), cell.text, 0, _ip(addresses.get(cell.arcs, b"")))


def arp(said: Said) -> Mapping[str, int]:
    """MAC addresses by IP address, of both tables."""
    cells = Tables("arp", said.get("arp"))
    found = {}
    for cell in cells("ipNetToMediaPhysAddress"):
        if len(cell.arcs) == 5 and (mac := macs.of_bytes(cell.content)):
            found[_ip(_bytes(cell.arcs[1:]))] = mac
    for cell in cells("ipNetToPhysicalPhysAddress"):
        if len(cell.arcs) in (7, 19) and (mac := macs.of_bytes(cell.content)):
            found[_ip(_bytes(cell.arcs[3:]))] = mac
    found.pop("", None)
    return found


def clients(said: Said) -> Mapping[int, Client]:
    """Wireless clients by their address."""
    found: dict[int, Client] = {}
    cells = Tables("aruba", said.get("aruba"))
    vlans = cells.by_index("nUserCurrentVlan")
    for cell in cells("nUserApLocation"):  # the user table has wired users too: they have no access point
        if (mac := macs.of_arcs(cell.arcs[:6])) and cell.text:
            found[mac] = Client(cell.text, _vlan(vlans.get(cell.arcs, b"")))
    for table in CISCO:
        cells = Tables(table.group, said.get(table.group))
        called = {macs.of_arcs(cell.arcs): cell.text for cell in cells(table.name)}
        states, vlans = cells.by_index(table.status), cells.by_index(table.vlan)
        for cell in cells(table.point):
            here, mac = macs.of_bytes(cell.content), macs.of_arcs(cell.arcs)
            if mac and here and int.from_bytes(states.get(cell.arcs, b"\3"), "big") in table.there:
                found[mac] = Client(called.get(here) or UNNAMED, _vlan(vlans.get(cell.arcs, b"")))
    return found


def counts(fdb: Fdb, neighbours: Sequence[Neighbour], arp: Mapping[str, int], clients: Mapping[int, Client],
           vlans: Mapping[int, str]) -> Mapping[str, int]:  # fmt: skip
    """Rows by table, as the page shows them; tables of which there are none are left out."""
    sizes = Counter(
        fdb=len(fdb), neighbours=len(neighbours), arp=len(arp), wireless_clients=len(clients), vlans=len(vlans)
    )
    return {table: rows for table, rows in sizes.items() if rows}


def _vlan(content: bytes) -> int:
    number = int.from_bytes(content, "big")
    return number if number in VLANS else 0


def _bytes(arcs: Sequence[int]) -> bytes:
    try:
        return bytes(arcs)
    except ValueError:
        return b""


def _ip(content: bytes) -> str:
    """An address in its usual form; empty where it is none."""
    if len(content) == 4:
        return str(IPv4Address(content))
    return str(IPv6Address(content)) if len(content) == 16 else ""
