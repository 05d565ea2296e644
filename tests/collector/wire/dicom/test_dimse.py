"""The C-ECHO's command sets, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import Malformed
from collector.wire.dicom import dimse, pdu, words
from tests.collector.wire.dicom import peer

ECHO_RQ = bytes.fromhex(
    "04 00 0000004a 00000046 01 03"  # P-DATA-TF, one fragment: context 1, command, last (PS3.8 table 9-22)
    "0000 0000 04000000 38000000"  # group length 56 (PS3.7 table 9.3-12)
    "0000 0200 12000000 312e322e3834302e31303030382e312e3100"  # affected SOP class: Verification, padded
    "0000 0001 02000000 3000"  # C-ECHO-RQ
    "0000 1001 02000000 0700"  # message id 7
    "0000 0008 02000000 0101"  # no data set
)


def test_the_request_is_this_to_the_byte() -> None:
    assert pdu.data(dimse.echo_request(7)) == ECHO_RQ


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_a_response_tells_message_and_status(message_id: int, status: int) -> None:
    assert dimse.read_response(peer.response(message_id, status)) == (message_id, status)


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (0x0000, "success"), (0x0122, "sop_class_not_supported"), (0x0210, "duplicate_invocation"),
        (0x0211, "unrecognized_operation"), (0x0212, "mistyped_argument"), (0x0110, "other_status"),
        (0xFE00, "other_status"), (0xFFFF, "other_status"),
    ],
)  # fmt: skip
def test_every_status_has_a_word(status: int, word: str) -> None:
    """PS3.7 section 9.1.5.1.4."""
    assert words.status(status) == word


BARE = peer.short(0x0100, 0x8030) + peer.short(0x0120, 7) + peer.short(0x0800, 0x0101) + peer.short(0x0900, 0)


def test_a_response_may_leave_out_its_class_and_add_a_comment() -> None:
    assert dimse.read_response(BARE) == (7, 0)
    assert dimse.read_response(BARE + peer.element(0x0902, b"a comment ")) == (7, 0)


@pytest.mark.parametrize(
    "command",
    [
        b"",
        BARE[:-1],
        BARE + b"\x00",
        BARE + b"\x00\x00\x02\x09\xff\xff\xff\xff",
        BARE[10:],
        BARE[:-10],
        BARE.replace(b"\x30\x80", b"\x30\x00"),
        BARE.replace(b"\x30\x80", b"\x01\x80"),
        BARE.replace(b"\x01\x01", b"\x00\x00"),
        BARE + peer.short(0x0900, 0),
        BARE + peer.short(0x0110, 7),
        BARE + b"\x08\x00" + peer.short(0x0902, 0)[2:],
        peer.element(0x0002, b"1.2.840.10008.5.1.4.1.1.7\0") + BARE,
        BARE[:-10] + peer.element(0x0900, b"\x00"),
    ],
    ids=[
        "nothing", "cut", "half an element", "element too long", "no command", "no status", "a request", "a C-STORE",
        "with data set", "twice", "out of order", "another group", "another class", "short status",
    ],
)  # fmt: skip
def test_what_is_no_response_is_malformed(command: bytes) -> None:
    with pytest.raises(Malformed):
        dimse.read_response(command)


@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([BARE, peer.short(0x0100, 0x8030)])), max_size=5))
def test_random_commands_raise_malformed_and_nothing_else(parts: list[bytes]) -> None:
    try:
        dimse.read_response(b"".join(parts))
    except Malformed:
        pass
