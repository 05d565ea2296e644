"""Answers of Prometheus as Grafana's data source makes frames of them. Pure.

A frame is `{"refId", "fields": [{"name", "type", "values", "labels", "config"}]}`; values that JSON has not (NaN, +Inf,
-Inf) stay the texts that Prometheus writes, and become numbers in the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from deploy.render.prometheus import Series

Frame = dict[str, Any]

_LABEL: Final = re.compile(r"\{\{\s*(.+?)\s*\}\}")
AUTO: Final = "__auto"


def lines(letter: str, expr: str, legend: str, answer: Sequence[Series], step: int | None) -> list[Frame]:
    """A frame a series, named by the legend. `step` says from which distance on points are a gap; None: one moment."""
    made = []
    for series in answer:
        config = {"displayNameFromDS": name} if (name := called(series.labels, legend, expr)) else {}
        moments = [at for at, _ in series.points]
        time = {
            "name": "Time",
            "type": "time",
            "values": moments,
            "config": {} if step is None else {"interval": step},
        }
        values = [number(text) for _, text in series.points]
        value = {"name": "Value", "type": "number", "values": values, "labels": dict(series.labels), "config": config}
        made.append({"refId": letter, "fields": [time, value]})
    return made


def called(labels: Mapping[str, str], legend: str, expr: str) -> str:
    """A series' name; empty where Grafana finds one itself in the labels."""
    if legend in ("", AUTO):
        return "" if labels else expr
    return _LABEL.sub(lambda found: labels.get(found[1], ""), legend)


def tables(answers: Sequence[tuple[str, Sequence[Series]]]) -> list[Frame]:
    """A frame a query: time, each label as a column, the value.

    The value is `Value` where one query was asked, `Value #A` where several were: also where one has no answer, which
    Grafana's server sends as an empty frame.
    """
    if len(answers) == 1 and not answers[0][1]:
        return [{"refId": answers[0][0], "fields": []}]
    made = []
    for letter, answer in answers:
        points = [(series.labels, at, number(text)) for series in answer for at, text in series.points]
        names = list(dict.fromkeys(label for series in answer for label in sorted(series.labels)))
        columns: list[dict[str, Any]] = [
            {"name": "Time", "type": "time", "values": [at for _, at, _ in points], "config": {}}
        ]
        for name in names:
            values = [labels.get(name, "") for labels, _, _ in points]
            columns.append({"name": name, "type": "string", "values": values, "config": {"filterable": True}})
        title = f"Value #{letter}" if len(answers) > 1 else "Value"
        columns.append({"name": title, "type": "number", "values": [value for *_, value in points], "config": {}})
        made.append({"refId": letter, "fields": columns})
    return made


def marks(annotation: Mapping[str, Any], answer: Sequence[Series], step: int) -> list[dict[str, Any]]:
    """Moments and spans of an annotation: points that follow one another within a step are one span."""
    made = []
    for series in answer:
        said = {
            key: called(series.labels, annotation.get(form) or "", "")
            for key, form in (("title", "titleFormat"), ("text", "textFormat"))
        }
        spans: list[list[int]] = []
        for at, text in series.points:
            if float(text) != 1:
                continue
            if spans and at - spans[-1][1] <= step:
                spans[-1][1] = at
            else:
                spans.append([at, at])
        made += [{**said, "time": start, "timeEnd": end, "color": annotation["iconColor"]} for start, end in spans]
    return sorted(made, key=lambda mark: (mark["time"], mark["title"]))


def number(text: str) -> float | str:
    """A number where JSON has it."""
    return text if text in {"NaN", "+Inf", "-Inf"} else float(text)
