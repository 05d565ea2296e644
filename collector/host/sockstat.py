"""Sockets in use by protocol (node_exporter's `sockstat`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from mmap import PAGESIZE
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing
from collector.host.tables import Wanted, Words
from collector.model import Column, Edge, Family, Target

USED = Family("node_sockstat_sockets_used", "Number of IPv4 sockets in use.")

_STATES = frozenset({"inuse", "orphan", "tw", "alloc", "mem", "memory", "mem_bytes"})


_DIGITS = b"0123456789"
"""What changes in a file while the kernel knows the same protocols; their own names end in `6` in a file of its own."""


@dataclass(slots=True)
class _Memory:
    files: tuple[tuple[str, Words], ...] = field(
        default_factory=lambda: tuple((f"/proc/net/{name}", Words(_DIGITS)) for name in ("sockstat", "sockstat6"))
    )


@dataclass(frozen=True, slots=True)
class Sockstat:
    """No options."""

    name: ClassVar[str] = "sockstat"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        columns: list[Column] = []
        for path, known in edge.memory(_Memory).files:
            content = edge.host.read(path)
            if content is not None:
                with Parsing(path):
                    columns.extend(known.columns(content, _wanted))
        if not columns:
            raise NoData("there are no socket statistics")
        return columns


def _wanted(content: bytes) -> Wanted:
    """Lines of `TCP: inuse 4 orphan 0 ...`; `mem` is in pages and comes out in bytes as well."""
    places, families = list[tuple[int, int]](), list[Family]()
    at = 0
    for line in content.splitlines():
        protocol, *words = line.decode("ascii", "replace").split()
        protocol = protocol.rstrip(":")
        for number, (state, _) in enumerate(zip(words[::2], words[1::2], strict=True)):
            place = at + 2 * number + 2
            if protocol == "sockets":
                places.append((place, 1))
                families.append(USED)
                continue
            for word, scale in ((state, 1), ("mem_bytes", PAGESIZE)) if state == "mem" else ((state, 1),):
                if word in _STATES:
                    places.append((place, scale))
                    families.append(
                        Family(f"node_sockstat_{protocol}_{word}", f"Number of {protocol} sockets in state {word}.")
                    )
        at += len(words) + 1
    return places, families
