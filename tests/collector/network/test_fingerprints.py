"""The shipped rules beyond `test_shelf.py`: every module has one or a reason, and each was seen to choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from collector.budget import RULES
from collector.model import DeviceClass
from collector.network.snmp import Snmp, limits_of, walks
from collector.wire.snmp import ber
from collector.wire.snmp.fingerprint import SYS_OBJECT_ID
from collector.wire.snmp.identify import Identification
from collector.wire.snmp.speech import Community
from simulator import recording
from tests.collector.network.shelf import Shelved, shelf
from tests.collector.network.test_shelf import PACKETS, config, said
from tests.collector.wire.snmp.agents import Clock, Varbind, converse

UNNAMED: Mapping[str, str] = {
    "bridge_fdb": "a series for each address in the forwarding database (RELIABILITY F24): for those who name it",
    "q_bridge_fdb": "as bridge_fdb",
    "cisco_poe": "its probe would be asked of every Cisco device: for kinds that name it",
    "environment_scalars": "its instances are those of one estate, and another's sensors have other numbers",
}
"""Shipped modules that no rule names, and why."""

IT: Mapping[str, Sequence[str]] = {
    "apc-environment": ("system", "apc_environment"),
    "dhcp-server": ("system", "dhcp_scopes"),
    "geist-pdu": ("system", "geist_pdu"),
    "label-printer": ("system", "hrDevice", "zebra_printer", "printer_scalars"),
    "liebert-ups": ("system", "liebert_ups"),
    "rack-pdu": ("system", "apc_rpdu2"),
    "apc-ups": ("system", "apc_ups"),
    "hpe-switch": ("system", "hpe_switch"),
    "poe-switch": ("system", "poe"),
    "printer": ("system", "if_mib", "hrDevice", "printer_mib", "printer_trays"),
    "unifi": ("system", "unifi"),
    "UPS/apc-8932 as 1.3.6.1.4.1.318.1.3.4.4": (
        "system", "if_mib", "ip_mib", "ip_stats", "tcp_udp", "apc_rpdu2", "apc_rpdu",
    ),
    "UPS/eaton-93e-80 as 1.3.6.1.4.1.534.1": (
        "system", "if_mib", "ip_mib", "ip_stats", "tcp_udp", "ups_mib", "xups",
    ),
}  # fmt: skip
FRAGILE: Mapping[str, Sequence[str]] = {
    "apc-environment": ("apc_environment_scalars",),
    "geist-pdu": ("geist_pdu_scalars",),
    "label-printer": ("zebra_printer", "printer_scalars"),
    "liebert-ups": ("liebert_ups",),
    "rack-pdu": ("apc_rpdu2_scalars",),
    "apc-ups": ("apc_ups",),
    "hpe-switch": ("system_scalars",),
    "poe-switch": ("system_scalars",),
    "printer": ("printer_scalars",),
    "unifi": ("system_scalars",),
    "UPS/apc-8641": ("apc_rpdu2_scalars",),
    "UPS/eaton-93e-80": ("ups_scalars", "mg_ups_scalars"),
    "UPS/eaton-93e-80 as 1.3.6.1.4.1.534.1": ("ups_scalars", "xups_scalars"),
    "UPS/ingrasys-power-switch": ("ups_scalars",),
    "UPS/vertiv-power": ("liebert_environment_scalars",),
    "iot/geist-temperature-sensor": ("geist_scalars",),
    "printer as 1.3.6.1.4.1.11.2.3.9.1": ("printer_scalars",),
    "network/switch/cisco-c3560": ("system_scalars",),
}
"""What recordings get in a class, ours and such of the shelf; `as` another sysObjectID than they have."""


@dataclass
class Disguised(Shelved):
    object_id: str = ""

    def get(self, name: bytes) -> Varbind:
        if self.object_id and name == ber.encode_oid(SYS_OBJECT_ID):
            return name, ber.tlv(ber.OID, ber.encode_oid(self.object_id))
        return super().get(name)


def chosen(name: str, device_class: DeviceClass) -> tuple[str, ...]:
    path, _, object_id = name.partition(" as ")
    agent = Disguised.of(shelf().get(path) or recording.find(path))
    agent.object_id = object_id  # type: ignore[attr-defined]
    auto, clock = config().auto, Clock()
    asking = Identification(Community(2, b"public"), limits_of(device_class), auto.rules, clock)
    assert converse(asking, agent.answer, clock) <= PACKETS
    assert asking.problem() is None
    if not RULES[device_class].bulk:
        assert {head.pdu for head in agent.asked} == {0xA0}, "a fragile device is asked for single values only"
    return tuple(auto.choice(asking, device_class).modules)


@pytest.mark.slow
@pytest.mark.parametrize("name", IT)
def test_a_device_of_class_it_gets_its_modules(name: str) -> None:
    assert chosen(name, "it") == IT[name]


@pytest.mark.parametrize("name", FRAGILE)
@pytest.mark.parametrize("device_class", ["fragile", "clinical"])
def test_a_fragile_one_gets_those_of_single_values(name: str, device_class: DeviceClass) -> None:
    found = chosen(name, device_class)
    assert found == FRAGILE[name]
    assert not any(walks(config().modules[module]) for module in found)


def named() -> set[str]:
    return {module for rule in config().auto.rules for module in rule.modules}


def test_every_shipped_module_is_named_by_a_rule_or_has_a_reason_not_to_be() -> None:
    shipped = {name for name, module in config().modules.items() if isinstance(module, Snmp)}
    assert shipped - named() == set(UNNAMED)
    assert all(UNNAMED.values())


def test_every_module_of_a_rule_was_chosen_for_some_recording() -> None:
    seen = {module for modules in (*said().values(), *IT.values(), *FRAGILE.values()) for module in modules}
    assert named() - seen == set()
