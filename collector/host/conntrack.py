"""Netfilter's connection tracking table (node_exporter's `conntrack`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, number
from collector.host.tables import Singles
from collector.model import Column, Edge, Family, Target

ENTRIES = Family("node_nf_conntrack_entries", "Number of currently allocated flow entries for connection tracking.")
LIMIT = Family("node_nf_conntrack_entries_limit", "Maximum size of connection tracking table.")


def _stat(name: str, text: str) -> Family:
    # Gauges although they only grow: node_exporter types them so, and a changed type breaks what is stored.
    return Family(f"node_nf_conntrack_stat_{name}", text)


STATS = {
    b"found": _stat("found", "Number of searched entries which were successful."),
    b"invalid": _stat("invalid", "Number of packets seen which can not be tracked."),
    b"ignore": _stat("ignore", "Number of packets seen which are already connected to a conntrack entry."),
    b"insert": _stat("insert", "Number of entries inserted into the list."),
    b"insert_failed": _stat("insert_failed", "Number of entries for which list insertion was attempted but failed."),
    b"drop": _stat("drop", "Number of packets dropped due to conntrack failure."),
    b"early_drop": _stat(
        "early_drop",
        "Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.",
    ),
    b"search_restart": _stat(
        "search_restart",
        "Number of conntrack table lookups which had to be restarted due to hashtable resizes.",
    ),
}
_STAT = "/proc/net/stat/nf_conntrack"


@dataclass(slots=True)
class _Memory:
    header: bytes = b""
    wanted: Sequence[int] = ()
    """Which columns of the file are."""
    families: Sequence[Family] = (ENTRIES, LIMIT)
    singles: Singles = field(default_factory=Singles)


@dataclass(frozen=True, slots=True)
class Conntrack:
    """No options. Absent where the kernel module is not loaded."""

    name: ClassVar[str] = "conntrack"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        entries = number(edge.host, "/proc/sys/net/netfilter/nf_conntrack_count")
        limit = number(edge.host, "/proc/sys/net/netfilter/nf_conntrack_max")
        if entries is None or limit is None:
            raise NoData("connection tracking is not loaded")
        memory = edge.memory(_Memory)
        content = edge.host.read(_STAT) or b""
        with Parsing(_STAT):
            return memory.singles.columns(*_sums(content, memory, [entries, limit]))


def _sums(content: bytes, memory: _Memory, values: list[int]) -> tuple[Sequence[Family], Sequence[int]]:
    """One line for each processor, in hexadecimal, under a line of names: columns moved between kernels."""
    header, *lines = content.splitlines() or [b""]
    if header != memory.header:
        names = header.split()
        memory.wanted = [at for at, name in enumerate(names) if name in STATS]
        memory.families = (ENTRIES, LIMIT, *[STATS[names[at]] for at in memory.wanted])
        memory.header = header
    cells = [line.split() for line in lines]
    values += [sum([int(row[at], 16) for row in cells]) for at in memory.wanted]
    return memory.families, values
