"""What shipped modules make of recordings of real devices, compared whole but for the length of tables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

import pytest

from collector.agent import Agent
from collector.config import load
from collector.edge.udp import resolve
from collector.model import Auth, Column, Device, Schedule, Secret, Target
from collector.network.snmp import Snmp
from collector.wire.snmp.module import Module
from exporters.text import render
from simulator import recording
from simulator.player import Player
from tests.collector.worlds import FakeWorld, Packet, virtual

GOLDEN = Path(__file__).parent / "golden" / "recorded"

ROWS = 3
"""Samples of a family that are shown; of the rest, how many there are. An access controller has a thousand radios."""

RECORDED: Mapping[str, tuple[str, ...]] = {
    "airmax": ("network/wifi/ubiquiti-m5",),
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
    "entity": ("network/switch/cisco-c3560",),
    "entity_sensor": ("cloud/arista-dcs-7150s-52-cl", "network/firewall/paloalto-pa-5000"),
    "entity_state": ("network/switch/hpe-procurve-516733-b21", "cloud/arista-dcs-7150s-52-cl"),
    "ether_like": ("network/switch/h3c-e528-2",),
    "fortigate": ("network/firewall/fortinet-xcu",),
    "geist": ("iot/geist-temperature-sensor",),
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
    "lldp": ("network/switch/hpe-procurve-516733-b21", "network/switch/cisco-n5000"),
    "mg_ups": ("UPS/eaton-93e-80",),
    "mg_ups_scalars": ("UPS/eaton-9px-partial",),
    "netapp": ("storage/netapp-ontap-8-2-3",),
    "oceanstor": ("network/appliance/huawei-ism",),
    "paloalto": ("network/firewall/paloalto-pa-5000",),
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


@pytest.mark.parametrize(("module", "name"), CASES)
def test_recorded(module: str, name: str, golden: Callable[[Path, str], None]) -> None:
    page = [column for column in virtual(_poll(module, name)) if not column.family.name.startswith("wardwatch_")]
    golden(GOLDEN / f"{module}@{name.replace('/', '-')}.txt", "".join(_short(render(page).body.decode())))
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


def _short(page: str) -> Iterator[str]:
    for _, lines in groupby(page.splitlines(keepends=True), lambda line: re.split("[{ ]", line)[0]):
        family = list(lines)
        yield from family[:ROWS]
        if len(family) > ROWS:
            yield f"# and {len(family) - ROWS} more\n"


async def _poll(module: str, name: str) -> list[Column]:
    asked = SHIPPED[module].module
    within = ("1.3.6.1.2.1.1", *asked.walk, *(oid.rpartition(".")[0] for oid in asked.get))
    player = Player("recorded", "127.9.7.2", recording.load(recording.find(name), within), seed=1, age=0, pace=1)

    def answer(packet: Packet) -> tuple[float, bytes]:
        (datagram,) = player.hear(packet.data, 0.0)  # always the same moment: nothing moves
        return 0.001, datagram.payload

    agent = Agent(FakeWorld(answer))  # type: ignore[arg-type]
    device = Device("recorded", "127.9.7.2", auth=Auth("test", 2, Secret("public")))
    agent.load([device], {"recorded": [Target(device, module, SHIPPED[module], Schedule(60, 60))]})
    return await agent.page("recorded", 60)
