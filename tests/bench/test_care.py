"""Rows C7, C8, C10 and C5's part over TCP: green on what there is, red with ears, a budget or manners that are not
right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.bar.c7_kill_switch import C7
from bench.bar.c8_dicom import C8
from bench.bar.c10_hurt import C10
from bench.bar.hospital import SHARED_FREELY, Parts
from bench.bar.speaking import spoken
from collector.budget import Breaking
from tests.bench.breaks import Aborts, Absent, Insensitive, LeavesOpen, Posts, Talkative

SWITCH = C7(switches=2, supplies=2, talkers=2)
ECHOES = C8(echoes=12, archives=3, scrapes=8)
TIRED = C10(devices=3)


@pytest.mark.slow
def test_c7_is_green() -> None:
    verdict = SWITCH.measure(1)
    assert verdict.kept, verdict.figure


@pytest.mark.slow
def test_c7_is_red_where_nobody_reads_the_orders() -> None:
    verdict = replace(SWITCH, make=Absent).measure(1)
    assert not verdict.kept
    assert max(verdict.figure["last_packet_s"].values()) > 1
    assert not verdict.figure["pages_say_why"]


@pytest.mark.slow
def test_c7_is_red_where_what_has_begun_goes_on() -> None:
    verdict = replace(SWITCH, make=LeavesOpen).measure(1)
    assert not verdict.kept
    assert verdict.figure["last_packet_s"]["device:late-0"] > 1


def test_c8_is_green() -> None:
    verdict = ECHOES.measure(1)
    assert verdict.kept, verdict.figure


def test_c8_is_red_where_an_association_is_aborted() -> None:
    verdict = replace(ECHOES, parts=Parts(world=Aborts)).measure(1)
    assert not verdict.kept
    assert verdict.figure["dialogues"] == {"RQ AC ECHO ABORT": 12}


def test_c8_is_red_where_a_peer_that_rejects_is_asked_on_and_on() -> None:
    stubborn = replace(SHARED_FREELY, breaking=Breaking(failures=1000))
    verdict = replace(ECHOES, parts=Parts(budgets=stubborn)).measure(1)
    assert not verdict.kept
    assert verdict.figure["asked_while_rejecting"] == 8


def test_c10_is_green() -> None:
    verdict = TIRED.measure(1)
    assert verdict.kept, verdict.figure
    assert verdict.figure["harmed"] == 6


def test_c10_is_red_where_nobody_minds() -> None:
    verdict = replace(TIRED, make=Insensitive).measure(1)  # type: ignore[arg-type]
    assert not verdict.kept
    assert verdict.figure["slow_polls_until_it_stopped"] > 3


def test_probes_only_read() -> None:
    figure, only_read = spoken(Parts())
    assert only_read, figure
    assert figure["mllp_messages_approved"] == 3


def test_a_post_is_noticed() -> None:
    figure, only_read = spoken(Parts(world=Posts))
    assert not only_read
    assert figure["http_methods"]["POST"] > 0


def test_a_message_that_nobody_approved_is_noticed() -> None:
    figure, only_read = spoken(Parts(collector=Talkative))
    assert not only_read
    assert figure["mllp_bytes_without_approval"] > 0
