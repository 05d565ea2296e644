"""Traps at the running program: net-snmp's own, a flood, kill -9; every datagram is accounted for."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.collector.cli.test_running import Collector, Run, run, until
from tests.collector.network.traps.device import Agent, Clock, by_community, by_v1, v3

__all__ = ["run"]

AUTHS = """auths:
  lab: {version: 2, community: "${env:LAB}"}
  safe: {version: 3, username: watcher, security_level: authPriv, password: "${env:ONE}", priv_password: "${env:TWO}"}
  plain: {version: 3, username: guest, security_level: authNoPriv, auth_protocol: SHA, password: "${env:ONE}"}
"""
INVENTORY = """devices:
  - {name: pump-1, address: 127.9.4.1, class: clinical, auth: lab}
  - {name: core-1, address: 127.9.4.2, class: clinical, auth: safe, reply_from: [127.9.4.4]}
  - {name: core-2, address: 127.9.4.3, class: clinical, auth: plain, reply_from: [127.9.4.5]}
"""
SECRETS = {"LAB": "canary-community", "ONE": "canary-one", "TWO": "canary-two"}
SAFE = [
    "-v",
    "3",
    "-u",
    "watcher",
    "-l",
    "authPriv",
    "-a",
    "SHA-256",
    "-A",
    "canary-one",
    "-x",
    "AES",
    "-X",
    "canary-two",
]
PLAIN = ["-v", "3", "-u", "guest", "-l", "authNoPriv", "-a", "SHA", "-A", "canary-one"]
LAB = ["-v", "2c", "-c", "canary-community"]
LINK_DOWN, LINK_UP = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"
COLD_START, WARM_START = "1.3.6.1.6.3.1.1.5.1", "1.3.6.1.6.3.1.1.5.2"
COUNT = re.compile(r'^wardwatch_traps_total\{trap="([^"]+)",auth="([^"]+)"\} (\d+)$', re.MULTILINE)
REFUSED = re.compile(r'^wardwatch_traps_refused_total\{reason="([^"]+)"\} (\d+)$', re.MULTILINE)
DEVICES = ("pump-1", "core-1", "core-2")


@pytest.fixture
def site(tmp_path: Path, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, int]:
    """A configuration with a trap port of its own."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    config, port = tmp_path / "site", free_port()
    (config / "inventory").mkdir(parents=True)
    (config / "wardwatch.yml").write_text(
        f"state: {tmp_path / 'state'}\ntraps: {{listen: '127.0.0.1:{port}', rate: 100000, burst: 100000}}\n"
    )
    (config / "auths.yml").write_text(AUTHS)
    (config / "inventory" / "all.yml").write_text(INVENTORY)
    return config, port


def counted(collector: Collector, *devices: str) -> dict[tuple[str, str, str], int]:
    return {
        (device, trap, auth): int(count)
        for device in devices or DEVICES
        for trap, auth, count in COUNT.findall(collector.page(device))
    }


def figures(collector: Collector) -> tuple[int, int, dict[str, int]]:
    """Received, waiting, and refused by reason."""
    page = collector.get("/metrics")[1]
    numbers = dict(re.findall(r"^(wardwatch_traps_[a-z]+(?:_total)?) (\d+)$", page, re.MULTILINE))
    refused = {reason: int(count) for reason, count in REFUSED.findall(page) if count != "0"}
    received, waiting = (numbers.get(f"wardwatch_traps_{what}") for what in ("received_total", "waiting"))
    return int(received or 0), int(waiting or 0), refused


def settled(collector: Collector, sent: int) -> dict[str, int]:
    """Wait until everything is read, what the kernel dropped included. Refused, by reason."""

    def done() -> bool:
        received, waiting, refused = figures(collector)
        return received + refused.get("kernel_buffer", 0) >= sent and not waiting

    until(done, 30)
    return figures(collector)[2]


