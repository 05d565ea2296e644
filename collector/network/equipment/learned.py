"""The forwarding database of a bridge, made of raw cells: of all VLANs at once, or one by one as Cisco IOS has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from collector.network.equipment import macs
from collector.network.equipment.asking import VLANS, Said, Tables
from collector.network.equipment.interfaces import Interfaces
from collector.network.equipment.sheet import Fdb
from collector.wire.snmp.walk import Harvest

LEARNED, SELF, PINNED = 3, 4, 5
"""dot1dTpFdbStatus: learned, the box's own, and mgmt, which is how port security pins an address down. The others are
no longer true."""

ETHERNET: Final = 1
"""vtpVlanType."""

OPERATIONAL: Final = 1
"""vtpVlanState."""

MOST_VLANS: Final = 512
"""VLANs that are asked for one by one. An IOS switch has at most 1,005 in use, and hardly a hundred."""


def qualified(said: Said) -> bool:
    """Whether the forwarding database was read with its VLANs: then it need not be read without them."""
    return next(Tables("q_bridge", said.get("q_bridge"))("dot1qTpFdbPort"), None) is not None


def vlans_to_ask(said: Said) -> Sequence[int]:
    """The VLANs of a Cisco that keeps a forwarding database for each: those in use that VTP lists, or else those that
    access ports are in. None where it has one database for all, which IOS XE and NX-OS do."""
    if qualified(said):
        return ()
    cells = Tables("vlans", said.get("vlans"))
    types = cells.by_index("vtpVlanType")
    found = {
        cell.arcs[-1]
        for cell in cells("vtpVlanState")
        if cell.number == OPERATIONAL and int.from_bytes(types.get(cell.arcs, b"\1"), "big") == ETHERNET
    }
    found = found or {cell.number for cell in cells("vmVlan")}
    return sorted(vlan for vlan in found if vlan in VLANS)[:MOST_VLANS]


def vlan_names(said: Said) -> Mapping[int, str]:
    """Names by VLAN; empty where it has none. Only VLANs that the box has."""
    found = {cell.arcs[-1]: cell.text for cell in Tables("vlans", said.get("vlans"))("vtpVlanName") if cell.arcs}
    static = Tables("q_bridge", said.get("q_bridge"))("dot1qVlanStaticName")
    return found | {cell.arcs[-1]: cell.text for cell in static if cell.arcs}


def database(said: Said, by_vlan: Mapping[int, Harvest], interfaces: Interfaces) -> tuple[Fdb, set[int]]:
    """The forwarding database, members of aggregates put together, and addresses of the box's own in it."""
    bridges = Tables("ports", said.get("ports"))
    ports = bridges.ports("dot1dBasePortIfIndex")
    usual = {
        ports.get(cell.arcs[0], cell.arcs[0]): cell.number
        for cell in bridges("dot1qPvid")
        if len(cell.arcs) == 1 and cell.number in VLANS
    }
    cisco = Tables("vlans", said.get("vlans"))("vmVlan")
    usual |= {cell.arcs[0]: cell.number for cell in cisco if len(cell.arcs) == 1 and cell.number in VLANS}
    rows: set[tuple[int, int, int]] = set()
    own: set[int] = set()
    databases = _databases(said)
    for fdb, mac, port, status in _qualified(said):
        if status == SELF:
            own.add(mac)
        elif status in (LEARNED, PINNED) and (index := _index(port, ports, interfaces)):
            of = databases.get(fdb, ())
            vlan = of[0] if len(of) == 1 else usual.get(index, 0) if of else fdb if fdb in VLANS else 0
            rows.add((mac, interfaces.whole(index), vlan))
    for vlan, harvest in (by_vlan or ({0: said["bridge"]} if "bridge" in said else {})).items():
        cells = Tables("bridge", harvest)
        here = cells.ports("dot1dBasePortIfIndex") or ports
        for cell, status in cells.beside("dot1dTpFdbPort", "dot1dTpFdbStatus", LEARNED):
            mac = macs.of_arcs(cell.arcs)
            if mac and status == SELF:
                own.add(mac)
            elif mac and status in (LEARNED, PINNED) and (index := _index(cell.number, here, interfaces)):
                rows.add((mac, interfaces.whole(index), vlan or usual.get(index, 0)))
    mine = own | interfaces.own
    return Fdb(row for row in rows if row[0] not in mine), own


def _databases(said: Said) -> Mapping[int, Sequence[int]]:
    """VLANs by the database that they share (dot1qVlanFdbId)."""
    found: dict[int, list[int]] = {}
    for cell in Tables("q_bridge", said.get("q_bridge"))("dot1qVlanFdbId"):
        if cell.arcs and cell.arcs[-1] in VLANS:
            found.setdefault(cell.number, []).append(cell.arcs[-1])
    return found


def _qualified(said: Said) -> Iterator[tuple[int, int, int, int]]:
    """Database, address, bridge port and status of each row of dot1qTpFdbTable."""
    cells = Tables("q_bridge", said.get("q_bridge"))
    for cell, status in cells.beside("dot1qTpFdbPort", "dot1qTpFdbStatus", LEARNED):
        if len(cell.arcs) == 7 and (mac := macs.of_arcs(cell.arcs[1:])):
            yield cell.arcs[0], mac, cell.number, status


def _index(port: int, ports: Mapping[int, int], interfaces: Interfaces) -> int:
    """The ifIndex of a bridge port, 0 where it has none. Where a box does not tell, they are the same number."""
    index = ports.get(port, 0) if ports else port
    return index if index in interfaces.ports else 0
