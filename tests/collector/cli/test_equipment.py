"""Places as the program has them: pages, the log, and the state that outlives a restart."""

from __future__ import annotations

from typing import Any

import structlog
from structlog.testing import capture_logs

from collector.cli.equipment import Equipment
from collector.model import Device, Schedule, Target
from collector.network.equipment.whereabouts import Whereabouts
from collector.network.sightings import Sightings
from tests.collector.network.equipment.boxes import PUMP, WALL, box, device, switch
from tests.collector.worlds import value


class World:
    """A clock."""

    time = 0.0
    host: Any

    def __init__(self) -> None:
        self.host = self

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return WALL + self.time


def made() -> tuple[Equipment, Whereabouts, World]:
    edge = switch("edge")
    world, places = World(), Whereabouts()
    equipment = Equipment(places, world)  # type: ignore[arg-type]
    equipment.load(
        [device(), edge, Device("server", "10.0.0.9")],
        {"edge": (Target(edge, "sightings", Sightings(), Schedule(300.0, 120.0)),), "pump": (), "server": ()},
    )
    return equipment, places, world


def test_only_watched_devices_have_anything_on_their_page() -> None:
    equipment, places, _ = made()
    assert value(equipment.page("pump"), "wardwatch_equipment_state", state="unknown") == 1
    assert equipment.page("server") == equipment.page("nobody") == ()
    places.put(box("edge", [(PUMP, 5, 10)]))
    assert value(equipment.page("pump"), "wardwatch_equipment_port_info", switch="edge", ifName="Gi5") == 1
    assert equipment.words("pump") == "seen at edge Gi5, VLAN 10"
    assert equipment.words("server") == ""


def test_the_log_has_a_line_when_a_place_changes_and_none_otherwise() -> None:
    structlog.reset_defaults()
    equipment, places, world = made()
    with capture_logs() as said:
        equipment.page("pump")  # nothing is known yet: nothing is said
        places.put(box("edge", [(PUMP, 5, 10)]))
        for _ in range(3):
            equipment.page("pump")
        world.time = 1000.0
        places.put(box("edge", [], at=1000.0))
        equipment.page("pump")
    assert [(line["state"], line["switch"], line["port"], line["mac"]) for line in said] == [
        ("seen", "edge", "Gi5", "00:00:00:00:00:11"),
        ("quiet", "edge", "Gi5", "00:00:00:00:00:11"),
    ]


def test_what_was_seen_is_saved_though_nobody_asked_for_a_page_and_comes_back() -> None:
    equipment, places, _ = made()
    places.put(box("edge", [(PUMP, 5, 10)]))
    saved = equipment.saved()
    assert saved == {"pump": {"box": "edge", "port": "Gi5", "vlan": 10, "medium": "wire", "at": WALL}}
    again, _, world = made()
    world.time = 2000.0
    again.restore(saved)
    assert value(again.page("pump"), "wardwatch_equipment_port_info", switch="edge") == 1
    assert value(again.page("pump"), "wardwatch_equipment_state", state="unknown") == 1


def test_a_spoilt_state_is_left_aside() -> None:
    equipment, _, _ = made()
    with capture_logs() as said:
        equipment.restore({"pump": {"box": 1}})
    assert [line["event"] for line in said] == ["sightings not restored"]
    assert value(equipment.page("pump"), "wardwatch_equipment_state", state="unknown") == 1
