"""The counters at the device's end: packets in a window, outstanding requests, retries, kinds."""

from __future__ import annotations

import pytest

from simulator import fault
from simulator.message import GET, SET
from simulator.safety import Safety
from tests.collector.wire.snmp.secured import Ward
from tests.simulator.client import asking, player, playing, request

OTHER = b"\x80\x00\x1f\x88\x05other"
UPTIME, NAME = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"


def test_the_window_slides() -> None:
    safety = Safety(window=1.0)
    for now in (0.0, 0.5, 0.99, 1.1, 1.2, 1.3, 5.0):
        safety.arrived("get", 40, now)
    assert safety.most_packets == 5  # 0.5 to 1.3
    assert safety.recent == 1


def test_a_packet_exactly_one_window_ago_is_out_of_it() -> None:
    safety = Safety(window=1.0)
    safety.arrived("get", 40, 0.0)
    safety.arrived("get", 40, 1.0)
    assert safety.most_packets == 1


def test_two_questions_at_once_are_two_outstanding_and_a_retry_is_not() -> None:
    safety = Safety()
    assert safety.asked("a", 1, 0.0) is None
    assert safety.asked("a", 1, 0.5) == 0.5
    assert safety.most_outstanding == 1
    assert safety.asked("b", 1, 0.6) is None
    assert safety.most_outstanding == 2
    assert safety.retries == 1


def test_an_answer_ends_a_request_when_it_leaves_and_not_before() -> None:
    safety = Safety()
    safety.asked("a", 1, 0.0)
    safety.answered("a", 100, 0.5, 0.0)
    safety.asked("b", 1, 0.6)
    assert safety.most_outstanding == 1
    safety.answered("b", 100, 0.9, 0.6)
    safety.asked("c", 1, 0.7)
    assert safety.most_outstanding == 2


def test_a_retry_is_answered_by_the_answer_to_the_first_copy() -> None:
    safety = Safety(patience=1.0)
    for now in (0.0, 1.0, 2.0, 2.95):
        safety.asked("a", 1, now)
        safety.answered("a", 100, now + 3.0, now)
    safety.asked("b", 1, 3.01)
    assert safety.most_outstanding == 1
    assert safety.retries == 3


def test_asking_for_fewer_rows_after_a_name_is_a_retry() -> None:
    device = player(fault("dead"))
    device.hear(request("bulk", NAME, max_repetitions=10), 0.0)
    device.hear(request("bulk", NAME, max_repetitions=5, request_id=2), 0.4)
    device.hear(request("next", NAME, request_id=3), 0.5)
    assert (device.safety.most_outstanding, device.safety.retries) == (1, 2)
    device.hear(request("bulk", UPTIME, max_repetitions=5), 0.6)
    assert device.safety.most_outstanding == 2


def test_the_same_question_after_its_late_answer_is_no_retry() -> None:
    safety = Safety()
    safety.asked("a", 1, 0.0)
    safety.answered("a", 100, 0.5, 0.0)
    assert safety.asked("a", 1, 60.0) is None
    assert safety.retries == 0


def test_a_poller_that_gave_up_after_its_patience_has_nothing_outstanding() -> None:
    safety = Safety(patience=1.0)
    safety.asked("a", 1, 0.0)
    safety.asked("b", 1, 1.0)
    assert safety.most_outstanding == 1
    slow = Safety(patience=5.0)
    slow.asked("a", 1, 0.0)
    slow.asked("b", 1, 1.0)
    assert slow.most_outstanding == 2


def test_everything_is_counted_the_same_whether_replies_were_kept_or_not() -> None:
    packets = [
        request("get", UPTIME, NAME), request("bulk", "1.3.6.1.2.1.2.2.1.2", max_repetitions=30), request("set", NAME),
        request("next", NAME), request("get", NAME, version=0),
    ]  # fmt: skip
    quick, careful = player(), player(fault("delay", seconds=0))
    for device in (quick, careful):
        for number in range(40):
            device.hear(packets[number % 5], number * 0.01)
        device.hear(b"junk", 0.5)
        device.hear(b"\x30\x03\x02\x01\x03", 0.5)
    one, other = quick.safety.report(), careful.safety.report()
    assert one == other
    assert one["kinds"] == {"get": 16, "getbulk": 8, "getnext": 8, "malformed": 2, "set": 8}
    assert (one["packets"], one["replies"], one["retries"]) == (42, 40, 0)
    assert (one["most_varbinds"], one["most_repetitions"], one["most_outstanding"]) == (2, 30, 1)
    assert one["most_packets_in_window"] == 42
    assert one["largest_request_bytes"] == max(map(len, packets))


def test_the_server_adds_up_and_counts_what_is_nobodys() -> None:
    device = player()
    with playing(device) as (client, server):
        client.ask(request("get", UPTIME))
        client.silent(b"x" * 9000)
        client.peer = ("127.20.200.77", server.port)
        assert client.silent(request("get", UPTIME))
        stats = server.stats()
    assert stats["kinds"] == {"get": 1}
    assert (stats["packets"], stats["replies"], stats["foreign"], stats["oversized"]) == (1, 1, 1, 1)
    assert stats["devices"]["device"]["packets"] == 1


@pytest.mark.parametrize(
    ("kind", "flags", "engine", "word"),
    [
        (GET, 0, b"", "v3"),
        (SET, 0, b"", "set"),
        (SET, 0, None, "set"),
        (SET, 3, None, "set"),
        (SET, 3, OTHER, "v3_sealed"),
        (0xA7, 0, None, "trap"),
    ],
)
@pytest.mark.parametrize("speaks", ["v3", "v2c"])
def test_what_is_inside_a_message_of_v3_is_told(
    kind: int, flags: int, engine: bytes | None, word: str, speaks: str
) -> None:
    ward = Ward()
    device = ward.player if speaks == "v3" else player()
    device.hear(asking(ward, kind, UPTIME, flags, engine), ward.clock())
    assert device.safety.kinds == {word if speaks == "v3" or flags == 0 else "v3_sealed": 1}
