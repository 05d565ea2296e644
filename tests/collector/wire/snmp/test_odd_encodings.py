"""Odd encodings are read as meant, and a bad varbind discards no other (RELIABILITY A6: F9 to F12, F17)."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest

from collector.model import LABEL_LENGTH
from collector.wire.snmp import ber, message
from tests.collector.wire.snmp.agents import Agent, Varbind, integer, octets
from tests.collector.wire.snmp.faulty import ROOT, poll, table_values
from tests.collector.wire.snmp.odd import CASES, NONSENSE, Breaks, one


@pytest.mark.parametrize(("value", "meant"), CASES)
def test_a_number_is_read_as_meant(value: str, meant: float) -> None:
    column = one(bytes.fromhex(value.replace(" ", "")))
    assert column is not None
    assert list(column.rows.values) == [("1",), ("2",), ("3",)]
    first, middle, last = column.values
    assert (first, last) == (11, 33)
    assert middle == meant or (math.isnan(meant) and math.isnan(middle))


@pytest.mark.parametrize("value", ["0500", "8000", "8100"])
def test_no_value_is_no_sample(value: str) -> None:
    column = one(bytes.fromhex(value))
    assert column is not None
    assert (list(column.values), list(column.rows.values)) == ([11, 33], [("1",), ("3",)])


@pytest.mark.parametrize(
    ("content", "label"),
    [
        (b"caf\xc3\xa9", "café"), (b"a\xff\xfe\xfdb", "a\ufffdb"), (b"\xff a \xfe", "\ufffd a \ufffd"),
        (b"nul\x00nul", "nul\ufffdnul"), (b"tab\tline\nend", "tab\tline\nend"), (b"\x1b[31mred", "\ufffd[31mred"),
        (b'quote"back\\slash', 'quote"back\\slash'), (b"\xed\xa0\x80", "\ufffd"), (b"", ""),
    ],
)  # fmt: skip
def test_f12_text_is_made_harmless(content: bytes, label: str) -> None:
    column = one(octets(content), "DisplayString")
    assert column is not None
    assert column.rows.names == ("row", "x")
    assert list(column.rows.values) == [("1", "11"), ("2", label), ("3", "33")]
    assert all("\n" not in text for text in column.rows.text)


@pytest.mark.parametrize(
    ("value", "label"),
    [("06022b86", "0x2B86"), ("0600", "0.0"), ("06062b9080808000", "0x2B9080808000"), ("4003010203", "0x010203")],
)
def test_f10_a_value_that_is_none_is_shown_as_bytes(value: str, label: str) -> None:
    column = one(bytes.fromhex(value), "DisplayString")
    assert column is not None
    assert list(column.rows.values) == [("1", "11"), ("2", label), ("3", "33")]


def test_f12_long_texts_are_cut_and_stay_apart() -> None:
    labels = [one(octets("x" * 2000 + end), "DisplayString") for end in "ab"]
    values = [column.rows.values[1][1] for column in labels if column is not None]
    assert [len(value) for value in values] == [LABEL_LENGTH, LABEL_LENGTH]
    assert values[0] != values[1]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_f10_a_bad_varbind_discards_no_other(nonsense: str) -> None:
    agent = Breaks(table_values(40))
    agent.nonsense = bytes.fromhex(nonsense)
    result = poll(agent)
    expected = [float(row) for row in range(1, 41) if row != 5]
    assert list(result.columns["beta"].values) == expected
    assert list(result.columns["alpha"].values) == [1000 + row for row in expected]
    assert result.survey.malformed > 0


class LongArcs(Agent):
    """Between the rows, names that are none: an arc over 32 bits, too many arcs, an arc without end."""

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        found = list(super().bulk(name, repetitions))
        prefix = ber.encode_oid(f"{ROOT}.1.10")
        odd = [prefix + tail for tail in (b"\x90\x80\x80\x80\x00", b"\x01" * 130, b"\x85", b"\x80\x01")]
        return [*found[:4], *[(each, integer(666)) for each in odd], *found[4:]]


def test_f25_names_that_are_none_are_passed_over() -> None:
    result = poll(LongArcs(table_values(40)))
    assert list(result.columns["alpha"].values) == [1000.0 + row for row in range(1, 41)]
    assert result.survey.incomplete == {}


class OddTail(Agent):
    """A name of two arcs, the second without end, in the place of the hot loop: only the row is lost."""

    def bulk(self, name: bytes, repetitions: int) -> Iterable[Varbind]:
        found = list(super().bulk(name, repetitions))
        prefix = ber.encode_oid(f"{ROOT}.1.10")
        return [(oid[:-1] + b"\x85" if oid == prefix + b"\x05" else oid, value) for oid, value in found]


def test_f25_a_row_whose_index_is_none_is_left_out() -> None:
    agent = OddTail(table_values(4) | {f"{ROOT}.1.10.5": integer(1, ber.COUNTER32)})
    result = poll(agent)
    assert list(result.columns["alpha"].values) == [1001, 1002, 1003, 1004]


@pytest.mark.parametrize("size", [9, 11, 12, 13, 14, 15])
def test_f25_an_oid_longer_than_its_varbind_ends_no_poll(size: int) -> None:
    """The last varbind of the packet, in the place of the hot loop, is as long as it says; its OID is longer."""

    class Short(Agent):
        def answer(self, packet: bytes) -> list[bytes]:
            head = message.read(packet)
            prefix = ber.encode_oid(f"{ROOT}.1.10")
            good = [(prefix + bytes((row,)), integer(row, ber.COUNTER32)) for row in (1, 2)]
            tail = b"\x30" + bytes((size, 6, len(prefix) + 1)) + prefix + b"\x03\x41\x01\x03"
            whole = b"".join(ber.tlv(0x30, ber.tlv(6, name) + value) for name, value in good) + tail[: size + 2]
            pdu = ber.encode_integer(head.request_id) + b"\x02\x01\x00\x02\x01\x00" + ber.tlv(0x30, whole)
            return [ber.tlv(0x30, b"\x02\x01\x01\x04\x06public" + ber.tlv(message.RESPONSE, pdu))]

    result = poll(Short({}))
    assert list(result.columns["alpha"].values)[:2] == [1, 2]
    assert result.survey.incomplete
