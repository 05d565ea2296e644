"""Ports that lead to other boxes are left out; aggregates, stacks and hubs are not."""

from __future__ import annotations

import pytest

from collector.network.equipment.sheet import Client, Port
from collector.network.equipment.uplinks import uplinks
from tests.collector.network.equipment.boxes import (
    CONTROLLER,
    CORE,
    EDGE,
    FAR,
    MONITOR,
    OTHER,
    PUMP,
    ROUTER,
    Site,
    box,
    device,
    lldp,
    switch,
)


def test_over_a_chain_of_three_switches_only_the_port_at_the_edge_counts() -> None:
    """core Gi1 - edge Gi48, edge Gi1 - far Gi48, the pump at far Gi5: told by whose address was learned where."""
    site = Site().hears(
        box("core", [(PUMP, 1, 10), (EDGE, 1, 1), (FAR, 1, 1)], own=CORE),
        box("edge", [(PUMP, 1, 10), (CORE, 48, 1), (FAR, 1, 1)], own=EDGE),
        box("far", [(PUMP, 5, 10), (CORE, 48, 1), (EDGE, 48, 1)], own=FAR),
    )
    assert site.where() == ("seen", "far", "Gi5")
    assert site.place().ports == 1
    assert site.place().vlan == 10


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_order_in_which_boxes_are_read_makes_no_difference(order: tuple[int, ...]) -> None:
    sheets = (
        box("core", [(PUMP, 1, 10), (FAR, 1, 1)], own=CORE),
        box("edge", [(PUMP, 1, 10), (FAR, 1, 1)], own=EDGE),
        box("far", [(PUMP, 5, 10)], own=FAR),
    )
    site = Site()
    for number in order:
        site.hears(sheets[number])
        site.place()
    assert site.where() == ("seen", "far", "Gi5")


@pytest.mark.parametrize(
    "says",
    [
        lldp(1, "edge"),
        lldp(1, "EDGE.example.org"),
        lldp(1, "edge(FOC1234X0YZ)"),
        lldp(1, "", EDGE),
        lldp(1, "", 0, "10.1.0.4"),
    ],
    ids=["name", "domain", "cdp with a serial number", "address of its chassis", "management address"],
)
def test_a_neighbour_that_is_a_box_makes_an_uplink(says: object) -> None:
    site = Site(device(), switch("core"), switch("edge")).hears(
        box("core", [(PUMP, 1, 10)], own=CORE, neighbours=(says,)), box("edge", [(PUMP, 5, 10)], own=EDGE)
    )
    assert site.where() == ("seen", "edge", "Gi5")
    assert site.place().ports == 1


def test_a_neighbour_that_is_no_box_makes_none() -> None:
    """A gateway that speaks LLDP itself, or the telephone in front of it."""
    site = Site().hears(box("edge", [(PUMP, 5, 10)], own=EDGE, neighbours=(lldp(5, "pump"), lldp(5, "phone", OTHER))))
    assert site.where() == ("seen", "edge", "Gi5")


def test_a_box_that_names_itself_its_neighbour_has_no_uplink() -> None:
    looped = box("edge", [(PUMP, 5, 10), (EDGE, 5, 1)], own=EDGE, neighbours=(lldp(5, "edge", EDGE),))
    assert Site().hears(looped).where() == ("seen", "edge", "Gi5")


def test_more_addresses_than_hang_on_an_outlet_make_an_uplink() -> None:
    crowd = [(0x1000 + n, 1, 10) for n in range(16)]
    site = Site().hears(box("core", [(PUMP, 1, 10), *crowd], own=CORE))
    place = site.place()
    assert (place.state, place.box, place.ports) == ("seen", "", 0)
    assert place.recent


def test_sixteen_addresses_may_hang_on_an_outlet_whatever_their_vlans() -> None:
    crowd = [(0x1000 + n, 1, vlan) for n in range(15) for vlan in (10, 20)]
    assert Site().hears(box("edge", [(PUMP, 1, 10), *crowd])).where() == ("seen", "edge", "Gi1")


def test_how_many_make_an_uplink_is_a_setting() -> None:
    crowd = [(0x1000 + n, 1, 10) for n in range(3)]
    assert Site().hears(box("edge", [(PUMP, 1, 10), *crowd], most_macs=2)).place().box == ""


def test_the_first_way_in_which_an_uplink_is_told_is_the_one_that_is_named() -> None:
    site = Site(device(), switch("edge"), switch("core"))
    crowd = [(0x1000 + n, 3, 10) for n in range(30)]
    sheet = box("core", [(EDGE, 1, 1), (EDGE, 2, 1), *crowd, (ROUTER, 3, 1)], own=CORE, neighbours=(lldp(1, "edge"),))
    site.hears(sheet, box("edge", own=EDGE))
    assert uplinks(sheet, site.places.ledger.boxes) == {1: "neighbour", 2: "learned", 3: "crowded"}


def test_the_port_of_a_router_and_that_of_a_controller_are_uplinks() -> None:
    """The router answers for devices behind it, the controller bridges its clients."""
    site = Site().hears(
        box("router", own=ROUTER),
        box("wlc", own=CONTROLLER, clients={PUMP: Client("ap03", 30)}),
        box("core", [(ROUTER, 1, 1), (CONTROLLER, 2, 1), (PUMP, 2, 30)], own=CORE),
    )
    assert site.where() == ("seen", "wlc", "ap03")


def test_an_aggregate_is_one_port() -> None:
    site = Site().hears(box("edge", [(PUMP, 100, 10)]))
    assert site.where() == ("seen", "edge", "Po1")


def test_an_uplink_of_several_cables_is_excluded_as_a_whole() -> None:
    site = Site(device(), switch("edge"), switch("core")).hears(
        box("core", [(PUMP, 100, 10)], own=CORE, neighbours=(lldp(100, "edge"), lldp(100, "edge"))),
        box("edge", [(PUMP, 5, 10)], own=EDGE),
    )
    assert (site.where(), site.place().ports) == (("seen", "edge", "Gi5"), 1)


def test_the_second_unit_of_a_stack_is_the_same_box() -> None:
    ports = {1005: Port("Gi2/0/5", True, False)}
    site = Site(device(ward="B"), switch("edge", ward="A", wards=(("Gi2/0/1-24", "B"),)))
    site.hears(box("edge", [(PUMP, 1005, 10)], ports=ports))
    assert (site.where(), site.place().ward) == (("seen", "edge", "Gi2/0/5"), "B")


def test_two_devices_behind_one_port_are_both_there() -> None:
    site = Site(device(), device("monitor", MONITOR)).hears(box("edge", [(PUMP, 5, 10), (MONITOR, 5, 10)]))
    assert site.where() == site.where("monitor") == ("seen", "edge", "Gi5")
    assert site.place().company == 2


def test_behind_a_hub_with_a_few_others_it_is_at_the_hubs_port() -> None:
    site = Site().hears(box("edge", [(PUMP, 5, 10), *((0x2000 + n, 5, 10) for n in range(7))]))
    assert (site.where(), site.place().company) == (("seen", "edge", "Gi5"), 8)