@contextmanager
def sending(source: str, port: int) -> Iterator[Callable[[bytes], object]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        yield lambda data: sock.sendto(data, ("127.0.0.1", port))


def listening(collector: Collector) -> bool:
    return "wardwatch_traps_buffer_bytes" in collector.get("/metrics")[1]


@pytest.mark.parts
def test_net_snmp_sends_every_kind_and_every_one_is_accounted_for(
    run: Run, site: tuple[Path, int], part: Callable[[str], Path]
) -> None:
    config, port = site
    snmptrap = part("snmptrap")

    def send(source: str, *words: str) -> int:
        program = [snmptrap, f"--clientaddr={source}", "-r", "0", "-t", "5", *words]
        return subprocess.run(program, capture_output=True, check=False, timeout=20).returncode

    def v2(source: str, how: list[str], trap: str, *more: str) -> int:
        return send(source, *more, *how, f"127.0.0.1:{port}", "", trap)

    hostile = ["1.3.6.1.2.1.1.5.0", "s", '9434765919"}\n<script>canary']
    with run(config, "--log-format", "json") as collector:
        until(lambda: listening(collector))
        v1 = ["-v", "1", "-c", "canary-community", f"127.0.0.1:{port}"]
        sent = 0
        for status in (
            v2("127.9.4.1", LAB, LINK_DOWN),
            send("127.9.4.1", *LAB, f"127.0.0.1:{port}", "", LINK_DOWN, *hostile),
            v2("127.9.4.1", LAB, LINK_UP, "-Ci"),
            send("127.9.4.1", *v1, "1.3.6.1.4.1.318", "127.0.0.1", "6", "5", "1"),
            send("127.9.4.1", *v1, "1.3.6.1.4.1.318", "127.0.0.1", "0", "0", "1"),
            v2("127.9.4.2", SAFE, LINK_DOWN, "-e", "0x8000000001020304"),
            v2("127.9.4.4", SAFE, LINK_DOWN, "-e", "0x8000000001020304"),
            v2("127.9.4.3", PLAIN, LINK_UP, "-e", "0x8000000001020305"),
        ):
            assert status == 0
            sent += 1
        assert v2("127.9.4.2", SAFE, LINK_UP, "-Ci") == 0
        assert v2("127.9.4.3", PLAIN, LINK_DOWN, "-Ci") == 0
        sent += 4  # each asks who we are first
        v2("127.9.4.9", LAB, LINK_DOWN)
        v2("127.9.4.1", ["-v", "2c", "-c", "guess"], LINK_DOWN)
        v2("127.9.4.2", [word.replace("one", "oneone") for word in SAFE], LINK_DOWN, "-e", "0x8000000001020304")
        sent += 3
        refused = settled(collector, sent)
        counts = counted(collector)
        assert counts == {
            ("pump-1", "linkDown", "none"): 2,
            ("pump-1", "linkUp", "none"): 1,
            ("pump-1", "upsOnBattery", "none"): 1,
            ("pump-1", "coldStart", "none"): 1,
            ("core-1", "linkDown", "authPriv"): 2,
            ("core-1", "linkUp", "authPriv"): 1,
            ("core-2", "linkUp", "authNoPriv"): 1,
            ("core-2", "linkDown", "authNoPriv"): 1,
        }
        assert refused == {"discovery": 2, "unknown_source": 1, "wrong_community": 1, "wrong_digest": 1}
        assert sum(counts.values()) + sum(refused.values()) == sent
        shown = collector.page("pump-1") + collector.get("/metrics")[1] + collector.get("/devices")[1] + collector.log
        last = re.search(r'last_timestamp_seconds\{trap="upsOnBattery",auth="none"\} ([0-9.]+)', shown)
        assert last
        assert abs(float(last[1]) - time.time()) < 60
    for word in (*SECRETS.values(), "9434765919", "<script"):
        assert word not in shown
        assert word not in (config.parent / "state" / "traps.journal").read_text()


def repeat(snmptrap: Path, state: Path, source: str, words: list[str], end: float) -> tuple[int, int]:
    """Net-snmp sends the same again and again until `end` (monotonic). How many datagrams it says that it sent, and
    how often it was content: with an inform, that it was acknowledged. In `state` it keeps its engine id: a file that
    only one of them may write at a time."""
    sent = content = 0
    env = os.environ | {"SNMP_PERSISTENT_DIR": str(state), "SNMPCONFPATH": str(state)}
    while time.monotonic() < end:
        program = [snmptrap, "-d", "-m", "", f"--clientaddr={source}", "-r", "2", "-t", "2", *words]
        done = subprocess.run(program, capture_output=True, check=False, timeout=20, env=env)
        sent += (done.stdout + done.stderr).count(b"Sending ")
        content += done.returncode == 0
    return sent, content


@pytest.mark.parts
@pytest.mark.slow
def test_ten_thousand_mixed_datagrams_and_a_flood_are_accounted_for_to_the_last(
    run: Run, site: tuple[Path, int], part: Callable[[str], Path]
) -> None:
    """Net-snmp's own in every kind, over and over, beside a flood of everything else."""
    config, port = site
    snmptrap, states = part("snmptrap"), config.parent / "net-snmp"
    to = [f"127.0.0.1:{port}", ""]
    v1 = ["-v", "1", "-c", "canary-community", to[0], "1.3.6.1.4.1.318", "127.0.0.1", "5", "0", "1"]
    traps = {
        ("pump-1", "egpNeighborLoss", "none"): ("127.9.4.1", v1),
        ("pump-1", "warmStart", "none"): ("127.9.4.1", [*LAB, *to, WARM_START]),
        ("core-1", "warmStart", "authPriv"): ("127.9.4.2", [*SAFE, "-e", "0x8000000001020304", *to, WARM_START]),
        ("core-2", "warmStart", "authNoPriv"): ("127.9.4.3", [*PLAIN, "-e", "0x8000000001020305", *to, WARM_START]),
    }
    informs = {  # of v3 from addresses with a queue of their own: they are content before the flood is read
        ("pump-1", "coldStart", "none"): ("127.9.4.1", ["-Ci", *LAB, *to, COLD_START]),
        ("core-1", "coldStart", "authPriv"): ("127.9.4.4", ["-Ci", *SAFE, *to, COLD_START]),
        ("core-2", "coldStart", "authNoPriv"): ("127.9.4.5", ["-Ci", *PLAIN, *to, COLD_START]),
    }
    with run(config) as collector, ThreadPoolExecutor(len(traps) + len(informs)) as threads:
        until(lambda: listening(collector))
        end = time.monotonic() + 4
        running = {
            key: threads.submit(repeat, snmptrap, states / "-".join(key), source, words, end)
            for key, (source, words) in (traps | informs).items()
        }
        flooded = flood(port)
        assert flooded > 10_000
        done = {key: each.result() for key, each in running.items()}
        sent = flooded + sum(count for count, _ in done.values())
        refused = settled(collector, sent)
        counts = counted(collector)
        page = collector.get("/metrics")[1]
    assert sum(counts.values()) + sum(refused.values()) == sent
    expected = {"wrong_community", "malformed", "unknown_source", "repeated", "wrong_user", "wrong_version"}
    assert expected <= set(refused) - {"discovery"} <= expected | {"kernel_buffer", "time_window"}
    for key in traps:
        assert 0 < counts[key] <= done[key][1], key
    for key in informs:
        assert counts[key] >= done[key][1] > 0, key
    assert refused["discovery"] >= 2
    assert counts["core-1", "linkDown", "authPriv"] > 100  # of the flood: all others are told apart from copies
    total = re.search(r"^wardwatch_traps_counted_total (\d+)$", page, re.MULTILINE)
    assert total
    assert int(total[1]) == sum(counts.values())


def flood(port: int) -> int:
    """More than 10,000 datagrams of every kind and of none, the last 5,000 as fast as it goes. How many."""
    clock = Clock()
    core, guest = Agent(v3(), clock), v3("authNoPriv", "SHA", username="guest")
    plain = Agent(guest, clock, engine=b"\x80\x00\x1f\x88\x05agent-2")
    pool = {
        "127.9.4.1": [by_community(), by_community(LINK_UP), by_v1("1.3.6.1.4.1.318", 6, 5), by_v1("1.3.9", 0, 0),
                      by_community(community="guess"), by_community()[:40], b"junk"],
        "127.9.4.2": [*(core.trap(uptime=n) for n in range(400)), by_community()],
        "127.9.4.3": [*(plain.trap(uptime=n) for n in range(400)), core.trap()],
        "127.9.4.9": [by_community()],
    }  # fmt: skip
    informs = [by_community(LINK_UP, inform=True, number=n) for n in range(100)]
    sent = 0
    with ExitStack() as sockets:
        sends = {source: sockets.enter_context(sending(source, port)) for source in pool}
        for number in range(2000):
            for source, datagrams in pool.items():
                sends[source](datagrams[number % len(datagrams)])
                sent += 1
            if number % 20 == 0:
                sends["127.9.4.1"](informs[number // 20])
                sent += 1
                time.sleep(0.01)
        for _ in range(5000):  # from nobody we know
            sends["127.9.4.9"](pool["127.9.4.9"][0])
            sent += 1
    return sent


@pytest.mark.slow
def test_what_the_kernel_drops_is_counted_to_the_last(run: Run, site: tuple[Path, int]) -> None:
    """The receiver stands still while more comes than the socket's buffer holds."""
    config, port = site
    trap, known = by_community(), 20
    with run(config) as collector, sending("127.9.4.1", port) as send, sending("127.9.4.9", port) as stranger:
        until(lambda: listening(collector))
        process = receiver(collector)
        os.kill(process, signal.SIGSTOP)
        sent = 0
        while sent < 20_000:
            stranger(trap)
            sent += 1
            if sent % 1000 == 0:
                send(trap)
        sent += known
        os.kill(process, signal.SIGCONT)
        refused = settled(collector, sent)
        assert refused["kernel_buffer"] > 1000
        assert sum(counted(collector).values()) + sum(refused.values()) == sent


@pytest.mark.slow
def test_no_acknowledged_inform_is_lost_when_everything_is_killed(run: Run, site: tuple[Path, int]) -> None:
    config, port = site
    acknowledged = 0
    for attempt in range(2):
        with run(config) as collector, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            until(lambda: listening(collector))
            stored = sum(counted(collector, "pump-1").values())
            assert stored >= acknowledged
            acknowledged = stored
            sock.bind(("127.9.4.1", 0))
            sock.settimeout(0.05)
            end = time.monotonic() + 0.15 + attempt * 0.05
            number = 0
            while time.monotonic() < end:
                number += 1
                sock.sendto(by_community(inform=True, number=attempt * 10_000 + number), ("127.0.0.1", port))
                try:
                    sock.recv(2000)
                except TimeoutError:
                    continue
                acknowledged += 1
            for process in (receiver(collector), collector.process.pid):
                os.kill(process, signal.SIGKILL)
    with run(config) as collector:
        until(lambda: sum(counted(collector, "pump-1").values()) >= acknowledged)
    assert acknowledged > 10


@pytest.mark.slow
def test_a_receiver_that_ends_is_started_again_and_what_came_meanwhile_is_read(
    run: Run, site: tuple[Path, int]
) -> None:
    config, port = site
    with run(config) as collector, sending("127.9.4.1", port) as send:
        until(lambda: listening(collector))
        send(by_community())
        until(lambda: counted(collector, "pump-1"))
        os.kill(receiver(collector), signal.SIGKILL)
        until(lambda: "wardwatch_traps_restarts_total 1" in collector.get("/metrics")[1].splitlines())
        send(by_community())
        until(lambda: counted(collector, "pump-1") == {("pump-1", "linkDown", "none"): 2})
        inventory = config / "inventory" / "all.yml"
        inventory.write_text(INVENTORY.replace("127.9.4.1", "127.9.4.8"))
        assert collector.get("/-/reload", "POST")[0] == 200
        until(lambda: send(by_community()) and figures(collector)[2].get("unknown_source", 0) > 0)
        collector.process.terminate()
        assert collector.process.wait(10) == 0
    assert "Traceback" not in collector.log


@pytest.mark.slow
def test_a_taken_trap_port_is_a_clear_message(site: tuple[Path, int]) -> None:
    config, port = site
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", port))
        program = [sys.executable, "-m", "collector", "run", "--config", config, "--web.listen-address", "127.0.0.1:0"]
        done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 1
    assert f"UDP 127.0.0.1:{port} is taken" in done.stderr
    assert "Traceback" not in done.stderr


def receiver(collector: Collector) -> int:
    """The process that receives traps."""
    children = Path(f"/proc/{collector.process.pid}/task/{collector.process.pid}/children").read_text().split()
    (found,) = [pid for pid in children if "collector.network.traps" in Path(f"/proc/{pid}/cmdline").read_text()]
    return int(found)
