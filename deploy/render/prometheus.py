"""Prometheus' HTTP API, as far as boards ask it. Standard library only."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

SECONDS: Final = 60.0
"""Longest wait for one answer: half of what Prometheus itself allows a query."""


class QueryError(Exception):
    """Prometheus refused, or did not answer; the message is its own."""


@dataclass(frozen=True, slots=True)
class Series:
    """Labels, and points of milliseconds and value as Prometheus writes it: a number, NaN, +Inf, -Inf."""

    labels: Mapping[str, str]
    points: Sequence[tuple[int, str]]


@dataclass(slots=True)
class Prometheus:
    """A server; the same question is asked once."""

    url: str
    _known: dict[str, Any] = field(default_factory=dict)

    def instant(self, expr: str, at: int) -> list[Series]:
        """What an expression gives at a moment; a scalar is a series without labels. Raises QueryError."""
        data = self._ask("query", {"query": expr, "time": f"{at / 1000:.3f}"})
        if data["resultType"] in {"scalar", "string"}:
            return [Series({}, [_point(data["result"])])]
        return [Series(each["metric"], [_point(each["value"])]) for each in data["result"]]

    def range(self, expr: str, start: int, end: int, step: int) -> list[Series]:
        """What it gives over time, at multiples of the step as Grafana asks. Raises QueryError."""
        asked = {
            "query": expr,
            "start": f"{start // step * step / 1000:.3f}",
            "end": f"{end // step * step / 1000:.3f}",
            "step": f"{step / 1000:.3f}",
        }
        data = self._ask("query_range", asked)
        return [Series(each["metric"], [_point(point) for point in each["values"]]) for each in data["result"]]

    def label_values(self, label: str, selector: str, start: int, end: int) -> list[str]:
        """Values of a label, of series that match. Raises QueryError."""
        asked = {"start": f"{start / 1000:.3f}", "end": f"{end / 1000:.3f}"}
        if selector:
            asked["match[]"] = selector
        return list(self._ask(f"label/{urllib.parse.quote(label)}/values", asked))

    def _ask(self, what: str, asked: Mapping[str, str]) -> Any:
        url = f"{self.url.rstrip('/')}/api/v1/{what}?{urllib.parse.urlencode(asked)}"
        if url not in self._known:
            self._known[url] = _answer(url)
        return self._known[url]


def _answer(url: str) -> Any:
    # No proxy: what is asked is beside us, or was named by the user.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=SECONDS) as answer:
            body = answer.read()
    except urllib.error.HTTPError as refused:
        body = refused.read()
    except OSError as problem:
        raise QueryError(f"{urllib.parse.urlsplit(url).netloc} does not answer: {problem}") from None
    try:
        said = json.loads(body)
    except ValueError:
        raise QueryError(f"{urllib.parse.urlsplit(url).netloc} does not answer as Prometheus does") from None
    if said.get("status") != "success":
        raise QueryError(str(said.get("error", "no reason given")))
    return said["data"]


def _point(pair: Sequence[Any]) -> tuple[int, str]:
    return round(float(pair[0]) * 1000), str(pair[1])
