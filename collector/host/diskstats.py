"""What disks did, and which disks they are (node_exporter's `diskstats`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, need, pattern, wanted
from collector.host.tables import Grid, Table
from collector.model import Column, Edge, Family, Host, Target, column


def _counter(name: str, text: str) -> Family:
    return Family(f"node_disk_{name}_total", text, "counter")


_SECTOR = 512.0
"""/proc/diskstats counts in sectors of 512 bytes whatever the disk's own are (kernel, iostats.rst)."""
_TICK = 1.0 / 1000.0
"""... and in milliseconds."""

READS = _counter("reads_completed", "The total number of reads completed successfully.")
READS_MERGED = _counter("reads_merged", "The total number of reads merged.")
READ_BYTES = _counter("read_bytes", "The total number of bytes read successfully.")
READ_TIME = _counter("read_time_seconds", "The total number of seconds spent by all reads.")
WRITES = _counter("writes_completed", "The total number of writes completed successfully.")
WRITES_MERGED = _counter("writes_merged", "The number of writes merged.")
WRITTEN_BYTES = _counter("written_bytes", "The total number of bytes written successfully.")
WRITE_TIME = _counter("write_time_seconds", "This is the total number of seconds spent by all writes.")
IO_NOW = Family("node_disk_io_now", "The number of I/Os currently in progress.")
IO_TIME = _counter("io_time_seconds", "Total seconds spent doing I/Os.")
IO_WEIGHTED = _counter("io_time_weighted_seconds", "The weighted # of seconds spent doing I/Os.")

STATS = (
    (READS, 1.0),
    (READS_MERGED, 1.0),
    (READ_BYTES, _SECTOR),
    (READ_TIME, _TICK),
    (WRITES, 1.0),
    (WRITES_MERGED, 1.0),
    (WRITTEN_BYTES, _SECTOR),
    (WRITE_TIME, _TICK),
    (IO_NOW, 1.0),
    (IO_TIME, _TICK),
    (IO_WEIGHTED, _TICK),
    (_counter("discards_completed", "The total number of discards completed successfully."), 1.0),
    (_counter("discards_merged", "The total number of discards merged."), 1.0),
    (_counter("discarded_sectors", "The total number of sectors discarded successfully."), 1.0),
    (_counter("discard_time_seconds", "This is the total number of seconds spent by all discards."), _TICK),
    (_counter("flush_requests", "The total number of flush requests completed successfully"), 1.0),
    (
        _counter("flush_requests_time_seconds", "This is the total number of seconds spent by all flush requests."),
        _TICK,
    ),
)
"""In the order of /proc/diskstats; kernels before 4.18 end after the eleventh, before 5.5 after the fifteenth."""

_FACTORS = tuple(factor for _, factor in STATS)

ELSEWHERE = (
    (READS, "read_count", 1.0),
    (READS_MERGED, "read_merged_count", 1.0),
    (READ_BYTES, "read_bytes", 1.0),
    (READ_TIME, "read_time", _TICK),
    (WRITES, "write_count", 1.0),
    (WRITES_MERGED, "write_merged_count", 1.0),
    (WRITTEN_BYTES, "write_bytes", 1.0),
    (WRITE_TIME, "write_time", _TICK),
    (IO_TIME, "busy_time", _TICK),
)
"""Family, attribute of psutil's disk_io_counters(), factor: what other systems know of the same."""

INFO = Family("node_disk_info", "Info of /sys/block/<block_device>.")
FILESYSTEM = Family("node_disk_filesystem_info", "Info about disk filesystem.")
MAPPER = Family("node_disk_device_mapper_info", "Info about disk device mapper.")
ATA = (
    ("ID_ATA_WRITE_CACHE", Family("node_disk_ata_write_cache", "ATA disk has a write cache.")),
    (
        "ID_ATA_WRITE_CACHE_ENABLED",
        Family("node_disk_ata_write_cache_enabled", "ATA disk has its write cache enabled."),
    ),
    (
        "ID_ATA_ROTATION_RATE_RPM",
        Family("node_disk_ata_rotation_rate_rpm", "ATA disk rotation rate in RPMs (0 for SSDs)."),
    ),
)

DEVICE_EXCLUDE = r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$"
_PROPERTY = re.compile(rb"^E:([^=\n]+)=(.*)$", re.MULTILINE)

Udev = Mapping[str, str]


@dataclass(slots=True)
class _Memory:
    found: Sequence[bytes] = ()
    """Disks as they stand in the file."""
    wanted: Sequence[int] = ()
    """Which of them are."""
    labels: Sequence[tuple[str]] = ()
    numbers: Sequence[tuple[str, str]] = ()
    """Major and minor of each."""
    paths: Sequence[str] = ()
    """Where udev keeps what it knows of each."""
    devices: Table = field(default_factory=lambda: Table("device"))
    families: Sequence[Family] = ()
    grid: Grid = field(default_factory=Grid)
    told: Sequence[bytes | None] = ()
    """What udev last said of each."""
    udev: Sequence[Column] = ()
    info: Table = field(
        default_factory=lambda: Table("device", "major", "minor", "model", "path", "revision", "serial", "wwn")
    )
    filesystem: Table = field(default_factory=lambda: Table("device", "type", "usage", "uuid", "version"))
    mapper: Table = field(default_factory=lambda: Table("device", "lv_layer", "lv_name", "name", "uuid", "vg_name"))
    ata: tuple[Table, ...] = field(default_factory=lambda: tuple(Table("device") for _ in ATA))


