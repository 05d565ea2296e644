"""What `wardwatch poll --debug` says of a packet, and what it must not say."""

from __future__ import annotations

from collector.wire.snmp import ber, message
from collector.wire.snmp.describe import describe

SYS_NAME = ber.encode_oid("1.3.6.1.2.1.1.5.0")


def test_a_question_is_described_without_its_community() -> None:
    packet = message.request(message.V2C, b"s3cret", "bulk", 77, [SYS_NAME], 10)
    assert describe(packet) == "GETBULK, id 77, 10 repetitions, 1.3.6.1.2.1.1.5.0"
    assert "s3cret" not in describe(packet)


def test_every_beginning_of_a_message_is_described_somehow() -> None:
    packet = message.request(message.V2C, b"s3cret", "get", 77, [SYS_NAME])
    for length in range(len(packet)):
        assert describe(packet[:length]).startswith("not understood")
