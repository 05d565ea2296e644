"""What other programs leave in `*.prom` files (node_exporter's `textfile`): backups, batch jobs, RAID controllers."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.errors import Malformed, TimedOut
from collector.host.exposition import Foreign, Labels, parse
from collector.host.tables import Table
from collector.model import Column, Edge, Family, Kind, Seconds, Target, column, rows, single

ERROR = Family("node_textfile_scrape_error", "1 if there was an error opening or reading a file, 0 otherwise")
MTIME = Family("node_textfile_mtime_seconds", "Unixtime mtime of textfiles successfully read.")

LARGEST = 16 * 1024 * 1024
"""Bytes of a file that is still read: beyond it a runaway script would fill the collector's memory."""
TIMEOUT = Seconds(1.5)
"""The directory may be on a dead server; the page is there within 2 s all the same (RELIABILITY B7)."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was last read. `stamp` tells whether it has changed since; `families` is None if it was no good."""

    stamp: tuple[int, ...]
    mtime: float
    families: Sequence[Foreign] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """All files by path, and whether a directory could not be read."""

    files: Mapping[str, File]
    broken: bool


@dataclass(slots=True)
class _Memory:
    reading: Reading = field(default_factory=lambda: Reading({}, False))
    columns: Sequence[Column] = ()
    files: Table = field(default_factory=lambda: Table("file"))


def read_all(directories: str, known: Mapping[str, File]) -> Reading:
    """Every `*.prom` file of the directories that the glob `directories` names. Runs in a thread; may block.

    A file that has not changed is taken from `known`.
    """
    files: dict[str, File] = {}
    broken = False
    for directory in sorted(glob.glob(directories)) or [directories]:  # noqa: PTH207 - a glob from the root
        try:
            names = sorted(name for name in os.listdir(directory) if name.endswith(".prom"))  # noqa: PTH208 - names
        except OSError:
            broken = True
            continue
        for name in names:
            path = os.path.join(directory, name)  # noqa: PTH118 - the label is the path as node_exporter spells it
            files[path] = _read(path, known.get(path))
    return Reading(files, broken)


def _read(path: str, before: File | None) -> File:
    try:
        about = os.stat(path)  # noqa: PTH116
        stamp = (about.st_mtime_ns, about.st_size, about.st_ino, about.st_dev)
        if before is not None and before.stamp == stamp:
            return before
        # A pipe or a device of that name would block, or never end.
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
            return File(stamp, 0.0, None)
        with open(path, "rb") as opened:  # noqa: PTH123
            content = opened.read(LARGEST)
    except OSError:
        return File((), 0.0, None)
    try:
        return File(stamp, about.st_mtime, parse(content))
    except Malformed:
        return File(stamp, 0.0, None)


def merge(files: Mapping[str, File]) -> tuple[list[Column], bool]:
    """The files' families as columns, and whether two files contradict one another.

    Where they do over a family's help or type the first file's word stands, and the other's samples are left out.
    """
    kept: dict[str, Foreign] = {}
    sources: dict[str, list[str]] = {}
    contradiction = False
    for path, file in files.items():
        for found in file.families or ():
            first = kept.get(found.name)
            if first is None:
                kept[found.name] = Foreign(found.name, found.kind, found.help, list(found.samples))
            elif first.kind != found.kind or (
                first.help is not None and found.help is not None and first.help != found.help
            ):
                contradiction = True
                continue
            else:
                first.samples.extend(found.samples)
                first.help = first.help if first.help is not None else found.help
            sources.setdefault(found.name, []).append(path)
    columns: list[Column] = []
    for family in kept.values():
        text = family.help if family.help is not None else f"Metric read from {', '.join(sources[family.name])}"
        columns.extend(_columns(family.samples, text, family.kind))
    return columns, contradiction


def _columns(samples: Iterable[tuple[str, Labels, float]], text: str, kind: Kind) -> list[Column]:
    """A column for each sample name: a histogram has three. Labels that a sample lacks are empty."""
    by_name: dict[str, list[tuple[dict[str, str], float]]] = {}
    for name, labels, value in samples:
        by_name.setdefault(name, []).append((dict(labels), value))
    columns = []
    for name, found in by_name.items():
        names = sorted({label for labels, _ in found for label in labels})
        over = rows(names, [[labels.get(label, "") for label in names] for labels, _ in found])
        columns.append(column(Family(name, text, kind), over, [value for _, value in found]))
    return columns


@dataclass(frozen=True, slots=True)
class Textfile:
    """`directory` may be a glob; empty, as in node_exporter: no directory."""

    name: ClassVar[str] = "textfile"
    waits: ClassVar[bool] = True
    directory: str = ""
    timeout: Seconds = TIMEOUT

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        if not self.directory:
            return [single(ERROR, 0)]
        memory = edge.memory(_Memory)
        before = memory.reading
        patience = min(float(self.timeout), max(0.05, edge.deadline - edge.now()))
        try:
            reading: Reading = await edge.host.apart(
                "textfile", read_all, self.directory, before.files, timeout=patience
            )
        except TimedOut:
            # What was read earlier may be long out of date: only the error is served.
            return [single(ERROR, 1)]
        if reading != before or not memory.columns:
            memory.columns = self._columns(reading, memory)
            memory.reading = reading
        return memory.columns

    def _columns(self, reading: Reading, memory: _Memory) -> list[Column]:
        columns, contradiction = merge(reading.files)
        good = {path: file.mtime for path, file in reading.files.items() if file.families is not None}
        if good:
            columns.append(column(MTIME, memory.files.rows([(path,) for path in good]), good.values()))
        columns.append(single(ERROR, contradiction or reading.broken or len(good) < len(reading.files)))
        return columns
