"""What a box is asked for to tell who hangs on it: groups of columns, each asked in a conversation of its own.

A group that a box has nothing of is left out for a while, so that a switch is not asked for wireless clients in each
poll. Columns are listed one by one: what else stands in a table is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final, Literal, NamedTuple

from collector.errors import Malformed
from collector.wire.snmp import ber
from collector.wire.snmp.module import Index, Metric, Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.walk import Harvest

Group = Literal[
    "interfaces", "ports", "q_bridge", "bridge", "vlans", "lldp", "cdp", "arp", "airespace", "lwapp", "aruba"
]

SCALARS: Final[Mapping[str, str]] = {
    "sysName": "1.3.6.1.2.1.1.5",
    "dot1dBaseBridgeAddress": "1.3.6.1.2.1.17.1.1",
}

COLUMNS: Final[Mapping[Group, Mapping[str, str]]] = {
    "interfaces": {
        "ifDescr": "1.3.6.1.2.1.2.2.1.2",
        "ifType": "1.3.6.1.2.1.2.2.1.3",
        "ifPhysAddress": "1.3.6.1.2.1.2.2.1.6",
        "ifOperStatus": "1.3.6.1.2.1.2.2.1.8",
        "ifName": "1.3.6.1.2.1.31.1.1.1.1",
        "ifStackStatus": "1.3.6.1.2.1.31.1.2.1.3",
        "dot3StatsDuplexStatus": "1.3.6.1.2.1.10.7.2.1.19",
        "dot3adAggPortAttachedAggID": "1.2.840.10006.300.43.1.2.1.1.13",
    },
    "ports": {
        "dot1dBasePortIfIndex": "1.3.6.1.2.1.17.1.4.1.2",
        "dot1qPvid": "1.3.6.1.2.1.17.7.1.4.5.1.1",
    },
    "q_bridge": {
        "dot1qTpFdbPort": "1.3.6.1.2.1.17.7.1.2.2.1.2",
        "dot1qTpFdbStatus": "1.3.6.1.2.1.17.7.1.2.2.1.3",
        "dot1qVlanFdbId": "1.3.6.1.2.1.17.7.1.4.2.1.3",
        "dot1qVlanStaticName": "1.3.6.1.2.1.17.7.1.4.3.1.1",
    },
    "bridge": {
        "dot1dBasePortIfIndex": "1.3.6.1.2.1.17.1.4.1.2",
        "dot1dTpFdbPort": "1.3.6.1.2.1.17.4.3.1.2",
        "dot1dTpFdbStatus": "1.3.6.1.2.1.17.4.3.1.3",
    },
    "vlans": {
        "vtpVlanState": "1.3.6.1.4.1.9.9.46.1.3.1.1.2",
        "vtpVlanType": "1.3.6.1.4.1.9.9.46.1.3.1.1.3",
        "vtpVlanName": "1.3.6.1.4.1.9.9.46.1.3.1.1.4",
        "vmVlan": "1.3.6.1.4.1.9.9.68.1.2.2.1.2",
    },
    "lldp": {
        "lldpLocPortIdSubtype": "1.0.8802.1.1.2.1.3.7.1.2",
        "lldpLocPortId": "1.0.8802.1.1.2.1.3.7.1.3",
        "lldpLocPortDesc": "1.0.8802.1.1.2.1.3.7.1.4",
        "lldpRemChassisIdSubtype": "1.0.8802.1.1.2.1.4.1.1.4",
        "lldpRemChassisId": "1.0.8802.1.1.2.1.4.1.1.5",
        "lldpRemSysName": "1.0.8802.1.1.2.1.4.1.1.9",
    },
    "cdp": {
        "cdpCacheAddress": "1.3.6.1.4.1.9.9.23.1.2.1.1.4",
        "cdpCacheDeviceId": "1.3.6.1.4.1.9.9.23.1.2.1.1.6",
    },
    "arp": {
        "ipNetToMediaPhysAddress": "1.3.6.1.2.1.4.22.1.2",
        "ipNetToPhysicalPhysAddress": "1.3.6.1.2.1.4.35.1.4",
    },
    # Of clients nothing but who, where and which VLAN: user names in the same tables are nobody's business here.
    "airespace": {
        "bsnMobileStationAPMacAddr": "1.3.6.1.4.1.14179.2.1.4.1.4",
        "bsnMobileStationStatus": "1.3.6.1.4.1.14179.2.1.4.1.9",
        "bsnMobileStationVlanId": "1.3.6.1.4.1.14179.2.1.4.1.29",
        "bsnAPName": "1.3.6.1.4.1.14179.2.2.1.1.3",
    },
    "lwapp": {
        "cldcClientStatus": "1.3.6.1.4.1.9.9.599.1.3.1.1.2",
        "cldcApMacAddress": "1.3.6.1.4.1.9.9.599.1.3.1.1.8",
        "cldcClientAccessVLAN": "1.3.6.1.4.1.9.9.599.1.3.1.1.13",
        "cLApName": "1.3.6.1.4.1.9.9.513.1.1.1.1.5",
    },
    "aruba": {
        "nUserApLocation": "1.3.6.1.4.1.14823.2.2.1.4.1.2.1.10",
        "nUserCurrentVlan": "1.3.6.1.4.1.14823.2.2.1.4.1.2.1.22",
    },
}
"""BRIDGE-MIB (RFC 4188), Q-BRIDGE-MIB (RFC 4363), IF-MIB (RFC 2863), EtherLike-MIB (RFC 3635), IEEE8023-LAG-MIB,
IP-MIB (RFC 4293), LLDP-MIB, and by name CISCO-VTP-MIB, CISCO-VLAN-MEMBERSHIP-MIB, CISCO-CDP-MIB,
AIRESPACE-WIRELESS-MIB, CISCO-LWAPP-DOT11-CLIENT-MIB, CISCO-LWAPP-AP-MIB, WLSX-USER-MIB."""

Said = Mapping[Group, Harvest]
"""What was read, by group."""

VLANS: Final = range(1, 4095)
"""Those that there are (IEEE 802.1Q)."""

ANY_INDEX: Final = (Index("index"),)


@cache
def module(group: Group) -> Module:
    """A group as a module that `Survey` can ask for."""
    columns = COLUMNS[group]
    metrics = [Metric(name, oid, "gauge", indexes=ANY_INDEX) for name, oid in columns.items()]
    gets: list[str] = []
    if group == "interfaces":
        metrics += [Metric(name, oid, "gauge") for name, oid in SCALARS.items()]
        gets = [f"{oid}.0" for oid in SCALARS.values()]
    return Module(f"sightings {group}", tuple(columns.values()), tuple(gets), tuple(metrics))


class Cell(NamedTuple):
    """One value of a table: the arcs of its index, and its content as it came."""

    arcs: tuple[int, ...]
    content: bytes

    @property
    def number(self) -> int:
        return ber.signed(self.content)

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace").rstrip("\0")


class Tables:
    """What was read of one group, by the columns' names. A group that was not asked for has no cells."""

    def __init__(self, group: Group, harvest: Harvest | None = None) -> None:
        self._harvest = harvest
        self._numbers = _numbers(group)

    def __call__(self, name: str) -> Iterator[Cell]:
        """The cells of a column. What has an index that is none is left out."""
        if self._harvest is None:
            return
        for run in self._harvest.runs.get(self._numbers[name], ()):
            for index, content in zip(run.indexes, run.values, strict=True):
                try:
                    yield Cell(ber.decode_arcs(index), content)
                except Malformed:
                    continue

    def ports(self, name: str) -> dict[int, int]:
        """Interfaces by what a column has one of for each of. Numbers below 1 are none (RFC 2863, InterfaceIndex)."""
        return {cell.arcs[0]: cell.number for cell in self(name) if len(cell.arcs) == 1 and cell.number > 0}

    def by_index(self, name: str) -> dict[tuple[int, ...], bytes]:
        return {cell.arcs: cell.content for cell in self(name)}

    def beside(self, name: str, other: str, absent: int) -> Iterator[tuple[Cell, int]]:
        """The cells of a column with the number that another one has in the same row, `absent` where it has none.

        For long tables: rows are told by their raw indexes, so that each index is read once.
        """
        if self._harvest is None:
            return
        runs = self._harvest.runs.get(self._numbers[other], ())
        found = {index: value for run in runs for index, value in zip(run.indexes, run.values, strict=True)}
        for run in self._harvest.runs.get(self._numbers[name], ()):
            for index, content in zip(run.indexes, run.values, strict=True):
                try:
                    cell = Cell(ber.decode_arcs(index), content)
                except Malformed:
                    continue
                value = found.get(index)
                yield cell, absent if value is None else int.from_bytes(value, "big")


@cache
def _numbers(group: Group) -> Mapping[str, int]:
    plan = compile(module(group))
    return {series.metric.name: series.column for series in plan.series}
