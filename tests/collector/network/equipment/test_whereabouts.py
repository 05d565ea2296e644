"""Strangers, reloads, restarts, and networks at random."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.network.equipment.place import STATES
from collector.network.equipment.sheet import Fdb, Row
from tests.collector.network.equipment.boxes import CORE, EDGE, FAR, MONITOR, PUMP, ROUTER, Site, box, device, switch


def test_unknown_addresses_are_counted_on_clinical_vlans_at_ports_that_lead_nowhere() -> None:
    site = Site(device(vlan="clinical"), device("monitor", MONITOR, vlan="20"), switch("core"))
    rows = [(PUMP, 5, 10), (0x99, 6, 10), (0x9A, 6, 10), (0x9A, 7, 10), (0x9B, 8, 40), (0x9C, 48, 10), (CORE, 48, 1)]
    site.hears(box("core", own=CORE), box("edge", rows, own=EDGE, vlans={10: "clinical", 20: "imaging", 40: "offices"}))
    assert site.places.strangers("edge", site.now) == {10: 2, 20: 0}
    assert site.places.strangers("nobody", site.now) == {}


def test_what_is_only_it_makes_no_vlan_clinical() -> None:
    site = Site(device(device_class="it", vlan="10")).hears(box("edge", [(0x99, 6, 10)]))
    assert site.places.strangers("edge", site.now) == {}


def test_only_clinical_devices_and_those_with_an_address_are_watched() -> None:
    site = Site(
        device(), device("printer", mac=MONITOR, device_class="fragile"), device("server", 0, device_class="it")
    )
    assert set(site.places.watched) == {"pump", "printer"}
    assert site.places.place("server", 0.0, 0.0) is None


def test_those_that_have_no_ip_address_are_found_by_their_own_and_by_nobody_elses() -> None:
    pumps = device(address=""), device("monitor", MONITOR, address="")
    site = Site(*pumps, switch("edge"))
    site.hears(box("edge", [(PUMP, 5, 10)]), box("router", own=ROUTER, arp={"": MONITOR}))
    assert site.where() == ("seen", "edge", "Gi5")
    assert site.where("monitor") == ("unseen", "", "")


def test_a_reload_keeps_what_boxes_said_and_forgets_who_left() -> None:
    site = Site(device(), switch("edge")).hears(box("edge", [(PUMP, 5, 10), (MONITOR, 6, 10)]))
    site.place()
    site.places.load((device("monitor", MONITOR), switch("edge")), ["edge"])
    assert site.where("monitor") == ("seen", "edge", "Gi6")
    assert site.places.place("pump", 0.0, 0.0) is None
    assert set(site.places.saved()) == {"monitor"}


def test_the_last_sighting_outlives_a_restart() -> None:
    before = Site(device(), device("monitor", 0, address="10.0.0.7"), switch("edge")).hears(
        box("edge", [(PUMP, 5, 10), (MONITOR, 6, 10)], own=EDGE), box("router", own=ROUTER, arp={"10.0.0.7": MONITOR})
    )
    before.place()
    before.place("monitor")
    after = Site(*before.devices, boxes=["edge", "router"])
    after.places.restore(before.places.saved())
    after.now = 2000.0
    assert after.where() == ("unknown", "edge", "Gi5")
    after.hears(box("edge", [], at=2000.0, own=EDGE), box("router", at=2000.0, own=ROUTER))
    assert after.where() == ("quiet", "edge", "Gi5")
    assert after.where("monitor") == ("quiet", "edge", "Gi6")
    after.hears(box("edge", [(MONITOR, 9, 10)], at=2000.0, own=EDGE))
    assert after.where("monitor") == ("seen", "edge", "Gi9")


@pytest.mark.parametrize(
    "spoilt", [{"pump": {}}, {"pump": {"box": "a"}}, {"pump": 7}, {"pump": {"box": "a", "port": "b", "vlan": "x"}}]
)
def test_a_spoilt_state_is_told(spoilt: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Site().places.restore(spoilt)


def test_a_clock_that_jumps_back_does_not_age_a_sighting() -> None:
    site = Site().hears(box("edge", [(PUMP, 5, 10)]))
    site.place()
    assert site.place(wall=0.0).state == "seen"


ROWS = st.lists(
    st.tuples(st.sampled_from([PUMP, MONITOR, CORE, EDGE, FAR, 1, 2**48 - 1]), st.integers(1, 60), st.integers(0, 4094))
)


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from(["core", "edge", "far"]), ROWS, st.floats(0, 2000)), max_size=8))
def test_whatever_boxes_say_a_place_has_one_state_and_never_lies_beyond_an_uplink(
    said: list[tuple[str, list[tuple[int, int, int]], float]],
) -> None:
    own = {"core": CORE, "edge": EDGE, "far": FAR}
    site = Site(device(ward="A", vlan="10"), switch("core"), switch("edge", ward="B"), switch("far"))
    for name, rows, step in said:
        site.now += step
        site.hears(box(name, rows, own=own[name], at=site.now))
        place = site.place()
        assert place.state in STATES
        assert place.mac == PUMP
        if place.box and place.ports:
            sheet = site.places.ledger.sheets[place.box]
            index = next(i for i, port in sheet.ports.items() if port.name == place.port)
            assert index not in site.places.ledger.uplinks(sheet)


@given(ROWS)
def test_a_forwarding_database_finds_what_was_put_into_it(rows: list[tuple[int, int, int]]) -> None:
    fdb = Fdb(rows)
    for mac in {mac for mac, _, _ in rows} | {3}:
        assert set(fdb.of(mac)) == {Row(port, vlan) for other, port, vlan in rows if other == mac}
    assert len(fdb) == len(set(rows))
    assert replace(box("a"), fdb=fdb).fresh(600.0)
