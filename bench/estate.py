"""`python -m bench.estate`: 1,000 simulated switches of 48 ports, `if_mib` every 60 s, scraped as Prometheus does it.

Measured on the collector's process, over HTTP: CPU per variable from the wire to the gzipped page, memory per device,
and how late numbers are. Beside it the real snmp_exporter reads a sample of the same switches.

Promises: at most 2.5 microseconds of CPU a variable, at most 60 KB a device, nothing later than two intervals.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import yaml

from bench import peer as peers
from bench import process
from simulator.estate import fleet_address

ROOT = Path(__file__).resolve().parents[1]
VARIABLES = 2132
"""What a walk of `if_mib` reads of a switch of 48 ports and four uplinks: 41 variables each (docs/simulator.md)."""

WARM_UP = 5
"""Rounds before those that are measured: replies grow by a frame a poll (collector/wire/snmp/habits.py)."""

CPU_PROMISE = 2.5e-6
MEMORY_PROMISE = 60e3
LATE_PROMISE = 2.0
"""Intervals."""

AGE = re.compile(r'(?m)^wardwatch_poll_age_seconds\{module="if_mib"\} (\S+)')
SUCCESS = re.compile(r'(?m)^wardwatch_poll_success\{module="if_mib"\} 1$')


@dataclass(slots=True)
class Scraped:
    """What a round of scrapes found."""

    pages: int = 0
    good: int = 0
    samples: int = 0
    oldest: float = 0.0
    seconds: list[float] = field(default_factory=list)


def configuration(home: Path, devices: int, port: int, interval: int) -> Path:
    """A configuration directory with that many switches."""
    # A site for each /24, with 250 switches: its budget of 500 packets a second stays as it is.
    listed = [{"name": f"fleet-{n}", "address": fleet_address(n), "site": f"site-{n // 250}"} for n in range(devices)]
    defaults = {
        "class": "it", "modules": ["if_mib"], "auth": "bench", "port": port,
        "interval": f"{interval}s", "timeout": f"{interval // 2}s",
    }  # fmt: skip
    (home / "inventory").mkdir(parents=True, exist_ok=True)
    (home / "inventory" / "fleet.yml").write_text(yaml.safe_dump({"defaults": defaults, "devices": listed}))
    (home / "auths.yml").write_text("auths: {bench: {version: 2, community: public}}\n")
    (home / "wardwatch.yml").write_text("{}\n")
    return home


async def scrape_round(url: str, devices: int, interval: float) -> Scraped:
    """Every device once, spread over one interval as Prometheus spreads its targets."""
    found = Scraped()
    headers = {"Accept-Encoding": "gzip", "X-Prometheus-Scrape-Timeout-Seconds": "10"}
    begun = time.perf_counter()

    async def one(session: aiohttp.ClientSession, number: int) -> None:
        await asyncio.sleep(max(0.0, begun + number * interval / devices - time.perf_counter()))
        asked = time.perf_counter()
        async with session.get(url, params={"device": f"fleet-{number}"}, headers=headers) as answer:
            body = await answer.read()
        found.seconds.append(time.perf_counter() - asked)
        found.pages += 1
        if answer.status != 200:
            return
        # A page in ten is read: unpacking them all would cost this machine more than serving them.
        if number % 10 == 0:
            text = gzip.decompress(body).decode()
            found.good += bool(SUCCESS.search(text))
            found.samples = max(found.samples, sum(line[:1] not in "#w" for line in text.splitlines()))
            if age := AGE.search(text):
                found.oldest = max(found.oldest, float(age[1]))

    async with aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=15)) as session:
        await asyncio.gather(*(one(session, number) for number in range(devices)), return_exceptions=True)
    return found


def ours(home: Path, devices: int, port: int, interval: int, rounds: int) -> tuple[list[Scraped], float, int]:
    """Scrapes, CPU seconds of the measured rounds, resident bytes at the end, after `WARM_UP` rounds more."""
    log, http = home / f"collector-{devices}.log", process.free_port()
    config = configuration(home / f"config-{devices}", devices, port, interval)
    words: list[str | Path] = [sys.executable, "-m", "collector", "run", "--config", config]
    words += ["--web.listen-address", f"127.0.0.1:{http}"]
    with process.running(words, log, {"STATE_DIRECTORY": str(home / f"state-{devices}")}) as collector:
        (home / f"state-{devices}").mkdir(exist_ok=True)
        process.wait(collector, f"http://127.0.0.1:{http}/-/ready", log)
        url = f"http://127.0.0.1:{http}/metrics"
        for _ in range(WARM_UP):
            asyncio.run(scrape_round(url, devices, interval))
        before = process.cpu(collector.pid)
        found = [asyncio.run(scrape_round(url, devices, interval)) for _ in range(rounds)]
        return found, process.cpu(collector.pid) - before, process.resident(collector.pid)


def peer(home: Path, devices: int, port: int) -> float:
    """CPU seconds of the real snmp_exporter for one scrape of each of that many switches, gzip included."""
    modules = {"if_mib": peers.read(ROOT / "config" / "snmp" / "if_mib.yml")["if_mib"]}
    with peers.exporter(home, modules) as (url, pid):

        async def scrape(numbers: range) -> None:
            async with aiohttp.ClientSession(auto_decompress=False) as session:
                for number in numbers:
                    asked = {"module": "if_mib", "target": f"{fleet_address(number)}:{port}"}
                    async with session.get(url, params=asked, headers={"Accept-Encoding": "gzip"}) as answer:
                        body = await answer.read()
                        if answer.status != 200:
                            raise RuntimeError(f"snmp_exporter: {answer.status} {body[:300]!r}")

        asyncio.run(scrape(range(2)))
        before = process.cpu(pid)
        asyncio.run(scrape(range(devices)))
        return process.cpu(pid) - before


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--devices", type=int, default=1000)
    options.add_argument("--interval", type=int, default=60, help="seconds")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--sample", type=int, default=50, help="switches that snmp_exporter reads")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-estate-") as name:
        home, log = Path(name), Path(name) / "simulator.log"
        port = process.free_port()
        words = [sys.executable, "-m", "simulator", "--fleet", str(chosen.devices), "--port", str(port)]
        with process.running(words, log) as simulator:
            time.sleep(1.0)
            if simulator.poll() is not None:
                raise RuntimeError(log.read_text())
            _, _, alone = ours(home, 1, port, 2, 1)
            found, cpu, resident = ours(home, chosen.devices, port, chosen.interval, chosen.rounds)
            theirs = peer(home, chosen.sample, port)
    return report(chosen, found, cpu, (resident - alone) / (chosen.devices - 1), theirs)


def report(chosen: argparse.Namespace, found: list[Scraped], cpu: float, memory: float, theirs: float) -> int:
    """Print the table; 1 where a promise is broken."""
    pages = sum(scraped.pages for scraped in found)
    expected = chosen.devices * chosen.rounds
    good = sum(scraped.good for scraped in found)
    wanted = len(range(0, chosen.devices, 10)) * chosen.rounds
    slowest = sorted(second for scraped in found for second in scraped.seconds)
    each = cpu / max(1, pages) / VARIABLES
    their_each = theirs / chosen.sample / VARIABLES
    late = max(scraped.oldest for scraped in found) / chosen.interval
    print(f"{chosen.devices} switches, {VARIABLES} variables each, every {chosen.interval} s, {chosen.rounds} rounds")
    print(f"pages {pages} of {expected}; of every tenth, good {good} of {wanted}; {found[-1].samples} samples a page")
    print(f"{'':34}{'ms/switch':>10}{'us/variable':>13}{'ratio':>7}")
    print(f"{'wardwatch':34}{each * VARIABLES * 1e3:>10.2f}{each * 1e6:>13.2f}{1:>7.1f}")
    print(
        f"{'snmp_exporter':34}{their_each * VARIABLES * 1e3:>10.2f}{their_each * 1e6:>13.2f}{their_each / each:>7.1f}"
    )
    print(f"memory: {memory / 1e3:.1f} KB a device   CPU: {cpu / (chosen.rounds * chosen.interval):.2f} of a core")
    median, nearly_all = slowest[len(slowest) // 2], slowest[int(len(slowest) * 0.99)]
    print(f"answer: median {median * 1e3:.0f} ms, 99% within {nearly_all * 1e3:.0f} ms; oldest {late:.2f} intervals")
    verdicts = {
        f"at most {CPU_PROMISE * 1e6} us a variable": each <= CPU_PROMISE,
        f"at most {MEMORY_PROMISE / 1e3:.0f} KB a device": memory <= MEMORY_PROMISE,
        f"nothing older than {LATE_PROMISE:.0f} intervals, no page missing": late <= LATE_PROMISE
        and (pages, good) == (expected, wanted),
    }
    for promise, kept in verdicts.items():
        print(f"promise ({promise}): {'kept' if kept else 'BROKEN'}")
    return 0 if all(verdicts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
