"""`services/*.yml`: what was promised to users, made into a catalogue in which every reference is right.

A file is ours, with `services:`, or one of Sloth's (`sloth.py`), whose objectives join a service of the same name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from pydantic import Field

from collector.config.calendars import read_calendars
from collector.config.components import ComponentFile, read_tree
from collector.config.document import Document, Step
from collector.config.estate import Estate
from collector.config.kpi import no_item, no_pillar
from collector.config.objectives import ObjectiveFile, read_objective
from collector.config.scalars import Listed, Name, Plain, Whole, Written, shown, suggestion
from collector.config.sloth import is_sloth, read_sloth
from collector.config.typed import Findings, Strict, named_in, part, sound, top
from collector.config.urls import WebAddress
from collector.kpis import Kpis
from collector.services import ALWAYS, Catalogue, KeyProperty, Objective, Service

MOST_USERS: Final = 999_999


class ServiceFile(Strict):
    """One service."""

    name: Annotated[Name, Field(description="its name in rules, labels and addresses")]
    title: Annotated[Plain | None, Written, Field(description="what people call it; default: its name")] = None
    tower: Annotated[Plain | None, Written, Field(description="service tower: network, clinical applications ...")] = (
        None
    )
    tier: Annotated[Plain | None, Written, Field(description="how much was promised: gold, silver, bronze ...")] = None
    owner: Annotated[Name | None, Written, Field(description="the team that is called")] = None
    supplier: Annotated[Plain | None, Written, Field(description="who delivers it, where that is another firm")] = None
    site: Annotated[
        Plain | None, Written, Field(description="where it is; default: where its devices are, if that is one site")
    ] = None
    users: Annotated[Whole, Field(ge=0, le=MOST_USERS, description="how many people use it")] = 0
    hours: Annotated[Name, Field(description="the calendar of hours in which it is owed")] = ALWAYS.name
    key_property: Annotated[
        KeyProperty, Field(description="what suffers first without it (IEC 80001-1): safety, effectiveness, security")
    ] = "effectiveness"
    scorecard: Annotated[
        tuple[Plain, ...], Listed, Field(description="items of the board's scorecard it is part of")
    ] = ()
    pillars: Annotated[tuple[Plain, ...], Listed, Field(description="pillars of governance it is part of")] = ()
    runbook: Annotated[
        WebAddress | None, Written, Field(description="the page of its own runbook; its alerts link to it")
    ] = None
    depends_on: Annotated[tuple[Name, ...], Listed, Field(description="services without which it cannot be")] = ()
    components: Annotated[
        tuple[ComponentFile, ...] | ComponentFile | None,
        Field(description="what it is made of: a list means all of it"),
    ] = None
    objectives: Annotated[tuple[ObjectiveFile, ...], Listed, Field(description="how good it must be")] = ()


class ServicesFile(Strict):
    """A file of services."""

    services: Annotated[tuple[ServiceFile, ...], Listed, Field(description="the services")] = ()


@dataclass(frozen=True, slots=True)
class _Declared:
    service: Service
    document: Document
    where: tuple[Step, ...]

    @property
    def line(self) -> str:
        return f"{self.document.path}:{self.document.line(self.where)}"


def read_catalogue(
    documents: Sequence[Document],
    calendars: Document | None,
    estate: Estate,
    board: Kpis,
    findings: Findings,
    lost: Collection[str],
) -> Catalogue:
    """What the files of services and calendars declare. `board` has the scorecard's items and the pillars; none where
    nobody knows them. `lost` says of which (`services`, `calendars`, `kpis`) one could not be read: a name may have
    been in it."""
    hours = {ALWAYS.name: ALWAYS} | (read_calendars(calendars, findings) if calendars is not None else {})
    known_hours = {*hours, *(named_in(calendars, "calendars") if calendars is not None else ())}
    declared: dict[str, _Declared] = {}
    ours = [document for document in documents if not is_sloth(document)]
    for document in ours:
        for each in _services(document, estate, findings):
            name = each.service.name
            if name in declared:
                what = f"{shown(name)} is taken: see {declared[name].line}"
                findings.problem(document, [*each.where, "name"], what)
                continue
            declared[name] = each
    for document in documents:
        if is_sloth(document):
            _join(document, declared, findings)
    names = {*declared, *(name for document in ours for name in named_in(document, "services"))}
    for each in declared.values():
        _check(each, names, known_hours, findings, lost)
        if "kpis" not in lost:
            _check_board(each, board, findings)
    _check_cycles(declared, findings)
    return Catalogue({name: each.service for name, each in declared.items()}, hours)


def _services(document: Document, estate: Estate, findings: Findings) -> Iterator[_Declared]:
    data = top(document, ServicesFile, findings).get("services")
    if data is not None and not isinstance(data, list):
        findings.problem(document, ["services"], "is no list: write each service as '- name: ...'")
        return
    for index, written in enumerate(data or ()):
        where: list[Step] = ["services", index]
        service = _service(document, where, written, estate, findings)
        if service is not None:
            yield _Declared(service, document, tuple(where))


def _service(
    document: Document, where: Sequence[Step], written: Any, estate: Estate, findings: Findings
) -> Service | None:
    """What is known of it. What is below it is read for itself, so that a mistake hides none of the others."""
    below = {key: written[key] for key in ("components", "objectives") if isinstance(written, dict) and key in written}
    own = {key: each for key, each in written.items() if key not in below} if isinstance(written, dict) else written
    model = part(document, where, own, ServiceFile, findings) or sound(ServiceFile, own)
    tree = None
    if "components" in below:
        tree = read_tree(document, [*where, "components"], below["components"], estate, findings)
    objectives = _objectives(document, [*where, "objectives"], below.get("objectives"), estate, findings)
    if model is None:
        return None
    for index, objective in objectives:
        if objective.kind == "availability" and "components" not in below:
            what = "is of a service without components: nobody knows when that is up"
            findings.problem(document, [*where, "objectives", index, "kind"], what)
    if not below:
        findings.warn(document, where, "has neither components nor objectives: nothing is known of it")
    devices = {leaf.device for leaf in tree.leaves() if leaf.device in estate.devices} if tree is not None else set()
    sites = {estate.devices[name].site for name in devices}
    return Service(
        name=model.name,
        title=model.title or model.name,
        tree=tree,
        objectives=tuple(objective for _, objective in objectives),
        hours=model.hours,
        tower=model.tower or "",
        tier=model.tier or "",
        owner=model.owner or "",
        supplier=model.supplier or "",
        site=model.site or (sites.pop() if len(sites) == 1 else ""),
        users=model.users,
        key_property=model.key_property,
        scorecard=model.scorecard,
        pillars=model.pillars,
        runbook=model.runbook or "",
        depends_on=model.depends_on,
    )


def _objectives(
    document: Document, where: Sequence[Step], written: Any, estate: Estate, findings: Findings
) -> list[tuple[int, Objective]]:
    if written is not None and not isinstance(written, list):
        findings.problem(document, where, "is no list: write each objective as '- name: ...'")
        return []
    found: dict[str, tuple[int, Objective]] = {}
    for index, each in enumerate(written or ()):
        objective = read_objective(document, [*where, index], each, estate, findings)
        if objective is None:
            continue
        if objective.name in found:
            what = f"{shown(objective.name)} is written twice: keep one of them"
            findings.problem(document, [*where, index, "name"], what)
            continue
        found[objective.name] = (index, objective)
    return list(found.values())


def _join(document: Document, declared: dict[str, _Declared], findings: Findings) -> None:
    """Add the objectives of one of Sloth's files to the service that it names."""
    name, objectives = read_sloth(document, findings)
    if not name:
        return
    each = declared.get(name) or _Declared(Service(name, name), document, ("service",))
    taken = {objective.name for objective in each.service.objectives}
    for objective, where in objectives:
        if objective.name in taken:
            what = f"{shown(objective.name)} is an objective of {name} already: choose another name"
            findings.problem(document, [*where, "name"], what)
        taken.add(objective.name)
    more = tuple(objective for objective, _ in objectives)
    declared[name] = replace(each, service=replace(each.service, objectives=(*each.service.objectives, *more)))


