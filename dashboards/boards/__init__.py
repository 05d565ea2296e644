"""The boards: each for one reader and one question."""

from __future__ import annotations

from collections.abc import Iterator

from collector.config import Config
from dashboards.board import Board, files
from dashboards.boards import (
    capacity,
    collection,
    device,
    equipment,
    host,
    hosts,
    kpis,
    network,
    oncall,
    service,
    today,
)
from dashboards.limits import Sources


def every(config: Config, sources: Sources) -> Iterator[Board]:
    """In the order of the menu; thresholds and choices come from the configuration, and from alerts' `sources`."""
    yield today.board(config)
    yield service.board(config)
    yield oncall.board(config, sources)
    yield equipment.board(config)
    yield network.board(config)
    yield device.board(config, sources)
    yield hosts.board(config, sources)
    yield host.board(config, sources)
    yield capacity.board(config)
    yield kpis.board(config)
    yield collection.board(config)


def made(config: Config, sources: Sources) -> dict[str, str]:
    """Every board's JSON, by path."""
    return files(every(config, sources))
