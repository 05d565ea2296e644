"""Probes through the real agent and real sockets: what their page says, and servers on loopback to probe."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from collector.agent import Agent
from collector.config.targets import bounded
from collector.edge import World
from collector.model import Collector, Column, Device, Schedule, Target
from collector.status import Kept
from tests.collector.worlds import value
from tests.exporters.certificates import Signed

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

MODULE = "probe"
"""The name under which everything here is probed."""


@dataclass(frozen=True)
class Probed:
    """A device page after polls, and how the last one went."""

    page: Sequence[Column]
    kept: Kept

    def value(self, name: str, **labels: str) -> float | None:
        return value(self.page, name, module=MODULE, **labels)

    @property
    def success(self) -> float | None:
        return self.value("probe_success")

    @property
    def reason(self) -> str:
        """Why it failed; empty: it did not."""
        found = [c for c in self.page if c.family.name == "probe_failure_info"]
        return found[0].rows.values[0][1] if found else ""

    def names(self) -> set[str]:
        return {column.family.name for column in self.page}


async def probe(
    collector: Collector, at: str = "", *, polls: int = 1, timeout: float = 2.0, device: Device | None = None
) -> Probed:
    """Probe a place on a device `polls` times, over real sockets."""
    world = World()
    agent = Agent(world)
    device = device or Device("here", "127.0.0.1")
    assert collector.unfit(device, at) == "", "the configuration would refuse it"  # type: ignore[attr-defined]
    schedule = Schedule(60.0, bounded(collector, timeout))
    agent.load([device], {device.name: [Target(device, MODULE, collector, schedule, at)]})
    try:
        kept = agent.watch(device.name).kept[MODULE]
        for _ in range(polls):
            kept.urgent = True
            page = await agent.page(device.name, timeout + 2)
        return Probed(page, replace(kept))
    finally:
        await agent.close()
        world.close()


@asynccontextmanager
async def server(
    serve: Serve, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[int]:
    """A TCP server for as long as the block lasts: its port, unless it is given one that is free."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the prober has gone
        finally:
            writer.close()

    running = await asyncio.start_server(handle, host, port, ssl=tls)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()
        await running.wait_closed()


def serving(signed: Signed) -> ssl.SSLContext:
    """The context of a server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed.certificate, signed.key)
    return context
