"""http_sd groups: who is scraped where, how often, and by which replica."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from collector.inventory import groups, owner, scrape
from collector.model import Column, Device, Edge, Schedule, Target

HERE = "127.0.0.1:10810"


@dataclass(frozen=True)
class Asks:
    name: ClassVar[str] = "asks"

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        return ()


SWITCH = Device("sw-1", "10.0.0.1", "it", "switch", "north", "room 2", labels=(("team", "network"),))
PUMP = Device("pump-1", "10.0.0.2", "clinical", "pump", passive=True)
SERVER = Device("srv-1", "10.0.0.3", agent="10.0.0.3:10810", site="north")


def target(device: Device, interval: float, timeout: float) -> Target:
    return Target(device, "m", Asks(), Schedule(interval, timeout))


def test_a_pump_that_is_known_by_its_mac_address_alone_is_scraped_as_any_other() -> None:
    with_address, without = groups([PUMP, replace(PUMP, address="", mac="00:1b:54:0a:32:f0")], {}, HERE)
    assert without == with_address


def test_the_whole_answer() -> None:
    targets = {"sw-1": (target(SWITCH, 30, 20), target(SWITCH, 600, 25)), "pump-1": (), "srv-1": ()}
    assert groups([SWITCH, PUMP, SERVER], targets, HERE) == [
        {
            "targets": [HERE],
            "labels": {
                "__metrics_path__": "/metrics",
                "__param_device": "sw-1",
                "__scrape_interval__": "30s",
                "__scrape_timeout__": "26s",
                "instance": "sw-1",
                "device_kind": "switch",
                "device_class": "it",
                "site": "north",
                "location": "room 2",
                "team": "network",
            },
        },
        {
            "targets": [HERE],
            "labels": {
                "__metrics_path__": "/metrics",
                "__param_device": "pump-1",
                "__scrape_interval__": "60s",
                "__scrape_timeout__": "10s",
                "instance": "pump-1",
                "device_kind": "pump",
                "device_class": "clinical",
            },
        },
        {
            "targets": ["10.0.0.3:10810"],
            "labels": {"__metrics_path__": "/metrics", "instance": "srv-1", "device_class": "it", "site": "north"},
        },
        {
            "targets": [HERE],
            "labels": {
                "__metrics_path__": "/metrics",
                "__param_device": "srv-1",
                "__scrape_interval__": "60s",
                "__scrape_timeout__": "10s",
                "instance": "srv-1",
                "device_class": "it",
                "site": "north",
            },
        },
    ]


def test_no_devices_are_an_empty_list() -> None:
    assert json.dumps(groups([], {}, HERE)) == "[]"


@pytest.mark.parametrize(
    ("interval", "timeout", "expected"),
    [
        (15.0, 10.0, (15.0, 11.0)),
        (15.0, 15.0, (15.0, 14.5)),
        (1.0, 1.0, (1.0, 0.9)),
        (60.0, 30.0, (60.0, 31.0)),
        (300.0, 30.0, (100.0, 31.0)),
        (600.0, 30.0, (120.0, 31.0)),
    ],
)
def test_scrapes_fit_into_the_interval_and_polls_into_the_scrape(
    interval: float, timeout: float, expected: tuple[float, float]
) -> None:
    made = scrape([target(SWITCH, interval, timeout)])
    assert made == pytest.approx(expected)
    assert made[1] < made[0]
    assert interval / made[0] == pytest.approx(round(interval / made[0]))


def test_fractions_are_written_as_prometheus_reads_them() -> None:
    (group,) = groups([SWITCH], {"sw-1": (target(SWITCH, 15, 15),)}, HERE)
    assert group["labels"]["__scrape_timeout__"] == "14500ms"


NAMES = [f"device-{i}" for i in range(1000)]


def test_replicas_share_all_devices_evenly_and_none_twice() -> None:
    devices = [Device(name, "10.0.0.1") for name in NAMES]
    shares = [[g["labels"]["instance"] for g in groups(devices, {}, HERE, (i, 5))] for i in range(1, 6)]
    assert sorted(name for share in shares for name in share) == sorted(NAMES)
    assert all(150 < len(share) < 250 for share in shares)


def test_another_replica_moves_only_what_it_takes() -> None:
    before, after = [{name: owner(name, n) for name in NAMES} for n in (4, 5)]
    moved = {name for name in NAMES if before[name] != after[name]}
    assert moved == {name for name in NAMES if after[name] == 5}
    assert Counter(after.values())[5] == len(moved) < 300
