"""The simulator's encoder against pyasn1's, and its request reader against what is no request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ
from pysnmp.proto import rfc1902

from simulator import ber, message
from tests.simulator.client import request

arcs = st.tuples(st.integers(0, 2), st.integers(0, 39)).flatmap(
    lambda top: st.lists(st.integers(0, 2**32 - 1), max_size=60).map(lambda rest: (*top, *rest))
)


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_are_read_back_by_pyasn1_and_are_the_shortest(value: int) -> None:
    content = ber.signed(value)
    assert int(decoder.decode(ber.tlv(ber.INTEGER, content))[0]) == value
    assert len(content) == 1 or content[:1] not in (b"\0", b"\xff") or (content[0] ^ content[1]) & 0x80


@given(st.integers(0, 2**64 - 1))
def test_counters_are_those_of_pysnmp(value: int) -> None:
    assert ber.tlv(ber.COUNTER64, ber.unsigned(value)) == encoder.encode(rfc1902.Counter64(value))


@given(arcs)
def test_identifiers_are_those_of_pyasn1_and_come_back(value: ber.Arcs) -> None:
    content = ber.identifier(value)
    assert ber.tlv(ber.IDENTIFIER, content) == encoder.encode(univ.ObjectIdentifier(value))
    assert ber.arcs_of(content) == value


@given(st.binary(max_size=70_000))
def test_lengths_of_any_size(value: bytes) -> None:
    decoded, rest = decoder.decode(ber.tlv(ber.OCTETS, value))
    assert (bytes(decoded), rest) == (value, b"")


@given(st.binary(max_size=300))
def test_no_bytes_upset_the_request_reader(packet: bytes) -> None:
    try:
        parsed = message.parse(packet)
    except ValueError:
        return
    assert parsed.size == len(packet)


def test_every_cut_and_every_changed_byte_is_read_or_refused() -> None:
    packet = request("bulk", "1.3.6.1.2.1.2.2.1.10", "1.3.6.1.2.1.1.3")
    for end in range(len(packet)):
        with pytest.raises(ValueError):
            message.parse(packet[:end])
    for at in range(len(packet)):
        for byte in (0x00, 0x7F, 0x80, 0xFF):
            damaged = packet[:at] + bytes((byte,)) + packet[at + 1 :]
            try:
                message.parse(damaged)
            except ValueError:
                continue


def test_a_request_is_read_as_pysnmp_wrote_it() -> None:
    packet = request("bulk", "1.3.6.1.2.1.1.3", "1.3.6.1.2.1.2", request_id=77, non_repeaters=1, max_repetitions=20)
    parsed = message.parse(packet)
    assert parsed.kind == message.GETBULK
    assert (parsed.version, parsed.community, parsed.request_id) == (1, b"public", b"\x4d")
    assert (parsed.first, parsed.second) == (1, 20)
    assert [ber.arcs_of(oid) for oid in parsed.oids] == [(1, 3, 6, 1, 2, 1, 1, 3), (1, 3, 6, 1, 2, 1, 2)]
