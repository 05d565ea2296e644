"""`maintenance.yml`: planned work, once, again and again, or as files of iCalendar have it. docs/calendars.md."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from collector import calendar
from collector.config.document import Document, Step
from collector.config.ics import read_ics
from collector.config.problems import ConfigError
from collector.config.scalars import Filled, Line, Listed, Name, Written, shown, suggestion
from collector.config.typed import Findings, Strict, named
from collector.services import ALWAYS, ZONE, Calendar, Catalogue, Maintenance

FILE: Final = "maintenance.yml"

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?")


def moment(text: str) -> datetime:
    """`2026-12-01 22:00`, or with an offset; a day is its beginning. Raises ValueError."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"{shown(text)} is no time: write it like 2026-12-01 22:00, or 2026-12-01T22:00+00:00")
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{shown(text)} is no time: {error}") from None
    if not 2000 <= found.year <= 2100:
        raise ValueError(f"{shown(text)} is not within the years 2000 to 2100")
    return found


def there(local: datetime, zone: str) -> datetime:
    """A time as it was written; without an offset it is one of `zone`."""
    return local if local.tzinfo is not None else local.replace(tzinfo=ZoneInfo(zone))


def _moment(value: Any) -> Any:
    return moment(value) if isinstance(value, str) else value


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "pattern": f"^{_MOMENT.pattern}$", "examples": ["2026-12-01 22:00"]}),
]


class WorkFile(Strict):
    """One entry."""

    name: Annotated[Name, Field(description="its name, for `wardwatch maintenance` and whoever asks why")]
    services: Annotated[tuple[Name, ...], Listed, Field(description="services that are not owed meanwhile")] = ()
    sites: Annotated[
        tuple[Filled, ...], Listed, Field(description="and those that are at one of these sites, wholly")
    ] = ()
    devices: Annotated[
        tuple[Name, ...], Listed, Field(description="and those that have a component on one of these devices")
    ] = ()
    from_: Annotated[
        Moment | None,
        Written,
        Field(alias="from", description="when it begins: local, as 2026-12-01 22:00, or with an offset"),
    ] = None
    until: Annotated[Moment | None, Written, Field(description="when it ends")] = None
    hours: Annotated[
        Filled | None, Written, Field(description="instead: the hours in which it is, again and again, as a calendar's")
    ] = None
    ics: Annotated[
        Filled | None,
        Written,
        Field(description="instead: a file of iCalendar, from here, whose events are the work"),
    ] = None
    calendar: Annotated[
        Name | None,
        Written,
        Field(description="the calendar whose time zone and holidays count; default: 24x7"),
    ] = None
    reason: Annotated[Line, Field(description="why, for people")] = ""

    @model_validator(mode="after")
    def _one_way(self) -> WorkFile:
        if not (self.services or self.sites or self.devices):
            raise ValueError("concerns nothing: write services, sites or devices")
        ways = [self.from_ or self.until, self.hours, self.ics]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("says when in no way or in several: write from and until, or hours, or ics")
        if (self.from_ is None) != (self.until is None):
            raise ValueError(f"has no {'end: write until' if self.until is None else 'beginning: write from'}")
        return self


class MaintenanceFile(Strict):
    """`maintenance.yml`. Planned work, in which services are not owed."""

    maintenance: Annotated[tuple[WorkFile, ...], Listed, Field(description="the entries")] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What entries may refer to. `devices` has the site of each. `unread`: of `services`, `calendars` and `inventory`
    those of which something could not be read.
    """

    catalogue: Catalogue
    devices: Mapping[str, str]
    unread: Collection[str] = ()


def read_maintenance(document: Document, known: Known, findings: Findings) -> tuple[list[Maintenance], list[Document]]:
    """The work that a file plans, and the files of iCalendar that it names."""
    works: list[Maintenance] = []
    files: list[Document] = []
    for entry, where in named(document, "maintenance", MaintenanceFile, WorkFile, findings, "entry"):
        _check_names(entry, document, where, known, findings)
        work = Maintenance(
            entry.name,
            entry.services,
            entry.sites,
            entry.devices,
            reason=entry.reason,
            source=f"{document.path.name}:{document.line(where)}",
        )
        within = _calendar(entry, document, where, known, findings)
        if within is None:
            continue
        if entry.ics is not None:
            works += _events(entry.ics, work, within.zone, document, [*where, "ics"], findings, files)
        elif entry.hours is not None:
            wrong = calendar.complaint(replace(within, hours=entry.hours))
            if wrong is not None:
                findings.problem(document, [*where, "hours"], f"{shown(entry.hours)} {wrong[1]}")
            works.append(replace(work, hours=entry.hours, hours_in=within.name))
        else:
            assert entry.from_ is not None
            assert entry.until is not None
            begins, ends = there(entry.from_, within.zone), there(entry.until, within.zone)
            if ends.timestamp() <= begins.timestamp():
                findings.problem(document, [*where, "until"], "is not after 'from'")
            works.append(replace(work, begins=begins, ends=ends))
    return works, files


def _check_names(entry: WorkFile, document: Document, where: list[Step], known: Known, findings: Findings) -> None:
    kinds: Mapping[str, tuple[Collection[str], Collection[str]]] = {
        "services": (entry.services, known.catalogue.services),
        "sites": (entry.sites, {site for site in known.devices.values() if site}),
        "devices": (entry.devices, known.devices),
    }
    for key, (names, there_are) in kinds.items():
        if (key if key == "services" else "inventory") in known.unread:
            continue
        for index, name in enumerate(names):
            if name not in there_are:
                what = f"there is no {key[:-1]} {shown(name)}.{suggestion(name, there_are)}"
                findings.problem(document, [*where, key, index], what)


def _calendar(
    entry: WorkFile, document: Document, where: list[Step], known: Known, findings: Findings
) -> Calendar | None:
    """The calendar of an entry; None where it is not known."""
    name = entry.calendar or ALWAYS.name
    found = known.catalogue.calendars.get(name)
    if found is None and entry.calendar is None:
        return Calendar(name, zone=ZONE)
    if found is None and "calendars" not in known.unread:
        what = f"there is no calendar {shown(name)}.{suggestion(name, known.catalogue.calendars)}"
        findings.problem(document, [*where, "calendar"], what)
    return found


def _events(
    written: str,
    work: Maintenance,
    zone: str,
    document: Document,
    where: list[Step],
    findings: Findings,
    files: list[Document],
) -> Iterator[Maintenance]:
    path = document.path.parent / written
    try:
        read, events, problems = read_ics(path, zone)
    except ConfigError as error:
        for problem in error.problems:
            if problem.line:
                findings.problems.append(problem)
            else:
                findings.problem(document, where, f"{shown(written)} {problem.what}")
        return
    files.append(read)
    findings.problems += problems
    if not events and not problems:
        findings.warn(document, where, f"{shown(written)} has no event")
    for event in events:
        yield replace(
            work,
            begins=event.begins,
            ends=event.ends,
            again=event.again,
            reason=event.summary or work.reason,
            source=f"{path.name}:{event.line}",
        )