@dataclass(frozen=True, slots=True)
class Diskstats:
    """The options are regular expressions as in `--collector.diskstats.device-*`; an include replaces the exclude."""

    name: ClassVar[str] = "diskstats"
    device_exclude: str = DEVICE_EXCLUDE
    device_include: str = ""

    def __post_init__(self) -> None:
        pattern("device_exclude", self.device_exclude)
        pattern("device_include", self.device_include)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        memory = edge.memory(_Memory)
        if edge.host.system != "linux":
            return self._elsewhere(edge.host, memory)
        with Parsing("/proc/diskstats"):
            lines = need(edge.host, "/proc/diskstats").splitlines()
            disks = [line.split() for line in lines]
            found = [word for words in disks for word in words[:3]]
            if found != memory.found:
                self._choose(disks, memory)
                memory.found = found
            if not memory.labels:
                raise NoData("no disk is left")
            columns = _counts([disks[at] for at in memory.wanted], memory)
        return [*columns, *_udev(edge.host, memory)]

    def _choose(self, disks: Sequence[Sequence[bytes]], memory: _Memory) -> None:
        names = [[word.decode("utf-8", "surrogateescape") for word in words[:3]] for words in disks]
        memory.wanted = [at for at, (_, _, name) in enumerate(names) if self._wanted(name)]
        memory.labels = [(names[at][2],) for at in memory.wanted]
        memory.numbers = [(names[at][0], names[at][1]) for at in memory.wanted]
        memory.paths = [f"/run/udev/data/b{major}:{minor}" for major, minor in memory.numbers]
        memory.told = ()

    def _wanted(self, device: str) -> bool:
        return wanted(self.device_include, self.device_exclude, device)

    def _elsewhere(self, host: Host, memory: _Memory) -> list[Column]:
        # psutil's `nowrap` would hide a counter's reset behind a growing cache of its own (CONTRACTS T6).
        counters = host.psutil.disk_io_counters(perdisk=True, nowrap=False) or {}
        disks = {device: counters[device] for device in sorted(counters) if self._wanted(device)}
        if not disks:
            raise NoData("psutil knows no disks here")
        rows = memory.devices.rows([(device,) for device in disks])
        return [
            column(family, rows, [getattr(found, attribute) * factor for found in disks.values()])
            for family, attribute, factor in ELSEWHERE
            if all(hasattr(found, attribute) for found in disks.values())
        ]


def _counts(disks: Sequence[Sequence[bytes]], memory: _Memory) -> Sequence[Column]:
    """Major, minor and name, then the numbers. Every disk of a kernel has as many as the others."""
    rows = memory.devices.rows(memory.labels)
    cells = [list(map(int, words[3 : 3 + len(STATS)])) for words in disks]
    known = min([len(numbers) for numbers in cells])
    if known != len(memory.families):
        memory.families = [family for family, _ in STATS[:known]]
    values = [[numbers[at] * factor for numbers in cells] for at, factor in enumerate(_FACTORS[:known])]
    return memory.grid.columns(memory.families, rows, values)


def _udev(host: Host, memory: _Memory) -> Sequence[Column]:
    """What udev found out about the disks, where it runs; without it `node_disk_info` has only the numbers."""
    told = [host.read(path) for path in memory.paths]
    if told != memory.told:
        memory.udev = _described(told, memory)
        memory.told = told
    return memory.udev


def _described(told: Sequence[bytes | None], memory: _Memory) -> list[Column]:
    info: list[tuple[str, ...]] = []
    filesystems: list[tuple[str, ...]] = []
    mappers: list[tuple[str, ...]] = []
    ata: tuple[dict[tuple[str, ...], float], ...] = tuple({} for _ in ATA)
    for (device,), (major, minor), said in zip(memory.labels, memory.numbers, told, strict=True):
        udev = _properties(said or b"")
        get = udev.get
        # A disk's printed serial is the short one; virtio disks have only the long.
        serial = get("ID_SERIAL_SHORT") or get("ID_SERIAL", "")
        place = (get("ID_MODEL", ""), get("ID_PATH", ""), get("ID_REVISION", ""), serial, get("ID_WWN", ""))
        info.append((device, major, minor, *place))
        if get("ID_FS_TYPE"):
            filesystems.append((device, *(get(f"ID_FS_{key}", "") for key in ("TYPE", "USAGE", "UUID", "VERSION"))))
        if get("DM_NAME"):
            mappers.append(
                (device, *(get(f"DM_{key}", "") for key in ("LV_LAYER", "LV_NAME", "NAME", "UUID", "VG_NAME")))
            )
        if get("ID_ATA"):
            for values, (key, _) in zip(ata, ATA, strict=True):
                if get(key, "").isdecimal():
                    values[(device,)] = float(udev[key])
    columns = [
        column(family, table.rows(values), [1.0] * len(values))
        for family, table, values in (
            (INFO, memory.info, info),
            (FILESYSTEM, memory.filesystem, filesystems),
            (MAPPER, memory.mapper, mappers),
        )
        if values
    ]
    for (_, family), table, measured in zip(ATA, memory.ata, ata, strict=True):
        if measured:
            columns.append(column(family, table.rows(list(measured)), measured.values()))
    return columns


def _properties(content: bytes) -> Udev:
    return {
        key.decode("utf-8", "replace"): value.decode("utf-8", "replace") for key, value in _PROPERTY.findall(content)
    }
