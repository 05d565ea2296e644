"""The whole program in this process: agent, orders, state and web server, over a configuration of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import yaml

from bench import asking
from collector.cli.service import Options, Service
from collector.config import Config, load
from collector.edge.udp import resolve
from tests.exporters.exposition import Parsed, parse

Make = Callable[[Callable[[], Config], Config], Service]


@dataclass(frozen=True, slots=True)
class Program:
    """What runs, and where it answers."""

    url: str
    service: Service
    session: aiohttp.ClientSession

    async def page(self, path: str = "/metrics", timeout: float = 10.0, **query: str) -> tuple[int, Parsed, str]:
        """Status, the page read strictly (D7: a series twice raises ValueError), and the text where it is no page."""
        headers = {"X-Prometheus-Scrape-Timeout-Seconds": str(timeout)}
        status, body = await asking.page(self.session, self.url + path, query, headers)
        return status, parse(body) if status == 200 else Parsed(), body.decode(errors="replace")


@asynccontextmanager
async def running(
    devices: Sequence[Mapping[str, Any]],
    *,
    settings: Mapping[str, Any] | None = None,
    modules: Mapping[str, Any] | None = None,
    make: Make = Service,
) -> AsyncIterator[Program]:
    """A collector of these inventory entries, with the auth `bar` (v2c, public). `modules` are of `snmp.yml`."""
    with TemporaryDirectory(prefix="bar-") as name:
        home = Path(name)
        (home / "state").mkdir()
        (home / "config" / "inventory").mkdir(parents=True)
        (home / "config" / "snmp").mkdir()
        for path, content in (
            ("wardwatch.yml", {"state": str(home / "state"), **(settings or {})}),
            ("auths.yml", {"auths": {"bar": {"version": 2, "community": "public"}}}),
            ("inventory/bar.yml", {"devices": list(devices)}),
            *([("snmp/bar.yml", {"modules": modules})] if modules else []),
        ):
            (home / "config" / path).write_text(yaml.safe_dump(content, sort_keys=False))
        async with started(home / "config", make) as program:
            yield program


@asynccontextmanager
async def started(directory: Path, make: Make = Service) -> AsyncIterator[Program]:
    """A collector of a configuration that is there. Raises ConfigError."""

    def read() -> Config:
        return load(directory, environ=os.environ, resolve=resolve)

    service = make(read, read())
    server = await service.start(Options("127.0.0.1:0", None))
    try:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(60)) as session:
            yield Program(f"http://127.0.0.1:{server.port}", service, session)
    finally:
        await server.close()
        await service.close()


def entry(name: str, address: str, port: int, modules: Sequence[str], **more: Any) -> dict[str, Any]:
    """A device as the inventory has it."""
    found = {"name": name, "address": address, "port": port, "class": "it", "auth": "bar", "modules": list(modules)}
    return found | more


ROOM = {name: {"packets": 1_000_000, "window": "1s"} for name in ("site", "subnet", "total")}
"""Budgets of what devices share, out of the way."""
