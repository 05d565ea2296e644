"""No datagram can crash, hang or bloat the decoder (RELIABILITY A1): structured mutation of valid messages."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator

import pytest

from collector.errors import PollError
from collector.wire.snmp import ber, message
from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.habits import Learned, Limits
from collector.wire.snmp.plan import compile
from collector.wire.snmp.speech import Community
from tests.collector.wire.snmp.agents import Agent, Clock, integer, octets, response
from tests.collector.wire.snmp.faulty import ROOT, SCALARS, TABLE, table_values

BAD_LENGTHS = [
    b"\x80", b"\x81\xff", b"\x82\xff\xff", b"\x84\xff\xff\xff\xff", b"\x84\x7f\xff\xff\xff",
    b"\x88" + b"\xff" * 8, b"\xff", b"\x00", b"\x7f",
]  # fmt: skip

SLOWEST = 0.005
"""Seconds for one datagram (A1). Of several tries the best counts: the machine may be busy."""


def corpus() -> list[bytes]:
    """Valid answers of each kind to a question that is under way with request id 1."""
    head = message.read(message.request(1, b"public", "bulk", 1, [ber.encode_oid(ROOT)], 10))
    get = message.read(message.request(1, b"public", "get", 1, [ber.encode_oid(SCALARS.get[0])]))
    agent = Agent(table_values(20))
    kinds = [
        integer(5), integer(2**31, ber.COUNTER32), integer(2**63, ber.COUNTER64), octets(b"\xff\xfe text"),
        ber.tlv(ber.OPAQUE, ber.encode_float(1.5)), ber.tlv(ber.OID, b"\x2b\x06"), b"\x40\x04\x7f\x00\x00\x01",
        b"\x05\x00", b"\x80\x00", b"\x81\x00", b"\x82\x00",
    ]  # fmt: skip
    answers = [
        agent.reply(head, [ber.encode_oid(ROOT)])[0],
        agent.reply(get, [ber.encode_oid(oid) for oid in SCALARS.get])[0],
        response(head, [], message.TOO_BIG),
        response(head, [(ber.encode_oid(ROOT), b"\x05\x00")], message.GEN_ERR, 1),
    ]
    return answers + [
        response(head, [(ber.encode_oid(f"{ROOT}.1.10.{n}"), kind) for n in (1, 2, 300)]) for kind in kinds
    ]


def mutants() -> Iterator[bytes]:
    """Every truncation, every byte to four values, every byte as a place for a bad length, nesting, long OIDs."""
    for packet in corpus():
        for at in range(len(packet)):
            yield packet[:at]
            for value in (0x00, 0x7F, 0x80, 0xFF):
                yield packet[:at] + bytes((value,)) + packet[at + 1 :]
            for length in BAD_LENGTHS:
                yield packet[:at] + length + packet[at + 1 :]
    head = message.read(message.request(1, b"public", "bulk", 1, [ber.encode_oid(ROOT)], 10))
    for depth in (1, 8, 9, 100, 1000, 5000):
        nested = b"\x05\x00"
        for _ in range(depth):
            nested = ber.tlv(ber.SEQUENCE, nested)
        yield nested
        yield response(head, [(ber.encode_oid(ROOT + ".1.10.1"), nested)])
    for arcs in (1, 127, 128, 129, 1000, 60_000):
        yield response(head, [(b"\x2b\x06" + b"\x01" * arcs, integer(1)), (b"\x2b" + b"\x81" * arcs, integer(1))])


def fresh() -> tuple[Survey, Survey]:
    """A walk and a GET under way, both waiting for request id 1."""
    surveys = []
    for module in (TABLE, SCALARS):
        survey = Survey(compile(module), Community(2, b"public"), Limits(), Learned(), Clock())
        survey.send()
        survey._asked[1] = survey._asked.popitem()[1]
        surveys.append(survey)
    return surveys[0], surveys[1]


def feed(packet: bytes) -> None:
    for survey in fresh():
        try:
            survey.receive(packet)
            survey.send()
            problem = survey.problem()
        except PollError:
            continue
        if problem is None:
            Sheet(compile(TABLE), survey.harvest, Interned())
        Sheet(survey._plan, survey.harvest, Interned()).columns()


@pytest.fixture(scope="module")
def packets() -> list[bytes]:
    return list(dict.fromkeys(mutants()))


def test_a1_nothing_escapes_but_a_poll_error(packets: list[bytes]) -> None:
    slow = []
    for packet in packets:
        begun = time.perf_counter()
        feed(packet)
        if time.perf_counter() - begun > SLOWEST:
            slow.append(packet)
    assert len(packets) >= 10_000
    for packet in slow:
        tries = []
        for _ in range(5):
            begun = time.perf_counter()
            feed(packet)
            tries.append(time.perf_counter() - begun)
        assert min(tries) <= SLOWEST, packet[:80].hex()


def test_a1_memory_stays_in_proportion(packets: list[bytes]) -> None:
    sample = sorted(packets, key=len)[-200:] + packets[:: max(len(packets) // 400, 1)]
    survey, _ = fresh()
    survey.receive(corpus()[0])  # what is imported and compiled once is not counted
    for packet in sample:
        survey, _ = fresh()
        tracemalloc.start()
        try:
            survey.receive(packet)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak <= 64 * 1024 + 10 * len(packet)
