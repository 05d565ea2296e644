"""Files of iCalendar (RFC 5545): the events that planned work is made of, each problem at its line.

Only what says when an event is, is read. A file that comes from elsewhere may say anything: its size, its events and
what each of its rules may cost are bounded, and time zones are known by name only, whatever it says they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from collector import maintenance
from collector.config.document import Document, read_text
from collector.config.problems import Problem
from collector.config.scalars import shown
from collector.services import Recurrence

MAX_BYTES: Final = 1_000_000
MOST_EVENTS: Final = 1_000
"""Each takes some 0.4 ms."""
MOST_DATES: Final = 1_000
"""Exceptions and further dates of an event."""
MOST_PROBLEMS: Final = 10
"""After which a file is not read on: each rule that is refused costs some milliseconds."""

_ODD: Final = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
"""What the libraries raise of what nobody expects in a calendar, such as a parameter with two values."""

_NAME = re.compile(r"[A-Za-z0-9-]+(?=[;:])")


@dataclass(frozen=True, slots=True)
class Event:
    """Something in the calendar: when for the first time, and how again."""

    line: int
    summary: str
    begins: datetime
    ends: datetime
    again: Recurrence | None


@dataclass(frozen=True, slots=True)
class _Read:
    event: Event
    uid: str
    instead: datetime | None
    """The moment of a recurrence that this takes the place of."""
    cancelled: bool


class _Refused(Exception):
    """An event that cannot be used: which property, and why."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(what)
        self.where = where
        self.what = what


