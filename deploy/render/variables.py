"""A board's variables: their values from Prometheus, and what is written for them in an expression."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deploy.render.prometheus import Prometheus

ALL: Final = "$__all"

_QUERY: Final = re.compile(r"label_values\((?:(?P<selector>.+), *)?(?P<label>\w+)\)")
_NAMED: Final = re.compile(r"\$(?P<bare>\w+)|\$\{(?P<braced>\w+)(?::(?P<how>\w+))?\}")
_SPECIAL: Final = re.compile(r"[\\^$*+?.()|\[\]{}]")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen of a variable, and what there was to choose from. `many`: of several, or all."""

    name: str
    label: str
    chosen: Sequence[str]
    options: Sequence[str]
    many: bool
    everything: str = ""
    """What stands for all in an expression; empty: every option."""

    @property
    def all(self) -> bool:
        return list(self.chosen) == [ALL]

    def written(self, how: str = "") -> str:
        """For an expression, as the data source for Prometheus writes it. ValueError for a format not known here."""
        if self.all and self.everything:
            return self.everything
        values = self.options if self.all else self.chosen
        if how in {"raw", "csv"}:
            return ",".join(values)
        if how == "pipe":
            return "|".join(values)
        if how not in ("", "regex"):
            raise ValueError(f"${{{self.name}:{how}}}: this format of variables is not known to make render")
        if not self.many:
            return "".join(_quoted(value) for value in values[:1])
        # Twice: once for the regular expression, once for the string that it stands in.
        patterns = [_SPECIAL.sub(r"\\\\\g<0>", value) for value in values]
        return patterns[0] if len(patterns) == 1 else f"({'|'.join(patterns)})"


def choices(
    board: Mapping[str, Any], prometheus: Prometheus, start: int, end: int, wanted: Mapping[str, Sequence[str]]
) -> dict[str, Choice]:
    """Every variable but the data source, in the board's order, as later ones may ask with earlier ones.

    `wanted` chooses by name; else all where there are several to choose, the first where there is one.
    ValueError for a kind of variable not known here; QueryError from Prometheus.
    """
    made: dict[str, Choice] = {}
    for each in board.get("templating", {}).get("list", ()):
        if each["type"] == "datasource":
            continue
        name = each["name"]
        options = _options(each, prometheus, start, end, made)
        many = bool(each.get("multi"))
        first = [ALL] if each.get("includeAll") else options[:1]
        chosen = list(wanted.get(name) or first)
        if not chosen:
            raise ValueError(f"${name} has nothing to choose from: {each.get('query')} gives nothing")
        everything = each.get("allValue") or ""
        made[name] = Choice(name, each.get("label") or name, chosen, options, many or ALL in first, everything)
    return made


def _options(
    variable: Mapping[str, Any], prometheus: Prometheus, start: int, end: int, known: Mapping[str, Choice]
) -> list[str]:
    if variable["type"] == "custom":
        return [each.strip().split(" : ")[-1] for each in variable["query"].split(",")]
    if variable["type"] != "query":
        raise ValueError(f"${variable['name']}: variables of type {variable['type']} are not known to make render")
    query = variable["query"] if isinstance(variable["query"], str) else variable["query"]["query"]
    found = _QUERY.fullmatch(query.strip())
    if found is None:
        raise ValueError(f"${variable['name']}: {query} is no label_values(SELECTOR, LABEL)")
    selector = filled(found["selector"] or "", known, {})
    values = prometheus.label_values(found["label"], selector, start, end)
    if pattern := (variable.get("regex") or "").strip("/"):
        values = [match[1] if match.groups() else match[0] for value in values if (match := re.search(pattern, value))]
    # Sort 1 is by the alphabet, rising; Prometheus answers in that order already, but after a regex it may not be.
    return sorted(set(values))


def filled(text: str, chosen: Mapping[str, Choice], built_in: Mapping[str, str]) -> str:
    """`text` with every variable written out. What is not known stays, as in Grafana."""

    def value(found: re.Match[str]) -> str:
        name = found["bare"] or found["braced"]
        if name in chosen:
            return chosen[name].written(found["how"] or "")
        return built_in.get(name, found[0])

    return _NAMED.sub(value, text)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
