"""Simulated devices in a process of their own, and what they saw: the truth of every row (RELIABILITY part 6)."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from collector.model import DeviceClass
from simulator import synthetic
from simulator.agent import REPLY_BYTES
from simulator.estate import WINDOWS
from simulator.faults import Datagram
from simulator.image import Image
from simulator.player import Fault, Player, fault
from simulator.safety import Safety
from simulator.server import Server
from simulator.usm import Engine, User, engine_id

Ill = Sequence[tuple[str, Mapping[str, Any]]]
"""Faults by mode, each with its options."""

READS = frozenset({"get", "getnext", "getbulk", "v3"})
"""Kinds of packets that only read. `v3` is a message that was refused, with one of the others inside: discovery."""

USER = User(b"ward", "authPriv", "SHA256", b"maplesyrup", "AES", b"newsyrup")
PATIENCE = 20.0
"""Seconds that the devices' process is waited for."""


class Written(AssertionError):
    """A device was sent something that does not only read (RELIABILITY C5)."""


@dataclass(frozen=True, slots=True)
class Plays:
    """A device: `kind` is one of `simulator.synthetic.KINDS`. Its counters stand still unless `pace` says otherwise,
    so that what was read of it can be compared with what was read of another. With a `user` it speaks SNMPv3 only."""

    name: str
    address: str
    kind: str = "switch"
    ports: int | None = 8
    ill: Ill = ()
    device_class: DeviceClass = "it"
    pace: float = 0.0
    reply_bytes: int = REPLY_BYTES
    addresses: int = 0
    """Of a switch: those in its forwarding database."""
    user: User | None = None
    site: str = ""
    """Where it stands. What came to all devices of a site, and of their subnets, is counted then."""

    def player(self, seed: int, groups: Mapping[str, Safety] | None = None) -> Player:
        window, patience = WINDOWS[self.device_class]
        start = time.monotonic()
        engine = None if self.user is None else Engine(engine_id(self.address), (self.user,), started=start)
        kind = Player if groups is None else partial(Grouped, [groups[name] for name in self.groups])
        return kind(
            self.name, self.address, synthetic.image(self.kind, self.ports, self.addresses),
            faults=_faults(self.ill), seed=seed, age=1e6, pace=self.pace, window=window, patience=patience, start=start,
            engine=engine, reply_bytes=self.reply_bytes,
        )  # fmt: skip

    @property
    def groups(self) -> Sequence[str]:
        """Its site, and its subnet (/24)."""
        return (self.site, self.address.rpartition(".")[0]) if self.site else ()


class Grouped(Player):
    """A device whose packets count for others too."""

    def __init__(self, groups: Sequence[Safety], name: str, address: str, image: Image, **more: Any) -> None:
        super().__init__(name, address, image, **more)
        self._groups = groups

    def hear(self, packet: bytes, now: float) -> Sequence[Datagram]:
        for group in self._groups:
            group.arrived("any", len(packet), now)
        return super().hear(packet, now)


@dataclass
class Devices:
    """Devices being played at UDP port `port`."""

    port: int
    _pipe: Connection = field(repr=False)

    def stats(self) -> Mapping[str, Any]:
        """`simulator.server.Server.stats`, and under `groups` the most packets in a second by site and subnet."""
        answer: Mapping[str, Any] = self._ask("stats")
        return answer

    def fall_ill(self, names: Sequence[str], ill: Ill) -> None:
        """These devices have these faults from now on, and no others."""
        self._ask("play", names, ill)

    def _ask(self, *words: object) -> Any:
        self._pipe.send(words)
        if not self._pipe.poll(PATIENCE):
            raise TimeoutError("the simulator does not answer")
        return self._pipe.recv()


@contextmanager
def playing(devices: Sequence[Plays], seed: int) -> Iterator[Devices]:
    """Play devices for as long as the block lasts. Raises Written at its end if anything but questions was sent."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_play, args=(tuple(devices), seed, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(PATIENCE):
            raise TimeoutError("the simulator did not start")
        found = Devices(ours.recv(), ours)
        yield found
        if written := found.stats()["kinds"].keys() - READS:
            raise Written(f"devices were sent: {', '.join(sorted(written))}")
    finally:
        ours.close()
        process.join(PATIENCE)
        if process.is_alive():
            process.kill()


def _faults(ill: Ill) -> list[Fault]:
    return [fault(mode, **options) for mode, options in ill]


def _play(devices: Sequence[Plays], seed: int, pipe: Connection) -> None:
    """The child: plays until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    groups = {name: Safety() for each in devices for name in each.groups}
    server = Server([each.player(seed, groups if each.site else None) for each in devices])
    players = {player.name: player for player in server.players}

    def obey() -> None:
        try:
            while True:
                words = pipe.recv()
                if words[0] == "stats":
                    pipe.send(
                        {**_stats(server), "groups": {name: group.most_packets for name, group in groups.items()}}
                    )
                else:
                    for name in words[1]:
                        players[name].play(_faults(words[2]))
                    pipe.send(None)
        except (EOFError, OSError):
            server.stop()

    pipe.send(server.port)
    Thread(target=obey, daemon=True).start()
    server.run()
    server.close()


def _stats(server: Server) -> Mapping[str, Any]:
    while True:
        try:
            return server.stats()
        except RuntimeError:
            continue  # a counter was added meanwhile
