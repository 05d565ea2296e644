"""Row B2: green on what there is, red where devices wait for each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.bar.b2_isolation import B2, WORSE
from tests.bench.breaks import OneAtATime

pytestmark = pytest.mark.slow  # a comparison needs several rounds

FEW = B2(healthy=20, interval=0.7, rounds=1)


def test_b2_is_green() -> None:
    verdict = replace(FEW, rounds=3).measure(1)
    assert verdict.kept, verdict.figure


def test_b2_is_red_where_one_is_asked_after_the_other() -> None:
    verdict = replace(FEW, parts=replace(FEW.parts, world=OneAtATime)).measure(1)
    assert verdict.figure["worse_ms"] > WORSE * 1e3
    assert not verdict.kept
