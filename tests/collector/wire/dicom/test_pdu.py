"""Every unit that goes out, byte by byte, and every word that may come in."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import Malformed
from collector.wire.dicom import pdu, words
from tests.collector.wire.dicom import peer

ASSOCIATE_RQ = bytes.fromhex(
    "01 00 000000d8"  # A-ASSOCIATE-RQ, 216 bytes (PS3.8 table 9-11)
    "0001 0000"  # protocol version 1
    "50414353202020202020202020202020"  # PACS
    "57415244574154434820202020202020"  # WARDWATCH
    "0000000000000000000000000000000000000000000000000000000000000000"
    "10 00 0015 312e322e3834302e31303030382e332e312e312e31"  # application context (table 9-12)
    "20 00 002e 01 00 00 00"  # presentation context 1 (table 9-13)
    "30 00 0011 312e322e3834302e31303030382e312e31"  # Verification (table 9-14)
    "40 00 0011 312e322e3834302e31303030382e312e32"  # Implicit VR Little Endian (table 9-15)
    "50 00 0045"  # user information (table 9-16)
    "51 00 0004 00004000"  # maximum length 16,384 (table D.1-1)
    "52 00 002c 322e32352e323338333434343439303030393033353831353334363033373231313936333439313937333630"
    "55 00 0009 574152445741544348"  # PS3.7 tables D.3-1, D.3-3
)


def test_the_request_for_an_association_is_this_to_the_byte() -> None:
    assert pdu.associate_request(pdu.ae_title("PACS"), pdu.ae_title("WARDWATCH")) == ASSOCIATE_RQ


def test_our_implementation_is_a_random_uuid() -> None:
    """PS3.5 annex B.2: 2.25 and a UUID as one number."""
    root, arc, number = pdu.IMPLEMENTATION_UID.decode().split(".")
    assert (root, arc) == ("2", "25")
    assert uuid.UUID(int=int(number)).version == 4
    assert len(pdu.IMPLEMENTATION_UID) <= 64


def test_units_of_fixed_content_are_these_to_the_byte() -> None:
    assert pdu.RELEASE_REQUEST.hex() == "05000000000400000000"
    assert pdu.RELEASE_REPLY.hex() == "06000000000400000000"
    assert pdu.ABORT_BY_USER.hex() == "07000000000400000000"
    assert pdu.ABORT_BY_PROVIDER.hex() == "07000000000400000200"


@pytest.mark.parametrize("title", ["PACS", "A", "SIXTEEN LETTERS!", " padded  ", "~!@#$%^&*()_+"])
def test_a_title_is_padded_to_sixteen_bytes(title: str) -> None:
    assert pdu.ae_title(title) == title.strip().encode() + b" " * (16 - len(title.strip()))


@pytest.mark.parametrize(
    "title", ["", " ", " " * 16, "SEVENTEEN LETTERS", "BACK\\SLASH", "LINE\nEND", "TAB\t", "\x7f", "KÖLN", "\x00"]
)
def test_what_is_no_title_is_refused(title: str) -> None:
    with pytest.raises(ValueError, match="AE title"):
        pdu.ae_title(title)


def body(packet: bytes) -> bytes:
    return packet[6:]


def test_an_acceptance_tells_what_the_peer_takes_and_is() -> None:
    assert pdu.read_acceptance(body(peer.accept())) == pdu.Acceptance(
        "acceptance", 16_384, "1.2.276.0.7230010.3.0.3.6.7", "OFFIS_DCMTK_367"
    )


@pytest.mark.parametrize(
    ("result", "word"),
    [
        (1, "user_rejection"), (2, "no_reason"), (3, "abstract_syntax_not_supported"),
        (4, "transfer_syntaxes_not_supported"), (5, "reserved"), (255, "reserved"),
    ],
)  # fmt: skip
def test_a_context_may_be_refused_and_its_transfer_syntax_means_nothing_then(result: int, word: str) -> None:
    """PS3.8 table 9-18."""
    for syntax in (b"", b"1.2.840.10008.1.2.1"):
        assert pdu.read_acceptance(body(peer.accept(peer.context(result, syntax=syntax)))).context == word


def test_what_an_acceptance_may_leave_out_or_add_is_no_fault() -> None:
    bare = pdu.read_acceptance(body(peer.accept(user=b"")))
    assert (bare.max_length, bare.implementation_uid, bare.implementation_version) == (0, "", "")
    more = peer.USER + peer.item(0x53, bytes(4)) + peer.item(0x99, b"of tomorrow")
    assert pdu.read_acceptance(body(peer.accept(peer.item(0x98, b"?") + peer.context(), more))).max_length == 16_384
    assert pdu.read_acceptance(body(peer.accept(peer.context(syntax=b"1.2.840.10008.1.2\0")))).context == "acceptance"


def test_what_a_peer_calls_itself_is_cut_and_printable() -> None:
    user = peer.item(0x52, b"1." * 100) + peer.item(0x55, b'\x1b[31m"\xff\n' + b"x" * 60_000)
    acceptance = pdu.read_acceptance(body(peer.accept(user=user)))
    assert acceptance.implementation_uid == "1." * 32
    assert acceptance.implementation_version == '\ufffd[31m"\ufffd\ufffd' + "x" * 8


@pytest.mark.parametrize(
    "packet",
    [
        peer.accept(b""),
        peer.accept(peer.context() * 2),
        peer.accept(peer.context(identity=3)),
        peer.accept(peer.context(syntax=b"1.2.840.10008.1.2.1")),
        peer.accept(peer.item(0x21, bytes((1, 0, 0, 0)))),
        peer.accept(peer.item(0x21, b"\x01\x00\x00")),
        peer.accept(user=peer.item(0x51, b"\x40\x00")),
        peer.accept(user=b"\x51\x00\x00\x05\x00\x00\x40\x00"),
        peer.accept(version=2),
        peer.accept() + b"\x10",
        peer.accept()[:73],
    ],
    ids=[
        "none", "two", "not proposed", "syntax not proposed", "no syntax", "short context", "short length",
        "item too long", "version", "half an item", "short",
    ],
)  # fmt: skip
def test_what_does_not_answer_our_request_is_malformed(packet: bytes) -> None:
    with pytest.raises(Malformed):
        pdu.read_acceptance(body(packet))


REJECTIONS = {
    (1, 1): "no_reason_given", (1, 2): "application_context_not_supported", (1, 3): "calling_ae_not_recognized",
    (1, 7): "called_ae_not_recognized", (2, 1): "no_reason_given", (2, 2): "protocol_version_not_supported",
    (3, 1): "temporary_congestion", (3, 2): "local_limit_exceeded",
}  # fmt: skip
SOURCES = {1: "service_user", 2: "service_provider_acse", 3: "service_provider_presentation"}


def test_every_rejection_has_its_words() -> None:
    """PS3.8 table 9-21, all of it; what is reserved there is called so."""
    for source in (*range(6), 255):
        for reason in range(256):
            for result, word in ((1, "rejected_permanent"), (2, "rejected_transient"), (0, "reserved")):
                assert pdu.read_rejection(body(peer.reject(result, source, reason))) == (
                    word,
                    SOURCES.get(source, "reserved"),
                    REJECTIONS.get((source, reason), "reserved"),
                )


ABORTS = {
    0: "reason_not_specified", 1: "unrecognized_pdu", 2: "unexpected_pdu", 4: "unrecognized_pdu_parameter",
    5: "unexpected_pdu_parameter", 6: "invalid_pdu_parameter_value",
}  # fmt: skip


def test_every_abort_has_its_words() -> None:
    """PS3.8 table 9-26; a reason is the provider's only."""
    for reason in range(256):
        word = ABORTS.get(reason, "reserved")
        assert pdu.read_abort(body(peer.abort(2, reason))) == ("service_provider", word)
        assert pdu.read_abort(body(peer.abort(0, reason))) == ("service_user", "reason_not_specified")
        assert pdu.read_abort(body(peer.abort(1, reason))) == ("reserved", "reason_not_specified")


