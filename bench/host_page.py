"""`python -m bench.host_page`: CPU of a host page, beside node_exporter with the same collectors, both serving gzip.

Both run on this machine at the same time and are asked in turn, once a second each, over a connection that stays open,
as Prometheus does. CPU is that of the whole process with all its threads, idling between the pages included, over each
round. Promise: a page of ours costs at most half.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import process
from collector.config.targets import reads_this_machine
from collector.host.diskstats import Diskstats
from collector.host.filesystem import Filesystem
from collector.registry import COLLECTORS
from deploy.local.parts import part

PROMISE = 0.5
INTERVAL = 1.0
"""Seconds between pages; the collector's own shortest, so that every page is read anew."""


@dataclass
class Peer:
    """A server under measurement: CPU seconds a page of each round, and what its last page held."""

    name: str
    pid: int
    connection: http.client.HTTPConnection
    costs: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    body: bytes = b""
    begun: float = 0.0

    def page(self) -> None:
        asked = time.perf_counter()
        self.connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
        answer = self.connection.getresponse()
        packed = answer.read()
        self.seconds.append(time.perf_counter() - asked)
        if answer.status != 200 or answer.headers.get("Content-Encoding") != "gzip":
            raise RuntimeError(f"{self.name}: status {answer.status}, {answer.headers}")
        self.body = gzip.decompress(packed)

    def begin(self) -> None:
        self.begun = busy(self.pid)

    def end(self, pages: int) -> None:
        self.costs.append((busy(self.pid) - self.begun) / pages)

    def series(self, prefix: str = "") -> int:
        return sum(line.startswith(prefix) and not line.startswith("#") for line in self.body.decode().splitlines())


def busy(pid: int) -> float:
    """CPU seconds of all threads, from the scheduler's nanoseconds where the kernel keeps them, else from ticks."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except (OSError, ValueError, IndexError):
        return process.cpu(pid)


def flags(names: list[str]) -> list[str]:
    return [
        "--collector.disable-defaults",
        *(f"--collector.{name}" for name in names),
        "--collector.netdev.device-exclude=^$",
        f"--collector.diskstats.device-exclude={Diskstats().device_exclude}",
        f"--collector.filesystem.mount-points-exclude={Filesystem().mount_points_exclude}",
        f"--collector.filesystem.fs-types-exclude={Filesystem().fs_types_exclude}",
        "--collector.textfile.directory=",
        "--log.level=error",
    ]


def measure(peers: tuple[Peer, ...], rounds: int, pages: int) -> None:
    """Rounds after one that only warms up."""
    for number in range(rounds + 1):
        for peer in peers:
            peer.begin()
        for _ in range(pages):
            turn = time.monotonic()
            for peer in peers if number % 2 else peers[::-1]:
                peer.page()
            time.sleep(max(0.0, INTERVAL - (time.monotonic() - turn)))
        for peer in peers:
            peer.end(pages)
    for peer in peers:
        del peer.costs[0], peer.seconds[:pages]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--pages", type=int, default=10, help="in each round")
    chosen = options.parse_args()
    kinds = [kind for kind in COLLECTORS if reads_this_machine(kind) and getattr(kind, "by_default", True)]
    names = [kind.name for kind in kinds]
    with tempfile.TemporaryDirectory(prefix="bench-host-") as name:
        folder = Path(name)
        (folder / "wardwatch.yml").write_text(f"host:\n  interval: 1s\n  collectors: [{', '.join(names)}]\n")
        ports = [process.free_port() for _ in range(2)]
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        logs = folder / "ours.log", folder / "theirs.log"
        words: list[str | Path] = [sys.executable, "-m", "collector", "run", "--config", folder]
        listen = ["--web.listen-address", f"127.0.0.1:{ports[0]}"]
        peer_words: list[str | Path] = [
            part("node_exporter"),
            f"--web.listen-address=127.0.0.1:{ports[1]}",
            *flags(names),
        ]
        with (
            process.running([*words, *listen], logs[0], {"STATE_DIRECTORY": name}) as ours,
            process.running(peer_words, logs[1]) as theirs,
        ):
            process.wait(ours, f"{urls[0]}/-/ready", logs[0])
            process.wait(theirs, urls[1], logs[1])
            peers = tuple(
                Peer(title, running.pid, http.client.HTTPConnection("127.0.0.1", port, timeout=10))
                for title, running, port in zip(("wardwatch", "node_exporter"), (ours, theirs), ports, strict=True)
            )
            measure(peers, chosen.rounds, chosen.pages)
    return report(peers, chosen.rounds, chosen.pages)


def report(peers: tuple[Peer, ...], rounds: int, pages: int) -> int:
    print(f"{rounds} rounds of {pages} pages, gzip, one page a second; CPU milliseconds a page")
    print(f"{'':16}{'median':>8}{'least':>8}{'most':>8}{'answer ms':>11}{'node_*':>8}{'series':>8}{'bytes':>8}")
    for peer in peers:
        costs = [1e3 * cost for cost in peer.costs]
        print(
            f"{peer.name:16}{median(costs):8.2f}{min(costs):8.2f}{max(costs):8.2f}{1e3 * median(peer.seconds):11.2f}"
            f"{peer.series('node_'):8}{peer.series():8}{len(peer.body):8}"
        )
    ratio = median(peers[0].costs) / median(peers[1].costs)
    kept = ratio <= PROMISE
    print(f"ratio {ratio:.2f}; promise (at most {PROMISE}): {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
