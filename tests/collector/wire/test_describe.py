"""What `wardwatch poll --debug` says of a packet, and what it must not say."""

from __future__ import annotations

from functools import partial

from collector.privacy import Screen
from collector.wire.snmp import ber, message
from collector.wire.snmp.describe import describe as described
from collector.wire.snmp.discovery import Discovery
from tests.collector.wire.snmp.secured import ENGINE_ID, LIMITS, Ward

describe = partial(described, screen=Screen())

SYS_NAME = ber.encode_oid("1.3.6.1.2.1.1.5.0")


def test_a_question_is_described_without_its_community() -> None:
    packet = message.request(message.V2C, b"s3cret", "bulk", 77, [SYS_NAME], 10)
    assert describe(packet) == "GETBULK, id 77, 10 repetitions, 1.3.6.1.2.1.1.5.0"
    assert "s3cret" not in describe(packet)


def test_a_v3_message_says_who_speaks_and_nothing_that_is_hidden() -> None:
    ward = Ward()
    discovery = Discovery(LIMITS, ward.learned, ward.clock)
    asked = discovery.send()
    assert asked is not None
    assert describe(asked).endswith("engine not known, GET, id " + describe(asked).rpartition(" ")[2])
    assert describe(ward.answer(asked)[0]).endswith(
        f"engine {ENGINE_ID.hex()}, REPORT, id {describe(asked).rpartition(' ')[2]}, usmStatsUnknownEngineIDs = 1"
    )
    ward.meet()
    survey, _ = ward.survey()
    question = survey.send()
    assert question is not None
    assert "user 'ward', boots 0, time 0, " in describe(question)
    assert "usmStatsNotInTimeWindows" in describe(ward.answer(question)[0])
    assert "GETBULK" not in describe(question)
    assert describe(question).endswith("bytes encrypted")
    for length in range(len(question)):
        assert describe(question[:length]).startswith("not understood")


def test_every_beginning_of_a_message_is_described_somehow() -> None:
    packet = message.request(message.V2C, b"s3cret", "get", 77, [SYS_NAME])
    for length in range(len(packet)):
        assert describe(packet[:length]).startswith("not understood")


def test_what_a_device_says_of_patients_is_not_told() -> None:
    for text in (b"bed 4 9991234578", b"9991234578\x00"):
        varbind = ber.tlv(ber.SEQUENCE, ber.tlv(ber.OID, SYS_NAME) + ber.tlv(ber.OCTET_STRING, text))
        body = ber.encode_integer(1) + b"\x02\x01\x00\x02\x01\x00" + ber.tlv(ber.SEQUENCE, varbind)
        head = b"\x02\x01\x01" + ber.tlv(ber.OCTET_STRING, b"public")
        told = describe(ber.tlv(ber.SEQUENCE, head + ber.tlv(message.RESPONSE, body)))
        assert "[removed]" in told
        assert "9991234578" not in told
        assert text.hex() not in told
