"""32-bit counts of octets above 1 Gb/s are refused, and said to be (RELIABILITY F16)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from collector import scrape
from collector.agent import Agent as Collector
from collector.config import load
from collector.edge.udp import resolve
from collector.model import Aside, Auth, Column, Schedule
from collector.network.cycle import Counters
from collector.network.snmp import REFUSED, Snmp
from collector.ondemand import OnDemand
from collector.wire.snmp import ber, message
from collector.wire.snmp.module import Index, Lookup, Metric, Module
from tests.collector.network.test_snmp import Wire, target
from tests.collector.wire.snmp.agents import Agent, integer, octets
from tests.collector.worlds import FakeWorld, Packet, device, labels, value, virtual
from tests.collector.worlds import target as aimed

ENTRY, MORE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
PORT = (Index("ifIndex"),)
IN = Metric("ifInOctets", f"{ENTRY}.10", "counter", "", PORT)
IN64 = Metric("ifHCInOctets", f"{MORE}.6", "counter", "", PORT)
SPEED = Metric("ifSpeed", f"{ENTRY}.5", "gauge", "", PORT)
HIGH = Metric("ifHighSpeed", f"{MORE}.15", "gauge", "", PORT)
WALK = ("1.3.6.1.2.1.2", "1.3.6.1.2.1.31.1.1")
UPTIME = "1.3.6.1.2.1.1.3.0"
MEGABITS = {1: 100, 2: 1000, 3: 2500, 4: 10_000}


def agent(tag: int = ber.COUNTER32, ports: Mapping[int, int] = MEGABITS) -> Agent:
    values = {}
    for port, speed in ports.items():
        values |= {f"{ENTRY}.10.{port}": integer(port, tag), f"{MORE}.6.{port}": integer(port, ber.COUNTER64)}
        values[f"{ENTRY}.5.{port}"] = integer(min(speed * 1_000_000, (1 << 32) - 1), ber.GAUGE32)
        values[f"{MORE}.15.{port}"] = integer(speed, ber.GAUGE32)
    return Agent(values)


async def poll(
    *modules: Module, counters: Counters = "lasting", of: Agent | None = None, polls: int = 1
) -> list[dict[str, Column]]:
    wire: Any = Wire(of or agent())
    targets = [
        replace(target(module), collector=Snmp(module, 900.0, counters), schedule=Schedule(60.0, 30.0))
        for module in modules
    ]
    for _ in range(polls):
        wire.clock.now += 60
        readings = await Snmp(modules[0]).poll_together(targets, wire)
    return [
        {column.family.name: column for column in reading() if not isinstance(column, Aside)} for reading in readings
    ]


@pytest.mark.parametrize("speed", [SPEED, HIGH])
@pytest.mark.parametrize("polls", [1, 5])
async def test_they_are_refused_where_the_speed_says_so(speed: Metric, polls: int) -> None:
    (columns,) = await poll(Module("m", WALK, metrics=(IN, IN64, speed)), polls=polls)
    assert list(columns["ifInOctets"].values) == [1, 2]
    assert columns["ifInOctets"].rows.text == ('{ifIndex="1"}', '{ifIndex="2"}')
    assert list(columns["ifHCInOctets"].values) == [1, 2, 3, 4]
    refused = columns[REFUSED.name]
    assert (refused.rows.text, list(refused.values)) == (('{metric="ifInOctets",module="m"}',), [2])


async def test_nothing_else_is() -> None:
    whole = Module("m", WALK, metrics=(IN, IN64, HIGH))
    (columns,) = await poll(whole, counters="all")
    assert len(columns["ifInOctets"].values) == 4
    assert REFUSED.name not in columns
    (columns,) = await poll(whole, of=agent(ber.COUNTER64))
    assert len(columns["ifInOctets"].values) == 4, "it is long enough, whatever it is called"
    unsaid, said = await poll(Module("no speed", WALK, metrics=(IN, IN64)), whole)
    assert len(unsaid["ifInOctets"].values) == 4, "nobody can tell"
    assert len(said["ifInOctets"].values) == 2


@pytest.mark.parametrize("polls", [1, 8])
def test_snmp_serves_what_the_page_of_the_same_poll_leaves_out(polls: int) -> None:
    """Rows of modules that the device has anyway were missing there too. Of the eighth poll names are left out."""
    names = (Lookup(("ifIndex",), "ifName", f"{MORE}.1", "DisplayString"),)
    counters = [replace(metric, lookups=names) for metric in (IN, IN64, HIGH)]
    module = Module("m", WALK, metrics=tuple(counters))
    ports = {port: 10_000 if port % 2 else 1000 for port in range(1, 41)}
    named = {f"{MORE}.1.{port}": octets(f"p{port}") for port in ports}
    played = Agent({**agent(ports=ports).values, **named, UPTIME: integer(0, ber.TIMETICKS)})
    ticks = played.raw.index(ber.encode_oid(UPTIME))

    def answer(packet: Packet) -> tuple[float, bytes] | None:
        played.contents[ticks] = integer(int(100 * packet.at), ber.TIMETICKS)
        return 0.01, played.answer(packet.data)[0]

    async def scene() -> None:
        world = FakeWorld(answer)
        sw = device(auth=Auth("a", 2))
        collector = Collector(world)  # type: ignore[arg-type]
        collector.load([sw], {"sw": [aimed(sw, "m", Snmp(module, 900.0, "lasting"))]})
        desk = OnDemand(collector)
        desk.load({"m": Snmp(module)}, 20.0, 10, lambda device: True)
        for _ in range(polls):
            played.questions.clear()
            await asyncio.sleep(60)
            page = await collector.page("sw", 30)
        asked = [name for q in played.questions for name, _, _ in message.varbinds(q, message.read(q))]
        assert (ber.encode_oid(WALK[1]) in asked) == (polls == 1), "else without its names"
        played.questions.clear()
        readings = await desk.ask(sw, ["m"], 30)
        assert not played.questions, "nothing more was asked for it"
        served = scrape.page(readings)
        assert {found["ifName"] for found in labels(page, "ifInOctets")} == {f"p{port}" for port in range(2, 41, 2)}
        assert {found["ifName"] for found in labels(served, "ifInOctets")} == {f"p{port}" for port in ports}
        assert [value(served, "ifInOctets", ifIndex=str(port)) for port in ports] == list(ports)
        assert value(page, REFUSED.name) == 20
        assert labels(served, REFUSED.name) == [], "nothing is left out there"

    virtual(scene())


@pytest.mark.slow
def test_device_pages_refuse_and_snmp_does_not(tmp_path: Any) -> None:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "all.yml").write_text(
        "devices: [{name: sw, address: 127.0.0.9, class: it, auth: a, modules: [if_mib]}]\n"
    )
    (tmp_path / "auths.yml").write_text("auths: {a: {version: 2, community: public}}\n")
    config = load(tmp_path, environ=os.environ, resolve=resolve)
    (watched,) = config.targets["sw"]
    on_demand = config.modules["if_mib"]
    assert isinstance(watched.collector, Snmp)
    assert isinstance(on_demand, Snmp)
    assert (watched.collector.counters, watched.collector.lookup_ttl) == ("lasting", 900.0)
    assert (on_demand.counters, on_demand.lookup_ttl) == ("all", 0.0)
    assert watched.collector.module is on_demand.module
