"""Paging and out-of-memory kills (node_exporter's `vmstat`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, need, pattern
from collector.host.tables import Singles
from collector.model import Column, Edge, Family, Target

FIELDS = "^(oom_kill|pgpg|pswp|pg.*fault).*"


def family(name: str) -> Family:
    return Family(f"node_vmstat_{name}", f"/proc/vmstat information field {name}.", "untyped")


@dataclass(slots=True)
class _Memory:
    names: Sequence[bytes] = ()
    wanted: Sequence[int] = ()
    """Which of the file's names are."""
    families: Sequence[Family] = ()
    singles: Singles = field(default_factory=Singles)


@dataclass(frozen=True, slots=True)
class Vmstat:
    """`fields` chooses by regular expression, as `--collector.vmstat.fields` does."""

    name: ClassVar[str] = "vmstat"
    fields: str = FIELDS

    def __post_init__(self) -> None:
        pattern("fields", self.fields)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        memory = edge.memory(_Memory)
        with Parsing("/proc/vmstat"):
            words = need(edge.host, "/proc/vmstat").split()
            # Names and numbers alternate; of some 200 only a handful is wanted.
            names, numbers = words[::2], words[1::2]
            if names != memory.names:
                texts = [name.decode("ascii", "replace") for name in names]
                memory.wanted = [at for at, text in enumerate(texts) if re.search(self.fields, text)]
                memory.families = [family(texts[at]) for at in memory.wanted]
                memory.names = names
            if not memory.families:
                raise NoData("/proc/vmstat has none of the fields")
            return memory.singles.columns(memory.families, [int(numbers[at]) for at in memory.wanted])
