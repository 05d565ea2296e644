"""What is promised of the board of directors' page, and that limits on boards are the catalogue's."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, get_args

import pytest

from collector.config import Config, load
from collector.kpis import Kpis, Unit
from dashboards.board import written
from dashboards.boards import collection, kpis
from dashboards.palette import BAD, GOOD, WARN
from tests.dashboards.boards.shipped import ROOT, boards, panels

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


def _steps(panel: dict[str, Any]) -> list[tuple[float | None, str]]:
    return [(step["value"], step["color"]) for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
