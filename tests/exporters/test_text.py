"""The text format: what a page holds, and that nothing can break it."""

import math
from array import array
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from collector.model import LABEL_LENGTH, Column, Family, clean, column, rows, single
from exporters.text import Form, render
from tests.exporters.exposition import parse

PORTS = rows(("port", "name"), [("1", "uplink"), ("2", ""), ("3", 'say "hi"\\\n100%d')])
OCTETS = Family("octets_total", "Octets.", "counter")


def page(*columns: Column) -> str:
    return render(columns).body.decode()


def test_a_whole_page_to_the_letter() -> None:
    columns = [
        single(Family("up", "It\\s\nup.", "gauge"), 1),
        column(OCTETS, PORTS, (1e15, 0.5, math.inf)),
        single(Family("bare", "", "untyped"), -2),
    ]
    assert page(*columns) == (
        "# TYPE bare untyped\n"
        "bare -2\n"
        "# HELP octets_total Octets.\n"
        "# TYPE octets_total counter\n"
        'octets_total{port="1",name="uplink"} 1000000000000000\n'
        'octets_total{port="2"} 0.5\n'
        'octets_total{port="3",name="say \\"hi\\"\\\\\\n100%d"} +Inf\n'
        "# HELP up It\\\\s\\nup.\n"
        "# TYPE up gauge\n"
        "up 1\n"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1e6, "1000000"),
        (2**53, "9007199254740992"),
        (2**64, "18446744073709551616"),
        (1e22, "1e+22"),
        (0.1, "0.1"),
        (1e-7, "1e-07"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_values_are_short_and_exact(value: float, text: str) -> None:
    assert page(single(Family("v", ""), value)) == f"# TYPE v gauge\nv {text}\n"
    alike = "".join(f"v{labels} {text}\n" for labels in PORTS.text)
    assert page(column(Family("v", ""), PORTS, (value,) * 3)) == f"# TYPE v gauge\n{alike}"


@pytest.mark.parametrize("beside", [1.0, 0.5, 1e22])
def test_zero_has_one_sign_whatever_stands_beside_it(beside: float) -> None:
    for values in ((-0.0, beside, 0.0), (-0.0, 0.0, -0.0)):
        assert "-0" not in page(column(Family("v", ""), PORTS, values))


def test_text_that_looks_like_a_value_stays_as_it_is() -> None:
    over = rows(("a",), [("1.0",), (" inf",), ("nan\n",), ("%s%d%",), ("{}",)])
    parsed = parse(render([column(Family("v", "10.0"), over, (1.5, math.inf, math.nan, 2, 3))]).body)
    assert [labels for _, labels in parsed.samples] == [(("a", v),) for v in ("1.0", " inf", "nan\n", "%s%d%", "{}")]
    assert parsed.help["v"] == "10.0"


def test_one_family_from_two_modules_is_written_once_and_the_first_word_wins() -> None:
    again = Family(OCTETS.name, "Other words.", "gauge")
    swapped = rows(("name", "port"), [("uplink", "1"), ("new", "9")])
    rendered = render([column(OCTETS, PORTS, (1, 2, 3)), column(again, swapped, (7, 8))])
    parsed = parse(rendered.body)
    assert (rendered.samples, rendered.duplicates) == (4, 1)
    assert parsed.type == {"octets_total": "counter"}
    assert parsed.help == {"octets_total": "Octets."}
    assert parsed.value("octets_total", port="1", name="uplink") == 1
    assert parsed.value("octets_total", port="9", name="new") == 8


def test_two_rows_that_read_the_same_keep_the_first() -> None:
    rendered = render([column(OCTETS, rows(("i",), [("1",), ("1",), ("2",)]), (5, 6, 7))])
    assert rendered.body.endswith(b'octets_total{i="1"} 5\noctets_total{i="2"} 7\n')
    assert (rendered.samples, rendered.duplicates) == (2, 1)


def test_a_column_that_says_nothing_new_is_left_off() -> None:
    rendered = render([column(OCTETS, PORTS, (1, 2, 3)), column(OCTETS, PORTS, (4, 5, 6))])
    assert (rendered.samples, rendered.duplicates) == (3, 3)
    assert parse(rendered.body).value("octets_total", port="1", name="uplink") == 1


def test_a_column_without_rows_leaves_nothing() -> None:
    assert render([Column(OCTETS, rows(("i",), []), array("d"))]).body == b""


def test_a_histogram_is_one_family() -> None:
    buckets = column(Family("wait_bucket", "Wait.", "histogram"), rows(("le",), [("1",), ("+Inf",)]), (3, 4))
    total = single(Family("wait_sum", "Wait.", "histogram"), 2.5)
    count = single(Family("wait_count", "Wait.", "histogram"), 4)
    quantile = column(Family("lag", "Lag.", "summary"), rows(("quantile",), [("0.5",)]), (1,))
    lag_sum = single(Family("lag_sum", "Lag.", "summary"), 9)
    parsed = parse(render([buckets, quantile, total, lag_sum, count]).body)
    assert parsed.type == {"lag": "summary", "wait": "histogram"}
    assert parsed.names() == {"wait_bucket", "wait_sum", "wait_count", "lag", "lag_sum"}


def test_a_name_means_one_thing() -> None:
    count = single(Family("wait_count", "Wait.", "histogram"), 4)
    usurper = column(Family("wait_count", "Not of the histogram.", "gauge"), PORTS, (1, 2, 3))
    first = render([count, usurper])
    assert (first.samples, first.duplicates) == (1, 3)
    later = render([usurper, count])
    assert (later.samples, later.duplicates) == (3, 1)
    assert parse(first.body).type == {"wait": "histogram"}
    assert parse(later.body).type == {"wait_count": "gauge"}


HOSTILE = st.one_of(
    st.text(),
    st.binary().map(lambda b: b.decode("utf-8", "surrogateescape")),
    st.binary().map(lambda b: b.decode("latin-1")),
    st.text(alphabet='"\\\n\r\t{}%,= #\x00\x85\u2028\ud800', min_size=1),
    st.integers(200, 700).map(lambda n: "ä" * n),
)


@settings(max_examples=300)
@given(
    st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=8),
    st.lists(st.floats(width=64), min_size=8, max_size=8),
    HOSTILE,
)
def test_no_string_breaks_a_page_and_all_come_back(
    table: list[tuple[str, str]], values: list[float], about: str
) -> None:
    """RELIABILITY D4: device text in labels and help, any value; two parsers; exact after `clean`."""
    over = rows(("a", "b"), table)
    rendered = render([column(Family("m", about), over, values[: len(table)])])
    parsed = parse(rendered.body)
    expected: dict[tuple[tuple[str, str], ...], float] = {}
    for labels, value in zip(table, values, strict=False):
        key = tuple((n, clean(v)) for n, v in zip(("a", "b"), labels, strict=True) if v)
        expected.setdefault(key, value)
    assert {labels: repr(v + 0.0) for (_, labels), v in parsed.samples.items()} == {
        labels: repr(v + 0.0)  # zero has one sign on a page of whole numbers
        for labels, v in expected.items()
    }
    assert rendered.samples + rendered.duplicates == len(table)
    reference = [s for f in text_string_to_metric_families(rendered.body.decode()) for s in f.samples]
    assert {tuple(sorted(s.labels.items())) for s in reference} == set(expected)


