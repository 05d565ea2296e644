"""Every expression of every board gives data, of a real Prometheus that watches the example estate and has a past.

What says nothing while all is well stands in empty.yml with its reason, and says something once the estate is ill.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.history import shapes, template
from bench.history.estate import Estate, estate
from tests.dashboards.boards.asking import Prometheus, empty
from tests.dashboards.boards.shipped import asked, boards, variables

pytestmark = [pytest.mark.parts, pytest.mark.slow]

EMPTY: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "empty.yml").read_text()) or {}
"""By `board: place`: `reason`, and `shown_by` of what this estate has not got."""
HERE = {name for name, each in EMPTY.items() if "shown_by" not in each}

DAYS = 16
"""Trends want fourteen."""
EVERY = 3
FIRST_SECONDS, WELL_SECONDS, ILL_SECONDS = 15.0, 30.0, 40.0
"""Before history is told; until all must be there; until all that was empty must be."""


@pytest.fixture(scope="module")
def watched(part: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """The example estate, all well, with a past in which it was not always."""
    for name in ("promtool", "prometheus", "alertmanager"):
        part(name)
    with estate(tmp_path_factory.mktemp("boards"), EVERY) as running:
        begun = int(time.time()) // 60 * 60
        time.sleep(FIRST_SECONDS)
        recorded = template.taken(running.prometheus)
        told = shapes.history(recorded, [], begun - 1800, begun, begun)
        running.remember(told, begun - DAYS * 86400, begun)
        yield running


def left_after(prometheus: Prometheus, seconds: float, wanted: set[str] | None) -> dict[str, str]:
    """What is still empty in the end. `wanted`: those that matter; None: all but what may be."""
    deadline = time.monotonic() + seconds
    those = [each for each in asked() if (str(each) in wanted if wanted is not None else str(each) not in EMPTY)]
    while True:
        left = empty(prometheus, those, time.time())
        if not left or time.monotonic() > deadline:
            return left
        those = [each for each in those if str(each) in left]
        time.sleep(2)


def test_every_query_gives_data_or_says_why_not(watched: Estate) -> None:
    prometheus = Prometheus(watched.prometheus)
    assert left_after(prometheus, WELL_SECONDS, None) == {}
    quiet = empty(prometheus, [each for each in asked() if str(each) in EMPTY], time.time())
    assert [name for name in EMPTY if name not in quiet] == [], "listed as empty, and is not"
    now = time.time()
    for uid, board in boards().items():
        for each in variables(board):
            if each["type"] == "query":
                offered = [prometheus.values(each["query"], choice, now) for choice in prometheus.choices(uid, now)]
                assert any(offered), f"{uid}: ${each['name']} offers nothing"

    watched.fall_ill()
    assert left_after(prometheus, ILL_SECONDS, HERE) == {}
    refused = {name: said for name, said in empty(prometheus, list(asked()), time.time()).items() if said != "no data"}
    assert refused == {}


def test_what_may_be_empty_is_asked_and_has_a_reason() -> None:
    places = {str(each) for each in asked()}
    assert [name for name in EMPTY if name not in places] == []
    assert all(len(each["reason"]) > 10 for each in EMPTY.values())
    for name in EMPTY.keys() - HERE:
        assert name in (Path(__file__).parent / EMPTY[name]["shown_by"]).read_text()
