"""Rows C1 to C4: green on what there is, red without a lock, with a budget, a memory or a class that is not right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.bar.c1_outstanding import C1
from bench.bar.c2_budgets import C2
from bench.bar.c3_dead import C3
from bench.bar.c4_glass import C4
from bench.bar.c5_reading import C5, of_one_kind
from bench.bar.c6_inventory import C6, namespace
from bench.bar.hospital import SHARED_FREELY, Parts
from collector.budget import Breaking
from collector.edge import World
from tests.bench.breaks import Apart, Discovers, Generous, Unlocked, Writes, WritesInside

PRESSED = C2(devices=7, seconds=5.5, burst=100)
PRESS = C1(devices=6, clients=6, requests=100, seconds=4.0)
READING = of_one_kind(C5())
ANYWHERE = C6(targets=60, configurations=20)
GLASS = C4(devices=4, polls=1)
DEAD = C3(devices=3)


@pytest.mark.slow
def test_c2_is_green() -> None:
    verdict = PRESSED.measure(1)
    assert verdict.kept, verdict.figure
    assert verdict.figure["http_burst"] == PRESSED.burst


@pytest.mark.slow
def test_c2_is_red_with_larger_budgets() -> None:
    verdict = replace(PRESSED, make=Generous).measure(1)
    assert verdict.figure["devices_over_budget"] > 0
    assert not verdict.kept


@pytest.mark.slow
def test_c2_is_red_where_nothing_is_shared() -> None:
    verdict = replace(PRESSED, make=Apart).measure(1)
    assert verdict.figure["devices_over_budget"] == 0
    assert set(verdict.figure["shared_over_budget"]) & {"busy", "127.14.3"}
    assert not verdict.kept


def test_c3_is_green() -> None:
    verdict = DEAD.measure(1)
    assert verdict.kept, verdict.figure


def test_c3_is_red_where_a_restart_forgets() -> None:
    verdict = replace(DEAD, restart=lambda breakers: {}).measure(1)
    assert verdict.figure["shortest_gap_s"] < 60
    assert not verdict.kept


def test_c3_is_red_where_the_wait_does_not_grow() -> None:
    same = Breaking(longest=dict.fromkeys(SHARED_FREELY.breaking.longest, 60.0))
    verdict = replace(DEAD, budgets=replace(SHARED_FREELY, breaking=same)).measure(1)
    assert not verdict.kept
    assert verdict.figure["shortest_gap_in_the_end_s"]["fragile"] < 900


def test_c4_is_green() -> None:
    verdict = GLASS.measure(1)
    assert verdict.kept, verdict.figure


def test_c4_is_red_where_an_engine_is_asked_for_again() -> None:
    verdict = replace(GLASS, timeout=6.0, parts=Parts(world=Discovers)).measure(1)
    assert any(cause.startswith("a second discovery") for cause in verdict.figure["causes"])
    assert not verdict.kept


def test_c4_is_red_where_the_device_is_called_plain_it() -> None:
    verdict = replace(GLASS, device_class="it", timeout=2.0).measure(1)
    assert verdict.figure["deaths"] > 0
    assert not verdict.kept


def test_c1_is_green() -> None:
    verdict = PRESS.measure(1)
    assert verdict.kept, verdict.figure


def test_c1_is_red_where_names_do_not_wait_for_each_other() -> None:
    verdict = replace(PRESS, make=Unlocked).measure(1)
    assert verdict.figure["most_outstanding"] > 1
    assert not verdict.kept


@pytest.mark.slow
def test_c5_is_green() -> None:
    verdict = READING.measure(1)
    assert verdict.kept, verdict.figure
    assert verdict.figure["http_attempts"] > 50


@pytest.mark.slow
@pytest.mark.parametrize("world", [Writes, WritesInside])
def test_c5_is_red_where_something_is_set(world: type[World]) -> None:
    verdict = replace(READING, parts=Parts(world=world)).measure(1)
    assert verdict.figure["sets"] > 0
    assert not verdict.kept


def test_c6_is_green() -> None:
    verdict = ANYWHERE.measure(1)
    assert verdict.kept, verdict.figure


def test_c6_is_red_where_anyone_is_contacted() -> None:
    if not namespace():
        pytest.skip("no network namespaces here: packets to elsewhere must not leave this machine")
    verdict = replace(ANYWHERE, program="tests.bench.contacts").measure(1)
    assert verdict.figure["elsewhere"] > 0
    assert "10.1.2.3" in verdict.figure["where"]
    assert "10.9.9.9" in verdict.figure["configurations_run_odd"][0]
    assert not verdict.kept
