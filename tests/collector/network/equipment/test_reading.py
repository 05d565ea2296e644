"""Raw cells made into a sheet: each table in its makers' ways, and cells that make no sense."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.network.equipment import learned, reading
from collector.network.equipment.asking import COLUMNS, SCALARS, Group, Said, module
from collector.network.equipment.interfaces import Interfaces
from collector.network.equipment.sheet import Client, Neighbour, Row
from collector.wire.snmp import ber
from collector.wire.snmp.plan import compile
from collector.wire.snmp.walk import Harvest

PUMP = bytes.fromhex("00005e005301")
OTHER = bytes.fromhex("00005e005302")
OWN = bytes.fromhex("00005e0053ff")
POINT = bytes.fromhex("00005e0053a0")

Cells = Mapping[str, Mapping[tuple[int, ...], int | str | bytes]]


def harvest(group: Group, cells: Cells) -> Harvest:
    """What a walk would have left: numbers are INTEGERs, text and bytes OCTET STRINGs."""
    made = Harvest(compile(module(group)).columns)
    for name, rows in cells.items():
        oid = COLUMNS[group].get(name) or SCALARS[name]
        for arcs, value in rows.items():
            content = (
                ber.encode_integer(value)[2:]
                if isinstance(value, int)
                else value.encode()
                if isinstance(value, str)
                else value
            )
            tag = ber.INTEGER if isinstance(value, int) else ber.OCTET_STRING
            made.add(ber.encode_oid(".".join((oid, *map(str, arcs)))), tag, content)
    return made


PORTS: Cells = {
    "ifName": {(1,): "Gi1/0/1", (2,): "Gi1/0/2", (7,): "Gi1/0/7", (8,): "Gi1/0/8", (100,): "Po1"},
    "ifDescr": {(1,): "GigabitEthernet1/0/1", (9,): "Vlan10"},
    "ifOperStatus": {(1,): 1, (2,): 2, (7,): 1, (100,): 1},
    "ifType": {(1,): 6, (7,): 6, (8,): 6, (100,): 161, (9,): 136},
    "ifPhysAddress": {(1,): OWN, (2,): b"", (9,): bytes(6)},
    "dot3StatsDuplexStatus": {(1,): 3, (2,): 2, (7,): 1},
    "sysName": {(0,): "edge.example.org"},
    "dot1dBaseBridgeAddress": {(0,): bytes.fromhex("00005e0053fe")},
}


def said(**groups: Cells) -> Said:
    return {group: harvest(group, cells) for group, cells in ({"interfaces": PORTS} | groups).items()}  # type: ignore[misc,arg-type]


def rows(of: Said, by_vlan: Mapping[int, Harvest] | None = None) -> dict[bytes, tuple[Row, ...]]:
    fdb, _ = learned.database(of, by_vlan or {}, Interfaces(of))
    return {mac.to_bytes(6, "big"): tuple(fdb.of(mac)) for mac, _, _ in fdb}


def test_interfaces_have_names_states_and_duplex() -> None:
    found = Interfaces(said())
    assert found.name == "edge.example.org"
    assert found.ports[1] == ("Gi1/0/1", True, False)
    assert found.ports[2] == ("Gi1/0/2", False, True)
    assert found.ports[7] == ("Gi1/0/7", True, None)
    assert found.ports[9] == ("Vlan10", None, None)
    assert found.own == {0x00005E0053FF, 0x00005E0053FE}


def test_members_of_an_aggregate_by_either_table_and_a_vlan_above_a_port_is_none() -> None:
    lag = dict(PORTS) | {"dot3adAggPortAttachedAggID": {(7,): 100, (1,): 0, (8,): 8}}
    stack = dict(PORTS) | {"ifStackStatus": {(100, 8): 1, (9, 1): 1, (0, 100): 1, (8, 0): 1}}
    assert Interfaces(said(interfaces=lag)).members == {7: 100}
    assert Interfaces(said(interfaces=stack)).members == {8: 100}


def test_what_is_learned_at_a_member_is_learned_at_the_aggregate() -> None:
    lag = dict(PORTS) | {"dot3adAggPortAttachedAggID": {(7,): 100}}
    of = said(interfaces=lag, q_bridge={"dot1qTpFdbPort": {(10, *PUMP): 7}, "dot1qTpFdbStatus": {(10, *PUMP): 3}})
    assert rows(of) == {PUMP: (Row(100, 10),)}


def test_bridge_ports_are_numbers_of_their_own() -> None:
    of = said(
        ports={"dot1dBasePortIfIndex": {(41,): 7, (42,): 999}, "dot1qPvid": {(41,): 30}},
        bridge={
            "dot1dTpFdbPort": {tuple(PUMP): 41, tuple(OTHER): 42, tuple(OWN): 0},
            "dot1dTpFdbStatus": {tuple(PUMP): 3, tuple(OTHER): 3, tuple(OWN): 4},
        },
    )
    assert rows(of) == {PUMP: (Row(7, 30),)}
    assert learned.database(of, {}, Interfaces(of))[1] == {0x00005E0053FF}


@pytest.mark.parametrize(("status", "there"), [(1, False), (2, False), (3, True), (4, False), (5, True)])
def test_only_what_is_learned_or_pinned_down_counts(status: int, there: bool) -> None:
    of = said(q_bridge={"dot1qTpFdbPort": {(10, *PUMP): 1}, "dot1qTpFdbStatus": {(10, *PUMP): status}})
    assert (PUMP in rows(of)) is there


def test_a_database_is_no_vlan_where_the_switch_says_which_it_holds() -> None:
    fdb: Cells = {
        "dot1qTpFdbPort": {(3, *PUMP): 1, (4, *OTHER): 7},
        "dot1qVlanFdbId": {(0, 10): 3, (0, 20): 4, (0, 30): 4},
        "dot1qVlanStaticName": {(10,): "clinical"},
    }
    of = said(q_bridge=fdb, ports={"dot1qPvid": {(7,): 30}})
    assert rows(of) == {PUMP: (Row(1, 10),), OTHER: (Row(7, 30),)}
    assert learned.vlan_names(of) == {10: "clinical"}


def test_vlan_by_vlan_each_has_bridge_ports_of_its_own() -> None:
    of = said(vlans={"vtpVlanState": {(1, 10): 1}}, bridge={"dot1dTpFdbPort": {tuple(OTHER): 1}})
    ten = harvest("bridge", {"dot1dBasePortIfIndex": {(5,): 7}, "dot1dTpFdbPort": {tuple(PUMP): 5}})
    twenty = harvest("bridge", {"dot1dBasePortIfIndex": {(5,): 8}, "dot1dTpFdbPort": {tuple(PUMP): 5}})
    assert rows(of, {10: ten, 20: twenty}) == {PUMP: (Row(7, 10), Row(8, 20))}


def test_vlans_to_ask_are_those_in_use_that_are_ethernet() -> None:
    vtp: Cells = {
        "vtpVlanState": {(1, 1): 1, (1, 10): 1, (1, 20): 2, (1, 1002): 1, (1, 5000): 1},
        "vtpVlanType": {(1, 1): 1, (1, 10): 1, (1, 20): 1, (1, 1002): 2, (1, 5000): 1},
        "vmVlan": {(1,): 40},
    }
    assert learned.vlans_to_ask(said(vlans=vtp)) == [1, 10]
    assert learned.vlans_to_ask(said(vlans={"vmVlan": {(1,): 40, (2,): 40, (7,): 0}})) == [40]
    assert learned.vlans_to_ask(said()) == []
    one = {"dot1qTpFdbPort": {(10, *PUMP): 1}}
    assert learned.vlans_to_ask(said(vlans=vtp, q_bridge=one)) == ()


def test_lldp_ports_are_told_by_their_names() -> None:
    lldp: Cells = {
        "lldpLocPortIdSubtype": {(1,): 5, (2,): 3, (3,): 7, (7,): 7},
        "lldpLocPortId": {(1,): "Gi1/0/7", (2,): OWN, (3,): "x", (7,): "x"},
        "lldpLocPortDesc": {(3,): "GigabitEthernet1/0/1"},
        "lldpRemChassisIdSubtype": {(0, 1, 1): 4, (0, 2, 2): 7},
        "lldpRemChassisId": {(0, 1, 1): OTHER, (0, 2, 2): OTHER},
        "lldpRemSysName": {
            (0, 1, 1): "core",
            (0, 3, 3): "by description",
            (0, 7, 4): "by number",
            (0, 99, 5): "nowhere",
        },
    }
    of = said(lldp=lldp)
    assert sorted(reading.neighbours(of, Interfaces(of))) == [
        Neighbour(1, "", 0),
        Neighbour(1, "by description", 0),
        Neighbour(7, "by number", 0),
        Neighbour(7, "core", 0x00005E005302),
    ]


def test_cdp_neighbours_have_names_and_addresses() -> None:
    of = said(cdp={"cdpCacheDeviceId": {(7, 3): "core.example.org"}, "cdpCacheAddress": {(7, 3): bytes((10, 1, 0, 1))}})
    assert list(reading.neighbours(of, Interfaces(of))) == [Neighbour(7, "core.example.org", 0, "10.1.0.1")]


def test_arp_of_both_tables() -> None:
    of = said(
        arp={
            "ipNetToMediaPhysAddress": {(1, 10, 0, 0, 7): PUMP, (1, 10, 0, 0, 8): b"", (1, 10, 0, 0, 999): PUMP},
            "ipNetToPhysicalPhysAddress": {
                (1, 1, 4, 10, 0, 0, 9): OTHER,
                (1, 2, 16, 0x20, 1, 0xD, 0xB8, *[0] * 11, 1): PUMP,
            },
        }
    )
    assert reading.arp(of) == {"10.0.0.7": 0x5E005301, "10.0.0.9": 0x5E005302, "2001:db8::1": 0x5E005301}


@pytest.mark.parametrize(
    ("group", "point", "status", "vlan", "name"),
    [
        ("airespace", "bsnMobileStationAPMacAddr", "bsnMobileStationStatus", "bsnMobileStationVlanId", "bsnAPName"),
        ("lwapp", "cldcApMacAddress", "cldcClientStatus", "cldcClientAccessVLAN", "cLApName"),
    ],
)
def test_cisco_clients_are_those_that_are_there(group: Group, point: str, status: str, vlan: str, name: str) -> None:
    there, gone = {"airespace": (3, 5), "lwapp": (4, 6)}[group]  # associated, disassociated
    cells: Cells = {
        point: {tuple(PUMP): POINT, tuple(OTHER): POINT},
        status: {tuple(PUMP): there, tuple(OTHER): gone},
        vlan: {tuple(PUMP): 30},
        name: {tuple(POINT): "ap03"},
    }
    assert reading.clients(said(**{group: cells})) == {0x5E005301: Client("ap03", 30)}
    nameless = {key: value for key, value in cells.items() if key != name}
    assert reading.clients(said(**{group: nameless})) == {0x5E005301: Client("unnamed", 30)}


def test_aruba_clients_have_an_access_point_and_wired_users_none() -> None:
    cells: Cells = {
        "nUserApLocation": {(*PUMP, 10, 0, 0, 7): "ap03", (*OTHER, 10, 0, 0, 8): ""},
        "nUserCurrentVlan": {(*PUMP, 10, 0, 0, 7): 30},
    }
    assert reading.clients(said(aruba=cells)) == {0x5E005301: Client("ap03", 30)}


def test_nobody_s_name_is_asked_for() -> None:
    """The tables of clients hold user names beside what is needed."""
    asked = {oid for columns in COLUMNS.values() for oid in columns.values()}
    users = ("1.3.6.1.4.1.14179.2.1.4.1.3", "1.3.6.1.4.1.9.9.599.1.3.1.1.27", "1.3.6.1.4.1.14823.2.2.1.4.1.2.1.3")
    assert asked.isdisjoint(users)
    for group in COLUMNS:
        assert set(module(group).walk) == set(COLUMNS[group].values()), "columns one by one, no whole tables"


def test_a_port_has_a_number_from_one() -> None:
    lag = dict(PORTS) | {"dot3adAggPortAttachedAggID": {(7,): -5}, "ifType": {(0,): 161}, "ifStackStatus": {(0, 1): 1}}
    of = said(interfaces=lag, cdp={"cdpCacheDeviceId": {(7, 3): "core", (0, 1): "nowhere"}})
    assert Interfaces(of).members == {}
    assert [(each.port, each.name) for each in reading.neighbours(of, Interfaces(of))] == [(7, "core")]
    of = said(ports={"dot1dBasePortIfIndex": {(3,): -2}}, lldp={"lldpRemSysName": {(0, 3, 1): "nowhere"}})
    assert list(reading.neighbours(of, Interfaces(of))) == []


ARCS = st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 255), max_size=8).map(tuple)
VALUES = st.integers(-(2**31), 2**31 - 1) | st.binary(max_size=9) | st.text(max_size=5)


@st.composite
def anything(draw: st.DrawFn) -> Said:
    groups: dict[Group, Harvest] = {}
    for group, columns in COLUMNS.items():
        names = [*columns, *(SCALARS if group == "interfaces" else ())]
        cells = draw(st.dictionaries(st.sampled_from(names), st.dictionaries(ARCS, VALUES, max_size=4), max_size=4))
        groups[group] = harvest(group, cells)
    return groups


@pytest.mark.slow
@settings(max_examples=40)
@given(anything())
def test_whatever_a_box_says_it_becomes_a_sheet(of: Said) -> None:
    interfaces = Interfaces(of)
    fdb, _ = learned.database(of, {10: of["bridge"]}, interfaces)
    for mac, port, vlan in fdb:
        assert 0 < mac < 2**48
        assert port > 0
        assert 0 <= vlan < 4095
    assert all(neighbour.port > 0 for neighbour in reading.neighbours(of, interfaces))
    assert all(reading.arp(of).values())
    assert all(client.access_point for client in reading.clients(of).values())
    assert all(1 <= vlan <= 4094 for vlan in learned.vlans_to_ask(of))
    learned.vlan_names(of)
