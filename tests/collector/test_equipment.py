"""What is no longer supported, and the counts of equipment."""

from __future__ import annotations

import pytest

from collector import equipment
from collector.model import Device, Equipment
from collector.status import info
from exporters.text import render


@pytest.mark.parametrize(
    ("support", "ends", "over"),
    [
        ("", "", False),
        ("Acme 77", "", False),
        ("until 2026-11-27", "2026-11-27", True),
        ("until 2026-11-28", "2026-11-28", False),
        ("none", "", True),
        (" Expired ", "", True),
        ("No. 7 with Acme", "", False),
    ],
)
def test_a_contract_is_over_the_day_after_its_last(support: str, ends: str, over: bool) -> None:
    assert equipment.unsupported(Equipment(support=support, support_ends=ends), "2026-11-28") is over


def test_a_day_is_that_of_utc() -> None:
    assert equipment.today(0.0) == "1970-01-01"
    assert equipment.today(86_399.9) == "1970-01-01"
    assert equipment.today(86_400.0) == "1970-01-02"


def test_all_equipment_is_counted_once_by_criticality_and_state() -> None:
    devices = [
        Device("a", "10.0.0.1", "clinical", equipment=Equipment(criticality="high", support="none")),
        Device("b", "10.0.0.2", "clinical", equipment=Equipment(criticality="high")),
        Device("c", "10.0.0.3", "clinical", equipment=Equipment(support_ends="2020-01-01")),
        Device("d", "10.0.0.4", "clinical", equipment=Equipment(criticality="low")),
        Device("sw", "10.0.0.5"),
    ]
    states = {"a": "passive", "b": "passive", "c": "up", "sw": "up"}
    lines = render(equipment.columns(devices, states, "2026-11-28")).body.decode().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'wardwatch_equipment{criticality="high",state="passive"} 2',
        'wardwatch_equipment{criticality="low",state="unknown"} 1',
        'wardwatch_equipment{criticality="unset",state="up"} 1',
        'wardwatch_equipment_unsupported{criticality="high"} 1',
        'wardwatch_equipment_unsupported{criticality="low"} 0',
        'wardwatch_equipment_unsupported{criticality="unset"} 1',
    ]


def test_an_inventory_without_equipment_has_no_counts() -> None:
    assert list(equipment.columns([Device("sw", "10.0.0.5")], {}, "2026-11-28")) == []


def test_a_devices_page_says_what_it_is_and_neither_its_mac_address_nor_its_owner() -> None:
    known = Equipment("A 1", "pump", "", "Acme", "P2", criticality="high", owner="A. Person", support="none")
    device = Device("a", "10.0.0.1", "clinical", site="north", mac="00:1b:54:0a:32:f0", ward="ICU", equipment=known)
    (text,) = info(device).rows.text
    assert text == (
        '{class="clinical",site="north",ward="ICU",asset="A 1",device_type="pump",maker="Acme",model="P2",'
        'criticality="high"}'
    )
