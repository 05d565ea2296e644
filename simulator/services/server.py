"""Services on TCP ports of loopback addresses, all in one thread with an event loop of its own.

Those over UDP answer where SNMP is answered, at the one socket of `simulator.server`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any

from simulator.server import Unplayable
from simulator.services import Ntp, Service
from simulator.services.conversation import LONGEST, Conversation
from simulator.services.counts import Wrong

PATIENCE = 30.0
"""Seconds that one connection may last: nothing that is asked here takes longer."""
BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Station:
    """A service of a device, and where."""

    device: str
    address: str
    service: Service | Ntp


class Services:
    """Listens at once, and answers from `start` until `close`. Raises Unplayable where a port is taken."""

    def __init__(self, stations: Iterable[Station], port: int) -> None:
        self.stations = tuple(stations)
        self._sockets: list[tuple[Service, socket.socket]] = []
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = Thread(target=self._run, name="services", daemon=True)
        for station in self.stations:
            if isinstance(station.service, Ntp):
                continue
            try:
                listening = socket.create_server((station.address, port), backlog=BACKLOG)
            except OSError as error:
                self.close()
                raise Unplayable(f"TCP port {port} of {station.address} cannot be used: {error.strerror}") from None
            self._sockets.append((station.service, listening))

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Give the ports back; connections are cut."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        for _, each in self._sockets:
            each.close()
        self._loop.close()

    def report(self) -> dict[str, Any]:
        """What was said to each device's service."""
        return {station.device: station.service.counts.report() for station in self.stations}

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        servers = [
            await asyncio.start_server(partial(_hear, service), sock=each, limit=LONGEST, backlog=BACKLOG)
            for service, each in self._sockets
        ]
        await self._stop.wait()
        for server in servers:
            server.close()
        talking = asyncio.all_tasks() - {asyncio.current_task()}
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


async def _hear(service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    counts = service.counts
    counts.opened()
    try:
        async with asyncio.timeout(PATIENCE):
            await service.hear(Conversation(reader, writer, counts))
    except Wrong as error:
        counts.wrong[str(error)] += 1
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        pass  # the client has gone, or says nothing more
    finally:
        counts.closed()
        writer.close()


def over_udp(stations: Iterable[Station]) -> Mapping[str, Ntp]:
    """Those of them that answer over UDP, by address."""
    return {station.address: station.service for station in stations if isinstance(station.service, Ntp)}


@contextmanager
def served(stations: Iterable[Station], port: int) -> Iterator[Services]:
    """Services for as long as the block lasts: for tests and benchmarks. Raises Unplayable."""
    services = Services(stations, port)
    services.start()
    try:
        yield services
    finally:
        services.close()
