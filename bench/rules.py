"""`python -m bench.rules [--full]`: what the rules of a catalogue cost a real Prometheus on one core, each cycle.

A history of 30 days is written as blocks (`promtool tsdb create-blocks-from openmetrics`): the hourly sums of all days,
what is recorded every minute for the last seven hours, and around where windows begin. That is all that rules read.
Then Prometheus scrapes the services' states and evaluates the generated file, and says itself how long that took.
Promise: 200 services of 5 components over 30 days of history take at most 5 s a cycle on one core of Prometheus 2.42.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from bench import process
from bench.history import blocks
from collector.services import Catalogue, Leaf, Node, Objective, Service, Window
from dashboards import names
from dashboards.objectives import FILE, files, group
from dashboards.rules.alerts import Places
from dashboards.rules.sums import TIME
from dashboards.timing import LONG, Timing, seconds
from deploy.local import parts

PROMISED_SECONDS: Final = 5.0
COMPONENTS: Final = 5
CYCLE_SECONDS: Final = 10
"""How often the group runs here, so that a measurement needs no half hour; ranges stay as they are."""

HOUR: Final = 3600
RECENT_SECONDS: Final = 7 * HOUR
"""Longer than the longest window that reads minutes."""


@dataclass(frozen=True, slots=True)
class Size:
    services: int
    days: int
    cycles: int


QUICK: Final = Size(20, 3, 4)
FULL: Final = Size(200, 30, 6)


def catalogue(services: int) -> Catalogue:
    """Every other one promises something by the month as well."""
    made = {}
    for number in range(services):
        name = f"service-{number:03}"
        leaves = tuple(Leaf(f"part-{n}", f'component_up{{service="{name}", part="{n}"}}') for n in range(COMPONENTS))
        objectives = [Objective("availability", "availability", 0.999)]
        if number % 2:
            objectives.append(Objective("by-the-month", "availability", 0.995, Window(period="month")))
        made[name] = Service(name, name, Node(COMPONENTS - 1, leaves), tuple(objectives), owner="desk")
    return Catalogue(made)


def page(promised: Catalogue) -> str:
    """What the collector and an exporter say: all is well."""
    lines = []
    for name, service in promised.services.items():
        this = f'service="{name}"'
        month = f"{datetime.now(UTC):%Y-%m}"
        lines += [f"service_agreed{{{this}}} 1", f"service_maintenance{{{this}}} 0", f"service_users{{{this}}} 300"]
        lines.append(f'service_month{{{this},month="{month}"}} 1')
        grouped = f'tower="t{len(name) % 7}",site="s",supplier="u",tier="1",key_property="safety",owner="desk"'
        lines.append(f"service_info{{{this},{grouped}}} 1")
        for objective in service.objectives:
            lines.append(f'service_period_agreed_seconds{{{this},objective="{objective.name}"}} 2592000')
        lines += [f'component_up{{{this},part="{number}"}} 1' for number in range(COMPONENTS)]
    return "\n".join(lines) + "\n"


def history(promised: Catalogue, days: int, now: int) -> blocks.Told:
    """One series after the other."""
    minutes = range(now - RECENT_SECONDS, now, 60)
    begun = sorted({now - seconds(w) + s for w in LONG for s in range(-300, 900, 60) if seconds(w) <= days * 86400})
    hours = range(now // HOUR * HOUR - days * 86400 + 30, now // HOUR * HOUR, HOUR)
    recent = sorted({*minutes, *begun})

    def lines(since: int, until: int) -> Iterator[str]:
        these, those, summed = (blocks.between(times, since, until) for times in (minutes, recent, hours))
        for name in (names.AGREED, names.UP, names.BAD, names.INCIDENT):
            value = int(name in (names.AGREED, names.UP))
            for service in promised.services:
                yield from (f'{name}{{service="{service}"}} {value} {at}\n' for at in these)
        for service, of, half in _series(promised):
            this = _labels(service, of, half)
            yield from (f"{names.COUNT_MINUTE}{this} 1 {at}\n" for at in these if at // HOUR % 2 == half)
            # Recorded in the hour after the one that it sums.
            yield from (f"{names.COUNT_HOURLY}{this} 60 {at}\n" for at in summed if at // HOUR % 2 != half)
            if half:
                this = f'{{service="{service}",of="{of}",month="{_month(now)}",half="under way"}}'
                yield from (f"{names.COUNT_HOUR}{this} {at % HOUR // 60} {at}\n" for at in those)

    return lines


def _series(promised: Catalogue) -> Iterator[tuple[str, str, int]]:
    return ((service, of, half) for service in promised.services for of in TIME for half in (0, 1))


def _labels(service: str, of: str, half: int) -> str:
    now = int(datetime.now(UTC).timestamp())
    return f'{{service="{service}",of="{of}",month="{_month(now)}",half="{("even", "odd")[half]}"}}'


def _month(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m}"


@contextmanager
def serving(text: str) -> Iterator[int]:
    """The page on a free port."""
    content = text.encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


def asked(port: int, query: str) -> float:
    url = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.request.quote(query)}"  # type: ignore[attr-defined]
    with urllib.request.urlopen(url, timeout=30) as answer:
        found = json.load(answer)["data"]["result"]
    return float(found[0]["value"][1]) if found else float("nan")


def measure(size: Size, directory: Path) -> list[float]:
    """Seconds of each evaluation of the whole group, after the first."""
    promised = catalogue(size.services)
    now = int(datetime.now(UTC).timestamp()) // 60 * 60
    began = time.perf_counter()
    told = history(promised, size.days, now)
    count = blocks.write(told, now - size.days * 86400 - HOUR, now, directory, directory / "data")
    print(f"{count:,} samples of history written in {time.perf_counter() - began:.0f} s", flush=True)
    made = files(promised)[FILE].replace("    interval: 1m\n", f"    interval: {CYCLE_SECONDS}s\n", 1)
    (directory / "services.yml").write_text(made)
    prometheus = process.free_port()
    with serving(page(promised)) as port:
        (directory / "prometheus.yml").write_text(
            "global: {scrape_interval: 15s}\nrule_files: [services.yml]\nscrape_configs:\n"
            f"  - job_name: node\n    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
        )
        words: list[str | Path] = [
            parts.part("prometheus"), f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}", "--storage.tsdb.retention.time=400d",
            f"--web.listen-address=127.0.0.1:{prometheus}",
        ]  # fmt: skip
        with process.running(words, directory / "log", {"GOMAXPROCS": "1"}):
            return list(_cycles(prometheus, size))


def _cycles(port: int, size: Size) -> Iterator[float]:
    time.sleep(35)
    deadline = time.monotonic() + 300
    last = ""
    done = 0
    while done < size.cycles and time.monotonic() < deadline:
        time.sleep(1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/rules", timeout=60) as answer:
            found = json.load(answer)["data"]["groups"][0]
        if found["lastEvaluation"] == last:
            continue
        last = found["lastEvaluation"]
        done += 1
        if done == size.cycles:
            slow = sorted(found["rules"], key=lambda rule: -float(rule["evaluationTime"]))[:6]
            for rule in slow:
                print(f"  {rule['evaluationTime'] * 1000:7.1f} ms  {rule['name']} {rule.get('labels') or ''}")
            ill = [rule["name"] for rule in found["rules"] if rule["health"] != "ok"]
            print(f"  rules that failed: {', '.join(ill) or 'none'}")
            days = 'sum(service:count:sum{of="agreed", window="30d"}) / count(service:agreed)'
            print(f"  agreed minutes in 30 days, each service: {asked(port, days):.0f}")
        yield float(found["evaluationTime"])


def main() -> int:
    parser = argparse.ArgumentParser(description="What the rules of a catalogue cost Prometheus.")
    parser.add_argument("--full", action="store_true", help="200 services, 30 days")
    size = FULL if parser.parse_args().full else QUICK
    count = len(group(catalogue(size.services), Timing(), Places()).rules)
    print(f"{size.services} services of {COMPONENTS} components, {size.days} days of history: {count} rules")
    with tempfile.TemporaryDirectory() as name:
        took = measure(size, Path(name))
    if not took:
        print("no cycle was evaluated")
        return 1
    middle = sorted(took)[len(took) // 2]
    spread = f"{min(took):.2f} to {max(took):.2f} in {len(took)}"
    print(f"a cycle takes {middle:.2f} s ({spread}); at most {PROMISED_SECONDS:g} s are promised")
    return 0 if middle <= PROMISED_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