def test_fragments_are_told_apart() -> None:
    packet = peer.unit(4, peer.fragment(b"one", 0b01) + peer.fragment(b"", 0b01) + peer.fragment(b"two", 0b11))
    assert list(pdu.read_data(body(packet))) == [(b"one", False), (b"", False), (b"two", True)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        peer.fragment(b"data set", 0b10),
        peer.fragment(b"command", identity=3),
        peer.fragment(b"command")[:-1],
        peer.fragment(b"command") + b"\x00\x00",
        b"\x00\x00\x00\x01\x01\x03",
        b"\x00\x00\x00\x00",
        b"\xff\xff\xff\xff\x01\x03command",
    ],
)
def test_what_is_no_command_of_ours_is_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        list(pdu.read_data(content))


READERS = [pdu.read_acceptance, lambda content: list(pdu.read_data(content))]


@given(st.binary(max_size=300))
def test_random_bodies_raise_malformed_and_nothing_else(content: bytes) -> None:
    for read in READERS:
        for packet in (content, bytes((0, 1)) + bytes(66) + content):
            try:
                read(packet)
            except Malformed:
                pass


@given(st.binary(min_size=4, max_size=4))
def test_short_bodies_have_words_whatever_is_in_them(content: bytes) -> None:
    rejection, abort = pdu.read_rejection(content), pdu.read_abort(content)
    assert rejection.result in {*words.REJECT_RESULTS.values(), words.RESERVED}
    assert rejection.source in {*words.REJECT_SOURCES.values(), words.RESERVED}
    assert rejection.reason in {*words.REJECT_REASONS.values(), words.RESERVED}
    assert abort.source in {*words.ABORT_SOURCES.values(), words.RESERVED}
    assert abort.reason in {*words.ABORT_REASONS.values(), words.RESERVED}


def test_only_verification_can_be_proposed() -> None:
    """RELIABILITY S10: one abstract syntax, and no function that takes another."""
    assert ASSOCIATE_RQ.count(b"\x30\x00\x00\x11" + pdu.VERIFICATION) == 1
    assert ASSOCIATE_RQ.count(b"1.2.840.10008.") == 3
