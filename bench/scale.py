"""`python -m bench.scale [small] [large] [--full]`: a collector of thousands of devices, scraped as Prometheus does it.

small: devices of 100 variables, 5% of packets lost each way, 1% of the devices dead, 1% malformed, 1% slow. Promises at
10,000 devices and 60 s: a quarter of a core, 400 MB, at least 99.99% of the healthy ones' intervals fresh, none missed
twice running (RELIABILITY B1). large: switches of 2,132 variables; at 5,000 and 60 s half a core and 500 MB. Smaller
sizes promise CPU in proportion to the polls a second, and what an idle program needs. What is promised of CPU is what a
collector takes for years, from the fifth interval on: before that replies grow, which costs more and is printed too.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import yaml

from bench import asking, pages, process
from bench.bar.devices import Ill, Plays, playing
from simulator.fleets import REPLY_BYTES, fleet_address
from tests.exporters.exposition import parse

Words = Sequence[str | Path]
PROGRAM: Words = (sys.executable, "-m", "collector", "run")

IDLE = 0.005
"""Of a core: what a collector takes that polls nothing but its own host."""

ILL: Mapping[int, Ill] = {
    0: (("dead", {}),),
    1: (("malformed", {}),),
    2: (("slow", {"seconds": 3.0}),),
}
"""Every hundredth device each, by its number in the hundred."""

SCALARS: Mapping[str, Any] = {
    "ip_scalars": {
        "get": [f"1.3.6.1.2.1.4.{n}.0" for n in range(3, 12)],
        "metrics": [
            {"name": f"ip_{n}", "oid": f"1.3.6.1.2.1.4.{n}", "type": "counter", "help": "A counter of the ip group."}
            for n in range(3, 12)
        ],
    }
}

CAUSES = ("wardwatch_poll", "wardwatch_series_dropped")
"""Lines of a page that say why it is not fresh."""
READ_STRICTLY = 50
"""Every so manieth page is read by the strict parser."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Devices alike. `cores` and `resident` (bytes) are what `of` devices at `per` seconds may take."""

    kind: str
    ports: int
    modules: Sequence[str]
    cores: float
    resident: float
    of: int
    per: float
    devices: int
    interval: float
    timeout: float
    rounds: int
    warm_up: int = 1
    """Intervals before those that are measured."""
    grown: int = 4
    """Intervals after which replies have grown to what devices bear (collector/wire/snmp/habits.py)."""
    loss: float = 0.0
    """Share of packets that are lost, each way."""
    ill: bool = False
    room: int = pages.ROOM
    """Series of each device that the collector has room for: `caps.series` is raised to as many."""

    @property
    def allowed(self) -> float:
        """Cores that this many may take."""
        share = (self.devices / self.interval) / (self.of / self.per)
        return self.cores if share >= 1 else self.cores * share + IDLE

    def sick(self, number: int) -> Ill:
        return ILL.get(number % 100, ()) if self.ill else ()

    def plays(self) -> list[Plays]:
        lost: Ill = (("loss", {"requests": self.loss, "replies": self.loss}),) if self.loss else ()
        return [
            Plays(
                f"fleet-{n}", fleet_address(n), self.kind, self.ports, (*self.sick(n), *lost), pace=1.0,
                reply_bytes=REPLY_BYTES,
            )
            for n in range(self.devices)
        ]  # fmt: skip


SMALL = Fleet(
    "router", 1, ("system", "if_mib", "ip_scalars"), 0.25, 400e6, 10_000, 60.0,
    devices=600, interval=20.0, timeout=18.0, rounds=6, loss=0.05, ill=True,
)  # fmt: skip
"""Two interfaces of 41 variables, their number, 8 of the system group and 9 scalars: 100."""
LARGE = Fleet("switch", 48, ("if_mib",), 0.5, 500e6, 5_000, 60.0, devices=100, interval=20.0, timeout=16.0, rounds=3,
              warm_up=4)  # fmt: skip
FULL_SMALL: Mapping[str, Any] = {"devices": 10_000, "interval": 60.0, "timeout": 30.0, "rounds": 10}
FULL_LARGE: Mapping[str, Any] = {"devices": 5_000, "interval": 60.0, "timeout": 30.0, "rounds": 3}


