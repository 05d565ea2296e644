"""A cabled estate: what follows from links and stations for each box, and mistakes in what is written."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from collector.model import Device
from simulator import ber, synthetic
from simulator.image import Image
from simulator.synthetic.cabling import cabled
from simulator.topology import Network, NetworkFile

PUMP = "02:00:5e:c1:00:09"
FDB = "1.3.6.1.2.1.17.7.1.2.2.1.2"
PLAIN = "1.3.6.1.2.1.17.4.3.1.2"
DEVICES = {
    name: Device(name, f"127.20.50.{number}", mac=PUMP if name == "pump" else "")
    for number, name in enumerate(("core", "edge", "far", "router", "wlc", "pump"), 1)
}
LINKS = [
    ["core Te1/1/1", "edge Te1/1/1"],
    ["edge Te1/1/2+Te1/1/3", "far Te1/1/1+Te1/1/2"],
    ["core Gi1/0/1", "wlc Gi0/1"],
]


def network(**written: object) -> Network:
    whole = {"links": LINKS, "vlans": {"10": "clinical"}, "stations": {"pump": {"at": "far Gi1/0/3", "vlan": "10"}}}
    return Network(NetworkFile.model_validate(whole | written), DEVICES)


def switch() -> Image:
    return synthetic.image("switch", 8)


def rows(image: Image, oid: str) -> dict[tuple[int, ...], int]:
    size = len(ber.dotted(oid))
    return {arcs[size:]: int.from_bytes(value.body, "big") for arcs, value in image.column(oid)}


def test_every_switch_on_the_way_has_learned_the_station_at_its_port_towards_it() -> None:
    net, mac = network(), tuple(bytes.fromhex(PUMP.replace(":", "")))
    seen = {box: rows(cabled(switch(), box, net).image, FDB)[(10, *mac)] for box in ("core", "edge", "far")}
    assert seen == {"core": 9, "edge": 1001, "far": 3}  # Te1/1/1, Po1, Gi1/0/3


def test_boxes_have_learned_each_other() -> None:
    net = network()
    own = {box: tuple(net.mac(box)) for box in net.boxes}
    learned = rows(cabled(switch(), "core", net).image, FDB)
    assert {learned[(1, *own[box])] for box in ("edge", "far")} == {9}
    assert learned[(1, *own["wlc"])] == 1
    assert learned[(1, *own["core"])] == 0  # itself


def test_an_aggregate_is_told_by_both_tables() -> None:
    image = cabled(switch(), "far", network()).image
    assert rows(image, "1.2.840.10006.300.43.1.2.1.1.13") == {(9,): 1001, (10,): 1001}
    assert rows(image, "1.3.6.1.2.1.31.1.2.1.3") == {(1001, 9): 1, (1001, 10): 1}


def test_by_vlan_each_vlan_shows_what_is_in_it_alone() -> None:
    mac = tuple(bytes.fromhex(PUMP.replace(":", "")))
    shown = cabled(switch(), "far", network(), "by_vlan")
    assert rows(shown.image, FDB) == {}
    assert mac not in rows(shown.image, PLAIN)
    assert rows(shown.by_vlan[10], PLAIN)[mac] == 3
    assert mac not in rows(shown.by_vlan[1], PLAIN)


def test_a_silent_box_is_nobody_s_neighbour() -> None:
    names = "1.0.8802.1.1.2.1.4.1.1.9"
    assert len(list(cabled(switch(), "core", network()).image.column(names))) == 2
    assert len(list(cabled(switch(), "core", network(silent=["wlc"])).image.column(names))) == 1


def test_a_controller_has_clients_and_access_points_with_names() -> None:
    net = network(stations={"pump": {"at": "wlc ap03", "vlan": "10"}})
    image = cabled(synthetic.image("wireless", 4), "wlc", net).image
    assert list(rows(image, "1.3.6.1.4.1.14179.2.1.4.1.29").values()) == [10]
    assert [value.body for _, value in image.column("1.3.6.1.4.1.14179.2.2.1.1.3")] == [b"ap03"]


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ({"links": [["core Te1/1/1", "nobody Te1/1/1"]]}, "nobody, which is not in the inventory"),
        ({"links": [["core", "edge Te1/1/1"]]}, "'core' is no end of a link"),
        ({"links": [*LINKS, ["core Te1/1/4", "far Te1/1/4"]]}, "no tree"),
        ({"stations": {"pump": {"at": "router Gi0/1"}}}, "pump hangs on router, which no link leads to"),
        ({"stations": {"other": {"at": "far Gi1/0/3"}}}, "other has no MAC address"),
        ({"stations": {"other": {"at": "far Gi1/0/3", "mac": "1"}}}, "other has no MAC address"),
    ],
)
def test_mistakes_are_told(written: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        network(**written)


def test_a_port_that_a_box_has_not_is_told() -> None:
    with pytest.raises(ValueError, match="far has no port Gi9/9/9"):
        cabled(switch(), "far", network(stations={"pump": {"at": "far Gi9/9/9"}}))


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        NetworkFile.model_validate({"stations": {"pump": {"at": "far Gi1/0/3", "speed": 10}}})
