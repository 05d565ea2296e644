"""Made-up devices: complete tables, plausible values, no two names alike; what is promised of each kind."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulator import ber, synthetic
from simulator.image import Image
from simulator.values import Moment

NOW = Moment(1_000_000.0, 1_000_000.0)
IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"


def column(image: Image, oid: str) -> dict[ber.Arcs, tuple[int, bytes]]:
    """Index to tag and content of a column."""
    root = ber.dotted(oid)
    found = {}
    at = image.after(ber.identifier(root))
    while at < len(image) and image.arcs(at)[: len(root)] == root:
        found[image.arcs(at)[len(root) :]] = image.body(at, NOW)
        at += 1
    return found


@pytest.mark.parametrize("kind", synthetic.KINDS)
def test_every_kind_has_the_system_group_and_whole_interface_tables(kind: str) -> None:
    image = synthetic.image(kind)
    assert [len(column(image, f"1.3.6.1.2.1.1.{n}")) for n in range(1, 8)] == [1] * 7
    rows = column(image, f"{IF}.1")
    assert rows
    assert {len(column(image, f"{IF}.{n}")) for n in range(1, 23)} == {len(rows)}
    assert {len(column(image, f"{IFX}.{n}")) for n in range(1, 20)} == {len(rows)}
    assert int.from_bytes(column(image, "1.3.6.1.2.1.2.1")[(0,)][1], "big") == len(rows)


def test_a_48_port_switch_has_the_2132_variables_of_the_benchmark() -> None:
    image = synthetic.image("switch", 48)
    table = len(column(image, "1.3.6.1.2.1.2.2")) + len(column(image, "1.3.6.1.2.1.31.1.1"))
    assert table == 52 * 41 == 2132


def test_ports_that_are_down_do_not_count() -> None:
    image = synthetic.image("switch", 48)
    status = column(image, f"{IF}.8")
    octets = column(image, f"{IFX}.6")
    for index, (_, body) in status.items():
        moved = int.from_bytes(octets[index][1], "big")
        assert (moved > 0) == (body == b"\x01")
    assert {body for _, body in status.values()} == {b"\x01", b"\x02"}


def test_a_name_is_given_once() -> None:
    names = [body for _, body in column(synthetic.image("switch", 48), f"{IFX}.1").values()]
    assert len(set(names)) == len(names)


def test_no_counter_outruns_its_link() -> None:
    image = synthetic.image("switch", 48)
    speed = {i: int.from_bytes(body, "big") * 125_000 for i, (_, body) in column(image, f"{IFX}.15").items()}
    later = Moment(NOW.up + 100, NOW.grown + 150)  # the fastest pace
    for index, most in speed.items():
        at = image.find(ber.identifier((*ber.dotted(f"{IFX}.6"), *index)))
        before, after = (int.from_bytes(image.body(at, moment)[1], "big") for moment in (NOW, later))
        assert 0 <= after - before <= most * 100


def test_kinds_have_what_their_modules_ask_for() -> None:
    for kind, oids in {
        "ups": ["1.3.6.1.2.1.33.1.2.1.0", "1.3.6.1.2.1.33.1.4.4.1.5.1", "1.3.6.1.2.1.33.1.6.1.0"],
        "environment": [f"1.3.6.1.2.1.99.1.1.1.4.{n}" for n in (1001, 1002, 1003)],
        "printer": ["1.3.6.1.2.1.43.11.1.1.9.1.4", "1.3.6.1.2.1.25.3.5.1.1.1"],
        "server": ["1.3.6.1.2.1.25.1.1.0", "1.3.6.1.4.1.2021.10.1.6.1", "1.3.6.1.4.1.2021.4.5.0"],
        "storage": ["1.3.6.1.2.1.25.2.3.1.6.31"],
        "wireless": [f"{IFX}.1.27"],
        "switch": ["1.3.6.1.2.1.17.2.15.1.3.52", "1.0.8802.1.1.2.1.4.1.1.9.0.52.4", "1.3.6.1.2.1.105.1.1.1.6.1.48"],
    }.items():
        image = synthetic.image(kind)
        assert [image.find(ber.identifier(ber.dotted(oid))) >= 0 for oid in oids] == [True] * len(oids), kind


def test_gauges_wander_slowly_and_stay_near() -> None:
    image = synthetic.image("environment")
    at = image.find(ber.identifier(ber.dotted("1.3.6.1.2.1.99.1.1.1.4.1001")))
    seen = [int.from_bytes(image.body(at, Moment(float(t), 0.0))[1], "big") for t in range(0, 7200, 15)]
    assert 185 <= min(seen) < max(seen) <= 235  # 21 degrees, in tenths
    assert max(abs(a - b) for a, b in pairwise(seen)) <= 1


def test_an_image_is_made_once() -> None:
    assert synthetic.image("switch", 24) is synthetic.image("switch", 24)


def test_a_switch_knows_as_many_addresses_as_it_is_told_to() -> None:
    image = synthetic.image("switch", 8, 300)
    ports = column(image, "1.3.6.1.2.1.17.7.1.2.2.1.2")
    assert len(ports) == len({index[1:] for index in ports}) == 300
    assert {len(index) for index in ports} == {7}, "a database and six bytes of an address"
    assert ports.keys() == column(image, "1.3.6.1.2.1.17.7.1.2.2.1.3").keys()
    known = column(image, "1.3.6.1.2.1.17.1.4.1.2")
    assert {body for _, body in ports.values()} <= {body for _, body in known.values()}
    assert len(synthetic.image("switch", 8)) == len(image) - 600
