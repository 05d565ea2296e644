"""Time of each processor by mode, guests, throttling, and what the processors are (node_exporter's `cpu`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import Parsing, need, number
from collector.host.tables import Table
from collector.model import Column, Edge, Family, Host, Target, column

SECONDS = Family("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.", "counter")
GUEST = Family(
    "node_cpu_guest_seconds_total", "Seconds the CPUs spent in guests (VMs) for each mode.", "counter"
)  # fmt: skip
INFO = Family("node_cpu_info", "CPU information from /proc/cpuinfo.")
CORE_THROTTLES = Family("node_cpu_core_throttles_total", "Number of times this CPU core has been throttled.", "counter")
PACKAGE_THROTTLES = Family(
    "node_cpu_package_throttles_total", "Number of times this CPU package has been throttled.", "counter"
)

MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
"""In the order of /proc/stat, which goes on with guest and guest_nice (proc_stat(5))."""
GUEST_MODES = ("user", "nice")
_FIELDS = len(MODES) + len(GUEST_MODES)
_IDLE = MODES.index("idle")

TICKS = 100
"""Ticks in a second: USER_HZ is 100 on every architecture that Linux runs on today."""
_JUMP_BACK = 3 * TICKS
"""An idle time that falls by 3 s or more means a processor was taken out and put back (node_exporter's limit)."""

OTHER_NAMES = {"irq": "interrupt", "softirq": "dpc"}
"""psutil's words on Windows for what Linux calls otherwise."""

_CPUINFO = (
    ("cachesize", "cache size"),
    ("core", "core id"),
    ("cpu", "processor"),
    ("family", "cpu family"),
    ("microcode", "microcode"),
    ("model", "model"),
    ("model_name", "model name"),
    ("package", "physical id"),
    ("stepping", "stepping"),
    ("vendor", "vendor_id"),
)
_CPUS = "/sys/devices/system/cpu"


@dataclass(slots=True)
class _Throttle:
    """Which files count throttling. Found once for a set of processors: topology changes only with that set."""

    cores: dict[tuple[str, ...], str] = field(default_factory=dict)
    packages: dict[tuple[str, ...], str] = field(default_factory=dict)


@dataclass(slots=True)
class _Memory:
    seconds: Table = field(default_factory=lambda: Table("cpu", "mode"))
    guest: Table = field(default_factory=lambda: Table("cpu", "mode"))
    info: Table = field(default_factory=lambda: Table(*(label for label, _ in _CPUINFO)))
    cores: Table = field(default_factory=lambda: Table("core", "package"))
    packages: Table = field(default_factory=lambda: Table("package"))
    cpus: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    guest_pairs: list[tuple[str, str]] = field(default_factory=list)
    ticks: dict[str, list[int]] = field(default_factory=dict)
    throttle: _Throttle = field(default_factory=_Throttle)


def _steady(before: list[int] | None, now: list[int]) -> list[int]:
    """Counters that never go back: the kernel's idle and iowait do, by a few ticks (proc_stat(5))."""
    if before is None or before[_IDLE] - now[_IDLE] >= _JUMP_BACK:
        return now
    return list(map(max, before, now))


def _throttle(host: Host, cpus: Sequence[str]) -> _Throttle:
    """The first processor of a core, and of a package, speaks for it."""
    found = _Throttle()
    for cpu in cpus:
        package = number(host, f"{_CPUS}/cpu{cpu}/topology/physical_package_id")
        core = number(host, f"{_CPUS}/cpu{cpu}/topology/core_id")
        if package is None or core is None:
            continue
        for known, key, name in (
            (found.cores, (str(core), str(package)), "core_throttle_count"),
            (found.packages, (str(package),), "package_throttle_count"),
        ):
            path = f"{_CPUS}/cpu{cpu}/thermal_throttle/{name}"
            if key not in known and host.read(path) is not None:
                known[key] = path
    return found


@dataclass(frozen=True, slots=True)
class Cpu:
    """`guest` and `info` are node_exporter's `--collector.cpu.guest` and `--collector.cpu.info`."""

    name: ClassVar[str] = "cpu"
    guest: bool = True
    info: bool = False

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        memory = edge.memory(_Memory)
        if edge.host.system != "linux":
            return self._elsewhere(edge.host, memory)
        with Parsing("/proc/stat"):
            columns = self._times(need(edge.host, "/proc/stat"), memory, edge.host)
        columns.extend(_throttles(edge.host, memory))
        if self.info:
            columns.append(_info(edge.host, memory))
        return columns

    def _times(self, content: bytes, memory: _Memory, host: Host) -> list[Column]:
        # Only the head is split: the line of interrupts behind it has a number for each of them.
        head = content.partition(b"\nintr")[0]
        cpus: list[str] = []
        seconds: list[float] = []
        guest: list[float] = []
        for line in head.splitlines():
            words = line.split()
            if words[0] == b"cpu" or words[0][:3] != b"cpu":
                continue
            cpu = words[0][3:].decode()
            now = [int(tick) for tick in words[1 : _FIELDS + 1]]
            now.extend([0] * (_FIELDS - len(now)))
            now = memory.ticks[cpu] = _steady(memory.ticks.get(cpu), now)
            cpus.append(cpu)
            seconds.extend([tick / TICKS for tick in now[: len(MODES)]])
            guest.extend([tick / TICKS for tick in now[len(MODES) :]])
        if not cpus:
            raise NoData("/proc/stat names no processor")
        if cpus != memory.cpus:
            memory.cpus = cpus
            memory.pairs = [(cpu, mode) for cpu in cpus for mode in MODES]
            memory.guest_pairs = [(cpu, mode) for cpu in cpus for mode in GUEST_MODES]
            memory.ticks = {cpu: memory.ticks[cpu] for cpu in cpus}
            memory.throttle = _throttle(host, cpus)
        columns = [column(SECONDS, memory.seconds.rows(memory.pairs), seconds)]
        if self.guest:
            columns.append(column(GUEST, memory.guest.rows(memory.guest_pairs), guest))
        return columns

    def _elsewhere(self, host: Host, memory: _Memory) -> list[Column]:
        """psutil's numbers, by attribute: other systems know fewer modes, in another order."""
        pairs: list[tuple[str, str]] = []
        seconds: list[float] = []
        for cpu, times in enumerate(host.psutil.cpu_times(percpu=True)):
            for mode in MODES:
                value = getattr(times, mode, None)
                if value is None:
                    value = getattr(times, OTHER_NAMES.get(mode, ""), None)
                if value is not None:
                    pairs.append((str(cpu), mode))
                    seconds.append(value)
        if not pairs:
            raise NoData("psutil knows no processor times here")
        return [column(SECONDS, memory.seconds.rows(pairs), seconds)]


def _throttles(host: Host, memory: _Memory) -> list[Column]:
    columns = []
    for family, table, paths in (
        (CORE_THROTTLES, memory.cores, memory.throttle.cores),
        (PACKAGE_THROTTLES, memory.packages, memory.throttle.packages),
    ):
        counts = {key: count for key, path in paths.items() if (count := number(host, path)) is not None}
        if counts:
            columns.append(column(family, table.rows(list(counts)), counts.values()))
    return columns


def _info(host: Host, memory: _Memory) -> Column:
    """One row for each processor; on architectures whose /proc/cpuinfo lacks a field its label is left out."""
    content = need(host, "/proc/cpuinfo").decode("utf-8", "replace")
    values = []
    for block in content.split("\n\n"):
        fields = {key.strip(): text.strip() for key, _, text in (line.partition(":") for line in block.split("\n"))}
        if "processor" in fields:
            values.append(tuple(fields.get(name, "") for _, name in _CPUINFO))
    return column(INFO, memory.info.rows(values), [1.0] * len(values))
