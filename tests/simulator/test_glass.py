"""The glass device: what it bears, and each thing it dies of (RELIABILITY C4)."""

from __future__ import annotations

import pytest

from simulator import Player, fault
from tests.simulator.client import player, playing, read, request

UPTIME, NAME = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"
GENTLE = request("get", UPTIME)


def glass(**options: object) -> Player:
    return player(fault("glass", **options), patience=5.0)


def test_it_bears_gentle_polling_for_ever() -> None:
    device = glass(listed=f"{UPTIME} {NAME}")
    for number in range(10_000):
        packet = request("get", (UPTIME, NAME)[number % 2], request_id=number)
        assert device.hear(packet, number * 0.51), device.death
    assert device.death == ""
    assert device.safety.report()["deaths"] == []


@pytest.mark.parametrize(
    ("packet", "cause"),
    [
        (request("get", UPTIME, NAME), "2 variables in one request"),
        (request("bulk", UPTIME), "a GETBULK"),
        (request("next", UPTIME), "a GETNEXT"),
        (request("set", NAME), "a SET"),
        (request("get", UPTIME, version=0), "version field 0 instead of 1"),
        (request("get", "1.3.6.1.2.1.1.1.0"), "an object that is not listed: 1.3.6.1.2.1.1.1.0"),
        (request("get", UPTIME, community="x" * 500), "a request of 5"),
        (b"\x30\x03\x02\x01\x03", "version field 3 instead of 1"),
        (b"\x30\x03\x02\x01\x01", "a packet that is no request"),
        (b"", "version field -1"),
    ],
)
def test_it_dies_of_one_packet_and_says_of_what(packet: bytes, cause: str) -> None:
    device = glass(listed=f"{UPTIME} {NAME}")
    assert device.hear(packet, 0.0) == ()
    assert device.death.startswith(cause)
    assert device.hear(GENTLE, 100.0) == (), "death is for good"
    assert device.safety.report()["deaths"] == [device.death]


def test_it_dies_of_three_packets_in_a_second() -> None:
    device = glass()
    assert device.hear(GENTLE, 0.0)
    assert device.hear(request("get", NAME), 0.4)
    assert not device.hear(GENTLE, 0.9)
    assert device.death == "3 packets in 1 s"


def test_it_dies_of_a_second_question_before_the_first_is_answered() -> None:
    device = player(fault("glass"), fault("delay", seconds=0.5), patience=5.0)
    assert device.hear(GENTLE, 0.0)[0].delay == 0.5
    assert not device.hear(request("get", NAME), 0.2)
    assert device.death == "2 requests at once"


def test_it_dies_of_an_early_retry_and_bears_a_late_one() -> None:
    device = player(fault("glass"), fault("loss", requests=1, replies=0), patience=5.0)
    device.hear(GENTLE, 0.0)
    device.hear(request("get", UPTIME, request_id=2), 5.1)
    assert device.death == ""
    device.hear(request("get", UPTIME, request_id=3), 8.0)
    assert device.death == "a retry after 2.90 s"


def test_a_device_that_nobody_may_ask_dies_of_anything() -> None:
    device = glass(packets=0)
    with playing(device) as (client, server):
        assert client.silent(GENTLE)
        assert server.stats()["deaths"] == {"device": "1 packets in 1 s"}


def test_new_faults_let_it_stand_up_again() -> None:
    device = glass()
    device.hear(request("bulk", UPTIME), 0.0)
    device.play([fault("glass")])
    assert read(device.hear(GENTLE, 10.0)[0].payload)[1] == 0
