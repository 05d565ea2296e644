"""`python -m bench.capacity [--full]`: what the rules of capacity cost a real Prometheus on one core.

A history of 42 days is written as blocks: the daily records of all days, the hourly ones of 30, what is used around a
day ago; that is all that trends read. Then Prometheus scrapes the metrics of an estate, every port of it, evaluates
both groups one after the other, more often than they say, and tells itself how long each rule took.
Promise, for 5,000 devices with 50,000 ports: at most 12 s every four minutes, and at most 60 s every hour.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench import process
from bench.history import blocks
from bench.rules import asked, serving
from collector.capacity import Limits
from collector.services import Catalogue
from dashboards import names
from dashboards.capacity import groups
from dashboards.rule import Group, written
from dashboards.rules.alerts import Places
from dashboards.timing import Timing
from deploy.local import parts

PROMISED_SECONDS: Final[Mapping[str, float]] = {"wardwatch capacity": 12.0, "wardwatch capacity trends": 60.0}
EVERY_SECONDS: Final = 30
"""How often both groups run here, as one: at the same time each would be charged for the other on one core."""

SCRAPED_SECONDS: Final = 100
SETTLING_SECONDS: Final = 150

DAY, HOUR = 86_400, 3_600
PORTS: Final = 50
DISKS: Final = 5


@dataclass(frozen=True, slots=True)
class Size:
    """An estate of servers with five file systems, switches of 50 ports with two uplinks, UPSs and DHCP scopes."""

    servers: int
    switches: int
    others: int
    days: int
    cycles: int

    def items(self) -> Iterator[str]:
        """Labels of what is used."""
        for n in range(self.servers):
            this = f'instance="server-{n}"'
            yield from (f'resource="filesystem",{this},item="/data{disk}"' for disk in range(DISKS))
            yield f'resource="memory",{this}'
            yield f'resource="conntrack",{this}'
        for n in range(self.switches):
            this = f'instance="switch-{n}"'
            yield f'resource="ports",{this}'
            yield from (f'resource="bandwidth",{this},item="p{port}"' for port in (1, 2))
        for n in range(self.others):
            yield f'resource="ups_load",instance="ups-{n}"'
            yield f'resource="address_pool",instance="dhcp-1",item="10.{n // 250}.{n % 250}.0"'

    def page(self) -> str:
        """What their devices say."""
        lines = []
        for n in range(self.servers):
            for disk in range(DISKS):
                this = f'instance="server-{n}",device="sd{disk}",mountpoint="/data{disk}",fstype="ext4"'
                lines += [f"node_filesystem_size_bytes{{{this}}} 1e12", f"node_filesystem_avail_bytes{{{this}}} 5e11"]
                lines.append(f"node_filesystem_readonly{{{this}}} 0")
            this = f'{{instance="server-{n}"}}'
            lines += [f"node_memory_MemTotal_bytes{this} 64e9", f"node_memory_MemAvailable_bytes{this} 40e9"]
            lines += [f"node_nf_conntrack_entries{this} 1000", f"node_nf_conntrack_entries_limit{this} 262144"]
        for n in range(self.switches):
            for port in range(1, PORTS + 1):
                this = (
                    f'{{instance="switch-{n}",ifIndex="{port}",ifName="p{port}",ifAlias="desk",ifDescr="port {port}"}}'
                )
                lines += [
                    f"ifOperStatus{this} {1 + port % 2}",
                    f"ifHighSpeed{this} 1000",
                    f"ifConnectorPresent{this} 1",
                ]
                lines += [f"ifHCInOctets{this} 1000", f"ifHCOutOctets{this} 1000"]
            leads = f'instance="switch-{n}",by="neighbour"'
            lines += [f'wardwatch_equipment_uplink_info{{{leads},ifIndex="{p}",ifName="p{p}"}} 1' for p in (1, 2)]
        for n in range(self.others):
            scope = f'{{instance="dhcp-1",subnetAdd="10.{n // 250}.{n % 250}.0"}}'
            lines += [f"noAddInUse{scope} 150", f"noAddFree{scope} 100"]
            lines.append(f'wardwatch_ups_load_ratio{{instance="ups-{n}"}} 0.4')
        return "\n".join(lines) + "\n"


QUICK: Final = Size(20, 20, 10, 15, 3)
FULL: Final = Size(1000, 1000, 300, 42, 5)


def history(size: Size, now: int) -> blocks.Told:
    """One series after the other. Each grows by two points a month, with some noise."""
    items = list(size.items())
    days = range(now - size.days * DAY, now, DAY)
    hours = range(now - min(size.days, 30) * DAY, now, HOUR)
    used = [*range(now - DAY - HOUR, now - 22 * HOUR, 240), *range(now - HOUR, now, 240)]

    def lines(since: int, until: int) -> Iterator[str]:
        for name, times in ((names.USED_DAILY, days), (names.USED_HOURLY, hours), (names.USED, used)):
            chosen = blocks.between(times, since, until)
            for item in items:
                yield from (f"{name}{{{item}}} {_level(at, now)} {at}\n" for at in chosen)
        for item in items:
            yield from (
                f"{names.USED_DAY}{{{item}}} {at / DAY:.6f} {at}\n" for at in blocks.between(days, since, until)
            )

    return lines


def _level(at: int, now: int) -> str:
    return f"{0.5 - (now - at) / DAY * 0.0007 + (at // HOUR * 2654435761 % 997) / 99700:.5f}"


def measure(size: Size, directory: Path) -> Mapping[str, list[float]]:
    """Seconds of each evaluation of each group, after the first."""
    now = int(datetime.now(UTC).timestamp()) // 240 * 240
    began = time.perf_counter()
    count = blocks.write(history(size, now), now - size.days * DAY, now, directory, directory / "data")
    print(f"{count:,} samples of history written in {time.perf_counter() - began:.0f} s", flush=True)
    return evaluate(size, directory)


def evaluate(size: Size, directory: Path) -> Mapping[str, list[float]]:
    """The same, with the history that is there."""
    often, seldom = groups(Catalogue(), Limits(), Timing(), Places(), "it")
    both = Group("both", f"{EVERY_SECONDS}s", (*often.rules, *seldom.rules))
    (directory / "capacity.yml").write_text(written([both]))
    prometheus = process.free_port()
    with serving(size.page()) as port:
        (directory / "prometheus.yml").write_text(
            f"global: {{scrape_interval: {SCRAPED_SECONDS}s, scrape_timeout: 60s}}\n"
            "rule_files: [capacity.yml]\nscrape_configs:\n"
            f"  - job_name: device\n    honor_labels: true\n    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
        )
        words: list[str | Path] = [
            parts.part("prometheus"), f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}", "--storage.tsdb.retention.time=400d",
            f"--web.listen-address=127.0.0.1:{prometheus}",
        ]  # fmt: skip
        with process.running(words, directory / "log", {"GOMAXPROCS": "1"}):
            return _cycles(prometheus, size, {often.name: len(often.rules), seldom.name: len(seldom.rules)})


def _cycles(port: int, size: Size, counts: Mapping[str, int]) -> Mapping[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in counts}
    # Two scrapes, so that counters have a rate.
    time.sleep(SETTLING_SECONDS)
    last = _group(port)["lastEvaluation"]
    deadline = time.monotonic() + 600
    while min(map(len, took.values())) < size.cycles and time.monotonic() < deadline:
        time.sleep(1)
        group = _group(port)
        if group["lastEvaluation"] == last:
            continue
        last, rules = group["lastEvaluation"], list(group["rules"])
        for name, count in counts.items():
            those, rules = rules[:count], rules[count:]
            took[name].append(sum(float(rule["evaluationTime"]) for rule in those))
            if len(took[name]) == size.cycles:
                _tell(name, those)
    for what in (names.USED, names.DAYS, names.HEADROOM, 'count({__name__=~"capacity:.+"})'):
        query = what if what.startswith("count(") else f"count({what})"
        print(f"{query}: {asked(port, query):.0f}")
    return took


def _tell(name: str, rules: list[dict[str, Any]]) -> None:
    print(f"{name}:")
    for rule in sorted(rules, key=lambda rule: -float(rule["evaluationTime"]))[:6]:
        print(f"  {rule['evaluationTime'] * 1000:7.1f} ms  {rule['name']} {rule.get('labels') or ''}")
    ill = [f"{rule['name']}: {rule.get('lastError', '')}" for rule in rules if rule["health"] != "ok"]
    print(f"  rules that failed: {', '.join(ill) or 'none'}", flush=True)


def _group(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/rules", timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)["data"]["groups"][0]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="What the rules of capacity cost Prometheus.")
    parser.add_argument("--full", action="store_true", help="5,000 devices, 50,000 ports, 42 days")
    size = FULL if parser.parse_args().full else QUICK
    print(f"{sum(1 for _ in size.items()):,} resources, {size.switches * PORTS:,} ports, {size.days} days of history")
    with tempfile.TemporaryDirectory() as name:
        took = measure(size, Path(name))
    kept = True
    for group, promised in PROMISED_SECONDS.items():
        found = sorted(took[group])
        middle = found[len(found) // 2] if found else float("inf")
        spread = f"{found[0]:.2f} to {found[-1]:.2f} in {len(found)}" if found else "none was evaluated"
        print(f"{group}: {middle:.2f} s ({spread}); at most {promised:g} s are promised")
        kept = kept and middle <= promised
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
