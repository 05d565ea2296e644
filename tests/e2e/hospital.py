"""A hospital that falls ill when told to, watched by the whole chain: collector, Prometheus, Alertmanager, people.

An hour takes a minute (`wardwatch rules --scale 60`). Devices are simulated; servers whose disks fill up are pages in
node_exporter's words; who is told listens at a port of this process.
"""

from __future__ import annotations

import http.server
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import yaml

from bench.bar.devices import Devices, Plays, playing
from deploy.local import children
from simulator.services import Service, service
from simulator.services.server import Services, Station
from tests.e2e.conftest import ROOT, eventually, get
from tests.e2e.relay import Relay

PROGRAM = (sys.executable, "-m", "collector")
OWNERS = ("network", "estates", "imaging-systems", "servers", "it-operations")
INTERVAL = TIMEOUT = 1.0
"""Seconds: how often devices are asked, scraped and judged, and how long an answer is waited for."""
SWITCHES, LOSSY, SUPPLIES, SENSORS, PATHS, ARCHIVES, DISKS = 14, 6, 8, 8, 8, 2, 10

ON_BATTERY = ("says", {"object": "1.3.6.1.2.1.33.1.4.1", "number": 5})
"""upsOutputSource is battery."""
TOO_HOT = ("says", {"object": "1.3.6.1.2.1.99.1.1.1.4.1001", "number": 480})
"""A sensor of the entity table, in tenths."""


@dataclass(frozen=True, slots=True)
class Told:
    """One alert of one message: whose receiver heard it, and when."""

    owner: str
    at: float
    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    message: int


class Quiet(http.server.ThreadingHTTPServer):
    """Whoever asks may go away while it is answered: the collector and Prometheus are killed at times."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Sink:
    """Receivers of every owner, each at a path of its name."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self._messages = 0
        self._lock = Lock()
        sink = self

        class Hear(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                sink.hear(self.path.strip("/"), body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Hear)
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, daemon=True).start()

    def hear(self, owner: str, body: Mapping[str, Any]) -> None:
        with self._lock:
            self._messages += 1
            self.told += [
                Told(owner, time.time(), a["status"], a["labels"], a["annotations"], self._messages)
                for a in body["alerts"]
            ]

    def firing(self, since: float = 0.0) -> list[Told]:
        """What was told of to people, the heartbeat left out."""
        with self._lock:
            return [t for t in self.told if t.status == "firing" and t.owner != "heartbeat" and t.at >= since]

    def heartbeats(self, since: float = 0.0) -> int:
        with self._lock:
            return sum(t.owner == "heartbeat" and t.at >= since for t in self.told)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Disks:
    """Servers' pages, one an address: what node_exporter says of a filesystem."""

    def __init__(self, count: int, port: int) -> None:
        self.addresses = [f"127.46.9.{n + 1}" for n in range(count)]
        self.port = port
        self.full = False
        disks = self

        class Show(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                labels = '{device="/dev/vda1",fstype="ext4",mountpoint="/srv"}'
                left = 4e9 if disks.full else 40e9
                page = "".join(
                    f"node_filesystem_{name}{labels} {value:g}\n"
                    for name, value in (("avail_bytes", left), ("size_bytes", 100e9), ("readonly", 0),
                                        ("files", 1e6), ("files_free", 9e5))
                )  # fmt: skip
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._servers = [Quiet((address, port), Show) for address in self.addresses]
        for each in self._servers:
            Thread(target=each.serve_forever, daemon=True).start()

    def close(self) -> None:
        for each in self._servers:
            each.shutdown()
            each.server_close()


@dataclass
class Hospital:
    """Everything at work."""

    sink: Sink
    devices: Devices
    disks: Disks
    paths: Services
    prometheus: int
    slow: int
    """A second Prometheus, for which an hour takes ten minutes: a restart is no longer than two minutes to it."""
    url: str
    output: Relay
    """Through which the collector is scraped."""
    rules: Path
    """The rule files by which it is judged."""
    start_collector: Callable[[], children.Child]
    collector: children.Child
    others: list[children.Child] = field(default_factory=list)

    def restart(self) -> None:
        """As an upgrade does."""
        assert children.stop([self.collector]) == []
        self.collector = self.start_collector()
        eventually("the collector is ready again", 30, partial(get, f"{self.url}/-/ready"))


def names(kind: str, count: int) -> list[str]:
    return [f"{kind}-{n}" for n in range(count)]


@contextmanager
def hospital(part: Callable[[str], Path], free_port: Callable[[], int], home: Path) -> Iterator[Hospital]:
    """Everything well, and known to Prometheus."""
    sink, disks, tcp = Sink(), Disks(DISKS, free_port()), free_port()
    page = partial(service, "page")
    paths = Services(_stations(page, PATHS), tcp)
    # An archive is asked every five minutes at the soonest (RELIABILITY S15): these refuse from the beginning.
    paths.start()
    plays = list(_plays())
    url = f"http://127.0.0.1:{free_port()}"
    output = Relay(int(url.rpartition(":")[2]))
    started: list[children.Child] = []
    with playing(plays, seed=3) as devices:
        try:
            config = _configuration(home / "config", plays, devices.port, tcp, disks, sink, url)
            collector, rules = partial(_collector, config, home, url), home / "scale-60" / "prometheus"
            at_work = Hospital(
                sink, devices, disks, paths, free_port(), free_port(), url, output, rules, collector, collector()
            )
            eventually("the collector is ready", 30, partial(get, f"{url}/-/ready"))
            alertmanager = free_port()
            for port, scale in ((at_work.prometheus, 60), (at_work.slow, 6)):
                started.append(
                    _prometheus(part, config, home / f"scale-{scale}", port, scale, output.port, alertmanager)
                )
            words = [str(part("alertmanager")), "--cluster.listen-address=", f"--storage.path={home / 'alertmanager'}"]
            words += [f"--config.file={home / 'scale-60' / 'alertmanager' / 'alertmanager.yml'}"]
            words += [f"--web.listen-address=127.0.0.1:{alertmanager}"]
            started.append(children.start("alertmanager", words, home / "alertmanager.log"))
            at_work.others = started
            yield at_work
        finally:
            children.stop([*started, at_work.collector])
            output.close()
            paths.close()
            disks.close()
            sink.close()


def _stations(page: Callable[[], Service], count: int) -> list[Station]:
    return [Station(f"path-{n}", f"127.46.5.{n + 1}", page()) for n in range(count)]


def _plays() -> Iterator[Plays]:
    lost = (("loss", {"requests": 0.05, "replies": 0.05}),)
    for kind, count, net, ill in (("switch", SWITCHES, 1, ()), ("lossy", LOSSY, 2, lost), ("behind", 6, 6, ())):
        for n, name in enumerate(names(kind, count)):
            yield Plays(name, f"127.46.{net}.{n + 1}", "switch", 4, ill, pace=1.0)
    for n, name in enumerate(names("ups", SUPPLIES)):
        yield Plays(name, f"127.46.3.{n + 1}", "ups", None, pace=1.0)
    for n, name in enumerate(names("sensor", SENSORS)):
        yield Plays(name, f"127.46.4.{n + 1}", "environment", None, pace=1.0)


TEAMS = {"switch": "network", "lossy": "network", "behind": "network", "ups": "estates", "sensor": "estates"}
MODULES = {"ups": "ups_scalars", "sensor": "environment_scalars"}


def _configuration(
    config: Path, plays: Sequence[Plays], port: int, tcp: int, disks: Disks, sink: Sink, url: str
) -> Path:
    usual = {"site": "St Example", "auth": "lab", "class": "it", "port": port}
    usual |= {"interval": f"{INTERVAL:g}s", "timeout": f"{TIMEOUT:g}s"}
    listed: list[dict[str, Any]] = []
    for each in plays:
        kind = each.name.partition("-")[0]
        entry = {
            "name": each.name,
            "address": each.address,
            "team": TEAMS[kind],
            "modules": [MODULES.get(kind, "system")],
        }
        if kind == "behind":
            entry |= {"site": "Annexe"} | ({"parents": ["behind-0"]} if each.name != "behind-0" else {})
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
        for n in range(ARCHIVES)
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
        "wardwatch.yml": {"urls": {"collector": url}},
    }
    for name, content in files.items():
        (config / name).parent.mkdir(parents=True, exist_ok=True)
        (config / name).write_text(yaml.safe_dump(content))
    return config


