"""Row C9: green on what there is, red where nothing is taken out."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from bench.bar.c9_canaries import C9
from bench.bar.canaries import flock

CANARIES = C9(canaries=50)


@pytest.mark.slow
def test_c9_is_green() -> None:
    verdict = CANARIES.measure(1)
    assert verdict.kept, verdict.figure


@pytest.mark.slow
def test_c9_is_red_where_nothing_is_taken_out() -> None:
    verdict = replace(CANARIES, screen="off").measure(1)
    assert verdict.figure["seen"] > 0
    assert not verdict.kept


def test_a_canary_is_seen_however_it_is_spelled() -> None:
    flown = flock(Random(1), 40)
    for canary in flown.canaries:
        assert canary.text in flown.seen(f"ifAlias {canary.text.upper()} 1")
        assert canary.text in flown.seen(f"0x{canary.text.encode().hex().upper()}")
    assert not flown.seen("Bay 3, switch 9991234570 [removed]")
