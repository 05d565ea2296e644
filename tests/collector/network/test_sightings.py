"""The collector `sightings` over sockets: simulated switches, a router and a controller, asked by the agent."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from collector.agent import Agent
from collector.budget import Budgets, Limit
from collector.cli.equipment import Equipment
from collector.config import Config, load
from collector.edge import World
from collector.model import Auth, Column, Common, Device, Schedule, Secret, Target
from collector.network.equipment.page import words
from collector.network.equipment.place import Place
from collector.network.equipment.whereabouts import Whereabouts
from collector.network.sightings import LEFT_OUT, Memory, Sightings
from collector.wire.snmp import ber
from exporters.text import render
from simulator import play
from simulator.estate import build
from tests.collector.network.test_snmp import Wire
from tests.collector.wire.snmp.agents import Agent as Answers
from tests.collector.wire.snmp.agents import integer, octets
from tests.collector.worlds import labels, value

ROOT = Path(__file__).parents[3]
ADDRESS = re.compile(rb"(?i)([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|02005e")

CABLED = """
seed: 1
kinds: {switch: {plays: switch, ports: 8}, wlc: {plays: wireless, ports: 4}, router: {plays: router}}
network:
  vlans: {10: clinical, 20: offices}
  links: [[core Te1/1/1, edge Te1/1/1]]
  stations: {pump: {at: edge Gi1/0/3, vlan: 10}}
devices: {edge: {fdb: WAY}}
"""
INVENTORY = """
defaults: {class: it, kind: switch, auth: AUTH, port: 10816, modules: [{module: sightings, interval: 5m}]}
devices:
  - {name: core, address: 127.21.0.1}
  - {name: edge, address: 127.21.0.2, ward: Ward 3}
  - name: pump
    class: clinical
    modules: []
    address: 127.21.0.9
    mac: 02-00-5E-C1-00-09
    ward: Ward 3
    vlan: clinical
"""
AUTHS = """
auths:
  v1: {version: 1, community: public}
  v2: {version: 2, community: public}
  v3: {version: 3, username: u, security_level: authPriv, password: maplesyrup, priv_password: newsyrup}
