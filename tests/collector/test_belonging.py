"""Whom a device belongs to: one row, of the service that suffers most."""

from __future__ import annotations

from collector.belonging import contacts, importance
from collector.model import Device
from collector.services import Catalogue, KeyProperty, Leaf, Node, Service


def service(
    name: str, *devices: str, key_property: KeyProperty = "effectiveness", tier: str = "", owner: str = ""
) -> Service:
    leaves = tuple(Leaf(device, "up", device) for device in devices)
    return Service(name, name, Node(len(leaves), leaves), key_property=key_property, tier=tier, owner=owner)


def said(device: Device, *services: Service) -> dict[str, str]:
    columns = contacts([device], Catalogue({each.name: each for each in services}))
    if device.name not in columns:
        return {}
    (values,) = columns[device.name].rows.values
    return dict(zip(columns[device.name].rows.names, values, strict=True))


SWITCH = Device("sw-1", "10.0.0.1")


def test_safety_comes_first_then_tier_then_name() -> None:
    wanted = [
        service("z", key_property="safety", tier="bronze"),
        service("f", tier="Gold"),
        service("e", tier="bronze"),
        service("c", tier="1"),
        service("d", tier="2"),
        service("a"),
        service("b", key_property="security"),
    ]
    assert sorted(sorted(wanted, key=lambda each: each.name), key=importance) == wanted


def test_a_device_has_one_row_of_its_most_important_service() -> None:
    wards = service("wards", "sw-1", "sw-2", key_property="safety", owner="network")
    assert said(SWITCH, service("a", "sw-1", tier="gold", owner="x"), wards) == {
        "owner": "network",
        "service": "wards",
        "key_property": "safety",
    }


def test_its_own_team_is_called_before_the_services_owner() -> None:
    device = Device("sw-1", "10.0.0.1", team="cabling")
    assert said(device, service("wards", "sw-1", owner="network"))["owner"] == "cabling"
    assert said(device) == {"owner": "cabling"}


def test_of_whom_nobody_says_anything_there_is_nothing() -> None:
    assert said(SWITCH, service("wards", "sw-2")) == {}
