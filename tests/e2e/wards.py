"""What stands in the hospital that is tried, where, and whose it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.bar.devices import Ill, Plays
from simulator.services import Service
from simulator.services.server import Station
from tests.e2e.sink import Disks, Sink

PROGRAM = (sys.executable, "-m", "collector")
OWNERS = ("network", "estates", "imaging-systems", "servers", "it-operations")
INTERVAL = TIMEOUT = 1.0
"""Seconds: how often devices are asked, scraped and judged, and how long an answer is waited for."""
SWITCHES, LOSSY, BEHIND, SUPPLIES, SENSORS, PATHS, ARCHIVES, DISKS = 14, 6, 6, 8, 8, 8, 2, 10
SITE = "Annexe"
"""A site that can be lost: the first of its devices is before the others."""

LOSS: Ill = (("loss", {"requests": 0.05, "replies": 0.05}),)
"""Of packets, each way."""

DEAD: Ill = (("dead", {}),)

ON_BATTERY = ("says", {"object": "1.3.6.1.2.1.33.1.4.1", "number": 5})
"""upsOutputSource is battery."""
TOO_HOT = ("says", {"object": "1.3.6.1.2.1.99.1.1.1.4.1001", "number": 480})
"""A sensor of the entity table, in tenths."""


def unchanged(generated: Path) -> None:
    """Rules and routes as they are generated."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What differs between those who try it."""

    all_lossy: bool = False
    """Every device loses packets, not the few alone."""
    archives: int = ARCHIVES
    """Those are asked every five minutes at the soonest (RELIABILITY S15): they refuse from the beginning."""
    program: Sequence[str] = PROGRAM
    edit: Callable[[Path], None] = unchanged
    """What is done to the generated files before anybody reads them."""
    seed: int = 3


AS_USUAL = Setting()


def names(kind: str, count: int) -> list[str]:
    return [f"{kind}-{n}" for n in range(count)]


def stations(page: Callable[[], Service], count: int) -> list[Station]:
    return [Station(f"path-{n}", f"127.46.5.{n + 1}", page()) for n in range(count)]


def plays(all_lossy: bool) -> Iterator[Plays]:
    for kind, count, net, as_a, ports in (
        ("switch", SWITCHES, 1, "switch", 4),
        ("lossy", LOSSY, 2, "switch", 4),
        ("ups", SUPPLIES, 3, "ups", None),
        ("sensor", SENSORS, 4, "environment", None),
        ("behind", BEHIND, 6, "switch", 4),
    ):
        for n, name in enumerate(names(kind, count)):
            ill = LOSS if all_lossy or kind == "lossy" else ()
            yield Plays(name, f"127.46.{net}.{n + 1}", as_a, ports, ill, pace=1.0)


TEAMS = {"switch": "network", "lossy": "network", "behind": "network", "ups": "estates", "sensor": "estates"}
MODULES = {"ups": "ups_scalars", "sensor": "environment_scalars"}


def configuration(
    config: Path, played: Sequence[Plays], port: int, tcp: int, disks: Disks, sink: Sink, url: str, setting: Setting
) -> Path:
    usual = {"site": "St Example", "auth": "lab", "class": "it", "port": port}
    usual |= {"interval": f"{INTERVAL:g}s", "timeout": f"{TIMEOUT:g}s"}
    listed: list[dict[str, Any]] = []
    for each in played:
        kind = each.name.partition("-")[0]
        entry = {
            "name": each.name,
            "address": each.address,
            "team": TEAMS[kind],
            "modules": [MODULES.get(kind, "system")],
        }
        if kind == "behind":
            entry |= {"site": SITE} | ({"parents": ["behind-0"]} if each.name != "behind-0" else {})
        if kind == "sensor":
            entry["labels"] = {"climate": "it-room", "climate_sensor": "Inlet temperature"}
        listed.append(entry)
    probed = {"team": "imaging-systems", "port": tcp}
    listed += [
        {"name": f"path-{n}", "address": f"127.46.5.{n + 1}", **probed,
         "modules": [{"module": "http_2xx", "target": f"http://127.46.5.{n + 1}:{tcp}/"}]}
        for n in range(PATHS)
    ]  # fmt: skip
    listed += [
        {"name": f"archive-{n}", "address": f"127.46.7.{n + 1}", "interval": "300s", "timeout": "5s",
         "modules": [{"module": "dicom_echo", "target": f"ARCHIVE@:{tcp}"}], **probed}
        for n in range(setting.archives)
    ]  # fmt: skip
    listed += [
        {"name": f"server-{n}", "agent": f"{address}:{disks.port}", "team": "servers"}
        for n, address in enumerate(disks.addresses)
    ]
    owners = [{"name": name, "critical": [name], "warning": [name]} for name in OWNERS]
    contacts = {
        "default": "it-operations",
        "heartbeat": {"url": f"http://127.0.0.1:{sink.port}/heartbeat"},
        "collector": {"url": f"{url}/alertmanager/webhook"},
        "receivers": [{"name": n, "webhook": {"url": f"http://127.0.0.1:{sink.port}/{n}"}} for n in OWNERS],
        "owners": owners,
    }
    files = {
        "inventory/hospital.yml": {"defaults": usual, "devices": listed},
        "auths.yml": {"auths": {"lab": {"version": "2", "community": "public"}}},
        "contacts.yml": contacts,
        # A device that is left alone is tried again each minute, which is a second here.
        "wardwatch.yml": {"urls": {"collector": url}, "breaker": {"wait": "1s", "longest": {"it": "1s"}}},
    }
    for name, content in files.items():
        (config / name).parent.mkdir(parents=True, exist_ok=True)
        (config / name).write_text(yaml.safe_dump(content))
    return config
