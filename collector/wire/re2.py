"""Expressions and templates in Go's RE2 syntax, read by Python's `re` (CONTRACTS 14 T3)."""

from __future__ import annotations

import re

from collector.wire.unicode import CLASS, members

_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\t\n\v\f\r ",
    "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip

_FLAGS = re.compile(r"\(\?([imsU]+)\)")
_POSIX = re.compile(r"\[:(\^?)(\w+):\]")
_REPEATS = ("*", "+", "?", "{")
_TEMPLATE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


def expand(match: re.Match[str], template: str) -> str:
    """`template` with `$1`, `${1}` and `${name}` replaced by what the expression found, as Go's `Expand` has it."""
    return _TEMPLATE.sub(lambda found: _part(match, found), template)


def _part(match: re.Match[str], found: re.Match[str]) -> str:
    if found[1]:
        return "$"
    name = found[2] or found[3]
    try:
        return match[int(name) if name.isdecimal() else name] or ""
    except IndexError:
        return ""  # Go expands what is not there to nothing


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
        elif named := CLASS.match(text, at):
            try:
                found = members(named)
            except ValueError as error:
                raise ValueError(f"regular expression {text!r}: {error}") from None
            parts.append(found if inside else f"[{found}]")
            at = named.end()
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
            if not inside and char in ("^", "\\Z") and text[at : at + 1] in _REPEATS:
                char = f"(?:{char})"  # RE2 lets an assertion be repeated: blackbox_exporter's own file has `^+OK`
            parts.append(char)
    return "".join(parts) + "".join(reversed(closing))
