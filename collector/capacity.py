"""What may fill up, and when it counts as full. Standard library only; `dashboards/capacity.py` makes rules of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Shape = Literal["level", "peak"]
"""A level only says how much is stored. A peak comes and goes within a day: its 95th percentile counts, in agreed
hours."""


@dataclass(frozen=True, slots=True)
class Resource:
    """`full` is the used share (0 to 1) from which it counts as full unless a site says otherwise."""

    shape: Shape
    full: float
    what: str
    source: str


RESOURCES: Final[Mapping[str, Resource]] = {
    "filesystem": Resource(
        "level", 0.95, "a file system of a host, by node_exporter's names or HOST-RESOURCES-MIB; a volume of a NetApp",
        "node-mixin warns where less than 5% is left (fsSpaceAvailableWarningThreshold)",
    ),
    "storage_pool": Resource(
        "level", 0.9, "a pool of an OceanStor, the space of an Isilon cluster",
        "ours: snapshots and rebuilding need room",
    ),
    "memory": Resource("peak", 0.9, "a host's memory that is not available", "node-mixin (memoryHighUtilization)"),
    "conntrack": Resource(
        "peak", 0.75, "connections that a host's firewall tracks, of those it can",
        "node-mixin (NodeHighNumberConntrackEntriesUsed)",
    ),
    "ports": Resource(
        "peak", 1.0, "physical ports of a switch that have a link, of all of them", "there is no port after the last"
    ),
    "bandwidth": Resource(
        "peak", 0.8, "an uplink, or a port of a router or firewall: the busier of both directions",
        "as PortSaturated: beyond 80% of five minutes' mean there are seconds in which packets wait",
    ),
    "address_pool": Resource(
        "peak", 0.9, "a DHCP scope: addresses that are leased, of those that can be",
        "ours: leases of those who have left still run when others come",
    ),
    "ups_load": Resource("peak", 0.8, "a UPS, by line", "as UpsLoadHigh: room for what starts again all at once"),
}  # fmt: skip
"""By the label `resource`. Each says where its limit comes from."""

DAYS: Final = 90
"""KPIS 2.2: days to the threshold are to be 90 at least."""

EARLIEST: Final = 30
"""Ours: a month, for an order, its delivery and a change window."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`full`: used shares by resource. A forecast warns where something is full in less than `days`, and may be in
    less than `earliest`."""

    full: Mapping[str, float] = field(default_factory=lambda: {name: each.full for name, each in RESOURCES.items()})
    days: int = DAYS
    earliest: int = EARLIEST


def of_shape(shape: Shape) -> tuple[str, ...]:
    """The resources of this shape."""
    return tuple(name for name, each in RESOURCES.items() if each.shape == shape)
