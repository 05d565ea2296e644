"""Context switches, interrupts, forks, boot time and the run queue (node_exporter's `stat`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, need
from collector.host.tables import Singles
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


@dataclass(slots=True)
class _Memory:
    names: Sequence[bytes] = ()
    families: Sequence[Family] = ()
    singles: Singles = field(default_factory=Singles)


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
        memory = edge.memory(_Memory)
        content = need(host, "/proc/stat")
        with Parsing("/proc/stat"):
            # The processors' lines come first and are another collector's; a line's first number is its total.
            lines = [line.split(None, 2) for line in content[max(content.find(b"\nintr"), 0) :].splitlines()]
            found = {words[0]: int(words[1]) for words in lines if words and words[0] in _LINES}
        if not found:
            raise NoData("/proc/stat has none of the lines")
        names = list(found)
        if names != memory.names:
            memory.names, memory.families = names, [_LINES[name] for name in names]
        return memory.singles.columns(memory.families, list(found.values()))
