"""`python -m bench.probes [mixed] [beside] [dicom] [--full]`: what probes cost, scraped as Prometheus does it.

mixed: TCP, TLS and ICMP, a third of each; at 5,000 probes every 60 s at most half a core. beside: http and tcp, half of
each, by the real blackbox_exporter and by us in the same seconds; at most its CPU. dicom: verifications; 3,000 peers
every 300 s, whose pages are scraped every 120 s, at most 5% of a core: CPU of an echo with its page and CPU of a page
without, multiplied. Smaller sizes promise in proportion, and what an idle program needs.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import yaml

from bench import asking, process
from deploy.local import parts
from simulator.fleets import fleet_address
from tests.exporters.certificates import Authority

IDLE = 0.005
"""Of a core: what a collector takes that polls nothing but its own host."""

TIMEOUT = 10.0
SCRAPED = 120.0
"""Seconds: the longest scrape interval that `/sd` says (docs/decisions.md)."""

SUCCESS = re.compile(r"(?m)^probe_success(?:\{[^}]*\})? 1$")
TARGETS: Mapping[str, str] = {
    "tcp": ":{http}", "tls": ":{tls}", "icmp": "", "http": "http://{address}:{http}/", "dicom": "ARCHIVE@:{dicom}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fleet:
    """Devices with one probe each, the modules in turn."""

    modules: Sequence[str]
    devices: int
    interval: float
    rounds: int
    warm_up: int = 1


MIXED = Fleet(("tcp", "tls", "icmp"), 900, 10.8, 3)
BESIDE = Fleet(("http", "tcp"), 300, 6.0, 3)
DICOM = Fleet(("dicom",), 600, 12.0, 1, warm_up=0)
FULL: Mapping[str, Mapping[str, Any]] = {
    "mixed": {"devices": 5000, "interval": 60.0},
    "beside": {"devices": 1000, "interval": 60.0},
    "dicom": {"devices": 3000, "interval": 60.0},
}


@dataclass(frozen=True, slots=True)
class Peers:
    """Where probes go, and who vouches for the TLS among them."""

    ports: Mapping[str, int]
    authority: Path

    def target(self, module: str, number: int) -> str:
        return TARGETS[module].format(address=fleet_address(number), **self.ports)

    def modules(self) -> Mapping[str, Any]:
        tls = {"ca_file": str(self.authority), "server_name": "peer.example"}
        return {
            "tcp": {"prober": "tcp", "timeout": "5s"},
            "tls": {"prober": "tcp", "timeout": "5s", "tcp": {"tls": True, "tls_config": tls}},
            "icmp": {"prober": "icmp", "timeout": "5s"},
            "http": {"prober": "http", "timeout": "5s"},
        }


@contextmanager
def peers(home: Path) -> Iterator[Peers]:
    authority = Authority(home)
    signed = authority.sign("peer", "peer.example")
    certificate = home / "peer-with-key.pem"
    certificate.write_text(signed.key.read_text() + signed.certificate.read_text())
    ports = {name: process.free_port() for name in ("http", "tls", "dicom")}
    words: list[str | Path] = [sys.executable, "-m", "bench.answering", "--certificate", certificate]
    for name, port in ports.items():
        words += [f"--{name}", str(port)]
    with process.running(words, home / "answering.log") as running:
        process.wait(running, f"http://127.0.0.1:{ports['http']}/", home / "answering.log")
        yield Peers(ports, authority.path)


@contextmanager
def collector(home: Path, fleet: Fleet, probed: Peers, interval: float) -> Iterator[tuple[str, int]]:
    """Our program with the fleet for an inventory: its URL and its process id."""
    config, state, log, http = home / "config", home / "state", home / "collector.log", process.free_port()
    (config / "inventory").mkdir(parents=True)
    (config / "probes").mkdir()
    state.mkdir()
    listed = [
        {
            "name": f"fleet-{n}", "address": fleet_address(n), "site": f"site-{n // 250}",
            "modules": [{"module": named(module), "target": probed.target(module, n)}],
        }
        for n, module in each(fleet)
    ]  # fmt: skip
    defaults = {"class": "it", "interval": f"{round(interval * 1000)}ms", "timeout": f"{min(TIMEOUT, interval):g}s"}
    (config / "inventory" / "fleet.yml").write_text(yaml.safe_dump({"defaults": defaults, "devices": listed}))
    (config / "probes" / "bench.yml").write_text(
        yaml.safe_dump({"modules": {f"bench_{name}": module for name, module in probed.modules().items()}})
    )
    (config / "wardwatch.yml").write_text("{}\n")
    words: list[str | Path] = [sys.executable, "-m", "collector", "run", "--config", config]
    words += ["--web.listen-address", f"127.0.0.1:{http}"]
    with process.running(words, log, {"STATE_DIRECTORY": str(state)}) as running:
        process.wait(running, f"http://127.0.0.1:{http}/-/ready", log, seconds=120)
        yield f"http://127.0.0.1:{http}/metrics", running.pid


def named(module: str) -> str:
    """Its name in our configuration; the verification is the shipped module."""
    return "dicom_echo" if module == "dicom" else f"bench_{module}"


@contextmanager
def exporter(home: Path, probed: Peers) -> Iterator[tuple[str, int]]:
    """The real blackbox_exporter with the same modules: the URL of its `/probe`, and its process id."""
    settings, log, http = home / "blackbox.yml", home / "blackbox.log", process.free_port()
    settings.write_text(yaml.safe_dump({"modules": dict(probed.modules())}))
    words: list[str | Path] = [
        parts.part("blackbox_exporter"), f"--config.file={settings}", f"--web.listen-address=127.0.0.1:{http}",
    ]  # fmt: skip
    with process.running(words, log) as running:
        process.wait(running, f"http://127.0.0.1:{http}/-/healthy", log)
        yield f"http://127.0.0.1:{http}/probe", running.pid


def each(fleet: Fleet) -> list[tuple[int, str]]:
    return [(n, fleet.modules[n % len(fleet.modules)]) for n in range(fleet.devices)]


@dataclass(slots=True)
class Found:
    """What rounds of scrapes found."""

    pages: int = 0
    good: int = 0
    why: list[str] = field(default_factory=list)

    @property
    def all_good(self) -> bool:
        return self.good == self.pages > 0


async def scrape(fleet: Fleet, url: str, asked: Sequence[Mapping[str, str]], found: Found, rounds: int) -> None:
    """Every device once a round, each at its own place in it, as Prometheus does."""
    headers = {"Accept-Encoding": "gzip", "X-Prometheus-Scrape-Timeout-Seconds": f"{TIMEOUT:g}"}
    begun, tasks = time.perf_counter(), list[asyncio.Task[None]]()

    async def one(session: aiohttp.ClientSession, params: Mapping[str, str]) -> None:
        found.pages += 1
        try:
            text = (await asking.page(session, url, params, headers))[1].decode()
        except (aiohttp.ClientError, TimeoutError) as error:
            text = repr(error)
        if SUCCESS.search(text):
            found.good += 1
        else:
            found.why.append(
                f"{params}: {[line for line in text.splitlines() if 'failure' in line][-1:] or text[:200]}"
            )

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT + 5)) as session:
        for turn in range(rounds):
            for number, params in enumerate(asked):
                await asyncio.sleep(begun + (turn + number / len(asked)) * fleet.interval - time.perf_counter())
                tasks.append(asyncio.ensure_future(one(session, params)))
        await asyncio.sleep(begun + rounds * fleet.interval - time.perf_counter())
        await asyncio.gather(*tasks)


def pages(fleet: Fleet) -> list[Mapping[str, str]]:
    return [{"device": f"fleet-{n}"} for n in range(fleet.devices)]


def mixed(home: Path, fleet: Fleet, probed: Peers) -> Mapping[str, bool]:
    found = Found()
    with collector(home, fleet, probed, fleet.interval) as (url, pid):
        asyncio.run(scrape(fleet, url, pages(fleet), Found(), fleet.warm_up))
        before = process.cpu(pid)
        asyncio.run(scrape(fleet, url, pages(fleet), found, fleet.rounds))
        cores = (process.cpu(pid) - before) / (fleet.rounds * fleet.interval)
        resident = process.resident(pid)
    rate = fleet.devices / fleet.interval
    allowed = 0.5 * rate / (5000 / 60) + (IDLE if fleet.devices < 5000 else 0)
    print(f"mixed: {fleet.devices} probes every {fleet.interval:g} s: {cores:.3f} of a core, "
          f"{cores / rate * 1e3:.2f} ms a probe with its page, {resident / 1e6:.0f} MB")  # fmt: skip
    return {"every probe succeeded": said(found), f"at most {allowed:.3f} of a core": cores <= allowed}


def beside(home: Path, fleet: Fleet, probed: Peers) -> Mapping[str, bool]:
    mine, theirs = Found(), Found()
    asked = [{"module": module, "target": probed.target(module, n)} for n, module in each(fleet)]
    for n, params in enumerate(asked):
        if params["target"].startswith(":"):
            params["target"] = fleet_address(n) + params["target"]

    async def both(ours: str, peer: str, rounds: int) -> None:
        await asyncio.gather(
            scrape(fleet, ours, pages(fleet), mine, rounds), scrape(fleet, peer, asked, theirs, rounds)
        )

    with collector(home, fleet, probed, fleet.interval) as (ours, pid), exporter(home, probed) as (peer, other):
        asyncio.run(both(ours, peer, fleet.warm_up))
        mine, theirs = Found(), Found()
        before = process.cpu(pid), process.cpu(other)
        asyncio.run(both(ours, peer, fleet.rounds))
        used = process.cpu(pid) - before[0], process.cpu(other) - before[1]
    count = fleet.devices * fleet.rounds
    print(f"beside: {fleet.devices} targets every {fleet.interval:g} s, ms of CPU a probe with its page: "
          f"wardwatch {used[0] / count * 1e3:.2f}, blackbox_exporter {used[1] / count * 1e3:.2f}, "
          f"ratio {used[0] / max(used[1], 0.01):.2f}")  # fmt: skip
    return {
        "every probe of both succeeded": said(mine) and said(theirs),
        "at most blackbox_exporter's CPU": used[0] <= used[1],
    }


def dicom(home: Path, fleet: Fleet, probed: Peers) -> Mapping[str, bool]:
    found = Found()
    with collector(home, fleet, probed, 300.0) as (url, pid):
        before = process.cpu(pid)
        asyncio.run(scrape(fleet, url, pages(fleet), found, 1))
        echoed = process.cpu(pid)
        asyncio.run(scrape(fleet, url, pages(fleet), found, 1))
        echo, page = (echoed - before) / fleet.devices, (process.cpu(pid) - echoed) / fleet.devices
    cores = 3000 / 300 * (echo - page) + 3000 / SCRAPED * page
    print(f"dicom: an echo {(echo - page) * 1e3:.2f} ms, a page {page * 1e3:.2f} ms of CPU; "
          f"3,000 peers every 300 s, scraped every {SCRAPED:g} s: {cores:.3f} of a core")  # fmt: skip
    return {"every verification succeeded": said(found), "at most 0.05 of a core": cores <= 0.05}


def said(found: Found) -> bool:
    """Whether all is well; what is not is shown."""
    if not found.all_good:
        print(f"  {found.good} of {found.pages} good: {found.why[:3]}")
    return found.all_good


ALL = {"mixed": (mixed, MIXED), "beside": (beside, BESIDE), "dicom": (dicom, DICOM)}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("which", nargs="*", metavar="NAME", help=f"{', '.join(ALL)}; none: all")
    options.add_argument("--full", action="store_true", help="5,000, 1,000 and 3,000 targets, 60 s")
    chosen = options.parse_args()
    kept = True
    for name in chosen.which or ALL:
        measure, fleet = ALL[name]
        with TemporaryDirectory(prefix="probes-") as folder, peers(Path(folder)) as probed:
            verdicts = measure(Path(folder), replace(fleet, **FULL[name]) if chosen.full else fleet, probed)
        for promise, good in verdicts.items():
            print(f"promise ({promise}): {'kept' if good else 'BROKEN'}", flush=True)
            kept = kept and good
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
