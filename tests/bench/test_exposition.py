"""Rows D4 to D7: green on what there is, red without escaping, without caps, all or nothing, with things twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.bar.d4_strings import D4
from bench.bar.d5_bomb import D5, uncapped
from bench.bar.d6_partial import D6
from bench.bar.d7_duplicates import D7
from collector.network.traps.community import read_community
from collector.network.traps.notice import Notice
from collector.network.traps.senders import Sender
from tests.bench.breaks import AllOrNothing, in_turn, unescaped

STRINGS = D4(strings=1500, promtool="left out")
BOMB = D5(others=2, timeout=1.5)
RECORDINGS = D7(recordings=1)


def test_d4_is_green() -> None:
    verdict = STRINGS.measure(1)
    assert verdict.kept, verdict.figure


def test_d4_is_red_without_escaping() -> None:
    verdict = replace(STRINGS, render=unescaped).measure(1)
    assert verdict.figure["wrong"] > 0
    assert not verdict.kept


def test_d4_reads_with_promtool(part: Callable[[str], Path]) -> None:
    part("promtool")
    verdict = D4(strings=400, promtool="needed").measure(1)
    assert verdict.kept, verdict.figure
    assert verdict.figure["pages_read_by_promtool"] > 0


def talkative(packet: bytes, version: int, senders: Sequence[Sender]) -> Notice:
    """Names a trap by what the device says in it."""
    return replace(read_community(packet, version, senders), trap=packet[-30:].decode("latin-1"))


def test_d4_is_red_where_a_traps_text_is_shown() -> None:
    verdict = replace(STRINGS, read=talkative).measure(1)
    assert verdict.figure["trap_texts_shown"] > 0
    assert not verdict.kept


def test_d5_is_green() -> None:
    verdict = BOMB.measure(1)
    assert verdict.kept, verdict.figure


@pytest.mark.slow
def test_d5_is_red_without_the_cap() -> None:
    verdict = uncapped(BOMB).measure(1)
    assert verdict.figure["series"] > 5000
    assert not verdict.kept


def test_d6_is_green() -> None:
    verdict = D6().measure(1)
    assert verdict.kept, verdict.figure


def test_d6_is_red_where_it_is_all_or_nothing() -> None:
    verdict = D6(make=AllOrNothing).measure(1)
    assert verdict.figure["status"] == 500
    assert not verdict.kept


def test_d7_is_green() -> None:
    verdict = RECORDINGS.measure(1)
    assert verdict.kept, verdict.figure


def test_d7_is_red_where_what_comes_twice_stays() -> None:
    verdict = replace(RECORDINGS, render=in_turn).measure(1)
    assert verdict.figure["pages_with_any"] > 0
    assert not verdict.kept
