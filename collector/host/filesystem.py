"""Room on mounted filesystems (node_exporter's `filesystem`)."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, need, pattern
from collector.host.sweep import Sweep
from collector.host.tables import Grid, Table
from collector.model import Column, Edge, Family, Host, Rows, Seconds, Target, column

SIZE = Family("node_filesystem_size_bytes", "Filesystem size in bytes.")
FREE = Family("node_filesystem_free_bytes", "Filesystem free space in bytes.")
AVAILABLE = Family("node_filesystem_avail_bytes", "Filesystem space available to non-root users in bytes.")
FILES = Family("node_filesystem_files", "Filesystem total file nodes.")
FILES_FREE = Family("node_filesystem_files_free", "Filesystem total free file nodes.")
READONLY = Family("node_filesystem_readonly", "Filesystem read-only status.")
DEVICE_ERROR = Family(
    "node_filesystem_device_error", "Whether an error occurred while getting statistics for the given device."
)
MOUNT_INFO = Family("node_filesystem_mount_info", "Filesystem mount information.")

MOUNT_POINTS_EXCLUDE = (
    "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"
)  # fmt: skip
FS_TYPES_EXCLUDE = (
    "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay"
    "|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$"
)
MOUNT_TIMEOUT = Seconds(0.8)
"""node_exporter waits 5 s for a mount; a page must be there within 2 s (RELIABILITY B7), and may wait twice."""

_OCTAL = re.compile(r"\\([0-7]{3})")
_STUCK = "mountpoint timeout"
"""node_exporter's word for it in the label `device_error`."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of mountinfo. `major` and `minor` are empty on systems that don't tell."""

    device: str
    point: str
    kind: str
    readonly: bool
    major: str = ""
    minor: str = ""


Room = tuple[float, ...]
"""Bytes of a filesystem: its size, what is free, what is free to users; and where the system counts them, file nodes
and free ones."""

_ROOM = (SIZE, FREE, AVAILABLE, FILES, FILES_FREE)
_BYTES = _ROOM[:3]


@dataclass(slots=True)
class _Memory:
    sweep: Sweep[Room | str] = field(default_factory=lambda: Sweep("filesystem"))
    content: bytes = b""
    mounts: tuple[Mount, ...] = ()
    drawn: tuple[tuple[Mount, ...], tuple[str, ...]] = ((), ())
    """Mounts, and the error of each: what the rows are made of."""
    over: Rows | None = None
    """The mounts without an error; None: there is none."""
    errors: Sequence[Column] = ()
    readonly: Sequence[Column] = ()
    info: Sequence[Column] = ()
    grid: Grid = field(default_factory=Grid)
    good: Table = field(default_factory=lambda: Table("device", "fstype", "mountpoint"))
    every: Table = field(default_factory=lambda: Table("device", "device_error", "fstype", "mountpoint"))
    about: Table = field(default_factory=lambda: Table("device", "major", "minor", "mountpoint"))


def plain(text: str) -> str:
    """A path as it is: the kernel writes blanks, tabs, line ends and backslashes as octal (proc_pid_mountinfo(5))."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text) if "\\" in text else text


def parse(content: bytes) -> list[Mount]:
    """The mounts of a mountinfo file. A line that is none is left out; ValueError where no line is one.

    Lines end at line feeds only: the kernel writes every other character of a path as it is, form feeds and Unicode's
    line separators too.
    """
    lines = [line for line in content.decode("utf-8", "surrogateescape").split("\n") if line]
    mounts = [found for line in lines if (found := _mount(line)) is not None]
    if lines and not mounts:
        raise ValueError(f"not a mount: {lines[0][:80]!r}")
    return mounts


def _mount(line: str) -> Mount | None:
    """`36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/sda1 rw`, with any number of fields before the dash."""
    before, _, after = line.partition(" - ")
    try:
        _, _, number, _, point, own, *_ = before.split(" ")
        kind, device, *options = after.split(" ")
    except ValueError:
        return None
    major, _, minor = number.partition(":")
    readonly = any("ro" in group.split(",") for group in (own, *options[:1]))
    return Mount(device, plain(point), kind, readonly, major, minor)


def _statvfs(statvfs: Callable[[str], Any], point: str) -> Room | str:
    """Runs in a thread. An error comes back as its word, since one mount's error is the page's data."""
    try:
        found = statvfs(point)
    except OSError as error:
        return os.strerror(error.errno).lower() if error.errno else type(error).__name__
    block = found.f_frsize
    return found.f_blocks * block, found.f_bfree * block, found.f_bavail * block, found.f_files, found.f_ffree


