"""C6: only the inventory is contacted, shown in a network namespace in which every packet is seen.

In there every address on earth is routed to the loopback interface, and a packet socket on it sees what goes out: a
packet to anywhere but the listed device, or our own web server, is a red row.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any, ClassVar

import structlog
import yaml

from bench.bar.hospital import run
from bench.bar.program import Make, Program, entry, running
from bench.bar.row import Verdict
from collector.cli.service import Service
from collector.config import ConfigError, load
from collector.edge import Terms, World
from collector.model import Dialogue
from simulator import synthetic
from simulator.player import Player
from simulator.server import play

LISTED = "127.21.0.1"
ETH_P_ALL = 3
SETUP = (
    "ip link set lo up && ip route add local 0.0.0.0/0 dev lo && "
    '(ip -6 route add local ::/0 dev lo 2>/dev/null || true) && exec "$@"'
)
"""Any address is ours: what would leave is delivered here, and seen."""

SEEDS: Sequence[str] = (
    "10.1.2.3", "192.168.1.1", "8.8.8.8", "127.0.0.2", "0177.0.0.1", "0x7f.1", "2130706433", "017700000001", "127.1",
    "1.2.3.4:161", "tcp://10.0.0.1", "udp://10.0.0.1:161", "http://10.0.0.1/", "//10.0.0.1", "user@10.0.0.1",
    "user:pass@10.0.0.1:161", "::1", "[::1]", "[::1]:161", "::ffff:10.0.0.1", "fe80::1%lo", "[fe80::1%25lo]", "fd00::1",
    "10.0.0.0/8", "10.0.0.1/32", "10.0.0.255", "255.255.255.255", "224.0.0.1", "ff02::1", "0.0.0.0", "localhost",
    "example.org", "metadata.google.internal", "169.254.169.254", "listed@10.0.0.1", "listed#10.0.0.1", "listed\r\n",
    "listed\x00.example.org", "10.0.0.1,listed", "listed,10.0.0.1", "１０.0.0.1", "⑩.0.0.1", "%31%30.0.0.1", "..", "",
    "listed.", "LISTED", " listed", "listed ", "${env:HOME}", "$(reboot)", "`id`", "{{listed}}", "a" * 300,
)  # fmt: skip


RUN = 5
"""Configurations that are run, of those that load; one in 25 where that is more."""
BENDS = ("", ".", ":", "/", "@", "%", "0", "1", "255", "x", "\n", "\u0130")
OWN = frozenset({LISTED, "127.0.0.1", "listed", "localhost", ""})
"""Where packets may go, and names that may be answered: the listed device's, and this machine's page."""


@dataclass(frozen=True, slots=True)
class C6:
    """Hostile targets by every parameter that takes one, and hostile configurations, beside one listed device. Some of
    the configurations that load are run, each alone: packets go to the address that is written there."""

    id: ClassVar[str] = "C6"
    promise: ClassVar[str] = "only the inventory is contacted"
    target: ClassVar[str] = "0 packets elsewhere: 100,000 hostile targets, 1,000 configurations (quick: 1,000, 100)"

    targets: int = 1_000
    configurations: int = 100
    program: str = "bench.bar.c6_inventory"
    """The module that is run inside the namespace."""

    def measure(self, seed: int) -> Verdict:
        apart = namespace()
        sizes = map(str, (self.targets, self.configurations, seed))
        words = [sys.executable, "-m", self.program, "apart" if apart else "shared", *sizes]
        done = subprocess.run(
            [*(["unshare", "-Urn", "sh", "-c", SETUP, "sh"] if apart else []), *words],
            capture_output=True, text=True, timeout=3600, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-600:])
        figure: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        figure["namespace"] = "own" if apart else "none to be had: the socket layer was asked instead"
        kept = not figure["elsewhere"] and figure["listed_packets"] > 0 and not figure["odd_answers"]
        ran = not figure["configurations_run_odd"] and (figure["configurations_run"] > 0 or not apart)
        return Verdict(bool(kept and ran and not figure["odd_configurations"]), figure)


def namespace() -> bool:
    """Whether there are network namespaces for us."""
    try:
        done = subprocess.run(["unshare", "-Urn", "sh", "-c", SETUP, "sh", "true"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def hostile(random: Random) -> Iterator[str]:
    """Targets without end: the known ones, and those bent a little."""
    yield from SEEDS
    while True:
        text = random.choice(SEEDS)
        for _ in range(random.randint(1, 3)):
            at = random.randrange(len(text) + 1)
            text = text[:at] + random.choice(BENDS) + text[at:]
        yield text


class Wire:
    """Counts packets by where they go, for as long as the block lasts: all that leave this network namespace."""

    def __init__(self) -> None:
        self.to: Counter[str] = Counter()
        self._done = Event()
        self._thread = Thread(target=self._listen, daemon=True)
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))

    def __enter__(self) -> Counter[str]:
        self._socket.settimeout(0.1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self._thread.start()
        return self.to

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                packet, (_, protocol, kind, *_) = self._socket.recvfrom(128)
            except TimeoutError:
                if self._done.is_set():
                    return
                continue
            if kind != 4:  # PACKET_OUTGOING: each is seen once
                continue
            if protocol == 0x0800:
                self.to[socket.inet_ntop(socket.AF_INET, packet[16:20])] += 1
            elif protocol == 0x86DD and packet[6] != 58:  # the kernel's own neighbour discovery is no poll
                self.to[socket.inet_ntop(socket.AF_INET6, packet[24:40])] += 1


class Asserted(World):
    """Counts where packets go as they are handed over: second best, where there is no namespace."""

    def __init__(self, to: Counter[str]) -> None:
        super().__init__()
        self._to = to

    async def udp(self, peers: Sequence[str], port: int, dialogue: Dialogue, terms: Terms) -> None:
        self._to[peers[0]] += 1
        await super().udp(peers, port, dialogue, terms)


async def ask(program: Program, targets: Sequence[str]) -> list[str]:
    """Every target by every parameter; answers that are neither a refusal nor the listed device's own page."""
    odd: list[str] = []
    queue = list(targets)

    async def client() -> None:
        while queue:
            text = queue.pop()
            for path, name in (("/snmp", "target"), ("/metrics", "device"), ("/probe", "target")):
                async with program.session.get(program.url + path, params={name: text, "module": "if_mib"}) as answer:
                    await answer.read()
                if answer.status == 200 and text not in OWN:
                    odd.append(f"{path} {text!r}: {answer.status}")

    await asyncio.gather(*(client() for _ in range(16)))
    return odd


