"""The glass device: what it bears, and each thing it dies of (RELIABILITY C4)."""

from __future__ import annotations

import pytest

from simulator import Player, fault, synthetic
from simulator.message import GET, GETBULK, SET
from tests.collector.wire.snmp.secured import Ward
from tests.simulator.client import asking, player, playing, read, request

UPTIME, NAME = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"
GENTLE = request("get", UPTIME)


def glass(**options: object) -> Player:
    return player(fault("glass", **options), patience=5.0)


@pytest.mark.slow
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


class Glass(Ward):
    """A ward whose device is of glass, and what it is asked by hand."""

    def __init__(self, **options: object) -> None:
        super().__init__()
        fragile = fault("glass", version=3, **options)
        image = synthetic.image("switch", 4)
        self.player = Player("ward", "127.0.0.9", image, engine=self.agent, faults=[fragile], patience=5.0)

    def ask(self, kind: int, oid: str, flags: int = 3, engine: bytes | None = None) -> str:
        """Send it one message, a second after the last; what it died of, if it did."""
        self.clock.now += 1
        self.player.hear(asking(self, kind, oid, flags, engine), self.clock())
        return self.player.death


def test_one_of_v3_bears_a_discovery_a_question_of_the_wrong_time_and_gentle_polling() -> None:
    ward = Glass(listed=UPTIME)
    assert ward.ask(GET, UPTIME, 0, b"") == ""
    ward.agent.boots += 1
    for _ in range(5):
        assert ward.ask(GET, UPTIME) == ""
    assert ward.player.safety.kinds == {"v3": 1, "get": 5}
    ward.clock.now += 600
    assert ward.ask(GET, UPTIME, 0, b"") == ""


@pytest.mark.parametrize(
    ("kind", "oid", "flags", "engine", "cause"),
    [
        (GET, UPTIME, 0, b"", "a second discovery after 1.0 s"),
        (SET, UPTIME, 3, None, "a SET"),
        (SET, UPTIME, 0, None, "a SET"),
        (SET, UPTIME, 0, b"", "a SET"),
        (SET, UPTIME, 3, b"\x80\x00\x1f\x88\x05other", "a V3_SEALED"),
        (GETBULK, UPTIME, 3, None, "a GETBULK"),
        (GET, NAME, 3, None, "an object that is not listed"),
    ],
)
def test_one_of_v3_dies_of_what_is_inside(kind: int, oid: str, flags: int, engine: bytes | None, cause: str) -> None:
    ward = Glass(listed=UPTIME)
    ward.ask(GET, UPTIME, 0, b"")
    assert ward.ask(kind, oid, flags, engine).startswith(cause)
    assert not ward.player.hear(asking(ward, GET, UPTIME), ward.clock() + 10), "death is for good"


def test_one_of_v3_dies_of_v2c_and_of_a_message_that_is_too_long() -> None:
    ward = Glass()
    assert ward.player.hear(GENTLE, 0.0) == ()
    assert ward.player.death == "version field 1 instead of 3"
    assert Glass(bytes=100).ask(GET, UPTIME) == "a request of 129 bytes"