@given(HOSTILE)
def test_clean_text_is_bounded_and_clean(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert len(once) <= LABEL_LENGTH
    once.encode()
    assert not set(once) & {chr(c) for c in (*range(9), 11, 12, *range(14, 32), *range(0x7F, 0xA0))}


@pytest.mark.slow
@settings(max_examples=2_000)
@given(st.lists(HOSTILE, min_size=5, max_size=5))
def test_many_hostile_strings(texts: list[str]) -> None:
    """A tenth of RELIABILITY D4; `python -m bench.bar D4 --full` tries all of it, through devices and pages."""
    rendered = render([column(OCTETS, rows(("descr",), [(t,) for t in texts]), range(len(texts)))])
    assert {labels[0][1] if labels else "" for _, labels in parse(rendered.body).samples} == {clean(t) for t in texts}


def test_a_form_writes_what_rendering_writes_whatever_changes_between_pages() -> None:
    form, load = Form(), Family("load", "Load.")
    pages = [
        [column(OCTETS, PORTS, (1, 2, 3)), single(load, 0.5)],
        [column(OCTETS, PORTS, (1e15, 0.5, 2.0)), single(load, 7)],
        [column(OCTETS, PORTS, (math.nan, -math.inf, 1e22)), single(load, 2**64)],
        [single(load, 1), column(OCTETS, PORTS, (4, 5, 6))],
        [single(load, 1), column(OCTETS, rows(("port",), [("1",)]), (4,))],
        [single(load, 1), column(OCTETS, rows(("port",), []), ())],
        [single(load, 1), single(load, 2)],
        [column(OCTETS, rows(("port",), [("1",), ("1",)]), (4, 5))],
        [],
        [single(load, 3)],
    ]
    for columns in pages:
        for _ in range(2):
            assert form.render(columns) == render(columns)


def test_a_form_holds_a_histogram_and_writes_only_what_has_changed() -> None:
    form, load = Form(), Family("load", "Load.")
    took = Family("took", "Took.", "histogram")
    buckets = rows(("le",), [("1",), ("+Inf",)])
    parts = [
        column(replace(took, name="took_bucket"), buckets, (1, 2)),
        single(replace(took, name="took_sum"), 0.5),
        single(replace(took, name="took_count"), 2),
    ]
    first = [*parts, single(load, 1)]
    assert form.render(first) == render(first)
    second = [*parts, single(load, 2)]
    shown = render(second)
    parts[1].values[0] = 9.5
    assert form.render(second) == shown, "a column that is the same object is not looked into"
    third = [*parts[:2], single(replace(took, name="took_count"), 3), single(load, 2)]
    assert b"took_sum 0.5\ntook_count 3\n" in form.render(third).body
