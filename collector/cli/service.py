"""The running program: agent, web server, orders and state, put together and taken apart again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from collector import equipment, inventory
from collector.agent import Agent
from collector.cli.equipment import Equipment
from collector.cli.oncall import OnCall
from collector.cli.ondemand import Desk
from collector.cli.orderbook import OrderBook
from collector.cli.own import About, Reloads
from collector.cli.probes import ProbeDesk
from collector.cli.promises import Promises
from collector.cli.standing import Standings
from collector.cli.statefiles import StateFiles
from collector.cli.surroundings import Surroundings
from collector.cli.traps import TrapReceiver
from collector.compact import Sheaf
from collector.config import Config, ConfigError
from collector.config.restart import check_fixed
from collector.config.urls import Urls
from collector.edge import World
from collector.edge.heap import Heap
from collector.edge.state import only_one
from collector.edge.supervisor import supervisor
from collector.errors import TimedOut
from collector.model import Column, Device, Secret
from collector.network.equipment.whereabouts import Whereabouts
from collector.privacy import Screen
from exporters.source import ProbeQuestion, Question, Scrape
from exporters.standing import Standing
from exporters.web import Choice, DeviceLine, Server, Strangers, is_unspecified, serve

STATE = "agent.json"
"""Open breakers."""
DEVICES = "devices.json"
"""What was learned of devices: how they like to be asked, what they are."""
STATES = "states.json"
"""How the inventory's equipment is, for `wardwatch list equipment`."""
STATES_EVERY = 30.0
"""Seconds between two writings of that."""
EQUIPMENT = "equipment.json"
"""Where equipment was last seen, and when."""
DEVICES_EVERY = 300.0
"""Seconds between two writings of `DEVICES`, some megabytes with thousands of devices, and of `EQUIPMENT`. What a crash
loses is learned again."""
SAVE_EVERY = 1.0
"""Seconds between two writings of state at most."""
LOADING = 60.0
"""Seconds that a reload may take, names to look up included."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    listen: str
    web_config: Path | None
    strangers: Strangers = "refused"


class Service:
    """A collector at work (`exporters.web.Source`). Create it inside the event loop."""

    def __init__(self, load: Callable[[], Config], config: Config, screen: Screen | None = None) -> None:
        self._load = load
        self._config = config
        self._state = config.settings.state
        self.world = World()
        self._screen = screen or Screen()
        self.agent = Agent(self.world, config.settings.budgets, config.settings.caps, self._screen)
        self._desk = Desk(self.agent)
        self._probes = ProbeDesk(self.agent)
        self._equipment = Equipment(self.agent.common(Whereabouts), self.world)
        self._reloads = Reloads(self.world.host.wall())
        self.traps = TrapReceiver(config)
        self.about = About(self.agent, self._reloads, self.traps, self._screen, self._census)
        self._files = StateFiles(self._state, self.world.host, self.about)
        self._orders = OrderBook(self.agent, self.world, self._state, self._files)
        self.address = config.settings.web.listen
        self._unspecified = False
        """Whether that is every address there is, and so none that anybody can be told."""
        self._overridden: set[str] = set()
        """Settings that the command line decides."""
        self._ready = False
        self._unsaved = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._reloading = asyncio.Lock()
        self._heap = Heap()
        self._supervisor = supervisor()
        self._promises = Promises(self._state, self._files.failed, self._files.well)
        self._oncall = OnCall(self._state, self.world.host, self._screen, self._files.failed, self._files.well)
        self._surroundings = Surroundings(self.agent, self._planned)
        self._standings = Standings(self.world.host, self._promises.columns, self._state_here)
        self._host_name = ""

    async def start(self, options: Options) -> Server:
        """Take up state and orders, then serve. Raises CannotListen, CannotBind and ConfigError."""
        self._apply(self._config)
        self._restore()
        self._orders.obey()
        self.agent.on_change = self._unsaved.set
        self.agent.on_strain = self._orders.spare
        self.traps.bind()
        server = await serve(self, options.listen, web_config=options.web_config, strangers=options.strangers)
        self.traps.start()
        web = self._config.settings.web
        if options.listen != web.listen:
            self._overridden.add("web.listen")
        if options.web_config != web.config_file:
            self._overridden.add("web.config_file")
        host, _, _ = options.listen.rpartition(":")
        self._unspecified = is_unspecified(options.listen)
        if self._unspecified:
            host = "[::1]" if ":" in host else "127.0.0.1"
        self.address = f"{host}:{server.port}"
        self._tasks = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("orders", self._orders.watch(self.about.late)),
                ("state", self._save_loop()),
                ("devices", self._learn_loop()),
                ("states", self._tell_loop()),
                ("maintenance", self._promises.watch()),
                ("heap", self._heap.settle()),
                ("on call", self._oncall.watch()),
                ("supervisor", self._supervisor.live()),
            )
        ]
        self._ready = True
        self._supervisor.tell("READY=1")
        return server

    async def close(self) -> None:
        """Stop polling and remember what must be remembered."""
        self._supervisor.tell("STOPPING=1")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._standings.close()
        self._desk.close()
        self._probes.close()
        await self.agent.close()
        await self.traps.close()
        await self._save()
        await self._save_devices()
        self.world.close()

    # -- what the web server asks -----------------------------------------------------------------------------------

    async def host_page(self, choice: Choice, patience: float) -> Sequence[Column]:
        known = {target.module for target in self._config.host}
        for name in sorted(choice.collect):
            if name not in known:
                raise KeyError(name)
        columns = await self.agent.host_page(self._host_name, patience, choice.wants) if known else []
        ours = (*self.about.columns(), *self._promises.columns(self.world.host.wall()), *self._oncall.columns())
        return [*columns, *ours]

    async def device_page(self, name: str, patience: float) -> Sequence[Column]:
        if name == self._host_name:
            return await self.agent.host_page(name, patience)
        elsewhere = self._surroundings.elsewhere(name)
        polled: Sequence[Column] = [elsewhere] if elsewhere is not None else await self.agent.page(name, patience)
        around = (*self._equipment.page(name), *self.traps.page(name), *self._surroundings.page(name))
        return Sheaf(polled, around)

    async def snmp_page(self, question: Question, patience: float) -> Scrape:
        return await self._desk.answer(question, patience)

    async def probe_page(self, question: ProbeQuestion, patience: float) -> Sequence[Column]:
        return await self._probes.answer(question, patience)

    async def notified(self, body: bytes) -> None:
        await self._oncall.notified(body)

    def webhook_token(self) -> Secret | None:
        return self._oncall.token

    def groups(self, shard: tuple[int, int] | None, asked: str) -> Sequence[Mapping[str, Any]]:
        address = self._config.settings.web.address or (self._unspecified and asked) or self.address
        return inventory.groups(self._config.devices, self._config.targets, address, shard)

    def overview(self) -> Sequence[DeviceLine]:
        now = self.world.now()
        polled = []
        for watch in self.agent.watches:
            state = self.agent.state(watch)
            reason = "" if state == "up" else self._orders.why_paused(watch.device) or watch.reason
            age = None if watch.last_poll is None else now - watch.last_poll
            modules = ", ".join(target.module for target in watch.targets)
            place = self._equipment.words(watch.device.name)
            duration = None if age is None else watch.duration
            line = _shown(watch.device, state, reason, age, duration, modules, place)
            polled.append(line if watch.changed is None else replace(line, since=now - watch.changed))
        return polled + [_shown(d, "elsewhere", d.agent, None, None, "", "") for d in self._config.devices if d.agent]

    async def standing(self) -> Standing:
        return await self._standings.standing()

    def _state_here(self, device: str) -> str:
        return self.agent.state(self.agent.watch(device))

    def _planned(self, device: str) -> bool | None:
        return self._promises.planned(device, self.world.host.wall())

    def _states(self) -> Mapping[str, str]:
        """In a word how each piece of the inventory's equipment is, by name."""
        return {device.name: self._state_of(device) for device in self._config.devices if device.equipment is not None}

    def _state_of(self, device: Device) -> str:
        if device.agent:
            return "elsewhere"
        return self._equipment.state(device.name) or self.agent.state(self.agent.watch(device.name))

    def _census(self) -> Iterator[Column]:
        return equipment.columns(self._config.devices, self._states(), equipment.today(self.world.host.wall()))

    async def reload(self) -> Sequence[str]:
        async with self._reloading:
            try:
                # Apart: a resolver that hangs keeps neither the loop nor the program's end waiting.
                config = await self.world.host.apart("configuration", self._load, timeout=LOADING)
                check_fixed(self._config, config, self._overridden)
                self._apply(config)
            except ConfigError as error:
                return self._not_reloaded([str(problem) for problem in error.problems])
            except TimedOut as error:
                return self._not_reloaded([str(error)])
            except Exception as error:  # noqa: BLE001 - whatever it is, the old configuration goes on
                return self._not_reloaded([f"{type(error).__name__}: {error}"])
            self._heap.renew()
            log.info("configuration reloaded", devices=len(config.devices), digest=config.digest[:12])
            return ()

    def _not_reloaded(self, problems: Sequence[str]) -> Sequence[str]:
        self._reloads.successful = False
        for problem in problems:
            log.error("configuration not reloaded", problem=problem)
        return problems

    def ready(self) -> bool:
        return self._ready

    @property
    def config_digest(self) -> str:
        return self._config.digest

    @property
    def urls(self) -> Urls:
        return self._config.settings.urls

    # -- orders and state -------------------------------------------------------------------------------------------

    def _apply(self, config: Config) -> None:
        for warning in config.warnings:
            log.warning("configuration", problem=str(warning))
        self._screen.load(config.settings.privacy)
        self._host_name = config.host[0].device.name if config.host else ""
        devices = [*config.devices]
        targets = dict(config.targets)
        if config.host:
            devices.append(config.host[0].device)
            targets[self._host_name] = config.host
        self.agent.load(devices, targets, config.settings.budgets, config.settings.caps)
        self._desk.load(config)
        self._probes.load(config)
        self._equipment.load(config.devices, config.targets)
        self.traps.load(config)
        self._promises.load(config.catalogue, config.devices)
        self._oncall.load(config)
        self._surroundings.load(config)
        self._standings.load(config)
        self.world.limit_hops(config.settings.polling.ttl)
        self._config = config
        self._reloads.successful = True
        self._reloads.succeeded_at = self.world.host.wall()
        self._reloads.digest = config.digest

    def _restore(self) -> None:
        """Take up what the last run knew. Without it every device is simply asked again."""
        self.agent.restore(self._files.read(STATE, "breakers").get("breakers", {}))
        known = self._files.read(DEVICES, "devices", "strangers")
        for name, of_device in known.get("devices", {}).items():
            with suppress(KeyError):  # it has left the inventory
                self.agent.watch(name).restore(of_device)
        self._desk.restore(known.get("strangers", ()))
        self._equipment.restore(self._files.read(EQUIPMENT, "sightings").get("sightings", {}))

    async def _save_loop(self) -> None:
        while True:
            await self._unsaved.wait()
            self._unsaved.clear()
            try:
                await self._save()
            except Exception as error:  # noqa: BLE001 - the next change must find somebody who writes it
                self._files.failed("state", error)
            await asyncio.sleep(SAVE_EVERY)

    async def _learn_loop(self) -> None:
        while True:
            await asyncio.sleep(DEVICES_EVERY)
            try:
                await self._save_devices()
            except Exception as error:  # noqa: BLE001 - as above
                self._files.failed("devices", error)

    async def _tell_loop(self) -> None:
        while True:
            try:
                if states := self._states():
                    await self._files.put(STATES, {"states": states, "at": self.world.host.wall()})
            except Exception as error:  # noqa: BLE001 - as above
                self._files.failed("states", error)
            await asyncio.sleep(STATES_EVERY)

    async def _save(self) -> None:
        """Write what must survive."""
        await self._files.put(STATE, {"breakers": self.agent.breakers()})

    async def _save_devices(self) -> None:
        known: dict[str, Any] = {}
        for place, watch in enumerate(self.agent.watches):
            if place % 100 == 99:
                await asyncio.sleep(0)  # others want their turn
            if (saved := watch.saved()) is not None:
                known[watch.device.name] = saved
        await self._files.put(DEVICES, {"devices": known, "strangers": self._desk.saved()})
        await self._files.put(EQUIPMENT, {"sightings": self._equipment.saved()})


def _shown(
    device: Device, state: str, reason: str, age: float | None, duration: float | None, modules: str, place: str
) -> DeviceLine:
    where = (device.name, device.device_class, device.kind, device.site, device.location)
    return DeviceLine(*where, state, reason, age, duration, modules, place)


async def run(load: Callable[[], Config], config: Config, options: Options, screen: Screen) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP reloads. Raises CannotListen, CannotBind, ConfigError, AlreadyRunning."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with only_one(config.settings.state):
        service = Service(load, config, screen)
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
