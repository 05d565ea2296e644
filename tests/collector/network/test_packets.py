"""How many packets shipped modules cost a real device once its ways are known: docs/polling.md says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from collector.model import Schedule
from simulator import recording
from simulator.player import Player
from tests.collector.network.test_recorded import SHIPPED
from tests.collector.network.test_snmp import Wire, target

POLLS = 6
"""Until replies have grown as long as they may, and names and the length of tables are known."""

COSTS = [
    ("cisco_environment", "network/switch/cisco-n5000", 9),
    ("entity", "network/switch/cisco-c3560", 2),
    ("ether_like", "network/switch/cisco-c3560", 7),
    ("lldp", "network/switch/cisco-n5000", 5),
    ("poe", "poe-switch", 4),
    ("printer_mib", "printer", 1),
]
"""Module, recording, and packets of a poll where replies are kept to a frame. Column by column, with a GET for signs,
they were 41, 25, 10, 16, 11 and 14."""


@pytest.mark.parametrize(("name", "device", "most"), COSTS)
async def test_a_poll_takes_a_packet_or_two_for_a_table(name: str, device: str, most: int) -> None:
    module = SHIPPED[name].module
    within = ("1.3.6.1.2.1.1", *module.walk, *(oid.rpartition(".")[0] for oid in module.get))
    player = Player("packets", "127.9.7.3", recording.load(recording.find(device), within), seed=1, age=1e5, pace=1)
    sent: list[bytes] = []

    class Played:
        def answer(self, packet: bytes) -> list[bytes]:
            sent.append(packet)
            return [datagram.payload for datagram in player.hear(packet, wire.clock.now - 1000.0)]

    wire: Any = Wire(Played())  # type: ignore[arg-type]
    asked = replace(target(module), collector=replace(SHIPPED[name], lookup_ttl=900.0), schedule=Schedule(60.0, 30.0))
    for _ in range(POLLS):
        wire.clock.now += 60
        sent.clear()
        await asked.collector.poll(asked, wire)
    assert len(sent) == most