def read_ics(path: Path, zone: str) -> tuple[Document, list[Event], list[Problem]]:
    """The events of a file and what is wrong in it. `zone` is where times without one are. Raises ConfigError."""
    text = read_text(path)
    document = Document(path, text, text)
    if len(text) > MAX_BYTES:
        return (
            document,
            [],
            [Problem(path, 0, "", f"is larger than {MAX_BYTES // 1_000_000} MB: leave out what is over")],
        )
    lines = list(_unfolded(text))
    if not lines or lines[0][1].upper() != "BEGIN:VCALENDAR":
        what = "is no calendar: its first line is not BEGIN:VCALENDAR"
        return document, [], [Problem(path, lines[0][0] if lines else 1, "", what)]
    read: list[_Read] = []
    problems: list[Problem] = []
    for number, block in enumerate(_events(lines)):
        if number >= MOST_EVENTS:
            problems.append(Problem(path, block[0][0], "", f"has more than {MOST_EVENTS:,} events: split the file"))
            break
        try:
            read.append(_event(block, zone))
        except _Refused as refused:
            line = next((at for at, said in block if _name(said) == refused.where), block[0][0])
            problems.append(Problem(path, line, refused.where, refused.what))
        except _ODD as error:
            problems.append(Problem(path, block[0][0], "", f"is an event that is not understood: {_short(error)}"))
        if len(problems) >= MOST_PROBLEMS:
            break
    return document, _joined(read), problems


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, each with the number of its first part."""
    begun, parts = 0, list[str]()
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if line[:1] in (" ", "\t"):
            parts.append(line[1:])
            continue
        if said := "".join(parts).strip():
            yield begun, said
        begun, parts = number, [line]
    if said := "".join(parts).strip():
        yield begun, said


def _name(line: str) -> str:
    found = _NAME.match(line)
    return found.group().upper() if found else ""


def _events(lines: Sequence[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """The lines of each event, without those of alarms and the like within it."""
    block: list[tuple[int, str]] | None = None
    within = 0
    for number, line in lines:
        said = line.upper()
        if said == "BEGIN:VEVENT":
            block, within = [(number, line)], 0
        elif block is None:
            continue
        elif said == "END:VEVENT":
            yield [*block, (number, line)]
            block = None
        elif said.startswith("BEGIN:"):
            within += 1
        elif said.startswith("END:"):
            within -= 1
        elif within == 0:
            block.append((number, line))
    if block is not None:
        yield block


def _event(block: Sequence[tuple[int, str]], zone: str) -> _Read:
    from icalendar import Event as Parsed

    for number, line in block:
        if not _name(line) and number != block[0][0]:
            raise _Refused("", f"is no line of a calendar: {shown(line)}")
    if block[-1][1].upper() != "END:VEVENT":
        raise _Refused("", "begins an event that has no end: is the file whole?")
    for name in ("DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID"):
        if sum(_name(line) == name for _, line in block) > 1:
            raise _Refused(name, "is written twice in one event: write two events")
    if any(_name(line) == "EXRULE" for _, line in block):
        raise _Refused("EXRULE", "is not known here: write EXDATE")
    try:
        parsed: Any = Parsed.from_ical("\r\n".join(line for _, line in block))
    except ValueError as error:
        raise _Refused("", f"is not understood: {_short(error)}") from None
    for name, why in parsed.errors:
        if name in ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"):
            raise _Refused(name, f"is not understood: {_short(why)}")
    begins, whole_days = _moment(parsed, "DTSTART", zone)
    ends = _end(parsed, begins, whole_days, zone)
    if ends <= begins:
        raise _Refused("DTEND" if "DTEND" in parsed else "DURATION", "is not after the beginning")
    again = _again(parsed, begins, ends, whole_days, zone)
    instead = None
    if "RECURRENCE-ID" in parsed:
        instead, _ = _moment(parsed, "RECURRENCE-ID", zone)
        if "RANGE" in parsed["RECURRENCE-ID"].params:
            raise _Refused("RECURRENCE-ID", "changes all that follow (RANGE): write an event of its own for those")
    summary = " ".join(str(parsed.get("SUMMARY", "")).split())[:200]
    event = Event(block[0][0], summary, begins, ends, again)
    return _Read(event, str(parsed.get("UID", "")), instead, str(parsed.get("STATUS", "")).upper() == "CANCELLED")


def _short(error: object) -> str:
    return " ".join(str(error).split())[:120]


def _aware(value: date, params: Any, name: str, zone: str) -> datetime:
    """A moment; of a day its beginning."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=ZoneInfo(zone))
    if value.tzinfo is None:
        if named := params.get("TZID"):
            raise _Refused(name, f"{shown(str(named))} is no time zone known here: write one like Europe/London")
        return value.replace(tzinfo=ZoneInfo(zone))
    if not isinstance(value.tzinfo, ZoneInfo):
        return value.astimezone(UTC)
    return value


def _moment(parsed: Any, name: str, zone: str) -> tuple[datetime, bool]:
    """What a property says, and whether that is a day."""
    found = parsed.get(name)
    value = getattr(found, "dt", None)
    if not isinstance(value, date):
        raise _Refused(name, "is missing: when does it begin?" if found is None else "is neither a day nor a time")
    if not 1980 <= value.year <= 2200:
        raise _Refused(name, "is not within the years 1980 to 2200")
    return _aware(value, found.params, name, zone), not isinstance(value, datetime)


def _end(parsed: Any, begins: datetime, whole_days: bool, zone: str) -> datetime:
    if "DTEND" in parsed:
        return _moment(parsed, "DTEND", zone)[0]
    if "DURATION" in parsed:
        length = parsed["DURATION"].dt
        if not isinstance(length, timedelta) or length > timedelta(3660):
            raise _Refused("DURATION", "is no duration that planned work may have")
        if whole_days:
            return begins + length  # on the clock on the wall
        return _after(begins, length)
    if whole_days:
        return begins + timedelta(1)
    raise _Refused("DTSTART", "begins an event without an end: write DTEND or DURATION")


def _after(begins: datetime, length: timedelta) -> datetime:
    """So much later, whatever clocks do in between."""
    return (begins.astimezone(UTC) + length).astimezone(begins.tzinfo)


