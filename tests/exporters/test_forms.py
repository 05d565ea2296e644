"""Pages of like devices are what `render` makes of them, however often, and whatever else is asked for in between."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.compact import Sheaf, compact, laid
from collector.histogram import Histogram
from collector.model import Aside, Column, Family, column, interned, rows, single
from exporters.forms import KEPT, SMALL, Forms
from exporters.text import render
from tests.exporters.exposition import parse

INFO, UP, PHASES = Family("info", "Who it is."), Family("up", "Up."), Family("phase_seconds", "Phases.")
LATENCY = Family("latency_seconds", "How long.", "histogram")
UP2 = Family("up_too", "Up.")
OCTETS, SPEED, SAID = Family("octets", "Sent."), Family("speed", "Fast."), Family("variables", "How many.")
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


def test_modules_of_one_device_say_the_same_thing_each_for_itself() -> None:
    """Several columns of one name are one family; where one row is in both, the second is left off."""
    forms = Forms()
    for number in range(6):
        ports = rows(("port",), [(f"p{number}",), ("x",), (str(number),)])
        columns = device(
            number,
            column(SAID, interned(("module",), (("system",),)), (number,)),
            column(SAID, interned(("module",), (("if_mib",),)), (number + 1,)),
            column(OCTETS, ports, (1, 2, number)),
            column(SPEED, ports, (1, 2.5, number)),
        )
        assert forms.render(columns) == render(columns)
    assert len(forms) == 1


NAMES = ("p1", "p2", "p3", "p1")


@settings(max_examples=60)
@given(data=st.lists(st.tuples(st.permutations(NAMES), st.booleans(), st.sampled_from(NAMES)), min_size=3, max_size=8))
def test_small_tables_of_a_devices_own(data: list[tuple[list[str], bool, str]]) -> None:
    """A row twice is left off the page where it happens, and is no news for the next device; labels in another order
    may hide one."""
    forms = Forms()
    for names, turned, module in data:
        ports = rows(("port", "of"), [(name, "d") for name in names[:3]])
        again = rows(("of", "port"), [("d", names[0])]) if turned else rows(("port", "of"), [(names[3], "d")])
        columns = device(
            1,
            column(OCTETS, ports, (1, 2, 3)),
            column(OCTETS, again, (4,)),
            column(SPEED, ports, (0.5, 2, 3)),
            column(SAID, interned(("module",), (("p1",),)), (1,)),
            column(SAID, interned(("module",), ((module,),)), (2,)),
        )
        assert forms.render(columns) == render(columns)


def test_large_pages_and_those_that_never_come_again_are_not_kept() -> None:
    forms, held = Forms(), list[Sequence[Column]]()
    for number in range(3 * KEPT):
        once = Family(f"once_{number}", "")
        columns = device(number, single(once, 1))
        held.append(columns)  # or another family may have its identity
        assert forms.render(columns) == render(columns)
    table = rows(("port",), [(str(port),) for port in range(SMALL)])
    large = device(1, column(UP, table, range(SMALL)))
    assert [forms.render(large) for _ in range(3)] == [render(large)] * 3
    assert len(forms) == 0


def test_devices_with_as_many_rows_share_a_form() -> None:
    forms = Forms()
    for number in range(3 * KEPT):
        own = rows(("port",), [(str(number),), ("x",)])
        columns = device(number, column(OCTETS, own, (1, 2)))
        assert forms.render(columns) == render(columns)
    assert len(forms) == 1


def test_rows_that_devices_have_in_common_and_rows_of_their_own_take_turns() -> None:
    forms = Forms()
    common, other = (rows(("port",), [(one,), (two,)]) for one, two in (("p1", "p2"), ("p3", "p4")))
    twice = rows(("port",), [("p1",), ("p1",)])
    for number, ports in enumerate([common, common, common, other, common, twice, twice, common, other, other]):
        columns = device(number, column(OCTETS, ports, (1, number)), column(SPEED, common, (0.5, number)))
        assert forms.render(columns) == render(columns)
    assert len(forms) == 1


def aside(columns: Sequence[Column], asides: int) -> Sequence[Column]:
    """As a poll keeps them whose last columns are aside: what is not for the page lies among the numbers."""
    columns = [each if at < len(columns) - asides else Aside(*each) for at, each in enumerate(columns)]
    values, slices = array("d"), list[slice]()
    for each in reversed(columns):
        slices.insert(0, slice(len(values), len(values) + len(each.values)))
        values.extend(each.values)
    return laid(columns, values, slices, asides).apart()[0]


@settings(max_examples=60)
@given(data=st.lists(st.tuples(st.permutations(NAMES[:3]), st.integers(0, 2), st.booleans()), min_size=3, max_size=10))
def test_columns_as_they_are_kept(data: list[tuple[list[str], int, bool]]) -> None:
    """Whatever part of a page lies as polls leave it, and in whatever way, the page is the same."""
    forms = Forms()
    for number, (names, left_out, twice) in enumerate(data):
        ports = rows(("port",), [(name,) for name in names])
        again = rows(("port",), [(names[0],), (names[0] if twice else "p9",), ("p8",)])
        octets, speed = column(OCTETS, ports, (1, 2, number)), column(SPEED, again, (0.5, number, 3))
        said = [column(SAID, interned(("module",), ((module,),)), (number,)) for module in ("system", "if_mib")]
        kept = aside([octets, speed, said[0]], left_out)
        rest = (*device(number), said[1])
        page = Sheaf(kept, compact([single(UP2, number)]), rest)
        assert forms.render(page) == render([*page])


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
