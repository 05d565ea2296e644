"""C9: no patient data leaves: canaries in what devices say, and everything that the program shows, logs or keeps."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Literal

import yaml

from bench import process
from bench.bar.canaries import Canary, Flock, flock
from bench.bar.row import Verdict
from simulator import ber, synthetic, values
from simulator.player import Player
from simulator.server import play
from tests.collector.network.traps.device import by_community

PORTS = 40
TRAPS = 6
TOLD = ("1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.4.0", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.6.0")
"""sysDescr, sysContact, sysName, sysLocation."""
IF_ALIAS = "1.3.6.1.2.1.31.1.1.1.18"
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"
EACH = len(TOLD) + PORTS + TRAPS
"""Canaries of one device."""
HARMLESS = "Bay 3, switch 9991234570, 01632 960123"
"""An alias with ten digits that are no NHS number, and a telephone number that is for fiction: shown as it is."""
COMMUNITY = "canary-community"


@dataclass(frozen=True, slots=True)
class C9:
    """Switches with a canary in every text, and traps with one each, at a collector that logs all it can; what comes
    out over HTTP, on the command line, in the log and in the state directory is searched for each of them."""

    id: ClassVar[str] = "C9"
    promise: ClassVar[str] = "no patient data leaves"
    target: ClassVar[str] = "0 of 500 canaries (quick: 100) on any page, in logs or state; other texts as they are"

    canaries: int = 100
    screen: Literal["on", "off"] = "on"

    def measure(self, seed: int) -> Verdict:
        random = Random(seed)
        flown = flock(random, self.canaries)
        names = [f"sw-{number}" for number in range(-(-self.canaries // EACH))]
        shares = {name: flown.canaries[n * EACH : (n + 1) * EACH] for n, name in enumerate(names)}
        players = [_player(name, n, shares[name]) for n, name in enumerate(names)]
        with TemporaryDirectory(prefix="bar-c9-") as where, play(players) as devices:
            told = dict(_told(Path(where), devices.port, shares, flown, self.screen))
        seen = {place: found for place, text in told.items() if (found := flown.seen(text))}
        pages = "".join(text for place, text in told.items() if place.startswith("/metrics?"))
        labels = sum(len(share[: len(TOLD) + PORTS]) for share in shares.values())
        figure: dict[str, Any] = {
            "canaries": len(flown.canaries),
            "places_searched": len(told),
            "bytes_searched": sum(map(len, told.values())),
            "seen": sum(map(len, seen.values())),
            "labels_with_removed": pages.count("[removed]"),
            "harmless_shown": pages.count(HARMLESS) > 0,
            "first": next(((place, found[0]) for place, found in seen.items()), None),
        }
        alive = figure["labels_with_removed"] >= labels and figure["harmless_shown"]
        return Verdict(not seen and alive, figure)


def _player(name: str, number: int, share: Sequence[Canary]) -> Player:
    said = [canary.text for canary in share[: len(TOLD) + PORTS]]
    own = {ber.dotted(oid): values.text(text) for oid, text in zip(TOLD, said, strict=False)}
    for port, text in enumerate(said[len(TOLD) :], 1):
        own[ber.dotted(f"{IF_ALIAS}.{port}")] = values.text(text)
    own[ber.dotted(f"{IF_ALIAS}.{PORTS + 1}")] = values.text(HARMLESS)
    own[ber.dotted(f"{IF_NAME}.{PORTS + 1}")] = values.text("9991234570")
    return Player(name, _address(number), synthetic.image("switch", PORTS), own=own, communities=[COMMUNITY.encode()])


def _address(number: int) -> str:
    return f"127.21.9.{number + 1}"


def _told(
    where: Path, port: int, shares: Mapping[str, Sequence[Canary]], flown: Flock, screen: Literal["on", "off"]
) -> Iterator[tuple[str, str]]:
    """All that the program tells, by where."""
    traps, web = _free_port(), process.free_port()
    config, log = _configuration(where, port, traps, list(shares), flown, screen), where / "log"
    program = [sys.executable, "-m", "collector"]
    run = [*program, "run", "--config", str(config), "--web.listen-address", f"127.0.0.1:{web}"]
    with process.running([*run, "--log-level", "debug"], log) as running:
        url = f"http://127.0.0.1:{web}"
        process.wait(running, f"{url}/-/ready", log)
        sent = _send(traps, shares)
        for wait in (2, 0):  # names are read in the first poll, and known in the second
            for name in shares:
                yield f"/metrics?device={name}", _page(url, f"/metrics?device={name}")
            time.sleep(wait)
        for name in shares:
            yield f"/snmp {name}", _page(url, f"/snmp?target={name}&module=system,if_mib,entity")
        _settled(url, sent)
        for path in ("/", "/metrics", "/sd", "/metrics?device=nobody", *(f"/metrics?device={name}" for name in shares)):
            yield f"{path} after traps", _page(url, path)
    yield "log", log.read_text(errors="replace")
    for more in ("--debug", "--explain"):
        words = [*program, "poll", next(iter(shares)), "--config", str(config), more]
        said = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        yield f"poll {more}", said.stdout + said.stderr
    for file in sorted((where / "state").rglob("*")):
        if file.is_file():
            yield f"state {file.name}", file.read_bytes().decode("utf-8", "replace")


def _configuration(
    where: Path, port: int, traps: int, names: Sequence[str], flown: Flock, screen: Literal["on", "off"]
) -> Path:
    config = where / "config"
    (config / "inventory").mkdir(parents=True)
    common = {
        "class": "it", "auth": "bar", "port": port, "interval": "2s", "timeout": "2s",
        "modules": ["auto", "system", "if_mib", "lldp", "entity"],
    }  # fmt: skip
    content: Mapping[str, Any] = {
        "wardwatch.yml": {
            "state": str(where / "state"),
            "traps": {"listen": f"127.0.0.1:{traps}"},
            "privacy": flown.privacy if screen == "on" else {"nhs_numbers": "shown"},
            "budgets": {"it": {"packets": 1000, "window": "1s"}},
        },
        "auths.yml": {"auths": {"bar": {"version": 2, "community": COMMUNITY}}},
        "inventory/bar.yml": {
            "defaults": common,
            "devices": [{"name": name, "address": _address(number)} for number, name in enumerate(names)],
        },
    }
    for name, data in content.items():
        (config / name).write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
    return config


def _send(port: int, shares: Mapping[str, Sequence[Canary]]) -> int:
    """A trap with each of the canaries that are for traps, from the device's own address."""
    sent = 0
    for number, share in enumerate(shares.values()):
        with _sender(_address(number), port) as sock:
            for canary in share[len(TOLD) + PORTS :]:
                sock.send(by_community(community=COMMUNITY, text=canary.text.encode()))
                sent += 1
    return sent


@contextmanager
def _sender(address: str, port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, 0))
        sock.connect(("127.0.0.1", port))
        yield sock


def _settled(url: str, sent: int) -> None:
    """Wait until all traps were read."""
    end = time.monotonic() + 30
    while f"\nwardwatch_traps_counted_total {sent}\n" not in _page(url, "/metrics"):
        if time.monotonic() > end:
            raise RuntimeError(f"{sent} traps were sent, and not all of them counted")
        time.sleep(0.1)


def _page(url: str, path: str) -> str:
    """A page as it came, whatever its status."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url + path, timeout=30) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
