"""Sloth's files, `version: prometheus/v1`: each of its SLOs is an objective of the service that the file names.

Everything that Sloth accepts there is known; what has no meaning here (how its rules are grouped, plugins that change
what it makes, texts of its alerts) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, WithJsonSchema

from collector.config.document import Document, Step
from collector.config.promql import Query
from collector.config.scalars import Flag, Keyed, Line, Listed, Name, Plain, Written, shown
from collector.config.typed import Findings, Strict, part, top
from collector.services import Objective, Window

VERSION: Final = "prometheus/v1"

DAYS: Final = 30
"""Sloth's default period; a file says none."""

_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,9})?")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TAKEN = ("__", "sloth_")
_OURS = frozenset(("alertname", "instance", "job", "le", "objective", "service", "severity", "window"))


def _percent(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _PERCENT.fullmatch(value):
        raise ValueError(f"{shown(value)} is not a percentage: write a number such as 99.9")
    share = float(Decimal(value) / 100)
    if not 0 < share < 1:
        raise ValueError(f"{shown(value)} is out of range: write more than 0 and less than 100")
    return share


def _label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise ValueError(f"{shown(text)} is not a label name: use letters, digits and '_'")
    if text in _OURS or text.startswith(_TAKEN):
        raise ValueError(f"{shown(text)} is a label of the rules themselves: choose another name")
    return text


Percent = Annotated[float, BeforeValidator(_percent), WithJsonSchema({"type": "number"})]
Labels = Annotated[dict[Annotated[str, AfterValidator(_label)], Plain], Keyed]


class SlothEventsFile(Strict):
    """What is counted."""

    error_query: Annotated[Query, Field(description="`errors` of an objective of ours")]
    total_query: Annotated[Query, Field(description="its `total`")]


class SlothRawFile(Strict):
    """A share that something else has made."""

    error_ratio_query: Annotated[
        Query,
        Field(
            validation_alias=AliasChoices("error_ratio_query", "errorRatioQuery"),
            description="its `ratio`; `errorRatioQuery` is the same",
        ),
    ]


class SlothSliFile(Strict):
    """What is measured: one of these."""

    events: Annotated[SlothEventsFile | None, Written, Field(description="bad and all events")] = None
    raw: Annotated[SlothRawFile | None, Written, Field(description="the share of bad ones")] = None
    plugin: Annotated[Any, Field(description="refused: a program in Go that writes queries")] = None


class SlothAlertFile(Strict):
    """One of the two alerts."""

    disable: Annotated[Flag, Field(description="true: there is no such alert")] = False
    labels: Annotated[dict[str, Line], Keyed, Field(default_factory=dict, description="left out")]
    annotations: Annotated[dict[str, Any], Keyed, Field(default_factory=dict, description="left out")]


class SlothAlertingFile(Strict):
    """Alerts of an SLO. How they are named, labelled and worded is as for every objective."""

    name: Annotated[Line | None, Written, Field(description="left out")] = None
    labels: Annotated[dict[str, Line], Keyed, Field(default_factory=dict, description="left out")]
    annotations: Annotated[dict[str, Any], Keyed, Field(default_factory=dict, description="left out")]
    page_alert: Annotated[
        SlothAlertFile, Keyed, Field(default_factory=SlothAlertFile, description="the fast one: `page`")
    ]
    ticket_alert: Annotated[
        SlothAlertFile, Keyed, Field(default_factory=SlothAlertFile, description="the slow one: `ticket`")
    ]


class SlothSloFile(Strict):
    """One SLO."""

    name: Annotated[Name, Field(description="the objective's name")]
    objective: Annotated[Percent, Field(description="its `target`, in percent and without the sign")]
    description: Annotated[str, Field(description="its `description`, on one line")] = ""
    labels: Annotated[Labels, Field(default_factory=dict, description="labels of its rules, beside the file's")]
    sli: Annotated[SlothSliFile, Field(description="what is measured")]
    alerting: Annotated[
        SlothAlertingFile, Keyed, Field(default_factory=SlothAlertingFile, description="which alerts there are")
    ]
    interval: Annotated[Any, Field(description="left out")] = None
    plugins: Annotated[Any, Field(description="left out, with a warning")] = None


class SlothFile(Strict):
    """A file of Sloth's."""

    version: Annotated[Literal["prometheus/v1"], Field(description="`prometheus/v1`: this is a file of Sloth's")]
    service: Annotated[Name, Field(description="the service: one of ours, or another")]
    labels: Annotated[Labels, Field(default_factory=dict, description="labels of all rules of the file")]
    slo_plugins: Annotated[Any, Field(description="left out, with a warning")] = None
    slos: Annotated[tuple[SlothSloFile, ...], Listed, Field(description="the SLOs")] = ()


def is_sloth(document: Document) -> bool:
    return isinstance(document.data, dict) and bool(document.data.keys() & {"version", "slos"})


def read_sloth(document: Document, findings: Findings) -> tuple[str, list[tuple[Objective, list[Step]]]]:
    """The service's name, empty where it has none, and the objectives with where they stand."""
    data = top(document, SlothFile, findings)
    head = part(document, (), {key: each for key, each in data.items() if key != "slos"}, SlothFile, findings)
    if data.get("slo_plugins") is not None:
        findings.warn(document, ["slo_plugins"], "is left out: Sloth's plugins are not run here")
    written = data.get("slos")
    if written is not None and not isinstance(written, list):
        findings.problem(document, ["slos"], "is no list: write each SLO as '- name: ...'")
        written = None
    labels = head.labels if head is not None else {}
    found: list[tuple[Objective, list[Step]]] = []
    for index, each in enumerate(written or ()):
        where: list[Step] = ["slos", index]
        objective = _objective(document, where, each, labels, findings)
        if objective is not None:
            found.append((objective, where))
    return head.service if head is not None else "", found


def _objective(
    document: Document, where: Sequence[Step], written: Any, labels: Mapping[str, str], findings: Findings
) -> Objective | None:
    sli = written.get("sli") if isinstance(written, dict) else None
    if isinstance(sli, dict) and "plugin" in sli:
        what = "is a program of Sloth's, which is not run here: write the queries that it makes as events or raw"
        findings.problem(document, [*where, "sli", "plugin"], what)
        return None
    model = part(document, where, written, SlothSloFile, findings)
    if model is None:
        return None
    if (model.sli.events is None) == (model.sli.raw is None):
        findings.problem(document, [*where, "sli"], "says what is measured by one of events and raw")
        return None
    if model.plugins is not None:
        findings.warn(document, [*where, "plugins"], "is left out: Sloth's plugins are not run here")
    alerting = model.alerting
    return Objective(
        name=model.name,
        kind="events",
        target=model.objective,
        window=Window(DAYS),
        errors=model.sli.events.error_query if model.sli.events is not None else "",
        total=model.sli.events.total_query if model.sli.events is not None else "",
        ratio=model.sli.raw.error_ratio_query if model.sli.raw is not None else "",
        description=" ".join(model.description.split()),
        labels={**labels, **model.labels},
        page=not alerting.page_alert.disable,
        ticket=not alerting.ticket_alert.disable,
    )
