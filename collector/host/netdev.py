"""Traffic and errors of network interfaces (node_exporter's `netdev`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, need, number, pattern, wanted
from collector.host.tables import Grid, Table
from collector.model import Column, Edge, Family, Host, Target, column

ELSEWHERE = (
    ("receive_bytes", "bytes_recv"),
    ("receive_packets", "packets_recv"),
    ("receive_errs", "errin"),
    ("receive_drop", "dropin"),
    ("transmit_bytes", "bytes_sent"),
    ("transmit_packets", "packets_sent"),
    ("transmit_errs", "errout"),
    ("transmit_drop", "dropout"),
)
"""Statistic, and attribute of psutil's net_io_counters()."""


def family(statistic: str) -> Family:
    return Family(f"node_network_{statistic}_total", f"Network device statistic {statistic}.", "counter")


NOHANDLER = family("receive_nohandler")


@dataclass(slots=True)
class _Memory:
    devices: Table = field(default_factory=lambda: Table("device"))
    nohandler: Table = field(default_factory=lambda: Table("device"))
    header: bytes = b""
    families: tuple[Family, ...] = ()
    found: Sequence[bytes] = ()
    """Interfaces as they stand in the file."""
    wanted: Sequence[int] = ()
    """Which of them are."""
    labels: Sequence[tuple[str]] = ()
    paths: Sequence[str] = ()
    grid: Grid = field(default_factory=Grid)


def _families(header: bytes) -> tuple[Family, ...]:
    """The second line of /proc/net/dev names the columns: ` face |bytes packets ...|bytes packets ...`."""
    _, receive, transmit = header.decode("ascii", "replace").split("|")
    return tuple(
        family(f"{direction}_{name}")
        for direction, names in (("receive", receive), ("transmit", transmit))
        for name in names.split()
    )


@dataclass(frozen=True, slots=True)
class Netdev:
    """The options are regular expressions as in `--collector.netdev.device-*`; an include replaces the exclude."""

    name: ClassVar[str] = "netdev"
    device_exclude: str = ""
    device_include: str = ""

    def __post_init__(self) -> None:
        pattern("device_exclude", self.device_exclude)
        pattern("device_include", self.device_include)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        memory = edge.memory(_Memory)
        if edge.host.system != "linux":
            return self._elsewhere(edge.host, memory)
        with Parsing("/proc/net/dev"):
            _, header, *lines = need(edge.host, "/proc/net/dev").splitlines()
            if header != memory.header:
                memory.families = _families(header)
                memory.header = header
            # From the right: an alias may have a colon in its name.
            parts = [line.rpartition(b":") for line in lines]
            found = [part[0] for part in parts]
            if found != memory.found:
                self._choose(found, memory)
            if not memory.labels:
                raise NoData("no interface is left")
            rows = memory.devices.rows(memory.labels)
            cells = [list(map(int, parts[at][2].split())) for at in memory.wanted]
            columns = memory.grid.columns(memory.families, rows, list(zip(*cells, strict=True)))
        return [*columns, *_nohandler(edge.host, memory)]

    def _choose(self, found: Sequence[bytes], memory: _Memory) -> None:
        names = [device.decode("utf-8", "surrogateescape").strip() for device in found]
        memory.wanted = [at for at, name in enumerate(names) if self._wanted(name)]
        memory.labels = [(names[at],) for at in memory.wanted]
        memory.paths = [f"/sys/class/net/{name}/statistics/rx_nohandler" for (name,) in memory.labels]
        memory.found = found

    def _wanted(self, device: str) -> bool:
        return wanted(self.device_include, self.device_exclude, device)

    def _elsewhere(self, host: Host, memory: _Memory) -> list[Column]:
        # psutil's `nowrap` would hide a counter's reset behind a growing cache of its own (CONTRACTS T6).
        counters = host.psutil.net_io_counters(pernic=True, nowrap=False) or {}
        devices = {device: counters[device] for device in sorted(counters) if self._wanted(device)}
        if not devices:
            raise NoData("psutil knows no interfaces here")
        rows = memory.devices.rows([(device,) for device in devices])
        return [
            column(family(statistic), rows, [getattr(found, attribute) for found in devices.values()])
            for statistic, attribute in ELSEWHERE
        ]


def _nohandler(host: Host, memory: _Memory) -> list[Column]:
    """Not in /proc/net/dev; node_exporter has it from netlink."""
    values = [number(host, path) for path in memory.paths]
    if None not in values:
        return [column(NOHANDLER, memory.devices.rows(memory.labels), values)]  # type: ignore[arg-type]
    told = [(label, value) for label, value in zip(memory.labels, values, strict=True) if value is not None]
    if not told:
        return []
    return [column(NOHANDLER, memory.nohandler.rows([label for label, _ in told]), [value for _, value in told])]
