"""Row L2: green on what there is, red where alerts wait for nothing, and where each device is a message of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.bar.l2_storm import L2
from tests.e2e.wards import PROGRAM

pytestmark = pytest.mark.parts


def test_l2_is_green() -> None:
    verdict = L2(hours=0.2).measure(1)
    assert verdict.kept, verdict.figure
    assert verdict.figure["retries"] > 0
    assert verdict.figure["alerts_in_them"] == [1, 1]


def hasty(generated: Path) -> None:
    """Alerts that wait for nothing."""
    for path in (generated / "prometheus").glob("*.yml"):
        path.write_text(re.sub(r"(?m)^        for: .*\n", "", path.read_text()))


def test_l2_is_red_where_alerts_wait_for_nothing_and_no_retry_fits() -> None:
    verdict = L2(lost=(), program=PROGRAM, edit=hasty).measure(1)
    assert verdict.figure["why"]["DeviceDown"] > 1
    assert verdict.figure["messages_for_loss"] > 0
    assert verdict.figure["alerts_after_restart"] > 0
    assert not verdict.kept


def apart(generated: Path) -> None:
    """No device is behind another, and nothing belongs into one message."""
    for path in (generated / "prometheus").glob("*.yml"):
        path.write_text(
            re.sub(r"\n +unless on \(instance\) device:silenced$", "", path.read_text(), flags=re.MULTILINE)
        )
    routes = generated / "alertmanager" / "alertmanager.yml"
    routes.write_text(re.sub(r"group_by: .*", 'group_by: ["..."]', routes.read_text()))


def test_l2_is_red_where_each_device_of_a_site_is_told_of() -> None:
    verdict = L2(hours=0.1, lost=(10,), edit=apart).measure(1)
    assert verdict.figure["messages_per_site_loss"][0] > 1
    assert not verdict.kept