def _collector(config: Path, home: Path, url: str) -> children.Child:
    words = [*PROGRAM, "run", "--config", str(config), "--web.listen-address", url.removeprefix("http://")]
    (home / "state").mkdir(exist_ok=True)
    return children.start("collector", words, home / "collector.log", {"STATE_DIRECTORY": str(home / "state")})


def _prometheus(
    part: Callable[[str], Path], config: Path, home: Path, port: int, scale: int, scraped: int, alertmanager: int
) -> children.Child:
    rules = [*PROGRAM, "rules", "--config", str(config), "--out", str(home), "--scale", str(scale)]
    child = children.start("rules", rules, home.with_suffix(".log"))
    assert child.process.wait(60) == 0, child.last_words()
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text()
    text = text.replace("127.0.0.1:10810", f"127.0.0.1:{scraped}").replace("10811", str(port))
    text = re.sub(r"(?m)^rule_files:\n(?:  - .*\n)+", f"rule_files: [{home}/prometheus/*.yml]\n", text)
    text = re.sub(r"1[05]s$", "1s", text, flags=re.MULTILINE)
    # Only one of the two tells: the other is asked.
    text = text.replace("10812", str(alertmanager))
    if scale != 60:
        text = re.sub(r"(?s)\nalerting:.*?\n\n", "\n\n", text)
    (home / "prometheus.yml").write_text(text)
    words = [str(part("prometheus")), f"--config.file={home / 'prometheus.yml'}"]
    words += [f"--storage.tsdb.path={home / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    return children.start(f"prometheus-{scale}", words, home / "prometheus.log")
