"""Sockets in use by protocol (node_exporter's `sockstat`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from mmap import PAGESIZE
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing
from collector.host.tables import Families
from collector.model import Column, Edge, Family, Target, single

USED = Family("node_sockstat_sockets_used", "Number of IPv4 sockets in use.")

_STATES = frozenset({b"inuse", b"orphan", b"tw", b"alloc", b"mem", b"memory", b"mem_bytes"})


def _make(key: bytes) -> Family | None:
    """`TCP_inuse`, from protocol and state."""
    protocol, _, state = key.partition(b" ")
    if state not in _STATES:
        return None
    text = protocol.decode("ascii", "replace")
    word = state.decode()
    return Family(f"node_sockstat_{text}_{word}", f"Number of {text} sockets in state {word}.")


@dataclass(slots=True)
class _Memory:
    families: Families = field(default_factory=lambda: Families(_make))


@dataclass(frozen=True, slots=True)
class Sockstat:
    """No options."""

    name: ClassVar[str] = "sockstat"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        memory = edge.memory(_Memory)
        columns: list[Column] = []
        for path in ("/proc/net/sockstat", "/proc/net/sockstat6"):
            content = edge.host.read(path)
            if content is not None:
                with Parsing(path):
                    columns.extend(_read(content, memory))
        if not columns:
            raise NoData("there are no socket statistics")
        return columns


def _read(content: bytes, memory: _Memory) -> list[Column]:
    """Lines of `TCP: inuse 4 orphan 0 ...`; `mem` is in pages and comes out in bytes as well."""
    columns = []
    for line in content.splitlines():
        protocol, *words = line.split()
        protocol = protocol.rstrip(b":")
        for state, digits in zip(words[::2], words[1::2], strict=True):
            if protocol == b"sockets":
                columns.append(single(USED, int(digits)))
                continue
            for word, scale in ((state, 1), (b"mem_bytes", PAGESIZE)) if state == b"mem" else ((state, 1),):
                family = memory.families.get(protocol + b" " + word)
                if family is not None:
                    columns.append(single(family, int(digits) * scale))
    return columns
