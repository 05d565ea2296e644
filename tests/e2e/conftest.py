"""The whole program, started as people start it, on free ports: collector and simulated estate."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bench.history.estate import work_on_other_days
from deploy.local import children

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


def get(url: str, timeout: float = 15.0) -> str:
    """The body of a page; URLError or HTTPError where there is none."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=timeout) as answer:
        body: bytes = answer.read()
    return body.decode()


def eventually(what: str, seconds: float, look: Callable[[], T], pause: float = 0.25) -> T:
    """What `look` returns once it is true, asked again until `seconds` are over; AssertionError with `what` then."""
    deadline = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < deadline:
        try:
            if last := look():
                return last
        except (OSError, ValueError, KeyError, IndexError) as error:
            last = error
        time.sleep(pause)
    raise AssertionError(f"not within {seconds:.0f} s: {what} (last: {last!r})")


def query(port: int, expression: str) -> list[dict[str, Any]]:
    """What Prometheus on `port` answers to an instant query: a list of `{"metric": ..., "value": [time, text]}`."""
    asked = urllib.parse.urlencode({"query": expression})
    result: list[dict[str, Any]] = json.loads(get(f"http://127.0.0.1:{port}/api/v1/query?{asked}"))["data"]["result"]
    return result


def moved_config(source: Path, to: Path, port: int, traps: int) -> Path:
    """A copy of a configuration whose simulated devices answer at another UDP port, that hears traps at another, and
    whose planned work is on other days than this."""
    shutil.copytree(source, to)
    for path in to.rglob("*.yml"):
        path.write_text(path.read_text().replace("10816", str(port)).replace(":10162", f":{traps}"))
    if (to / "maintenance.yml").exists():
        work_on_other_days(to)
    return to


@dataclass(frozen=True, slots=True)
class Running:
    """A collector, what it watches, and where."""

    url: str
    port: int
    config: Path
    state: Path

    def page(self, device: str = "") -> str:
        query = "?" + urllib.parse.urlencode({"device": device}) if device else ""
        return get(f"{self.url}/metrics{query}")

    def groups(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(get(f"{self.url}/sd"))
        return found


Bring = Callable[[Path, Path], Running]


@pytest.fixture(scope="session")
def bring(free_port: Callable[[], int]) -> Iterator[Bring]:
    """`bring(config, home)`: a collector and a simulator for a configuration that names port 10816, until the end."""
    started: list[children.Child] = []

    def up(source: Path, home: Path) -> Running:
        udp, http = free_port(), free_port()
        config = moved_config(source, home / "config", udp, free_port())
        state = home / "state"
        state.mkdir()
        program = [sys.executable, "-m", "collector"]
        simulate = [*program, "simulate", "--config", str(config), "--port", str(udp)]
        run = [*program, "run", "--config", str(config), "--web.listen-address", f"127.0.0.1:{http}"]
        env = {"STATE_DIRECTORY": str(state)}
        ours = [children.start("simulator", simulate, home / "simulator.log", env)]
        ours.append(children.start("collector", run, home / "collector.log", env))
        started.extend(ours)
        url = f"http://127.0.0.1:{http}"

        def ready() -> str:
            for child in ours:
                if (code := child.process.poll()) is not None:
                    said = "\n".join(child.last_words(30))
                    pytest.fail(f"{child.name} ended with {code}:\n{said}", pytrace=False)
            return get(f"{url}/-/ready")

        eventually("the collector is ready", 30, ready)
        return Running(url, http, config, state)

    yield up
    killed = children.stop(started)
    assert killed == []


@pytest.fixture(scope="session")
def estate(bring: Bring, tmp_path_factory: pytest.TempPathFactory) -> Running:
    """The example estate of the repository, running."""
    return bring(ROOT / "config", tmp_path_factory.mktemp("estate"))


def processes_with(mark: str) -> list[str]:
    """Command lines of the processes that have `mark` in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int(process.name) != os.getpid() and mark.encode() in (process / "environ").read_bytes():
                line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                if line:  # a zombie has none
                    found.append(f"{process.name} {line}")
        except OSError:
            continue
    return found
