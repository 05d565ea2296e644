"""Rows B1 and B6: green on what there is, red where no retry fits and where each device has a socket."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from bench.bar.b1_scale import B1
from bench.bar.b6_descriptors import B6
from bench.scale import LARGE, SMALL, Fleet, measure, promises

pytestmark = pytest.mark.slow  # whole intervals of a collector in a process of its own

FEW: Fleet = replace(SMALL, devices=60, interval=4.0, timeout=3.8, rounds=2, loss=0.0)


def test_b1_is_green() -> None:
    verdict = B1(FEW).measure(1)
    assert [promise for promise in verdict.figure["broken"] if "core" not in promise] == [], verdict.figure
    assert verdict.figure["device_intervals"] == 2 * 57, "one of a hundred is dead, one malformed, one slow"


def test_b1_is_red_where_no_retry_fits() -> None:
    verdict = B1(replace(FEW, loss=0.2, timeout=1.0)).measure(1)
    assert verdict.figure["missed"] > 0
    assert not verdict.kept


def test_b6_is_green_and_red_with_a_socket_for_each_device() -> None:
    row = B6(replace(FEW, interval=3.0, timeout=2.8), 70)
    good = row.measure(1)
    assert good.figure["missed"] == 0, good.figure
    bad = replace(row, program=(sys.executable, "-m", "tests.bench.wasteful")).measure(1)
    assert bad.figure["missed"] > 0
    assert not bad.kept


def test_large_devices_are_counted_too() -> None:
    found = measure(replace(LARGE, devices=4, interval=3.0, timeout=2.5, rounds=1, warm_up=1), 1)
    assert (found.fresh, found.missed, found.twice) == (4, 0, 0)
    assert len(found.samples) == 1


def test_large_devices_that_a_cap_cuts_short_are_missed() -> None:
    fleet = replace(LARGE, devices=4, interval=3.0, timeout=2.5, rounds=1, warm_up=1, room=1000)
    found = measure(fleet, 1)
    assert found.missed > 0
    assert "wardwatch_series_dropped" in found.why[0]
    assert not promises(fleet, found)["at least 99.99% of healthy device-intervals fresh"]
