"""Netfilter's connection tracking table (node_exporter's `conntrack`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, number
from collector.model import Column, Edge, Family, Target, single

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


@dataclass(frozen=True, slots=True)
class Conntrack:
    """No options. Absent where the kernel module is not loaded."""

    name: ClassVar[str] = "conntrack"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        entries = number(edge.host, "/proc/sys/net/netfilter/nf_conntrack_count")
        limit = number(edge.host, "/proc/sys/net/netfilter/nf_conntrack_max")
        if entries is None or limit is None:
            raise NoData("connection tracking is not loaded")
        columns = [single(ENTRIES, entries), single(LIMIT, limit)]
        content = edge.host.read(_STAT)
        if content:
            with Parsing(_STAT):
                columns.extend(_sums(content))
        return columns


def _sums(content: bytes) -> list[Column]:
    """One line for each processor, in hexadecimal, under a line of names: columns moved between kernels."""
    header, *lines = content.splitlines()
    names = header.split()
    cells = [line.split() for line in lines]
    return [single(STATS[name], sum(int(row[i], 16) for row in cells)) for i, name in enumerate(names) if name in STATS]
