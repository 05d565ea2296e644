"""Vendors' columns to normalised ones: numbers, states, bits, conditions, labels; and whatever a device may say."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.model import SINGLE, Column, Family, Rows, column, rows
from collector.network.normal import Fitted, Normal, Source, Where, fit
from collector.network.normalising import Made, normalise
from collector.wire.snmp.module import Index, Metric, Module

MADE = Family("wardwatch_ups_made", "Made.")


def made(source: Source, *metrics: Metric) -> tuple[Fitted, ...]:
    return fit([Normal(MADE, "", (source,))], Module("vendor", metrics=metrics))


def gauge(name: str, scale: float = 0.0, offset: float = 0.0) -> Metric:
    return Metric(name, "1.3.6.1.4.1.1", "gauge", scale=scale, offset=offset)


def table(name: str, over: Rows, values: Sequence[float]) -> Column:
    return column(Family(name, ""), over, values)


def samples(fitted: tuple[Fitted, ...], *columns: Column, memory: Made | None = None) -> dict[str, float]:
    found = normalise("vendor", fitted, columns, memory or Made())
    return {text: value for each in found for text, value in zip(each.rows.text, each.values, strict=True)}


def single(name: str, value: float) -> Column:
    return table(name, SINGLE, (value,))


# Numbers.


@pytest.mark.parametrize(
    ("scaled", "shown"), [((0.0, 0.0), 57), ((0.1, 0.0), 5.7), ((10.0, 0.0), 570), ((1.0, -7.0), 50), ((0.3, 2), 19.1)]
)
def test_a_number_is_the_mibs_own_whatever_the_module_makes_of_it(scaled: tuple[float, float], shown: float) -> None:
    fitted = made(Source("load", scale=0.01), gauge("load", *scaled))
    assert samples(fitted, single("load", shown))[""] == pytest.approx(0.57, abs=1e-12)


def test_a_percentage_is_exact_and_one_that_needs_nothing_is_not_copied() -> None:
    exact = samples(made(Source("load", scale=0.01), gauge("load")), single("load", 57))
    assert exact == {"": 0.57}, "not 0.5700000000000001"
    tenths = single("volts", 52.1)
    (same,) = normalise("m", made(Source("volts", scale=0.1), gauge("volts", 0.1)), [tenths], Made())
    assert same.values is tenths.values
    assert same.rows is SINGLE


def test_numbers_that_stand_for_none_are_left_out_as_the_mib_has_them() -> None:
    source = Source("runtime", without=(65535,), least=0)
    fitted = made(source, gauge("runtime", 0.1))
    over = rows(("i",), [("1",), ("2",), ("3",), ("4",)])
    assert samples(
        made(replace(source, labels={"line": ("i",)}), gauge("runtime", 0.1)),
        table("runtime", over, [65535 * 0.1, -1 * 0.1, 0, 65534 * 0.1]),
    ) == {'{line="3"}': 0, '{line="4"}': 65534}
    assert samples(fitted, single("runtime", float("nan"))) == {}


def test_a_level_is_a_part_of_what_is_full() -> None:
    fitted = made(Source("level", {"supply": ("name",)}, full="most", least=0), gauge("level"), gauge("most"))
    over = rows(("name",), [("black",), ("cyan",), ("waste",), ("drum",)])
    page = table("level", over, [9, -3, 5, 5]), table("most", over, [100, 100, -2, 0])
    assert samples(fitted, *page) == {'{supply="black"}': 0.09}
    assert samples(fitted, page[0]) == {}, "no number without what it is divided by"


@pytest.mark.parametrize(
    ("value", "places", "prefix", "read"),
    [(226, 1, 9, 22.6), (5, 0, 8, 0.005), (21, -2, 9, 21), (3, 0, 10, 3000), (226, 10, 9, None), (226, 1, 18, None),
     (226, float("nan"), 9, None), (226, 1, float("inf"), None), (226, 1e9, 9, None)],
)  # fmt: skip
def test_the_decimal_point_is_rfc_3433s(value: float, places: float, prefix: float, read: float | None) -> None:
    fitted = made(Source("v", precision="p", prefix="s"), gauge("v"), gauge("p"), gauge("s"))
    assert samples(fitted, single("v", value), single("p", places), single("s", prefix)).get("") == read


# States.


def test_states_of_a_number() -> None:
    source = Source("output", states={5: "battery"}, unknown={1: "other"})
    for value, read in ((5, {"": 1}), (3, {"": 0}), (99, {"": 0}), (1, {})):
        assert samples(made(source, gauge("output")), single("output", value)) == read


def test_states_in_words_are_those_of_the_module() -> None:
    over = rows(("i", "kind"), [("1", "celsius"), ("2", "Celcius"), ("3", "rpm"), ("4", "unknown")])
    metric = Metric("kind", "1.3.6.1.4.1.1", "EnumAsInfo", indexes=(Index("i"),), enum_values={8: "Celcius"})
    source = Source("kind", {"sensor": ("i",)}, states={8: "celsius"}, unknown={2: "unknown"})
    assert samples(made(source, metric), table("kind_info", over, [1, 1, 1, 1])) == {
        '{sensor="1"}': 0, '{sensor="2"}': 1, '{sensor="3"}': 0,
    }  # fmt: skip


def test_of_a_set_of_states_the_one_that_is_counts() -> None:
    over = rows(("cover", "i"), [("open", "1"), ("closed", "1"), ("open", "2"), ("closed", "2")])
    metric = Metric("cover", "1.3.6.1.4.1.1", "EnumAsStateSet", indexes=(Index("i"),))
    fitted = made(Source("cover", {"door": ("i",)}, states={1: "open"}), metric)
    assert samples(fitted, table("cover", over, [1, 0, 0, 1])) == {'{door="1"}': 1, '{door="2"}': 0}


@pytest.mark.parametrize(
    ("text", "set_bits"), [("0x80", {"a"}), ("0x4001", {"b", "p"}), ("", set()), ("0x", set()), ("Ready", None)]
)
def test_bits_are_a_row_each(text: str, set_bits: set[str] | None) -> None:
    metric = Metric("errors", "1.3.6.1.4.1.1", "OctetString", indexes=(Index("i"),))
    fitted = made(Source("errors", bits={0: "a", 1: "b", 15: "p"}, bit="error"), metric)
    read = samples(fitted, table("errors", rows(("errors", "i"), [(text, "1")]), [1]))
    wanted = {} if set_bits is None else {f'{{error="{each}"}}': float(each in set_bits) for each in "abp"}
    assert read == wanted


# Conditions and labels.

KIND = Metric("kind", "1.3.6.1.4.1.2", "EnumAsInfo", indexes=(Index("i"),), enum_values={8: "celsius"})
CELSIUS = Source("v", {"sensor": ("name", "i")}, where=(Where("kind", {8: "celsius"}), Where("ok", {1: "ok"})))
OVER = rows(("i", "name"), [("1", "Top"), ("2", "Bottom"), ("3", "Fan")])
KINDS = table("kind_info", rows(("i", "kind", "name"), [("3", "rpm", "Fan"), ("1", "celsius", "Top"),
              ("2", "celsius", "Bottom")]), [1, 1, 1])  # fmt: skip


def test_rows_count_where_all_conditions_hold_whatever_their_order() -> None:
    fitted = made(CELSIUS, gauge("v"), gauge("ok"), KIND)
    page = table("v", OVER, [4, 5, 900]), table("ok", OVER, [1, 2, 1]), KINDS
    assert samples(fitted, *page) == {'{sensor="Top"}': 4}
    assert samples(fitted, *page[:2]) == {}, "what was not read does not hold"
    fewer = table("ok", rows(("i", "name"), [("2", "Bottom")]), [1])
    assert samples(fitted, page[0], fewer, KINDS) == {'{sensor="Bottom"}': 5}


def test_a_condition_without_labels_is_that_of_all_rows() -> None:
    source = Source("v", {"sensor": ("name",)}, scale=0.1, where=(Where("unit", {1: "celsius"}),))
    fitted = made(source, gauge("v"), gauge("unit"))
    assert samples(fitted, table("v", OVER, [40, 50, 60]), single("unit", 1)) == {
        '{sensor="Top"}': 4, '{sensor="Bottom"}': 5, '{sensor="Fan"}': 6,
    }  # fmt: skip
    assert samples(fitted, table("v", OVER, [40, 50, 60]), single("unit", 0)) == {}


def test_what_would_read_the_same_says_more() -> None:
    source = Source("v", {"sensor": ("name", "i")}, {"side": "a"}, frozenset({"0"}), names={"T": "Top"})
    over = rows(("i", "name"), [("1", "T"), ("2", "T"), ("3", ""), ("4", "0")])
    assert list(samples(made(source, gauge("v")), table("v", over, [1, 2, 3, 4]))) == [
        '{sensor="Top 1",side="a"}', '{sensor="Top 2",side="a"}', '{sensor="3",side="a"}', '{sensor="4",side="a"}',
    ]  # fmt: skip


def test_rows_are_made_once_while_the_vendors_stay_and_anew_when_they_do_not() -> None:
    fitted, memory = made(CELSIUS, gauge("v"), gauge("ok"), KIND), Made()

    def poll(over: Rows, ok: Sequence[float]) -> Rows:
        page = table("v", over, [4, 5, 900]), table("ok", over, ok), KINDS
        (found,) = normalise("vendor", fitted, page, memory)
        return found.rows

    first = poll(OVER, [1, 1, 1])
    assert poll(OVER, [1, 1, 1]) is first
    assert poll(OVER, [1, 2, 1]).text == ('{sensor="Top"}',)
    assert poll(OVER, [1, 1, 1]).text == first.text
    renamed = rows(("i", "name"), [("1", "Upper"), ("2", "Bottom"), ("3", "Fan")])
    page = table("v", renamed, [4, 5, 900]), table("ok", renamed, [1, 1, 1]), KINDS
    (found,) = normalise("vendor", fitted, page, memory)
    assert found.rows.text == ('{sensor="Bottom"}',), "a name that no longer agrees is not joined"


def test_another_declaration_makes_other_rows_of_the_same_ones() -> None:
    memory, page = Made(), table("v", OVER, [4, 5, 6])
    for key in ("sensor", "shelf"):
        read = samples(made(Source("v", {key: ("name",)}), gauge("v")), page, memory=memory)
        assert list(read) == [f'{{{key}="{name}"}}' for name in ("Top", "Bottom", "Fan")]


# What does not fit.


@pytest.mark.parametrize(
    ("source", "metrics"),
    [
        (Source("v"), ()),
        (Source("v"), (Metric("v", "1.3.6.1.4.1.1", "DisplayString"),)),
        (Source("v"), (Metric("v", "1.3.6.1.4.1.1", "DateAndTime"),)),
        (Source("v", bits={0: "a"}, bit="b"), (gauge("v"),)),
        (Source("v", full="w"), (gauge("v"),)),
        (Source("v", full="w"), (gauge("v"), Metric("w", "1.3.6.1.4.1.2", "DisplayString"))),
        (Source("v", where=(Where("w", {1: "up"}),)), (gauge("v"),)),
        (Source("v", where=(Where("w", {1: "up"}),)), (gauge("v"), Metric("w", "1.3.6.1.4.1.2", "EnumAsStateSet"))),
    ],
)
def test_a_module_that_reads_less_or_otherwise_gives_nothing(source: Source, metrics: tuple[Metric, ...]) -> None:
    assert made(source, *metrics) == ()


NUMBERS = st.one_of(st.floats(), st.integers(-(2**64), 2**64).map(float))
TEXTS = st.text(max_size=6)


@pytest.mark.slow
@given(
    st.lists(st.tuples(TEXTS, TEXTS, NUMBERS, NUMBERS, NUMBERS), max_size=6),
    st.lists(st.tuples(TEXTS, TEXTS, TEXTS, NUMBERS), max_size=6),
)
def test_whatever_a_device_says_becomes_columns_of_equal_length(
    cells: list[tuple[str, str, float, float, float]], kinds: list[tuple[str, str, str, float]]
) -> None:
    over = rows(("i", "name"), [(i, name) for i, name, *_ in cells])
    page = [
        Column(Family(name, ""), over, array("d", [cell[at] for cell in cells]))
        for at, name in enumerate(("v", "p", "w"), 2)
    ]
    page.append(table("kind_info", rows(("i", "kind", "name"), [k[:3] for k in kinds]), [k[3] for k in kinds]))
    sources = (
        replace(CELSIUS, where=(Where("kind", {8: "celsius"}),), precision="p", full="w"),
        Source("v", {"sensor": ("name", "i")}, least=0, full="w", prefix="p", scale=0.01, offset=-3),
        Source("kind", {"sensor": ("name",)}, bits={0: "a", 9: "b"}, bit="bit"),
        Source("kind", {"sensor": ("name",)}, states={8: "celsius"}, unknown={1: ""}),
    )
    module = Module("vendor", metrics=(gauge("v"), gauge("p"), gauge("w"), KIND))
    fitted = fit([Normal(MADE, "", sources)], module)
    assert len(fitted) == 4
    for each in normalise("vendor", fitted, page, Made()):
        assert len(each.values) == len(each.rows.text) == len(each.rows.values)
