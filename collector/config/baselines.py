"""`baselines.yml`: where KPIs began, as `wardwatch baseline freeze` has asked Prometheus and written it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from pydantic import Field

from collector.config.calendars import Day
from collector.config.document import Document, Step
from collector.config.scalars import Listed, Name, Number, Plain, shown, suggestion
from collector.config.typed import Findings, Strict, part, top
from collector.kpis import Baseline, Kpi

FILE: Final = "baselines.yml"

_HEAD: Final = (
    "# Written by `wardwatch baseline freeze`: KPIs as they were on a day, in their units. Keep it with kpis.yml.\n"
)


class FrozenFile(Strict):
    """One KPI as it was."""

    id: Annotated[Name, Field(description="the KPI")]
    value: Annotated[Number, Field(description="what it was, in its unit")]
    date: Annotated[Day, Field(description="the day on which the window ended")]
    window: Annotated[Plain, Field(description="over how many days it is the mean")]


class BaselinesFile(Strict):
    """`baselines.yml`."""

    baselines: Annotated[tuple[FrozenFile, ...], Listed, Field(description="one for each KPI")] = ()


@dataclass(frozen=True, slots=True)
class Frozen:
    """A KPI's mean over the `window` that ended on a day."""

    id: str
    value: float
    date: date
    window: str


def read_baselines(
    document: Document, kpis: Mapping[str, Kpi], known: Collection[str] | None, findings: Findings
) -> dict[str, Baseline]:
    """Baselines by KPI. `known`: ids of all KPIs that are written, those with problems too; None: nobody knows."""
    found: dict[str, Baseline] = {}
    for index, each in enumerate(_frozen(document, findings)):
        where: list[Step] = ["baselines", index, "id"]
        if each is None:
            continue
        if known is not None and each.id not in known:
            findings.problem(document, where, f"there is no KPI {shown(each.id)}.{suggestion(each.id, known)}")
        elif each.id in found:
            findings.problem(document, where, f"{shown(each.id)} is written twice: keep one of them")
        elif each.id in kpis and kpis[each.id].baseline is not None:
            findings.problem(document, where, f"{shown(each.id)} has a baseline in kpis.yml: keep one of them")
        elif each.id in kpis:
            found[each.id] = Baseline(each.value, each.date)
    return found


def frozen_in(document: Document) -> list[Frozen]:
    """The entries of a file without problems."""
    return [
        Frozen(each.id, each.value, each.date, each.window)
        for each in _frozen(document, Findings())
        if each is not None
    ]


def _frozen(document: Document, findings: Findings) -> list[FrozenFile | None]:
    """In the file's order; None where one has problems."""
    data = top(document, BaselinesFile, findings).get("baselines")
    if data is not None and not isinstance(data, list):
        findings.problem(document, ["baselines"], "is no list: write each baseline as '- id: ...'")
        return []
    return [part(document, ["baselines", index], each, FrozenFile, findings) for index, each in enumerate(data or ())]


def written(baselines: Iterable[Frozen]) -> str:
    """The file. Ids are names, so nothing in it needs quotes."""
    lines = [
        f"  - {{id: {each.id}, value: {each.value!r}, date: {each.date.isoformat()}, window: {each.window}}}\n"
        for each in sorted(baselines, key=lambda each: each.id)
    ]
    return _HEAD + "baselines:\n" + "".join(lines)
