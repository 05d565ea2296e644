"""Under the unit's restrictions the program starts, polls and receives traps (RELIABILITY K5).

The kernel is told of them by tests/e2e/confine.py, as systemd would. Addresses, and what is seen of the disk, are not
among them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Start
from tests.deploy.test_systemd import UNIT, settings
from tests.e2e.conftest import ROOT, eventually, get, moved_config

pytestmark = [pytest.mark.slow, pytest.mark.parts]

CONFINE = ROOT / "tests" / "e2e" / "confine.py"


def calls(analyze: Path) -> list[str]:
    """What the unit's filter allows, by systemd's own sets."""
    said = subprocess.run([analyze, "--no-pager", "syscall-filter"], capture_output=True, text=True, check=True).stdout
    sets: dict[str, list[str]] = {}
    current: list[str] = []
    for line in said.splitlines():
        if line.startswith("@"):
            current = sets.setdefault(line.strip(), [])
        elif (word := line.strip()) and not word.startswith("#"):
            current.append(word)

    def members(word: str) -> set[str]:
        return set().union(*map(members, sets[word])) if word.startswith("@") else {word}

    allowed = members("@default")  # systemd adds it to every list of what is allowed
    for line in settings(UNIT.read_text())["SystemCallFilter"]:
        named = set().union(*map(members, line.removeprefix("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    return sorted(allowed | members("@default"))


@pytest.fixture(scope="module")
def order(part: Callable[[str], Path]) -> str:
    (families,) = settings(UNIT.read_text())["RestrictAddressFamilies"]
    return json.dumps({"calls": calls(part("systemd-analyze")), "families": families.split()})


@pytest.mark.parametrize(
    "forbidden",
    [
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
        "os.chroot('/')",
        "os.nice(1)",
        "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
    ],
)
def test_what_is_refused_is_refused(order: str, forbidden: str) -> None:
    program = f"import mmap, os, socket\ntry:\n {forbidden}\nexcept PermissionError:\n print('refused')"

    done = subprocess.run(
        [sys.executable, CONFINE, order, sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.stdout == "refused\n", done.stderr


def test_it_starts_polls_hears_traps_and_ends(
    order: str, part: Callable[[str], Path], start: Start, free_port: Callable[[], int], tmp_path: Path
) -> None:
    snmptrap = part("snmptrap")
    http, udp, traps = free_port(), free_port(), free_port()
    config = moved_config(ROOT / "config", tmp_path / "config", udp, traps)
    state = tmp_path / "state"
    state.mkdir()
    env = {"STATE_DIRECTORY": str(state), "PYTHONPATH": str(ROOT)}
    program = [sys.executable, "-m", "collector"]
    start([*program, "simulate", "--config", config, "--port", str(udp)], env=env)
    confined = [sys.executable, CONFINE, order, *program]
    collector = start([*confined, "run", "--config", config, "--web.listen-address", f"127.0.0.1:{http}"], env=env)
    url = f"http://127.0.0.1:{http}"
    eventually("it is ready", 30, lambda: get(f"{url}/-/ready"))

    device = f"{url}/metrics?device=sw-core-1"
    eventually("a switch answers", 30, lambda: "\nwardwatch_device_up 1\n" in get(device))
    told = [
        snmptrap, "-v", "2c", "-c", "public", "--clientaddr=127.20.0.1", f"127.0.0.1:{traps}", "",
        "1.3.6.1.6.3.1.1.5.3",
    ]  # fmt: skip
    subprocess.run(told, check=True, timeout=30)
    eventually("its trap is counted", 30, lambda: 'wardwatch_traps_total{trap="linkDown"' in get(device))

    def host() -> bool:
        page = get(f"{url}/metrics")
        return all(
            f"\n{name}" in page for name in ("node_load1 ", "node_filesystem_avail_bytes{", "node_timex_offset_")
        )

    eventually("this machine is read", 30, host)
    assert "\nwardwatch_collector_bugs_total 0\n" in get(f"{url}/metrics")
    assert "\nwardwatch_state_write_failures_total 0\n" in get(f"{url}/metrics")

    collector.terminate()
    assert collector.wait(10) == 0
    assert (state / "devices.json").exists()
