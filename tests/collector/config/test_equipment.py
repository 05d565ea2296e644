"""What the inventory says of equipment, and to whom the module `sightings` may be given."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.config import Config, ConfigError, load
from collector.inventory import groups
from collector.model import Device
from collector.network.sightings import Sightings
from collector.network.snmp import Snmp
from collector.status import info

SITE = """
defaults: {class: it, auth: lab, ward: Ward 3, vlan: 10}
devices:
  - name: sw-1
    address: 10.0.0.1
    modules: [{module: sightings, interval: 5m}]
    wards: {Gi1/0/1-24: Ward 3, Gi1/0/*: Theatres}
  - {name: pump, class: clinical, address: 10.0.0.2, mac: 001B.540A.32F0, vlan: clinical, modules: []}
  - {name: plain, class: it, address: 10.0.0.3, modules: []}
"""


def loaded(tmp_path: Path, text: str, module: str = "") -> Config:
    for folder in ("inventory", "modules"):
        (tmp_path / folder).mkdir()
    (tmp_path / "inventory" / "all.yml").write_text(text)
    (tmp_path / "auths.yml").write_text("auths: {lab: {version: 2, community: c}}")
    if module:
        (tmp_path / "modules" / "own.yml").write_text(module)
    return load(tmp_path, environ={}, resolve=str, collectors=(Snmp, Sightings))


def test_what_is_written_of_equipment_is_the_devices(tmp_path: Path) -> None:
    switch, pump, plain = loaded(tmp_path, SITE).devices
    assert (pump.mac, pump.ward, pump.vlan, pump.passive) == ("00:1b:54:0a:32:f0", "Ward 3", "clinical", True)
    assert switch.wards == (("Gi1/0/1-24", "Ward 3"), ("Gi1/0/*", "Theatres"))
    assert (plain.mac, plain.ward, plain.vlan, plain.wards) == ("", "Ward 3", "10", ())


def test_a_ward_is_a_label_of_the_target_and_a_mac_address_is_none(tmp_path: Path) -> None:
    config = loaded(tmp_path, SITE)
    found = {group["labels"]["instance"]: group["labels"] for group in groups(config.devices, config.targets, "a:1")}
    assert found["pump"]["ward"] == "Ward 3"
    assert "00:1b" not in str(found)
    pump = config.devices[1]
    assert dict(zip(info(pump).rows.names, info(pump).rows.values[0], strict=True))["ward"] == "Ward 3"
    assert "ward" not in info(Device("a", "10.0.0.1")).rows.names


def test_the_module_is_there_by_itself_and_may_be_written_with_options(tmp_path: Path) -> None:
    (target,) = loaded(tmp_path, SITE).targets["sw-1"]
    assert target.collector == Sightings()


def test_its_options(tmp_path: Path) -> None:
    own = "modules: {sightings: {collector: sightings, window: 20m, most_macs: 30}}"
    (target,) = loaded(tmp_path, SITE, own).targets["sw-1"]
    assert target.collector == Sightings(window=1200.0, most_macs=30)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("option", "complaint"),
    [("window: 30s", "window is shorter than 1m"), ("most_macs: 1", "most_macs is below 2"), ("window: 20", "unit")],
)
def test_options_that_make_no_sense(tmp_path: Path, option: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        loaded(tmp_path, SITE, f"modules: {{sightings: {{collector: sightings, {option}}}}}")


@pytest.mark.parametrize("device_class", ["fragile", "clinical"])
def test_only_plain_it_is_walked(tmp_path: Path, device_class: str) -> None:
    with pytest.raises(ConfigError, match="RELIABILITY S11"):
        loaded(tmp_path, SITE.replace("name: sw-1", f"name: sw-1\n    class: {device_class}"))


def test_it_needs_credentials(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs credentials"):
        loaded(tmp_path, SITE.replace("auth: lab, ", ""))
