"""Words of gosnmp and Go's client library, as Debian's snmp_exporter says them (tests/e2e/test_strict.py asks it)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.model import Family
from collector.wire.snmp import ber, said


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"), (-0.0, "-0"), (1.0, "1"), (999999.0, "999999"), (1e6, "1e+06"), (34567876.0, "3.4567876e+07"),
        (4938268.0, "4.938268e+06"), (0.1, "0.1"), (0.00012, "0.00012"), (1.23e-5, "1.23e-05"), (-12.5, "-12.5"),
        (2.0**53, "9.007199254740992e+15"), (1.5e300, "1.5e+300"), (math.nan, "NaN"), (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)  # fmt: skip
def test_numbers_read_as_go_writes_them(number: float, text: str) -> None:
    assert said.shortest(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_the_same(number: float) -> None:
    text = said.shortest(number)
    assert float(text) == number
    assert len(text) <= 24


def test_labels_are_in_their_order_and_escaped_and_empty_ones_are_told_too() -> None:
    family = Family("x", "", "counter")
    text = said.twice(family, ("b", "a"), ('say "no"\n', ""), 1e6)
    assert text == (
        'collected metric "x" { label:{name:"a" value:""} label:{name:"b" value:"say \\"no\\"\\n"} '
        "counter:{value:1e+06} } was collected before with the same name and label values"
    )


@pytest.mark.parametrize(
    ("tag", "word"), [(ber.INTEGER, "int"), (ber.COUNTER64, "uint64"), (ber.NULL, "<nil>"), (0x5F, "<nil>")]
)
def test_what_is_no_string_of_bytes_has_gos_type(tag: int, word: str) -> None:
    assert said.no_bits("flags", ("1", "eth0"), tag).endswith(f"error for metric flags with labels [1 eth0]: {word}")


def test_a_devices_text_begins_no_line_of_its_own() -> None:
    assert said.no_bits("flags", ("a\n* all is well\x1b",), ber.INTEGER).endswith("[a\\n* all is well\ufffd]: int")
