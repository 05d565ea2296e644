"""The configuration of Prometheus and Alertmanager that we ship is what they themselves call valid."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import ports

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
GENERATED = ROOT / "dashboards" / "generated"
"""`make run` loads it."""


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False, cwd=DEPLOY
    )


@pytest.mark.parts
def test_promtool_accepts_the_prometheus_configuration(part: Callable[[str], Path]) -> None:
    done = run(part("promtool"), "check", "config", "prometheus/prometheus.yml")

    assert done.returncode == 0, done.stdout
    assert "is valid prometheus config file syntax" in done.stdout


@pytest.mark.parts
def test_amtool_accepts_the_alertmanager_configuration(part: Callable[[str], Path]) -> None:
    done = run(part("amtool"), "check-config", GENERATED / "alertmanager" / "alertmanager.yml")

    assert done.returncode == 0, done.stdout
    assert "11 receivers" in done.stdout
    assert "1 templates" in done.stdout


def test_the_addresses_are_the_usual_ports() -> None:
    """`make run` replaces exactly these when a port is chosen."""
    text = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    usual = ports.Ports()

    assert {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", text)} == {
        usual.wardwatch, usual.prometheus, usual.alertmanager,
    }  # fmt: skip
    for path in (GENERATED / "alertmanager").rglob("*.*"):
        assert set(re.findall(r"127\.0\.0\.1:(\d+)", path.read_text())) <= {str(usual.wardwatch)}
