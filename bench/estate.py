"""`python -m bench.estate`: 1,000 simulated switches of 48 ports, `if_mib` every 60 s, scraped as Prometheus does it.

Measured on the collector's process, over HTTP: CPU per variable from the wire to the gzipped page, memory per device,
and how late numbers are. Beside it the real snmp_exporter reads a sample of the same switches, and the collector is run
once more with clocks inside, to show where its time goes.

Promises: at most 2.5 microseconds of CPU a variable and an eighth of snmp_exporter's, at most 60 KB a device, every
page whole and nothing later than two intervals. `caps.series` is raised, so that no page is cut short, and printed.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp
import yaml

from bench import pages, phases, process
from bench import peer as peers
from simulator.estate import fleet_address

ROOT = Path(__file__).resolve().parents[1]
VARIABLES = 2132
"""What a walk of `if_mib` reads of a switch of 48 ports and four uplinks: 41 variables each (docs/simulator.md)."""

WARM_UP = 5
"""Rounds before those that are measured: replies grow from poll to poll (collector/wire/snmp/habits.py)."""

CPU_PROMISE = 2.5e-6
RATIO_PROMISE, RATIO_GOAL = 8.0, 12.0
"""How many times as much CPU snmp_exporter takes."""
MEMORY_PROMISE = 60e3
LATE_PROMISE = 2.0
"""Intervals."""

Words = Sequence[str | Path]
PROGRAM: Words = (sys.executable, "-m", "collector")


@dataclass(slots=True)
class Scraped:
    """What a round of scrapes found."""

    pages: int = 0
    good: int = 0
    """Pages on which all of the module is that there is."""
    samples: set[int] = field(default_factory=set)
    """How many there are on a page: switches are alike, so it is one number."""
    oldest: float = 0.0
    seconds: list[float] = field(default_factory=list)

    def take(self, text: str) -> None:
        """A page that was answered in time."""
        self.good += pages.whole(text, modules=1)
        self.samples.add(pages.samples(text))
        self.oldest = max(self.oldest, *pages.ages(text), 0.0)


@dataclass(frozen=True, slots=True)
class Ran:
    """The measured rounds of a collector: its CPU seconds, those of them in the kernel, resident bytes in the end."""

    found: list[Scraped]
    cpu: float
    kernel: float
    resident: int


def configuration(home: Path, devices: int, port: int, interval: int, room: int) -> Path:
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
    (home / "wardwatch.yml").write_text(pages.settings(devices, room))
    return home


async def scrape_round(url: str, devices: int, interval: float) -> Scraped:
    """Every device once, spread over one interval as Prometheus spreads its targets."""
    found = Scraped()
    headers = {"Accept-Encoding": "gzip", "X-Prometheus-Scrape-Timeout-Seconds": "10"}

    async def one(session: aiohttp.ClientSession, number: int) -> None:
        asked = time.perf_counter()
        async with session.get(url, params={"device": f"fleet-{number}"}, headers=headers) as answer:
            body = await answer.read()
        found.seconds.append(time.perf_counter() - asked)
        found.pages += 1
        if answer.status != 200:
            return
        found.take(gzip.decompress(body).decode())

    async with aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=15)) as session:
        await spread((partial(one, session, number) for number in range(devices)), interval / devices)
    return found


async def spread(calls: Iterable[Callable[[], Awaitable[None]]], apart: float) -> Sequence[BaseException]:
    """Make each call so many seconds after the one before, and wait for all, and as long after the last: who goes on
    then comes at its time. Returns what went wrong."""
    begun = time.perf_counter()

    async def in_turn(place: int, call: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(max(0.0, begun + place * apart - time.perf_counter()))
        await call()

    async def nothing() -> None:
        pass

    turns = [in_turn(place, call) for place, call in enumerate([*calls, nothing])]
    return [failed for failed in await asyncio.gather(*turns, return_exceptions=True) if failed is not None]


def ours(
    home: Path, devices: int, port: int, interval: int, rounds: int, *,
    warm_up: int = WARM_UP, room: int = pages.ROOM, program: Words = PROGRAM, clocks: Path | None = None,
) -> tuple[Ran, Mapping[str, float]]:  # fmt: skip
    """What `rounds` cost after `warm_up` rounds more, and of that each of `phases.PHASES` where there are clocks."""
    http = process.free_port()
    name = f"{devices}-{http}"
    log, state = home / f"collector-{name}.log", home / f"state-{name}"
    config = configuration(home / f"config-{name}", devices, port, interval, room)
    words = [*program, "run", "--config", config, "--web.listen-address", f"127.0.0.1:{http}"]
    state.mkdir()
    with process.running(words, log, {"STATE_DIRECTORY": str(state)}) as collector:
        process.wait(collector, f"http://127.0.0.1:{http}/-/ready", log)
        url, pid = f"http://127.0.0.1:{http}/metrics", collector.pid
        for _ in range(warm_up):
            asyncio.run(scrape_round(url, devices, interval))
        clocked = phases.read(clocks) if clocks else {}
        before, inside = process.cpu(pid), process.kernel(pid)
        found = [asyncio.run(scrape_round(url, devices, interval)) for _ in range(rounds)]
        ran = Ran(found, process.cpu(pid) - before, process.kernel(pid) - inside, process.resident(pid))
        ended = phases.read(clocks) if clocks else {}
        return ran, {phase: spent - clocked[phase] for phase, spent in ended.items()}


def clocked(
    home: Path, devices: int, port: int, interval: int, warm_up: int = WARM_UP
) -> tuple[Ran, Mapping[str, float]]:
    """One round of a collector with clocks inside."""
    clocks = home / "phases"
    program = (sys.executable, "-m", "bench.phases", clocks)
    return ours(home, devices, port, interval, 1, warm_up=warm_up, program=program, clocks=clocks)


def peer(home: Path, devices: int, port: int, apart: float) -> float:
    """CPU seconds of the real snmp_exporter for one scrape of each of that many switches, gzip included.

    One begins so many seconds after the other, as ours do: a program that works without a pause has all it needs in
    the processor's caches, and is cheaper than any Prometheus will see it.
    """
    modules = {"if_mib": peers.read(ROOT / "config" / "snmp" / "if_mib.yml")["if_mib"]}
    with peers.exporter(home, modules) as (url, pid):

        async def one(session: aiohttp.ClientSession, number: int) -> None:
            asked = {"module": "if_mib", "target": f"{fleet_address(number)}:{port}"}
            async with session.get(url, params=asked, headers={"Accept-Encoding": "gzip"}) as answer:
                body = await answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"snmp_exporter: {answer.status} {body[:300]!r}")

        async def scrape(numbers: range) -> None:
            async with aiohttp.ClientSession(auto_decompress=False) as session:
                for failed in await spread((partial(one, session, number) for number in numbers), apart):
                    raise failed

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
            alone, _ = ours(home, 1, port, 2, 1)
            ran, _ = ours(home, chosen.devices, port, chosen.interval, chosen.rounds)
            theirs = peer(home, chosen.sample, port, chosen.interval / chosen.devices)
            # A fifth of the switches in a fifth of the interval: as many polls a second, in less time.
            fewer, sooner = max(1, chosen.devices // 5), max(2, chosen.interval // 5)
            inside = clocked(home, fewer, port, sooner)
    code = report(chosen, ran, (ran.resident - alone.resident) / max(1, chosen.devices - 1), theirs)
    anatomy(*inside)
    return code


def report(chosen: argparse.Namespace, ran: Ran, memory: float, theirs: float) -> int:
    """Print the table; 1 where a promise is broken."""
    found, cpu = ran.found, ran.cpu
    answered, good = sum(scraped.pages for scraped in found), sum(scraped.good for scraped in found)
    expected = chosen.devices * chosen.rounds
    samples = set().union(*(scraped.samples for scraped in found))
    slowest = sorted(second for scraped in found for second in scraped.seconds)
    each = cpu / max(1, answered) / VARIABLES
    their_each = theirs / chosen.sample / VARIABLES
    ratio = their_each / each
    late = max(scraped.oldest for scraped in found) / chosen.interval
    print(f"{chosen.devices} switches, {VARIABLES} variables each, every {chosen.interval} s, {chosen.rounds} rounds")
    print(f"caps.series, raised to {pages.series(chosen.devices)}: no page is to be cut short")
    least, most = min(samples, default=0), max(samples, default=0)
    print(f"pages {answered} of {expected}, whole {good}; samples a page: {least} to {most}")
    print(f"{'':34}{'ms/switch':>10}{'us/variable':>13}{'ratio':>7}")
    print(f"{'wardwatch':34}{each * VARIABLES * 1e3:>10.2f}{each * 1e6:>13.2f}{1:>7.1f}")
    print(f"{'snmp_exporter':34}{their_each * VARIABLES * 1e3:>10.2f}{their_each * 1e6:>13.2f}{ratio:>7.1f}")
    print(f"memory: {memory / 1e3:.1f} KB a device   CPU: {cpu / (chosen.rounds * chosen.interval):.2f} of a core")
    median, nearly_all = slowest[len(slowest) // 2], slowest[int(len(slowest) * 0.99)]
    print(f"answer: median {median * 1e3:.0f} ms, 99% within {nearly_all * 1e3:.0f} ms; oldest {late:.2f} intervals")
    print(
        f"goal: snmp_exporter takes {RATIO_GOAL:.0f} times as much: {'reached' if ratio >= RATIO_GOAL else 'not yet'}"
    )
    verdicts = {
        f"at most {CPU_PROMISE * 1e6} us a variable": each <= CPU_PROMISE,
        f"at most an eighth of snmp_exporter's CPU: {RATIO_PROMISE:.0f} times": ratio >= RATIO_PROMISE,
        f"at most {MEMORY_PROMISE / 1e3:.0f} KB a device": memory <= MEMORY_PROMISE,
        f"nothing older than {LATE_PROMISE:.0f} intervals, no page missing": late <= LATE_PROMISE
        and answered == expected,
        "every page whole, as much on each": good == expected and len(samples) == 1,
    }
    for promise, kept in verdicts.items():
        print(f"promise ({promise}): {'kept' if kept else 'BROKEN'}")
    return 0 if all(verdicts.values()) else 1


def anatomy(ran: Ran, spent: Mapping[str, float]) -> None:
    """Print where the time went; the lines add up to the last one."""
    switches = max(1, sum(scraped.pages for scraped in ran.found))
    rest = ran.cpu - sum(spent.values())
    print(f"\nwhere the time goes, in a run of {switches} switches with clocks inside (bench/phases.py):")
    print(f"{'':34}{'ms/switch':>10}{'share':>8}")
    for what, seconds in {**spent, "event loop, HTTP, system calls": rest, "all": ran.cpu}.items():
        print(f"{what:34}{seconds / switches * 1e3:>10.2f}{seconds / ran.cpu:>8.0%}")
    print(f"of all of it in the kernel: {ran.kernel / switches * 1e3:.2f} ms")


if __name__ == "__main__":
    sys.exit(main())
