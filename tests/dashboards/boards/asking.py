"""Boards asked of a real Prometheus, with the choices that their variables offer."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from tests.dashboards.boards.shipped import LABEL_VALUES, Asked, boards, filled, variables

MOST_CHOICES: Final = 150

RECENT: Final = 3600
SCRAPED: Final = 15
"""Seconds: the data source's scrape interval."""
AT_ONCE: Final = 4
"""Boards that are asked beside each other."""
PAUSE: Final = 1.0
"""Seconds before what has no answer yet is asked again."""
POINTS: Final = 1500
"""Of a graph as wide as a screen."""

STEPS: Final = (15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
"""Seconds to which Grafana rounds the time between two points (`roundInterval` of its @grafana/data)."""

Choice = Mapping[str, str]


def step_of(span: float) -> int:
    """Seconds between two points."""
    exact = span / POINTS
    return min(STEPS, key=lambda step: abs(step - exact))


class Refused(Exception):
    """Prometheus' own words."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    url: str

    def ask(self, what: str, **words: object) -> Any:
        asked = urllib.parse.urlencode(words, doseq=True)
        try:
            with _OPENER.open(f"{self.url}/api/v1/{what}?{asked}", timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise Refused(json.load(error)["error"]) from error

    def found(self, asked: Asked, choice: Choice, now: float) -> list[Mapping[str, str]]:
        """The labels of each series that it answers with and that has a number."""
        series = self.answer(asked, choice, now)["result"]
        return [each["metric"] for each in series if any(v != "NaN" for _, v in each.get("values") or [each["value"]])]

    def labels(self) -> dict[str, set[str]]:
        """Which labels series of each name have that there were lately. Values are left aside."""
        found: dict[str, set[str]] = {}
        now = time.time()
        for each in self.ask("series", **{"match[]": '{__name__!=""}', "start": now - RECENT, "end": now}):
            found.setdefault(each["__name__"], set()).update(each)
        return found

    def answer(self, asked: Asked, choice: Choice, now: float) -> Any:
        """As Grafana asks it, but with the last point now: its grid would make a recent fault wait for a step's end."""
        span = asked.hours * 3600
        step = step_of(span)
        rate = max(step + SCRAPED, 4 * SCRAPED)
        built_in = {"$__interval": f"{step}s", "$__rate_interval": f"{rate}s"}
        built_in |= {"$__range": f"{span:.0f}s", "$__range_s": f"{span:.0f}"}
        expr = filled(asked.expr, choice, built_in)
        if asked.how == "instant":
            return self.ask("query", query=expr, time=now)
        start = now - span // step * step
        return self.ask("query_range", query=expr, start=start, end=now, step=step)

    def choices(self, uid: str, now: float) -> Iterator[Choice]:
        """What can be chosen on a board: of what has one choice each in turn, of what has many all."""
        single = [each for each in variables(boards()[uid]) if each["type"] == "query" and not each.get("multi")]
        yield from islice(self._choices(single, {}, now), MOST_CHOICES)

    def _choices(self, left: list[dict[str, Any]], made: dict[str, str], now: float) -> Iterator[Choice]:
        if not left:
            yield dict(made)
            return
        for value in self.values(left[0]["query"], made, now):
            yield from self._choices(left[1:], {**made, left[0]["name"]: value}, now)

    def values(self, query: str, made: Choice, now: float) -> list[str]:
        """What a variable offers, in order."""
        parts = LABEL_VALUES.fullmatch(query)
        assert parts is not None, query
        matches = {"match[]": filled(parts["expr"], made), "start": now - RECENT, "end": now}
        return sorted(self.ask(f"label/{parts['label']}/values", **matches))


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

USED = re.compile(r"\$\{?(\w+)")


@dataclass
class Answers:
    """What was asked so far, by place: labels that came, and Prometheus' word where nothing did."""

    labels: dict[str, set[str]] = field(default_factory=dict)
    without: dict[str, str] = field(default_factory=dict)

    def ask(self, prometheus: Prometheus, those: Iterable[Asked], now: float) -> None:
        """Each with one choice after the other until something comes; what has just answered is asked first."""
        by_board: dict[str, list[Asked]] = {}
        for each in those:
            by_board.setdefault(each.board, []).append(each)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # A list, so that what fails in a thread fails here.
            list(pool.map(lambda uid: self._ask_board(prometheus, uid, by_board[uid], now), by_board))

    def _ask_board(self, prometheus: Prometheus, uid: str, those: Sequence[Asked], now: float) -> None:
        offered: list[Choice] = list(prometheus.choices(uid, now)) or [{}]
        for each in those:
            choices = offered if USED.search(each.expr) else [{}]
            self.without[str(each)] = "no data"
            for choice in list(choices):
                try:
                    found = prometheus.found(each, choice, now)
                except Refused as refused:
                    self.without[str(each)] = str(refused)
                    break
                if found:
                    del self.without[str(each)]
                    self.labels.setdefault(str(each), set()).update(*found)
                    choices.remove(choice)
                    choices.insert(0, choice)
                    break

    def until(self, prometheus: Prometheus, those: Iterable[Asked], seconds: float) -> dict[str, str]:
        """What is left without an answer when so many seconds are over."""
        deadline = time.monotonic() + seconds
        left = list(those)
        while True:
            self.ask(prometheus, left, time.time())
            left = [each for each in left if str(each) in self.without]
            if not left or time.monotonic() > deadline:
                return {str(each): self.without[str(each)] for each in left}
            time.sleep(PAUSE)
