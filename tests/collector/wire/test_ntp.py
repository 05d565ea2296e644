"""One question and its answer, byte by byte, and clocks on either side of 2036."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import Malformed
from collector.wire import ntp

COOKIE = bytes.fromhex("0123456789abcdef")
ERA_1 = 2**32 - 2_208_988_800
"""Unix time when NTP's seconds begin again: 2036-02-07 06:28:16 UTC (RFC 5905 figure 4)."""

ANSWER = bytes.fromhex(
    "24 02 06 e8"  # no warning, version 4, server; stratum 2, poll 6, precision -24 (RFC 5905 figure 8)
    "00008000 00004000"  # root delay 0.5 s, root dispersion 0.25 s
    "c0000201"  # 192.0.2.1
    "eb0677f600000000"  # reference
    "0123456789abcdef"  # origin: the cookie
    "eb0677f680000000"  # received: 1734080886.5
    "eb0677f6c0000000"  # transmitted: 1734080886.75
)


def changed(at: int, new: str) -> bytes:
    data = bytes.fromhex(new)
    return ANSWER[:at] + data + ANSWER[at + len(data) :]


def answer(packet: bytes) -> ntp.Reply:
    reply = ntp.read(packet, COOKIE)
    assert reply is not None
    return reply


def test_the_question_is_this_to_the_byte() -> None:
    assert ntp.request(COOKIE) == bytes.fromhex("23" + "00" * 39 + "0123456789abcdef")


@pytest.mark.parametrize("cookie", [b"", b"1234567", b"123456789", bytes(8)])
def test_what_is_no_cookie_is_a_fault_of_ours(cookie: bytes) -> None:
    with pytest.raises(ValueError, match="cookie"):
        ntp.request(cookie)


def test_an_answer_says_all_this() -> None:
    reply = answer(ANSWER)
    assert reply == ntp.Reply(
        leap=0, version=4, stratum=2, root_delay=0.5, root_dispersion=0.25, reference="192.0.2.1", kiss="",
        received=0xEB0677F680000000, transmitted=0xEB0677F6C0000000,
    )  # fmt: skip
    assert reply.synchronised


def test_offset_and_delay_are_those_of_the_standard() -> None:
    """RFC 5905 section 8: T1 to T4 are 1734080885.0, .886.5, .886.75, .885.5."""
    reply = answer(ANSWER)
    assert reply.offset(1_734_080_885.0, 1_734_080_885.5) == (1.5 + 1.25) / 2
    assert reply.delay(1_734_080_885.0, 1_734_080_885.5) == 0.25


def stamp(moment: float) -> str:
    return (int((moment + 2_208_988_800) * 2**32) % 2**64).to_bytes(8, "big").hex()


@pytest.mark.parametrize("ours", [ERA_1 - 1, ERA_1 - 0.125, ERA_1, ERA_1 + 1, ERA_1 + 10**9])
@pytest.mark.parametrize("ahead", [-3600, -1.5, 0, 0.5, 2, 86_400])
def test_clocks_are_compared_over_the_end_of_an_era(ours: float, ahead: float) -> None:
    reply = answer(changed(32, stamp(ours + ahead + 0.25) + stamp(ours + ahead + 0.375)))
    assert reply.offset(ours, ours + 0.625) == ahead
    assert reply.delay(ours, ours + 0.625) == 0.5


def test_a_clock_that_was_never_set_is_decades_ahead_or_behind_not_an_era() -> None:
    reply = answer(changed(32, stamp(0.0) + stamp(0.0)))
    assert reply.offset(1_734_080_885.0, 1_734_080_885.0) == -1_734_080_885.0


@given(st.floats(0, 2**33), st.floats(-(2**30), 2**30), st.floats(0, 10), st.floats(0, 10), st.floats(0, 10))
def test_offset_and_delay_come_back_as_they_were_made(
    ours: float, ahead: float, there: float, held: float, back: float
) -> None:
    received = ours + there + ahead
    transmitted = received + held
    arrived = ours + there + held + back
    if stamp(received) == "0" * 16 or stamp(transmitted) == "0" * 16:
        return
    reply = answer(changed(32, stamp(received) + stamp(transmitted)))
    assert math.isclose(reply.offset(ours, arrived), ahead + (there - back) / 2, abs_tol=1e-5)
    assert math.isclose(reply.delay(ours, arrived), there + back, abs_tol=1e-5)


