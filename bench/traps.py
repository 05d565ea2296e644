"""`python -m bench.traps`: traps that a collector reads a second, v2c and v3; what becomes of a burst and a storm.

A running collector, a hundred devices on loopback. A burst is 10,000 traps in one second (RELIABILITY G1); how fast it
is read is the rate that is held for ever. In the storm one device sends as fast as it can while 99 send one a second
(G5), and one that is not listed does the same. Promise: nothing of the bursts is lost, nothing of the 99 is lost,
every datagram is accounted for.
"""

from __future__ import annotations

import re
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import process
from tests.collector.network.traps.device import Agent, Clock, by_community, v3

DEVICES = 100
BURST = 10_000
STORM_SECONDS = 5
SECRETS = {"LAB": "canary-community", "ONE": "canary-one", "TWO": "canary-two"}
AUTHS = """auths:
  lab: {version: 2, community: "${env:LAB}"}
  safe: {version: 3, username: watcher, security_level: authPriv, password: "${env:ONE}", priv_password: "${env:TWO}"}
"""
_NUMBER = re.compile(r'^(wardwatch_traps_[a-z_]+(?:\{reason="[a-z_]+"\})?) ([0-9.e+]+)$', re.MULTILINE)


@dataclass
class Collector:
    """A running collector, and how it is reached."""

    pid: int
    receiver: int
    url: str
    port: int

    def page(self, path: str = "/metrics") -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + path, timeout=10) as answer:
            return str(answer.read().decode())

    def figures(self) -> dict[str, float]:
        found = {name.removeprefix("wardwatch_traps_"): float(n) for name, n in _NUMBER.findall(self.page())}
        found["refused"] = sum(count for name, count in found.items() if name.startswith("refused_total{"))
        return found

    def lost(self) -> float:
        """Datagrams that nobody read."""
        found = self.figures()
        return sum(found.get(f'refused_total{{reason="{why}"}}', 0) for why in ("kernel_buffer", "queue_full"))

    def settle(self, sent: int) -> float:
        """Wait until all that was sent is accounted for. Monotonic seconds of that moment."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            found = self.figures()
            if found["counted_total"] + found["refused"] >= sent:
                return time.monotonic()
            time.sleep(0.02)
        raise RuntimeError(f"{sent} datagrams were sent, and {self.figures()} is what became of them")


def address(number: int) -> str:
    return f"127.9.5.{number}"


@contextmanager
def collector(auth: str, limits: str) -> Iterator[Collector]:
    """A collector with a hundred devices of one kind of credentials."""
    with tempfile.TemporaryDirectory(prefix="bench-traps-") as name:
        where, web, port = Path(name), process.free_port(), process.free_port()
        (where / "inventory").mkdir()
        (where / "auths.yml").write_text(AUTHS)
        (where / "wardwatch.yml").write_text(
            f"state: {where / 'state'}\nhost: {{collectors: []}}\ntraps: {{listen: '127.0.0.1:{port}', {limits}}}\n"
        )
        lines = [
            f"  - {{name: d-{n}, address: {address(n)}, class: clinical, auth: {auth}}}" for n in range(1, DEVICES + 1)
        ]
        (where / "inventory" / "all.yml").write_text("devices:\n" + "\n".join(lines) + "\n")
        words: list[str | Path] = [sys.executable, "-m", "collector", "run", "--config", where]
        log = where / "log"
        with process.running([*words, "--web.listen-address", f"127.0.0.1:{web}"], log, SECRETS) as running:
            url = f"http://127.0.0.1:{web}"
            process.wait(running, f"{url}/-/ready", log)
            children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
            while not children.read_text().split():
                time.sleep(0.01)
            made = Collector(running.pid, int(children.read_text().split()[0]), url, port)
            while "buffer_bytes" not in made.figures():
                time.sleep(0.05)
            yield made


def senders(stack: ExitStack, port: int, count: int = DEVICES + 1) -> Sequence[Callable[[bytes], object]]:
    made: list[Callable[[bytes], object]] = []
    for number in range(1, count + 1):
        sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sock.bind((address(number), 0))
        sock.connect(("127.0.0.1", port))
        made.append(sock.send)
    return made


def burst(name: str, auth: str, datagrams: Sequence[Sequence[bytes]]) -> bool:
    """10,000 traps of a hundred devices in one second."""
    with collector(auth, "rate: 100000, burst: 100000") as c, ExitStack() as stack:
        send = senders(stack, c.port)
        cpu, began, sent = process.cpu(c.receiver), time.monotonic(), 0
        for turn in range(BURST // DEVICES):
            for number in range(DEVICES):
                send[number](datagrams[number][turn % len(datagrams[number])])
                sent += 1
            time.sleep(max(0.0, began + (turn + 1) * DEVICES / BURST - time.monotonic()))
        seconds = time.monotonic() - began
        rate = sent / (c.settle(sent) - began)
        each = (process.cpu(c.receiver) - cpu) / sent
        found = c.figures()
        print(
            f"{name:28}{sent} in {seconds:.1f} s: lost {c.lost():.0f}; {rate:.0f} a second read, {each * 1e6:.0f} µs of"
            f" CPU each, {process.resident(c.receiver) >> 20} MB; kernel buffer {found['buffer_bytes'] / 1e6:.1f} MB"
        )
        return found["counted_total"] == sent


def storm() -> bool:
    """One device as fast as it can, 99 at one a second, and one that is not listed as fast as it can."""
    trap = by_community()
    with collector("lab", "rate: 100, burst: 1000") as c, ExitStack() as stack:
        send = senders(stack, c.port)
        cpu, began, sent, calm = process.cpu(c.receiver), time.monotonic(), 0, 0
        while time.monotonic() < began + STORM_SECONDS:
            if time.monotonic() >= began + calm:
                calm += 1
                for number in range(1, DEVICES):
                    send[number](trap)
                    sent += 1
            for _ in range(50):
                send[0](trap)
                send[DEVICES](trap)
                sent += 2
            time.sleep(0.0025)
        seconds = time.monotonic() - began
        c.settle(sent)
        found = c.figures()
        pages = [c.page(f"/metrics?device=d-{n}") for n in range(2, DEVICES + 1)]
        heard = sum(f'wardwatch_traps_total{{trap="linkDown",auth="none"}} {calm}\n' in page for page in pages)
        share = (process.cpu(c.receiver) - cpu) / seconds
        print(
            f"{'storm':28}{sent / seconds:.0f} a second from two: {heard} of 99 calm devices heard in full, lost"
            f" {c.lost():.0f}, {share * 100:.0f}% of a core; not accounted for:"
            f" {sent - found['counted_total'] - found['refused']:.0f}"
        )
        return heard == DEVICES - 1 and sent == found["counted_total"] + found["refused"]


def main() -> int:
    clock = Clock()
    agents = [Agent(v3(), clock, engine=b"\x80\x00\x1f\x88\x05%08d" % n) for n in range(DEVICES)]
    plain = [[by_community()]] * DEVICES
    safe = [[agent.trap(uptime=n) for n in range(BURST // DEVICES)] for agent in agents]
    kept = [
        burst("v2c", "lab", plain),
        burst("v3, SHA-256 and AES-128", "safe", safe),
        storm(),
    ]
    print(f"promise (nothing lost, all accounted for): {'kept' if all(kept) else 'BROKEN'}")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
