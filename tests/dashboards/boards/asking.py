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

SPAN: Final = 6 * 3600
STEP: Final = 60
MOST_CHOICES: Final = 150

Choice = Mapping[str, str]


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
        expr = filled(asked.expr, dict(choice))
        if asked.how == "instant":
            found = self.ask("query", query=expr, time=now)["result"]
            return sum(each["value"][1] != "NaN" for each in found)
        found = self.ask("query_range", query=expr, start=now - SPAN, end=now, step=STEP)["result"]
        return sum(value != "NaN" for each in found for _, value in each["values"])

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
        found = self.ask("series", **{"match[]": filled(parts["expr"], dict(made)), "start": now - SPAN, "end": now})
        return sorted({each[parts["label"]] for each in found if parts["label"] in each})


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
