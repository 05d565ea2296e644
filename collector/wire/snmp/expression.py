"""Expressions and templates as `snmp.yml` writes them: Go's RE2 syntax, read by Python's `re` (CONTRACTS 14 T3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from collector.wire.re2 import expand, pattern
from collector.wire.snmp.module import RegexExtract

_FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf|infinity|nan)", re.IGNORECASE | re.ASCII)

LONGEST = 4096
"""Characters of a value that are matched: Python's engine can take long where RE2 can't."""


@dataclass(frozen=True, slots=True)
class Extract:
    """One way to get a number out of a text."""

    regex: re.Pattern[str]
    template: str
    scale: float
    offset: float

    def number(self, text: str) -> float | None:
        """The number in `text`; None where the expression or its result does not fit."""
        match = self.regex.fullmatch(text[:LONGEST])
        if match is None:
            return None
        result = expand(match, self.template)
        if not _FLOAT.fullmatch(result):
            return None
        value = float(result)
        return (value * self.scale if self.scale else value) + self.offset


def extract(each: RegexExtract) -> Extract:
    """Compiled. ValueError names an expression that can't be read."""
    return Extract(pattern(each.regex), each.value, each.scale, each.offset)