def test_an_answer_to_another_question_is_none() -> None:
    assert ntp.read(changed(24, "0123456789abcdee"), COOKIE) is None
    assert ntp.read(changed(24, "00" * 8), COOKIE) is None
    assert ntp.read(ntp.request(COOKIE), COOKIE) is None


@pytest.mark.parametrize(
    ("first", "stratum", "synchronised"),
    [
        ("24", "01", True), ("64", "0f", True), ("a4", "03", True), ("1c", "02", True),
        ("e4", "02", False), ("24", "10", False), ("24", "11", False), ("24", "ff", False),
    ],
)  # fmt: skip
def test_whether_a_server_is_synchronised(first: str, stratum: str, synchronised: bool) -> None:
    """RFC 5905 figures 9 and 11."""
    assert answer(changed(0, first + stratum)).synchronised == synchronised


def test_leap_and_version_are_told() -> None:
    reply = answer(changed(0, "9c"))
    assert (reply.leap, reply.version) == (2, 3)


@pytest.mark.parametrize(
    "code",
    [
        "ACST", "AUTH", "AUTO", "BCST", "CRYP", "DENY", "DROP", "RSTR", "INIT", "MCST", "NKEY", "RATE", "RMOT", "STEP",
        "NTSN",
    ],
)  # fmt: skip
def test_a_kiss_of_death_has_its_word(code: str) -> None:
    """RFC 5905 section 7.4; such a packet needs no times."""
    packet = changed(0, "e400")[:12] + code.encode() + ANSWER[16:32] + bytes(16)
    reply = answer(packet)
    assert (reply.kiss, reply.synchronised) == (code, False)


@pytest.mark.parametrize("code", ["58585858", "ffffffff", "72617465"])
def test_another_kiss_is_called_so(code: str) -> None:
    assert answer(changed(1, "00")[:12] + bytes.fromhex(code) + ANSWER[16:]).kiss == "other"


def test_who_knows_no_time_and_has_no_code_is_not_synchronised_and_may_be_asked_again() -> None:
    """As chrony answers before it has a time."""
    reply = answer(changed(0, "e400")[:12] + bytes(4) + ANSWER[16:])
    assert (reply.kiss, reply.synchronised) == ("", False)


@pytest.mark.parametrize(
    ("stratum", "identity", "text"),
    [
        ("01", "47505300", "GPS"), ("01", "50505300", "PPS"), ("01", "474f4553", "GOES"), ("01", "00000000", ""),
        ("01", "ff505300", "255.80.83.0"), ("01", "410a4200", "65.10.66.0"), ("02", "47505300", "71.80.83.0"),
        ("0f", "ffffffff", "255.255.255.255"),
    ],
)  # fmt: skip
def test_a_reference_is_a_word_or_an_address(stratum: str, identity: str, text: str) -> None:
    packet = changed(12, identity)
    assert answer(packet[:1] + bytes.fromhex(stratum) + packet[2:]).reference == text


@pytest.mark.parametrize(
    "packet",
    [
        b"", b"A", ANSWER[:47], changed(0, "23"), changed(0, "25"), changed(0, "20"), changed(0, "04"),
        changed(0, "14"), changed(0, "2c"), changed(32, "00" * 8), changed(40, "00" * 8),
    ],
    ids=[
        "nothing", "a byte", "short", "client", "broadcast", "reserved mode", "version 0", "version 2", "version 5",
        "not received", "not sent",
    ],
)  # fmt: skip
def test_what_is_no_answer_of_a_server_is_malformed(packet: bytes) -> None:
    with pytest.raises(Malformed):
        ntp.read(packet, COOKIE)


def test_what_follows_is_not_looked_at() -> None:
    assert answer(ANSWER + b"extension") == answer(ANSWER)


@given(st.binary(max_size=80), st.binary(min_size=24, max_size=24), st.binary(min_size=16, max_size=40))
def test_random_packets_raise_malformed_and_nothing_else(packet: bytes, front: bytes, back: bytes) -> None:
    for data in (packet, front + COOKIE + back):
        try:
            reply = ntp.read(data, COOKIE)
        except Malformed:
            continue
        if reply is not None:
            assert len(reply.reference) <= 15
            assert reply.reference.isprintable()
            assert reply.kiss in {*ntp.KISSES, ntp.OTHER_KISS, ""}
            assert math.isfinite(reply.offset(0.0, 1.0) + reply.delay(0.0, 1.0))
