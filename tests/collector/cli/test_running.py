"""The program at work, as its own process: orders, reloads, signals, restarts."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from collector.cli import control
from collector.edge.state import read_state
from simulator.player import fault
from simulator.server import Server, play
from simulator.synthetic import switch, ups
from tests.collector.cli.estate import INVENTORY, estate, player

pytestmark = pytest.mark.slow  # each starts the whole program, some of them twice


class Collector:
    """A running `wardwatch run`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self._url = f"http://127.0.0.1:{port}"
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        request = urllib.request.Request(self._url + path, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=15) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def page(self, device: str) -> str:
        return self.get(f"/metrics?device={device}")[1]

    def ready(self) -> bool:
        try:
            return self.get("/-/ready")[0] == 200
        except OSError:
            return False


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


Run = Callable[..., AbstractContextManager[Collector]]


@pytest.fixture
def run(free_port: Callable[[], int], tmp_path: Path) -> Run:
    @contextmanager
    def start(config: Path, *more: str) -> Iterator[Collector]:
        port, log = free_port(), tmp_path / "log"
        address = f"127.0.0.1:{port}"
        with (
            log.open("wb") as out,
            subprocess.Popen(
                [sys.executable, "-m", "collector", "run", "--config", config, "--web.listen-address", address, *more],
                stderr=out,
            ) as process,
        ):
            collector = Collector(process, port, log)
            try:
                until(lambda: collector.ready() or process.poll() is not None)
                assert process.poll() is None, collector.log
                yield collector
            finally:
                process.kill()

    return start


@pytest.fixture
def devices() -> Iterator[Server]:
    with play([player("127.9.3.1", switch(48)), player("127.9.3.3", ups())]) as server:
        yield server


def test_a_pause_holds_within_a_second_says_so_and_survives_a_restart(
    run: Run, devices: Server, tmp_path: Path
) -> None:
    config, state = estate(tmp_path, port=devices.port), tmp_path / "state"
    with run(config) as collector:
        assert "wardwatch_device_up 1" in collector.page("sw-1").splitlines()
        control.change(state, control.paused("device:sw-1", "a test"))
        time.sleep(1.0)
        before = seen(devices, "127.9.3.1")
        for _ in range(5):
            page = collector.page("sw-1")
            time.sleep(0.5)
        assert seen(devices, "127.9.3.1") == before
        assert 'wardwatch_paused{scope="device:sw-1"} 1' in page.splitlines()
        assert 'reason="paused"' in page
        assert "ifHCInOctets" not in page
        assert "device:sw-1, a test" in collector.get("/devices")[1]
    with run(config) as collector:
        collector.page("sw-1")
        time.sleep(3)
        assert seen(devices, "127.9.3.1") == before
        control.change(state, control.resumed("device:sw-1"))
        until(lambda: "ifHCInOctets" in collector.page("sw-1"))


def test_a_bad_reload_leaves_the_old_configuration_running(run: Run, devices: Server, tmp_path: Path) -> None:
    config = estate(tmp_path, port=devices.port)
    with run(config) as collector:
        inventory = config / "inventory" / "all.yml"
        good = inventory.read_text()
        inventory.write_text(good + "  - {name: sw-2, class: it, modules: [system], address: 300.1.1.1}\n")
        status, text = collector.get("/-/reload", "POST")
        assert status == 500
        assert f"{inventory}:6: " in text
        assert "wardwatch_config_last_reload_successful 0" in collector.get("/metrics")[1].splitlines()
        assert "ifHCInOctets" in collector.page("sw-1")
        more = "  - {name: sw-2, class: it, timeout: 1s, auth: lab, modules: [system], address: 127.9.3.9}\n"
        inventory.write_text(good + more)
        collector.process.send_signal(signal.SIGHUP)
        until(lambda: collector.get("/metrics?device=sw-2")[0] == 200)
        assert "wardwatch_config_last_reload_successful 1" in collector.get("/metrics")[1].splitlines()
        inventory.write_text("devices: [")
        collector.process.send_signal(signal.SIGHUP)
        until(lambda: "wardwatch_config_last_reload_successful 0" in collector.get("/metrics")[1].splitlines())
        assert f"{inventory}:1" in collector.log
        assert collector.get("/-/reload")[0] == 405


