"""PromQL in a configuration: whether it parses, and whether it gives what it is needed for.

Its parser is imported when the first expression is read: a start without one must not wait for it.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from collector.config.scalars import number, shown
from collector.kpis import PERIOD

WINDOW: Final = "{{.window}}"
"""Stands for the range of a query, as in Sloth's files."""

LONGEST: Final = 4_096
"""Characters. The parser recurses: ten times as many brackets end the process, not the load."""

_WINDOW = re.compile(r"\{\{\s*\.window\s*\}\}")
_PERIOD = re.compile(r"\{\{\s*\.period\s*\}\}")
_STRING = re.compile(r"""\"(\\.|[^\"\\])*\"|'(\\.|[^'\\])*'|`[^`]*`""")
_COMMENT = re.compile("#.*")
_OR = re.compile(r"\{[^{}]*[^{},\s]\s*\bor\b", re.IGNORECASE)
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_SUFFIXES = ("_bucket", "_count", "_sum")


def quoted(text: str) -> str:
    """A label's value as PromQL writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _parsed(text: str) -> Any:
    """The tree of an expression. Raises ValueError."""
    import promql_parser

    try:
        return promql_parser.parse(text)
    except BaseException as error:
        panic = type(error).__name__ == "PanicException"  # of Rust's: no Exception, so it would end the program
        if not panic and not isinstance(error, OverflowError):
            raise
        raise ValueError("too much for its parser; is a number too large?") from None


def _instant(text: str) -> str:
    """One expression that gives a vector. It may be put into brackets, or into a larger one. Raises ValueError."""
    if not text.strip():
        raise ValueError("must not be empty")
    if len(text) > LONGEST:
        raise ValueError(f"has {len(text)} characters: at most {LONGEST}; record a part of it under a name")
    try:
        _parsed(text)
    except ValueError as error:
        raise ValueError(f"is no PromQL: {_first(error)}") from None
    if _dialect(text):
        raise ValueError("is no PromQL: Prometheus knows no 'or' between matchers")
    try:
        _parsed(f"sum({text})")
    except ValueError as error:
        got = re.search(r"got (\w+)", str(error))
        if got is None:
            raise ValueError("ends in a comment: leave that out, or put it on a line of its own") from None
        what = {"matrix": "a range: put it into rate() or the like", "scalar": "a number: put it into vector()"}
        raise ValueError(f"gives {what.get(got[1], 'text')}. One value for each series is needed") from None
    return text.strip()


def _dialect(text: str) -> bool:
    """Whether it has what the parser knows from another database. Looked for in the text: walking a deep tree takes
    minutes and gigabytes."""
    return _OR.search(_COMMENT.sub("", _STRING.sub("''", text))) is not None


def _expression(text: str) -> str:
    if "{{" in text:
        raise ValueError(f"holds '{{{{': nothing is filled in here; {WINDOW} is for errors, total and ratio")
    return _instant(text)


def _query(text: str) -> str:
    text = _WINDOW.sub(WINDOW, text)
    if WINDOW not in text:
        raise ValueError(f"has no {WINDOW}: write it for the range, as in rate(name[{WINDOW}])")
    tried = text.replace(WINDOW, "5m")
    if "{{" in tried:
        raise ValueError(f"holds '{{{{' that does not begin {WINDOW}: nothing else is filled in")
    _instant(tried)
    return text.strip()


def _formula(text: str) -> str:
    text = _PERIOD.sub(PERIOD, text)
    tried = text.replace(PERIOD, "30d")
    if "{{" in tried:
        raise ValueError(f"holds '{{{{' that does not begin {PERIOD}: nothing else is filled in")
    _instant(tried)
    return text.strip()


def quantity(text: str) -> str:
    """PromQL for a number above 0, or for what an expression gives. Raises ValueError."""
    try:
        amount = number(text)
    except ValueError:
        return _expression(text)
    if not 0 < amount < math.inf:
        raise ValueError(f"{shown(text)} is no quantity: write a number above 0, or PromQL")
    return f"vector({amount!r})"


def _selector(text: str) -> str:
    import promql_parser

    wrong = 'is no list of matchers: write it like instance="pacs-1",module="dicom"'
    if len(text) > LONGEST or "{{" in text:
        raise ValueError(wrong)
    try:
        tree = _parsed(f"x{{{text}}}")
    except ValueError as error:
        raise ValueError(f"{wrong}. {_first(error)}") from None
    if not isinstance(tree, promql_parser.VectorSelector) or tree.offset is not None or tree.at is not None:
        raise ValueError(wrong)
    if _dialect(f"x{{{text}}}") or "#" in _STRING.sub("", text):
        raise ValueError(wrong)
    if any(each.name == "le" for each in tree.matchers.matchers):
        raise ValueError("says le, which is what 'below' is for")
    return text.strip().rstrip(", ")


def _histogram(text: str) -> str:
    if not _METRIC.fullmatch(text):
        raise ValueError(f"{shown(text)} is no name of a metric")
    if ending := next((each for each in _SUFFIXES if text.endswith(each)), None):
        raise ValueError(f"{shown(text)} ends in '{ending}': write {text.removesuffix(ending)}")
    return text


def _first(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


Expression = Annotated[str, AfterValidator(_expression)]
"""PromQL that gives a vector."""
Query = Annotated[str, AfterValidator(_query), Field(json_schema_extra={"pattern": r"\{\{\s*\.window\s*\}\}"})]
"""The same, of a range `{{.window}}`."""
Formula = Annotated[str, AfterValidator(_formula)]
"""PromQL that gives a vector, in which `{{.period}}` may stand."""
Selector = Annotated[str, AfterValidator(_selector)]
"""What stands between the braces of a selector."""
Histogram = Annotated[str, AfterValidator(_histogram)]
"""Name of a histogram, without its `_bucket`."""
