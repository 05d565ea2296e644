"""A verification from the first byte to the last: as it should go, and every way in which it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import Denied, Malformed, PollError, Refused, TimedOut
from collector.wire.dicom import dimse, stream
from collector.wire.dicom.echo import OUTCOMES, Echo
from tests.collector.wire.dicom import peer
from tests.collector.wire.dicom.test_dimse import ECHO_RQ
from tests.collector.wire.dicom.test_pdu import ASSOCIATE_RQ

ABORT_BY_USER = peer.abort(0, 0)
ABORT_BY_PROVIDER = peer.abort(2, 0)


def new() -> Echo:
    return Echo("PACS", "WARDWATCH", 7)


def play(*received: bytes) -> tuple[Echo, list[str], list[bytes | None]]:
    """An echo whose peer sends these, each after what was to be written is: the phases ended, and what was written."""
    echo = new()
    ended, sent = list[str](), [echo.send()]
    for data in received:
        ended += echo.receive(data)
        sent.append(echo.send())
    return echo, ended, sent


def verdict(echo: Echo) -> tuple[str, str, type[PollError] | None]:
    problem = echo.problem()
    return echo.outcome, echo.ending, None if problem is None else type(problem)


def test_the_whole_dialogue_is_this_to_the_byte() -> None:
    """RELIABILITY C8: RQ, AC, ECHO, RELEASE, and no abort."""
    echo = new()
    assert echo.send() == ASSOCIATE_RQ
    assert (echo.send(), echo.phase) == (b"", "associate")
    assert echo.receive(peer.accept()) == ["associate"]
    assert (echo.phase, echo.send(), echo.send()) == ("echo", ECHO_RQ, b"")
    assert echo.receive(peer.answer()) == ["echo"]
    assert (echo.phase, echo.send(), echo.send()) == ("release", peer.RELEASE_RQ, b"")
    assert echo.receive(peer.RELEASE_RP) == ["release"]
    assert (echo.phase, echo.send()) == ("over", None)
    assert verdict(echo) == ("success", "released", None)
    assert echo.acceptance is not None
    assert echo.acceptance.implementation_version == "OFFIS_DCMTK_367"


def test_it_goes_the_same_way_byte_by_byte() -> None:
    echo = new()
    ended, sent = list[str](), echo.send() or b""
    for byte in peer.accept() + peer.answer() + peer.RELEASE_RP:
        ended += echo.receive(bytes((byte,)))
        sent += echo.send() or b""
    assert ended == ["associate", "echo", "release"]
    assert sent == ASSOCIATE_RQ + ECHO_RQ + peer.RELEASE_RQ
    assert verdict(echo) == ("success", "released", None)


def test_a_response_in_fragments_is_put_together() -> None:
    whole = peer.response()
    first = peer.unit(4, peer.fragment(whole[:5], 0b01) + peer.fragment(b"", 0b01))
    second = peer.unit(4, peer.fragment(whole[5:], 0b11))
    _, ended, sent = play(peer.accept(), first, second)
    assert ended == ["associate", "echo"]
    assert sent[1:] == [ECHO_RQ, b"", peer.RELEASE_RQ]


@pytest.mark.parametrize(
    ("numbers", "outcome", "problem"),
    [
        ((1, 1, 7), "called_ae_not_recognized", Refused),
        ((1, 1, 3), "calling_ae_not_recognized", Denied),
        ((2, 3, 2), "local_limit_exceeded", Refused),
        ((2, 3, 1), "temporary_congestion", Refused),
        ((9, 9, 9), "reserved", Refused),
    ],
)
def test_a_rejection_ends_it_without_another_byte(
    numbers: tuple[int, int, int], outcome: str, problem: type[PollError]
) -> None:
    echo, ended, sent = play(peer.reject(*numbers))
    assert (ended, sent[1:]) == ([], [None])
    assert verdict(echo) == (outcome, "rejected", problem)
    assert echo.rejection is not None


def test_a_refused_context_is_released_and_nothing_asked() -> None:
    echo, ended, sent = play(peer.accept(peer.context(3)), peer.RELEASE_RP)
    assert (ended, sent[1:]) == (["associate", "release"], [peer.RELEASE_RQ, None])
    assert verdict(echo) == ("abstract_syntax_not_supported", "released", Refused)


def test_another_status_than_success_is_released_too() -> None:
    echo, ended, sent = play(peer.accept(), peer.answer(status=0x0122), peer.RELEASE_RP)
    assert (ended, sent[2:]) == (["associate", "echo", "release"], [peer.RELEASE_RQ, None])
    assert verdict(echo) == ("sop_class_not_supported", "released", Refused)


@pytest.mark.parametrize("before", [(), (peer.accept(),)])
def test_an_abort_ends_it_without_another_byte(before: tuple[bytes, ...]) -> None:
    echo, _, sent = play(*before, peer.abort(2, 1))
    assert sent[-1] is None
    assert verdict(echo) == ("aborted", "aborted", Refused)
    assert echo.abort == ("service_provider", "unrecognized_pdu")


def test_an_abort_in_one_read_with_the_acceptance_leaves_nothing_to_write() -> None:
    echo, ended, sent = play(peer.accept() + peer.abort(0, 0))
    assert (ended, sent[1:]) == (["associate"], [None])
    assert verdict(echo) == ("aborted", "aborted", Refused)


def test_a_peer_that_was_verified_and_then_aborts_is_verified() -> None:
    echo, ended, sent = play(peer.accept(), peer.answer(), peer.abort(0, 0))
    assert (ended, sent[-1]) == (["associate", "echo"], None)
    assert verdict(echo) == ("success", "aborted", None)


def test_a_peer_that_releases_early_gets_its_reply_and_is_not_verified() -> None:
    echo, ended, sent = play(peer.accept(), peer.RELEASE_RQ)
    assert (ended, sent[2]) == (["associate"], peer.RELEASE_RP)
    assert echo.send() is None
    assert verdict(echo) == ("released", "released", Refused)


def test_two_releases_at_once_go_as_the_standard_has_it() -> None:
    """PS3.8 table 9-8, AR-8 and AR-9: who asked for the association replies, and waits for the reply."""
    echo, ended, sent = play(peer.accept(), peer.answer() + peer.RELEASE_RQ, peer.RELEASE_RP)
    assert (ended, sent[2:]) == (["associate", "echo", "release"], [peer.RELEASE_RQ + peer.RELEASE_RP, None])
    assert verdict(echo) == ("success", "released", None)


def test_what_arrives_while_the_release_is_under_way_is_of_no_interest() -> None:
    """PS3.8 table 9-8, AR-6."""
    echo, _, _ = play(peer.accept(), peer.answer(), peer.answer(), peer.RELEASE_RP)
    assert verdict(echo) == ("success", "released", None)


@pytest.mark.parametrize(
    "received",
    [
        (b"HTTP/1.1 400 Bad Request\r\n",),
        (peer.accept(b""),),
        (peer.answer(),),
        (peer.RELEASE_RQ,),
        (peer.RELEASE_RP,),
        (ASSOCIATE_RQ,),
        (peer.accept(user=peer.item(0x51, (73).to_bytes(4, "big"))),),
        (peer.accept(), peer.accept()),
        (peer.accept(), peer.reject(1, 1, 1)),
        (peer.accept(), peer.RELEASE_RP),
        (peer.accept(), peer.answer(message_id=8)),
        (peer.accept(), ECHO_RQ),
        (peer.accept(), peer.unit(4, peer.fragment(peer.response()) + peer.fragment(peer.response()))),
        (peer.accept(), peer.unit(4, peer.fragment(b"PATIENT^", 0b10))),
        (peer.accept(), *[peer.unit(4, peer.fragment(bytes(1024), 0b01))] * 5),
        (peer.accept(), b"\x04\x00\xff\xff\xff\xff"),
    ],
)
def test_what_may_not_come_is_answered_with_an_abort(received: tuple[bytes, ...]) -> None:
    """PS3.8 table 9-9, AA-8."""
    echo, _, sent = play(*received)
    assert (sent[-1], echo.send(), echo.phase) == (ABORT_BY_PROVIDER, None, "over")
    assert verdict(echo) == ("malformed", "malformed", Malformed)
    assert "PATIENT" not in str(echo.problem())


def test_an_abort_takes_the_place_of_what_was_still_to_be_written() -> None:
    echo, ended, sent = play(peer.accept() + b"junk")
    assert (ended, sent[1:], echo.send()) == (["associate"], [ABORT_BY_PROVIDER], None)
    assert verdict(echo) == ("malformed", "malformed", Malformed)


def test_who_speaks_first_and_wrongly_is_left_without_a_word() -> None:
    echo = new()
    assert echo.receive(b"SSH-2.0-OpenSSH") == []
    assert echo.send() is None


def test_a_maximum_length_that_just_holds_the_question_is_kept() -> None:
    _, _, sent = play(peer.accept(user=peer.item(0x51, (74).to_bytes(4, "big"))))
    assert sent[1] == ECHO_RQ
    assert len(ECHO_RQ) - 6 == 74


def test_a_second_release_in_a_collision_is_one_too_many() -> None:
    echo, _, sent = play(peer.accept(), peer.answer(), peer.RELEASE_RQ, peer.RELEASE_RQ)
    assert sent[-2:] == [peer.RELEASE_RP, ABORT_BY_PROVIDER]
    assert verdict(echo) == ("success", "malformed", None)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ((), ("closed", "closed", Refused)),
        ((peer.accept(),), ("closed", "closed", Refused)),
        ((peer.accept(), peer.answer()), ("success", "closed", None)),
    ],
)
def test_a_connection_that_is_closed_ends_it(received: tuple[bytes, ...], expected: tuple[object, ...]) -> None:
    echo, _, _ = play(*received)
    echo.closed()
    assert (verdict(echo), echo.send()) == (expected, None)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ((), ("timeout", "timeout", TimedOut)),
        ((peer.accept(),), ("timeout", "timeout", TimedOut)),
        ((peer.accept(), peer.answer()), ("success", "timeout", None)),
    ],
)
def test_when_time_is_up_what_the_peer_knows_of_is_aborted(
    received: tuple[bytes, ...], expected: tuple[object, ...]
) -> None:
    echo, _, _ = play(*received)
    echo.expire()
    assert (verdict(echo), echo.send(), echo.send()) == (expected, ABORT_BY_USER, None)


def test_when_time_is_up_before_a_byte_was_written_none_is() -> None:
    echo = new()
    echo.expire()
    assert echo.send() is None


def test_what_comes_after_the_end_changes_nothing() -> None:
    echo, _, _ = play(peer.accept(), peer.answer(), peer.RELEASE_RP)
    assert echo.receive(peer.abort(2, 1) + b"junk") == []
    echo.closed()
    echo.expire()
    assert (echo.send(), verdict(echo), echo.abort) == (None, ("success", "released", None), None)


def test_a_title_that_is_none_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="AE title"):
        Echo("PACS", "", 1)


PARTS = st.one_of(
    st.sampled_from(
        [
            peer.accept(), peer.accept(peer.context(4)), peer.reject(2, 3, 2), peer.abort(2, 6), peer.RELEASE_RQ,
            peer.RELEASE_RP, peer.answer(), peer.answer(status=0x0110), peer.unit(4, peer.fragment(b"", 0b01)),
            peer.unit(4, peer.fragment(peer.response()[:9], 0b01)), peer.unit(4, peer.fragment(peer.response()[9:])),
        ]
    ),
    st.binary(max_size=20),
)  # fmt: skip


def outcome(echo: Echo, ended: list[str]) -> tuple[object, ...]:
    return ended, echo.phase, *verdict(echo), echo.acceptance, echo.rejection, echo.abort


@given(st.lists(PARTS, max_size=8), st.booleans(), st.integers(1, 300))
def test_however_it_is_cut_it_comes_out_the_same(parts: list[bytes], honest: bool, size: int) -> None:
    whole = (peer.accept() if honest else b"") + b"".join(parts)
    once = new()
    together = outcome(once, list(once.receive(whole)))
    cut = new()
    ended = list[str]()
    for at in range(0, len(whole), size):
        ended += cut.receive(whole[at : at + size])
        cut.send()
    assert outcome(cut, ended) == together
    assert once.outcome in OUTCOMES
    assert len(cut._stream._held) <= stream.LONGEST
    assert len(cut._command) <= dimse.LONGEST


@given(st.binary(max_size=400), st.booleans())
def test_random_bytes_never_raise(data: bytes, honest: bool) -> None:
    echo = new()
    echo.receive((peer.accept() if honest else b"") + data)
    assert echo.outcome in OUTCOMES
    echo.problem()
