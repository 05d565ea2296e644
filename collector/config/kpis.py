"""`kpis.yml`: KPIs, the scorecard's items, the pillars. The shipped catalogue comes first, a site's own over it.

An entry of a site's with the id of a shipped KPI says what is different there; what it leaves out stays as shipped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Final

from pydantic import Field

from collector.config.baselines import read_baselines
from collector.config.document import Document, Step
from collector.config.kpi import MOST_WEIGHT, PER, Entry, KpiFile, read_kpi
from collector.config.promql import quantity
from collector.config.scalars import Keyed, Listed, Name, Number, Plain, Written, shown, suggestion
from collector.config.typed import Findings, Strict, part, sound, top
from collector.kpis import Item, Kpi, Kpis, Per

FILE: Final = "kpis.yml"


class ItemFile(Strict):
    """An item of the scorecard."""

    number: Annotated[Plain, Field(description="its number, which KPIs and services name")]
    name: Annotated[Plain, Field(description="what it is called")]
    weight: Annotated[Number, Field(gt=0, le=MOST_WEIGHT, description="how much IT contributes to it")] = 1.0
    contribution: Annotated[Plain | None, Written, Field(description="what of it IT can measure")] = None


class NormalisersFile(Strict):
    """How many there are of what peers are compared by."""

    users: Annotated[Plain | None, Written, Field(description="users of IT: a number, or PromQL")] = None
    devices: Annotated[Plain | None, Written, Field(description="devices: a number, or PromQL")] = None
    beds: Annotated[Plain | None, Written, Field(description="beds: a number, or PromQL")] = None


class KpisFile(Strict):
    """`kpis.yml`."""

    scorecard: Annotated[
        tuple[ItemFile, ...], Listed, Field(description="its items, which replace all shipped ones")
    ] = ()
    pillars: Annotated[tuple[Plain, ...], Listed, Field(description="pillars, which replace all shipped ones")] = ()
    normalisers: Annotated[
        NormalisersFile, Keyed, Field(default_factory=NormalisersFile, description="what peers are compared by")
    ]
    without: Annotated[tuple[Name, ...], Listed, Field(description="ids of shipped KPIs that are not kept here")] = ()
    kpis: Annotated[tuple[KpiFile, ...], Listed, Field(description="the KPIs")] = ()


def read_kpis(
    shipped: Document | None,
    own: Document | None,
    baselines: Document | None,
    findings: Findings,
    lost: Collection[str] = (),
) -> Kpis:
    """What the shipped file and the site's declare, with the baselines that were frozen; each may be missing. `lost`
    says whether `kpis` could not be read: an id may have been there."""
    scorecard: dict[str, Item] = {}
    pillars: tuple[str, ...] = ()
    normalisers: dict[Per, str] = {}
    entries: dict[str, Entry] = {}
    for document in (shipped, own):
        if document is None:
            continue
        data = top(document, KpisFile, findings)
        if "scorecard" in data:
            scorecard = _items(document, data["scorecard"], findings)
        if "pillars" in data:
            pillars = _pillars(document, data["pillars"], findings)
        normalisers |= _normalisers(document, data.get("normalisers"), findings)
        _leave_out(document, data.get("without"), entries, findings)
        for id, entry in _entries(document, data.get("kpis"), findings, own=document is own).items():
            entries[id] = _over(entries.get(id), entry)
    known = Kpis({}, scorecard, pillars, normalisers)
    made = {id: kpi for id, entry in entries.items() if (kpi := read_kpi(entry, known, findings)) is not None}
    _same_formulas(entries, made, findings)
    if baselines is not None:
        ids = entries.keys() if "kpis" not in lost else None
        for id, baseline in read_baselines(baselines, made, ids, findings).items():
            made[id] = replace(made[id], baseline=baseline)
    return Kpis(made, scorecard, pillars, normalisers)


def _listed(
    document: Document, key: str, written: Any, what: str, first: str, findings: Findings
) -> Iterator[tuple[list[Step], dict[str, Any]]]:
    """The mappings of a list, and where they stand."""
    if written is not None and not isinstance(written, list):
        findings.problem(document, [key], f"is no list: write each {what} as '- {first}: ...'")
        return
    for index, each in enumerate(written or ()):
        if isinstance(each, dict):
            yield [key, index], each
        else:
            findings.problem(document, [key, index], f"is no {what}: write it as '- {first}: ...'")


def _items(document: Document, written: Any, findings: Findings) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for where, each in _listed(document, "scorecard", written, "item", "number", findings):
        model = part(document, where, each, ItemFile, findings) or sound(ItemFile, each, {"name": "?"})
        if model is None:
            continue
        if model.number in found:
            findings.problem(document, [*where, "number"], f"{shown(model.number)} is written twice: keep one of them")
            continue
        found[model.number] = Item(model.number, model.name, model.weight, model.contribution or "")
    return found


def _pillars(document: Document, written: Any, findings: Findings) -> tuple[str, ...]:
    model = part(document, (), {"pillars": written}, KpisFile, findings)
    words = model.pillars if model is not None else ()
    for index, word in enumerate(words):
        if word in words[:index]:
            findings.problem(document, ["pillars", index], f"{shown(word)} is written twice: keep one of them")
    return words


def _normalisers(document: Document, written: Any, findings: Findings) -> dict[Per, str]:
    model = part(document, ["normalisers"], written, NormalisersFile, findings) or sound(NormalisersFile, written)
    found: dict[Per, str] = {}
    for name, per in PER.items():
        text = getattr(model, name, None)
        if text is None:
            continue
        try:
            found[per] = quantity(text)
        except ValueError as error:
            findings.problem(document, ["normalisers", name], str(error))
            found[per] = ""  # somebody says it, so that who needs it is not blamed as well
    return found


def _leave_out(document: Document, written: Any, entries: dict[str, Entry], findings: Findings) -> None:
    model = part(document, (), {"without": written}, KpisFile, findings)
    known = list(entries)
    for index, id in enumerate(model.without if model is not None else ()):
        if entries.pop(id, None) is None:
            what = f"there is no shipped KPI {shown(id)}.{suggestion(id, known)}"
            findings.problem(document, ["without", index], what)


def _entries(document: Document, written: Any, findings: Findings, *, own: bool) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for where, each in _listed(document, "kpis", written, "KPI", "id", findings):
        id = each.get("id")
        if not isinstance(id, str):
            findings.problem(document, [*where, "id"], "is missing: its name in rules and labels")
        elif id in found:
            first = f"{document.path}:{document.line(found[id].where)}"
            findings.problem(document, [*where, "id"], f"{shown(id)} is written twice: see {first}")
        else:
            found[id] = Entry(document, tuple(where), each, {}, own)
    return found


def _over(shipped: Entry | None, entry: Entry) -> Entry:
    """A site's entry with what the shipped one says besides. A formula ends what was waited for, and the reverse."""
    if shipped is None:
        return entry
    besides = dict(shipped.written)
    for one, other in (("formula", "waiting"), ("waiting", "formula")):
        if one in entry.written:
            besides.pop(other, None)
    return replace(entry, besides=besides)


def _same_formulas(entries: Mapping[str, Entry], made: Mapping[str, Kpi], findings: Findings) -> None:
    """One thing measured under two names is told twice, and may be promised twice."""
    seen: dict[tuple[str, str], str] = {}
    for id, kpi in made.items():
        if not kpi.formula:
            continue
        first = seen.setdefault((" ".join(kpi.formula.split()), kpi.period), id)
        if first != id:
            findings.warn(entries[id].document, [*entries[id].where, "formula"], f"is that of {first} too")
