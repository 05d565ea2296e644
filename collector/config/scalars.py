"""What text may mean: numbers, durations, words. Types for the models; each refusal says what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

NAME_PATTERN: Final = r"[A-Za-z0-9_.:-]+"
"""Names of devices, modules, auths and kinds: safe in a label, a URL, a rule and a file name (RELIABILITY part 3)."""
NAME_LENGTH: Final = 128
NOT_A_NAME: Final = f"is not a name: use at most {NAME_LENGTH} letters, digits, '_', '.', ':' and '-'"

TEMPLATES: Final = ("{{", "}}", "${", "[[")
"""How templates begin and end where rules, alerts and dashboards are read (RELIABILITY E5)."""

_UNITS: Final = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_NAME = re.compile(NAME_PATTERN)
_DURATION = re.compile("".join(rf"(?:([0-9]+(?:\.[0-9]+)?){unit})?" for unit in _UNITS))
DURATION_PATTERN: Final = f"^(?=.){_DURATION.pattern}$"
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_FLAGS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def shown(text: str) -> str:
    """A value as a message quotes it: on one line, cut where it is long."""
    text = text if text.isprintable() else ascii(text)[1:-1]
    return f"'{text[:60]}...'" if len(text) > 60 else f"'{text}'"


def alternatives(words: Iterable[str], joint: str = "or") -> str:
    """`a, b or c`."""
    *first, last = list(words)
    return f"{', '.join(first)} {joint} {last}" if first else last


def suggestion(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?`, or nothing where no known word is near."""
    near = get_close_matches(word, list(known), 1)
    return f" Did you mean '{near[0]}'?" if near else ""


def seconds(text: str) -> float:
    """`1m30s`, `500ms`, `2d` in seconds. Raises ValueError."""
    match = _DURATION.fullmatch(text)
    if not match or not text:
        if _NUMBER.fullmatch(text):
            raise ValueError(f"{shown(text)} has no unit: write it like 30s, 1m30s, 500ms, 1h or 2d")
        raise ValueError(f"{shown(text)} is not a duration: write it like 30s, 1m30s, 500ms, 1h or 2d")
    total = sum(float(number) * unit for number, unit in zip(match.groups(), _UNITS.values(), strict=True) if number)
    return round(total, 6)


def duration(value: float) -> str:
    """Seconds as they are written: 90.0 is `1m30s`."""
    rest, words = round(value * 1000), []
    for name, unit in _UNITS.items():
        count, rest = divmod(rest, round(unit * 1000))
        if count:
            words.append(f"{count}{name}")
    return "".join(words) or "0s"


def _seconds(value: Any) -> Any:
    return seconds(value) if isinstance(value, str) else value


def _whole(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _WHOLE.fullmatch(value):
        raise ValueError(f"{shown(value)} is not a whole number: write digits only, without a leading zero")
    return int(value)


def number(text: str) -> float:
    """Raises ValueError."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{shown(text)} is not a number")
    return float(text)


def amount(value: float, unit: str) -> str:
    """A KPI's value as it is written: of unit ratio in percent, of seconds as a duration."""
    if unit == "ratio":
        return f"{round(value * 100, 10):.8g}%"
    return duration(value) if unit == "seconds" and value >= 0 else f"{value:.10g}"


def _number(value: Any) -> Any:
    return number(value) if isinstance(value, str) else value


def _flag(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    flag = _FLAGS.get(value.lower())
    if flag is None:
        raise ValueError(f"{shown(value)} is neither true nor false")
    return flag


def is_name(text: str) -> bool:
    return len(text) <= NAME_LENGTH and _NAME.fullmatch(text) is not None


def _name(value: Any) -> Any:
    if isinstance(value, str) and not is_name(value):
        raise ValueError(f"{shown(value)} {NOT_A_NAME}")
    return value


def _line(value: Any) -> Any:
    if isinstance(value, str) and (len(value) > 256 or not value.isprintable()):
        raise ValueError("must be one line of at most 256 printable characters")
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, str) and (found := next((each for each in TEMPLATES if each in value), None)):
        raise ValueError(f"holds '{found}', which Prometheus or Grafana would take for a template: leave it out")
    return value


def _written(value: Any) -> Any:
    if value is None:
        raise ValueError("nothing is written here")
    return value


def _filled(value: Any) -> Any:
    if value == "":
        raise ValueError("must not be empty")
    return value


def _words(value: Any) -> Any:
    return [] if value is None else value


def _entries(value: Any) -> Any:
    return {} if value is None else value


Duration = Annotated[
    float,
    BeforeValidator(_seconds),
    Field(gt=0, le=31 * 86_400),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["30s", "1m30s", "500ms"]}),
]
"""Seconds, above 0 and at most 31 days."""
Age = Annotated[
    float,
    BeforeValidator(_seconds),
    Field(ge=0, le=31 * 86_400),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["15m", "0s"]}),
]
"""Seconds, 0 included, and at most 31 days."""
Whole = Annotated[int, BeforeValidator(_whole)]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=1)]
Port = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=65_535)]
Number = Annotated[float, BeforeValidator(_number)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Name = Annotated[str, BeforeValidator(_name), Field(json_schema_extra={"pattern": f"^{NAME_PATTERN}$"})]
Line = Annotated[str, BeforeValidator(_line)]
"""One line of printable text."""
Filled = Annotated[Line, BeforeValidator(_filled)]
"""The same, and not empty."""
Plain = Annotated[Filled, BeforeValidator(_plain)]
"""The same, and safe where templates are: it goes into rules and dashboards."""
Written = BeforeValidator(_written)
"""Marks a key that may be left out, but not left empty."""
Listed = BeforeValidator(_words)
"""Marks a list that may be written with nothing under its key."""
Keyed = BeforeValidator(_entries)
"""Marks a mapping that may be written with nothing under its key."""
