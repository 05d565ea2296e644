"""Two real Alertmanagers that know nothing of each other post to a real collector: calls, ends, restarts, refusals."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.local import children
from tests.e2e.conftest import eventually, get
from tests.exporters.exposition import Parsed, parse

pytestmark = [pytest.mark.parts, pytest.mark.slow]

TOKEN = "canary-token-0123456789"
SETTINGS = "oncall: {token: '${file:token}', copies: 6s}\n"
ALERTMANAGER = """
route:
  receiver: page
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
  routes:
    - {matchers: [alertname="Again"], receiver: page, repeat_interval: 8s}
    - {matchers: [alertname="Wrong"], receiver: wrong}
receivers:
  - name: page
    webhook_configs:
      - {url: "URL", http_config: {authorization: {credentials: "TOKEN"}}}
  - name: wrong
    webhook_configs:
      - {url: "URL", http_config: {authorization: {credentials: "no-token-of-ours-000"}}}
"""
FAILED = re.compile(r'^alertmanager_notifications_failed_total{.*integration="webhook".*} [1-9]', re.MULTILINE)
HOSTILE = 'quo"te {{ $labels }} \\ \n <script>'


class Estate:
    """A collector, which can be started again, and two Alertmanagers."""

    def __init__(self, home: Path, alertmanager: Path, ports: Callable[[], int]) -> None:
        self.home = home
        self.port, *self.alertmanagers = ports(), ports(), ports()
        config = home / "config"
        config.mkdir()
        (config / "wardwatch.yml").write_text(SETTINGS)
        (config / "token").write_text(TOKEN)
        (config / "token").chmod(0o600)
        self.running: list[children.Child] = []
        for n, port in enumerate(self.alertmanagers):
            url = f"http://127.0.0.1:{self.port}/alertmanager/webhook"
            (home / f"am-{n}.yml").write_text(ALERTMANAGER.replace("URL", url).replace("TOKEN", TOKEN))
            words = [str(alertmanager), f"--config.file={home / f'am-{n}.yml'}", f"--storage.path={home / f'am-{n}'}"]
            words += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
            self.running.append(children.start(f"am-{n}", words, home / f"am-{n}.log"))
        self.collector = self.start()
        for port in self.alertmanagers:
            eventually("Alertmanager is ready", 15, lambda port=port: get(f"http://127.0.0.1:{port}/-/ready"))

    def start(self) -> children.Child:
        words = [sys.executable, "-m", "collector", "run", "--config", str(self.home / "config")]
        words += ["--web.listen-address", f"127.0.0.1:{self.port}"]
        env = {"STATE_DIRECTORY": str(self.home / "state")}
        self.collector = children.start("collector", words, self.home / "collector.log", env)
        eventually("the collector is ready", 20, lambda: get(f"http://127.0.0.1:{self.port}/-/ready"))
        return self.collector

    def kill(self) -> None:
        self.collector.process.send_signal(signal.SIGKILL)
        self.collector.process.wait(10)

    def tell(self, name: str, *, starts: float, ends: float | None = None, **labels: str) -> None:
        """What Prometheus would tell both."""
        alert: dict[str, Any] = {"labels": {"alertname": name, "severity": "critical", **labels}}
        alert |= {"startsAt": written(starts), "endsAt": written(time.time() + 600 if ends is None else ends)}
        for port in self.alertmanagers:
            post(f"http://127.0.0.1:{port}/api/v2/alerts", json.dumps([alert]).encode())

    def page(self) -> Parsed:
        return parse(get(f"http://127.0.0.1:{self.port}/metrics").encode())

    def count(self, name: str, **labels: str) -> float:
        """A sum over all labels but these."""
        return total(self.page(), f"wardwatch_oncall_{name}", labels)

    def reaches(self, name: str, value: float, **labels: str) -> None:
        eventually(f"{name} is {value}", 12, lambda: self.count(name, **labels) == value, 0.1)

    def ack(self, *words: str) -> str:
        said = [sys.executable, "-m", "collector", "ack", *words, "--state", str(self.home / "state")]
        return subprocess.run(said, capture_output=True, text=True, timeout=30, check=True).stdout


def total(page: Parsed, name: str, labels: dict[str, str]) -> float:
    return sum(value for (each, of), value in page.samples.items() if each == name and labels.items() <= set(of))


def written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def post(url: str, body: bytes, **headers: str) -> int:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=15) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture(scope="module")
def estate(
    part: Callable[[str], Path], free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Estate]:
    made = Estate(tmp_path_factory.mktemp("on call"), part("alertmanager"), free_port)
    yield made
    assert children.stop([*made.running, made.collector]) == []


def test_a_call_is_one_whoever_makes_it_and_over_a_restart(estate: Estate) -> None:
    now = time.time()
    estate.tell("DeviceDown", starts=now - 60, instance="sw-1", owner=HOSTILE)
    estate.reaches("messages_total", 2)
    assert estate.count("notifications_total", receiver="page", severity="critical", status="firing") == 1
    assert estate.count("copies_total") == 1
    eventually("the alert is told", 5, lambda: "sw-1" in (estate.home / "state" / "alerts.json").read_text())
    assert "alice sees to it until it ends" in estate.ack("DeviceDown", "--by", "alice", "--note", HOSTILE[:10])
    estate.reaches("alerts_acknowledged_total", 1)

    estate.kill()
    estate.tell("LinkDown", starts=now, instance="sw-2")  # both try again until somebody listens
    time.sleep(0.3)
    estate.start()
    estate.reaches("notifications_total", 2, status="firing")
    assert estate.count("alerts_open") == 2
    assert estate.count("alerts_unacknowledged") == 1
    assert estate.count("alerts_acknowledged_total") == 1
    assert "alice" in estate.ack("--list")

    for name, instance in (("DeviceDown", "sw-1"), ("LinkDown", "sw-2")):
        owner = {"owner": HOSTILE} if name == "DeviceDown" else {}
        estate.tell(name, starts=now - 60, ends=time.time(), instance=instance, **owner)
    estate.reaches("alerts_ended_total", 2)
    assert estate.count("alerts_ended_without_action_total", alertname="DeviceDown") == 0
    assert estate.count("alerts_ended_without_action_total", alertname="LinkDown") == 1
    assert estate.count("alerts_open") == 0
    estate.reaches("notifications_total", 2, status="resolved")


def test_flapping_and_a_call_that_is_repeated(estate: Estate) -> None:
    started = estate.count("alerts_started_total", alertname="Flaps")
    estate.tell("Again", starts=time.time(), instance="sw-9")
    for n in range(4):
        begin = time.time()
        estate.tell("Flaps", starts=begin, instance="sw-3")
        estate.reaches("alerts_started_total", started + n + 1, alertname="Flaps")
        estate.tell("Flaps", starts=begin, ends=time.time(), instance="sw-3")
        estate.reaches("alerts_ended_total", n + 1, alertname="Flaps")
    assert estate.count("alerts_flapping_total") == 1
    before = estate.count("notifications_total", status="firing")
    eventually("it calls again", 15, lambda: estate.count("notifications_total", status="firing") == before + 1, 0.1)
    assert estate.count("alerts_started_total", alertname="Again") == 1


def test_who_has_no_token_is_refused_and_alertmanager_says_so(estate: Estate) -> None:
    estate.tell("Wrong", starts=time.time())

    def failed() -> bool:
        pages = [get(f"http://127.0.0.1:{port}/metrics") for port in estate.alertmanagers]
        return all(FAILED.search(page) for page in pages)

    eventually("both have failed", 10, failed)
    assert estate.count("refused_total", reason="unauthorised") >= 2
    assert estate.count("alerts_started_total", alertname="Wrong") == 0


def test_what_is_too_large_or_no_message_is_refused(estate: Estate) -> None:
    url = f"http://127.0.0.1:{estate.port}/alertmanager/webhook"
    shown = {"Authorization": f"Bearer {TOKEN}"}
    assert post(url, b"{}") == 401
    assert post(url, b"{}", **shown) == 400
    assert post(url, b" " * (5 << 20), **shown) == 413
    assert {reason: estate.count("refused_total", reason=reason) for reason in ("malformed", "too_large")} == {
        "malformed": 1,
        "too_large": 1,
    }


def test_promtool_reads_the_page_and_has_nothing_to_say(estate: Estate, part: Callable[[str], Path]) -> None:
    page = get(f"http://127.0.0.1:{estate.port}/metrics")
    lines = [line for line in page.splitlines(keepends=True) if "wardwatch_oncall_" in line]
    words = [part("promtool"), "check", "metrics"]
    done = subprocess.run(words, input="".join(lines), capture_output=True, text=True, timeout=60, check=False)
    assert len(lines) > 100
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
