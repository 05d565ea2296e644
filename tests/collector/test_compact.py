"""Columns at rest are the columns that they were, and take little room."""

from __future__ import annotations

import gc
import tracemalloc
from array import array
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from collector.compact import SMALL, Compact, Sheaf, compact, laid, size
from collector.model import DROPPED, SINGLE, Aside, Column, Family, Rows, column, interned, rows, single

FAMILIES = [Family(f"f{n}", "One of several.") for n in range(4)]
UP = Family("up", "Up.")
TABLES = [SINGLE, *(rows(("port",), [(str(port),) for port in range(size)]) for size in (0, 1, 2, 2, 5))]


@st.composite
def polls(draw: st.DrawFn) -> Sequence[Column]:
    """A family may come twice, a table between others, and a table may have no rows."""
    drawn: list[Column] = []
    for family, over in draw(st.lists(st.tuples(st.sampled_from(FAMILIES), st.sampled_from(TABLES)), max_size=12)):
        drawn.append(column(family, over, draw(st.lists(st.floats(), min_size=len(over), max_size=len(over)))))
    return drawn


def told(columns: Sequence[Column]) -> Sequence[tuple[Family, int, bytes]]:
    """What makes columns the same, to the last bit of a NaN; tables by their identity."""
    return [(each.family, id(each.rows), each.values.tobytes()) for each in columns]


@given(columns=polls())
def test_what_is_kept_is_what_was_read(columns: Sequence[Column]) -> None:
    kept = compact(columns)
    assert told(kept) == told(columns)
    assert told([kept[at] for at in range(len(kept))]) == told(columns)
    assert told(kept[1:3]) == told(columns[1:3])
    assert bool(kept) == bool(columns)


def device(number: int, ports: int = 2) -> Sequence[Column]:
    """60 columns, most of them over one table that like devices have in common."""
    over = TABLES[ports]
    return [
        *(column(family, over, [number * n + 0.5 for n in range(len(over))]) for family in ALIKE),
        *(single(family, number) for family in FAMILIES),
    ]


ALIKE = [Family(f"alike_{n}", "One of many.") for n in range(56)]


def test_a_device_takes_as_much_as_its_numbers_and_little_more() -> None:
    compact(device(0))
    gc.collect()
    tracemalloc.start()
    kept = [compact(device(number)) for number in range(100)]
    size = tracemalloc.get_traced_memory()[0] / 100
    tracemalloc.stop()
    assert sum(len(each.values) for each in kept[0]) == 60
    assert size < 60 * 8 + 400


def test_other_rows_are_not_taken_for_the_same() -> None:
    one, other = device(1, ports=3), device(2, ports=5)
    kept = compact(one), compact(other), compact(one)
    assert [told(each) for each in kept] == [told(one), told(other), told(one)]


def test_a_family_that_is_gone_is_not_taken_for_one_in_its_place() -> None:
    for number in range(200):
        passing = [single(Family(f"passing_{number}", ""), number)]
        assert [each.family.name for each in compact(passing)] == [f"passing_{number}"]


def test_long_columns_stay_as_they_are() -> None:
    """Those with the same numbers are one over all devices, which putting them together would undo."""
    table: Rows = rows(("port",), [(str(port),) for port in range(SMALL)])
    same = array("d", [1.0]) * SMALL
    assert isinstance(compact([Column(FAMILIES[0], table, same)]), Compact)
    kept = compact([Column(FAMILIES[0], table, same), single(FAMILIES[1], 1)])
    assert kept[0].values is same


@given(columns=polls(), aside=st.integers(0, 3), gap=st.integers(0, 2))
def test_numbers_may_lie_in_any_order_and_columns_aside_are_the_last(
    columns: Sequence[Column], aside: int, gap: int
) -> None:
    if not columns:
        return
    aside = min(aside, len(columns))
    shown = len(columns) - aside
    columns = [each if at < shown else Aside(*each) for at, each in enumerate(columns)]
    values, slices = array("d"), list[slice]()
    for each in reversed(columns):
        values.extend([-1.0] * gap)
        slices.insert(0, slice(len(values), len(values) + len(each.values)))
        values.extend(each.values)
    kept = laid(columns, values, slices, aside)
    assert told(kept) == told(columns)
    assert [type(each) for each in kept] == [type(each) for each in columns]
    assert size(kept) == size(columns)
    page, rest = kept.apart()
    assert told(page) == told(columns[:shown])
    assert told(rest) == told(columns[shown:])


def test_what_is_said_to_the_agent_is_not_plain() -> None:
    assert laid([single(UP, 1)], array("d", [1]), [slice(0, 1)]).layout.plain
    assert not laid([single(DROPPED, 1)], array("d", [1]), [slice(0, 1)]).layout.plain


def test_tables_that_pages_share_are_told_from_each_other() -> None:
    """Their label texts stand in a page's form."""
    over = [interned(("of",), ((one,), (two,))) for one, two in ("ab", "ac")]
    own = [rows(("of",), [(one,), (two,)]) for one, two in ("ab", "ac")]
    kept = [compact([column(UP, each, (1, 2))]) for each in (*over, *own)]
    layouts = [each.layout for each in kept if isinstance(each, Compact)]
    assert layouts[0] is not layouts[1]
    assert layouts[0] is not layouts[2]
    assert layouts[2] is layouts[3]


@given(parts=st.lists(polls(), max_size=4))
def test_a_page_in_parts_is_all_of_them(parts: Sequence[Sequence[Column]]) -> None:
    page = Sheaf(Sheaf(*map(compact, parts[:2])), *parts[2:])
    whole = [each for part in parts for each in part]
    assert told(page) == told(whole)
    assert told(page[1:3]) == told(whole[1:3])
    assert (len(page), size(page)) == (len(whole), size(whole))
    assert all(type(part) is not Sheaf for part in page.parts)
