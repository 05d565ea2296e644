"""`python -m bench.snmp_v3`: CPU of polling a switch with SNMPv3 (authPriv, SHA-256 and AES-128), beside v2c.

The same collector, module and simulated switches of 48 ports, once with a community and once with a user; replies of
the same length. Measured is this process, which only polls: the simulator is another one. Rounds alternate, and the
quickest of each kind counts, for the machine may be busy.

Promise: at most 1.6 times the CPU of v2c.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import uvloop

from bench import process
from collector import model
from collector.budget import Caps
from collector.config import load
from collector.edge import Tally, Terms, World
from collector.edge.udp import resolve
from collector.model import Auth, Collector, Column, Common, Device, Dialogue, Host, Schedule, Secret, Target
from collector.network.snmp import Snmp
from exporters.text import render
from simulator import fleet, fleet_address
from simulator.server import Server
from simulator.usm import User

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]
PROMISE = 1.6
PORTS = 48
WARM_UP = 5
"""Polls before those that are measured: replies grow from poll to poll (collector/wire/snmp/habits.py)."""

V2C = Auth("v2c", 2, Secret("public"))
V3 = Auth(
    "v3", 3, username="bench", security_level="authPriv", password=Secret("maplesyrup"), auth_protocol="SHA256",
    priv_protocol="AES", priv_password=Secret("newsyrup"),
)  # fmt: skip
USER = User(b"bench", "authPriv", "SHA256", b"maplesyrup", "AES", b"newsyrup")


class _Free:
    """No budget: what is measured is work, not waiting."""

    def wait(self, now: float, deadline: float) -> float:
        return 0.0

    def unsent(self, now: float) -> None:
        pass

    def answered(self) -> None:
        pass


class Edge:
    """The world as one device's polls see it."""

    def __init__(self, world: World, common: Common, device: Device) -> None:
        self._world, self._device = world, device
        self.host: Host = world.host
        self.now, self.clock, self.common = world.now, world.clock, common
        self.deadline = float("inf")
        self.room = Caps().series_per_device
        self.tally = Tally()
        self._kept: dict[Any, Any] = {}

    def memory(self, make: type[T]) -> T:
        if make not in self._kept:
            self._kept[make] = make()
        found: T = self._kept[make]
        return found

    def choose(self, modules: Mapping[str, Collector]) -> None:
        """The module that is measured chooses no others."""

    async def udp(self, dialogue: Dialogue, port: int = 0) -> None:
        terms = Terms(self.deadline, _Free(), self.tally)
        await self._world.udp((self._device.address,), port or self._device.port, dialogue, terms)


@dataclass(slots=True)
class Kind:
    """Switches that are asked in one way, and what asking them cost: the best round."""

    name: str
    polls: list[tuple[Target, Edge]]
    poll: float = float("inf")
    """CPU seconds of a poll, to columns."""
    page: float = float("inf")
    """CPU seconds of a poll and its text."""
    packets: int = 0
    variables: int = 0


def kind(name: str, auth: Auth, collector: Snmp, addresses: list[str], port: int, world: World) -> Kind:
    common = Common()
    polls = []
    for address in addresses:
        device = Device(address, address, port=port, auth=auth)
        polls.append((Target(device, "if_mib", collector, Schedule(60.0, 30.0)), Edge(world, common, device)))
    return Kind(name, polls)


async def measure(port: int, devices: int, rounds: int) -> list[Kind]:
    module = load(ROOT / "config", environ={}, resolve=resolve).modules["if_mib"]
    assert isinstance(module, Snmp)
    world = World()
    addresses = [fleet_address(number) for number in range(2 * devices)]
    kinds = [
        kind("v2c", V2C, module, addresses[:devices], port, world),
        kind("v3 authPriv", V3, module, addresses[devices:], port, world),
    ]
    for each in kinds:
        for _ in range(WARM_UP):
            await polled(each)
    gc.disable()
    for _ in range(rounds):
        for each in kinds:
            before = sum(edge.tally.sent for _, edge in each.polls)
            begun = time.process_time()
            columns = await polled(each)
            each.poll = min(each.poll, (time.process_time() - begun) / devices)
            for page in columns:
                render(page)
            each.page = min(each.page, (time.process_time() - begun) / devices)
            each.packets = (sum(edge.tally.sent for _, edge in each.polls) - before) // devices
            each.variables = sum(len(column.values) for column in columns[0])
        gc.collect()
    world.close()
    return kinds


async def polled(each: Kind) -> list[list[Column]]:
    """All switches once, one after the other: tasks that take turns would be measured too."""
    return [list(await target.collector.poll(target, cast(model.Edge, edge))) for target, edge in each.polls]


def play(port: int, devices: int) -> None:
    """The simulator: half of the switches with a community, half with a user."""
    players = fleet(2 * devices, ports=PORTS)
    secured = fleet(2 * devices, ports=PORTS, users=(USER,))
    server = Server([*players[:devices], *secured[devices:]], port)
    stop: Callable[..., None] = lambda *_: server.stop()  # noqa: E731
    signal.signal(signal.SIGTERM, stop)
    server.run()
    server.close()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--devices", type=int, default=20, help="switches of each kind")
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--play", type=int, default=0, metavar="PORT", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.play:
        play(chosen.play, chosen.devices)
        return 0
    port = process.free_port()
    words = [sys.executable, "-m", "bench.snmp_v3", "--play", str(port), "--devices", str(chosen.devices)]
    with tempfile.TemporaryDirectory(prefix="bench-v3-") as name:
        log = Path(name) / "simulator.log"
        with process.running(words, log) as simulator:
            time.sleep(2.0)
            if simulator.poll() is not None:
                raise RuntimeError(log.read_text())
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                plain, secured = runner.run(measure(port, chosen.devices, chosen.rounds))
    return report(chosen, plain, secured)


def report(chosen: argparse.Namespace, plain: Kind, secured: Kind) -> int:
    """Print the table; 1 where the promise is broken."""
    print(f"{chosen.devices} switches of {PORTS} ports each way, best of {chosen.rounds} rounds, `if_mib`")
    print(f"{'':14}{'packets':>9}{'series':>8}{'poll, ms':>10}{'and text':>10}{'ratio':>7}{'and text':>10}")
    for each in (plain, secured):
        print(
            f"{each.name:14}{each.packets:>9}{each.variables:>8}{each.poll * 1e3:>10.2f}{each.page * 1e3:>10.2f}"
            f"{each.poll / plain.poll:>7.2f}{each.page / plain.page:>10.2f}"
        )
    reached = secured.poll / plain.poll
    print(f"promise: a poll in at most {PROMISE} times the CPU of v2c: {'kept' if reached <= PROMISE else 'BROKEN'}")
    return 0 if reached <= PROMISE else 1


if __name__ == "__main__":
    sys.exit(main())
