"""Properties of network interfaces (node_exporter's `netclass`)."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from collector.errors import NoData
from collector.host.proc import integer, pattern
from collector.host.sweep import Sweep
from collector.host.tables import Table
from collector.model import Column, Edge, Family, Host, Kind, Seconds, Target, column

UP = Family("node_network_up", "Value is 1 if operstate is 'up', 0 otherwise.")
INFO = Family("node_network_info", "Non-numeric data from /sys/class/net/<iface>, value is always 1.")


def _property(name: str, kind: Kind = "gauge") -> Family:
    return Family(f"node_network_{name}", f"Network device property: {name}", kind)


SPEED = _property("speed_bytes")
MTU = _property("mtu_bytes")
PROPERTIES: tuple[tuple[str, Family], ...] = (
    ("addr_assign_type", _property("address_assign_type")),
    ("carrier", _property("carrier")),
    ("carrier_changes", _property("carrier_changes_total", "counter")),
    ("carrier_up_count", _property("carrier_up_changes_total", "counter")),
    ("carrier_down_count", _property("carrier_down_changes_total", "counter")),
    ("dev_id", _property("device_id")),
    ("dormant", _property("dormant")),
    ("flags", _property("flags")),
    ("ifindex", _property("iface_id")),
    ("iflink", _property("iface_link")),
    ("link_mode", _property("iface_link_mode")),
    ("mtu", MTU),
    ("name_assign_type", _property("name_assign_type")),
    ("netdev_group", _property("net_dev_group")),
    ("speed", SPEED),
    ("tx_queue_len", _property("transmit_queue_length")),
    ("type", _property("protocol_type")),
)
"""File below /sys/class/net/<iface>, and what it becomes. The kernel refuses some, such as a down carrier."""

_WORDS = ("address", "broadcast", "duplex", "operstate", "ifalias")
_IFF_UP = 1
_MEGABIT = 1_000_000 // 8
"""Bytes a second."""
_NET = "/sys/class/net"
TIMEOUT = Seconds(0.8)
"""Some properties wait for a driver that is busy with its card. See filesystem.MOUNT_TIMEOUT."""

REFRESH = Seconds(60.0)
"""How long what only a person changes (MTU, alias, queue length) may be out of date while the link is as it was."""

_DUPLEX = {0: "unknown", 1: "half", 2: "full"}
"""psutil's NicDuplex by value: unknown, half, full; Linux' words."""

Properties = Mapping[str, bytes]
"""Files of one interface by name."""
_STATE = ("ifindex", "flags", "operstate", "carrier_changes")
"""What changes when an interface goes up or down, or another one takes its name. None of them waits for a driver or
for who configures the network: the kernel shows them without rtnl_lock (net/core/net-sysfs.c)."""

State = tuple[bytes | None, ...]
"""The files of `_STATE`."""


@dataclass(slots=True)
class _Memory:
    sweep: Sweep[Properties] = field(default_factory=lambda: Sweep("netclass"))
    listed: Sequence[str] = ()
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The files of `_STATE`, of each that is not ignored."""
    names: Table = field(default_factory=lambda: Table("device"))
    info: Table = field(
        default_factory=lambda: Table("address", "adminstate", "broadcast", "device", "duplex", "ifalias", "operstate")
    )
    known: dict[str, tuple[State, Properties]] = field(default_factory=dict)
    read_at: float = float("-inf")
    columns: Sequence[Column] = ()
    each: dict[str, Table] = field(default_factory=lambda: {name: Table("device") for name, _ in PROPERTIES})


def _named(state: State) -> Properties:
    return {name: content for name, content in zip(_STATE, state, strict=True) if content is not None}


class _Read:
    """Reads what is not an interface's state, in a thread: some twenty files."""

    __slots__ = ("_host",)
    others = tuple(name for name in (*(name for name, _ in PROPERTIES), *_WORDS) if name not in _STATE)

    def __init__(self, host: Host) -> None:
        self._host = host

    def __call__(self, device: str) -> Properties:
        base, read = f"{_NET}/{device}/", self._host.read
        return {name: content for name in self.others if (content := read(base + name)) is not None}


