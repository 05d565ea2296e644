"""YAML as text: one strict document of mappings, lists and scalars, every scalar exactly as written.

YAML guesses types and lets files refer to themselves; a configuration that decides what is sent to clinical equipment
must not depend on either (RELIABILITY E2). So nothing is guessed here: `no`, `0123`, `22:30` and `1.10` are text until
a model says what they are. What has no plain meaning is refused with its line: duplicate keys, anchors, aliases, merge
keys, tags, keys that are no plain text, several documents, control characters, anything but UTF-8, and files too large
or too deep. A byte order mark at the start is accepted and dropped. What is refused but leaves no doubt about the rest
of the file is passed over, so that a person reads of every mistake at once.

The document is read from libyaml's events. PyYAML's composer recurses in C: a file of a million brackets ends the
process, not the load.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml  # noqa: TID251 (HOUSE 1: the one place)

from collector.config.problems import ConfigError, Problem

MAX_BYTES: Final = 10_000_000
MAX_DEPTH: Final = 20
MAX_VALUES: Final = 300_000
"""Values in one file; the largest known configuration, snmp_exporter's stock file, has 75,000. Keeps a hostile file
of 10 MB under a second (RELIABILITY E2)."""

MOST_PROBLEMS: Final = 100
"""Told of one file; it is hardly a configuration then."""

Step = str | int
Data = dict[str, Any] | list[Any] | str | None

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """One file. `data` is made of dict, list, str, and None where nothing was written after a key or a dash."""

    path: Path
    data: Data
    text: str = field(repr=False)

    def line(self, where: Sequence[Step]) -> int:
        """The line of a value, counted from 1; of its nearest parent where there is no such value."""
        tree = self._lines
        for step in where:
            below = tree[1].get(step)
            if below is None:
                break
            tree = below
        return tree[0]

    def problem(self, where: Sequence[Step], what: str) -> Problem:
        return Problem(self.path, self.line(where), self.name(where), what)

    def name(self, where: Sequence[Step]) -> str:
        """`devices[sw-1].interval`: an entry of a list goes by its name or id where it has one, else by its number from
        0."""
        words: list[str] = []
        data: Any = self.data
        for step in where:
            data = _child(data, step)
            if isinstance(step, int):
                name = data.get("id" if "id" in data else "name") if isinstance(data, dict) else None
                words.append(f"[{name if isinstance(name, str) and name.isprintable() else step}]")
            else:
                words.append(f".{step}" if words else step)
        return "".join(words)

    @cached_property
    def _lines(self) -> _Lines:
        """Line numbers in the shape of the data. Only problems ask for them, so only then are they made."""
        return _positions(self.text)


_Lines = tuple[int, dict[Step, Any]]


def read(path: Path, passed: list[Problem] | None = None) -> Document:
    """Read a file. Raises ConfigError, also where the file is missing or may not be read.

    Mistakes that leave no doubt about the rest are added to `passed`, and the document is what remains: of a key that
    is written twice the first, of an anchor, a tag or an escaped control character the value without it, of an alias
    nothing. Without `passed` they are raised with the others.
    """
    return understood(path, read_text(path), passed)


def read_text(path: Path) -> str:
    """A file's text, in which nothing stands that may not stand in a configuration. Raises ConfigError."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError([Problem(path, 0, "", f"cannot be read: {error.strerror}")]) from None
    return _decode(path, raw)


def parse(path: Path, raw: bytes) -> Document:
    """A document from a file's bytes; `path` is for messages. Raises ConfigError."""
    return understood(path, _decode(path, raw))


def understood(path: Path, text: str, passed: list[Problem] | None = None) -> Document:
    """A document from what `read_text` gave, as `read` has it. Raises ConfigError."""
    found: list[Problem] = []
    try:
        document = Document(path, _build(path, _LOADER(text), found), text)
    except yaml.YAMLError as error:
        raise ConfigError([*found, _syntax(path, text, error)]) from None
    except ConfigError as error:
        raise ConfigError([*found, *error.problems]) from None
    if passed is not None:
        passed += found
    elif found:
        raise ConfigError(found)
    return document


