"""What the comparison with snmp_exporter counts as a whole page, and where it says that the time goes."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import estate, pages, phases, process
from collector.budget import Caps
from simulator import fleet
from simulator.server import play

PAGE = """# HELP up_down A gauge.
# TYPE up_down gauge
up_down{n="1"} 1
up_down{n="2"} 2
wardwatch_poll_age_seconds{module="if_mib"} 0.25
wardwatch_poll_success{module="if_mib"} 1
"""


def test_a_page_is_whole_when_nothing_failed_was_cut_off_or_left_out() -> None:
    assert pages.whole(PAGE, 1)
    assert pages.samples(PAGE) == 2
    assert pages.ages(PAGE) == [0.25]
    assert not pages.whole(PAGE, 2)
    assert not pages.whole(PAGE.replace('success{module="if_mib"} 1', 'success{module="if_mib"} 0'), 1)
    assert not pages.whole(PAGE + 'wardwatch_series_dropped{module="if_mib"} 7\n', 1)
    assert not pages.whole(PAGE + 'wardwatch_poll_incomplete{module="if_mib",table="ifTable",reason="timeout"} 1\n', 1)


def test_no_cap_cuts_a_page_short() -> None:
    assert pages.series(1000) >= 1000 * Caps().series_per_device
    assert pages.settings(1000) == "caps:\n  series: 5005000\n"


@contextmanager
def _switches(count: int) -> Iterator[int]:
    with play(fleet(count)) as server:
        yield server.port


@pytest.mark.slow
def test_pages_that_a_cap_cuts_short_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = Namespace(devices=4, interval=2, rounds=1, sample=1)
    with _switches(4) as port:
        sound, _ = estate.ours(tmp_path, 4, port, 2, 1, warm_up=1)
        short, _ = estate.ours(tmp_path, 4, port, 2, 1, warm_up=1, room=1000)
    promise = "promise (every page whole, as much on each): "
    estate.report(chosen, sound, 0.0, 1.0)
    assert promise + "kept" in capsys.readouterr().out
    assert estate.report(chosen, short, 0.0, 1.0) == 1
    assert promise + "BROKEN" in capsys.readouterr().out


@pytest.mark.parametrize(("theirs", "kept"), [(0.09, True), (0.07, False)])
def test_an_eighth_is_a_promise(theirs: float, kept: bool, capsys: pytest.CaptureFixture[str]) -> None:
    found = estate.Scraped(seconds=[0.01])
    found.pages = 1
    found.take(PAGE)
    code = estate.report(
        Namespace(devices=1, interval=2, rounds=1, sample=1), estate.Ran([found], 0.01, 0.0, 0), 0.0, theirs
    )
    said = capsys.readouterr().out
    assert f"eighth of snmp_exporter's CPU: 8 times): {'kept' if kept else 'BROKEN'}" in said
    assert code == 1 or kept


@pytest.mark.slow
def test_where_the_time_goes_adds_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with _switches(4) as port:
        ran, spent = estate.clocked(tmp_path, 4, port, 2, warm_up=1)
    assert list(spent) == list(phases.PHASES)
    assert all(seconds > 0 for seconds in spent.values())
    assert sum(spent.values()) < ran.cpu + 0.02, "a process' own clock has ticks of 10 ms"
    estate.anatomy(ran, spent)
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.endswith("%")]
    *parts, whole = [float(words[-2]) for words in lines]
    assert sum(parts) == pytest.approx(whole, abs=0.03)


def test_a_process_is_asked_for_its_peak() -> None:
    held = process.resident(os.getpid())
    assert process.peak(os.getpid()) >= held > 0
    assert process.cpu(os.getpid()) >= process.kernel(os.getpid())
