"""Text that is safe to put into PromQL: quoted values, patterns, and expressions that stand by themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

import promql_parser

_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")


class BadExpression(Exception):
    """An expression that is no PromQL by itself; the message says whose, and why."""


def quoted(text: str) -> str:
    """A PromQL string: its escapes are Go's, and JSON's are among them."""
    return json.dumps(text, ensure_ascii=False)


def pattern(values: Iterable[str]) -> str:
    """A matcher's quoted pattern for any of these values, literally."""
    return quoted("|".join(_SPECIAL.sub(r"\\\g<0>", value) for value in values))


def enclosed(expression: str, whose: str) -> str:
    """`(expression)` over lines of its own, so that a comment at its end ends with it.

    Raises BadExpression where the text isn't one whole expression: `up) or (up` must not close our parenthesis.
    """
    # A comment ends at either in Prometheus, and must not hide from our parser what follows it.
    text = expression.replace("\r", "\n").strip()
    try:
        promql_parser.parse(text)
    except ValueError as error:
        raise BadExpression(f"{whose}: {error}") from None
    return f"(\n{indented(text)}\n)"


def indented(text: str) -> str:
    """Two columns to the right; not where lines may be within a raw string."""
    return text if "`" in text else "\n".join(f"  {line}" for line in text.split("\n"))


def labelled(expression: str, label: str, value: str) -> str:
    """The expression's series with this label."""
    # In a replacement `$1` is a group: none of ours have one.
    return f'label_replace({expression}, {quoted(label)}, {quoted(value.replace("$", "$$"))}, "", "")'


def union(parts: Iterable[str], by: str = "") -> str:
    """All of these; `by`: of a later one only where no earlier one has these labels."""
    return f"\nor{f' on ({by})' if by else ''} ".join(parts)
