"""Boards asked of a real Prometheus, with the choices that their variables offer."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from tests.dashboards.boards.shipped import LABEL_VALUES, Asked, boards, filled, variables

MOST_CHOICES: Final = 150

RECENT: Final = 3600
SCRAPED: Final = 15
"""Seconds: the data source's scrape interval."""
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

    def samples(self, asked: Asked, choice: Choice, now: float) -> int:
        """How many numbers it answers with."""
        found = self.answer(asked, choice, now)["result"]
        return sum(value != "NaN" for each in found for _, value in each.get("values") or [each["value"]])

    def answer(self, asked: Asked, choice: Choice, now: float) -> Any:
        """As Grafana asks it."""
        span = asked.hours * 3600
        step = step_of(span)
        rate = max(step + SCRAPED, 4 * SCRAPED)
        built_in = {"$__interval": f"{step}s", "$__rate_interval": f"{rate}s"}
        built_in |= {"$__range": f"{span:.0f}s", "$__range_s": f"{span:.0f}"}
        expr = filled(asked.expr, choice, built_in)
        if asked.how == "instant":
            return self.ask("query", query=expr, time=now)
        start = (now - span) // step * step
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


def empty(prometheus: Prometheus, those: list[Asked], now: float) -> dict[str, str]:
    """Those that give nothing whatever is chosen, by place, with what Prometheus said of it."""
    found: dict[str, str] = {}
    offered: dict[str, list[Choice]] = {}
    for each in those:
        if each.board not in offered:
            offered[each.board] = list(prometheus.choices(each.board, now)) or [{}]
        choices = offered[each.board] if USED.search(each.expr) else [{}]
        try:
            # What has just answered is asked first.
            for choice in list(choices):
                if prometheus.samples(each, choice, now):
                    choices.remove(choice)
                    choices.insert(0, choice)
                    break
            else:
                found[str(each)] = "no data"
        except Refused as refused:
            found[str(each)] = str(refused)
    return found
