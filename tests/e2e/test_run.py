"""`make run` as a person meets it: everything up in time, clear words about ports, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from collector.config import load
from collector.config.probes import is_prober
from tests.e2e.conftest import ROOT, eventually, get, processes_with, query

pytestmark = [pytest.mark.parts, pytest.mark.slow]

PROGRAM = ROOT / "deploy" / "local" / "run.py"


@pytest.fixture
def environment(tmp_path: Path, free_port: Callable[[], int], part: Callable[[str], Path]) -> dict[str, str]:
    """Ports of its own, state of its own, and a mark by which all that is started can be found."""
    for name in ("prometheus", "alertmanager"):
        part(name)
    names = ("WARDWATCH_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT", "SIMULATOR_PORT", "TRAPS_PORT")
    chosen = {name: str(free_port()) for name in names}
    return {**chosen, "WARDWATCH_STATE": str(tmp_path / "state"), "WARDWATCH_TEST": uuid4().hex}


@pytest.fixture
def supervisor(environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, PROGRAM],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()
    print((tmp_path / "output").read_text())
    for log in sorted((tmp_path / "state" / "logs").glob("*.log")):
        print(f"--- {log.name}\n" + log.read_text(errors="replace")[-2000:])


def names(device_class: str) -> set[str]:
    config = load(ROOT / "config", environ={}, resolve=lambda name: name)
    return {device.name for device in config.devices if device.device_class == device_class and not device.agent}


def test_everything_is_up_in_time_and_ends_with_ctrl_c(
    supervisor: subprocess.Popen[bytes], environment: Mapping[str, str], tmp_path: Path
) -> None:
    begun = time.monotonic()
    port = int(environment["PROMETHEUS_PORT"])
    it = names("it")

    def left() -> float:
        assert supervisor.poll() is None, (tmp_path / "output").read_text()
        return max(1.0, 90 - (time.monotonic() - begun))

    def answering() -> set[str]:
        assert supervisor.poll() is None, (tmp_path / "output").read_text()
        return {row["metric"]["instance"] for row in query(port, "wardwatch_device_up == 1")}

    # Within 90 s of the start (issue 2): series of every device of class it, of the host, and every target up.
    eventually("every device of class it is up", left(), lambda: it <= answering())
    eventually("every it device has series of its own", left(), lambda: it <= with_interfaces(port))
    eventually("the host has series", left(), lambda: query(port, 'node_load1{job="node"}'))
    eventually("every target is up", left(), lambda: all_up(port))
    eventually("every probe was made", left(), lambda: probes() <= {each[:2] for each in probed(port)})
    assert {each[2] for each in probed(port)} == {"1"}

    # A device that is watched passively says that it is there, and nothing that would have taken a packet.
    for name in names("clinical"):
        found = {row["metric"]["__name__"] for row in query(port, f'{{instance="{name}",job="device"}}')}
        assert "wardwatch_device_info" in found
        assert not {word for word in found if not word.startswith(("wardwatch_", "up", "scrape_", "ALERTS"))}

    # 150 s for class fragile.
    fragile = names("fragile")
    eventually("fragile devices are up", max(1.0, 150 - (time.monotonic() - begun)), lambda: fragile <= answering())

    assert get(f"http://127.0.0.1:{environment['ALERTMANAGER_PORT']}/-/ready")
    flags = get(f"http://127.0.0.1:{port}/api/v1/status/flags")
    assert '"storage.tsdb.retention.time":"1y5w' in flags or '"storage.tsdb.retention.time":"400d"' in flags
    # Whoever would be told of an alert is counted by the collector, and nothing leaves this machine.
    alert(int(environment["ALERTMANAGER_PORT"]), alertname="Invented", severity="critical", owner="estates")
    told = 'wardwatch_oncall_notifications_total{receiver="estates-control-room",severity="critical"'
    metrics = f"http://127.0.0.1:{environment['WARDWATCH_PORT']}/metrics"
    eventually("it is counted", 20, lambda: told in get(metrics))
    # For people without Grafana: by the Prometheus that was started, on whatever port.
    page = f"http://127.0.0.1:{environment['WARDWATCH_PORT']}/"
    eventually("the status page knows services", 60, lambda: re.search(r"</b> services? up", get(page)))
    assert f"as http://127.0.0.1:{port} knows it" in get(page)
    assert "level=error" not in (tmp_path / "state" / "logs" / "alertmanager.log").read_text()
    receivers = json.loads(get(f"http://127.0.0.1:{environment['ALERTMANAGER_PORT']}/api/v2/receivers"))
    assert {"nobody", "service-desk"} < {each["name"] for each in receivers}
    config = json.loads(get(f"http://127.0.0.1:{environment['ALERTMANAGER_PORT']}/api/v2/status"))["config"]["original"]
    assert f"http://127.0.0.1:{environment['WARDWATCH_PORT']}/alertmanager/webhook" in config
    said = (tmp_path / "output").read_text()
    for word in (
        "running:",
        "open next:",
        f"http://127.0.0.1:{environment['WARDWATCH_PORT']}/",
        "Ctrl-C",
        "targets up",
    ):
        assert word in said

    ended = time.monotonic()
    os.killpg(supervisor.pid, signal.SIGINT)
    assert supervisor.wait(20) == 0
    assert time.monotonic() - ended < 15
    assert processes_with(environment["WARDWATCH_TEST"]) == []


def alert(port: int, **labels: str) -> None:
    """One that has been there for a while, so that Alertmanager tells it at once."""
    body = json.dumps([{"labels": labels, "startsAt": "2026-01-01T00:00:00Z"}]).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v2/alerts", body, {"Content-Type": "application/json"}
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()


def all_up(port: int) -> bool:
    """Whether Prometheus has reached every target it knows, those of the inventory among them."""
    targets = json.loads(get(f"http://127.0.0.1:{port}/api/v1/targets?state=active"))["data"]["activeTargets"]
    devices = {target["labels"]["instance"] for target in targets if target["labels"]["job"] == "device"}
    return devices >= names("it") | names("fragile") | names("clinical") and {t["health"] for t in targets} == {"up"}


def probes() -> set[tuple[str, str]]:
    """Device and module of every probe of the inventory that this machine may make."""
    config = load(ROOT / "config", environ={}, resolve=lambda name: name)
    return {
        (name, target.module)
        for name, targets in config.targets.items()
        for target in targets
        if is_prober(type(target.collector)) and (target.module != "icmp" or may_ping())
    }


def may_ping() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except PermissionError:
        first, last = map(int, Path("/proc/sys/net/ipv4/ping_group_range").read_text().split())
        return any(first <= group <= last for group in {os.getegid(), *os.getgroups()})
    return True


def probed(port: int) -> set[tuple[str, str, str]]:
    """Device, module and success of the probes that were made, those apart which the system forbids us."""
    rows = query(port, 'probe_success unless on (instance, module) probe_failure_info{reason="not_allowed"}')
    return {(row["metric"]["instance"], row["metric"]["module"], row["value"][1]) for row in rows}


def with_interfaces(port: int) -> set[str]:
    rows = query(port, 'group by (instance) ({job="device", __name__=~"if.*|hr.*|sys.*"})')
    return {row["metric"]["instance"] for row in rows}


def test_nothing_outlives_a_supervisor_that_is_killed(
    supervisor: subprocess.Popen[bytes], environment: Mapping[str, str], tmp_path: Path
) -> None:
    eventually("everything is started", 60, lambda: b"open next:" in (tmp_path / "output").read_bytes())
    mark = environment["WARDWATCH_TEST"]
    assert len(processes_with(mark)) >= 5

    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait(10)

    eventually("all children are gone", 10, lambda: not processes_with(mark))


@pytest.mark.parametrize("name", ["WARDWATCH_PORT", "PROMETHEUS_PORT", "ALERTMANAGER_PORT"])
def test_a_taken_port_is_told_at_once_and_nothing_is_started(environment: dict[str, str], name: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(environment[name])))
        other.listen()
        words: list[str | Path] = [sys.executable, PROGRAM]
        done = subprocess.run(
            words, env={**os.environ, **environment}, capture_output=True, text=True, timeout=30, check=False
        )

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"make run: {environment[name]}/tcp on 127.0.0.1 is taken by ")
    assert line.endswith(f"choose another port: make run {name}=...")
    assert done.stdout == ""
    assert not Path(environment["WARDWATCH_STATE"]).exists()


def test_a_child_that_dies_is_named_with_its_last_words(
    supervisor: subprocess.Popen[bytes], environment: Mapping[str, str], tmp_path: Path
) -> None:
    eventually("everything is started", 60, lambda: b"open next:" in (tmp_path / "output").read_bytes())
    (line,) = (line for line in processes_with(environment["WARDWATCH_TEST"]) if "--storage.tsdb.path" in line)
    log = tmp_path / "state" / "logs" / "prometheus.log"
    # It is started last, and may have said nothing yet.
    eventually("Prometheus has said something", 60, lambda: len(log.read_text().splitlines()) >= 10)

    os.kill(int(line.split()[0]), signal.SIGKILL)

    assert supervisor.wait(60) == 1
    said = (tmp_path / "output").read_text()
    assert "make run: prometheus ended by itself (signal 9). The end of " in said
    last = "".join(f"  {line}\n" for line in log.read_text().splitlines()[-10:])
    assert last in said.partition("ended by itself")[2]
    assert processes_with(environment["WARDWATCH_TEST"]) == []
