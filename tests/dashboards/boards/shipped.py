"""The boards as they are shipped, and what is asked in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
DIRECTORY = ROOT / "dashboards" / "generated" / "grafana"

Json = dict[str, Any]


@cache
def boards() -> dict[str, Json]:
    """By uid."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(DIRECTORY.glob("*.json"))}


def panels(board: Json) -> list[Json]:
    """Without the headings of rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def variables(board: Json) -> list[Json]:
    return list(board["templating"]["list"])


@dataclass(frozen=True)
class Asked:
    """A PromQL expression of a board, and where it stands."""

    board: str
    place: str
    expr: str
    how: str
    """`instant` or `range`."""
    hours: float = 6
    """Over how long, up to now, as the board is opened."""

    def __str__(self) -> str:
        return f"{self.board}: {self.place}"


LABEL_VALUES = re.compile(r"label_values\((?P<expr>.+), *(?P<label>\w+)\)")


def asked() -> Iterator[Asked]:
    """Every expression of every panel, variable and annotation."""
    for uid, board in boards().items():
        usual = _hours(board["time"]["from"])
        for panel in panels(board):
            hours = _hours(panel["timeFrom"]) if panel.get("timeFrom") else usual
            for target in panel.get("targets", ()):
                how = "instant" if target.get("instant") else "range"
                yield Asked(uid, f"{panel['title']} {target['refId']}", target["expr"], how, hours)
        for variable in variables(board):
            if variable["type"] == "query":
                query = LABEL_VALUES.fullmatch(variable["query"])
                assert query is not None, variable["query"]
                yield Asked(uid, f"${variable['name']}", query["expr"], "instant", usual)
        for annotation in board["annotations"]["list"]:
            yield Asked(uid, f"annotation {annotation['name']}", annotation["expr"], "range", usual)


HOURS = {"m": 1 / 60, "h": 1, "d": 24, "w": 168, "M": 730, "y": 8760}


def _hours(since: str) -> float:
    """`now-6h`, or `6h`, in hours. What is rounded (`now/d`) is taken for as long as it may be."""
    number, unit = re.findall(r"(\d*)([mhdwMy])", since)[-1]
    return int(number or 1) * HOURS[unit]


def labels_shown(panel: Json) -> set[str]:
    """Labels that its columns say it has, and the first of each name of a series: what follows may be there for some,
    as the item of a resource is."""
    names = [LEGEND.findall(target.get("legendFormat", "")) for target in panel.get("targets", ())]
    found = {first for first, *_ in filter(None, names)}
    for each in panel.get("transformations", ()):
        if each["id"] == "organize":
            found.update(each["options"]["renameByName"])
    return {name for name in found if not name.startswith(("Value", "Time"))}


LEGEND = re.compile(r"\{\{ *(\w+) *\}\}")

BUILT_IN = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "6h", "$__range_s": "21600"}


def every(uid: str) -> dict[str, str]:
    """Of each variable of a board that may be several: all of them."""
    return {each["name"]: each["allValue"] for each in variables(boards()[uid]) if each.get("multi")}


def filled(expr: str, chosen: Mapping[str, str] | None = None, built_in: Mapping[str, str] = BUILT_IN) -> str:
    """As Grafana asks it: built-in variables filled in, the board's as `chosen`, else as all."""
    for name, value in sorted(built_in.items(), key=lambda item: -len(item[0])):
        expr = expr.replace(name, value)
    names = re.compile(r"\$([A-Za-z_]\w*)|\$\{(\w+)(?::\w+)?\}")  # $1 is of label_replace
    return names.sub(lambda found: (chosen or {}).get(found[1] or found[2], ".+"), expr)
