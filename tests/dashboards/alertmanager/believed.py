"""What Alertmanager does with its configuration, told by its documentation and not by the maker's code: which routes an
alert takes, and whether a time is in an interval."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

MATCHER = re.compile(r'(\w+)(=~|!=|=)"(.*)"')
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
]  # fmt: skip
INHERITED = ("receiver", "group_by", "group_wait", "group_interval", "repeat_interval")


def holds(matcher: str, labels: Mapping[str, str]) -> bool:
    """A label that is missing is empty."""
    found = MATCHER.fullmatch(matcher)
    assert found is not None, matcher
    name, sign, value = found.groups()
    has = labels.get(name, "")
    return {"=": has == value, "!=": has != value, "=~": re.fullmatch(value, has) is not None}[sign]


def taken(route: Mapping[str, Any], labels: Mapping[str, str], above: Mapping[str, Any] | None = None) -> list[Any]:
    """The routes at whose ends an alert arrives, with what they inherit. Times are not inherited."""
    inherited = {key: each for key, each in (above or {}).items() if key in INHERITED}
    here = {**inherited, **{key: each for key, each in route.items() if key != "routes"}}
    if not all(holds(matcher, labels) for matcher in route.get("matchers", ())):
        return []
    found: list[Any] = []
    for below in route.get("routes", ()):
        if more := taken(below, labels, here):
            found += more
            if not below.get("continue", False):
                break
    return found or [here]


def told(config: Mapping[str, Any], labels: Mapping[str, str], at: float) -> list[str]:
    """Who is told of an alert at a moment."""
    times = {each["name"]: each["time_intervals"] for each in config.get("time_intervals", ())}
    found = []
    for route in taken(config["route"], labels):
        active, muted = route.get("active_time_intervals", ()), route.get("mute_time_intervals", ())
        if active and not any(within(times[name], at) for name in active):
            continue
        if not any(within(times[name], at) for name in muted):
            found.append(route["receiver"])
    return found


def within(intervals: Sequence[Mapping[str, Any]], at: float) -> bool:
    return any(_within(each, at) for each in intervals)


def _within(interval: Mapping[str, Any], at: float) -> bool:
    """Every field that is there must hold; each holds when one of its ranges does."""
    there = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(interval["location"]))
    minute = there.hour * 60 + there.minute
    fields = {
        "years": there.year,
        "months": there.month,
        "days_of_month": there.day,
        "weekdays": there.weekday(),
    }
    assert interval.keys() <= {*fields, "times", "location"}
    for key, value in fields.items():
        if key in interval and not any(first <= value <= last for first, last in _ranges(interval[key])):
            return False
    times = [(_minutes(each["start_time"]), _minutes(each["end_time"])) for each in interval.get("times", ())]
    return not times or any(first <= minute < last for first, last in times)


def _ranges(written: Sequence[str]) -> Iterator[tuple[int, int]]:
    for each in written:
        first, _, last = each.partition(":")
        yield _number(first), _number(last or first)


def _number(word: str) -> int:
    if word in WEEKDAYS:
        return WEEKDAYS.index(word)
    return MONTHS.index(word) + 1 if word in MONTHS else int(word)


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
