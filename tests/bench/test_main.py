"""The command: one line of JSON for each row, the total behind them, and 1 when a row is red."""

from __future__ import annotations

import json

import pytest

from bench.bar.__main__ import line, main
from bench.bar.a6_encodings import A6


def test_the_total_is_the_last_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["A6"]) == 0
    told = capsys.readouterr()
    (row,) = told.out.splitlines()
    assert json.loads(row)["id"] == "A6"
    assert told.err.splitlines()[-1].startswith("1 rows in ")


def _fails(value: bytes) -> None:
    raise IndexError(value)


def test_an_error_is_a_red_row() -> None:
    found = line(A6(read=_fails), 1, "quick")
    assert not found["pass"]
    assert "IndexError" in found["figure"]["error"]
