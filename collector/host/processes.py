"""Processes and threads by state (node_exporter's `processes`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import NoData
from collector.host.proc import integer, number
from collector.host.tables import Table
from collector.model import Column, Edge, Family, Host, Seconds, Target, column, single

STATE = Family("node_processes_state", "Number of processes in each state.")
PIDS = Family("node_processes_pids", "Number of PIDs")
MAX_PIDS = Family("node_processes_max_processes", "Number of max PIDs limit")
THREADS = Family("node_processes_threads", "Allocated threads in system")
MAX_THREADS = Family("node_processes_max_threads", "Limit of threads in the system")
THREADS_STATE = Family("node_processes_threads_state", "Number of threads in each state.")

TIMEOUT = Seconds(1.5)
"""A machine may have tens of thousands of processes. See filesystem.MOUNT_TIMEOUT."""


@dataclass(slots=True)
class _Memory:
    states: Table = field(default_factory=lambda: Table("state"))
    thread_states: Table = field(default_factory=lambda: Table("thread_state"))


@dataclass(frozen=True, slots=True)
class Census:
    """Processes and threads by the letter of their state (proc_pid_stat(5)); `threads` is the kernel's own count."""

    processes: Counter[str]
    tasks: Counter[str]
    threads: int


def census(host: Host) -> Census:
    """Reads every process and thread; runs in a thread of its own. What ends meanwhile is left out."""
    processes: Counter[str] = Counter()
    tasks: Counter[str] = Counter()
    threads = 0
    for pid in host.list("/proc"):
        if not pid.isdecimal():
            continue
        words = _stat(host, f"/proc/{pid}/stat")
        if words is None:
            continue
        processes[words[0].decode()] += 1
        threads += integer(words[17]) or 0
        for task in host.list(f"/proc/{pid}/task"):
            own = words if task == pid else _stat(host, f"/proc/{pid}/task/{task}/stat")
            if own is not None:
                tasks[own[0].decode()] += 1
    return Census(processes, tasks, threads)


def _stat(host: Host, path: str) -> list[bytes] | None:
    """The words after the command, which stands in brackets and may hold anything: state first, threads as 18th."""
    content = host.read(path)
    words = content.rpartition(b") ")[2].split() if content else []
    return words if len(words) > 17 else None


@dataclass(frozen=True, slots=True)
class Processes:
    """No other options. Costs a read for each thread of the machine: node_exporter has it off by default."""

    name: ClassVar[str] = "processes"
    waits: ClassVar[bool] = True
    by_default: ClassVar[bool] = False
    """Whether a host without configuration has it."""
    timeout: Seconds = TIMEOUT

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        host, memory = edge.host, edge.memory(_Memory)
        max_pids = number(host, "/proc/sys/kernel/pid_max")
        max_threads = number(host, "/proc/sys/kernel/threads-max")
        if max_pids is None or max_threads is None:
            raise NoData("the kernel tells nothing of its processes")
        patience = min(float(self.timeout), max(0.05, edge.deadline - edge.now()))
        found: Census = await host.apart("processes", census, host, timeout=patience)
        states = sorted(found.processes)
        tasks = sorted(found.tasks)
        return [
            column(STATE, memory.states.rows([(s,) for s in states]), [found.processes[s] for s in states]),
            single(PIDS, found.processes.total()),
            single(MAX_PIDS, max_pids),
            single(THREADS, found.threads),
            single(MAX_THREADS, max_threads),
            column(THREADS_STATE, memory.thread_states.rows([(s,) for s in tasks]), [found.tasks[s] for s in tasks]),
        ]
