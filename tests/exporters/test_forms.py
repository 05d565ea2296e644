"""Pages of like devices are what `render` makes of them, however often, and whatever else is asked for in between."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.histogram import Histogram
from collector.model import Column, Family, column, interned, rows, single
from exporters.forms import KEPT, SMALL, Forms
from exporters.text import render
from tests.exporters.exposition import parse

INFO, UP, PHASES = Family("info", "Who it is."), Family("up", "Up."), Family("phase_seconds", "Phases.")
LATENCY = Family("latency_seconds", "How long.", "histogram")
IN_PHASES = interned(("phase",), (("connect",), ("tls",)))


def device(number: int, *more: Column) -> Sequence[Column]:
    """A device of its own name, asked as all others are."""
    histogram = Histogram((0.1, 1.0))
    histogram.observe(number)
    return (
        column(INFO, rows(("name",), [(f"device-{number}",)]), (1,)),
        column(PHASES, IN_PHASES, (number, number / 3)),
        *histogram.columns(LATENCY),
        single(UP, number % 2),
        *more,
    )


def test_each_has_its_own_names_and_numbers() -> None:
    forms = Forms()
    for number in range(5):
        columns = device(number)
        assert forms.render(columns) == render(columns)
    assert f'info{{name="device-{number}"}} 1\n'.encode() in forms.render(columns).body


def test_a_column_without_rows_and_one_more_row_make_another_page() -> None:
    forms = Forms()
    failed = Family("failed_info", "Why.")
    for over in ([], [("a",)], [("b",)], [("a",), ("b",)], [], [("c",)]) * 3:
        columns = device(1, column(failed, rows(("reason",), over), [1.0] * len(over)))
        assert forms.render(columns) == render(columns)


def test_duplicates_are_left_off_every_time() -> None:
    forms = Forms()
    for _ in range(4):
        for columns in (device(1, single(UP, 3)), device(1, single(Family("latency_seconds_sum", "No."), 1))):
            page = forms.render(columns)
            assert page == render(columns)
            assert page.duplicates == 1


def test_large_pages_and_those_that_never_come_again_are_not_kept() -> None:
    forms, held = Forms(), list[Sequence[Column]]()
    for number in range(3 * KEPT):
        own = rows(("port",), [(str(number),), ("x",)])
        columns = device(number, column(Family("own", ""), own, (1, 2)))
        held.append(columns)  # or another table may have its identity
        assert forms.render(columns) == render(columns)
    table = rows(("port",), [(str(port),) for port in range(SMALL)])
    large = device(1, column(UP, table, range(SMALL)))
    assert [forms.render(large) for _ in range(3)] == [render(large)] * 3
    assert len(forms) == 0


VALUES = st.floats() | st.integers(-(2**70), 2**70).map(float)


@settings(max_examples=50)
@given(data=st.lists(st.tuples(VALUES, VALUES, st.text(max_size=5)), min_size=1, max_size=6))
def test_any_values_and_texts(data: list[tuple[float, float, str]]) -> None:
    """1e21 may be written with its digits or with an exponent, as its neighbours are."""
    forms = Forms()
    for first, second, text in data * 2:
        columns = (
            column(INFO, rows(("name",), [(text,)]), (first,)),
            column(PHASES, IN_PHASES, (first, second)),
            single(UP, second),
        )
        mine, plain = forms.render(columns), render(columns)
        assert repr(parse(mine.body).samples) == repr(parse(plain.body).samples)
        assert mine.samples == plain.samples
