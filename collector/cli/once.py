"""`wardwatch poll`: one device, now, beside a collector that may be running."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from collector.agent import Agent
from collector.budget import RULES, Pauses
from collector.cli import control
from collector.cli.service import ORDERS_EVERY
from collector.config import Config
from collector.edge import Terms, World
from collector.edge.state import AlreadyRunning, only_one
from collector.model import Device, Dialogue, Target
from collector.wire.snmp.describe import describe
from exporters.text import render


async def poll(config: Config, device: Device, targets: Sequence[Target], debug: bool) -> bool:
    """Poll `targets` of `device` and print its page. Whether every module succeeded, in part at least."""
    world = Tracing() if debug else World()
    agent = Agent(world, config.settings.budgets, config.settings.caps)
    agent.load([device], {device.name: targets})
    try:
        async with _alone(config.settings.state, device) as pauses:
            agent.pause(pauses)
            columns = await agent.page(device.name, sum(t.schedule.timeout for t in targets) + 1)
    finally:
        await agent.close()
        world.close()
    sys.stdout.buffer.write(render(columns).body)
    sys.stdout.flush()
    return all(kept.succeeded for watch in agent.watches for kept in watch.kept.values())


@asynccontextmanager
async def _alone(state: Path, device: Device) -> AsyncIterator[Pauses]:
    """Have a running collector leave the device alone meanwhile: one outstanding request per device (RELIABILITY S3).

    Gives the pauses that hold for this poll: a person's, not its own.
    """
    pauses = control.read(state).pauses
    scope = f"device:{device.name}"
    try:
        with only_one(state):
            running = False
    except AlreadyRunning:
        running = True
    if not running or pauses.of(device):
        yield pauses
        return
    control.change(state, control.paused(scope, "wardwatch poll"))
    try:
        # Until the pause is seen and the answer to a packet under way has come or is given up.
        await asyncio.sleep(2 * ORDERS_EVERY + RULES[device.device_class].patience)
        yield pauses
    finally:
        control.change(state, control.resumed(scope))


class Tracing(World):
    """A world that tells each packet, its answer and the time on stderr. Credentials are no part of what is told."""

    async def udp(self, peers: Sequence[str], port: int, dialogue: Dialogue, terms: Terms) -> None:
        await super().udp(peers, port, _Traced(dialogue, self), terms)


class _Traced:
    """A dialogue that is listened to."""

    def __init__(self, dialogue: Dialogue, world: World) -> None:
        self._dialogue = dialogue
        self._now = world.now
        self._began = world.now()
        self._sent = self._began

    @property
    def patience(self) -> float:
        return self._dialogue.patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self._dialogue.patience = seconds

    def send(self) -> bytes | None:
        packet = self._dialogue.send()
        if packet is None:
            self._tell("end of the conversation")
        else:
            self._sent = self._now()
            self._tell(f"> {len(packet)} bytes: {describe(packet)}")
        return packet

    def receive(self, packet: bytes) -> bool:
        taken = self._dialogue.receive(packet)
        word = "" if taken else " NOT TAKEN"
        self._tell(f"< {len(packet)} bytes after {1000 * (self._now() - self._sent):.1f} ms{word}: {describe(packet)}")
        return taken

    def silence(self) -> None:
        self._tell(f"no answer within {self._dialogue.patience:g} s")
        self._dialogue.silence()

    def expire(self, reason: str) -> None:
        self._tell(f"cut off: {reason}")
        self._dialogue.expire(reason)

    def _tell(self, text: str) -> None:
        sys.stderr.write(f"{1000 * (self._now() - self._began):8.1f} ms  {text}\n")
