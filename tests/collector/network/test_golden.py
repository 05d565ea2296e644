"""What each shipped module makes of a device, compared whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from collector.agent import Agent
from collector.config import load
from collector.edge.udp import resolve
from collector.model import Auth, Column, Device, Schedule, Secret, Target
from collector.network.snmp import Snmp
from exporters.text import render
from simulator.player import Player
from simulator.synthetic import KINDS
from tests.collector.network.test_recorded import RECORDED
from tests.collector.worlds import FakeWorld, Packet, virtual

GOLDEN = Path(__file__).parent / "golden"

PLAYED_BY: Mapping[str, tuple[str, int]] = {
    "entity_sensor": ("environment", 1),
    "environment_scalars": ("environment", 1),
    "hrDevice": ("server", 1),
    "hrStorage": ("server", 1),
    "hrSystem": ("server", 1),
    "if_mib": ("switch", 2),
    "lldp": ("switch", 2),
    "poe": ("switch", 2),
    "printer_mib": ("printer", 1),
    "printer_scalars": ("printer", 1),
    "stp": ("switch", 2),
    "system": ("switch", 2),
    "system_scalars": ("switch", 2),
    "ucd_la_table": ("server", 1),
    "ucd_memory": ("server", 1),
    "ucd_system_stats": ("server", 1),
    "ups_mib": ("ups", 1),
    "ups_scalars": ("ups", 1),
}

UNPLAYED = set(RECORDED)
"""Nothing made up has them: recordings of real devices test them (test_recorded.py, and against snmp_exporter's output
tests/collector/wire/snmp)."""


@cache
def modules() -> Mapping[str, Snmp]:
    found = load(None, environ=os.environ, resolve=resolve).modules
    return {name: module for name, module in found.items() if isinstance(module, Snmp)}


def test_every_shipped_module_has_a_golden_file() -> None:
    assert set(modules()) == set(PLAYED_BY) | UNPLAYED
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(PLAYED_BY)


@pytest.mark.parametrize("name", PLAYED_BY)
def test_golden(name: str, golden: Callable[[Path, str], None]) -> None:
    page = [column for column in virtual(_poll(name)) if not column.family.name.startswith("wardwatch_")]
    golden(GOLDEN / f"{name}.txt", render(page).body.decode())


async def _poll(name: str) -> list[Column]:
    kind, ports = PLAYED_BY[name]
    player = Player("golden", "127.9.7.1", KINDS[kind](ports), seed=1, age=1e6)

    def answer(packet: Packet) -> tuple[float, bytes]:
        (datagram,) = player.hear(packet.data, 0.0)  # always the same moment: nothing moves
        return 0.001, datagram.payload

    agent = Agent(FakeWorld(answer))  # type: ignore[arg-type]
    device = Device("golden", "127.9.7.1", auth=Auth("test", 2, Secret("public")))
    agent.load([device], {"golden": [Target(device, name, modules()[name], Schedule(60, 30))]})
    return await agent.page("golden", 30)