def _again(parsed: Any, begins: datetime, ends: datetime, whole_days: bool, zone: str) -> Recurrence | None:
    but = frozenset(
        at if whole_days or isinstance(written, datetime) else at.replace(hour=begins.hour, minute=begins.minute)
        for at, written in _dates(parsed, "EXDATE", zone)  # some write the day only
    )
    also = tuple(each for each in _further(parsed, ends - begins, whole_days, zone) if each[0] not in but)
    if "RRULE" not in parsed:
        return Recurrence("", but, also, whole_days) if also or but else None
    if ends - begins > maintenance.LONGEST:
        raise _Refused("RRULE", f"repeats what lasts longer than {maintenance.LONGEST.days} days")
    said = parsed["RRULE"].to_ical().decode()
    parts = [part for part in said.upper().split(";") if not part.startswith("UNTIL=")]
    parts += [f"UNTIL={_until(until, begins):%Y%m%dT%H%M%S}" for until in parsed["RRULE"].get("UNTIL", ())]
    rule = ";".join(parts)
    if what := maintenance.complaint(rule, begins.replace(tzinfo=None)):
        raise _Refused("RRULE", what)
    return Recurrence(rule, but, also, whole_days)


def _until(until: date, begins: datetime) -> datetime:
    """On the clock of the beginning. Of a day its end."""
    if not isinstance(until, datetime):
        return datetime(until.year, until.month, until.day, 23, 59, 59)
    return (until if until.tzinfo is None else until.astimezone(begins.tzinfo)).replace(tzinfo=None)


def _dates(parsed: Any, name: str, zone: str) -> list[tuple[datetime, Any]]:
    """The moments of EXDATE or RDATE, each with what it was written as."""
    found = parsed.get(name, ())
    lists = found if isinstance(found, list) else [found] if found else []
    made: list[tuple[datetime, Any]] = []
    for each in lists:
        for value in each.dts:
            at = value.dt[0] if isinstance(value.dt, tuple) else value.dt
            if not isinstance(at, date):
                raise _Refused(name, "is neither a day nor a time")
            made.append((_aware(at, each.params, name, zone), value.dt))
    if len(made) > MOST_DATES:
        raise _Refused(name, f"has more than {MOST_DATES:,} dates")
    return made


def _further(parsed: Any, long: timedelta, whole_days: bool, zone: str) -> Iterator[tuple[datetime, datetime]]:
    """RDATE: moments, or periods."""
    for begin, written in _dates(parsed, "RDATE", zone):
        until = written[1] if isinstance(written, tuple) else long
        if not isinstance(until, timedelta):
            end = _aware(until, {}, "RDATE", zone)
        else:
            end = begin + until if whole_days else _after(begin, until)
        if end <= begin or end - begin > maintenance.LONGEST:
            raise _Refused(
                "RDATE", f"is a time that does not end after its beginning, within {maintenance.LONGEST.days} days"
            )
        yield begin, end


def _joined(read: Sequence[_Read]) -> list[Event]:
    """Events with what takes the place of single times of them."""
    whole: dict[str, Event] = {}
    others: list[Event] = []
    for each in read:
        if each.instead is None and not each.cancelled:
            if each.uid and each.uid not in whole:
                whole[each.uid] = each.event
            else:
                others.append(each.event)
    called_off = {each.uid for each in read if each.instead is None and each.cancelled}
    for each in read:
        if each.instead is None or each.uid in called_off:
            continue
        event = whole.get(each.uid)
        if event is None:  # a file may hold the one changed time only
            others += [each.event] if not each.cancelled else []
            continue
        again = event.again or Recurrence()
        moved = () if each.cancelled else ((each.event.begins, each.event.ends),)
        again = replace(again, but=again.but | {each.instead}, also=again.also + moved)
        whole[each.uid] = replace(event, again=again)
    return sorted([*whole.values(), *others], key=lambda event: event.line)
