"""C7: the kill switch, at full load: SNMP, conversations over TCP that wait for a late peer, DICOM.

Orders are given as `wardwatch pause` gives them. Packets are counted at the devices; of connections their ends too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import yaml

from bench import process
from bench.bar.devices import Devices, Plays, playing
from bench.bar.hospital import run
from bench.bar.program import ROOM, Make, Program, entry, started
from bench.bar.row import Verdict
from collector.cli import control
from collector.cli.service import Service
from simulator.services import Conversation, Counts, service
from simulator.services.server import Station, served

WITHIN = 1.0
"""Seconds from the order to the last packet (RELIABILITY S19)."""
WATCHED = 2.0
"""Seconds for which silence is then watched, and after a restart: two intervals and more of what is paused."""
LATE = 2.0
"""Seconds after which the peer of a conversation speaks: more than `WITHIN`, so that who goes on is caught."""

TALK = {"prober": "tcp", "timeout": "8s", "tcp": {"query_response": [{"expect": "^220", "send": "QUIT"}]}}


class Late:
    """Greets when everybody has forgotten it, and notes when it last heard anything, an end too."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.began = self.last = 0.0

    async def hear(self, client: Conversation) -> None:
        self.began = self.last = time.monotonic()
        ended = asyncio.ensure_future(client.ended())
        try:
            await asyncio.wait((ended,), timeout=LATE)
            if not ended.done():
                await client.say(b"220 late\n")
            await ended
        finally:
            self.last = time.monotonic()
            ended.cancel()


@dataclass(slots=True)
class Seen:
    """What was found at one scope."""

    scope: str
    last: float
    """Seconds from the order to the last thing that was heard; more than `WITHIN` where something came after it."""
    others: int
    """Packets of those who were not paused, meanwhile."""
    said: bool
    """Whether the pages of who is paused say so."""


@dataclass(frozen=True, slots=True)
class C7:
    """Pause a class, a device, a site and everything; start again while everything is paused."""

    id: ClassVar[str] = "C7"
    promise: ClassVar[str] = "the kill switch works"
    target: ClassVar[str] = "last packet at most 1 s after the order, at full load; 0 after a restart; pages say why"

    switches: int = 12
    supplies: int = 6
    talkers: int = 4
    make: Make = Service

    def measure(self, seed: int) -> Verdict:
        plays = [Plays(f"switch-{n}", f"127.18.0.{1 + n}") for n in range(self.switches)]
        plays += [
            Plays(f"ups-{n}", f"127.18.1.{1 + n}", "ups", None, device_class="fragile") for n in range(self.supplies)
        ]
        late = {f"late-{n}": Late() for n in range(self.talkers)}
        stations = [Station(name, f"127.18.2.{1 + n}", each) for n, (name, each) in enumerate(late.items())]
        stations.append(Station("archive", "127.18.3.1", service("dicom")))
        port = process.free_port()
        with playing(plays, seed) as devices, served(stations, port), TemporaryDirectory(prefix="bar-") as home:
            listed = _listed(plays, stations, devices.port, port)
            found, after, said = run(self._order(Path(home), listed, devices, late))
        figure: dict[str, Any] = {
            "devices": len(listed),
            "last_packet_s": {seen.scope: round(seen.last, 2) for seen in found},
            "others_went_on": {seen.scope: seen.others for seen in found if seen.scope != "all"},
            "pages_say_why": all(seen.said for seen in found) and said,
            "after_restart": after,
        }
        kept = figure["pages_say_why"] and not after and all(seen.last <= WITHIN for seen in found)
        return Verdict(kept and all(figure["others_went_on"].values()), figure)

    async def _order(
        self, home: Path, listed: Sequence[Mapping[str, Any]], devices: Devices, late: Mapping[str, Late]
    ) -> tuple[list[Seen], int, bool]:
        config, state = _written(home, listed), home / "state"
        state.mkdir()
        names = {
            "class:fragile": [each["name"] for each in listed if each["class"] == "fragile"],
            "device:late-0": ["late-0"],
            "site:west": [each["name"] for each in listed if each["site"] == "west"],
            "all": [each["name"] for each in listed],
        }
        found = []
        async with started(config, self.make) as program, scraping(program, names["all"]):
            await asyncio.sleep(1.0)
            for scope, paused in names.items():
                found.append(await _silenced(scope, paused, state, program, devices, late))
                if scope != "all":
                    control.change(state, control.resumed(scope))
                    await asyncio.sleep(1.5)
        before = _heard(devices, late, names["all"])
        async with started(config, self.make) as program, scraping(program, names["all"]):
            await asyncio.sleep(WATCHED)
            said = await _say_so(program, names["all"], "all")
        return found, sum(_heard(devices, late, names["all"]).values()) - sum(before.values()), said


