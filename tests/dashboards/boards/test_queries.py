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
from bench.rules import serving
from tests.dashboards.boards.asking import Answers, Prometheus
from tests.dashboards.boards.injected import page
from tests.dashboards.boards.reading import read
from tests.dashboards.boards.shipped import Asked, asked, boards, every, filled, labels_shown, panels, variables

pytestmark = [pytest.mark.parts, pytest.mark.slow]

EMPTY: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "empty.yml").read_text()) or {}
"""By `board: place`: `reason`; `shown_by` of what this estate has not got; `sometimes` where a busy machine decides."""
HERE = {name for name, each in EMPTY.items() if "shown_by" not in each}

DAYS = 16
"""Trends want fourteen."""
EVERY = 2
FIRST_SECONDS, SETTLED_SECONDS, WELL_SECONDS, ILL_SECONDS = 60.0, 4.0, 60.0, 90.0
"""Before history is told, at most, and how long no name of a series must have come by then, once all targets are up;
until all must be there; until all that was empty must be."""


@pytest.fixture(scope="module")
def watched(part: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """The example estate, all well, with a past in which it was not always."""
    for name in ("promtool", "prometheus", "alertmanager"):
        part(name)
    with estate(tmp_path_factory.mktemp("boards"), EVERY) as running:
        begun = int(time.time()) // 60 * 60
        _settle(Prometheus(running.prometheus))
        told = shapes.history(template.taken(running.prometheus), [], begun - 1800, begun, begun)
        running.remember(told, begun - DAYS * 86400, begun)
        yield running


def _settle(prometheus: Prometheus) -> None:
    """Until rules have recorded what they can: history is told of series that there are."""
    begun = changed = time.monotonic()
    known = 0.0
    while time.monotonic() - begun < FIRST_SECONDS and time.monotonic() - changed < SETTLED_SECONDS:
        time.sleep(1)
        count, up, down = (_number(prometheus, each) for each in (NAMES, "count(up == 1)", "count(up == 0)"))
        if count > known or not up or down:
            known, changed = count, time.monotonic()


TOO_FAST = "wardwatch:port_bits:rate5m_top20 > on (instance, ifIndex) group_left () (ifHighSpeed > 25) * 1e6"
"""Ports faster than they can be, but for those that are ill in that they say they were slow."""

NAMES = 'count(count by (__name__) ({__name__=~".+:.+"}))'


def _number(prometheus: Prometheus, query: str) -> float:
    """0 where there is none."""
    found = prometheus.ask("query", query=query)["result"]
    return float(found[0]["value"][1]) if found else 0.0


def test_every_query_gives_data_or_says_why_not(watched: Estate) -> None:
    prometheus, answers = Prometheus(watched.prometheus), Answers()
    quiet = [each for each in asked() if str(each) in EMPTY]
    assert answers.until(prometheus, [each for each in asked() if str(each) not in EMPTY], WELL_SECONDS) == {}
    answers.ask(prometheus, quiet, time.time())
    said = [str(each) for each in quiet if str(each) not in answers.without]
    assert [name for name in said if not EMPTY[name].get("sometimes")] == [], "listed as empty, and is not"
    assert list(without_choices(prometheus)) == []
    labels = prometheus.labels()

    with serving(page(prometheus)) as port:
        watched.scrape(port)
        watched.fall_ill()
        _ill(prometheus, answers, labels, quiet)


def _ill(prometheus: Prometheus, answers: Answers, labels: dict[str, set[str]], quiet: list[Asked]) -> None:
    deadline = time.monotonic() + ILL_SECONDS
    assert answers.until(prometheus, [each for each in quiet if str(each) in HERE], ILL_SECONDS) == {}
    while True:
        for name, more in prometheus.labels().items():
            labels.setdefault(name, set()).update(more)
        shown = [each for each in asked() if str(each) not in EMPTY or str(each) in HERE]
        lacking = {str(each): found for each in shown if (found := lacks(each, labels))}
        if not lacking or time.monotonic() > deadline:
            break
        time.sleep(1)
    assert lacking == {}, "no series has these"
    again = Answers()
    again.ask(prometheus, asked(), time.time())
    assert {place: said for place, said in again.without.items() if said != "no data"} == {}
    assert list(without_labels(prometheus, answers, again)) == []
    assert prometheus.ask("query", query=TOO_FAST)["result"] == []


def lacks(each: Asked, labels: dict[str, set[str]]) -> list[str]:
    return list(read(filled(each.expr, every(each.board))).lacks(labels))


def without_choices(prometheus: Prometheus) -> Iterator[str]:
    now = time.time()
    for uid, board in boards().items():
        for each in variables(board):
            if each["type"] == "query" and not any(
                prometheus.values(each["query"], choice, now) for choice in prometheus.choices(uid, now)
            ):
                yield f"{uid}: ${each['name']} offers nothing"


def without_labels(prometheus: Prometheus, *those: Answers) -> Iterator[str]:
    """Columns and names of series for which no answer has a label, whatever is chosen."""
    for uid, board in boards().items():
        for panel in panels(board):
            asks = [each for each in asked() if each.board == uid and each.place.startswith(f"{panel['title']} ")]
            if any(str(each) in EMPTY and str(each) not in HERE for each in asks):
                continue
            there = set[str]().union(*(answers.labels.get(str(each), ()) for answers in those for each in asks))
            now = time.time()
            for choice in prometheus.choices(uid, now) if labels_shown(panel) - there else ():
                there.update(*(found for each in asks for found in prometheus.found(each, choice, now)))
            yield from (f"{uid}: {panel['title']} shows {label}" for label in labels_shown(panel) - there)


def test_what_may_be_empty_is_asked_and_has_a_reason() -> None:
    places = {str(each) for each in asked()}
    assert [name for name in EMPTY if name not in places] == []
    assert all(len(each["reason"]) > 8 for each in EMPTY.values())
    for name in EMPTY.keys() - HERE:
        assert name in (Path(__file__).parent / EMPTY[name]["shown_by"]).read_text()
