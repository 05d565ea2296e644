"""A file to which lines are added and never changed, so that little is written for each change.

Each line carries its checksum. After a crash at any instant it holds all that `append` returned for; a torn or damaged
line is found, counted and left out (RELIABILITY F1, F3). Later lines win over earlier ones: that is the reader's part.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final
from zlib import crc32

Record = Sequence[Any]
"""What one line says: a list of JSON values."""

_MANY: Final = 100_000


class Journal:
    """A journal at `path`; `sync` brings an open file to the disk.

    Nothing here is safe to call from two threads at once. Raises OSError throughout.
    """

    def __init__(self, path: Path, sync: Callable[[int], None] = os.fsync) -> None:
        self._path = path
        self._sync = sync
        self.lines = 0
        """Lines in the file, damaged ones included."""

    def read(self) -> tuple[list[Record], int]:
        """Everything that is whole, in order, and how many lines are not. If any, a copy is kept as NAME.damaged."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return [], 0
        if not lines[-1]:
            lines.pop()
        found = [record for record in map(_record, lines) if record is not None]
        self.lines = len(lines)
        if len(found) < len(lines):
            shutil.copyfile(self._path, self._path.with_name(self._path.name + ".damaged"))
        return found, len(lines) - len(found)

    def append(self, records: Iterable[Record]) -> None:
        """Add records; when it returns they are on disk."""
        lines = [_line(record) for record in records]
        with self._path.open("ab") as file:
            if file.tell() and not self._ends_well():
                file.write(b"\n")  # what a crash tore off must not spoil what follows
            file.write(b"".join(lines))
            file.flush()
            self._sync(file.fileno())
            new = file.tell() == sum(map(len, lines))
        if new:
            self._settle()
        self.lines += len(lines)

    def replace(self, records: Iterable[Record]) -> None:
        """Begin anew with these records: the file holds the old lines or the new ones, whatever happens."""
        lines = [_line(record) for record in records]
        beside = self._path.with_name(f".{self._path.name}.new")
        with beside.open("wb") as file:
            for begin in range(0, len(lines), _MANY):
                file.write(b"".join(lines[begin : begin + _MANY]))
            file.flush()
            self._sync(file.fileno())
        beside.replace(self._path)
        self._settle()
        self.lines = len(lines)

    def _settle(self) -> None:
        """A new name is only there for good when its directory is written too."""
        number = os.open(self._path.parent, os.O_RDONLY)
        try:
            self._sync(number)
        finally:
            os.close(number)

    def _ends_well(self) -> bool:
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


def _line(record: Record) -> bytes:
    body = json.dumps(record, separators=(",", ":")).encode()
    return b"%08x %s\n" % (crc32(body), body)


def _record(line: bytes) -> Record | None:
    try:
        if line[:9] != b"%08x " % crc32(line[9:]):
            return None
        record = json.loads(line[9:])
    except ValueError:
        return None
    return record if isinstance(record, list) else None
