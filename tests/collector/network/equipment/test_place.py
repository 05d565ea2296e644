"""Where a device is, and how: quiet and gone, moved, twice, in the wrong VLAN, on Wi-Fi."""

from __future__ import annotations

import pytest

from collector.network.equipment.sheet import Client, Port
from tests.collector.network.equipment.boxes import (
    CONTROLLER,
    CORE,
    EDGE,
    FAR,
    OTHER,
    PUMP,
    ROUTER,
    Site,
    box,
    device,
    switch,
)


def later(site: Site, seconds: float = 1000.0, **port: object) -> Site:
    """The switch was read again, and its entry is gone."""
    site.now += seconds
    ports = {5: Port("Gi5", True, False)._replace(**port)}
    return site.hears(box("edge", [], at=site.now, ports=ports))


def test_an_entry_that_aged_out_at_a_port_that_is_up_is_quiet() -> None:
    site = Site().hears(box("edge", [(PUMP, 5, 10)]))
    assert site.where()[0] == "seen"
    assert later(site).where() == ("quiet", "edge", "Gi5")
    place = site.place()
    assert (place.recent, place.vlan, place.ports, place.last) == (False, 10, 0, pytest.approx(1_767_225_600.0))


def test_within_the_window_it_is_still_seen() -> None:
    site = Site().hears(box("edge", [(PUMP, 5, 10)]))
    site.place()
    assert later(site, 899.0).place().state == "seen"
    assert later(site, 2.0).place().state == "quiet"


def test_the_window_is_a_setting() -> None:
    site = Site().hears(box("edge", [(PUMP, 5, 10)], window=60.0))
    site.place()
    site.now = 61.0
    site.hears(box("edge", [], at=61.0, window=60.0))
    assert site.place().state == "quiet"


def test_a_port_that_is_down_says_unseen_at_once() -> None:
    site = Site().hears(box("edge", [(PUMP, 5, 10)]))
    site.place()
    place = later(site, 30.0, up=False).place()
    assert (place.state, place.recent, place.box) == ("unseen", False, "edge")


def test_a_port_that_is_no_more_says_unseen() -> None:
    site = Site().hears(box("edge", [(PUMP, 5, 10)]))
    site.place()
    assert later(site, up=True, name="Gi1/0/5").place().state == "unseen"


def test_a_port_is_known_by_its_name_when_the_switch_has_renumbered_it() -> None:
    site = Site().hears(box("edge", [(PUMP, 5, 10)]))
    site.place()
    site.now = 1000.0
    site.hears(box("edge", [], at=1000.0, ports={5: Port("Te1", False, False), 77: Port("Gi5", True, True)}))
    assert (site.place().state, site.place().half) == ("quiet", True)


def test_what_was_never_seen_is_unseen_once_somebody_was_read() -> None:
    site = Site(device(), boxes=["edge"])
    assert site.where() == ("unknown", "", "")
    assert site.hears(box("edge")).where() == ("unseen", "", "")


def test_a_switch_that_was_not_read_lately_says_nothing() -> None:
    site = Site().hears(box("edge", [(PUMP, 5, 10)]))
    assert site.place().state == "seen"
    site.now = 601.0
    assert (site.place().state, site.place().ports, site.place().half) == ("seen", None, None)
    site.now = 1000.0
    assert site.where() == ("unknown", "edge", "Gi5")


def test_half_a_table_does_not_say_that_a_device_is_gone() -> None:
    site = Site().hears(box("edge", [(PUMP, 5, 10)]))
    site.place()
    site.now = 1000.0
    site.hears(box("edge", [], at=1000.0, whole=False))
    assert site.place().state == "unknown"


def test_nothing_is_said_of_a_place_before_all_boxes_were_read_or_an_interval_is_over() -> None:
    """Else everything would hang on the core for the first minutes, and every device would have moved."""
    site = Site(device(ward="A"), switch("core", ward="Data centre"), switch("edge", ward="A"), boxes=["core", "edge"])
    site.hears(box("core", [(PUMP, 1, 10), (EDGE, 1, 1)], own=CORE))
    assert site.where() == ("unknown", "", "")
    assert site.places.strangers("core", site.now) == {}
    site.hears(box("edge", [(PUMP, 5, 10)], own=EDGE, at=5.0))
    assert site.where() == ("seen", "edge", "Gi5")

    silent = Site(device(), boxes=["core", "dead"]).hears(box("core", [(PUMP, 1, 10)], own=CORE))
    silent.now = 299.0
    assert silent.place().state == "unknown"
    silent.now = 301.0
    assert silent.where() == ("seen", "core", "Gi1")


def test_a_port_of_another_ward_means_that_it_moved() -> None:
    site = Site(device(ward="Ward 3"), switch("edge", ward="Theatres", wards=(("Gi1-24", "ward 3"),)))
    assert site.hears(box("edge", [(PUMP, 5, 10)])).place().moved is False
    site.now = 300.0
    place = site.hears(box("edge", [(PUMP, 30, 10)], at=300.0)).place()
    assert (place.state, place.moved, place.ward, place.port) == ("moved", True, "Theatres", "Gi30")
    site.now = 2000.0
    place = site.hears(box("edge", [], at=2000.0)).place()
    assert (place.state, place.recent) == ("moved", False)


