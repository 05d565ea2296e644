"""A small estate for tests of the command line: a switch, a fragile UPS and a passive pump."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from collector.cli.service import Options, Service
from collector.config import Config
from simulator.player import Player

SETTINGS = "state: STATE\n"
AUTHS = "auths:\n  lab: {version: 2, community: canary-community}\n"
INVENTORY = """devices:
  - {name: sw-1, address: 127.9.3.1, port: PORT, class: it, site: main, auth: lab, interval: 2s, timeout: 2s,
     modules: [system, if_mib]}
  - {name: pump-1, address: 127.9.3.2, class: clinical, site: main}
  - {name: ups-1, address: 127.9.3.3, port: PORT, class: fragile, site: annexe, auth: lab, modules: [ups_scalars]}
"""


def estate(
    where: Path, *, name: str = "estate", port: int = 9, settings: str = SETTINGS, inventory: str = INVENTORY
) -> Path:
    """Write the configuration below `where`; its state lies in `where`/state."""
    config = where / name
    (config / "inventory").mkdir(parents=True, exist_ok=True)
    (config / "wardwatch.yml").write_text(settings.replace("STATE", str(where / "state")))
    (config / "auths.yml").write_text(AUTHS)
    (config / "inventory" / "all.yml").write_text(inventory.replace("PORT", str(port)))
    return config


def player(address: str, image: Any, **options: Any) -> Player:
    return Player(address, address, image, **options)


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[Service]:
    """A collector at work in this process, on a free port."""
    service = Service(lambda: config, config)
    server = await service.start(Options("127.0.0.1:0", None))
    try:
        yield service
    finally:
        await server.close()
        await service.close()
