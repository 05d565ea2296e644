"""What a box knows of the network around it, as objects: RFC 4188, 4363 and 4293, LLDP-MIB, VTP's and Airespace's.

A box is made up first; this lays what it has learned over it. A switch shows its forwarding database in one of three
ways: `q_bridge` for all VLANs at once, `bridge` without VLANs, or `by_vlan`, to `community@vlan`, as Cisco IOS does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Literal

from simulator import ber, values
from simulator.image import Image
from simulator.synthetic.bridge import BRIDGE, LLDP, MAC, NAME
from simulator.synthetic.interfaces import IF_ENTRY, IFX_ENTRY
from simulator.synthetic.sheet import Sheet
from simulator.topology import FIRST_AGGREGATE, MANAGEMENT, Network

Way = Literal["q_bridge", "bridge", "by_vlan"]

Q_BRIDGE = f"{BRIDGE}.7.1"
LAG = "1.2.840.10006.300.43.1.2.1.1"
STACK = "1.3.6.1.2.1.31.1.2.1"
ETHER_LIKE = "1.3.6.1.2.1.10.7.2.1"
VTP = "1.3.6.1.4.1.9.9.46.1.3.1.1"
MEMBERSHIP = "1.3.6.1.4.1.9.9.68.1.2.2.1"
ARP = "1.3.6.1.2.1.4.22.1"
STATION = "1.3.6.1.4.1.14179.2.1.4.1"
ACCESS_POINT = "1.3.6.1.4.1.14179.2.2.1.1"

LEARNED, SELF = 3, 4
"""dot1dTpFdbStatus."""
HALF, FULL = 2, 3
"""dot3StatsDuplexStatus."""
ETHERNET, LAG_TYPE = 6, 161
"""ifType."""
FORWARDING = 1
"""ipForwarding."""
ASSOCIATED = 3
"""bsnMobileStationStatus."""

Rows = Sequence[tuple[bytes, int, int]]
"""Address, ifIndex and VLAN."""


@dataclass(frozen=True, slots=True)
class Cabled:
    """A box as it is shown, and what it shows of a VLAN alone."""

    image: Image
    by_vlan: Mapping[int, Image]


def cabled(image: Image, box: str, network: Network, way: Way = "q_bridge") -> Cabled:
    """A made-up box with what it has learned. Raises ValueError for a port that it does not have."""
    sheet = Sheet(f"cabling of {box}")
    ports = {bytes(cell.body).decode(): arcs[-1] for arcs, cell in image.column(f"{IFX_ENTRY}.1")}
    own = network.mac(box)
    wired = {index for index in ports.values() if image.number(f"{IF_ENTRY}.3", index) == ETHERNET}
    bridge = image.find(ber.identifier(ber.dotted(f"{BRIDGE}.1.1.0"))) >= 0
    if not bridge:
        sheet.put(f"{IF_ENTRY}.6", min(wired), value=own)
        if image.number("1.3.6.1.2.1.4.1", 0) == FORWARDING:
            _routes(sheet, network, min(wired))
        _clients(sheet, box, network, ports)
        return Cabled(image.over(sheet.cells), {})
    sheet.put(f"{BRIDGE}.1.1", 0, value=own)
    indexes = dict(ports)
    for number, (end, _) in enumerate((pair for pair in network.ends(box) if len(pair[0].ports) > 1), 1):
        members = [_index(ports, box, port) for port in end.ports]
        indexes["+".join(end.ports)] = _aggregate(sheet, number, members)
    rows = [(mac, _index(indexes, box, "+".join(where)), vlan) for mac, where, vlan in network.learned(box)]
    access = {_index(ports, box, s.port): s.vlan for s in network.at(box)}
    for index in wired:
        half = any(s.half and ports[s.port] == index for s in network.at(box))
        sheet.row(ETHER_LIKE, (index,), {19: HALF if half else FULL})
    for index in (*wired, *(i for i in indexes.values() if i > FIRST_AGGREGATE)):
        sheet.row(f"{BRIDGE}.1.4.1", (index,), {1: index, 2: index})
    if way != "by_vlan":
        for index in wired:
            sheet.put(f"{Q_BRIDGE}.4.5.1.1", index, value=values.gauge(access.get(index, MANAGEMENT)))
    _neighbours(sheet, box, network, indexes)
    by_vlan = {}
    if way == "q_bridge":
        _qualified(sheet, network, rows, own)
    elif way == "bridge":
        _plain(sheet, rows, own)
    else:
        _listed(sheet, network, access)
        _plain(sheet, [row for row in rows if row[2] == MANAGEMENT], own)
        for vlan in network.vlans:
            alone = Sheet("")
            here = [row for row in rows if row[2] == vlan]
            for index in sorted({index for _, index, _ in here}):
                alone.row(f"{BRIDGE}.1.4.1", (index,), {1: index, 2: index})
            _plain(alone, here, own)
            by_vlan[vlan] = alone.image()
    return Cabled(image.over(sheet.cells, without=(f"{LLDP}.4",)), by_vlan)


def _index(indexes: Mapping[str, int], box: str, port: str) -> int:
    if port not in indexes:
        raise ValueError(f"{box} has no port {port}")
    return indexes[port]


def _aggregate(sheet: Sheet, number: int, members: Sequence[int]) -> int:
    """An aggregate over ports, in IEEE8023-LAG-MIB and in ifStackTable."""
    index = FIRST_AGGREGATE + number
    name = f"Po{number}"
    sheet.row(IF_ENTRY, (index,), {1: index, 2: f"Port-channel{number}", 3: LAG_TYPE, 8: 1})
    sheet.row(IFX_ENTRY, (index,), {1: name})
    for member in members:
        sheet.put(f"{LAG}.13", member, value=index)
        sheet.put(f"{STACK}.3", index, member, value=1)
    return index


def _qualified(sheet: Sheet, network: Network, rows: Rows, own: bytes) -> None:
    for vlan, name in network.vlans.items():
        sheet.put(f"{Q_BRIDGE}.4.2.1.3", 0, vlan, value=values.gauge(vlan))
        sheet.put(f"{Q_BRIDGE}.4.3.1.1", vlan, value=name)
    for mac, index, vlan in rows:
        sheet.row(f"{Q_BRIDGE}.2.2.1", (vlan, *mac), {2: index, 3: LEARNED})
    sheet.row(f"{Q_BRIDGE}.2.2.1", (MANAGEMENT, *own), {2: 0, 3: SELF})


def _plain(sheet: Sheet, rows: Rows, own: bytes) -> None:
    for mac, index, _ in rows:
        sheet.row(f"{BRIDGE}.4.3.1", tuple(mac), {1: mac, 2: index, 3: LEARNED})
    sheet.row(f"{BRIDGE}.4.3.1", tuple(own), {1: own, 2: 0, 3: SELF})


def _listed(sheet: Sheet, network: Network, access: Mapping[int, int]) -> None:
    for vlan, name in network.vlans.items():
        sheet.row(VTP, (1, vlan), {2: 1, 3: 1, 4: name})
    for index, vlan in access.items():
        sheet.put(f"{MEMBERSHIP}.2", index, value=vlan)


def _neighbours(sheet: Sheet, box: str, network: Network, indexes: Mapping[str, int]) -> None:
    for number, (own, other) in enumerate(network.ends(box), 1):
        if other.box in network.silent:
            continue
        for mine, theirs in zip(own.ports, other.ports, strict=False):
            sheet.row(f"{LLDP}.4.1.1", (0, _index(indexes, box, mine), number), {
                4: MAC, 5: network.mac(other.box), 6: NAME, 7: theirs, 8: theirs, 9: other.box, 10: "Example",
            })  # fmt: skip


def _routes(sheet: Sheet, network: Network, index: int) -> None:
    """ipNetToMediaTable: whose address is whose."""
    for station in network.stations:
        if station.address:
            packed = IPv4Address(station.address).packed
            sheet.row(ARP, (index, *packed), {1: index, 2: station.mac, 3: values.address(station.address), 4: 3})


def _clients(sheet: Sheet, box: str, network: Network, ports: Mapping[str, int]) -> None:
    """bsnMobileStationTable and the names of access points."""
    for station in network.at(box):
        index = _index(ports, box, station.port)
        point = bytes((0x02, 0x00, 0x5E, 0xA0, 0x00, index & 0xFF))
        sheet.row(STATION, tuple(station.mac), {
            1: station.mac, 4: point, 9: ASSOCIATED, 29: station.vlan,
        })  # fmt: skip
        sheet.row(ACCESS_POINT, tuple(point), {1: point, 3: station.port})
