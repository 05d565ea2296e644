"""Context switches, interrupts, forks, boot time and the run queue (node_exporter's `stat`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, need
from collector.model import Column, Edge, Family, Target, single

INTERRUPTS = Family("node_intr_total", "Total number of interrupts serviced.", "counter")
SWITCHES = Family("node_context_switches_total", "Total number of context switches.", "counter")
FORKS = Family("node_forks_total", "Total number of forks.", "counter")
BOOT = Family("node_boot_time_seconds", "Node boot time, in unixtime.")
RUNNING = Family("node_procs_running", "Number of processes in runnable state.")
BLOCKED = Family("node_procs_blocked", "Number of processes blocked waiting for I/O to complete.")

_LINES = {
    b"intr": INTERRUPTS,
    b"ctxt": SWITCHES,
    b"btime": BOOT,
    b"processes": FORKS,
    b"procs_running": RUNNING,
    b"procs_blocked": BLOCKED,
}


@dataclass(frozen=True, slots=True)
class Stat:
    """No options."""

    name: ClassVar[str] = "stat"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        host = edge.host
        if host.system != "linux":
            stats = host.psutil.cpu_stats()
            return [
                single(INTERRUPTS, stats.interrupts),
                single(SWITCHES, stats.ctx_switches),
                single(BOOT, host.psutil.boot_time()),
            ]
        content = need(host, "/proc/stat")
        columns = []
        with Parsing("/proc/stat"):
            # The processors' lines come first and are another collector's; a line's first number is its total.
            for line in content[max(content.find(b"\nintr"), 0) :].splitlines():
                words = line.split(None, 2)
                family = _LINES.get(words[0]) if words else None
                if family is not None:
                    columns.append(single(family, int(words[1])))
        if not columns:
            raise NoData("/proc/stat has none of the lines")
        return columns
