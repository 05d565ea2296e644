"""The running program: agent, web server, orders and state, put together and taken apart again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from collector import inventory
from collector.agent import Agent
from collector.budget import Pauses
from collector.cli import control
from collector.cli.own import About, Reloads
from collector.config import Config, ConfigError
from collector.edge import World
from collector.edge.state import only_one, read_state, write_state
from collector.model import Column, Device
from exporters.web import Choice, DeviceLine, Server, serve

STATE = "agent.json"
ORDERS_EVERY = 0.5
"""Seconds between two looks at what a person ordered: a pause holds within one (RELIABILITY S19)."""
SAVE_EVERY = 1.0
"""Seconds between two writings of state at most."""

STRAINED = "it answers five times as slowly as when polling began, which may be our doing"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    listen: str
    web_config: Path | None


class Service:
    """A collector at work (`exporters.web.Source`). Create it inside the event loop."""

    def __init__(self, load: Callable[[], Config], config: Config) -> None:
        self._load = load
        self._config = config
        self._state = config.settings.state
        self.world = World()
        self.agent = Agent(self.world, config.settings.budgets, config.settings.caps)
        self._reloads = Reloads(self.world.host.wall())
        self.about = About(self.agent, self._reloads)
        self.address = config.settings.web.listen
        self._ready = False
        self._unsaved = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._retries: dict[str, float] = {}
        self._paused: Mapping[str, Mapping[str, Any]] = {}
        self._orders = control.Watcher(self._state)
        self._host_name = config.host[0].device.name if config.host else ""

    async def start(self, options: Options) -> Server:
        """Take up state and orders, then serve. Raises CannotListen and ConfigError."""
        self._apply(self._config)
        saved = read_state(self._state / STATE) or {}
        self.agent.restore(saved.get("breakers", {}))
        self._retries = dict(control.read(self._state).retries)  # ordered before this start: they had their effect
        self._obey()
        self.agent.on_change = self._unsaved.set
        self.agent.on_strain = self._spare
        server = await serve(self, options.listen, web_config=options.web_config)
        host, _, _ = options.listen.rpartition(":")
        self.address = f"{host or '127.0.0.1'}:{server.port}"
        self._tasks = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("orders", self._orders_loop()),
                ("state", self._save_loop()),
            )
        ]
        self._ready = True
        return server

    async def close(self) -> None:
        """Stop polling and remember what must be remembered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.agent.close()
        await self._save()
        self.world.close()

    # -- what the web server asks -----------------------------------------------------------------------------------

    async def host_page(self, choice: Choice, patience: float) -> Sequence[Column]:
        known = {target.module for target in self._config.host}
        for name in sorted(choice.collect):
            if name not in known:
                raise KeyError(name)
        columns = await self.agent.host_page(self._host_name, patience, choice.wants) if known else []
        return [*columns, *self.about.columns()]

    async def device_page(self, name: str, patience: float) -> Sequence[Column]:
        if name == self._host_name:
            return await self.agent.host_page(name, patience)
        return await self.agent.page(name, patience)

    def groups(self, shard: tuple[int, int] | None) -> Sequence[Mapping[str, Any]]:
        return inventory.groups(self._config.devices, self._config.targets, self.address, shard)

    def overview(self) -> Sequence[DeviceLine]:
        now = self.world.now()
        polled = []
        for watch in self.agent.watches:
            state = self.agent.state(watch)
            reason = "" if state == "up" else self._why_paused(watch.device) or watch.reason
            age = None if watch.last_poll is None else now - watch.last_poll
            polled.append(_shown(watch.device, state, reason, age, None if age is None else watch.duration))
        return polled + [_shown(d, "elsewhere", d.agent, None, None) for d in self._config.devices if d.agent]

    async def reload(self) -> Sequence[str]:
        try:
            config = await asyncio.to_thread(self._load)
        except ConfigError as error:
            self._reloads.successful = False
            for problem in error.problems:
                log.error("configuration not reloaded", problem=str(problem))
            return [str(problem) for problem in error.problems]
        self._apply(config)
        log.info("configuration reloaded", devices=len(config.devices), digest=config.digest[:12])
        return ()

    def ready(self) -> bool:
        return self._ready

    @property
    def config_digest(self) -> str:
        return self._config.digest

    # -- orders and state -------------------------------------------------------------------------------------------

    def _apply(self, config: Config) -> None:
        for warning in config.warnings:
            log.warning("configuration", problem=str(warning))
        devices = [*config.devices]
        targets = dict(config.targets)
        if config.host:
            devices.append(config.host[0].device)
            targets[self._host_name] = config.host
        self.agent.load(devices, targets, config.settings.budgets, config.settings.caps)
        self._config = config
        self._reloads.successful = True
        self._reloads.succeeded_at = self.world.host.wall()
        self._reloads.digest = config.digest

    def _why_paused(self, device: Device) -> str:
        """Scope, reason and person; empty: not paused."""
        scope = self.agent.paused(device)
        if scope is None:
            return ""
        order = self._paused.get(scope, {})
        return ", ".join(str(word) for word in (scope, order.get("reason"), order.get("by")) if word)

    def _spare(self, device: Device) -> None:
        """Pause a device as a person would: at once, over restarts, and with the reason where people look."""
        scope = f"device:{device.name}"
        self.agent.pause(Pauses(self.agent.shared.pauses.scopes | {scope}))
        try:
            control.change(self._state, control.paused(scope, STRAINED))
        except OSError as error:
            self._state_failed(error)

    def _obey(self) -> None:
        orders = self._orders.changed()
        if orders is None:
            return
        self._paused = orders.paused
        self.agent.pause(orders.pauses)
        for name, at in orders.retries.items():
            if self._retries.get(name) != at:
                self._retries[name] = at
                with suppress(KeyError):  # ordered for a device that has left the inventory since
                    self.agent.retry(name)
                    log.info("retry ordered", device=name)

    async def _orders_loop(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            planned = loop.time() + ORDERS_EVERY
            await asyncio.sleep(ORDERS_EVERY)
            self.about.late(loop.time() - planned)
            self._obey()

    async def _save_loop(self) -> None:
        while True:
            await self._unsaved.wait()
            self._unsaved.clear()
            await self._save()
            await asyncio.sleep(SAVE_EVERY)

    async def _save(self) -> None:
        """Write what must survive. A disk that refuses is counted and tried again with the next change."""
        breakers = self.agent.breakers()
        if not breakers and not (self._state / STATE).exists():
            return
        try:
            await asyncio.to_thread(write_state, self._state / STATE, {"breakers": breakers})
        except OSError as error:
            self._state_failed(error)

    def _state_failed(self, error: OSError) -> None:
        self.about.state_failures += 1
        if self.about.state_failures == 1:
            log.error("state not written", path=str(self._state), why=str(error))


def _shown(device: Device, state: str, reason: str, age: float | None, duration: float | None) -> DeviceLine:
    where = (device.name, device.device_class, device.kind, device.site, device.location)
    return DeviceLine(*where, state, reason, age, duration)


async def run(load: Callable[[], Config], config: Config, options: Options) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP reloads. Raises CannotListen, ConfigError and AlreadyRunning."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with only_one(config.settings.state):
        service = Service(load, config)
        reloads: set[asyncio.Task[Sequence[str]]] = set()

        def hang_up() -> None:
            task = loop.create_task(service.reload())
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, hang_up)
        server = await service.start(options)
        log.info("ready", address=service.address, devices=len(config.devices), collectors=len(config.host))
        try:
            await stop.wait()
        finally:
            await server.close()
            await service.close()