def _decode(path: Path, raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise ConfigError([Problem(path, 0, "", f"is larger than {MAX_BYTES // 1_000_000} MB: split it")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem(path, line, "", "is not UTF-8: save the file as UTF-8")]) from None
    if bad := _CONTROL.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        what = f"holds a control character (U+{ord(bad.group()):04X}): remove it"
        raise ConfigError([Problem(path, line, "", what)])
    return text


def _syntax(path: Path, text: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    lines = text.rstrip().split("\n")
    line = min(mark.line + 1, len(lines)) if mark else 0
    what = getattr(error, "problem", None) or "cannot be understood"
    if 0 < line <= len(lines) and "\t" in lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]:
        what = "a tab at the beginning of the line: indent with spaces"
    return Problem(path, line, "", f"is not valid YAML: {what}")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _refuse(path: Path, event: Any, where: str, what: str) -> NoReturn:
    raise ConfigError([Problem(path, _line(event), where, what)])


def _pass_over(path: Path, event: Any, where: str, what: str, found: list[Problem]) -> None:
    found.append(Problem(path, _line(event), where.removeprefix(_AGAIN), what))
    if len(found) >= MOST_PROBLEMS:
        raise ConfigError([])


_AGAIN: Final = "\0"
"""Begins a key that is written again, until its value is dropped. No text has such a character."""


def _build(path: Path, loader: Any, found: list[Problem]) -> Data:
    """Hot for large files: 64,000 lines in a quarter of a second. What is passed over goes to `found`."""
    scalar, alias = yaml.ScalarEvent, yaml.AliasEvent
    mapping, sequence = yaml.MappingStartEvent, yaml.SequenceStartEvent
    ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
    next_event = loader.get_event
    root: list[Data] = []
    into: Any = root
    key: str | None = None
    stack: list[tuple[Any, str | None]] = []
    again: list[tuple[dict[str, Any], str]] = []
    values = 0
    while (event := next_event()) is not None:
        kind = event.__class__
        value: Any
        if kind is scalar:
            value = event.value
            if event.anchor is not None or event.tag is not None:
                _pass_over_reference(path, event, found)
            if not value:
                value = "" if event.style else None
            elif not value.isprintable() and _CONTROL.search(value):
                _pass_over(path, event, key or "", "holds an escaped control character: remove it", found)
                value = _CONTROL.sub("", value)
            if key is None and into.__class__ is dict:
                if value is None:
                    _refuse(path, event, "", "a key is missing before ':'")
                if value == "<<" and not event.style:
                    _pass_over(path, event, "<<", "merge keys are not allowed: write the keys out", found)
                    value = f"{_AGAIN}{value}"
                    again.append((into, value))
                elif value in into:
                    _pass_over(path, event, value, "is written twice here: keep one of them", found)
                    value = f"{_AGAIN}{value}"
                    again.append((into, value))
                key = value
                continue
        elif kind is mapping or kind is sequence:
            if event.anchor is not None or event.tag is not None:
                _pass_over_reference(path, event, found)
            if key is None and into.__class__ is dict:
                _refuse(path, event, "", "a key must be text, not a mapping or a list")
            if len(stack) >= MAX_DEPTH:
                _refuse(path, event, (key or "").removeprefix(_AGAIN), f"is nested more than {MAX_DEPTH} deep")
            value = {} if kind is mapping else []
        elif kind in ends:
            into, key = stack.pop()
            if into.__class__ is dict:
                key = None
            continue
        elif kind is alias:
            what = f"the alias *{event.anchor[:40]} is not allowed: write the value out"
            if key is None and into.__class__ is dict:
                _refuse(path, event, "", what)
            _pass_over(path, event, key or "", what, found)
            value = None
        elif kind is yaml.DocumentStartEvent:
            if root:
                _refuse(path, event, "", "a second document begins here: one file holds one document")
            continue
        else:
            continue
        values += 1
        if values > MAX_VALUES:
            _refuse(path, event, "", f"holds more than {MAX_VALUES} values: split the file")
        if into.__class__ is dict:
            into[key] = value
        else:
            into.append(value)
        if kind is scalar or kind is alias:
            key = None
        else:
            stack.append((into, key))
            into, key = value, None
    for mapping_of, twice in again:
        mapping_of.pop(twice, None)
    return root[0] if root else None


def _pass_over_reference(path: Path, event: Any, found: list[Problem]) -> None:
    if event.anchor is not None:
        what = f"the anchor &{event.anchor[:40]} is not allowed: write the value out where it is needed"
    else:
        what = f"the tag {event.tag[:40]} is not allowed: every value is text and typed by its key"
    _pass_over(path, event, "", what, found)


def _positions(text: str) -> _Lines:
    """`(line, {step: (line, ...)})` of a text that `_build` has accepted. Of a key that is written twice: the first."""
    root: _Lines = (1, {})
    if not text:
        return root
    loader = _LOADER(text)
    stack: list[tuple[_Lines, bool]] = []
    here, listed = root, False
    key: tuple[str, int] | None = None
    while (event := loader.get_event()) is not None:
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            here, listed = stack.pop()
            key = None
        elif isinstance(event, yaml.ScalarEvent) and stack and not listed and key is None:
            key = (event.value, _line(event))
        elif isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent, yaml.CollectionStartEvent)):
            step: Step
            if key is not None:
                step, line = key
            else:
                step, line = len(here[1]), _line(event)
            node: _Lines = (line, {})
            if stack:
                here[1].setdefault(step, node)
            else:
                node = root = (line, {})
            if isinstance(event, yaml.CollectionStartEvent):
                stack.append((here, listed))
                here, listed = node, isinstance(event, yaml.SequenceStartEvent)
            key = None
    return root


def _child(data: Any, step: Step) -> Any:
    if isinstance(data, dict):
        return data.get(str(step))
    if isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data):
        return data[step]
    return None
