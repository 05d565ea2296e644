"""Memory, every field that the kernel tells (node_exporter's `meminfo`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import need
from collector.host.tables import Families
from collector.model import Column, Edge, Family, Host, Target, single

_LINE = re.compile(rb"^([^:\n]+):\s*(\d+)( kB)?", re.MULTILINE)

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


@dataclass(slots=True)
class _Memory:
    families: Families = field(default_factory=lambda: Families(_make))


@dataclass(frozen=True, slots=True)
class Meminfo:
    """No options."""

    name: ClassVar[str] = "meminfo"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        if edge.host.system != "linux":
            return _elsewhere(edge.host)
        families = edge.memory(_Memory).families
        columns = []
        for key, digits, unit in _LINE.findall(need(edge.host, "/proc/meminfo")):
            known = families.get(key + unit)
            if known is not None:
                columns.append(single(known, int(digits) * 1024 if unit else int(digits)))
        if not columns:
            raise NoData("/proc/meminfo is empty")
        return columns


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
