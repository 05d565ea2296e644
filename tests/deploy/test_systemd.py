"""The unit: how much of the machine it leaves to the program, and that it names what is there (RELIABILITY K5)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "systemd" / "wardwatch.service"

MOST = 2.0
"""Exposure on systemd-analyze's scale of 0 to 10 (RELIABILITY K5)."""


def settings(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", text, re.M):
        found.setdefault(key, []).append(value)
    return found


def exposure(analyze: Path, unit: Path) -> tuple[float, list[str]]:
    """The overall figure, and the names of what is left open."""
    words: list[str | Path] = [analyze, "security", "--offline=true", "--json=short", "--no-pager", unit]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    left = [each["name"] for each in json.loads(done.stdout) if float(each.get("exposure") or 0) > 0]
    words = [analyze, "security", "--offline=true", "--threshold=100", "--no-pager", unit]
    said = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    overall = re.search(r"exposure level for \S+: ([0-9.]+)", said.stdout + said.stderr)
    assert overall, said.stdout + said.stderr
    return float(overall[1]), left


@pytest.mark.parts
def test_the_unit_leaves_little_open(part: Callable[[str], Path], tmp_path: Path) -> None:
    analyze = part("systemd-analyze")
    worst, left = exposure(analyze, UNIT)
    assert worst <= MOST
    # No privilege, no writing outside its own directory, and nobody beyond this machine to talk to.
    for word in ("CapabilityBoundingSet", "NoNewPrivileges", "ProtectSystem", "RestrictNamespaces", "DynamicUser"):
        assert not [name for name in left if name.startswith(word)], word

    # It can fail: without one line of it, the figure is another.
    weaker = tmp_path / UNIT.name
    weaker.write_text(UNIT.read_text().replace("CapabilityBoundingSet=\n", ""))
    assert exposure(analyze, weaker)[0] > MOST


@pytest.mark.parts
def test_systemd_understands_every_line(part: Callable[[str], Path], tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    there = shutil.which("true")
    unit.write_text(UNIT.read_text().replace("/opt/wardwatch/bin/wardwatch", str(there)))

    words: list[str | Path] = [part("systemd-analyze"), "verify", "--man=no", unit]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert UNIT.name not in done.stdout + done.stderr


def test_it_is_supervised_and_keeps_what_it_must() -> None:
    said = settings(UNIT.read_text())

    assert said["Type"] == ["notify"]
    assert said["StateDirectory"] == ["wardwatch"]
    assert said["CapabilityBoundingSet"] == [""]
    assert said["IPAddressDeny"] == ["any"]
    assert said["IPAddressAllow"] == ["localhost"]
    assert said["LoadCredential"] == ["secrets:/etc/wardwatch/secrets"]
    assert said["WatchdogSec"] == ["30s"]
