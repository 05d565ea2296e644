"""Memory, every field that the kernel tells (node_exporter's `meminfo`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, need
from collector.host.tables import Wanted, Words
from collector.model import Column, Edge, Family, Host, Target, single

_LINE = re.compile(rb"([^:\n]+):\s*(\d+)( kB)?")
_DIGITS = b"0123456789 "
"""What changes in the file. Two kernels' names may differ by a digit; those of one do not change."""

_ELSEWHERE = (
    ("MemTotal", "total"),
    ("MemFree", "free"),
    ("MemAvailable", "available"),
    ("Active", "active"),
    ("Inactive", "inactive"),
    ("Buffers", "buffers"),
    ("Cached", "cached"),
    ("Shmem", "shared"),
    ("Slab", "slab"),
)
"""Where /proc/meminfo is missing: its field, and the attribute of psutil's virtual_memory() that means the same.
On Linux psutil's `cached` adds SReclaimable, so /proc/meminfo itself is read there (CONTRACTS T6)."""


def family(name: str) -> Family:
    """`name` as the metric spells it, with `_bytes` where the value is in bytes."""
    return Family(f"node_memory_{name}", f"Memory information field {name}.")


def _make(key: bytes) -> Family:
    """`Active(anon)` becomes `Active_anon`; the unit is part of the key here, as ` kB`."""
    text = key.decode("ascii", "replace")
    unit = "_bytes" if text.endswith(" kB") else ""
    return family(re.sub(r"[^a-zA-Z0-9_:]", "", text.removesuffix(" kB").replace("(", "_")) + unit)


class _Memory(Words):
    def __init__(self) -> None:
        super().__init__(_DIGITS)


@dataclass(frozen=True, slots=True)
class Meminfo:
    """No options."""

    name: ClassVar[str] = "meminfo"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        if edge.host.system != "linux":
            return _elsewhere(edge.host)
        with Parsing("/proc/meminfo"):
            columns = edge.memory(_Memory).columns(need(edge.host, "/proc/meminfo"), _wanted)
        if not columns:
            raise NoData("/proc/meminfo is empty")
        return columns


def _wanted(content: bytes) -> Wanted:
    places, families = list[tuple[int, int]](), list[Family]()
    at = 0
    for line in content.splitlines():
        found = _LINE.match(line)
        if found is not None:
            unit = found[3] or b""
            places.append((at + len(line[: found.start(2)].split()), 1024 if unit else 1))
            families.append(_make(found[1] + unit))
        at += len(line.split())
    return places, families


def _elsewhere(host: Host) -> list[Column]:
    memory = host.psutil.virtual_memory()
    swap = host.psutil.swap_memory()
    columns = [
        single(family(f"{name}_bytes"), getattr(memory, attribute))
        for name, attribute in _ELSEWHERE
        if hasattr(memory, attribute)
    ]
    columns.append(single(family("SwapTotal_bytes"), swap.total))
    columns.append(single(family("SwapFree_bytes"), swap.free))
    return columns