def _check(
    each: _Declared, names: Collection[str], hours: Collection[str], findings: Findings, lost: Collection[str]
) -> None:
    """What a service names must be there."""
    service = each.service
    if service.hours not in hours and "calendars" not in lost:
        what = f"there is no calendar {shown(service.hours)}.{suggestion(service.hours, hours)}"
        findings.problem(each.document, [*each.where, "hours"], f"{what} They are written in calendars.yml")
    for index, name in enumerate(service.depends_on):
        where = [*each.where, "depends_on", index]
        if name == service.name:
            findings.problem(each.document, where, "is the service itself")
        elif name not in names and "services" not in lost:
            what = f"there is no service {shown(name)}.{suggestion(name, names)}"
            findings.problem(each.document, where, what)


def _check_board(each: _Declared, board: Kpis, findings: Findings) -> None:
    """The scorecard's items and the pillars that it names."""
    for index, item in enumerate(each.service.scorecard if board.scorecard else ()):
        if item not in board.scorecard:
            findings.problem(each.document, [*each.where, "scorecard", index], no_item(item, board.scorecard))
    for index, word in enumerate(each.service.pillars if board.pillars else ()):
        if word not in board.pillars:
            findings.problem(each.document, [*each.where, "pillars", index], no_pillar(word, board.pillars))


def _check_cycles(declared: Mapping[str, _Declared], findings: Findings) -> None:
    """Each cycle once, at the service by which it was come upon."""
    done: set[str] = set()
    path: list[str] = []

    def follow(name: str) -> None:
        path.append(name)
        each = declared[name]
        for index, below in enumerate(each.service.depends_on):
            if below in path and below != name:
                way = " -> ".join([*path[path.index(below) :], below])
                where = [*each.where, "depends_on", index]
                findings.problem(each.document, where, f"leads back to {below}: {way}")
            elif below in declared and below not in done and below != name:
                follow(below)
        path.pop()
        done.add(name)

    for name in declared:
        if name not in done:
            follow(name)
