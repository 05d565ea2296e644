"""Recordings of devices, polled by the agent of the collector, and the beginning of their pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from collector.agent import Agent
from collector.model import Auth, Column, Device, Schedule, Secret, Target
from collector.network.snmp import Snmp
from simulator import recording
from simulator.player import Player
from tests.collector.worlds import FakeWorld, Packet

ROWS = 3
"""Samples of a family that are shown; of the rest, how many there are. An access controller has a thousand radios."""


async def poll(collector: Snmp, name: str) -> list[Column]:
    """The page of a device that answers as the recording `name` does."""
    asked = collector.module
    within = ("1.3.6.1.2.1.1", *asked.walk, *(oid.rpartition(".")[0] for oid in asked.get))
    player = Player("recorded", "127.9.7.2", recording.load(recording.find(name), within), seed=1, age=0, pace=1)

    def answer(packet: Packet) -> tuple[float, bytes]:
        (datagram,) = player.hear(packet.data, 0.0)  # always the same moment: nothing moves
        return 0.001, datagram.payload

    agent = Agent(FakeWorld(answer))  # type: ignore[arg-type]
    device = Device("recorded", "127.9.7.2", auth=Auth("test", 2, Secret("public")))
    agent.load([device], {"recorded": [Target(device, asked.name, collector, Schedule(60, 60))]})
    return await agent.page("recorded", 60)


def short(page: str) -> Iterator[str]:
    """A page's lines, the first few of each family."""
    for _, lines in groupby(page.splitlines(keepends=True), lambda line: re.split("[{ ]", line)[0]):
        family = list(lines)
        yield from family[:ROWS]
        if len(family) > ROWS:
            yield f"# and {len(family) - ROWS} more\n"