async def _silenced(
    scope: str, paused: Sequence[str], state: Path, program: Program, devices: Devices, late: Mapping[str, Late]
) -> Seen:
    others = [name for name in (*devices.stats()["devices"], *late) if name not in paused]
    await _under_way([late[name] for name in paused if name in late])
    ordered = time.monotonic()
    control.change(state, control.paused(scope, "bar"))
    await asyncio.sleep(ordered + WITHIN - time.monotonic())
    before, went = _heard(devices, late, paused), _heard(devices, late, others)
    await asyncio.sleep(WATCHED)
    silent = _heard(devices, late, paused) == before
    last = max([0.0, *(late[name].last - ordered for name in paused if name in late)])
    went_on = sum(_heard(devices, late, others).values()) - sum(went.values())
    return Seen(scope, last if silent else WATCHED + WITHIN, went_on, await _say_so(program, paused, scope))


async def _under_way(talkers: Sequence[Late]) -> None:
    """Wait until a conversation has just begun, if there are any."""
    until = time.monotonic() + 10.0
    while talkers and time.monotonic() < until:
        if min(time.monotonic() - each.began for each in talkers) < 0.3:
            return
        await asyncio.sleep(0.02)


def _heard(devices: Devices, late: Mapping[str, Late], names: Sequence[str]) -> Mapping[str, int]:
    """Packets, or connections and bytes, by device."""
    found = {name: each["packets"] for name, each in devices.stats()["devices"].items()}
    found |= {name: each.counts.connections + each.counts.bytes for name, each in late.items()}
    return {name: found[name] for name in names if name in found}


async def _say_so(program: Program, names: Sequence[str], scope: str) -> bool:
    pages = [await program.page(device=name) for name in names]
    return all(f'wardwatch_paused{{scope="{scope}"}} 1' in text for _, _, text in pages)


@asynccontextmanager
async def scraping(program: Program, names: Sequence[str]) -> AsyncIterator[None]:
    """Every device twice a second, by as many clients, for as long as the block lasts."""

    async def client(name: str) -> None:
        while True:
            await program.page(device=name)
            await asyncio.sleep(0.5)

    clients = [asyncio.ensure_future(client(name)) for name in names]
    try:
        yield
    finally:
        for each in clients:
            each.cancel()
        await asyncio.gather(*clients, return_exceptions=True)


def _listed(plays: Sequence[Plays], stations: Sequence[Station], snmp: int, tcp: int) -> Sequence[Mapping[str, Any]]:
    sites, listed = ("east", "west"), list[dict[str, Any]]()
    for n, each in enumerate(plays):
        asked = {"it": ["system", "if_mib"], "fragile": ["ups_scalars"]}[each.device_class]
        more = {"interval": "1s"} if each.device_class == "it" else {"timeout": "45s"}
        made = entry(each.name, each.address, snmp, asked, site=sites[n % 2], **more)
        listed.append(made | {"class": each.device_class})
    for n, station in enumerate(stations):
        probe = {"module": "talk", "target": f":{tcp}"}
        if station.device == "archive":
            probe = {"module": "dicom_echo", "target": f"ARCHIVE@:{tcp}"}
        more = {"site": sites[n % 2], "interval": "4s", "timeout": "4s"}
        listed.append({"name": station.device, "address": station.address, "class": "it", "modules": [probe], **more})
    return listed


def _written(home: Path, listed: Sequence[Mapping[str, Any]]) -> Path:
    config = home / "config"
    (config / "inventory").mkdir(parents=True)
    (config / "probes").mkdir()
    for path, content in (
        ("wardwatch.yml", {"state": str(home / "state"), "budgets": ROOM}),
        ("auths.yml", {"auths": {"bar": {"version": 2, "community": "public"}}}),
        ("inventory/bar.yml", {"devices": list(listed)}),
        ("probes/bar.yml", {"modules": {"talk": TALK}}),
    ):
        (config / path).write_text(yaml.safe_dump(content, sort_keys=False))
    return config
