"""The pages' templates and their style sheet, and how they say times and durations."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template


def duration(seconds: float | None) -> str:
    """`0.42 s`, `12 s`, `3 min`, `5 h`, `2 d`; a dash for None."""
    if seconds is None:
        return "–"
    seconds = max(seconds, 0.0)
    if seconds < 10:
        return f"{seconds:.2f} s"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def rough(seconds: float) -> str:
    """A duration in words: `14 minutes`, `1 hour`, `3 days`; `less than a minute`."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if (count := int(seconds // size)) >= (2 if size > 60 else 1):
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return "less than a minute"


def clock(at: float, now: float) -> str:
    """A moment by this machine's zone, with the day where that is another: `12:03`, `27 Nov 12:03`."""
    moment, today = _local(at), _local(now)
    return moment.strftime("%H:%M") if moment.date() == today.date() else f"{moment.day} {moment:%b %H:%M}"


def percent(share: float) -> str:
    """`98.4 %`; never rounded up to all of it, nor down to nothing."""
    words = f"{share * 100:.1f}".removesuffix(".0")
    if words == "100" and share < 1:
        words = "99.9"
    if words in ("0", "-0"):
        words = "0" if share <= 0 else "0.1"
    return f"{words} %"


def minutes(left: float) -> str:
    """What is left of a budget: `42 min`, `3.5 h`, `-12 min`."""
    return f"{left / 60:.1f} h" if abs(left) >= 120 else f"{left:.0f} min"


def zone(at: float) -> str:
    return _local(at).strftime("%Z")


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone()


@cache
def template(name: str) -> Template:
    # Imported at the first page: start-up is measured, and Prometheus never comes here.
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(duration=duration, percent=percent, minutes=minutes)
    return environment.from_string(text(name))


@cache
def text(name: str) -> str:
    """A file beside this one."""
    return files("exporters.page").joinpath(name).read_text("utf-8")
