"""The codec against itself, against pyasn1 (through pysnmp's types), and at its bounds (RELIABILITY F25)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ
from pysnmp.proto import rfc1902

from collector.errors import Malformed
from collector.wire.snmp import ber

ARC = st.integers(0, ber.ARC)
TAILS = st.lists(ARC, max_size=60).map(tuple)
OIDS = st.tuples(st.integers(0, 1), st.integers(0, 39), TAILS).map(lambda t: (t[0], t[1], *t[2])) | st.tuples(
    st.integers(0, ber.ARC - 80), TAILS
).map(lambda t: (2, t[0], *t[1]))


def text(arcs: tuple[int, ...]) -> str:
    return ".".join(map(str, arcs))


@given(OIDS)
def test_oids_round_trip_and_read_as_pyasn1_writes_them(arcs: tuple[int, ...]) -> None:
    raw = ber.encode_oid(text(arcs))
    assert ber.decode_oid(raw) == arcs
    assert ber.dotted(raw) == text(arcs)
    assert ber.tlv(ber.OID, raw) == encoder.encode(rfc1902.ObjectName(arcs))


@given(TAILS)
def test_indexes_round_trip(arcs: tuple[int, ...]) -> None:
    assert ber.decode_arcs(ber.encode_arcs(arcs)) == arcs


@given(TAILS, TAILS)
def test_order_is_that_of_arcs(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    assert ber.after(ber.encode_arcs(one), ber.encode_arcs(other)) == (one > other)


CLOSE = st.lists(st.sampled_from([0, 1, 127, 128, 255, 16383, 16384, 2**21 - 1, 2**21, 2**28, ber.ARC]), max_size=4)


@given(CLOSE, CLOSE)
def test_order_is_that_of_arcs_where_bytes_would_say_otherwise(one: list[int], other: list[int]) -> None:
    assert ber.after(ber.encode_arcs(one), ber.encode_arcs(other)) == (one > other)


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_order_of_any_bytes_is_that_of_arcs_or_malformed(one: bytes, other: bytes) -> None:
    try:
        expected = ber.decode_arcs(one) > ber.decode_arcs(other)
    except Malformed:
        with pytest.raises(Malformed):
            ber.after(one, other)
    else:
        assert ber.after(one, other) == expected


@given(TAILS, TAILS)
def test_a_raw_prefix_is_a_prefix_of_arcs(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    assert ber.encode_arcs(one).startswith(ber.encode_arcs(other)) == (one[: len(other)] == other)


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_round_trip_and_read_alike_in_pyasn1(value: int) -> None:
    whole = ber.encode_integer(value)
    tag, start, stop = ber.header(whole, 0, len(whole))
    assert (tag, ber.signed(whole[start:stop])) == (ber.INTEGER, value)
    assert int(decoder.decode(whole)[0]) == value
    theirs = encoder.encode(univ.Integer(value))  # sometimes a byte longer than need be
    assert ber.signed(theirs[2:]) == value


@pytest.mark.parametrize(
    ("tag", "kind", "bits"),
    [
        (ber.COUNTER32, rfc1902.Counter32, 32),
        (ber.GAUGE32, rfc1902.Gauge32, 32),
        (ber.TIMETICKS, rfc1902.TimeTicks, 32),
        (ber.COUNTER64, rfc1902.Counter64, 64),
    ],
)
@given(data=st.data())
def test_unsigned_types_agree_with_pyasn1(tag: int, kind: type, bits: int, data: st.DataObject) -> None:
    value = data.draw(st.integers(0, 2**bits - 1))
    whole = ber.encode_integer(value, tag)
    assert whole == encoder.encode(kind(value))
    assert ber.number(tag, whole[2:]) == value
    assert int(decoder.decode(whole, asn1Spec=kind())[0]) == value


@given(st.binary(max_size=70_000), st.sampled_from([ber.OCTET_STRING, ber.OPAQUE, ber.SEQUENCE]))
def test_values_of_any_length_round_trip(content: bytes, tag: int) -> None:
    whole = ber.tlv(tag, content)
    found, start, stop = ber.header(whole, 0, len(whole))
    assert (found, whole[start:stop], stop) == (tag, content, len(whole))


@given(st.floats(allow_nan=False))
def test_floats_round_trip(value: float) -> None:
    assert ber.opaque(ber.encode_float(value)) == value


def test_not_a_number_and_infinity_pass() -> None:
    assert math.isnan(ber.opaque(ber.encode_float(math.nan)) or 0.0)
    assert ber.opaque(ber.encode_float(math.inf)) == math.inf
    assert ber.opaque(bytes.fromhex("9f7908fff0000000000000")) == -math.inf


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x02", b"\x02\x01", b"\x02\x80\x01\x00\x00", b"\x02\x85\x00\x00\x00\x00\x01\x01",
        b"\x02\x84\xff\xff\xff\xff", b"\x02\x84\x00\x00", b"\x02\x82\x00", b"\x04\x05abcd", b"\x02\xff\x01",
    ],
)  # fmt: skip
def test_bad_lengths_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        ber.header(data, 0, len(data))


@pytest.mark.parametrize(
    "raw",
    [b"\x81", b"\x80\x01", b"\x90\x80\x80\x80\x00", b"\xff\xff\xff\xff\xff\x7f", b"\x01" * 129, b"\x2b\x86"],
)
def test_what_is_no_oid_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        ber.decode_arcs(raw)


@pytest.mark.parametrize(
    "words", ["", "1", "1.x", "3.1", "1.40", "1.3.-1", "1.3.4294967296", "1..3", "1.3" + ".1" * 127]
)
def test_what_people_write_and_is_no_oid_is_a_value_error(words: str) -> None:
    with pytest.raises(ValueError, match="not an OID"):
        ber.encode_oid(words)


def test_a_leading_dot_is_allowed() -> None:
    assert ber.encode_oid(".1.3.6.1") == b"\x2b\x06\x01"
