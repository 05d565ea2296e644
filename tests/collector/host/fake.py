"""A machine that a test makes up: files and links from `machine.txt`, psutil's answers, mounts that hang."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from collector.edge import LocalHost
from collector.model import Collector, Column, Device, Dialogue, Edge, Schedule, Target

T = TypeVar("T")

HERE = Path(__file__).parent

TIMEX: Mapping[str, int] = {
    "state": 0, "offset": 2_500_000, "freq": 655_360, "maxerror": 120_000, "esterror": 450, "status": 0x2001,
    "constant": 7, "tick": 10_000, "ppsfreq": 65_536, "jitter": 500, "shift": 3, "stabil": 131_072, "jitcnt": 1,
    "calcnt": 2, "errcnt": 3, "stbcnt": 4, "tai": 37,
}  # fmt: skip


def statvfs(size: int, free: int, files: int) -> SimpleNamespace:
    """Blocks of 4 KiB; root keeps ten for itself."""
    return SimpleNamespace(
        f_frsize=4096, f_blocks=size, f_bfree=free, f_bavail=free - 10, f_files=files, f_ffree=files // 2
    )


MOUNTS: Mapping[str, Any] = {
    "/": statvfs(1000, 400, 5000),
    "/srv/scans and reports": statvfs(9000, 100, 700),
    "/srv/archive": statvfs(80, 20, 60),
    "/mnt/pacs": PermissionError(13, "Permission denied"),
}


def parse(text: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """Files and links of a machine's description."""
    files: dict[str, list[str]] = {}
    links: dict[str, str] = {}
    at: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.startswith("=== "):
            at = files.setdefault(line[4:].strip(), [])
        elif line.startswith("--> "):
            path, target = line[4:].split()
            links[path] = target
        else:
            at.append(line)
    return {path: "".join(lines).encode() for path, lines in files.items()}, links


class FakeHost:
    """`files` may be changed between polls. A path in `hanging` is not answered before `release` is set."""

    def __init__(self, system: str = "linux", psutil: object = None) -> None:
        self.system = system
        self.psutil: Any = psutil
        self.files, self.links = parse((HERE / "machine.txt").read_text()) if system == "linux" else ({}, {})
        self.mounts: dict[str, Any] = dict(MOUNTS)
        self.timex: Mapping[str, int] | None = TIMEX
        self.hanging: set[str] = set()
        self.release = threading.Event()
        self.hung = 0
        """Calls that met a hanging path: each holds a thread."""
        self._local = LocalHost()

    def _real(self, path: str) -> str:
        for link, target in self.links.items():
            if path.startswith(f"{link}/"):
                return self._real(target + path[len(link) :])
        return path

    def _wait(self, path: str) -> None:
        if path in self.hanging:
            self.hung += 1
            self.release.wait(20)

    def read(self, path: str) -> bytes | None:
        self._wait(path)
        return self.files.get(self._real(path))

    def list(self, path: str) -> Sequence[str]:
        base = self._real(f"{path}/")
        below = [known for known in (*self.files, *self.links) if known.startswith(base)]
        return sorted({known[len(base) :].split("/")[0] for known in below})

    def link(self, path: str) -> str | None:
        parent, _, name = path.rpartition("/")
        return self.links.get(self._real(f"{parent}/") + name)

    def statvfs(self, path: str) -> Any:
        self._wait(path)
        found = self.mounts[path]
        if isinstance(found, Exception):
            raise found
        return found

    async def apart(self, item: str, call: Callable[..., Any], *args: Any, timeout: float) -> Any:
        return await self._local.apart(item, call, *args, timeout=timeout)

    def stuck(self) -> Sequence[str]:
        return self._local.stuck()

    def adjtimex(self) -> Mapping[str, int] | None:
        return self.timex

    def wall(self) -> float:
        return 1_760_001_234.5


@dataclass
class FakeEdge:
    """Memory as the agent keeps it, and a deadline that is far away."""

    host: FakeHost
    deadline: float = 1000.0
    time: float = 0.0
    kept: dict[type, Any] = field(default_factory=dict)

    def now(self) -> float:
        return self.time

    def memory(self, make: type[T]) -> T:
        found: T = self.kept.setdefault(make, make())
        return found

    async def udp(self, dialogue: Dialogue) -> None:
        raise AssertionError("the host is not on the network")


def target(collector: Collector) -> Target:
    return Target(Device("localhost", ""), collector.name, collector, Schedule(15.0, 10.0))


async def poll(collector: Collector, edge: FakeEdge) -> Sequence[Column]:
    # A protocol's attribute may be set, so a FakeEdge, whose host may only be a FakeHost, is none to mypy.
    return await collector.poll(target(collector), cast(Edge, edge))


def page(columns: Sequence[Column]) -> str:
    """The columns as text, in their own order, so that a golden file shows what the collector gave."""
    lines = []
    for c in columns:
        assert len(c.rows) == len(c.values), c.family
        lines.append(f"# HELP {c.family.name} {c.family.help}")
        lines.append(f"# TYPE {c.family.name} {c.family.type}")
        lines.extend(f"{c.family.name}{text} {value!r}" for text, value in zip(c.rows.text, c.values, strict=True))
    return "\n".join(lines) + "\n"


def samples(columns: Sequence[Column]) -> dict[str, float]:
    """`name{labels}` to value; a series that comes twice fails."""
    found: dict[str, float] = {}
    for c in columns:
        for text, value in zip(c.rows.text, c.values, strict=True):
            assert c.family.name + text not in found, c.family.name + text
            found[c.family.name + text] = value
    return found