"""
SETTINGS = "kinds: {switch: {class: it}, router: {class: it}, wlc: {class: it}}\n"


@dataclass
class Estate:
    """A configuration whose devices are played, as long as `playing` says."""

    directory: Path
    port: int
    common: Common = field(default_factory=Common)
    pages: dict[str, list[Column]] = field(default_factory=dict)
    stats: Mapping[str, Any] = field(default_factory=dict)
    apart: tuple[str, ...] = ()
    """Boxes that are not asked."""
    places: dict[str, Place | None] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        return load(self.directory, environ={}, resolve=str)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.directory / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def look(self, *, times: int = 1, budget: int = 100_000, deaf: str = "") -> None:
        """Every box is polled so often, at once; afterwards `pages` are what it says, `stats` what the devices saw.

        `deaf` is a box that knows one community only.
        """
        config = self.config
        players = build(config.devices, self.directory / "simulator.yml").players
        for player in players:
            if player.name == deaf:
                player._communities = frozenset((b"public",))
        with play(players, self.port) as server:
            asyncio.run(self._poll(config, times, budget))
            self.stats = server.stats()

    async def _poll(self, config: Config, times: int, budget: int) -> None:
        limit = Limit(budget, 1.0)
        world = World()
        agent = Agent(world, Budgets({"it": limit, "fragile": limit, "clinical": limit}, limit, limit, limit))
        agent.common = self.common
        equipment = Equipment(self.common(Whereabouts), world)
        targets = {
            name: tuple(target for target in each if isinstance(target.collector, Sightings))
            for name, each in config.targets.items()
            if name not in self.apart
        }
        equipment.load(config.devices, targets)
        agent.load(config.devices, targets)
        boxes = [name for name, each in targets.items() if each]
        for _ in range(times):
            for name in boxes:
                agent.watch(name).kept["sightings"].urgent = True
            pages = await asyncio.gather(*(agent.page(name, 60) for name in boxes))
            self.pages = dict(zip(boxes, pages, strict=True))
        for device in config.devices:
            if device.name not in self.pages:
                self.pages[device.name] = [*await agent.page(device.name, 1), *equipment.page(device.name)]
        self.places = {
            device.name: self.common(Whereabouts).place(device.name, world.now(), world.host.wall())
            for device in config.devices
        }
        await agent.close()
        world.close()

    def where(self, name: str) -> str:
        return words(self.places[name])

    def packets(self, name: str) -> int:
        return sum(self.stats["devices"][name]["kinds"].values())


@pytest.fixture
def estate(tmp_path: Path, free_port: Callable[[], int]) -> Estate:
    """The example estate."""
    directory, port = tmp_path / "config", free_port()
    shutil.copytree(ROOT / "config", directory)
    for path in directory.rglob("*.yml"):
        path.write_text(path.read_text().replace("10816", str(port)))
    return Estate(directory, port, apart=("sw-access-7", "counter-1", "router-2", "sw-access-1", "sw-access-2"))


@pytest.fixture
def small(tmp_path: Path, free_port: Callable[[], int]) -> Callable[..., Estate]:
    """`small(way, auth)`: two switches and a pump."""

    def make(way: str = "q_bridge", auth: str = "v2") -> Estate:
        directory, port = tmp_path / "small", free_port()
        (directory / "inventory").mkdir(parents=True)
        (directory / "inventory" / "all.yml").write_text(INVENTORY.replace("AUTH", auth).replace("10816", str(port)))
        (directory / "simulator.yml").write_text(CABLED.replace("WAY", way))
        (directory / "auths.yml").write_text(AUTHS)
        (directory / "wardwatch.yml").write_text(SETTINGS)
        return Estate(directory, port)

    return make


@pytest.mark.slow
def test_every_clinical_device_of_the_example_estate_is_found_and_none_is_touched(estate: Estate) -> None:
    estate.look(times=2)
    assert {d.name: estate.where(d.name) for d in estate.config.devices if d.device_class == "clinical"} == {
        "ct-1": "seen at sw-access-6 Gi1/0/11, VLAN 20, Imaging",
        "infusion-gateway-1": "seen at sw-access-3 Gi1/0/2, VLAN 10, Intensive care",
        "monitoring-gateway-1": "seen at sw-access-3 Gi1/0/4, VLAN 10, Intensive care",
        "ventilator-gateway-1": "moved to sw-access-4 Gi1/0/7, VLAN 10, Ward 3",
        "infusion-pump-1": "seen at wlc-1 ap03, VLAN 30, Intensive care",
        "infusion-pump-2": "seen at wlc-1 ap04, VLAN 30, Intensive care",
        "infusion-pump-3": "seen at sw-access-4 Gi1/0/10, VLAN 30, Ward 3",
    }
    assert value(estate.pages["monitoring-gateway-1"], "wardwatch_equipment_half_duplex") == 1
    assert value(estate.pages["ct-1"], "wardwatch_equipment_half_duplex") == 0
    assert value(estate.pages["sw-access-3"], "wardwatch_equipment_unknown_macs", vlan="10") == 1
    assert value(estate.pages["sw-core-1"], "wardwatch_equipment_unknown_macs", vlan="10") == 0
    ways = {
        name: value(estate.pages["sw-core-1"], "wardwatch_equipment_uplinks", by=name)
        for name in ("neighbour", "learned")
    }
    assert ways == {"neighbour": 3, "learned": 2}
    leads = labels(estate.pages["sw-core-1"], "wardwatch_equipment_uplink_info")
    assert [(port["ifIndex"], port["ifName"], port["by"]) for port in leads] == [
        ("1", "Gi1/0/1", "learned"), ("2", "Gi1/0/2", "learned"), ("49", "Te1/1/1", "neighbour"),
        ("50", "Te1/1/2", "neighbour"), ("1001", "Po1", "neighbour"),
    ]  # fmt: skip
    for device in estate.config.devices:
        if device.device_class == "clinical" and device.address:
            assert estate.packets(device.name) == 0
    assert estate.stats["deaths"] == {}
    assert estate.stats["foreign"] == 0
    for name, page in estate.pages.items():
        assert not ADDRESS.search(render(page).body), name
        assert not labels(page, "wardwatch_poll_incomplete"), name


@pytest.mark.slow
def test_a_device_that_is_plugged_in_elsewhere_has_moved_and_one_that_falls_silent_is_quiet(estate: Estate) -> None:
    estate.look()
    estate.edit(
        "simulator.yml", "infusion-gateway-1: {at: sw-access-3 Gi1/0/2", "infusion-gateway-1: {at: sw-access-4 Gi1/0/2"
    )
    estate.edit("simulator.yml", "    ct-1: {at: sw-access-6 Gi1/0/11, vlan: 20}\n", "")
    # A window of a minute, over before the second look: the switch says that it is up, and shows nobody.
    places = estate.common(Whereabouts)
    places._last["ct-1"] = type(places._last["ct-1"])("sw-access-6", "Gi1/0/11", 20, "wire", 0.0)
    estate.look()
    assert estate.where("infusion-gateway-1") == "moved to sw-access-4 Gi1/0/2, VLAN 10, Ward 3"
    assert estate.where("ct-1") == "quiet at sw-access-6 Gi1/0/11, VLAN 20, Imaging"


@pytest.mark.parametrize("way", ["q_bridge", "by_vlan", "bridge"])
@pytest.mark.parametrize("auth", ["v1", "v2", "v3"])
def test_each_way_of_showing_a_forwarding_database_in_each_version(
    small: Callable[..., Estate], way: str, auth: str
) -> None:
    """By VLAN that is a community each, `public@10`, and in SNMPv3 a context, `vlan-10`."""
    estate = small(way, auth)
    estate.look()
    assert estate.where("pump") == "seen at edge Gi1/0/3, VLAN 10, Ward 3"
    assert value(estate.pages["pump"], "wardwatch_equipment_wrong_vlan") == 0
    assert estate.packets("pump") == 0


@pytest.mark.slow
def test_an_ios_that_speaks_of_no_vlan_is_not_asked_for_each_of_them_in_every_poll(
    small: Callable[..., Estate],
) -> None:
    estate = small("by_vlan")
    wrong = "network:\n  vlans: {10: clinical, 20: offices, 30: a, 40: b, 50: c, 60: d}\n"
    estate.edit("simulator.yml", "network:\n  vlans: {10: clinical, 20: offices}\n", wrong)
    estate.look(deaf="edge", times=3)
    marks = labels(estate.pages["edge"], "wardwatch_poll_incomplete")
    assert [dict(mark) for mark in marks] == [{"module": "sightings", "table": "bridge", "reason": "timeout"}]
    assert estate.stats["devices"]["edge"]["unwelcome"] == 4  # two VLANs, each asked twice, in the first poll only
    assert estate.where("pump") == "seen beyond what is polled"  # the core has it at its uplink


CLIENT = "1.3.6.1.4.1.14179.2.1.4.1"
POINT = octets(bytes.fromhex("00005e0053a0"))


async def test_a_controller_without_clients_is_asked_for_them_again() -> None:
    """At night it has none, and is left out no more than a switch's forwarding database: what never was one is."""
    base = {"1.3.6.1.2.1.1.5.0": octets("wlc"), "1.3.6.1.2.1.31.1.1.1.1.1": octets("Gi1")}
    clients = base | {f"{CLIENT}.4.0.0.94.0.83.1": POINT, f"{CLIENT}.9.0.0.94.0.83.1": integer(3)}
    device = Device("wlc", "127.0.0.9", auth=Auth("a", 2, Secret("public")))
    what = Target(device, "sightings", Sightings(), Schedule(300.0, 30.0))

    async def asked(wire: Wire, values: dict[str, bytes]) -> bool:
        wire.agent = Answers(values)
        await what.collector.poll(what, wire)  # type: ignore[arg-type]
        return any(ber.encode_oid(CLIENT) in question for question in wire.agent.questions)

    never, once = Wire(Answers(base)), Wire(Answers(base))
    assert [await asked(never, base) for _ in range(LEFT_OUT + 1)] == [True, *[False] * (LEFT_OUT - 1), True]
    assert await asked(once, clients)
    assert [await asked(once, base) for _ in range(3)] == [True, True, True]
    again = Memory.restored(json.loads(json.dumps(once.kept[Memory].saved())))
    assert again.had == once.kept[Memory].had == {"interfaces", "airespace"}


