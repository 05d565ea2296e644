"""Faults of the way: what is on the wire, byte for byte."""

from __future__ import annotations

import time

import pytest

from simulator import fault, message
from tests.simulator.client import ADDRESS, player, playing, read, request

NAME = request("get", "1.3.6.1.2.1.1.5.0")
COUNT = "1.3.6.1.2.1.2.1.0"


def heard(device: object, packet: bytes, now: float = 0.0) -> list[bytes]:
    return [datagram.payload for datagram in device.hear(packet, now)]  # type: ignore[attr-defined]


def test_loss_is_the_share_asked_for_and_the_same_for_the_same_seed() -> None:
    def pattern(seed: int) -> list[bool]:
        device = player(fault("loss", requests=0.1, replies=0.1), seed=seed)
        return [bool(device.hear(NAME, float(n))) for n in range(2000)]

    assert pattern(1) == pattern(1) != pattern(2)
    assert sum(pattern(1)) / 2000 == pytest.approx(0.9 * 0.9, abs=0.03)


def test_delay_comes_late_and_slow_comes_one_after_another() -> None:
    late = player(fault("delay", seconds=0.3))
    assert [late.hear(NAME, now)[0].delay for now in (0.0, 0.1)] == [0.3, 0.3]
    slow = player(fault("slow", seconds=3))
    assert [slow.hear(NAME, now)[0].delay for now in (0.0, 1.0, 20.0)] == [3.0, 5.0, 3.0]


def test_a_delayed_reply_is_late_on_the_wire_and_does_not_hold_up_another_device() -> None:
    other = player(own={})
    other.address = bytes((127, 20, 200, 2))
    with playing(player(fault("delay", seconds=0.3)), other) as (client, server):
        began = time.monotonic()
        client.send(NAME)
        from tests.simulator.client import Client

        quick = Client(server.port, "127.20.200.2")
        quick.ask(NAME)
        assert time.monotonic() - began < 0.25
        assert client.receive() is not None
        assert 0.28 < time.monotonic() - began < 1
        quick.close()


def test_dead_never_answers_and_counts_all_the_same() -> None:
    device = player(fault("dead"))
    with playing(device) as (client, _):
        assert client.silent(NAME)
        assert client.silent(NAME)
    assert device.safety.packets == 2
    assert device.safety.replies == 0


def test_malformed_replies_are_none_of_them_whole() -> None:
    honest = heard(player(), NAME)[0]
    device = player(fault("malformed"))
    damaged = [heard(device, NAME, float(n))[0] for n in range(200)]
    assert all(each != honest for each in damaged)
    kinds = {len(each) < len(honest) for each in damaged}
    assert kinds == {True, False}
    half = player(fault("malformed", share=0.5))
    assert 60 < sum(heard(half, NAME, float(n))[0] == honest for n in range(200)) < 140


@pytest.mark.parametrize(("style", "number"), [("wrong", 1234568), ("zero", 0), ("old", 1)])
def test_f7_a_false_request_id_comes_before_the_right_one(style: str, number: int) -> None:
    device = player(fault("f07_request_id", style=style))
    with playing(device) as (client, _):
        client.send(request("get", COUNT, request_id=1234567))
        first, second = client.receive(), client.receive()
        assert first is not None
        assert second is not None
        false, right = read(first[0]), read(second[0])
    assert (false[0], right[0]) == (number, 1234567)
    assert int(false[3][0][1]) == -7
    assert int(right[3][0][1]) == 8


def test_f7_old_is_the_request_id_of_the_question_before_whose_attempts_may_be_answered() -> None:
    device = player(fault("f07_request_id", style="old"))
    device.hear(request("get", "1.3.6.1.2.1.1.3.0", request_id=42), 0.0)
    for number in (43, 44):
        assert read(heard(device, request("get", COUNT, request_id=number), 1.0)[0])[0] == 42


def test_f7_late_duplicate_and_reordered() -> None:
    late = player(fault("f07_request_id", style="late", late=1.5)).hear(NAME, 0.0)
    assert [datagram.delay for datagram in late] == [1.5]
    twice = player(fault("f07_request_id", style="duplicate")).hear(NAME, 0.0)
    assert len({datagram.payload for datagram in twice}) == 1
    assert len(twice) == 3
    device = player(fault("f07_request_id", style="reordered"))
    assert heard(device, request("get", COUNT, request_id=1)) == []
    assert [read(each)[0] for each in heard(device, request("get", COUNT, request_id=2))] == [2, 1]


def test_f7_mixed_uses_every_style_and_is_repeatable() -> None:
    def all_heard() -> list[list[bytes]]:
        device = player(fault("f07_request_id"))
        return [heard(device, request("get", COUNT, request_id=n + 500), float(n)) for n in range(300)]

    everything = all_heard()
    assert everything == all_heard()
    assert {len(each) for each in everything} >= {0, 1, 2, 3}


def test_f8_the_reply_is_from_another_address() -> None:
    with playing(player(fault("f08_other_address"))) as (client, _):
        client.send(NAME)
        reply = client.receive()
        assert reply is not None
        assert reply[1] == "127.20.200.2" != ADDRESS
        assert read(reply[0])[1] == 0
    with playing(player(fault("f08_other_address", address="127.9.9.9"))) as (client, _):
        client.send(NAME)
        reply = client.receive()
        assert reply is not None
        assert reply[1] == "127.9.9.9"


def test_faults_can_be_put_on_and_taken_off_while_playing() -> None:
    device = player()
    with playing(device) as (client, _):
        assert client.ask(NAME)
        device.play([fault("dead")])
        assert client.silent(NAME)
        device.play([])
        assert client.ask(NAME)


def test_an_unknown_fault_option_or_style_says_what_there_is() -> None:
    for name, options, words in (
        ("f99", {}, "there is no fault 'f99'; there are: dead, delay, drip, f01_not_increasing"),
        ("loss", {"share": 1}, "fault loss has no option 'share'; it has: requests, replies"),
        ("delay", {"seconds": "soon"}, "fault delay: seconds is 'soon', expected a number"),
        ("f06_other_oid", {"style": "x"}, "style is 'x', expected one of adds_zero, sign"),
    ):
        with pytest.raises(ValueError, match=words.split("(", maxsplit=1)[0]):
            fault(name, **options)


def test_the_kinds_that_are_counted_have_names() -> None:
    assert message.KINDS[message.SET] == "set"
