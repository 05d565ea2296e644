"""Rows A7 and A8: green on what there is, red without the deadline, with any request-id, without marks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.bar.a7_credit import A7
from bench.bar.a8_walks import A8
from tests.bench.breaks import Endless, Gullible, Unmarked

CREDIT = A7(exchanges=40, copies=1, timeout=1.2)
WALKS = A8(timeout=1.5)


def test_a7_is_green() -> None:
    verdict = CREDIT.measure(1)
    assert verdict.kept, verdict.figure


@pytest.mark.slow
def test_a7_is_red_when_any_request_id_will_do() -> None:
    verdict = replace(CREDIT, parts=replace(CREDIT.parts, world=Gullible)).measure(1)
    assert verdict.figure["wrong_values"] > 0
    assert not verdict.kept


@pytest.mark.slow
def test_a7_is_red_without_the_deadline() -> None:
    verdict = replace(CREDIT, parts=replace(CREDIT.parts, world=Endless)).measure(1)
    assert verdict.figure["missed_deadlines"] > 0
    assert not verdict.kept


def test_a8_is_green() -> None:
    verdict = WALKS.measure(1)
    assert verdict.kept, verdict.figure


@pytest.mark.slow
def test_a8_is_red_without_the_deadline() -> None:
    verdict = replace(WALKS, parts=replace(WALKS.parts, world=Endless)).measure(1)
    assert "stall" in verdict.figure["late"]


@pytest.mark.slow
def test_a8_is_red_when_nothing_is_marked() -> None:
    verdict = replace(WALKS, parts=replace(WALKS.parts, collector=Unmarked)).measure(1)
    assert {"gen_err", "endless"} <= set(verdict.figure["unmarked"])
