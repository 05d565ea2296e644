"""How much of each resource is used: one series a file system, switch, uplink, pool or UPS, whoever measures it.

`instance` and `item` say which: a mount point, a port's name, a scope; no `item` where there is only one.
"""

from __future__ import annotations

from collections.abc import Iterator

from collector.capacity import Limits
from dashboards import names as n
from dashboards.promql import labelled, quoted, union
from dashboards.rule import Record
from dashboards.timing import Timing

NOT_STORAGE = "tmpfs|ramfs|devtmpfs|overlay|squashfs|iso9660|udf"
"""File systems in memory, or full by design."""

NOT_A_DISK = "/(dev|run|proc|sys)(/.*)?|.*/overlay2?/.*"
"""What net-snmp calls a fixed disk as well."""

SWITCH_PORTS = 8
"""Physical ports from which on something is a switch: a server with a few isn't asked how many of its ports it uses."""

EDGES = "router|firewall"
"""Kinds of which every port counts: a carrier's line has no neighbour that would say so."""


def full_rules(limits: Limits) -> Iterator[Record]:
    for resource, full in limits.full.items():
        yield Record(n.FULL, f"vector({full:g})", {"resource": resource})


def used_rules(timing: Timing) -> Iterator[Record]:
    yield Record(n.UPLINK, f"max by (instance, ifIndex) ({n.SCRAPED_UPLINK})")
    for resource, parts in {
        "filesystem": (_hosts(), _agents(), _netapp()),
        "storage_pool": (_isilon(), _oceanstor()),
        "memory": (_named("1 - node_memory_MemAvailable_bytes / (node_memory_MemTotal_bytes > 0)"),),
        "conntrack": (_named("node_nf_conntrack_entries / (node_nf_conntrack_entries_limit > 0)"),),
        "ports": (_ports(),),
        "bandwidth": (_bandwidth(timing),),
        "address_pool": (_named("noAddInUse / (noAddInUse + noAddFree > 0)", "subnetAdd"),),
        "ups_load": (_named("wardwatch_ups_load_ratio", "line"),),
    }.items():
        yield Record(n.USED, union(parts), {"resource": resource})


def _named(expr: str, label: str = "") -> str:
    """By instance, and by this label of the source as `item`."""
    if not label:
        return f"max by (instance) ({expr})"
    return f'max by (instance, item) (label_replace(\n  {expr},\n  "item", "$1", "{label}", "(.*)"\n))'


def _hosts() -> str:
    """What may be written to by others than root, and isn't: as `df` has it."""
    of = f'{{fstype!~"{NOT_STORAGE}"}}'
    used = f"1 - node_filesystem_avail_bytes{of} / (node_filesystem_size_bytes > 0)"
    return _named(f"{used} unless node_filesystem_readonly == 1", "mountpoint")


def _agents() -> str:
    """HOST-RESOURCES-MIB's fixed and network disks. Sizes are 32 bits: an agent that wraps them says nonsense."""
    of = f'{{hrStorageType=~"1[.]3[.]6[.]1[.]2[.]1[.]25[.]2[.]1[.](4|10)", hrStorageDescr!~{quoted(NOT_A_DISK)}}}'
    return _named(f"(hrStorageUsed{of} >= 0) / (hrStorageSize > 0) <= 1", "hrStorageDescr")


def _netapp() -> str:
    """Without what snapshots may take: it is full by design."""
    return _named('df64UsedKBytes{dfFileSys!~".*[.]snapshot"} / (df64TotalKBytes > 0)', "dfFileSys")


def _isilon() -> str:
    return _named("1 - ifsAvailableBytes / (ifsTotalBytes > 0)")


def _oceanstor() -> str:
    used = "1 - hwInfoStoragePoolFreeCapacity / (hwInfoStoragePoolTotalCapacity > 0)"
    return _named(used, "hwInfoStoragePoolName")


def _ports() -> str:
    virtual = "unless on (instance, ifIndex) wardwatch:port_virtual"
    up = f"count by (instance) (ifOperStatus == 1 {virtual})"
    ports = f"count by (instance) (ifOperStatus {virtual})"
    # What has no port up at all uses none.
    return f"({up} or {ports} * 0)\n/ ({ports} >= {SWITCH_PORTS})"


def _bandwidth(timing: Timing) -> str:
    """Ports that lead to other switches, and those of routers and firewalls: some thousands of 50,000.

    An access port is its user's, not a plan's, and PortSaturated looks after all of them. Who claims more than 1.2 has
    told a wrong speed. The rates of all ports are computed to keep some, each direction once in four minutes; the rules
    of causes do that six times a minute.
    """
    edge = f'{{device_kind=~"{EDGES}"}}'
    within = timing.lasts("5m")
    rates = (
        f"rate({octets}{edge}[{within}]) unless on (instance, ifIndex) wardwatch:port_virtual"
        f"\n  or rate({octets}[{within}]) and on (instance, ifIndex) {n.UPLINK}"
        for octets in ("ifHCInOctets", "ifHCOutOctets")
    )
    both = union(labelled(rate, "direction", str(nth)) for nth, rate in enumerate(rates))
    return _named(f"max without (direction) (\n  {both}\n  ) * 8 / (ifHighSpeed * 1e6 > 0) <= 1.2", "ifName")