def configurations(count: int, random: Random) -> tuple[list[str], list[str]]:
    """Load configurations with hostile addresses. Those that were taken as another address than is written there, and
    the addresses of all that were taken."""
    odd: list[str] = []
    taken: dict[str, None] = {}
    source = hostile(random)
    for _ in range(count):
        text = next(source)
        with TemporaryDirectory(prefix="bar-") as name:
            home = Path(name)
            (home / "inventory").mkdir()
            device = {"name": "sw", "address": text, "class": "it", "modules": ["system"], "auth": "bar"}
            (home / "inventory" / "bar.yml").write_text(yaml.safe_dump({"devices": [device]}, allow_unicode=True))
            (home / "auths.yml").write_text("auths: {bar: {version: 2, community: public}}\n")
            try:
                config = load(home, environ={}, resolve=_no_names)
            except ConfigError:
                continue
            address = config.devices[0].address
            taken[address] = None
            if str(ip_address(address)) != text and not re.fullmatch(r"[0-9a-fA-F:]+", text):
                odd.append(f"{text!r}: {address}")
    return odd, list(taken)


def contacted(addresses: Sequence[str], port: int, make: Make) -> list[str]:
    """Run a configuration for each address, and see every packet. Those that went elsewhere, or nowhere."""
    wrong = []
    for address in addresses:
        with Wire() as to:
            run(_polled(address, port, make))
        elsewhere = sorted(to.keys() - {address, "127.0.0.1"})
        if elsewhere or not to[address]:
            wrong.append(f"{address}: {', '.join(elsewhere) or 'nothing'}")
    return wrong


async def _polled(address: str, port: int, make: Make) -> None:
    async with running([entry("sw", address, port, ("system",), interval="60s", timeout="1s")], make=make) as program:
        await program.page(device="sw", timeout=3)


def _no_names(name: str) -> str:
    raise OSError(f"{name}: no name is looked up here")


async def _inside(targets: Sequence[str], port: int, make: Make, asserted: Counter[str] | None) -> list[str]:
    device = entry("listed", LISTED, port, ("system", "if_mib"), interval="5s", timeout="3s")
    async with running([device], make=make) as program:
        if asserted is not None:
            program.service.world = program.service.agent.world = Asserted(asserted)
        odd = await ask(program, targets)
        await program.page(device="listed")
        return odd


def main(make: Make = Service) -> None:
    """Inside the namespace: prints the figure as JSON."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    options = argparse.ArgumentParser()
    options.add_argument("where", choices=("apart", "shared"))
    for name in ("targets", "configurations", "seed"):
        options.add_argument(name, type=int)
    chosen = options.parse_args()
    random = Random(chosen.seed)
    source = hostile(random)
    targets = [next(source) for _ in range(chosen.targets)]
    counted: Counter[str] = Counter()
    wire = Wire() if chosen.where == "apart" else nullcontext(counted)
    with wire as to, play([Player("listed", LISTED, synthetic.image("switch", 4))]) as server:
        odd = run(_inside(targets, server.port, make, None if chosen.where == "apart" else counted))
        wrong, taken = configurations(chosen.configurations, random)
        foreign = server.foreign
    # Only where nothing can leave: somebody lives at 8.8.8.8.
    run_too = taken[: max(RUN, chosen.configurations // 25)] if chosen.where == "apart" else []
    elsewhere = {where: count for where, count in to.items() if where not in OWN}
    figure = {
        "targets": len(targets),
        "requests": 3 * len(targets),
        "configurations": chosen.configurations,
        "listed_packets": to[LISTED],
        "elsewhere": sum(elsewhere.values()) + foreign,
        "where": sorted(elsewhere)[:5],
        "odd_answers": odd[:5],
        "odd_configurations": wrong[:5],
        "configurations_taken": len(taken),
        "configurations_run": len(run_too),
        "configurations_run_odd": contacted(run_too, server.port, make)[:5],
    }
    print(json.dumps(figure))


if __name__ == "__main__":
    main()
