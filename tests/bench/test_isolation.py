"""Rows A10 and B2: green on what there is, red where devices wait for each other, and where caps are none or unsaid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.bar.a10_huge_table import A10, MEGABYTES
from bench.bar.b2_isolation import B2, WORSE
from collector.agent import Agent
from collector.budget import Caps
from tests.bench.breaks import Mum, Offended, OneAtATime

pytestmark = pytest.mark.slow  # a comparison needs several rounds

FEW = B2(healthy=20, interval=0.7, rounds=1)
HUGE = A10(devices=20, addresses=6000, interval=0.7, rounds=1)
UNCAPPED = Caps(series_per_device=10**9, series=10**9)


def test_b2_is_green() -> None:
    verdict = replace(FEW, rounds=3).measure(1)
    assert verdict.kept, verdict.figure


def test_b2_is_red_where_one_is_asked_after_the_other() -> None:
    verdict = replace(FEW, parts=replace(FEW.parts, world=OneAtATime)).measure(1)
    assert verdict.figure["worse_ms"] > WORSE * 1e3
    assert not verdict.kept


def test_a10_is_green() -> None:
    verdict = replace(HUGE, rounds=3).measure(1)
    assert verdict.kept, verdict.figure


def test_a10_is_red_without_the_caps() -> None:
    verdict = replace(HUGE, addresses=100_000, parts=replace(HUGE.parts, caps=UNCAPPED)).measure(1)
    assert verdict.figure["extra_mb"] > MEGABYTES
    assert verdict.figure["series"] == 100_000
    assert not verdict.kept


def test_a10_is_red_where_one_is_asked_after_the_other() -> None:
    verdict = replace(HUGE, parts=replace(HUGE.parts, world=OneAtATime)).measure(1)
    assert verdict.figure["worse_ms"] > WORSE * 1e3
    assert not verdict.kept


@pytest.mark.parametrize(("broken", "figure"), [(Mum, "cut_in_silence"), (Offended, "lost_beside")])
def test_a10_is_red_where_the_cap_is_unsaid_or_takes_more(broken: type[Agent], figure: str) -> None:
    verdict = replace(HUGE, parts=replace(HUGE.parts, agent=broken)).measure(1)
    assert verdict.figure[figure] > 0
    assert not verdict.kept
