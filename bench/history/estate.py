"""The example estate at work, in a hurry: simulated devices, the real collector, Prometheus and Alertmanager.

As `make run` starts them, on free ports. Everything is scraped and every rule runs every few seconds, and no
alert waits for longer than that. So sums of minutes are too large; what there is, and which labels it has is as always.
"""

from __future__ import annotations

import re
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Final

import yaml

from bench.history import blocks, ill
from bench.process import free_port
from collector.cli import app
from deploy.local import children, parts, ports, run

ROOT: Final = Path(__file__).resolve().parents[2]
READY_SECONDS: Final = 30.0
POLLED: Final = 5
"""Seconds from poll to poll of what may be asked so often."""
AHEAD: Final = timedelta(days=3)
"""Until planned work, as far as nobody asks for other."""
DAYS_OF_WEEK: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


@dataclass
class Estate:
    """What runs, and where. `home` holds configuration, state, data and logs."""

    at: ports.Ports
    home: Path
    every: int
    config: Path
    commands: Mapping[str, list[str]]
    running: dict[str, children.Child] = field(default_factory=dict)

    @property
    def prometheus(self) -> str:
        return f"http://127.0.0.1:{self.at.prometheus}"

    @property
    def data(self) -> Path:
        return self.home / "prometheus"

    def start(self, *names: str) -> None:
        """RuntimeError, with the end of its log, where one does not get ready."""
        env = run.environment(self.home)
        for name in names:
            log = self.home / "logs" / f"{name}.log"
            self.running[name] = children.start(name, self.commands[name], log, env)
        if "simulator" in names:
            time.sleep(1.0)
        for child in self.running.values():
            if child.process.poll() is not None:
                raise RuntimeError("\n".join([f"{child.name} ended:", *child.last_words(15)]))
        for name, port in (("collector", self.at.wardwatch), ("prometheus", self.at.prometheus)):
            if name in names:
                self._wait(self.running[name], f"http://127.0.0.1:{port}/-/ready")

    def stop(self, *names: str) -> None:
        children.stop([self.running.pop(name) for name in names])

    def fall_ill(self) -> None:
        """What ill.py says is wrong from now on. Simulator and collector begin anew, as after a change of both."""
        self.stop("simulator", "collector")
        file = self.config / "simulator.yml"
        said = yaml.safe_load(file.read_text())
        for name, more in ill.DEVICES.items():
            said["devices"][name] = {**said["devices"].get(name, {}), **more}
        file.write_text(yaml.safe_dump(said, sort_keys=False))
        for words in ill.SAID:
            self.say(*words)
        self.start("simulator", "collector")

    def scrape(self, port: int) -> None:
        """One page more on this machine, whose series keep their own `instance` and `job`."""
        file = self.home / "prometheus.yml"
        settings = yaml.safe_load(file.read_text())
        more = {"job_name": "more", "honor_labels": True, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        settings["scrape_configs"].append(more)
        file.write_text(yaml.safe_dump(settings, sort_keys=False))
        self.running["prometheus"].process.send_signal(signal.SIGHUP)

    def say(self, *words: str) -> str:
        """What a person types: a command of wardwatch, in this process, as three starts of Python take seconds.

        An exception where it fails.
        """
        with redirect_stdout(StringIO()) as said:
            app([*words, "--config", str(self.config), "--state", str(self.home)], standalone_mode=False)
        return said.getvalue()

    def remember(self, told: blocks.Told, begins: int, ends: int) -> int:
        """History is put beneath what Prometheus has scraped, which it then goes on with. How many samples."""
        self.stop("prometheus")
        count = blocks.write(told, begins, ends, self.home, self.data)
        self.start("prometheus")
        return count

    def _wait(self, child: children.Child, url: str) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and child.process.poll() is None:
            try:
                with opener.open(url, timeout=2):
                    return
            except (OSError, urllib.error.HTTPError):
                time.sleep(0.1)
        raise RuntimeError("\n".join([f"{child.name} is not ready:", *child.last_words(15)]))


@contextmanager
def estate(home: Path, every: int = 5) -> Iterator[Estate]:
    """Running for as long as the block lasts. `every`: seconds from scrape to scrape and from rule to rule."""
    at = ports.Ports(*(free_port() for _ in range(5)))
    home.mkdir(parents=True, exist_ok=True)
    config = run.configuration(at, home)
    real = {name: parts.part(name) for name in ("prometheus", "alertmanager")}
    program = [sys.executable, "-m", "collector"]
    commands = {
        "simulator": [*program, "simulate", "--config", str(config), "--port", str(at.simulator)],
        "collector": [*program, "run", "--config", str(config), "--web.listen-address", f"127.0.0.1:{at.wardwatch}"],
        **run.servers(real, at, home),
    }
    _hurry(home, config, every)
    made = Estate(at, home, every, config, commands)
    try:
        made.start("simulator", "collector")
        made.start("alertmanager", "prometheus")
        yield made
    finally:
        children.stop(list(reversed(made.running.values())))


def work_on_other_days(config: Path) -> None:
    """Move the work that an example configuration plans to days ahead: else services are at rest for some hours of some
    nights, and who asks in them finds something else than who asks by day."""
    path, today = config / "maintenance.yml", date.today()
    said = yaml.safe_load(path.read_text())
    for work in said["maintenance"]:
        if "hours" in work:
            _, space, rest = work["hours"].partition(" ")
            work["hours"] = DAYS_OF_WEEK[(today + AHEAD).weekday()] + space + rest
        else:
            begin, end = (datetime.fromisoformat(work[key]) for key in ("from", "until"))
            later = today + AHEAD - begin.date()
            work |= {"from": f"{begin + later:%Y-%m-%d %H:%M}", "until": f"{end + later:%Y-%m-%d %H:%M}"}
    path.write_text(yaml.safe_dump(said, sort_keys=False))


def _hurry(home: Path, config: Path, every: int) -> None:
    work_on_other_days(config)
    with (config / "wardwatch.yml").open("a") as polling:
        polling.write(f"polling: {{interval: {POLLED}s}}\n")
    rules = home / "rules"
    rules.mkdir(exist_ok=True)
    for path in (ROOT / "dashboards" / "generated" / "prometheus").glob("*.yml"):
        text = re.sub(r"(?m)^( +(?:interval|for|keep_firing_for): ).+$", rf"\g<1>{every}s", path.read_text())
        (rules / path.name).write_text(text)
    settings = yaml.safe_load((home / "prometheus.yml").read_text())
    pace = {"scrape_interval": f"{every}s", "scrape_timeout": f"{every}s"}
    settings["global"] |= {**pace, "evaluation_interval": f"{every}s"}
    settings["rule_files"] = [str(rules / "*.yml")]
    for job in settings["scrape_configs"]:
        job["relabel_configs"] = [
            *job.get("relabel_configs", ()),
            # /sd says for each device what a device may be asked.
            *({"target_label": f"__{name}__", "replacement": value} for name, value in pace.items()),
        ]
    (home / "prometheus.yml").write_text(yaml.safe_dump(settings, sort_keys=False))
    path = home / "alertmanager-config" / "alertmanager.yml"
    path.write_text(re.sub(r"(?m)^( *group_(?:wait|interval): ).+$", rf"\g<1>{every}s", path.read_text()))
