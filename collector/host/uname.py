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
    table: Table = field(
        default_factory=lambda: Table("domainname", "machine", "nodename", "release", "sysname", "version")
    )


@dataclass(frozen=True, slots=True)
class Uname:
    """No options."""

    name: ClassVar[str] = "uname"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        values = _linux(edge.host) if edge.host.system == "linux" else _elsewhere()
        return [column(INFO, edge.memory(_Memory).table.rows([values]), (1.0,))]


def _linux(host: Host) -> tuple[str, ...]:
    kernel = "/proc/sys/kernel"
    return (
        word(host, f"{kernel}/domainname") or _NONE,
        word(host, f"{kernel}/arch") or platform.machine(),  # the file came with Linux 6.1
        word(host, f"{kernel}/hostname"),
        word(host, f"{kernel}/osrelease"),
        word(host, f"{kernel}/ostype"),
        word(host, f"{kernel}/version"),
    )


def _elsewhere() -> tuple[str, ...]:
    """BSDs and macOS put the domain into the node's name; node_exporter takes it apart there too."""
    system = platform.uname()
    node, _, domain = system.node.partition(".")
    return (domain or _NONE, system.machine, node, system.release, system.system, system.version)
