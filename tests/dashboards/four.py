"""Four cases of a recording rule in one: quiet, as it is looked for, over, and without its inputs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import yaml

from tests.dashboards.boards.reading import read
from tests.dashboards.promtool import Case

FIRES, SILENT, OVER, GONE = "fires", "stays silent", "is over", "its data are missing"

STEPS: Final = 70
"""Samples of each of the first three; a minute apart they last longer than the hour that a rule looks back at most."""

SELECTOR: Final = re.compile(r"([a-zA-Z_][\w]*:[\w:]+|sloth_slo_info)(?:\{(.*?)\})?(?![\w:])")
LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
CATALOGUES: Final = frozenset(("service", "component", "objective", "kpi", "per"))
"""Labels whose values are a catalogue's."""

Values = Sequence[float | None]
"""At each time of a table; None: absent."""


@dataclass(frozen=True, slots=True)
class Table:
    """What expressions are at four times or more: at first all is quiet; `gone` says at which the inputs are gone.

    A value that isn't a number is not looked at.
    """

    rows: Mapping[str, Values]
    times: Sequence[str]
    gone: int = 3
    to: float = 1e-6
    """What values are rounded to: promtool knows only equal, and sums of fractions differ in the last digits."""

    def looks(self, name: str, series: Mapping[str, str]) -> Case:
        """The case that asserts each row."""
        case = Case(name, series)
        for selector, values in self.rows.items():
            for at, value in zip(self.times, values, strict=True):
                if value is None:
                    case.look(at, selector)
                elif not _unlooked(value):
                    case.look(at, f"round(sum({selector}) / {self.to:g})", float(round(value / self.to)))
        return case


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    labels: frozenset[tuple[str, str]]
    """Those by which one of ours differs from others of its name; not those that are a catalogue's."""

    def __str__(self) -> str:
        return self.name + "".join(sorted(f" {name}={value}" for name, value in self.labels))


def recording(texts: Iterable[str]) -> Iterator[Rule]:
    """The recording rules of files, without those that nothing can change: numbers, and what is made of numbers."""
    rules = [rule for text in texts for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    rules = [rule for rule in rules if "record" in rule]
    reads = [set(read(rule["expr"]).chosen) for rule in rules]
    constant: set[str] = set()
    while True:
        varies = {
            rule["record"]
            for rule, names in zip(rules, reads, strict=True)
            if not names <= constant or "time()" in rule["expr"]
        }
        if constant == (found := {rule["record"] for rule in rules} - varies):
            break
        constant = found
    for rule, names in zip(rules, reads, strict=True):
        if rule["record"] not in constant and not (names and names <= constant):
            own = (each for each in rule.get("labels", {}).items() if each[0] not in CATALOGUES)
            yield Rule(rule["record"], frozenset(own))


def level(quiet: object, fires: object, over: object, after: int = STEPS) -> str:
    """A value for each of the three; "_": none; a text with a blank in it stands for itself.

    `after`: how many samples the third has.
    """
    parts = zip((quiet, fires, over), (STEPS, STEPS, after), strict=True)
    return " ".join(_held(str(value), samples) for value, samples in parts) + " stale"


def pace(quiet: float, fires: float, over: float, after: int = STEPS) -> str:
    """A counter that grows by so much a sample."""
    parts, reached = [], 0.0
    for grows, samples in zip((quiet, fires, over), (STEPS, STEPS, after), strict=True):
        parts.append(f"{reached + grows!r}+{grows!r}x{samples - 1}")
        reached += grows * samples
    return " ".join(parts) + " stale"


def _held(text: str, samples: int) -> str:
    if " " in text:
        return text
    # Marked, or the value before would be taken for another five minutes.
    return f"stale _x{samples - 1}" if text == "_" else f"{text}x{samples - 1}"


def lacking(rule: Rule, tables: Iterable[Table]) -> set[str]:
    """Which of the four no row of the tables asserts of the rule."""
    missing = {FIRES, SILENT, OVER, GONE}
    for table in tables:
        for selector, values in table.rows.items():
            found = SELECTOR.search(selector)
            assert found is not None, selector
            labels = dict(LABEL.findall(found[2] or ""))
            if found[1] == rule.name and all(labels.get(name) == value for name, value in rule.labels):
                missing -= _asserted(values, table.gone)
    return missing


def _asserted(values: Values, gone: int) -> set[str]:
    """A rule fires where its value first differs from what it was, and is over where it is back, or nearer to that."""
    told = [value for nth, value in enumerate(values) if nth != gone]
    for nth, value in enumerate(told):
        others = [other for other in told[:nth] if _differs(value, other)]
        if not others:
            continue
        seen = {FIRES, SILENT}
        if any(_is_back(others[0], value, later) for later in told[nth + 1 :]):
            seen.add(OVER)
        if _differs(value, values[gone]):
            seen.add(GONE)
        return seen
    return set()


def _is_back(quiet: float | None, value: float | None, later: float | None) -> bool:
    if quiet is None or value is None or later is None:
        return later == quiet
    return abs(later - quiet) < abs(value - quiet)


def _differs(value: float | None, other: float | None) -> bool:
    return value != other and not _unlooked(value) and not _unlooked(other)


def _unlooked(value: float | None) -> bool:
    return value is not None and math.isnan(value)
