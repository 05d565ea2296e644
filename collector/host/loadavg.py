"""Load averages (node_exporter's `loadavg`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from collector.host.proc import Parsing, need
from collector.model import Column, Edge, Family, Target, single

LOADS = (
    Family("node_load1", "1m load average."),
    Family("node_load5", "5m load average."),
    Family("node_load15", "15m load average."),
)


@dataclass(frozen=True, slots=True)
class Loadavg:
    """No options."""

    name: ClassVar[str] = "loadavg"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        if edge.host.system != "linux":
            return [single(f, load) for f, load in zip(LOADS, edge.host.psutil.getloadavg(), strict=True)]
        with Parsing("/proc/loadavg"):
            words = need(edge.host, "/proc/loadavg").split()
            return [single(family, float(words[i])) for i, family in enumerate(LOADS)]
