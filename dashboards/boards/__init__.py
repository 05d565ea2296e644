"""The boards: each for one reader and one question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

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

BOARDS: Final[tuple[Callable[[Config], Board], ...]] = (
    today.board,
    service.board,
    oncall.board,
    equipment.board,
    network.board,
    device.board,
    hosts.board,
    host.board,
    capacity.board,
    kpis.board,
    collection.board,
)


def made(config: Config) -> dict[str, str]:
    """Every board's JSON, by path; thresholds and choices come from the configuration."""
    return files(build(config) for build in BOARDS)
