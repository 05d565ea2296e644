"""Columns stay the same objects while their values stay."""

from __future__ import annotations

from math import nan

import pytest

from collector.host.tables import Grid, Singles
from collector.model import Family, rows

A, B = Family("a", ""), Family("b", "")
PORTS = rows(("port",), [("1",), ("2",)])


def test_a_value_that_stays_keeps_its_column() -> None:
    singles, families = Singles(), (A, B)
    first = singles.columns(families, [1, 2])
    assert singles.columns(families, [1, 2]) is first
    second = singles.columns(families, [1, 3])
    assert [(c.family, list(c.values)) for c in second] == [(A, [1.0]), (B, [3.0])]
    assert second[0] is first[0]
    assert list(first[1].values) == [2.0], "what somebody holds does not change"
    assert [c.family for c in singles.columns((B, A), [1, 3])] == [B, A]


def test_what_is_no_number_never_stays() -> None:
    singles, families = Singles(), (A,)
    first = singles.columns(families, [nan + 0.0])
    assert singles.columns(families, [nan + 1.0])[0] is not first[0]


def test_as_many_values_as_families() -> None:
    singles, families = Singles(), (A, B)
    singles.columns(families, [1, 2])
    with pytest.raises(ValueError, match="zip"):
        singles.columns(families, [1])
    with pytest.raises(ValueError, match="zip"):
        Grid().columns(families, PORTS, [(1, 2)])


def test_a_column_of_a_table_stays_while_rows_and_values_do() -> None:
    grid, families = Grid(), (A, B)
    first = grid.columns(families, PORTS, [(1, 2), (3, 4)])
    second = grid.columns(families, PORTS, [(1, 2), (3, 5)])
    assert second[0] is first[0]
    assert [(c.family, list(c.values)) for c in second] == [(A, [1.0, 2.0]), (B, [3.0, 5.0])]
    others = rows(("port",), [("1",), ("3",)])
    assert [c.rows for c in grid.columns(families, others, [(1, 2), (3, 5)])] == [others, others]
