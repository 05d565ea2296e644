"""A collector that opens a socket for each device and keeps it: `python -m tests.bench.wasteful --config DIR ...`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from collector.agent import Agent
from collector.cli.service import Options, Service
from collector.config import Config, load
from collector.edge import Terms, World
from collector.edge.udp import resolve
from collector.model import Dialogue


class SocketEach(World):
    def __init__(self) -> None:
        super().__init__()
        self._each: dict[str, socket.socket] = {}

    async def udp(self, peers: Sequence[str], port: int, dialogue: Dialogue, terms: Terms) -> None:
        if peers[0] not in self._each:
            self._each[peers[0]] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        await super().udp(peers, port, dialogue, terms)


class Wasteful(Service):
    def __init__(self, read: Callable[[], Config], config: Config) -> None:
        super().__init__(read, config)
        self.world = SocketEach()
        self.agent.world = self.world


async def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--config", type=Path)
    options.add_argument("--web.listen-address", dest="listen")
    chosen = options.parse_args()

    def read() -> Config:
        return load(chosen.config, environ=os.environ, resolve=resolve)

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    service = Wasteful(read, read())
    assert isinstance(service.agent, Agent)
    server = await service.start(Options(chosen.listen, None))
    await stop.wait()
    await server.close()
    await service.close()


if __name__ == "__main__":
    asyncio.run(main())
