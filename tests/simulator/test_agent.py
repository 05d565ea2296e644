"""An honest device over the wire, read by pysnmp's message types: GET, GETNEXT, GETBULK, v1, refusals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pysnmp.proto.api import v2c
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from simulator import Player, ber, synthetic
from simulator.synthetic.sheet import SYS_NAME
from simulator.values import text
from tests.simulator.client import ADDRESS, Client, player, playing, read, request

NAME = "1.3.6.1.2.1.1.5.0"
UPTIME = "1.3.6.1.2.1.1.3.0"
IN_ERRORS = "1.3.6.1.2.1.2.2.1.14"
HC_IN = "1.3.6.1.2.1.31.1.1.1.6"


@pytest.fixture
def device() -> Player:
    return player(own={SYS_NAME: text("sw-test")}, communities=[b"public"])


@pytest.fixture
def client(device: Player) -> Iterator[Client]:
    with playing(device) as (made, _):
        yield made


def test_get_answers_in_order_under_the_request_id(client: Client) -> None:
    number, status, index, pairs = read(client.ask(request("get", NAME, "1.3.6.1.2.1.2.1.0", request_id=2**31 - 1)))
    assert (number, status, index) == (2**31 - 1, 0, 0)
    assert pairs[0][0] == NAME
    assert bytes(pairs[0][1]) == b"sw-test"
    assert int(pairs[1][1]) == 8


def test_get_of_what_is_not_there(client: Client) -> None:
    _, status, _, pairs = read(client.ask(request("get", "1.3.6.1.2.1.1.5.1", "1.3.6.1.9.9.0")))
    assert status == 0
    assert isinstance(pairs[0][1], NoSuchInstance)
    assert isinstance(pairs[1][1], NoSuchObject)


@pytest.mark.parametrize("version", [0, 1])
def test_a_getnext_walk_meets_every_object_once(client: Client, device: Player, version: int) -> None:
    image = device.image
    expected = [
        ".".join(map(str, image.arcs(at)))
        for at in range(len(image))
        if version or image.values[at].tag != ber.COUNTER64  # RFC 3584: not for v1
    ]
    found, oid = [], "1.0"
    while True:
        _, status, _, pairs = read(client.ask(request("next", oid, version=version)), version)
        if status == 2 or isinstance(pairs[0][1], EndOfMibView):
            break
        oid = pairs[0][0]
        found.append(oid)
    assert found == expected


@pytest.mark.parametrize("repetitions", [1, 7, 25, 60])
def test_a_getbulk_walk_gives_what_getnext_gives(client: Client, device: Player, repetitions: int) -> None:
    found: list[str] = []
    oid, ended = "1.0", False
    while not ended:
        reply = client.ask(request("bulk", oid, max_repetitions=repetitions))
        assert len(reply) <= 1472
        for name, value in read(reply)[3]:
            ended = isinstance(value, EndOfMibView)
            if not ended:
                found.append(name)
        oid = found[-1]
    assert found == [".".join(map(str, device.image.arcs(at))) for at in range(len(device.image))]


def test_getbulk_repeats_several_columns_row_by_row(client: Client) -> None:
    packet = request("bulk", UPTIME[:-2], HC_IN, "1.3.6.1.2.1.2.2.1.2", non_repeaters=1, max_repetitions=3)
    pairs = read(client.ask(packet))[3]
    column = "1.3.6.1.2.1.2.2.1.2"
    rows = [f"{column_}.{n}" for n in (1, 2, 3) for column_ in (HC_IN, column)]
    assert [name for name, _ in pairs] == [UPTIME, *rows]
    assert bytes(pairs[2][1]) == b"GigabitEthernet1/0/1"


def test_getbulk_with_no_repetitions_gives_the_non_repeaters(client: Client) -> None:
    packet = request("bulk", UPTIME[:-2], HC_IN, non_repeaters=1, max_repetitions=0)
    assert [name for name, _ in read(client.ask(packet))[3]] == [UPTIME]


def test_v1_says_no_such_name(client: Client) -> None:
    _, status, index, _ = read(client.ask(request("get", NAME, "1.3.6.1.9", version=0)), 0)
    assert (status, index) == (2, 2)
    _, status, index, _ = read(client.ask(request("get", f"{HC_IN}.1", version=0)), 0)
    assert (status, index) == (2, 1)


def test_set_is_refused_and_counted(client: Client, device: Player) -> None:
    before = read(client.ask(request("get", NAME)))[3][0][1]
    assert read(client.ask(request("set", NAME)))[1:3] == (17, 1)
    assert read(client.ask(request("get", NAME)))[3][0][1] == before
    assert device.safety.kinds["set"] == 1


def test_kept_replies_carry_the_new_request_id_and_stay_what_they_were(client: Client) -> None:
    first = client.ask(request("bulk", "1.3.6.1.2.1.2.2.1.2", request_id=0x01020304))
    second = client.ask(request("bulk", "1.3.6.1.2.1.2.2.1.2", request_id=0x05060708))
    assert first.replace(b"\x01\x02\x03\x04", b"\x05\x06\x07\x08", 1) == second
    short = client.ask(request("bulk", "1.3.6.1.2.1.2.2.1.2", request_id=9))
    assert read(short)[0] == 9
    assert read(short)[3] == read(first)[3]


def test_a_wrong_community_and_a_wrong_version_get_no_answer() -> None:
    device = player(communities=[b"public"], versions=[0])
    with playing(device) as (client, _):
        assert client.silent(request("get", NAME))
        assert client.silent(request("get", NAME, version=0, community="private"))
        assert read(client.ask(request("get", NAME, version=0)), 0)[1] == 0
        assert client.silent(request("get", NAME))
    assert device.safety.unwelcome == 3


def test_a_reply_kept_for_one_device_is_not_given_by_another_that_must_not() -> None:
    image = synthetic.image("switch", 4)
    open_one = Player("open", ADDRESS, image)
    closed = Player("closed", "127.20.200.2", image, communities=[b"secret"])
    named = Player("named", "127.20.200.3", image, own={SYS_NAME: text("other")})
    packet, name = request("bulk", "1.3.6.1.2.1.2.2.1.2"), request("get", NAME)
    with playing(open_one, closed, named) as (client, server):
        assert read(client.ask(packet))[3] == read(client.ask(packet))[3]
        assert bytes(read(client.ask(name))[3][0][1]) == b"unnamed"
        other = Client(server.port, "127.20.200.2")
        assert other.silent(packet)
        other.close()
        third = Client(server.port, "127.20.200.3")
        assert bytes(read(third.ask(name))[3][0][1]) == b"other"
        third.close()


def test_counters_move_and_uptime_ticks_with_the_devices_clock() -> None:
    device = player(age=1000.0, pace=1.0, image=synthetic.image("switch", 4).steady(100), start=50.0)
    packet = request("get", f"{HC_IN}.1", UPTIME, f"{IN_ERRORS}.1")
    at_first = read(device.hear(packet, 50.0)[0].payload)[3]
    later = read(device.hear(packet, 60.0)[0].payload)[3]
    # A device whose every counter grows as fast is not one that loses half of its packets.
    assert [int(value) for _, value in at_first] == [100_000, 100_000, 0]
    assert [int(value) for _, value in later] == [101_000, 101_000, 0]


def test_the_same_seed_gives_the_same_device_and_another_seed_another() -> None:
    packet = request("bulk", HC_IN, max_repetitions=8)

    def heard(seed: int) -> bytes:
        return player(seed=seed).hear(packet, 5.0)[0].payload

    assert heard(1) == heard(1)
    assert heard(1) != heard(2)


def test_32_bit_counters_are_the_64_bit_ones_wrapped() -> None:
    device = player(age=8_000_000.0, pace=1.0)
    packet = request("get", "1.3.6.1.2.1.2.2.1.10.1", f"{HC_IN}.1")
    narrow, wide = (int(value) for _, value in read(device.hear(packet, 0.0)[0].payload)[3])
    assert wide > 2**32
    assert narrow == wide % 2**32


def test_pysnmp_reads_every_type_that_a_device_sends() -> None:
    device = player(image=synthetic.image("server"))
    types = set()
    oid = "1.3"
    while True:
        pairs = read(device.hear(request("bulk", oid, max_repetitions=30), 1.0)[0].payload)[3]
        types |= {type(value).__name__ for _, value in pairs}
        if isinstance(pairs[-1][1], EndOfMibView):
            break
        oid = pairs[-1][0]
    assert types >= {"Integer", "OctetString", "ObjectIdentifier", "Counter32", "Counter64", "Gauge32", "TimeTicks"}
    assert v2c.Opaque.__name__ in types
