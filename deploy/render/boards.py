"""A board with the answers to all that it asks: what the page is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from deploy.render import frames, intervals
from deploy.render.prometheus import Prometheus, QueryError
from deploy.render.variables import Choice, choices, filled

Json = Mapping[str, Any]

COLUMNS: Final = 24
PHONE: Final = 768
"""Below so many pixels Grafana's grid is one column (@grafana/scenes, SceneGridLayout)."""

EDGES: Final = 32
"""Pixels beside the grid, and within a panel."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How boards are asked. `at`: milliseconds that `now` stands for. `scrape`: the data source's scrape interval, in
    milliseconds. `since`: a beginning of the range other than the board's own. `chosen`: of variables."""

    prometheus: Prometheus
    at: int
    scrape: int
    since: str = ""
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, and in which panel."""

    panel: str
    message: str

    def __str__(self) -> str:
        return f"{self.panel}: {self.message}"


def answered(board: Json, width: int, asking: Asking) -> tuple[dict[str, Any], list[Problem]]:
    """The page's input at a width, and what Prometheus refused. A panel whose query fails is drawn as failed."""
    begins = asking.since or board["time"]["from"]
    start, end = intervals.moment(begins, asking.at), intervals.moment(board["time"]["to"], asking.at)
    problems: list[Problem] = []
    known: dict[str, Choice] = {}
    try:
        known = choices(board, asking.prometheus, start, end, asking.chosen)
    except (QueryError, ValueError) as problem:
        problems.append(Problem("variables", str(problem)))
    data: dict[str, Any] = {}
    for panel in _asked(board):
        least = _seconds(panel.get("interval") or "") or asking.scrape
        step = intervals.step(end - start, panel.get("maxDataPoints") or _pixels(panel, width), least)
        try:
            data[str(panel["id"])] = {"series": _series(panel, start, end, step, known, asking)}
        except (QueryError, ValueError) as problem:
            data[str(panel["id"])] = {"series": [], "error": str(problem)}
            problems.append(Problem(panel["title"], str(problem)))
    marks: list[dict[str, Any]] = []
    for each in board.get("annotations", {}).get("list", ()):
        try:
            marks += _marks(each, start, end, width, known, asking)
        except (QueryError, ValueError) as problem:
            problems.append(Problem(f"annotation {each['name']}", str(problem)))
    given = {
        "board": board,
        "range": {"from": start, "to": end, "raw": {"from": begins, "to": board["time"]["to"]}},
        "variables": [_variable(choice) for choice in known.values()],
        "data": data,
        "annotations": marks,
    }
    return given, problems


def _asked(board: Json) -> Iterator[Json]:
    for panel in board["panels"]:
        if panel["type"] != "row" and panel.get("targets"):
            yield panel


def _pixels(panel: Json, width: int) -> int:
    """About how wide a panel's plot is: Grafana asks for as many points."""
    whole = width - EDGES
    columns = COLUMNS if whole < PHONE else panel["gridPos"]["w"]
    return whole * columns // COLUMNS - EDGES


def _series(
    panel: Json, start: int, end: int, step: int, known: Mapping[str, Choice], asking: Asking
) -> list[frames.Frame]:
    built_in = {
        "__interval": intervals.written(step),
        "__interval_ms": str(step),
        "__rate_interval": intervals.written(intervals.rate_window(step, asking.scrape)),
        "__range": intervals.written(end - start),
        "__range_s": str((end - start) // 1000),
        "__range_ms": str(end - start),
    }
    drawn: list[frames.Frame] = []
    tables = []
    for target in panel["targets"]:
        if target.get("hide"):
            continue
        expr = filled(target["expr"], known, built_in)
        if target.get("instant"):
            answer = asking.prometheus.instant(expr, end)
        else:
            answer = asking.prometheus.range(expr, start, end, step)
        if target.get("format") == "table":
            tables.append((target["refId"], answer))
        else:
            gap = None if target.get("instant") else step
            drawn += frames.lines(target["refId"], expr, target.get("legendFormat", ""), answer, gap)
    return drawn + (frames.tables(tables) if tables else [])


def _marks(
    annotation: Json, start: int, end: int, width: int, known: Mapping[str, Choice], asking: Asking
) -> list[dict[str, Any]]:
    if not annotation.get("enable") or not annotation.get("expr"):
        return []
    step = max(intervals.step(end - start, width, asking.scrape), _seconds(annotation.get("step", "")))
    answer = asking.prometheus.range(filled(annotation["expr"], known, {}), start, end, step)
    return frames.marks(annotation, answer, step)


def _seconds(text: str) -> int:
    """`60s` in milliseconds; 0 where nothing is said."""
    return int(text[:-1]) * intervals.UNITS[text[-1]] if text else 0


def _variable(choice: Choice) -> dict[str, Any]:
    return {
        "name": choice.name,
        "label": choice.label,
        "value": list(choice.chosen),
        "choices": list(dict.fromkeys((*choice.options, *(() if choice.all else choice.chosen)))),
        "many": choice.many,
        "all": choice.all,
        "everything": choice.everything,
    }
