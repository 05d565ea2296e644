"""Expressions and templates as `snmp.yml` writes them: Go's RE2 syntax, read by Python's `re` (CONTRACTS 14 T3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from collector.wire.snmp.module import RegexExtract

_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\t\n\v\f\r ",
    "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip

_FLAGS = re.compile(r"\(\?([imsU]+)\)")
_POSIX = re.compile(r"\[:(\^?)(\w+):\]")
_TEMPLATE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
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
        result = _TEMPLATE.sub(lambda found: _part(match, found), self.template)
        if not _FLOAT.fullmatch(result):
            return None
        value = float(result)
        return (value * self.scale if self.scale else value) + self.offset


def _part(match: re.Match[str], found: re.Match[str]) -> str:
    if found[1]:
        return "$"
    name = found[2] or found[3]
    try:
        return match[int(name) if name.isdecimal() else name] or ""
    except IndexError:
        return ""  # Go expands what is not there to nothing


def extract(each: RegexExtract) -> Extract:
    """Compiled. ValueError names an expression that can't be read."""
    return Extract(pattern(each.regex), each.value, each.scale, each.offset)


def pattern(text: str) -> re.Pattern[str]:
    """An RE2 expression. ValueError where it can't be read."""
    try:
        return re.compile(_translated(text), re.ASCII)
    except re.error as error:
        raise ValueError(f"regular expression {text!r}: {error}") from error


def _translated(text: str) -> str:
    """RE2 to `re`: flags reach to the end of their group, `$` and `\\z` mean the very end; quotes, named classes."""
    parts: list[str] = []
    closing = [""]
    inside = False
    at = 0
    while at < len(text):
        flags = None if inside else _FLAGS.match(text, at)
        posix = _POSIX.match(text, at) if inside else None
        if flags:
            parts.append(f"(?{flags[1].replace('U', '')}:" if flags[1] != "U" else "(?:")
            closing[-1] += ")"
            at = flags.end()
        elif posix:
            if posix[1] or posix[2] not in _CLASSES:
                raise ValueError(f"regular expression {text!r}: class {posix[0]} is not known")
            parts.append(_CLASSES[posix[2]])
            at = posix.end()
        elif text.startswith("\\Q", at):
            end = text.find("\\E", at)
            stop = end if end >= 0 else len(text)
            parts.append(re.escape(text[at + 2 : stop]))
            at = stop + 2
        elif text[at] == "\\":
            parts.append("\\Z" if text[at : at + 2] == "\\z" else text[at : at + 2])
            at += 2
        else:
            char = text[at]
            at += 1
            if inside:
                inside = char != "]"
            elif char == "[":
                inside = True
                for lead in ("^", "]"):
                    if text.startswith(lead, at):
                        char += lead if lead == "^" else "\\]"
                        at += 1
            elif char == "(":
                closing.append("")
            elif char == ")" and len(closing) > 1:
                char = closing.pop() + char
            elif char == "$":
                char = "\\Z"
            parts.append(char)
    return "".join(parts) + "".join(reversed(closing))
