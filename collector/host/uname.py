"""What uname(2) tells (node_exporter's `uname`)."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.host.proc import word
from collector.host.tables import Table
from collector.model import Column, Edge, Family, Host, Target, column

INFO = Family("node_uname_info", "Labeled system information as provided by the uname system call.")

_NONE = "(none)"
"""The kernel's word for a domain name that nobody set."""


@dataclass(slots=True)
class _Memory:
    kernel: tuple[str, str, str, str] | None = None
    """Machine, release, system name and version: the same until the next start."""
    values: tuple[str, ...] = ()
    columns: Sequence[Column] = ()
    table: Table = field(
        default_factory=lambda: Table("domainname", "machine", "nodename", "release", "sysname", "version")
    )


@dataclass(frozen=True, slots=True)
class Uname:
    """No options."""

    name: ClassVar[str] = "uname"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        memory = edge.memory(_Memory)
        values = _linux(edge.host, memory) if edge.host.system == "linux" else _elsewhere()
        if values != memory.values:
            memory.columns = [column(INFO, memory.table.rows([values]), (1.0,))]
            memory.values = values
        return memory.columns


def _linux(host: Host, memory: _Memory) -> tuple[str, ...]:
    base = "/proc/sys/kernel"
    if memory.kernel is None:
        memory.kernel = (
            word(host, f"{base}/arch") or platform.machine(),  # the file came with Linux 6.1
            word(host, f"{base}/osrelease"),
            word(host, f"{base}/ostype"),
            word(host, f"{base}/version"),
        )
    machine, release, system, version = memory.kernel
    domain = word(host, f"{base}/domainname") or _NONE
    return (domain, machine, word(host, f"{base}/hostname"), release, system, version)


def _elsewhere() -> tuple[str, ...]:
    """BSDs and macOS put the domain into the node's name; node_exporter takes it apart there too."""
    system = platform.uname()
    node, _, domain = system.node.partition(".")
    return (domain or _NONE, system.machine, node, system.release, system.system, system.version)
