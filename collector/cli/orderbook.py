"""What a person ordered, obeyed within a second: pauses, retries, and devices held while they are asked by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from collector import audit
from collector.agent import Agent
from collector.budget import Pauses
from collector.cli import control
from collector.cli.statefiles import StateFiles
from collector.edge import World
from collector.edge.state import Damaged
from collector.model import Device

ORDERS_EVERY = 0.5
"""Seconds between two looks at what a person ordered: a pause holds within one (RELIABILITY S19)."""
LONGEST_HOLD = 3600.0
"""Seconds: no hold is longer, whatever became of the clock by which it was written."""

STRAINED = "it answers five times as slowly as when polling began, which may be our doing"
HELD = "wardwatch poll asks it"

log = structlog.get_logger()


class OrderBook:
    """The orders in force, and pauses of our own."""

    def __init__(self, agent: Agent, world: World, state: Path, files: StateFiles) -> None:
        self._agent = agent
        self._world = world
        self._files = files
        self._orders = control.Watcher(state)
        self._retries: dict[str, float] | None = None
        """Ordered so far; None while orders from before this start have not been read."""
        self._asked: dict[str, float] = {}
        """When devices were asked by hand last, by their names."""
        self._paused: Mapping[str, Mapping[str, Any]] = {}
        self._unwritten: dict[str, Mapping[str, Any]] = {}
        """Pauses in force that the orders do not hold yet."""
        self._holds: Mapping[str, float] = {}
        """Monotonic seconds of the end by device name."""

    def why_paused(self, device: Device) -> str:
        """Scope, reason and person; empty: not paused."""
        scope = self._agent.paused(device)
        if scope is None:
            return ""
        order = {**self._paused, **self._unwritten}.get(scope, {"reason": HELD})
        return ", ".join(str(word) for word in (scope, order.get("reason"), order.get("by")) if word)

    def spare(self, device: Device) -> None:
        """Pause a device as a person would: at once, over restarts, and with the reason where people look."""
        self._unwritten[f"device:{device.name}"] = control.own(STRAINED)
        self._enforce()

    def obey(self) -> None:
        """Do what is ordered. Orders that cannot be read leave all in force that was; at the start, that is a pause."""
        try:
            orders = self._orders.changed()
        except (OSError, Damaged, control.Vanished) as error:
            self._files.failed("orders not read", error)
            if self._retries is None:
                self._paused = control.everything(f"the orders cannot be read: {error}")
            elif isinstance(error, control.Vanished):
                self._unwritten = {**self._paused, **self._unwritten}
        else:
            self._files.well("orders not read")
            if orders is not None:
                self._follow(orders)
            elif self._retries is None:  # nothing was ever ordered
                self._retries, self._paused = {}, {}
        self._enforce()

    def _follow(self, orders: control.Orders) -> None:
        now, wall = self._world.now(), self._world.host.wall()
        self._paused = orders.paused
        self._unwritten = {scope: why for scope, why in self._unwritten.items() if scope not in orders.paused}
        self._holds = {name: now + min(until - wall, LONGEST_HOLD) for name, until in orders.holds.items()}
        if self._retries is None:
            self._retries = dict(orders.retries)  # ordered before this start: they had their effect
            self._asked = {name: entry["at"] for name, entry in orders.asked.items()}
        for name, at in orders.retries.items():
            if self._retries.get(name) != at:
                self._retries[name] = at
                with suppress(KeyError):  # ordered for a device that has left the inventory since
                    self._agent.retry(name)
                    log.info("retry ordered", device=name)
        for name, entry in orders.asked.items():
            if self._asked.get(name) != entry["at"]:
                self._asked[name] = entry["at"]
                with suppress(KeyError):
                    audit.by_hand(self._agent.watch(name), str(entry.get("by", "")), entry["packets"])

    def _enforce(self) -> None:
        now = self._world.now()
        held = {f"device:{name}" for name, until in self._holds.items() if until > now}
        pauses = Pauses(frozenset({*self._paused, *self._unwritten, *held}))
        if pauses != self._agent.shared.pauses:
            self._agent.pause(pauses)

    async def watch(self, late: Callable[[float], None]) -> None:
        """Look for new orders for ever; `late` is told by how many seconds each look came too late."""
        loop = asyncio.get_running_loop()
        while True:
            planned = loop.time() + ORDERS_EVERY
            await asyncio.sleep(ORDERS_EVERY)
            late(loop.time() - planned)
            try:
                self.obey()
                if self._unwritten:
                    await self._note(dict(self._unwritten))
            except Exception as error:  # noqa: BLE001 - without this loop no later pause would be seen
                self._files.failed("orders", error)

    async def _note(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Write pauses down. From then on the orders decide: a person may end them."""
        if await self._files.write("orders", ORDERS_EVERY / 2, control.change, control.noted(entries)):
            self._paused = {**self._paused, **entries}
            self._unwritten = {scope: why for scope, why in self._unwritten.items() if scope not in entries}
