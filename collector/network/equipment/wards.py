"""Which ward a port serves, as the inventory writes it: names, ranges of the last number, and `*`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

_RANGE = re.compile(r"(.*\D)?(\d{1,6})-(\d{1,6})")
_NUMBERED = re.compile(r"(.*\D)?(\d{1,6})")


def check(pattern: str) -> None:
    """Raises ValueError for a pattern that no port can match."""
    bounds = _RANGE.fullmatch(pattern)
    if bounds and int(bounds[2]) > int(bounds[3]):
        raise ValueError(f"the range {bounds[2]}-{bounds[3]} goes down: write the lower number first")
    if "[" in pattern or "]" in pattern:
        raise ValueError("'[' has no meaning here: write a port's name, a range like Gi1/0/1-24, or use '*'")


def matches(pattern: str, port: str) -> bool:
    """`Gi1/0/5` is that port, `Gi1/0/1-24` those with such a last number, `Gi1/*` all that begin so."""
    if pattern == port:
        return True
    bounds, name = _RANGE.fullmatch(pattern), _NUMBERED.fullmatch(port)
    if bounds and name:
        return bounds[1] == name[1] and int(bounds[2]) <= int(name[2]) <= int(bounds[3])
    return "*" in pattern and fnmatchcase(port, pattern)


def ward(patterns: Sequence[tuple[str, str]], default: str, port: str) -> str:
    """The ward of a port: that of the first pattern that matches, else the switch's own. Empty: nobody has said."""
    return next((place for pattern, place in patterns if matches(pattern, port)), default)
