"""`python -m simulator` as a process: plays, keeps counters in a file, prints them, ends at once when told to."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator import Player, Server, Unplayable, synthetic
from tests.simulator.client import Client, read, request

ROOT = Path(__file__).parents[2]
UPTIME = request("get", "1.3.6.1.2.1.1.3.0")
COUNTED = request("get", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.31.1.1.1.6.1")


def run(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "UDP port" in line, line
    return int(line.rsplit(" ", 1)[1])


@pytest.fixture
def stats(tmp_path: Path) -> Path:
    return tmp_path / "stats.json"


@pytest.fixture
def process(stats: Path) -> Iterator[subprocess.Popen[str]]:
    made = run("--config", "config", "--port", "0", "--only", "counter-1", "--only", "ups-dc-1", "--stats", str(stats))
    yield made
    if made.poll() is None:
        made.kill()
    made.communicate(timeout=10)


@pytest.mark.slow
def test_it_plays_counts_and_ends(process: subprocess.Popen[str], stats: Path) -> None:
    client = Client(port_of(process), "127.20.9.1")
    assert read(client.ask(UPTIME))[1] == 0
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and (not stats.exists() or not json.loads(stats.read_text())["packets"]):
        time.sleep(0.05)
    counted = json.loads(stats.read_text())
    assert counted["devices"]["counter-1"]["kinds"] == {"get": 1}
    assert set(counted["devices"]) == {"counter-1", "ups-dc-1"}
    process.send_signal(signal.SIGUSR1)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["packets"] == 1
    began = time.monotonic()
    process.terminate()
    out, err = process.communicate(timeout=5)
    assert time.monotonic() - began < 2
    assert process.returncode == 0
    assert json.loads(out)["packets"] == 1
    assert err == ""
    client.close()


@pytest.mark.slow
def test_devices_go_on_while_it_is_started_anew() -> None:
    """Prometheus takes a counter that falls for one that began at 0: all it ever counted would come within minutes."""
    seen = []
    for _ in range(2):
        process = run("--config", "config", "--port", "0", "--only", "counter-1")
        try:
            client = Client(port_of(process), "127.20.9.1")
            seen.append((time.monotonic(), *(int(value) for _, value in read(client.ask(COUNTED))[3])))
            client.close()
        finally:
            process.terminate()
            process.communicate(timeout=10)
    passed, ticks, octets = (after - before for before, after in zip(*seen, strict=True))
    assert ticks == pytest.approx(passed * 100, abs=50)
    assert octets == pytest.approx(passed * 100, abs=50)


@pytest.mark.slow
def test_a_taken_port_is_a_clear_message_and_no_hang() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        port = taken.getsockname()[1]
        process = run("--config", "config", "--port", str(port), "--only", "ups-dc-1")
        out, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert err == f"simulator: UDP port {port} cannot be used: Address already in use. Choose another with --port\n"
    assert out == ""


@pytest.mark.slow
def test_a_mistake_in_the_configuration_is_told(tmp_path: Path) -> None:
    (tmp_path / "simulator.yml").write_text("kinds: {x: {plays: nothing}}\n")
    process = run("--config", str(tmp_path), "--port", "0")
    _, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "simulator.yml:1: kinds.x.plays: 'nothing' is not made up here" in err


def test_two_devices_cannot_share_an_address_and_none_lives_outside_loopback() -> None:
    image = synthetic.image("gateway")
    with pytest.raises(Unplayable, match="b and a have the same address"):
        Server([Player("a", "127.20.200.1", image), Player("b", "127.20.200.1", image)])
    with pytest.raises(ValueError, match=r"192\.0\.2\.1 is not a loopback address"):
        Player("c", "192.0.2.1", image)


@pytest.mark.slow
def test_two_hundred_devices_each_answer_from_their_own_address() -> None:
    process = run("--count", "200", "--port", "0")
    try:
        port = port_of(process)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(2)
            for number in range(200):
                sock.sendto(UPTIME, (f"127.30.0.{number + 1}", port))
                packet, (address, from_port) = sock.recvfrom(65535)
                assert (address, from_port) == (f"127.30.0.{number + 1}", port)
                assert read(packet)[1] == 0
    finally:
        process.terminate()
        process.communicate(timeout=10)