def test_sigterm_ends_it_within_five_seconds_in_the_middle_of_polls(run: Run, tmp_path: Path) -> None:
    slow = player("127.9.3.1", switch(48), faults=[fault("slow")])
    with play([slow]) as server, run(estate(tmp_path, port=server.port)) as collector:
        with subprocess.Popen(
            [sys.executable, "-c", f"import urllib.request as u; u.urlopen('{collector._url}/metrics?device=sw-1')"],
            stderr=subprocess.DEVNULL,
        ) as asker:
            time.sleep(0.5)
            began = time.monotonic()
            collector.process.terminate()
            assert collector.process.wait(10) == 0
            assert time.monotonic() - began < 5
            asker.wait(10)
        assert "Traceback" not in collector.log


def test_an_open_breaker_survives_a_restart(run: Run, tmp_path: Path) -> None:
    with play([player("127.9.3.1", switch(4), faults=[fault("dead")])]) as server:
        config = estate(tmp_path, port=server.port)
        with run(config) as collector:
            until(lambda: "wardwatch_breaker_open 1" in collector.page("sw-1").splitlines(), 30)
            collector.process.terminate()
            collector.process.wait(10)
        assert "sw-1" in (read_state(tmp_path / "state" / "agent.json") or {})["breakers"]
        before = seen(server, "127.9.3.1")
        with run(config) as collector:
            page = collector.page("sw-1")
            assert "wardwatch_breaker_open 1" in page.splitlines()
            assert 'reason="breaker_open"' in page
            time.sleep(1)
            assert seen(server, "127.9.3.1") == before
            control.change(tmp_path / "state", control.retried("sw-1"))
            until(lambda: seen(server, "127.9.3.1") > before)


