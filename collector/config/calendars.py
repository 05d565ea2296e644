"""`calendars.yml`: agreed hours, in OpenStreetMap's words, with public holidays and a site's own days.

The libraries that know hours and holidays are imported when a calendar is read: a start without one must not wait for
them. Public holidays are those of `holidays` only; opening-hours-py has Great Britain's wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from collector import calendar
from collector.config.document import Document, Step
from collector.config.scalars import Keyed, Listed, Name, Plain, Written, shown, suggestion
from collector.config.typed import Findings, Strict, named
from collector.services import ALWAYS, ZONE, Calendar

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def opening(text: str) -> str:
    """Hours that `collector.calendar` reads, and that some time are. Raises ValueError."""
    wrong = calendar.complaint(Calendar("", text))
    if wrong is not None:
        raise ValueError(f"{shown(text)} {wrong[1]}")
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"there is no time zone {shown(text)}: write one like {ZONE}") from None
    return text


def _day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        if not _DAY.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{shown(value)} is no day: write it like 2026-12-24") from None


Hours = Annotated[Plain, AfterValidator(opening)]
"""Opening hours."""
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"})]


class CalendarFile(Strict):
    """Hours that were agreed."""

    name: Annotated[Name, Field(description="its name; `24x7` is always there")]
    hours: Annotated[Hours, Field(description="when services are owed: `Mo-Fr 07:30-18:00; PH off`")]
    zone: Annotated[Plain, AfterValidator(_zone), Field(description="time zone of the hours, and of months")] = ZONE
    country: Annotated[Plain, Field(description="whose public holidays are PH: two letters (ISO 3166)")] = "GB"
    subdivision: Annotated[
        Plain | None,
        Written,
        Field(description="and of which part: ENG, WLS, SCT, NIR; default: ENG in GB, else the whole country's"),
    ] = None
    local: Annotated[
        dict[Day, Plain], Keyed, Field(default_factory=dict, description="further days that are PH here, by date")
    ]


class CalendarsFile(Strict):
    """`calendars.yml`: the hours that services name."""

    calendars: Annotated[tuple[CalendarFile, ...], Listed, Field(description="the calendars")] = ()


def read_calendars(document: Document, findings: Findings) -> dict[str, Calendar]:
    """The calendars of a file by name; those with problems are left out."""
    found: dict[str, Calendar] = {}
    for model, where in named(document, "calendars", CalendarsFile, CalendarFile, findings, "calendar"):
        if model.name == ALWAYS.name:
            what = f"{ALWAYS.name} is always there: choose another name"
            findings.problem(document, [*where, "name"], what)
            continue
        subdivision = model.subdivision or ("ENG" if model.country == "GB" else "")
        if _holidays(document, where, model.country, subdivision, findings):
            days: Mapping[date, str] = model.local
            found[model.name] = Calendar(model.name, model.hours, model.zone, model.country, subdivision, days)
    return found


@cache
def _parts(country: str) -> Sequence[str] | None:
    """The parts of a country that are known; None: it is not. To list all countries would be to import each."""
    from holidays import country_holidays
    from holidays.registry import EntityLoader

    if country not in EntityLoader.get_country_codes():
        return None
    known: Sequence[str] = country_holidays(country).subdivisions
    return known


def _holidays(document: Document, where: list[Step], country: str, subdivision: str, findings: Findings) -> bool:
    """Whether anybody knows when its public holidays are."""
    known = _parts(country)
    if known is None:
        what = f"no public holidays are known of a country {shown(country)}: write two letters, as GB"
        findings.problem(document, [*where, "country"], what)
        return False
    if subdivision and subdivision not in known:
        what = f"no public holidays are known of a part {shown(subdivision)} of {country}."
        hint = suggestion(subdivision, known)
        parts = f" Known: {', '.join(known)}" if known else ""
        findings.problem(document, [*where, "subdivision"], f"{what}{hint}{parts}")
        return False
    return True
