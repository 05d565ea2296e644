"""Recordings: reading `.snmprec`, plain and bz2, finding them, and counters that go on."""

from __future__ import annotations

import bz2
from pathlib import Path

import pytest

from simulator import Player, ber, recording
from simulator.image import Image
from simulator.values import Moment
from tests.simulator.client import ADDRESS, read, request

LINES = """\
1.3.6.1.2.1.1.1.0|4|A device | with bars
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.32473.1
1.3.6.1.2.1.1.3.0|67|720000
1.3.6.1.2.1.1.5.0|4x|c3a9ff00
1.3.6.1.2.1.2.2.1.10.1|65|7200000
1.3.6.1.2.1.2.2.1.10.2|65|0
1.3.6.1.2.1.2.2.1.5.1|66|4294967295
1.3.6.1.2.1.31.1.1.1.6.1|70|9007199254740993
1.3.6.1.2.1.4.20.1.1.192.0.2.1|64|192.0.2.1
1.3.6.1.2.1.4.20.1.1.192.0.2.2|64x|c0000202
1.3.6.1.9.1.0|2|-5
1.3.6.1.9.2.0|2x|ff
1.3.6.1.9.3.0|5|
1.3.6.1.9.4.0|4:notification|x
1.3.6.1.9.5.0|2|not a number
1.3.6.1.9.5.1|2:numeric|scale=3,wrap=1,min=25,max=50,initial=39
1.3.6.1.9.5.2|2:numeric|scale=3,wrap=1,min=25,max=50
no line at all
1.3.6.1.9.6.0|68x|9f78042a280000
"""


@pytest.fixture(params=["plain", "bz2"])
def image(request: pytest.FixtureRequest, tmp_path: Path) -> Image:
    plain = tmp_path / "a.snmprec"
    plain.write_text(LINES)
    packed = tmp_path / "a.snmprec.bz2"
    packed.write_bytes(bz2.compress(LINES.encode()))
    return recording.load(plain if request.param == "plain" else packed)


def test_values_of_every_type(image: Image) -> None:
    def value(oid: str) -> tuple[int, bytes]:
        return image.body(image.find(ber.identifier(ber.dotted(oid))), Moment(0, 0))

    assert value("1.3.6.1.2.1.1.1.0") == (ber.OCTETS, b"A device | with bars")
    assert value("1.3.6.1.2.1.1.2.0") == (ber.IDENTIFIER, ber.identifier((1, 3, 6, 1, 4, 1, 32473, 1)))
    assert value("1.3.6.1.2.1.1.5.0") == (ber.OCTETS, b"\xc3\xa9\xff\0")
    assert value("1.3.6.1.2.1.2.2.1.5.1") == (ber.GAUGE32, b"\0\xff\xff\xff\xff")
    assert value("1.3.6.1.2.1.4.20.1.1.192.0.2.1") == (ber.ADDRESS, b"\xc0\0\x02\x01")
    assert value("1.3.6.1.2.1.4.20.1.1.192.0.2.2") == (ber.ADDRESS, b"\xc0\0\x02\x02")
    assert value("1.3.6.1.9.1.0") == (ber.INTEGER, b"\xfb")
    assert value("1.3.6.1.9.2.0") == (ber.INTEGER, b"\xff")
    assert value("1.3.6.1.9.5.1") == (ber.INTEGER, b"\x27")
    assert value("1.3.6.1.9.6.0") == (ber.OPAQUE, bytes.fromhex("9f78042a280000"))


def test_what_no_agent_would_send_is_left_out(image: Image) -> None:
    assert len(image) == 14
    assert [image.find(ber.identifier((1, 3, 6, 1, 9, n, 0))) for n in (3, 4, 5)] == [-1, -1, -1]


def test_counters_go_on_at_their_average_and_uptime_ticks(image: Image) -> None:
    device = Player("recorded", ADDRESS, image, age=0.0, pace=1.0)
    packet = request(
        "get", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.2.1.10.1", "1.3.6.1.2.1.2.2.1.10.2", "1.3.6.1.2.1.31.1.1.1.6.1"
    )
    at_first = [int(value) for _, value in read(device.hear(packet, 0.0)[0].payload)[3]]
    later = [int(value) for _, value in read(device.hear(packet, 10.0)[0].payload)[3]]
    assert at_first == [720_000, 7_200_000, 0, 9_007_199_254_740_992]  # a float's nearest
    assert later[:3] == [721_000, 7_210_000, 0]  # 2 hours up: 1,000 a second
    # In 2 hours that would be 10 Tb/s: no faster than a busy port.
    assert 0.02 * recording.BUSY < (later[3] - at_first[3]) / 10 <= recording.BUSY


def test_our_own_and_those_of_snmpsim_data_are_found() -> None:
    assert recording.find("printer").parent == recording.OWN
    found = recording.find("UPS/apc-7902b")
    assert found.name == "apc-7902b.snmprec"
    assert len(recording.load(found)) > 2000
    packed = recording.find("network/switch/cisco-c3560")
    assert packed.suffix == ".bz2"


def test_a_recording_that_is_not_there_says_so() -> None:
    with pytest.raises(recording.NoRecording, match="there is no recording none, neither ours nor in snmpsim-data"):
        recording.find("none")
    with pytest.raises(recording.NoRecording):
        recording.find("../recordings/printer")


def test_a_whole_recording_is_walked_and_read_by_pysnmp() -> None:
    image = recording.load(recording.find("iot/geist-temperature-sensor"))
    device = Player("recorded", ADDRESS, image, age=0.0)
    names, oid = [], "1.3"
    while len(names) < len(image):
        pairs = read(device.hear(request("bulk", oid, max_repetitions=20), 0.0)[0].payload)[3]
        names += [name for name, _ in pairs]
        oid = names[-1]
    assert names[: len(image)] == [".".join(map(str, image.arcs(at))) for at in range(len(image))]
