"""At which devices work is planned."""

from __future__ import annotations

from datetime import UTC, datetime

from collector.maintenance import Work
from collector.planned import Planned
from collector.services import ALWAYS, Maintenance

SITES = {"sw-1": "north", "sw-2": "north", "sw-3": "south", "sw-4": ""}
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def planned(*works: Maintenance) -> Planned:
    return Planned([Work(each, {ALWAYS.name: ALWAYS}) for each in works], SITES)


def during(**about: tuple[str, ...]) -> Maintenance:
    return Maintenance("work", begins=NOON, ends=NOON.replace(hour=14), **about)  # type: ignore[arg-type]


def on(made: Planned, hour: int) -> set[str]:
    return {name for name in SITES if made.on(name, NOON.replace(hour=hour).timestamp())}


def test_devices_and_those_of_sites_are_worked_on_and_no_others() -> None:
    made = planned(during(devices=("sw-3",)), during(sites=("north",)))
    assert on(made, 11) == on(made, 14) == set()
    assert on(made, 12) == on(made, 13) == {"sw-1", "sw-2", "sw-3"}
    assert made.on("sw-4", NOON.timestamp()) is None
    assert made.on("stranger", NOON.timestamp()) is None


def test_work_on_a_service_concerns_no_device() -> None:
    assert planned(during(services=("pacs",))).on("sw-1", NOON.timestamp()) is None


def test_either_of_two_works_is_enough() -> None:
    later = Maintenance("later", sites=("south",), begins=NOON.replace(hour=15), ends=NOON.replace(hour=16))
    made = planned(during(devices=("sw-3",)), later)
    assert (on(made, 13), on(made, 14), on(made, 15)) == ({"sw-3"}, set(), {"sw-3"})
