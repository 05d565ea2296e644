"""Units out of a stream, however it is cut, and what is refused before it is held."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import Malformed
from collector.wire.dicom.stream import LONGEST, Stream, Unit
from tests.collector.wire.dicom import peer

UNITS = [peer.accept(), peer.answer(), peer.unit(4, b""), peer.RELEASE_RQ, peer.RELEASE_RP, peer.abort(2, 6)]


def drain(stream: Stream) -> list[Unit]:
    units = list[Unit]()
    while (unit := stream.next()) is not None:
        units.append(unit)
    return units


@given(st.lists(st.sampled_from(UNITS), max_size=8), st.integers(1, 50))
def test_units_are_the_same_however_they_come(units: list[bytes], size: int) -> None:
    whole = b"".join(units)
    stream = Stream()
    found = list[Unit]()
    for at in range(0, len(whole), size):
        stream.feed(whole[at : at + size])
        found += drain(stream)
    assert found == [Unit(packet[0], packet[6:]) for packet in units]


def test_a_type_that_a_client_is_never_sent_is_refused_at_its_first_byte() -> None:
    for first in {*range(256)} - {2, 3, 4, 5, 6, 7}:
        stream = Stream()
        stream.feed(bytes((first,)))
        with pytest.raises(Malformed):
            stream.next()


@pytest.mark.parametrize("head", ["0300 00000005", "0500 00000000", "0600 00000003", "0700 ffffffff"])
def test_a_length_that_is_not_that_of_its_type_is_refused_at_once(head: str) -> None:
    stream = Stream()
    stream.feed(bytes.fromhex(head))
    with pytest.raises(Malformed):
        stream.next()


@pytest.mark.parametrize("kind", [2, 4])
def test_a_unit_that_is_too_long_is_refused_before_it_is_held(kind: int) -> None:
    longest = LONGEST - 6
    stream = Stream()
    stream.feed(bytes((kind, 0)) + longest.to_bytes(4, "big"))
    assert stream.next() is None
    stream = Stream()
    stream.feed(bytes((kind, 0)) + (longest + 1).to_bytes(4, "big"))
    with pytest.raises(Malformed, match="65536"):
        stream.next()


def test_many_short_units_have_an_end_too() -> None:
    stream = Stream()
    stream.feed(peer.unit(4, b"") * (LONGEST // 6 + 1))
    with pytest.raises(Malformed, match="65536"):
        drain(stream)