@dataclass(slots=True)
class Found:
    """What the scrapes and /proc told."""

    fresh: int = 0
    missed: int = 0
    twice: int = 0
    """Devices that missed two measured intervals running."""
    pages: int = 0
    strict: int = 0
    unreadable: list[str] = field(default_factory=list)
    cores: float = 0.0
    """Once replies have grown, and in the measured intervals before that: 0 where there is none."""
    cores_growing: float = 0.0
    resident: int = 0
    """Bytes, at the peak."""
    descriptors: int = 0
    packets: int = 0
    samples: set[int] = field(default_factory=set)
    """How many there were on a fresh page: devices are alike, so it is one number."""
    seconds: list[float] = field(default_factory=list)
    why: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.fresh / max(1, self.fresh + self.missed)

    def figure(self) -> dict[str, Any]:
        slowest = sorted(self.seconds) or [0.0]
        return {
            "fresh_share": round(self.share, 6),
            "device_intervals": self.fresh + self.missed,
            "missed": self.missed,
            "missed_twice": self.twice,
            "cores": round(self.cores, 3),
            "cores_while_replies_grow": round(self.cores_growing, 3),
            "peak_resident_mb": round(self.resident / 1e6, 1),
            "descriptors": self.descriptors,
            "packets": self.packets,
            "pages": self.pages,
            "samples_a_page": {"least": min(self.samples, default=0), "most": max(self.samples, default=0)},
            "pages_read_strictly": self.strict,
            "unreadable": self.unreadable[:2],
            "answer_ms": {"median": round(slowest[len(slowest) // 2] * 1e3, 1), "p99": round(p99(slowest) * 1e3, 1)},
            "why_missed": self.why[:3],
        }


def p99(ordered: Sequence[float]) -> float:
    return ordered[int(len(ordered) * 0.99)]


def measure(fleet: Fleet, seed: int, program: Words = PROGRAM) -> Found:
    """Play the fleet in one process, collect it in another, scrape it from this one."""
    with TemporaryDirectory(prefix="scale-") as name, playing(fleet.plays(), seed) as devices:
        home = Path(name)
        http, log = process.free_port(), home / "collector.log"
        words = [*program, "--config", _configuration(home, fleet, devices.port)]
        words += ["--web.listen-address", f"127.0.0.1:{http}"]
        (home / "state").mkdir()
        with process.running(words, log, {"STATE_DIRECTORY": str(home / "state")}) as collector:
            process.wait(collector, f"http://127.0.0.1:{http}/-/ready", log, seconds=120)
            found = asyncio.run(_scrape(fleet, http, collector.pid, seed))
            if collector.poll() is not None:
                raise RuntimeError(log.read_text(errors="replace")[-2000:])
        found.packets = devices.stats()["packets"]
    return found


def _configuration(home: Path, fleet: Fleet, port: int) -> Path:
    config = home / "config"
    (config / "inventory").mkdir(parents=True)
    (config / "snmp").mkdir()
    # A site for each 250 devices: its budget of 500 packets a second stays as it is.
    listed = [
        {"name": f"fleet-{n}", "address": fleet_address(n), "site": f"site-{n // 250}"} for n in range(fleet.devices)
    ]
    defaults = {
        "class": "it", "modules": list(fleet.modules), "auth": "scale", "port": port,
        "interval": f"{round(fleet.interval * 1000)}ms", "timeout": f"{round(fleet.timeout * 1000)}ms",
    }  # fmt: skip
    (config / "inventory" / "fleet.yml").write_text(yaml.safe_dump({"defaults": defaults, "devices": listed}))
    (config / "auths.yml").write_text("auths: {scale: {version: 2, community: public}}\n")
    (config / "wardwatch.yml").write_text(pages.settings(fleet.devices, fleet.room))
    (config / "snmp" / "scale.yml").write_text(yaml.safe_dump({"modules": dict(SCALARS)}))
    return config


async def _scrape(fleet: Fleet, http: int, pid: int, seed: int) -> Found:
    """Every device once an interval, each at its own place in it. As with Prometheus, which takes a hash, the places of
    neighbours have nothing in common: in the order of the inventory, one site after the other would be asked for all it
    has within a second or two, and its budget of packets would be the figure."""
    found = Found()
    last_missed: dict[int, int] = {}
    twice: set[int] = set()
    url = f"http://127.0.0.1:{http}/metrics"
    headers = {"Accept-Encoding": "gzip", "X-Prometheus-Scrape-Timeout-Seconds": str(fleet.timeout)}
    chance = random.Random(seed)
    places = sorted((chance.random(), number) for number in range(fleet.devices))
    begun = time.perf_counter()
    tasks: set[asyncio.Task[None]] = set()

    async def one(session: aiohttp.ClientSession, turn: int, number: int) -> None:
        asked, why = time.perf_counter(), ""
        text = ""
        try:
            status, body = await asking.page(session, url, {"device": f"fleet-{number}"}, headers)
            text = body.decode()
            why = "" if status == 200 and _fresh(text, fleet) else f"status {status}: {_short(text)}"
        except (aiohttp.ClientError, TimeoutError) as error:
            why = repr(error)
        if turn < fleet.warm_up:
            return
        found.pages += 1
        found.seconds.append(time.perf_counter() - asked)
        if text and number % READ_STRICTLY == turn % READ_STRICTLY:
            found.strict += 1
            try:
                parse(text.encode())
            except (ValueError, KeyError, IndexError) as error:
                found.unreadable.append(str(error)[:200])
        if fleet.sick(number):
            return
        if not why:
            found.fresh += 1
            found.samples.add(pages.samples(text))
            return
        found.missed += 1
        found.why.append(f"fleet-{number}: {why}")
        if last_missed.get(number) == turn - 1:
            twice.add(number)
        last_missed[number] = turn

    spent: dict[int, float] = {}
    last = fleet.warm_up + fleet.rounds
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=fleet.timeout)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        for turn in range(last):
            spent[turn] = process.cpu(pid)
            for place, number in places:
                await asyncio.sleep(begun + (turn + place) * fleet.interval - time.perf_counter())
                task = asyncio.ensure_future(one(session, turn, number))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            found.descriptors = max(found.descriptors, len(list(Path(f"/proc/{pid}/fd").iterdir())))
        await asyncio.sleep(max(0.0, begun + last * fleet.interval - time.perf_counter()))
        spent[last] = process.cpu(pid)
        grown = min(max(fleet.grown, fleet.warm_up), last - 1)
        found.cores = (spent[last] - spent[grown]) / ((last - grown) * fleet.interval)
        if grown > fleet.warm_up:
            found.cores_growing = (spent[grown] - spent[fleet.warm_up]) / ((grown - fleet.warm_up) * fleet.interval)
        found.resident = process.peak(pid)
        await asyncio.gather(*tasks)
    found.twice = len(twice)
    return found


def _fresh(text: str, fleet: Fleet) -> bool:
    """Whether every module of the device was read whole in this interval, and is served whole."""
    found = pages.ages(text)
    whole = len(found) == len(fleet.modules) and pages.whole(text, len(fleet.modules))
    return whole and max(found) < 0.9 * fleet.interval


def _short(text: str) -> str:
    said = [line for line in text.splitlines() if line.startswith(CAUSES)]
    return " ".join(sorted(said, key=lambda line: not line.startswith(CAUSES[1])))[:300]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("which", nargs="*", metavar="NAME", help="small, large; none: both")
    options.add_argument("--full", action="store_true", help="10,000 small or 5,000 large devices, 60 s")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    kept = True
    for name, fleet, full in (("small", SMALL, FULL_SMALL), ("large", LARGE, FULL_LARGE)):
        if chosen.which and name not in chosen.which:
            continue
        sized = replace(fleet, **full) if chosen.full else fleet
        found = measure(sized, chosen.seed)
        print(f"{name}: {sized.devices} devices every {sized.interval:.0f} s, {sized.rounds} intervals measured")
        print(f"  {'caps.series, raised to':24}{pages.series(sized.devices, sized.room)}")
        for key, value in found.figure().items():
            print(f"  {key:24}{value}")
        for promise, good in promises(sized, found).items():
            print(f"promise ({promise}): {'kept' if good else 'BROKEN'}")
            kept = kept and good
    return 0 if kept else 1


def promises(fleet: Fleet, found: Found) -> Mapping[str, bool]:
    """Each promise in words, and whether it was kept."""
    return {
        "at least 99.99% of healthy device-intervals fresh": found.share >= 0.9999,
        "no device missed twice running": not found.twice,
        "as much on each page": len(found.samples) == 1,
        f"at most {fleet.allowed:.3f} of a core": found.cores <= fleet.allowed,
        f"at most {fleet.resident / 1e6:.0f} MB": found.resident <= fleet.resident,
        "every page that was read strictly is sound": not found.unreadable,
    }


if __name__ == "__main__":
    sys.exit(main())
