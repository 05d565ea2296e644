"""`inventory/*.csv`: the hospital's register of equipment. Each row becomes what an entry of a YAML file is.

What a spreadsheet writes is taken as it comes: commas, semicolons or tabs, a byte order mark, columns in any order and
under the names that people give them. What stands in a cell is read as the same key of a YAML file is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector.config.document import MAX_VALUES, Document, read_text
from collector.config.problems import ConfigError, Problem
from collector.config.scalars import alternatives, shown, suggestion
from collector.config.typed import Findings

ENDING: Final = ".csv"

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "asset": ("asset number", "asset", "asset no", "asset id", "asset tag"),
    "name": ("name", "device name", "hostname"),
    "device_type": ("device type", "type"),
    "modality": ("modality",),
    "maker": ("maker", "make", "manufacturer"),
    "model": ("model",),
    "mac": ("MAC", "MAC address"),
    "address": ("IP", "IP address", "address"),
    "ae_title": ("AE title", "AET", "AE"),
    "ae_port": ("port", "AE port", "DICOM port"),
    "ward": ("ward",),
    "vlan": ("VLAN",),
    "site": ("site",),
    "location": ("location", "room"),
    "criticality": ("criticality",),
    "owner": ("owner",),
    "support": ("support contract", "support", "contract"),
    "class": ("class",),
    "kind": ("kind",),
    "auth": ("auth",),
}
"""Keys of a device and the columns that say them, the usual name first. Not `active`: that somebody approved polling of
a clinical device is not said by a spreadsheet."""

MOST_COLUMNS: Final = 100
"""Far more than are known, and few enough to name each that is not."""

EMPTY: Final = frozenset({"", "-", "n/a"})
"""Cells that say nothing."""

_LETTERS = re.compile(r"[\W_]+")
_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9_.:-]+")


def _plain(header: str) -> str:
    """A column's name without what people write differently: case, spaces, underscores, signs."""
    return _LETTERS.sub("", header.casefold())


_KEYS: Final = {_plain(name): key for key, names in COLUMNS.items() for name in names}


@dataclass(frozen=True)
class Register(Document):
    """A file of rows. `data` is what a YAML file with the same devices would be."""

    rows: tuple[int, ...] = ()
    """The line of each device."""

    def line(self, where: Sequence[str | int]) -> int:
        """The line where a row begins; of the columns' names where no row is meant."""
        row = where[1] if len(where) > 1 else None
        return self.rows[row] if isinstance(row, int) and row < len(self.rows) else 1


def read_register(path: Path, findings: Findings) -> Register:
    """A file's rows, what is wrong with its shape added to `findings`. Raises ConfigError where nothing can be read."""
    text = read_text(path)
    records = _records(path, text)
    line, header = next(records, (1, []))
    if not header:
        raise ConfigError([Problem(path, 0, "", "is empty: write a line with the names of the columns")])
    if len(header) > MOST_COLUMNS:
        raise ConfigError([Problem(path, line, "", f"has {len(header)} columns: at most {MOST_COLUMNS}")])
    keys = _keys(path, line, header, findings)
    if missing := _missing(keys):  # said once, not of each row
        findings.problems += [Problem(path, line, "", what) for what in missing]
        return Register(path, {"devices": []}, text)
    devices: list[dict[str, str]] = []
    rows: list[int] = []
    values = 0
    for line, cells in records:
        values += len(cells)
        if values > MAX_VALUES:
            raise ConfigError([Problem(path, line, "", f"holds more than {MAX_VALUES} cells: split the file")])
        if all(not cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            what = f"has {len(cells)} cells where there are {len(header)} columns"
            findings.problems.append(Problem(path, line, "", f"{what}: is a comma or a quotation mark missing?"))
            continue
        said = {key: cell.strip() for key, cell in zip(keys, cells, strict=True) if key}
        device = {key: cell for key, cell in said.items() if cell.casefold() not in EMPTY}
        if "name" not in device and (name := _NOT_OF_A_NAME.sub("-", device.get("asset", "")).strip("-")):
            device["name"] = name
        devices.append(device)
        rows.append(line)
    return Register(path, {"devices": list(devices)}, text, tuple(rows))


def _records(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line on which it begins. Raises ConfigError."""
    first = text.lstrip("\n").partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise ConfigError([Problem(path, line, "", f"is no table from here on: {error}")]) from None


def _keys(path: Path, line: int, header: Sequence[str], findings: Findings) -> Sequence[str]:
    """The key that each column says; nothing for those that are none."""

    def problem(column: str, what: str) -> None:
        findings.problems.append(Problem(path, line, column, what))

    keys: list[str] = []
    for place, written in enumerate(header, 1):
        column = written.strip()
        key = _KEYS.get(_plain(column), "")
        where = column[:40] if column and column.isprintable() else f"column {place}"
        if not key:
            usual = [names[0] for names in COLUMNS.values()]
            problem(where, f"is not a column here.{suggestion(column, usual)} Known: {', '.join(usual)}")
        elif key in keys:
            problem(where, f"says the same as {shown(header[keys.index(key)].strip())}: keep one of them")
            key = ""
        keys.append(key)
    return keys


def _missing(keys: Sequence[str]) -> Sequence[str]:
    return [
        f"the column {alternatives(shown(COLUMNS[key][0]) for key in needed)} is missing"
        for needed in (("asset", "name"), ("address", "mac"))
        if not any(key in keys for key in needed)
    ]
