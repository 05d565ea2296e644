"""A hospital that falls ill when told to, watched by the whole chain: collector, Prometheus, Alertmanager, people.

An hour takes a minute (`wardwatch rules --scale 60`). Devices are simulated; servers whose disks fill up are pages in
node_exporter's words; who is told listens at a port of this process.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from bench.bar.devices import Devices, playing
from deploy.local import children
from simulator.services import service
from simulator.services.server import Services
from tests.e2e.conftest import ROOT, eventually, get, query
from tests.e2e.relay import Relay
from tests.e2e.sink import Disks, Sink, Told
from tests.e2e.wards import (
    AS_USUAL,
    BEHIND,
    DEAD,
    DISKS,
    LOSS,
    LOSSY,
    PATHS,
    PROGRAM,
    SENSORS,
    SITE,
    SUPPLIES,
    SWITCHES,
    Setting,
    configuration,
    names,
    plays,
    stations,
)


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
    setting: Setting
    start_collector: Callable[[], children.Child]
    collector: children.Child
    others: list[children.Child] = field(default_factory=list)

    def restart(self) -> None:
        """As an upgrade does."""
        assert children.stop([self.collector]) == []
        self.collector = self.start_collector()
        eventually("the collector is ready again", 30, partial(get, f"{self.url}/-/ready"))

    def told(self, since: float = 0.0) -> list[Told]:
        """What people were told of. This machine itself may be ill, as one that is busy or whose clock nobody sets: the
        hospital is not."""
        return [
            told
            for told in self.sink.firing(since)
            if not (told.labels.get("instance", "").startswith("127.0.0.1") and told.labels["alertname"][:4] == "Host")
        ]

    def everyone_up(self, seconds: float = 90.0) -> None:
        """Wait until every device has answered."""
        devices = SWITCHES + LOSSY + BEHIND + SUPPLIES + SENSORS + PATHS
        up = "count(wardwatch_device_up == 1)"
        eventually("every device is up", seconds, lambda: int(query(self.prometheus, up)[0]["value"][1]) >= devices)

    def over(self, labels: str) -> bool:
        """Whether no alert with these labels is left."""
        return not query(self.prometheus, f"ALERTS{{{labels}}}")

    def lose_site(self, seconds: float) -> Outage:
        """A site vanishes, and is back after so many seconds; told once all that came of it is over."""
        site = names("behind", BEHIND)
        begun = time.time()
        self.devices.fall_ill(site, DEAD)
        time.sleep(seconds)
        back = time.time()
        self.devices.fall_ill(site, LOSS if self.setting.all_lossy else ())
        time.sleep(8)  # a group of alerts is told of again after five minutes at the soonest, which are five seconds
        eventually("all is well at the site", 60, lambda: self.over(f'site="{SITE}"'))
        time.sleep(2)
        up = self._history(f'sum(wardwatch_device_up{{site="{SITE}"}})', begun, time.time())
        return Outage(
            down=min((at - begun for at, count in up if count == 0), default=float("inf")),
            fresh=min((at - back for at, count in up if at > back and count == BEHIND), default=float("inf")),
            told=[told for told in self.told(begun) if told.labels.get("site") == SITE],
            beside=[told for told in self.told(begun) if told.labels.get("site") != SITE],
        )

    def _history(self, expression: str, start: float, end: float) -> list[tuple[float, float]]:
        """What an expression was each second, as Prometheus had it."""
        words = {"query": expression, "start": f"{start}", "end": f"{end}", "step": "1"}
        answer = json.loads(get(f"http://127.0.0.1:{self.prometheus}/api/v1/query_range?{urlencode(words)}"))
        return [(float(at), float(text)) for row in answer["data"]["result"] for at, text in row["values"]]


@dataclass(frozen=True, slots=True)
class Outage:
    """Of a site: seconds until all its devices were known to be down, and after their return until all were fresh, as
    seen by who scrapes each second; what people were told of it, and of anything else meanwhile."""

    down: float
    fresh: float
    told: Sequence[Told]
    beside: Sequence[Told]

    @property
    def messages(self) -> int:
        return len({told.message for told in self.told})


@contextmanager
def hospital(
    part: Callable[[str], Path], free_port: Callable[[], int], home: Path, setting: Setting = AS_USUAL
) -> Iterator[Hospital]:
    """Everything well, and known to Prometheus."""
    sink, disks, tcp = Sink(), Disks(DISKS, free_port()), free_port()
    page = partial(service, "page")
    paths = Services(stations(page, PATHS), tcp)
    paths.start()
    played = list(plays(setting.all_lossy))
    url = f"http://127.0.0.1:{free_port()}"
    output = Relay(int(url.rpartition(":")[2]))
    started: list[children.Child] = []
    with playing(played, setting.seed) as devices:
        try:
            config = configuration(home / "config", played, devices.port, tcp, disks, sink, url, setting)
            collector, rules = partial(_collector, config, home, url, setting), home / "scale-60" / "prometheus"
            at_work = Hospital(
                sink,
                devices,
                disks,
                paths,
                free_port(),
                free_port(),
                url,
                output,
                rules,
                setting,
                collector,
                collector(),
            )
            eventually("the collector is ready", 30, partial(get, f"{url}/-/ready"))
            alertmanager = free_port()
            for port, scale in ((at_work.prometheus, 60), (at_work.slow, 6)):
                judged = _rules(config, home / f"scale-{scale}", scale, setting.edit)
                started.append(_prometheus(part, judged, port, scale, output.port, alertmanager))
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


def _collector(config: Path, home: Path, url: str, setting: Setting) -> children.Child:
    words = [*setting.program, "run", "--config", str(config), "--web.listen-address", url.removeprefix("http://")]
    (home / "state").mkdir(exist_ok=True)
    return children.start("collector", words, home / "collector.log", {"STATE_DIRECTORY": str(home / "state")})


def _rules(config: Path, home: Path, scale: int, edit: Callable[[Path], None]) -> Path:
    words = [*PROGRAM, "rules", "--config", str(config), "--out", str(home), "--scale", str(scale)]
    child = children.start("rules", words, home.with_suffix(".log"))
    assert child.process.wait(60) == 0, child.last_words()
    edit(home)
    return home


def _prometheus(
    part: Callable[[str], Path], home: Path, port: int, scale: int, scraped: int, alertmanager: int
) -> children.Child:
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text()
    text = text.replace("127.0.0.1:10810", f"127.0.0.1:{scraped}").replace("10811", str(port))
    text = re.sub(r"(?m)^rule_files:\n(?:  - .*\n)+", f"rule_files: [{home}/prometheus/*.yml]\n", text)
    text = re.sub(r"1[05]s$", "1s", text, flags=re.MULTILINE)
    text = text.replace("10812", str(alertmanager))
    if scale != 60:
        # Only one of the two tells: the other is asked.
        none = "alerting:\n  alert_relabel_configs: [{source_labels: [alertname], regex: .*, action: drop}]\n"
        text = text.replace("alerting:\n", none)
    (home / "prometheus.yml").write_text(text)
    words = [str(part("prometheus")), f"--config.file={home / 'prometheus.yml'}"]
    words += [f"--storage.tsdb.path={home / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    return children.start(f"prometheus-{scale}", words, home / "prometheus.log")
