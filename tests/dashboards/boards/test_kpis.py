"""What is promised of the board of directors' page, and that limits on boards are the catalogue's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from collector.config import Config, load
from collector.kpis import Kpis, Unit
from dashboards.board import written
from dashboards.boards import collection, kpis
from dashboards.palette import BAD, GOOD, WARN
from tests.dashboards.boards.shipped import ROOT, asked, boards, filled, panels
from tests.dashboards.promtool import Case, judged

SHEET = 2**0.5
"""Of A3 and A4: height by width."""
WIDE = 2160
LINE = 38
"""Pixels of a line of Grafana's grid, 30 with a gap of 8."""


@pytest.fixture(scope="module")
def config() -> Config:
    return load(ROOT / "config", environ={}, resolve=str, kpis="read")


def test_it_fits_on_an_upright_sheet() -> None:
    placed = [panel["gridPos"] for panel in boards()["wardwatch-kpis"]["panels"]]

    assert max(at["y"] + at["h"] for at in placed) * LINE <= WIDE * SHEET


def test_each_unit_has_one_table(config: Config) -> None:
    asked = [
        found
        for panel in panels(boards()["wardwatch-kpis"])
        if panel["type"] == "table"
        for found in set(re.findall(r'kpi:info\{unit=~?"([a-z|]+)"\} and on', json.dumps(panel).replace("\\", "")))
    ]

    assert sorted("|".join(asked).split("|")) == sorted(get_args(Unit))


def test_every_table_has_room_for_all_that_it_tells(config: Config) -> None:
    """What must be scrolled to is not printed."""
    known = [kpi.unit for kpi in config.kpis.kpis.values() if not kpi.waiting]
    shares = known.count("ratio")
    times = sum(unit in ("seconds", "hours", "days") for unit in known)
    wanted = {
        "Items": len(config.kpis.scorecard), "Pillars": len(config.kpis.pillars), "Shares": shares, "Times": times,
        "Counts, scores and amounts": len(known) - shares - times,
    }  # fmt: skip
    # A title and headings, and lines of 36 pixels (Grafana's small cells).
    room = {
        panel["title"]: (panel["gridPos"]["h"] * LINE - 2 * LINE) / 36
        for panel in panels(boards()["wardwatch-kpis"])
        if panel["title"] in wanted
    }

    assert {title for title, lines in wanted.items() if lines > room[title]} == set()


def test_limits_of_the_collection_are_those_of_its_kpis(config: Config) -> None:
    coverage = replace(config.kpis.kpis["coverage"], target=0.7, amber=0.6)
    own = replace(config, kpis=Kpis({"coverage": coverage}))

    seen, whole, *_ = panels(json.loads(written(collection.board(own))))
    assert _steps(seen) == [(None, BAD), (0.6, WARN), (0.7, GOOD)]
    assert "70%" in seen["description"]
    assert [value for value, _ in _steps(whole)] == [None]


def test_a_board_is_made_where_no_kpi_is_kept(config: Config) -> None:
    assert json.loads(written(kpis.board(replace(config, kpis=Kpis()))))["uid"] == "wardwatch-kpis"


MONTHS = "x800"
"""Hours: more than a month."""
KPIS = {
    f'kpi:info{{kpi="{kpi}", unit="{unit}", direction="down"}}': f"1{MONTHS}"
    for kpi, unit in (("a", "ratio"), ("b", "hours"), ("c", "count"))
} | {
    f'kpi:{what}{{kpi="{kpi}"{more}}}': told
    for kpi in "abc"
    for what, more, told in (
        ("value", "", f"0.5{MONTHS}"),
        ("status", "", "0x100 2x700"),
        ("target", "", f"0.4{MONTHS}"),
        ("amber", "", f"0.6{MONTHS}"),
        ("trend", "", f"0.25{MONTHS}"),
        ("baseline", ', date="2026-01-31"', f"0.9{MONTHS}"),
        ("progress", "", f"0.8{MONTHS}"),
        ("to_peers", ', quartile="median"', f"0.1{MONTHS}"),
        ("to_peers", ', quartile="q3"', f"-0.1{MONTHS}"),
    )
}
A, B, C = ('{kpi="a"}', '{kpi="b"}', '{kpi="c"}')

SHOWN: dict[str, tuple[str, float]] = {
    "wardwatch-kpis: Shares A": (A, 2),
    "wardwatch-kpis: Shares D": (A, 0),
    # More is worse of these, and it grows by more than a tenth of 0.2.
    "wardwatch-kpis: Shares E": (A, -1),
    "wardwatch-kpis: Shares F": (A, 0.75),
    "wardwatch-kpis: Shares G": (A, 0.9),
    "wardwatch-kpis: Shares H": (A, 0.8),
    "wardwatch-kpis: Shares I": (A, 0.1),
    "wardwatch-kpis: Times B": (B, 1800),
    "wardwatch-kpis: Times D": (B, 0),
    "wardwatch-kpis: Times G": (B, 3240),
    "wardwatch-kpis: Times H": (B, 0.8),
    "wardwatch-kpis: Times I": (B, 360),
    "wardwatch-kpis: Counts, scores and amounts D": (C, 0),
    "wardwatch-kpis: Counts, scores and amounts F": (C, 0.75),
    "wardwatch-kpis: Counts, scores and amounts G": (C, 0.9),
    "wardwatch-kpis: Counts, scores and amounts H": (C, 0.8),
    "wardwatch-kpis: Counts, scores and amounts I": (C, 0.1),
    "wardwatch-kpis: Getting worse A": ("{}", 3),
    "wardwatch-kpis: annotation Promises broken": ('objective:budget:left{service="s", objective="o"}', -0.5),
    "wardwatch-collection: Answered in part A": ('{module="m", table="t", reason="timeout"}', 2),
}
"""What is told of three KPIs after a month, of a promise that was broken, and of two devices that told half."""


@pytest.mark.parts
def test_what_takes_a_month_or_peers_is_shown(part: Callable[[str], Path], tmp_path: Path) -> None:
    others = {'objective:budget:left{service="s", objective="o"}': f"-0.5{MONTHS}"} | {
        f'wardwatch_poll_incomplete{{instance="{name}", module="m", table="t", reason="timeout"}}': f"1{MONTHS}"
        for name in "de"
    }
    case = Case("month", KPIS | others)
    queries = {str(each): filled(each.expr) for each in asked()}
    for place, told in SHOWN.items():
        case.look("800h", queries[place], told)

    assert judged(part("promtool"), tmp_path, ["groups: []"], [case], "1h") == ""


def _steps(panel: dict[str, Any]) -> list[tuple[float | None, str]]:
    return [(step["value"], step["color"]) for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
