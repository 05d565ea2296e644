"""Rows A1, A3, A6 and A9: green on what there is, red on a decoder with one deliberate fault."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from bench.bar.a1_decoder import A1, SLOWEST, survey
from bench.bar.a3_protos import A3
from bench.bar.a6_encodings import A6
from bench.bar.a9_forgeries import A9
from bench.bar.corpus import valid
from bench.bar.decoders import DECODERS, Decoder
from bench.bar.receiving import Credulous, as_trap
from collector.model import Column
from collector.wire.snmp import ber, message
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.usm import Usm
from tests.collector.wire.snmp.faulty import ROOT
from tests.collector.wire.snmp.odd import one
from tests.collector.wire.snmp.secured import Ward
from tests.collector.wire.snmp.test_forgeries import Careless


def careless(packet: bytes) -> None:
    """Trusts the length that a message claims."""
    if packet[1:2] and packet[1] < 0x80:
        packet[1 + packet[1]]


def narrow(packet: bytes) -> None:
    """Has room for integers of 32 bits."""
    struct.pack(">i", message.read(packet).request_id)


def slow(packet: bytes) -> None:
    """Takes the longer, the more there is of it: quadratic, as peers have been."""
    for at in range(0, min(len(packet), 6000), 2):
        packet[at:].count(b"\x81")


def hoarding(packet: bytes) -> None:
    """Believes a length before it has seen so many bytes."""
    if b"\x84\xff\xff" in packet:
        bytearray(1 << 24)


A_FEW = A1(packets=1500)


def test_valid_traps_are_read_to_their_end() -> None:
    said = [as_trap(packet) for packet in valid()]
    assert said.count("") >= 6, "a trap and an inform of v2c, and of v3 at each level; two of v1"
    assert not {"wrong_digest", "time_window", "wrong_user", "decryption"} >= set(said)


def test_a1_is_red_on_a_trap_that_escapes_behind_the_digest() -> None:
    def careless_behind(packet: bytes) -> None:
        if as_trap(packet) == "not_a_trap":
            raise IndexError

    verdict = replace(A_FEW, decoders=(careless_behind,)).measure(1)
    assert verdict.figure["escapes"] > 0


def test_a1_is_green() -> None:
    verdict = A_FEW.measure(1)
    assert verdict.kept, verdict.figure
    assert verdict.figure["messages"] >= 40


@pytest.mark.parametrize("broken", [careless, hoarding])
def test_a1_is_red_on_what_escapes_or_takes_much(broken: Decoder) -> None:
    verdict = replace(A_FEW, decoders=(broken,)).measure(1)
    assert not verdict.kept
    assert verdict.figure["escapes" if broken is careless else "over_memory"] > 0


def test_a1_is_red_on_what_takes_long() -> None:
    _, slowest = survey([b"\x30\x84" + bytes(60_000)], (slow,))
    assert slowest > SLOWEST
    escapes, slowest = survey([reply_of_zeros()], DECODERS)
    assert escapes == []
    assert slowest <= SLOWEST, "a bad varbind in every two bytes"


def reply_of_zeros() -> bytes:
    head = message.read(message.request(1, b"public", "bulk", 1, [ber.encode_oid(ROOT)], 10))
    pdu = ber.encode_integer(1) + b"\x02\x01\x00\x02\x01\x00" + ber.tlv(ber.SEQUENCE, bytes(60_000))
    return ber.tlv(
        ber.SEQUENCE,
        ber.encode_integer(head.version) + ber.tlv(ber.OCTET_STRING, b"public") + ber.tlv(message.RESPONSE, pdu),
    )


def test_a3_is_green_and_red_on_what_escapes() -> None:
    row = A3(packets=1500)
    verdict = row.measure(1)
    assert verdict.kept, verdict.figure
    verdict = replace(row, decoders=(narrow,)).measure(1)
    assert not verdict.kept
    assert verdict.figure["survived"] < verdict.figure["generated"]


def drops_leading_zeros(value: bytes) -> Column | None:
    """Reads what looks negative as negative, as decoders do that know no Counter32 (F9)."""
    column = one(value)
    if column is not None and len(column.values) == 3 and value[0] in (0x41, 0x42) and len(value) == 6:
        column.values[1] -= 2**32
    return column


def test_a6_is_green_and_red_on_what_is_read_otherwise() -> None:
    assert A6().measure(1).kept
    verdict = A6(read=drops_leading_zeros).measure(1)
    assert not verdict.kept
    assert verdict.figure["wrong"] == ["4204ffffffff", "410480000000"]


def any_digest(ward: Ward, survey: Survey, speech: Usm) -> None:
    survey._under_way._speech = careless = Careless(
        ward.auth, ward.engines.equip(ward.engine, ward.auth), ward.engine, ward.clock
    )
    careless._sent = speech._sent


def test_a9_is_green_and_red_on_a_speech_that_takes_any_digest() -> None:
    row = A9(protocols=("SHA256",))
    verdict = row.measure(1)
    assert verdict.kept, verdict.figure
    verdict = replace(row, spoil=any_digest).measure(1)
    assert not verdict.kept
    assert "wrong digest" in verdict.figure["accepted"]


def test_a9_is_red_on_a_receiver_that_takes_any_digest() -> None:
    verdict = A9(protocols=("SHA256",), judge=Credulous).measure(1)
    assert not verdict.kept
    assert {"another password", "a time of the past", "boots of the past"} <= set(verdict.figure["traps_accepted"])
    assert "a replay" not in verdict.figure["traps_accepted"]
    assert verdict.figure["accepted"] == []
