"""What shipped modules make of recordings of real devices, compared whole but for the length of tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from collector.config import load
from collector.edge.udp import resolve
from collector.network.snmp import Snmp
from collector.wire.snmp.module import Module
from exporters.text import render
from tests.collector.network.recorded import poll, short
from tests.collector.worlds import virtual

GOLDEN = Path(__file__).parent / "golden" / "recorded"

RECORDED: Mapping[str, tuple[str, ...]] = {
    "airmax": ("network/wifi/ubiquiti-m5",),
    "apc_environment": ("apc-environment",),
    "apc_environment_scalars": ("apc-environment",),
    "apc_rpdu": ("UPS/apc-8932",),
    "apc_rpdu2": ("UPS/apc-8641", "UPS/apc-7902b"),
    "apc_rpdu2_scalars": ("UPS/apc-8641",),
    "apc_ups": ("apc-ups",),
    "aruba_wireless": ("network/wifi/aruba-7210",),
    "bridge": ("network/switch/cisco-n5000", "network/switch/hpe-procurve-516733-b21"),
    "bridge_fdb": ("network/switch/cisco-c3750",),
    "brocade_fc": ("network/switch/brocade-fiber-channel",),
    "brocade_icx": ("network/switch/brocade-icx6430-24",),
    "cdp": ("network/switch/cisco-c3750",),
    "cisco_cpu": ("network/router/cisco-unmarked-0", "network/appliance/cisco-unknown-01"),
    "cisco_environment": ("network/appliance/cisco-unknown-01", "network/switch/cisco-n5000"),
    "cisco_memory": ("network/switch/cisco-c3560", "network/appliance/cisco-unknown-01"),
    "cisco_wireless": ("network/appliance/cisco-controller",),
    "dhcp_scopes": ("dhcp-server",),
    "entity": ("network/switch/cisco-c3560",),
    "entity_sensor": ("cloud/arista-dcs-7150s-52-cl", "network/firewall/paloalto-pa-5000"),
    "entity_state": ("network/switch/hpe-procurve-516733-b21", "cloud/arista-dcs-7150s-52-cl"),
    "ether_like": ("network/switch/h3c-e528-2",),
    "fortigate": ("network/firewall/fortinet-xcu",),
    "geist": ("iot/geist-temperature-sensor",),
    "geist_pdu": ("geist-pdu",),
    "geist_pdu_scalars": ("geist-pdu",),
    "geist_scalars": ("iot/geist-temperature-sensor",),
    "h3c_entity": ("network/switch/h3c-e528-1",),
    "hh3c_entity": ("network/switch/h3c-comware-7-1-075",),
    "hikvision": ("camera/hikvision",),
    "hpe_switch": ("network/switch/hpe-procurve-516733-b21", "hpe-switch"),
    "hrDevice": ("os/linux/slackware",),
    "hrStorage": ("os/windows/server-2003-5-2", "os/linux/slackware"),
    "hrSystem": ("os/windows/server-2003-5-2",),
    "huawei_entity": ("network/router/huawei-s5720",),
    "if_mib": ("network/switch/cisco-c3560", "os/windows/server-2003-5-2"),
    "ip_mib": ("network/router/vyatta-unknown",),
    "ip_stats": ("network/router/vyatta-unknown",),
    "isilon": ("storage/isilon-onefs",),
    "juniper_chassis": ("network/router/juniper-mx960-12-3r6-6",),
    "juniper_wireless": ("network/wifi/juniper-wlc2800",),
    "liebert_environment": ("UPS/vertiv-power",),
    "liebert_environment_scalars": ("UPS/vertiv-power",),
    "liebert_ups": ("liebert-ups",),
    "lldp": ("network/switch/hpe-procurve-516733-b21", "network/switch/cisco-n5000"),
    "mg_ups": ("UPS/eaton-93e-80",),
    "mg_ups_scalars": ("UPS/eaton-9px-partial",),
    "netapp": ("storage/netapp-ontap-8-2-3",),
    "oceanstor": ("network/appliance/huawei-ism",),
    "paloalto": ("network/firewall/paloalto-pa-5000",),
    "cisco_poe": ("poe-switch",),
    "poe": ("poe-switch",),
    "printer_mib": ("printer",),
    "printer_scalars": ("printer",),
    "printer_trays": ("printer",),
    "q_bridge": ("network/switch/hpe-procurve-516733-b21",),
    "q_bridge_fdb": ("network/switch/hpe-procurve-516733-b21",),
    "rmon": ("network/appliance/vss-monitoring-optimizer-2400-span",),
    "sangfor": ("os/linux/sangfor",),
    "squid": ("network/appliance/network-research-squid",),
    "stp": ("network/switch/dlink-des3200", "network/switch/cisco-n5000"),
    "system": ("os/linux/slackware", "network/switch/hpe-procurve-516733-b21"),
    "system_scalars": ("UPS/ingrasys-power-switch",),
    "tcp_udp": ("os/linux/slackware", "UPS/vertiv-power"),
    "ucd_la_table": ("os/linux/slackware",),
    "ucd_memory": ("os/linux/slackware",),
    "ucd_system_stats": ("os/linux/slackware",),
    "unifi": ("unifi",),
    "ups_mib": ("UPS/eaton-93e-80", "UPS/ingrasys-power-switch"),
    "ups_scalars": ("UPS/ingrasys-power-switch", "UPS/phoenixtec-power"),
    "venustech": ("network/firewall/venus-vsos-v0600r0705b20180507", "unclassified/01"),
    "xups": ("UPS/eaton-93e-80", "UPS/eaton-9px-partial"),
    "xups_scalars": ("UPS/eaton-9px-partial",),
    "zebra_printer": ("label-printer",),
}
"""Recordings by module: of snmpsim-data by their path there, ours by their name."""

CASES = [(module, name) for module, names in RECORDED.items() for name in names]

LIKELY = {"percent": (0, 100), "Degrees Celsius": (-60, 130)}
"""Between which numbers a family lies whose help says the word."""

UNDEFINED = {"hrDiskStorageRemoveble": {0}, "xupsBatteryAbmStatus": {0}}
"""Numbers that a real device gives and its MIB has no name for."""

SHIPPED = {
    name: module
    for name, module in load(None, environ=os.environ, resolve=resolve).modules.items()
    if isinstance(module, Snmp)
}


@pytest.mark.slow
@pytest.mark.parametrize(("module", "name"), CASES)
def test_recorded(module: str, name: str, golden: Callable[[Path, str], None]) -> None:
    page = [
        column for column in virtual(poll(SHIPPED[module], name)) if not column.family.name.startswith("wardwatch_")
    ]
    golden(GOLDEN / f"{module}@{name.replace('/', '-')}.txt", "".join(short(render(page).body.decode())))
    for column in page:
        known = _enumerations(SHIPPED[module].module).get(column.family.name)
        strange = UNDEFINED.get(column.family.name, set())
        assert not known or set(map(int, column.values)) - strange <= set(known), (column.family.name, column.values)
        for word, (least, most) in LIKELY.items():
            if word in column.family.help:
                assert least <= min(column.values) <= max(column.values) <= most, column.family


def test_each_golden_file_is_of_a_case() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {f"{m}@{name.replace('/', '-')}" for m, name in CASES}


def _enumerations(module: Module) -> Mapping[str, Mapping[int, str]]:
    return {
        metric.name: metric.enum_values for metric in module.metrics if metric.enum_values and metric.type == "gauge"
    }