def _usage(disk_usage: Callable[[str], Any], point: str) -> Room | str:
    """Runs in a thread. psutil's `free` is what users may have; what root may have is the rest of the used."""
    try:
        found = disk_usage(point)
    except OSError as error:
        return os.strerror(error.errno or errno.EIO).lower()
    return found.total, found.total - found.used, found.free


@dataclass(frozen=True, slots=True)
class Filesystem:
    """The excludes are regular expressions as in `--collector.filesystem.*-exclude`."""

    name: ClassVar[str] = "filesystem"
    waits: ClassVar[bool] = True
    mount_points_exclude: str = MOUNT_POINTS_EXCLUDE
    fs_types_exclude: str = FS_TYPES_EXCLUDE
    mount_timeout: Seconds = MOUNT_TIMEOUT

    def __post_init__(self) -> None:
        pattern("mount_points_exclude", self.mount_points_exclude)
        pattern("fs_types_exclude", self.fs_types_exclude)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        host, memory = edge.host, edge.memory(_Memory)
        timeout = min(float(self.mount_timeout), max(0.05, (edge.deadline - edge.now()) / 2.5))
        if host.system == "linux":
            mounts = self._mounts(host, memory)
            measure: Callable[[str], Room | str] = partial(_statvfs, host.statvfs)
        else:
            listed = await host.apart("filesystem list", host.psutil.disk_partitions, timeout=timeout)
            mounts = self._wanted([Mount(p.device, p.mountpoint, p.fstype, "ro" in p.opts.split(",")) for p in listed])
            measure = partial(_usage, host.psutil.disk_usage)
        if not mounts:
            raise NoData("no filesystem is mounted")
        points = list(dict.fromkeys(mount.point for mount in mounts))
        rooms = await memory.sweep.run(host, points, measure, timeout)
        return _columns(mounts, rooms, memory)

    def _mounts(self, host: Host, memory: _Memory) -> tuple[Mount, ...]:
        # The first process sees the machine's mounts even when this one runs in a namespace of its own.
        content = host.read("/proc/1/mountinfo") or need(host, "/proc/self/mountinfo")
        if content != memory.content:
            with Parsing("/proc/1/mountinfo"):
                memory.mounts = self._wanted(parse(content))
            memory.content = content
        return memory.mounts

    def _wanted(self, mounts: Sequence[Mount]) -> tuple[Mount, ...]:
        points = re.compile(self.mount_points_exclude)
        kinds = re.compile(self.fs_types_exclude)
        seen: dict[tuple[str, str, str], Mount] = {}
        for mount in mounts:
            if not points.search(mount.point) and not kinds.search(mount.kind):
                # Mounted over one another they are one series: the first is kept, and statvfs sees the uppermost.
                seen.setdefault((mount.device, mount.point, mount.kind), mount)
        return tuple(seen.values())


def _columns(mounts: tuple[Mount, ...], rooms: dict[str, Room | str], memory: _Memory) -> list[Column]:
    found = [rooms.get(mount.point, _STUCK) for mount in mounts]
    errors = tuple([room if isinstance(room, str) else "" for room in found])
    if (mounts, errors) != memory.drawn:
        _draw(mounts, errors, memory)
        memory.drawn = mounts, errors
    if memory.over is None:
        return [*memory.errors, *memory.info]
    values = list(zip(*[room for room in found if not isinstance(room, str)], strict=True))
    measured = memory.grid.columns(_ROOM if len(values) == len(_ROOM) else _BYTES, memory.over, values)
    return [*memory.errors, *measured[:3], *memory.readonly, *measured[3:], *memory.info]


def _draw(mounts: Sequence[Mount], errors: Sequence[str], memory: _Memory) -> None:
    """All that stays as it is while the same filesystems are mounted, and answer."""
    each = list(zip(mounts, errors, strict=True))
    every = memory.every.rows([(mount.device, error, mount.kind, mount.point) for mount, error in each])
    memory.errors = [column(DEVICE_ERROR, every, [error != "" for error in errors])]
    good = [mount for mount, error in each if not error]
    memory.over = memory.good.rows([(mount.device, mount.kind, mount.point) for mount in good]) if good else None
    memory.readonly = [column(READONLY, memory.over, [mount.readonly for mount in good])] if memory.over else []
    info = [(mount.device, mount.major, mount.minor, mount.point) for mount in mounts if mount.major]
    memory.info = [column(MOUNT_INFO, memory.about.rows(info), [1.0] * len(info))] if info else []
