"""Large files of modules in the form in which they were understood last time, kept in the state directory.

A file's kept form is used while the file (but for its credentials, which are read anew each time and never kept, not
even as a digest) and the program that understood it are the same, and while nobody but us or root may have written
it. It is JSON. What is damaged, or of another shape, is as good as none: the file itself is read, and kept anew.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from collector.config import document, filters, oids, scalars, snmp
from collector.config.document import Document
from collector.config.problems import ConfigError
from collector.edge.state import Damaged, read_state, write_state
from collector.wire.snmp import expression, module
from collector.wire.snmp.module import Filter, Index, Lookup, Metric, Module, RegexExtract

LEAST: Final = 65_536
"""Bytes from which on a file is kept: a smaller one is read in a hundredth of a second."""

AUTHS: Final = "auths"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it was understood: its modules, and a document that holds its credentials only.

    `digest` is of all its data without credentials, as `loading` makes it.
    """

    document: Document
    modules: Mapping[str, Module]
    digest: str


class Compiled:
    """The kept forms in a directory, one for each file."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def find(self, path: Path) -> Kept | None:
        """The kept form of a file as it is now; None where there is none that may be used."""
        place = self._place(path)
        if not _ours(place):
            return None
        try:
            text, known = document.read_text(path), read_state(place)
            if known is None or known["key"] != _key(text, *known["auths"]):
                return None
            credentials = document.understood(path, _section(text, *known["auths"]))
            below = credentials.data or {}
            if not isinstance(below, dict) or below.keys() - {AUTHS}:
                return None
            return Kept(Document(path, below, text), _unpacked(known["tables"]), known["digest"])
        except (OSError, Damaged, ConfigError, LookupError, TypeError, ValueError):
            return None

    def keep(self, read: Document, modules: Mapping[str, Module], digest: str) -> None:
        """Keep what was made of a file. A disk that refuses, or a file of an odd shape, is read again next time."""
        auths = _lines_of_auths(read)
        if auths is None:
            return
        content = {"key": _key(read.text, *auths), "auths": auths, "digest": digest, "tables": _packed(modules)}
        with suppress(OSError):
            self._directory.mkdir(mode=0o700, exist_ok=True)
            write_state(self._place(read.path), content)

    def _place(self, path: Path) -> Path:
        name = sha256(str(path.absolute()).encode()).hexdigest()[:16]
        return self._directory / f"{name}.json"


def _ours(place: Path) -> bool:
    """Whether only this user, or root, could have put a file there."""
    try:
        file, directory = place.lstat(), place.parent.lstat()
    except OSError:
        return False
    mine = {file.st_uid, directory.st_uid} <= {0, os.geteuid()} if hasattr(os, "geteuid") else True
    return mine and stat.S_ISREG(file.st_mode) and stat.S_IMODE(directory.st_mode) & 0o022 == 0


@cache
def _program() -> bytes:
    """What the meaning of a file depends on."""
    digest = sha256()
    for part in (document, scalars, oids, filters, snmp, module, expression):
        digest.update(Path(part.__file__ or __file__).read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.digest()


def _key(text: str, first: int, last: int) -> str:
    lines = text.split("\n")
    rest = "\n".join((*lines[:first], "", *lines[last:]))
    return sha256(_program() + rest.encode()).hexdigest()


def _section(text: str, first: int, last: int) -> str:
    """The lines `first` to `last` (counted from 0, the last one not included) where they stand, and no other."""
    return "\n" * first + "\n".join(text.split("\n")[first:last])


def _lines_of_auths(read: Document) -> tuple[int, int] | None:
    """Where the credentials stand, counted as in `_section`; None where they share a line with something else."""
    data = read.data if isinstance(read.data, dict) else {}
    if AUTHS not in data:
        return 0, 0
    lines = read.text.split("\n")
    starts = {key: read.line([key]) - 1 for key in data}
    if any(not lines[at].startswith(f"{key}:") for key, at in starts.items()):
        return None
    return starts[AUTHS], min((at for at in starts.values() if at > starts[AUTHS]), default=len(lines))


# What many metrics share (indexes, lookups, enumerations) is written once and referred to by its number.


class _Shared:
    """Distinct values in the order in which they came."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[str, int] = {}

    def number(self, value: Any) -> int:
        key = repr(value)
        if key not in self._numbers:
            self._numbers[key] = len(self.values)
            self.values.append(value)
        return self._numbers[key]


def _packed(modules: Mapping[str, Module]) -> Mapping[str, Any]:
    states, indexes, lookups = _Shared(), _Shared(), _Shared()

    def enumeration(values: Mapping[int, str]) -> int:
        return states.number([list(pair) for pair in values.items()])

    def metric(m: Metric) -> list[Any]:
        extracts = {s: [[e.regex, e.value, e.scale, e.offset] for e in each] for s, each in m.regex_extracts.items()}
        by = [[i.labelname, i.type, i.fixed_size, i.implied, enumeration(i.enum_values)] for i in m.indexes]
        looks = [
            [list(u.labels), u.labelname, u.oid, u.type, u.display_hint, enumeration(u.enum_values)] for u in m.lookups
        ]
        return [
            m.name, m.oid, m.type, m.help, indexes.number(by), lookups.number(looks), extracts, m.datetime_pattern,
            enumeration(m.enum_values), m.offset, m.scale, m.display_hint,
        ]  # fmt: skip

    packed = [
        [
            m.name, m.walk, m.get, [metric(each) for each in m.metrics], m.max_repetitions, m.retries, m.timeout,
            m.use_unconnected_udp_socket, m.allow_nonincreasing_oids, [_filter(f) for f in m.filters],
        ]
        for m in modules.values()
    ]  # fmt: skip
    return {"states": states.values, "indexes": indexes.values, "lookups": lookups.values, "modules": packed}


def _filter(f: Filter) -> list[Any]:
    return [f.oid, f.targets, f.values, f.index, list(f.names.items())]


def _filter_of(packed: list[Any]) -> Filter:
    oid, targets, values, index, names = packed
    return Filter(oid, tuple(targets), tuple(values), index, dict(names))


def _unpacked(tables: Mapping[str, Any]) -> dict[str, Module]:
    """Raises LookupError, TypeError or ValueError for what `_packed` did not make."""
    states: list[dict[int, str]] = [dict(pairs) for pairs in tables["states"]]
    indexes = [
        tuple(Index(name, kind, size, implied, states[n]) for name, kind, size, implied, n in each)
        for each in tables["indexes"]
    ]
    lookups = [
        tuple(Lookup(tuple(labels), name, oid, kind, hint, states[n]) for labels, name, oid, kind, hint, n in each)
        for each in tables["lookups"]
    ]

    def metric(m: list[Any]) -> Metric:
        name, oid, kind, about, by, looks, extracts, pattern, states_at, offset, scale, hint = m
        regexes = {suffix: tuple(RegexExtract(*e) for e in each) for suffix, each in extracts.items()}
        return Metric(
            name,
            oid,
            kind,
            about,
            indexes[by],
            lookups[looks],
            regexes,
            pattern,
            states[states_at],
            offset,
            scale,
            hint,
        )

    found = {}
    for name, walk, get, metrics, repetitions, retries, timeout, unconnected, any_order, sieves in tables["modules"]:
        found[name] = Module(
            name, tuple(walk), tuple(get), tuple(map(metric, metrics)), repetitions, retries, timeout, unconnected,
            any_order, tuple(map(_filter_of, sieves)),
        )  # fmt: skip
    return found
