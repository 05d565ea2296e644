"""Pressure stall information: time lost waiting for CPU, memory and I/O (node_exporter's `pressure`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.tables import Singles
from collector.model import Column, Edge, Family, Target

CPU = Family(
    "node_pressure_cpu_waiting_seconds_total",
    "Total time in seconds that processes have waited for CPU time",
    "counter",
)
IO = Family(
    "node_pressure_io_waiting_seconds_total",
    "Total time in seconds that processes have waited due to IO congestion",
    "counter",
)
IO_FULL = Family(
    "node_pressure_io_stalled_seconds_total",
    "Total time in seconds no process could make progress due to IO congestion",
    "counter",
)
MEMORY = Family(
    "node_pressure_memory_waiting_seconds_total",
    "Total time in seconds that processes have waited for memory",
    "counter",
)
MEMORY_FULL = Family(
    "node_pressure_memory_stalled_seconds_total",
    "Total time in seconds no process could make progress due to memory congestion",
    "counter",
)

_RESOURCES = (
    ("/proc/pressure/cpu", CPU, None),
    ("/proc/pressure/io", IO, IO_FULL),
    ("/proc/pressure/memory", MEMORY, MEMORY_FULL),
)
_TOTAL = re.compile(rb"^(some|full) .*total=(\d+)", re.MULTILINE)
_MICROSECONDS = 1e6


@dataclass(slots=True)
class _Memory:
    families: Sequence[Family] = ()
    singles: Singles = field(default_factory=Singles)


@dataclass(frozen=True, slots=True)
class Pressure:
    """No options. Absent before Linux 4.20 and where the kernel was started with `psi=0`."""

    name: ClassVar[str] = "pressure"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        families, values = list[Family](), list[float]()
        for path, some, full in _RESOURCES:
            content = edge.host.read(path)
            if content is None:
                continue
            totals = dict(_TOTAL.findall(content))
            for word, family in ((b"some", some), (b"full", full)):
                if family is not None and word in totals:
                    families.append(family)
                    values.append(int(totals[word]) / _MICROSECONDS)
        if not families:
            raise NoData("the kernel gives no pressure stall information")
        memory = edge.memory(_Memory)
        if families != memory.families:
            memory.families = families
        return memory.singles.columns(memory.families, values)
