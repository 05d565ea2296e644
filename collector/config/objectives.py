"""How good a service must be: its objectives as they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, cast

from pydantic import BeforeValidator, Field, WithJsonSchema

from collector.config.components import ProbeOfFile
from collector.config.document import Document, Step
from collector.config.estate import Estate, matchers
from collector.config.promql import Histogram, Query, Selector
from collector.config.scalars import Duration, Flag, Name, Plain, Written, duration, shown
from collector.config.typed import Findings, Strict, part
from collector.services import Kind, Objective, Period, Window

PROBES: Final = "probe_latency_seconds"
"""The histogram of every probe."""

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "availability": (),
    "latency": ("below", "probe", "histogram", "selector"),
    "events": ("errors", "total", "ratio"),
}
"""What is written for one kind only."""

_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)%|(0\.[0-9]{1,9})")

WindowName = Literal["7d", "28d", "30d", "90d", "month", "quarter", "year", "financial_year"]


def _share(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _SHARE.fullmatch(value)
    if match is None:
        raise ValueError(f"{shown(value)} is not a share: write it like 99.9%")
    share = float(Decimal(match[1]) / 100 if match[1] else Decimal(match[2]))
    if not 0 < share < 1:
        raise ValueError(f"{shown(value)} is out of range: write more than 0% and less than 100%")
    return share


Share = Annotated[
    float, BeforeValidator(_share), WithJsonSchema({"type": "string", "pattern": rf"^({_SHARE.pattern})$"})
]
"""Above 0 and below 1."""


class ObjectiveFile(Strict):
    """One objective."""

    name: Annotated[Name, Field(description="its name, once in a service")]
    kind: Annotated[
        Kind,
        Field(description="availability (agreed time), latency (probes) or events (whatever is counted)"),
    ]
    target: Annotated[Share, Field(description="the share that must be good, less than all of it: `99.9%`")]
    window: Annotated[
        WindowName, Field(description="over which time: the last days, or each month, quarter or year of the calendar")
    ] = "30d"
    description: Annotated[Plain | None, Written, Field(description="what it means to users, in a sentence")] = None
    page: Annotated[Flag, Field(description="whether a budget that burns fast calls somebody")] = True
    ticket: Annotated[Flag, Field(description="whether a budget that burns slowly makes a ticket")] = True
    below: Annotated[Duration | None, Written, Field(description="latency: what takes no longer is good")] = None
    probe: Annotated[ProbeOfFile | None, Written, Field(description="latency: of this probe")] = None
    histogram: Annotated[Histogram, Field(description="latency: or of another histogram, without its `_bucket`")] = (
        PROBES
    )
    selector: Annotated[Selector, Field(description="latency: those of its series that match")] = ""
    errors: Annotated[Query | None, Written, Field(description="events: PromQL of bad events in `{{.window}}`")] = None
    total: Annotated[Query | None, Written, Field(description="events: PromQL of all events in `{{.window}}`")] = None
    ratio: Annotated[
        Query | None, Written, Field(description="events: instead of both, the share of bad events in `{{.window}}`")
    ] = None


def window(name: str) -> Window:
    return Window(int(name[:-1])) if name.endswith("d") else Window(period=cast(Period, name))


def read_objective(
    document: Document, where: Sequence[Step], written: Any, estate: Estate, findings: Findings
) -> Objective | None:
    """The objective that stands at `where`; None after adding what is wrong."""
    model = part(document, where, written, ObjectiveFile, findings)
    if model is None:
        return None
    before = len(findings.problems)
    for kind, keys in KEYS.items():
        for key in keys:
            if kind != model.kind and key in model.model_fields_set:
                findings.problem(document, [*where, key], f"is for kind {kind}; this is {model.kind}")
    selector = model.selector
    if model.kind == "latency":
        selector = _selector(document, where, model, estate, findings)
    if model.kind == "events":
        _events(document, where, model, findings)
    if len(findings.problems) > before:
        return None
    return Objective(
        name=model.name,
        kind=model.kind,
        target=model.target,
        window=window(model.window),
        below=model.below or 0.0,
        histogram=model.histogram if model.kind == "latency" else "",
        selector=selector,
        errors=model.errors or "",
        total=model.total or "",
        ratio=model.ratio or "",
        description=model.description or "",
        page=model.page,
        ticket=model.ticket,
    )


def _selector(
    document: Document, where: Sequence[Step], model: ObjectiveFile, estate: Estate, findings: Findings
) -> str:
    """Of which series a latency is."""
    if model.below is None:
        findings.problem(document, [*where, "below"], "is missing: say what an answer may take")
    elif model.histogram == PROBES:
        _bounded(document, where, model.below, findings)
    if model.probe is None:
        if model.histogram == PROBES and not model.selector:
            what = "is missing: say of which probe, or write a selector, or another histogram"
            findings.problem(document, [*where, "probe"], what)
        return model.selector
    if besides := [key for key in ("histogram", "selector") if key in model.model_fields_set]:
        findings.problem(document, [*where, besides[0]], "has no place beside probe: keep one of them")
    try:
        estate.probe(model.probe.device, model.probe.module)
    except ValueError as error:
        findings.problem(document, [*where, "probe"], str(error))
    return matchers(model.probe.device, model.probe.module)


def _bounded(document: Document, where: Sequence[Step], below: float, findings: Findings) -> None:
    """A histogram tells nothing between its bounds."""
    from collector.probing import BUCKETS

    if below not in BUCKETS:
        bounds = ", ".join(f"{bound * 1000:g}ms" if bound < 1 else f"{bound:g}s" for bound in BUCKETS)
        what = f"{duration(below)} is no bound of {PROBES}, so nobody knows: write one of {bounds}"
        findings.problem(document, [*where, "below"], what)


def _events(document: Document, where: Sequence[Step], model: ObjectiveFile, findings: Findings) -> None:
    pair = [key for key in ("errors", "total") if getattr(model, key) is not None]
    if model.ratio is not None and pair:
        findings.problem(document, [*where, pair[0]], "has no place beside ratio: keep one of them")
    elif model.ratio is None:
        for key in {"errors", "total"}.difference(pair):
            findings.problem(document, [*where, key], "is missing: events need errors and total, or ratio")
