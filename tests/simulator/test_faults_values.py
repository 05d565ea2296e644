"""F9 to F12, F17 and F25 (RELIABILITY part 1): the bytes of the values."""

from __future__ import annotations

import math
import struct

import pytest

from simulator import Player, ber, fault, synthetic
from simulator.faults import MODES
from simulator.faults.values import HOSTILE
from simulator.synthetic.sheet import Sheet
from simulator.values import counter, gauge, number, text
from tests.simulator.client import player, request

ROOT = "1.3.6.1.4.1.32473.9"


def device(mode: str, *cells: object, **options: object) -> Player:
    """A device with these values at ROOT.1, ROOT.2 and so on."""
    sheet = Sheet("values")
    for at, cell in enumerate(cells, 1):
        sheet.put(ROOT, at, value=cell)  # type: ignore[arg-type]
    return player(fault(mode, **options), image=sheet.image())


def payload(made: Player, packet: bytes, now: float = 0.0) -> bytes:
    return made.hear(packet, now)[0].payload


def values(reply: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of each value, whatever is in it; the message around them must be whole."""
    _, start, end = ber.element(reply, 0, len(reply))
    pdu = list(ber.elements(reply, start, end))[2]
    listed = list(ber.elements(reply, pdu[1], pdu[2]))[3]
    found = []
    for _, a, b in ber.elements(reply, listed[1], listed[2]):
        _, value = list(ber.elements(reply, a, b))
        found.append((value[0], reply[value[1] : value[2]]))
    return found


def asked(made: Player, count: int) -> list[tuple[int, bytes]]:
    return values(payload(made, request("bulk", ROOT, max_repetitions=count)))


def test_f9_top_bits_are_not_shielded() -> None:
    found = asked(device("f09_looks_negative", gauge(0xFFFFFFFF), counter(0x80000000), gauge(5), number(128)), 4)
    assert found == [(0x42, b"\xff" * 4), (0x41, b"\x80\0\0\0"), (0x42, b"\x05"), (0x02, b"\0\x80")]


def test_f9_shows_on_a_made_up_switch() -> None:
    made = player(fault("f09_looks_negative"))
    fast = values(payload(made, request("get", "1.3.6.1.2.1.2.2.1.5.5")))
    assert fast == [(ber.GAUGE32, b"\xff\xff\xff\xff")]


def test_f10_integers_of_odd_lengths() -> None:
    found = asked(device("f10_odd_integers", number(7), number(-2), counter(9), gauge(3), text("x"), number(-2)), 6)
    assert found == [
        (ber.INTEGER, b""),
        (ber.INTEGER, b"\xff" * 11 + b"\xfe"),
        (ber.COUNTER32, b"\x01\0\0\0\x09"),
        (ber.GAUGE32, b"\x03"),
        (ber.OCTETS, b"x"),
        (ber.INTEGER, b"\xff" * 11 + b"\xfe"),
    ]


def test_f11_opaque_floats_and_doubles() -> None:
    found = asked(device("f11_opaque_float", gauge(42), gauge(43), counter(1)), 3)
    assert found[0] == (ber.OPAQUE, b"\x9f\x78\x04" + struct.pack(">f", 42))
    assert found[1] == (ber.OPAQUE, b"\x9f\x79\x08" + struct.pack(">d", 43))
    assert found[2] == (ber.COUNTER32, b"\x01")
    nan = asked(device("f11_opaque_float", gauge(1), style="nan"), 1)[0][1]
    assert math.isnan(struct.unpack(">f", nan[3:])[0])
    assert asked(device("f11_opaque_float", gauge(1), style="inf"), 1)[0][1][3:] == b"\x7f\x80\0\0"


def test_f12_hostile_strings_and_long_ones_when_asked_alone() -> None:
    count = len(HOSTILE) + 1
    made = device("f12_hostile_strings", *["fine"] * count)
    assert [body for _, body in asked(made, count - 1)] == list(HOSTILE)
    assert any(b"\0" in each for each in HOSTILE)
    assert any(b"\n" in each for each in HOSTILE)
    alone = values(payload(made, request("get", f"{ROOT}.{count}")))
    assert alone == [(ber.OCTETS, b"A" * 60_000)]


def test_f12_a_long_string_passes_through_the_socket() -> None:
    from tests.simulator.client import playing

    count = len(HOSTILE) + 1
    with playing(device("f12_hostile_strings", *["fine"] * count)) as (client, _):
        assert len(client.ask(request("get", f"{ROOT}.{count}"))) > 60_000


def test_f17_counters_above_two_to_the_53_keep_their_low_bits() -> None:
    image = synthetic.image("switch", 4)
    packet = request("get", "1.3.6.1.2.1.31.1.1.1.6.1")
    honest = values(payload(player(image=image), packet))[0]
    large = values(payload(player(fault("f17_large_counter64"), image=image), packet))[0]
    small, huge = (int.from_bytes(each[1], "big") for each in (honest, large))
    assert large[0] == ber.COUNTER64
    assert huge == small + 2**63
    assert huge % 2**53 == small % 2**53


def test_says_a_number_for_an_object_and_leaves_the_others() -> None:
    image, on_battery = synthetic.image("ups"), "1.3.6.1.2.1.33.1.4.1.0"
    packet = request("get", on_battery, "1.3.6.1.2.1.33.1.4.2.0")
    honest = values(payload(player(image=image), packet))
    told = values(payload(player(fault("says", object="1.3.6.1.2.1.33.1.4.1", number=-5), image=image), packet))
    assert honest[0] == (ber.INTEGER, b"\x03")
    assert told == [(ber.INTEGER, b"\xfb"), honest[1]]


def test_f25_lengths() -> None:
    packet = request("get", "1.3.6.1.2.1.1.5.0")
    honest = payload(player(), packet)
    assert payload(player(fault("f25_hostile_encoding", style="indefinite")), packet) == (
        b"\x30\x80" + honest[2:] + b"\0\0"
    )
    assert payload(player(fault("f25_hostile_encoding", style="huge_length")), packet) == (
        b"\x30\x84\xff\xff\xff\xff" + honest[2:]
    )


@pytest.mark.parametrize(
    ("style", "needle"),
    [
        ("many_arcs", b"\x01" * 1000),
        ("large_arc", b"\x9f\xff\xff\xff\x7f"),
        ("endless_arc", b"\xff" * 60),
    ],
)
def test_f25_names(style: str, needle: bytes) -> None:
    reply = payload(player(fault("f25_hostile_encoding", style=style)), request("get", "1.3.6.1.2.1.1.5.0"))
    assert needle in reply


def test_f25_five_thousand_levels() -> None:
    reply = payload(player(fault("f25_hostile_encoding", style="nested")), request("get", "1.3.6.1.2.1.1.5.0"))
    depth, at = 0, reply.index(b"\x30", 8)
    while at < len(reply) and reply[at] == 0x30:
        _, at, _ = ber.element(reply, at, len(reply))
        depth += 1
    assert depth >= 5000


def test_every_fault_of_the_issue_has_a_mode() -> None:
    numbers = {int(name[1:3]) for name in MODES if name[0] == "f" and name[1:3].isdigit()}
    assert numbers == {*range(1, 13), 17, 21, 25}
    assert {"loss", "delay", "dead", "slow", "malformed", "glass"} <= set(MODES)
