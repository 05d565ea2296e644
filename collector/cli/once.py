"""`wardwatch poll`: one device, now, beside a collector that may be running."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from collector.agent import Agent
from collector.budget import RULES
from collector.cli import control
from collector.cli.explain import Explains
from collector.cli.orderbook import ORDERS_EVERY
from collector.cli.service import STATE
from collector.cli.tracing import Tracing
from collector.config import AUTO, Config
from collector.edge import World
from collector.edge.state import AlreadyRunning, Damaged, only_one, read_state, sole
from collector.model import Device, Schedule, Target
from collector.privacy import Screen
from exporters.text import render

CHOSEN = 10
"""Modules that a device may get by what it says of itself, as far as a person waits for them."""

MARGIN = 5.0
"""Seconds by which a hold outlasts what the poll should need."""


async def poll(config: Config, device: Device, targets: Sequence[Target], debug: bool) -> bool:
    """Poll `targets` of `device` and print its page. Whether every module succeeded, in part at least.

    Raises AlreadyRunning while another such poll asks at the same address, and OSError for the state directory.
    """
    patience = sum(t.schedule.timeout * (CHOSEN if t.module == AUTO else 1) for t in targets) + 1
    async with _asking(config, device, targets, patience, debug) as agent:
        columns = await agent.page(device.name, patience)
    sys.stdout.buffer.write(render(columns).body)
    sys.stdout.flush()
    return all(kept.succeeded for kept in agent.watch(device.name).kept.values())


async def explain(config: Config, device: Device, debug: bool) -> bool:
    """Ask `device` what it is and print which modules that gives it, and why. Whether it said so.

    Nothing else is asked, and nothing changes. Raises as `poll` does.
    """
    explains = Explains(config.auto, tuple(t.module for t in config.targets[device.name]))
    polling = config.settings.polling
    target = Target(device, AUTO, explains, Schedule(polling.interval, polling.timeout))
    async with _asking(config, device, [target], polling.timeout, debug) as agent:
        await agent.page(device.name, polling.timeout)
    print("\n".join(explains.lines) or f"{device.name} did not say what it is: {agent.watch(device.name).reason}")
    return bool(explains.lines)


@asynccontextmanager
async def _asking(
    config: Config, device: Device, targets: Sequence[Target], patience: float, debug: bool
) -> AsyncIterator[Agent]:
    """An agent for one device, while a collector that runs leaves the device alone."""
    screen = Screen(config.settings.privacy)
    world = Tracing(screen) if debug else World()
    agent = Agent(world, config.settings.budgets, config.settings.caps, screen)
    world.limit_hops(config.settings.polling.ttl)
    agent.load([device], {device.name: targets})
    state = config.settings.state
    try:
        with sole(
            state / f"poll-{device.address}-{device.port}.lock",
            f"another `wardwatch poll` is asking {device.address}: one question at a time",
        ):
            async with _alone(config, device, patience):
                agent.pause(control.read(state).pauses)
                try:
                    yield agent
                finally:
                    sent = agent.watch(device.name).tally.kinds
                    if sent:
                        control.change(state, control.asked(device.name, sent))
    finally:
        await agent.close()
        world.close()


@asynccontextmanager
async def _alone(config: Config, device: Device, patience: float) -> AsyncIterator[None]:
    """Have a collector leave the address alone for `patience` seconds: one outstanding request (RELIABILITY S3).

    A hold, not a pause: it ends by itself should this process be killed, and no person's order is touched.
    """
    state, address = config.settings.state, (device.address, device.port)
    names = [other.name for other in config.devices if (other.address, other.port) == address]
    # Until the hold is seen and the answer to a packet under way has come or is given up.
    settling = 2 * ORDERS_EVERY + RULES[device.device_class].patience
    _tell_breaker(config, device)
    control.change(state, control.held(names, settling + patience + MARGIN))
    try:
        try:
            with only_one(state):
                pass
        except AlreadyRunning:
            await asyncio.sleep(settling)
        yield
    finally:
        control.change(state, control.held(names, 0))


def _tell_breaker(config: Config, device: Device) -> None:
    """A person who asks all the same should know that the collector has stopped asking."""
    with suppress(OSError, Damaged):
        saved = read_state(config.settings.state / STATE) or {}
        if device.name in saved.get("breakers", {}):
            print(f"wardwatch: the breaker of {device.name} is open: it did not answer; asking anyway", file=sys.stderr)
