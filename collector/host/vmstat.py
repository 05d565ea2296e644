"""Paging and out-of-memory kills (node_exporter's `vmstat`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, need, pattern
from collector.model import Column, Edge, Family, Target, single

FIELDS = "^(oom_kill|pgpg|pswp|pg.*fault).*"


def family(name: str) -> Family:
    return Family(f"node_vmstat_{name}", f"/proc/vmstat information field {name}.", "untyped")


@dataclass(slots=True)
class _Memory:
    families: dict[bytes, Family | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vmstat:
    """`fields` chooses by regular expression, as `--collector.vmstat.fields` does."""

    name: ClassVar[str] = "vmstat"
    fields: str = FIELDS

    def __post_init__(self) -> None:
        pattern("fields", self.fields)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        families = edge.memory(_Memory).families
        columns = []
        with Parsing("/proc/vmstat"):
            words = need(edge.host, "/proc/vmstat").split()
            # Names and numbers alternate; of some 200 only a handful is wanted.
            for name, value in zip(words[::2], words[1::2], strict=True):
                if name not in families:
                    text = name.decode("ascii", "replace")
                    families[name] = family(text) if re.search(self.fields, text) else None
                known = families[name]
                if known is not None:
                    columns.append(single(known, int(value)))
        if not columns:
            raise NoData("/proc/vmstat has none of the fields")
        return columns
