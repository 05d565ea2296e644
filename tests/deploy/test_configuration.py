"""The configuration of Prometheus and Alertmanager that we ship is what they themselves call valid."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import ports

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


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
    done = run(part("amtool"), "check-config", "alertmanager/alertmanager.yml")

    assert done.returncode == 0, done.stdout
    assert "4 receivers" in done.stdout


@pytest.mark.parts
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=Watchdog", "severity=warning"], "heartbeat"),
        (["alertname=DeviceDown", "severity=warning", "instance=core-1"], "ticket"),
        (["alertname=WardwatchDown", "severity=critical", "instance=c"], "page"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_an_alert_goes_where_it_belongs(part: Callable[[str], Path], labels: list[str], receiver: str) -> None:
    done = run(
        part("amtool"), "config", "routes", "test", "--config.file=alertmanager/alertmanager.yml",
        f"--verify.receivers={receiver}", *labels,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout


def test_the_addresses_are_the_usual_ports() -> None:
    """`make run` replaces exactly these when a port is chosen."""
    text = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    usual = ports.Ports()

    assert {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", text)} == {
        usual.wardwatch, usual.prometheus, usual.alertmanager,
    }  # fmt: skip
