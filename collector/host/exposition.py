"""Reads the text exposition format 0.0.4, strictly: what one program wrote into a file for another to expose.

prometheus-client's parser would rename counters that lack `_total` (CONTRACTS T1); a file's names are kept here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast, get_args

from collector.errors import Malformed
from collector.model import Kind

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
# No possessive quantifiers, for the reason that `wire.snmp.ber` gives: what follows a repetition is no part of it.
_LABEL = r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"([^"\\]*(?:\\.[^"\\]*)*)"[ \t]*'
_LABELS = re.sub(r"(?<!\\)\((?!\?)", "(?:", _LABEL)
_PAIR = re.compile(_LABEL)
_SAMPLE = re.compile(
    rf"({_NAME})(?:[ \t]*(\{{(?:{_LABELS}(?:,{_LABELS})*,?)?[ \t]*\}})[ \t]*|[ \t]+)([^ \t]+)(?:[ \t]+(-?\d+))?[ \t]*"
)
_COMMENT = re.compile(rf"#[ \t]*(HELP|TYPE)[ \t]+({_NAME})(?:[ \t]+(.*))?")
_VALUE = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|inf|infinity|nan)", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)

_KINDS: tuple[str, ...] = get_args(Kind)
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}

Labels = tuple[tuple[str, str], ...]
"""Names and values, sorted by name."""


@dataclass(slots=True)
class Foreign:
    """A family as a file has it. `help` is None where the file says nothing; `samples` are name, labels, value."""

    name: str
    kind: Kind = "untyped"
    help: str | None = None
    samples: list[tuple[str, Labels, float]] = field(default_factory=list)


def parse(content: bytes) -> Sequence[Foreign]:
    """Families that have samples, in the file's order. Malformed names the first line that is wrong.

    A line with a timestamp is wrong too: node_exporter rejects such a file whole, because what it says about a past
    moment would be served as if it were about now.
    """
    try:
        lines = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise Malformed(f"byte {error.start}: not UTF-8") from None
    families: dict[str, Foreign] = {}
    owners: dict[str, Foreign] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip(" \t")
        if text.startswith("#"):
            comment = _COMMENT.fullmatch(text)
            if comment is not None:
                _declare(number, comment, families, owners)
        elif text:
            sample = _SAMPLE.fullmatch(text)
            if sample is None or not _VALUE.fullmatch(sample[3]):
                raise Malformed(f"line {number}: not a sample")
            if sample[4] is not None:
                raise Malformed(f"line {number}: has a timestamp")
            name = sample[1]
            owner = owners.get(name) or owners.setdefault(name, families.setdefault(name, Foreign(name)))
            owner.samples.append((name, _labels(number, sample[2] or ""), float(sample[3])))
    return [family for family in families.values() if family.samples]


def _declare(number: int, comment: re.Match[str], families: dict[str, Foreign], owners: dict[str, Foreign]) -> None:
    word, name, text = comment[1], comment[2], comment[3] or ""
    family = families.setdefault(name, Foreign(name))
    if word == "HELP":
        if family.help is not None:
            raise Malformed(f"line {number}: a second HELP for {name}")
        family.help = _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text)
        return
    kind = text.lower()  # Prometheus' own parser does not mind the case either
    if kind not in _KINDS:
        raise Malformed(f"line {number}: no such type")
    if family.samples or name in owners:
        raise Malformed(f"line {number}: TYPE of {name} comes twice or after its samples")
    family.kind = cast(Kind, kind)
    for suffix in ("", *_SUFFIXES.get(kind, ())):
        owners.setdefault(name + suffix, family)


def _labels(number: int, text: str) -> Labels:
    labels: dict[str, str] = {}
    for name, value in _PAIR.findall(text):
        if name in labels:
            raise Malformed(f"line {number}: label {name} twice")
        labels[name] = _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], value)
    return tuple(sorted(labels.items()))
