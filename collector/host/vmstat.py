"""Paging and out-of-memory kills (node_exporter's `vmstat`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, need, pattern
from collector.host.tables import Names
from collector.model import Column, Edge, Family, Target

FIELDS = "^(oom_kill|pgpg|pswp|pg.*fault).*"


def family(name: str) -> Family:
    return Family(f"node_vmstat_{name}", f"/proc/vmstat information field {name}.", "untyped")


@dataclass(frozen=True, slots=True)
class Vmstat:
    """`fields` chooses by regular expression, as `--collector.vmstat.fields` does."""

    name: ClassVar[str] = "vmstat"
    fields: str = FIELDS

    def __post_init__(self) -> None:
        pattern("fields", self.fields)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        with Parsing("/proc/vmstat"):  # of some 200 names only a handful is wanted
            columns = edge.memory(Names).columns(need(edge.host, "/proc/vmstat"), self._family)
        if not columns:
            raise NoData("/proc/vmstat has none of the fields")
        return columns

    def _family(self, name: str) -> Family | None:
        return family(name) if re.search(self.fields, name) else None