@dataclass(frozen=True, slots=True)
class Netclass:
    """`ignored_devices` and `ignore_invalid_speed` as in node_exporter's `--collector.netclass.*`."""

    name: ClassVar[str] = "netclass"
    waits: ClassVar[bool] = True
    ignored_devices: str = "^$"
    ignore_invalid_speed: bool = False
    timeout: Seconds = TIMEOUT
    refresh: Seconds = REFRESH

    def __post_init__(self) -> None:
        pattern("ignored_devices", self.ignored_devices)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        host, memory = edge.host, edge.memory(_Memory)
        if host.system != "linux":
            return self._elsewhere(host, memory)
        if not 0 <= edge.now() - memory.read_at < self.refresh:
            memory.known = {}
            memory.read_at = edge.now()
        listed = host.list(_NET)
        if listed != memory.listed:
            memory.paths = {
                device: [f"{_NET}/{device}/{name}" for name in _STATE]
                for device in listed
                if not re.search(self.ignored_devices, device)
            }
            memory.listed = listed
        # bonding_masters lies among the interfaces and is none.
        read = host.read
        states = {
            device: state
            for device, paths in memory.paths.items()
            if (state := tuple([read(path) for path in paths]))[0] is not None
        }
        if not states:
            raise NoData("there is no network interface")
        known = memory.known
        new = [device for device, state in states.items() if device not in known or known[device][0] != state]
        if new or len(known) > len(states):
            timeout = min(float(self.timeout), max(0.05, (edge.deadline - edge.now()) / 2.5))
            found = await memory.sweep.run(host, new, _Read(host), timeout)
            memory.known = {
                device: (state, {**_named(state), **found[device]}) if device in found else known[device]
                for device, state in states.items()
                if device in found or device not in new
            }
            if not memory.known:
                raise NoData("no network interface answers")
            memory.columns = self._columns([(name, each) for name, (_, each) in memory.known.items()], memory)
        return memory.columns

    def _columns(self, found: Sequence[tuple[str, Properties]], memory: _Memory) -> list[Column]:
        up = array("d")
        info: list[tuple[str, ...]] = []
        names: list[list[tuple[str]]] = [[] for _ in PROPERTIES]
        values: list[array[float]] = [array("d") for _ in PROPERTIES]
        for device, properties in found:
            label = (device,)
            for i, (file, _) in enumerate(PROPERTIES):
                value = integer(properties.get(file, b""))
                if value is None:
                    continue
                if file == "speed":
                    if value < 0 and self.ignore_invalid_speed:
                        continue
                    value *= _MEGABIT
                names[i].append(label)
                values[i].append(value)
            address, broadcast, duplex, operstate, ifalias = (
                properties.get(word, b"").decode("utf-8", "replace").strip() for word in _WORDS
            )
            flags = integer(properties.get("flags", b""))
            adminstate = "unknown" if flags is None else "up" if flags & _IFF_UP else "down"
            info.append((address, adminstate, broadcast, device, duplex, ifalias, operstate))
            up.append(operstate == "up")
        columns = [
            Column(UP, memory.names.rows([(device,) for device, _ in found]), up),
            column(INFO, memory.info.rows(info), [1.0] * len(info)),
        ]
        every = columns[0].rows
        for i, (file, family) in enumerate(PROPERTIES):
            if names[i]:
                rows = every if len(names[i]) == len(every) else memory.each[file].rows(names[i])
                columns.append(Column(family, rows, values[i]))
        return columns

    def _elsewhere(self, host: Host, memory: _Memory) -> list[Column]:
        stats = host.psutil.net_if_stats()
        addresses = host.psutil.net_if_addrs()
        devices = [device for device in sorted(stats) if not re.search(self.ignored_devices, device)]
        if not devices:
            raise NoData("psutil knows no interfaces here")
        rows = memory.names.rows([(device,) for device in devices])
        info = [_info_elsewhere(device, stats[device], addresses.get(device, ()), host) for device in devices]
        columns = [
            column(UP, rows, [stats[device].isup for device in devices]),
            column(INFO, memory.info.rows(info), [1.0] * len(info)),
            column(MTU, rows, [stats[device].mtu for device in devices]),
        ]
        fast = [device for device in devices if stats[device].speed > 0]
        if fast:
            over = memory.each["speed"].rows([(device,) for device in fast])
            columns.append(column(SPEED, over, [stats[device].speed * _MEGABIT for device in fast]))
        return columns


def _info_elsewhere(device: str, stats: Any, addresses: Sequence[Any], host: Host) -> tuple[str, ...]:
    link = [found for found in addresses if found.family == host.psutil.AF_LINK]
    address, broadcast = ((link[0].address or "").lower(), link[0].broadcast or "") if link else ("", "")
    state = "up" if stats.isup else "down"
    return (address, state, broadcast, device, _DUPLEX.get(int(stats.duplex), ""), "", state)