@pytest.mark.slow
def test_a_box_is_asked_less_once_it_is_known_what_it_has_not(small: Callable[..., Estate]) -> None:
    estate = small()
    estate.look()
    first = estate.packets("edge")
    estate.look(times=2)
    assert estate.packets("edge") < 2 * first


@pytest.mark.slow
def test_a_box_that_says_nothing_fails_as_any_poll_does(small: Callable[..., Estate]) -> None:
    estate = small()
    estate.edit("simulator.yml", "{edge: {fdb: q_bridge}}", "{edge: {faults: [{mode: dead}]}}")
    estate.edit("inventory/all.yml", "interval: 5m}", "interval: 5m, timeout: 2s}")
    estate.look()
    assert value(estate.pages["edge"], "wardwatch_poll_success", module="sightings") == 0
    assert value(estate.pages["edge"], "wardwatch_equipment_entries", table="fdb") is None
    assert estate.where("pump") == "unknown"


@pytest.mark.slow
@pytest.mark.parametrize(
    "mode", ["f01_not_increasing", "f02_endless_walk", "f12_hostile_strings", "f25_hostile_encoding", "malformed"]
)
def test_a_hostile_box_hurts_nobody(small: Callable[..., Estate], mode: str) -> None:
    estate = small()
    estate.edit("simulator.yml", "{edge: {fdb: q_bridge}}", f"{{core: {{faults: [{{mode: {mode}}}]}}}}")
    estate.edit("inventory/all.yml", "interval: 5m}", "interval: 5m, timeout: 2s}")
    estate.look()
    assert estate.places["pump"] is not None
    assert not ADDRESS.search(render(estate.pages["pump"]).body)