def test_a_second_collector_does_not_work_with_the_same_state(run: Run, tmp_path: Path) -> None:
    config = estate(tmp_path)
    with run(config):
        second = subprocess.run(
            [sys.executable, "-m", "collector", "run", "--config", config, "--web.listen-address", "127.0.0.1:0"],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    assert second.returncode == 1
    assert "another collector" in second.stderr
    assert str(tmp_path / "state") in second.stderr


def test_a_taken_port_is_a_clear_message(run: Run, tmp_path: Path) -> None:
    with run(estate(tmp_path)) as collector:
        address = collector._url.removeprefix("http://")
        other = estate(tmp_path / "other")
        second = subprocess.run(
            [sys.executable, "-m", "collector", "run", "--config", other, "--web.listen-address", address],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    assert second.returncode == 1
    assert f"{address} is taken" in second.stderr
    assert "Traceback" not in second.stderr


def test_logs_are_structured_and_quiet_when_well(run: Run, devices: Server, tmp_path: Path) -> None:
    config = estate(tmp_path, port=devices.port)
    with run(config, "--log-format", "json") as collector:
        collector.page("sw-1")
        time.sleep(3)
        events = [json.loads(line) for line in collector.log.splitlines()]
    assert [event["event"] for event in events if event["level"] != "warning"] == ["ready"]
    assert all(event["event"] == "configuration" for event in events if event["level"] == "warning")
    assert "canary-community" not in json.dumps(events)


def test_a_new_device_is_polled_after_a_reload_and_others_miss_nothing(
    run: Run, devices: Server, tmp_path: Path
) -> None:
    config = estate(tmp_path, port=devices.port, inventory=INVENTORY.replace("  - {name: ups-1", "#"))
    with run(config) as collector:
        collector.page("sw-1")
        estate(tmp_path, port=devices.port)
        assert collector.get("/-/reload", "POST")[0] == 200
        page = collector.page("sw-1")
        assert 'wardwatch_polls_total{module="if_mib",outcome="success"} 1' in page
        assert "upsBatteryStatus" in collector.page("ups-1")


def test_modules_that_a_device_chose_are_shown_and_known_after_a_restart(
    run: Run, devices: Server, tmp_path: Path
) -> None:
    config = estate(tmp_path, port=devices.port, inventory=INVENTORY.replace("[system, if_mib]", "auto"))
    with run(config) as collector:
        page = collector.page("sw-1")
        assert 'wardwatch_device_modules_info{module="if_mib",rule="interfaces"} 1' in page.splitlines()
        assert "ifHCInOctets{" in page
        assert "if_mib" in collector.get("/?q=if_mib")[1]
        collector.process.terminate()
        assert collector.process.wait(5) == 0
    probes = kinds(devices, "127.9.3.1")["getnext"]
    assert probes, "a rule asks whether a table is there; modules are walked by GETBULK"
    program = [sys.executable, "-m", "collector", "list", "devices", "--config", str(config)]
    listed = subprocess.run(program, capture_output=True, text=True, check=True, timeout=30).stdout
    assert re.search(r"^sw-1 .* auto\(system,if_mib", listed, re.MULTILINE)
    with run(config) as collector:
        assert "ifHCInOctets{" in collector.page("sw-1")
    assert kinds(devices, "127.9.3.1")["getnext"] == probes, "no probe is asked again"


def test_the_command_line_finds_the_running_collector(run: Run, devices: Server, tmp_path: Path) -> None:
    config, state = estate(tmp_path, port=devices.port), tmp_path / "state"

    def wardwatch(*words: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "collector", *words, "--config", str(config)]
        return subprocess.run(program, capture_output=True, text=True, check=False, timeout=30)

    with run(config) as collector:
        collector.page("sw-1")
        polled = wardwatch("poll", "sw-1")
        assert polled.returncode == 0, polled.stderr
        assert "ifHCInOctets{" in polled.stdout
        assert "paused" in collector.log
        assert control.read(state).holds == {}
        said = wardwatch("pause", "all", "--reason", "a test").stdout
        assert "within a second" in said
        until(lambda: 'wardwatch_paused{scope="all"} 1' in collector.get("/metrics")[1].splitlines(), 1.5)
        assert 'wardwatch_paused{scope="device:sw-1"} 1' not in collector.get("/metrics")[1].splitlines()


def seen(server: Server, address: str) -> int:
    """Packets that a simulated device has had."""
    requests: int = server.stats()["devices"][address]["packets"]
    return requests


def kinds(server: Server, address: str) -> Mapping[str, int]:
    """The same by kind: `get`, `getnext`, `getbulk`."""
    found: Mapping[str, int] = server.stats()["devices"][address]["kinds"]
    return found


def test_how_the_equipment_is_can_be_listed_and_is_counted(run: Run, devices: Server, tmp_path: Path) -> None:
    config = estate(tmp_path, port=devices.port)
    (config / "inventory" / "pumps.csv").write_text("name,MAC\npump-2,00:1b:54:0a:32:f0\n")
    with run(config) as collector:
        page = collector.get("/metrics")[1].splitlines()
        assert 'wardwatch_equipment{criticality="unset",state="passive"} 2' in page
        assert 'wardwatch_devices{class="clinical",state="passive"} 2' in page
        assert "pump-2" in collector.get("/devices")[1]
        assert '"__param_device":"pump-2"' in collector.get("/sd")[1]
        assert collector.get("/snmp?target=pump-2&module=if_mib")[0] == 403
        assert collector.get("/probe?target=pump-2&module=icmp")[0] == 403
        assert "wardwatch_device_info" in collector.get("/metrics?device=pump-2")[1]
        assert 'wardwatch_equipment_unsupported{criticality="unset"} 0' in page
        assert "wardwatch_texts_redacted_total 0" in page
        until((tmp_path / "state" / "states.json").exists)
        program = [sys.executable, "-m", "collector", "list", "equipment", "--config", str(config)]
        listed = subprocess.run(program, capture_output=True, text=True, check=True, timeout=30).stdout
        assert re.search(r"^pump-1 +- +- +passive ", listed, re.MULTILINE)
        assert re.search(r"^pump-2 +- +- +passive .* 00:1b:54:0a:32:f0 ", listed, re.MULTILINE)
