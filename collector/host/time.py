"""The machine's own clock: the time, its zone and its source (node_exporter's `time`)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.host.proc import word
from collector.host.tables import Table
from collector.model import Column, Edge, Family, Host, Target, column, single

SECONDS = Family("node_time_seconds", "System time in seconds since epoch (1970).")
ZONE = Family("node_time_zone_offset_seconds", "System time zone offset in seconds.")
AVAILABLE = Family(
    "node_time_clocksource_available_info",
    "Available clocksources read from '/sys/devices/system/clocksource'.",
)
CURRENT = Family(
    "node_time_clocksource_current_info", "Current clocksource read from '/sys/devices/system/clocksource'."
)

_SOURCES = "/sys/devices/system/clocksource"
_PREFIX = "clocksource"


@dataclass(slots=True)
class _Memory:
    sources: Sequence[Column] = ()
    path: str = ""
    chosen: str = ""
    zone: Table = field(default_factory=lambda: Table("time_zone"))
    available: Table = field(default_factory=lambda: Table("clocksource", "device"))
    current: Table = field(default_factory=lambda: Table("clocksource", "device"))


@dataclass(frozen=True, slots=True)
class Time:
    """No options."""

    name: ClassVar[str] = "time"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        memory = edge.memory(_Memory)
        now = edge.host.wall()
        # A clock before 1970 or past the C library's years breaks localtime; the time itself is still worth serving.
        columns = [single(SECONDS, now)]
        try:
            local = time.localtime(now)
        except (OverflowError, ValueError, OSError):
            return columns
        columns.append(column(ZONE, memory.zone.rows([(local.tm_zone,)]), (local.tm_gmtoff,)))
        if edge.host.system == "linux":
            columns.extend(_sources(edge.host, memory))
        return columns


def _sources(host: Host, memory: _Memory) -> Sequence[Column]:
    """Read again when another source has been chosen: a source that fails is first replaced, then gone."""
    if memory.path and word(host, memory.path) == memory.chosen:
        return memory.sources
    available: list[tuple[str, str]] = []
    current: list[tuple[str, str]] = []
    for entry in host.list(_SOURCES):
        if not entry.startswith(_PREFIX):
            continue
        device = entry[len(_PREFIX) :]
        sources = word(host, f"{_SOURCES}/{entry}/available_clocksource").split()
        available.extend((source, device) for source in sources)
        path = f"{_SOURCES}/{entry}/current_clocksource"
        chosen = word(host, path)
        if chosen:
            current.append((chosen, device))
            memory.path, memory.chosen = path, chosen
    memory.sources = [
        column(family, table.rows(values), [1.0] * len(values))
        for family, table, values in ((AVAILABLE, memory.available, available), (CURRENT, memory.current, current))
        if values
    ]
    return memory.sources
