"""Bonded network interfaces (node_exporter's `bonding`); node-mixin alerts when one has lost a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import word
from collector.host.tables import Table
from collector.model import Column, Edge, Family, Host, Target, column

SLAVES = Family("node_bonding_slaves", "Number of configured slaves per bonding interface.")
ACTIVE = Family("node_bonding_active", "Number of active slaves per bonding interface.")

_NET = "/sys/class/net"


@dataclass(slots=True)
class _Memory:
    masters: Table = field(default_factory=lambda: Table("master"))


@dataclass(frozen=True, slots=True)
class Bonding:
    """No options. Absent where the kernel module is not loaded or nothing is bonded."""

    name: ClassVar[str] = "bonding"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        host = edge.host
        masters = word(host, f"{_NET}/bonding_masters").split()
        if not masters:
            raise NoData("nothing is bonded")
        states = [_states(host, master) for master in masters]
        rows = edge.memory(_Memory).masters.rows([(master,) for master in masters])
        return [
            column(SLAVES, rows, [len(found) for found in states]),
            column(ACTIVE, rows, [found.count("up") for found in states]),
        ]


def _states(host: Host, master: str) -> list[str]:
    """Of each slave; kernels before 3.13 spell the link to it `slave_`."""
    return [
        word(host, f"{_NET}/{master}/lower_{slave}/bonding_slave/mii_status")
        or word(host, f"{_NET}/{master}/slave_{slave}/bonding_slave/mii_status")
        for slave in word(host, f"{_NET}/{master}/bonding/slaves").split()
    ]
