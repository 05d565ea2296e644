"""MAC addresses as people write them, wards of ports, and a place as a page and as a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.network.equipment import macs, page, wards
from collector.network.equipment.place import STATES, Place
from exporters.text import render


@pytest.mark.parametrize(
    "text", ["00:1b:54:0a:32:f0", "00-1B-54-0A-32-F0", "001b.540a.32f0", "001B540A32F0", "00:1B:54:0a:32:F0"]
)
def test_an_address_is_read_in_every_maker_s_way(text: str) -> None:
    assert macs.normal(text) == "00:1b:54:0a:32:f0"


@pytest.mark.parametrize(
    "text",
    [
        "", "00:1b:54:0a:32", "00:1b:54:0a:32:f0:11", "00:1b-54:0a:32:f0", "00:1b:54:0a:32:g0", "0:1b:54:a:32:f0",
        "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01", "00:00:00:00:00:00", "001b.540a32f0",
        "١٢٣٤٥٦٧٨٩٠١٢",
    ],
)  # fmt: skip
def test_what_is_no_address_of_one_device_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        macs.number(text)


@given(st.integers(1, 2**48 - 1).filter(lambda n: not n >> 40 & 1))
def test_an_address_that_is_written_is_read_again(address: int) -> None:
    assert macs.number(macs.written(address)) == address
    assert macs.of_arcs(tuple(address.to_bytes(6, "big"))) == address


@pytest.mark.parametrize("arcs", [(), (1, 2, 3), (1, 2, 3, 4, 5, 256), (1, 2, 3, 4, 5, 6, 7), (2**31,) * 6])
def test_arcs_that_are_no_address(arcs: tuple[int, ...]) -> None:
    assert macs.of_arcs(arcs) == 0


@pytest.mark.parametrize(
    ("pattern", "port", "matches"),
    [
        ("Gi1/0/5", "Gi1/0/5", True),
        ("Gi1/0/5", "Gi1/0/50", False),
        ("Gi1/0/1-24", "Gi1/0/1", True),
        ("Gi1/0/1-24", "Gi1/0/24", True),
        ("Gi1/0/1-24", "Gi1/0/25", False),
        ("Gi1/0/1-24", "Gi2/0/5", False),
        ("Gi1/0/1-24", "Te1/0/5", False),
        ("1-24", "7", True),
        ("A1-24", "A7", True),
        ("ge-0/0/0-23", "ge-0/0/11", True),
        ("Gi2/*", "Gi2/0/5", True),
        ("ap-*", "ap-3", True),
        ("*", "anything", True),
        ("ap3-5", "ap3-5", True),
    ],
)
def test_ports_by_name_range_and_beginning(pattern: str, port: str, matches: bool) -> None:
    assert wards.matches(pattern, port) is matches


def test_the_first_pattern_that_matches_counts_then_the_switch_s_own_ward() -> None:
    patterns = (("Gi1/0/5", "Side room"), ("Gi1/0/1-24", "Ward 3"))
    assert wards.ward(patterns, "Ward 4", "Gi1/0/5") == "Side room"
    assert wards.ward(patterns, "Ward 4", "Gi1/0/6") == "Ward 3"
    assert wards.ward(patterns, "Ward 4", "Gi1/0/30") == "Ward 4"
    assert wards.ward((), "", "Gi1/0/30") == ""


@given(st.text(max_size=12), st.text(max_size=12))
def test_no_pattern_and_no_port_is_too_odd(pattern: str, port: str) -> None:
    wards.matches(pattern, port)


@pytest.mark.parametrize("state", STATES)
def test_a_page_has_one_state(state: str) -> None:
    lines = render(page.columns(Place(state))).body.decode().splitlines()  # type: ignore[arg-type]
    said = {line for line in lines if line.startswith("wardwatch_equipment_state{")}
    assert said == {f'wardwatch_equipment_state{{state="{each}"}} {int(each == state)}' for each in STATES}


def test_a_whole_page() -> None:
    place = Place(
        "seen", 0x5E005301, "sw-1", "Gi1/0/5", 10, "Ward 3", True, 1767225600.0, False, True, False, 2, 3
    )  # fmt: skip
    text = render(page.columns(place)).body.decode()
    samples = [line for line in text.splitlines() if not line.startswith(("#", "wardwatch_equipment_state"))]
    assert samples == [
        "wardwatch_equipment_half_duplex 0",
        "wardwatch_equipment_last_seen_timestamp_seconds 1767225600",
        "wardwatch_equipment_moved 0",
        'wardwatch_equipment_port_info{switch="sw-1",ifName="Gi1/0/5",vlan="10",ward="Ward 3"} 1',
        "wardwatch_equipment_port_macs 3",
        "wardwatch_equipment_ports 2",
        "wardwatch_equipment_seen 1",
        "wardwatch_equipment_wrong_vlan 1",
    ]
    assert page.words(place) == "seen at sw-1 Gi1/0/5, VLAN 10, Ward 3"


def test_what_is_not_known_is_not_said() -> None:
    text = render(page.columns(Place("seen", 7, "sw-1", "Gi1"))).body.decode()
    assert 'port_info{switch="sw-1",ifName="Gi1",ward="unknown"} 1' in text
    for word in ("moved", "wrong_vlan", "half_duplex", "last_seen", "ports", "port_macs"):
        assert f"\nwardwatch_equipment_{word} " not in text
    assert page.words(None) == ""
    assert page.words(Place("unseen")) == "unseen"
    assert page.words(Place("seen", recent=True)) == "seen beyond what is polled"
