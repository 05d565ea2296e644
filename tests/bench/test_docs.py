"""docs/bar.md lists every row as it is; `--update-golden` writes the table. Each row has both sizes and a test."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from bench.bar.rows import FULL, QUICK

ROOT = Path(__file__).parents[2]
HAZARDS = ROOT / "docs" / "hazards.md"
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


def test_every_control_of_the_hazard_log_names_a_test_that_is_there() -> None:
    """RELIABILITY S25."""
    text = HAZARDS.read_text()
    rows = [line for line in text.splitlines() if re.match(r"\| H\d+ \|", line)]
    assert [row.split(" | ")[0] for row in rows] == [f"| H{n}" for n in range(1, len(rows) + 1)]
    named = 0
    for row in rows:
        evidence = row.rstrip(" |").rpartition(" | ")[2]
        words = re.findall(r"`([^`]+)`", evidence)
        assert words or evidence == "a way of working, no test", row
        for word in words:
            named += 1
            path, _, test = word.partition("::")
            if path.startswith("bench.bar "):
                assert path.split()[1] in {each.id for each in QUICK}, word
            else:
                assert (ROOT / path).is_file(), word
                assert not test or re.search(rf"^(async )?def {test}\(", (ROOT / path).read_text(), re.MULTILINE), word
    assert named > len(rows)


def test_the_hazard_log_speaks_of_every_rule() -> None:
    text = HAZARDS.read_text()
    assert [n for n in range(1, 26) if not re.search(rf"\bS{n}\b", text)] == []