def test_without_a_ward_on_both_sides_nothing_has_moved() -> None:
    assert Site(device(ward="A"), switch("edge")).hears(box("edge", [(PUMP, 5, 10)])).place().moved is None
    assert Site(device(), switch("edge", ward="A")).hears(box("edge", [(PUMP, 5, 10)])).place().moved is None


def test_an_address_at_two_ports_is_counted_and_its_place_stays() -> None:
    site = Site().hears(box("edge", [(PUMP, 5, 10)], own=EDGE))
    assert site.where() == ("seen", "edge", "Gi5")
    for at in (10.0, 20.0, 30.0):
        site.now = at
        site.hears(box("far", [(PUMP, 7, 10)], own=FAR, at=at))
        assert (site.where(), site.place().ports) == (("seen", "edge", "Gi5"), 2)
    site.hears(box("edge", [], own=EDGE, at=40.0))
    site.now = 40.0
    assert (site.where(), site.place().ports) == (("seen", "far", "Gi7"), 1)


def test_one_port_in_two_vlans_is_one_port() -> None:
    site = Site(device(vlan="20")).hears(box("edge", [(PUMP, 5, 10), (PUMP, 5, 20)]))
    place = site.place()
    assert (place.ports, place.vlan, place.wrong_vlan) == (1, 20, False)


def test_its_own_switch_says_that_it_left_for_where_nobody_looks() -> None:
    site = Site().hears(box("core", own=CORE), box("edge", [(PUMP, 5, 10), (CORE, 48, 1)], own=EDGE))
    assert site.where() == ("seen", "edge", "Gi5")
    site.now = 100.0
    site.hears(box("edge", [(PUMP, 48, 10), (CORE, 48, 1)], own=EDGE, at=100.0))
    assert site.where() == ("seen", "", "")


def test_a_core_that_remembers_longer_than_the_edge_does_not_move_it() -> None:
    site = Site().hears(
        box("core", [(PUMP, 1, 10), (EDGE, 1, 1)], own=CORE), box("edge", [(PUMP, 5, 10), (CORE, 48, 1)], own=EDGE)
    )
    site.place()
    site.now = 1000.0
    site.hears(box("core", [(PUMP, 1, 10), (EDGE, 1, 1)], own=CORE, at=1000.0), box("edge", own=EDGE, at=1000.0))
    assert site.where() == ("quiet", "edge", "Gi5")


@pytest.mark.parametrize(
    ("expected", "wrong"), [("10", False), ("11", True), ("clinical", False), ("CLINICAL", False), ("guests", True)]
)
def test_the_vlan_is_compared_by_number_or_name(expected: str, wrong: bool) -> None:
    site = Site(device(vlan=expected)).hears(box("edge", [(PUMP, 5, 10)], vlans={10: "Clinical"}))
    assert site.place().wrong_vlan is wrong


def test_a_vlan_that_nobody_names_is_neither_right_nor_wrong() -> None:
    site = Site(device(vlan="clinical")).hears(box("edge", [(PUMP, 5, 10)]))
    assert site.place().wrong_vlan is None
    assert Site(device(vlan="10")).hears(box("edge", [(PUMP, 5, 0)])).place().wrong_vlan is None


def test_another_box_may_tell_the_name_of_a_vlan() -> None:
    site = Site(device(vlan="pumps")).hears(
        box("wlc", clients={PUMP: Client("ap03", 30)}), box("core", vlans={30: "pumps"})
    )
    assert site.place().wrong_vlan is False


def test_half_duplex_is_said_where_the_switch_says_it() -> None:
    half = box("edge", [(PUMP, 5, 10)], ports={5: Port("Gi5", True, True)})
    assert Site().hears(half).place().half is True
    assert Site().hears(box("edge", [(PUMP, 5, 10)], ports={5: Port("Gi5", True)})).place().half is None


def test_on_wifi_the_controller_goes_before_the_switch_behind_the_access_point() -> None:
    """Where access points bridge, their switch learns the client at the access point's port."""
    site = Site(device(ward="A"), switch("wlc", wards=(("ap0*", "A"),))).hears(
        box("edge", [(PUMP, 5, 30)], own=EDGE), box("wlc", own=CONTROLLER, clients={PUMP: Client("ap03", 30)})
    )
    place = site.place()
    assert (place.state, place.box, place.port, place.ward, place.vlan) == ("seen", "wlc", "ap03", "A", 30)
    assert place.company is None
    site.now = 1000.0
    site.hears(box("wlc", own=CONTROLLER, at=1000.0))
    assert site.place().state == "unseen"


def test_without_an_address_in_the_inventory_a_router_tells_it() -> None:
    site = Site(device(mac=0, address="10.0.0.7")).hears(box("edge", [(PUMP, 5, 10)], own=EDGE))
    assert site.place().state == "unknown"
    site.hears(box("router", own=ROUTER, arp={"10.0.0.7": PUMP, "10.0.0.8": OTHER}))
    assert site.where() == ("seen", "edge", "Gi5")
    site.hears(box("router", own=ROUTER))  # aged out there: what was told stays
    assert site.where() == ("seen", "edge", "Gi5")


def test_the_inventory_goes_before_arp() -> None:
    site = Site(device(address="10.0.0.7")).hears(
        box("router", own=ROUTER, arp={"10.0.0.7": OTHER}), box("edge", [(PUMP, 5, 10), (OTHER, 6, 10)], own=EDGE)
    )
    assert site.where() == ("seen", "edge", "Gi5")
