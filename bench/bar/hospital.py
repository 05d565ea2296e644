"""The real agent in this process, over real sockets, with devices that are simulated in another.

What a row has under test comes in through `Parts`: a test puts a broken one in its place.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeVar

from bench.bar.devices import Plays
from collector.agent import Agent
from collector.budget import Budgets, Caps, Limit
from collector.config import load
from collector.edge import World
from collector.edge.udp import resolve
from collector.model import Auth, Collector, Column, Device, Schedule, Secret, Target

T = TypeVar("T")

AUTH = Auth("bar", 2, Secret("public"))
AUTH_V1 = Auth("bar-1", 1, Secret("public"))
AUTH_V3 = Auth(
    "bar-3", 3, username="ward", security_level="authPriv", password=Secret("maplesyrup"), auth_protocol="SHA256",
    priv_protocol="AES", priv_password=Secret("newsyrup"),
)  # fmt: skip
"""As the user of `devices.USER`."""
ROOM = Limit(1_000_000, 1.0)
SHARED_FREELY = Budgets(site=ROOM, subnet=ROOM, total=ROOM)
"""What devices share is not what these rows are about; each device's own budget is as it is shipped."""


def unchanged(collector: Collector) -> Collector:
    """The collector as it is shipped."""
    return collector


def raised(budgets: Budgets, caps: Caps | None = None) -> dict[str, str]:
    """Which limits are not as shipped, and what they are: a row prints them (RELIABILITY, header)."""

    def limits(of: Budgets) -> dict[str, Limit]:
        shared = (("site", of.site), ("subnet", of.subnet), ("total", of.total))
        return dict((*of.classes.items(), *shared))

    shipped = limits(Budgets())
    other = {name: limit for name, limit in limits(budgets).items() if limit != shipped[name]}
    said = {name: f"{limit.packets} in {limit.window:g} s" for name, limit in other.items()}
    if caps is not None and caps != Caps():
        said |= {"series_per_device": str(caps.series_per_device), "series": str(caps.series)}
    return said


@dataclass(frozen=True, slots=True)
class Parts:
    """What an agent is made of. It can be sent to another process where its parts can."""

    world: Callable[[], World] = World
    agent: Callable[[World, Budgets, Caps], Agent] = Agent
    collector: Callable[[Collector], Collector] = unchanged
    budgets: Budgets = SHARED_FREELY
    caps: Caps = field(default_factory=Caps)


@cache
def modules() -> Mapping[str, Collector]:
    """The shipped modules by name."""
    return load(None, environ=os.environ, resolve=resolve).modules


def target(
    plays: Plays, port: int, module: str, collector: Collector, schedule: Schedule, auth: Auth = AUTH, **more: Any
) -> Target:
    """One module of one device, as the inventory would have it."""
    device = Device(plays.name, plays.address, plays.device_class, port=port, auth=auth, **more)
    return Target(device, module, collector, schedule)


@asynccontextmanager
async def watching(targets: Sequence[Target], parts: Parts) -> AsyncIterator[Agent]:
    """An agent that watches these."""
    world = parts.world()
    agent = parts.agent(world, parts.budgets, parts.caps)
    by_device: dict[str, list[Target]] = {}
    for each in targets:
        asked = replace(each, collector=parts.collector(each.collector))
        by_device.setdefault(each.device.name, []).append(asked)
    agent.load([asked[0].device for asked in by_device.values()], by_device)
    try:
        yield agent
    finally:
        await agent.close()
        world.close()


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll that was asked for: its page, and the seconds from the question to the page."""

    page: Sequence[Column]
    seconds: float


async def poll(agent: Agent, name: str, patience: float) -> Poll:
    """Poll a device now, whatever is due, and wait for the end of it, at most `patience` seconds."""
    for watch in agent.watches:
        if watch.device.name == name:
            for kept in watch.kept.values():
                kept.urgent = True
    begun = time.perf_counter()
    page = await agent.page(name, patience)
    return Poll(page, time.perf_counter() - begun)


@dataclass(slots=True)
class Lag:
    """How late the event loop was, at worst: on a shared machine that is nobody's fault."""

    worst: float = 0.0


@asynccontextmanager
async def lagging() -> AsyncIterator[Lag]:
    """Watch the event loop for as long as the block lasts."""
    lag, loop = Lag(), asyncio.get_running_loop()

    async def watch() -> None:
        while True:
            planned = loop.time() + 0.01
            await asyncio.sleep(0.01)
            lag.worst = max(lag.worst, loop.time() - planned)

    task = loop.create_task(watch())
    try:
        yield lag
    finally:
        task.cancel()


def samples(page: Sequence[Column]) -> dict[tuple[str, str], float]:
    """The device's own samples by family and label text."""
    return {
        (column.family.name, text): value
        for column in page
        if not column.family.name.startswith("wardwatch_")
        for text, value in zip(column.rows.text, column.values, strict=True)
    }


def said(page: Sequence[Column], name: str) -> list[tuple[Mapping[str, str], float]]:
    """Labels and values of one of our own families on a page."""
    return [
        (dict(zip(column.rows.names, labels, strict=True)), value)
        for column in page
        if column.family.name == name
        for labels, value in zip(column.rows.values, column.values, strict=True)
    ]


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run on the event loop that the collector runs on."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)
