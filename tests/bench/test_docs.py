"""docs/bar.md lists every row as it is; `--update-golden` writes the table. Each row has both sizes and a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.bar.rows import FULL, QUICK

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "bar.md"
BEGIN, END = "<!-- rows: ", "<!-- end of rows -->"


def test_the_document_lists_every_row(golden: Callable[[Path, str], None]) -> None:
    rows = [f"| {row.id} | {row.promise} | {row.target} |" for row in QUICK]
    table = "\n".join(["| row | promise | figure to reach |", "|---|---|---|", *rows])
    text = DOCUMENT.read_text()
    begin, end = text.index("\n", text.index(BEGIN)) + 1, text.index(END)
    golden(DOCUMENT, text[:begin] + table + "\n" + text[end:])


def test_each_row_has_two_sizes_and_a_test() -> None:
    assert [row.id for row in QUICK] == [row.id for row in FULL]
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [row.id for row in QUICK if f"import {row.id}" not in tests] == []
