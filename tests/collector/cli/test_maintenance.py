"""`wardwatch maintenance`, and what a running collector makes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

import collector.cli.tables  # noqa: F401 - it keeps the time that is real: imported later it would keep ours
from collector.cli import app, promises, works
from collector.cli.service import Service
from collector.config import Config, load
from collector.edge import state as edge
from collector.edge.state import Damaged, only_one, wall, write_state
from collector.services import Catalogue, Leaf, Maintenance, Node
from collector.services import Service as Promised
from exporters.web import Choice
from tests.collector.cli.estate import estate, running

Wardwatch = Callable[..., Result]
MINE = """maintenance:
- {name: once, devices: [sw-1], from: 2026-12-08 22:00, until: 2026-12-09 02:00, reason: new software}
- {name: nights, sites: [main], hours: "Su 02:00-04:00"}
"""


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London")).timestamp()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the time that commands go by."""

    def go(text: str) -> None:
        monkeypatch.setattr(edge, "wall", lambda: at(text))
        monkeypatch.setattr(works, "wall", lambda: at(text))

    go("2026-12-01T12:00")
    return go


@pytest.fixture
def wardwatch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Wardwatch:
    """Run `wardwatch maintenance` on a small estate."""
    (estate(tmp_path) / "maintenance.yml").write_text(MINE)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["maintenance", *arguments, "--config", "estate"], prog_name="wardwatch")

    return run


def add(wardwatch: Wardwatch, name: str = "cables", *more: str) -> Result:
    return wardwatch("add", name, "--device", "ups-1", "--reason", "new cables", *(more or ("--for", "2h")))


# -- commands ------------------------------------------------------------------------------------------------------


def test_help(wardwatch: Wardwatch) -> None:
    shown = CliRunner().invoke(app, ["maintenance", "--help"], prog_name="wardwatch").stdout
    assert all(f"\n  {command} " in shown for command in ("add", "list", "end"))


def test_add_list_and_end(wardwatch: Wardwatch, tmp_path: Path, now: Callable[[str], None]) -> None:
    done = add(wardwatch)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "cables is planned from 2026-12-01T12:00+0000 until 2026-12-01T14:00+0000 as soon as a collector starts with "
        f"the state in {tmp_path / 'state'}; none runs now",
        "services: none is concerned; alerts about what it names keep quiet",
    ]
    head, *shown = [line.split() for line in wardwatch("list").stdout.splitlines()]
    assert head == ["STATE", "NAME", "FROM", "UNTIL", "AGAIN", "CONCERNS", "SOURCE", "REASON"]
    sunday = ("2026-12-06T02:00+0000", "2026-12-06T04:00+0000")
    tuesday = ("2026-12-08T22:00+0000", "2026-12-09T02:00+0000")
    assert shown == [
        ["running", "cables", "-", "2026-12-01T14:00+0000", "-", "device:ups-1", edge.person(), "new", "cables"],
        ["recurring", "nights", *sunday, "yes", "site:main", "maintenance.yml:3", "-"],
        ["planned", "once", *tuesday, "-", "device:sw-1", "maintenance.yml:2", "new", "software"],
    ]
    now("2026-12-01T12:30")
    assert wardwatch("end", "cables").stdout.startswith("cables is ended")
    assert "cables" not in wardwatch("list").stdout
    (cables,) = (each for each in works.read(tmp_path / "state").maintenance() if each.name == "cables")
    assert cables.ends is not None
    assert cables.ends.timestamp() == at("2026-12-01T12:30"), "what it took out of agreed hours is remembered"


def test_a_plan_that_has_not_begun_is_forgotten(
    wardwatch: Wardwatch, tmp_path: Path, now: Callable[[str], None]
) -> None:
    assert add(wardwatch, "later", "--from", "2026-12-20T22:00", "--for", "1h30m").exit_code == 0
    assert "planned" in wardwatch("list").stdout
    assert wardwatch("end", "later").exit_code == 0
    assert works.read(tmp_path / "state").planned == []


def test_what_the_configuration_plans_is_ended_too(
    wardwatch: Wardwatch, tmp_path: Path, now: Callable[[str], None]
) -> None:
    assert wardwatch("end", "once").exit_code == 0
    assert "once" not in wardwatch("list").stdout
    now("2026-12-06T03:00")
    assert wardwatch("list").stdout.splitlines()[1].startswith("running")
    assert wardwatch("end", "nights").exit_code == 0
    shown = wardwatch("list").stdout
    assert "recurring  nights  2026-12-13T02:00+0000" in shown, "only this time of it"
    assert works.read(tmp_path / "state").cuts() == {
        "once": [(at("2026-12-08T22:00"), at("2026-12-09T02:00"))],
        "nights": [(at("2026-12-06T03:00"), at("2026-12-06T04:00"))],
    }
    refused = wardwatch("end", "nights")
    assert refused.exit_code == 1
    next_time = "nights does not run now, nor again today; next at 2026-12-13T02:00+0000"
    assert f"{next_time}. It comes again and again by maintenance.yml:3" in refused.stderr


def test_todays_time_of_what_comes_again_is_called_off(
    wardwatch: Wardwatch, tmp_path: Path, now: Callable[[str], None]
) -> None:
    now("2026-12-05T23:59")
    assert "nor again today" in wardwatch("end", "nights").stderr, "two hours ahead, and tomorrow"
    now("2026-12-06T00:30")
    done = wardwatch("end", "nights")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(
        "nights is called off from 2026-12-06T02:00+0000 until 2026-12-06T04:00+0000 as soon as a collector starts"
    )
    assert works.read(tmp_path / "state").cut == [
        {"name": "nights", "from": at("2026-12-06T02:00"), "until": at("2026-12-06T04:00"), "by": edge.person()}
    ]
    assert "recurring  nights  2026-12-13T02:00+0000" in wardwatch("list").stdout
    assert "next at 2026-12-13T02:00+0000" in wardwatch("end", "nights").stderr


def test_what_has_no_end_is_not_ended(wardwatch: Wardwatch, tmp_path: Path, now: Callable[[str], None]) -> None:
    (tmp_path / "estate" / "maintenance.yml").write_text(MINE.replace("Su 02:00-04:00", "24/7"))
    refused = wardwatch("end", "nights")
    assert refused.exit_code == 1
    assert "nights never ends, by maintenance.yml:3" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "x", "--device", "sw-2", "--for", "2h", "--reason", "y"), "no device 'sw-2'. Did you mean 'sw-1'?"),
        (("add", "x", "--service", "imaging", "--for", "2h", "--reason", "y"), "no service 'imaging'."),
        (("add", "x", "--site", "mian", "--for", "2h", "--reason", "y"), "no site 'mian'. Did you mean 'main'?"),
        (("add", "x", "--for", "2h", "--reason", "y"), "say what it concerns"),
        (("add", "x", "--device", "sw-1", "--reason", "y"), "say how long"),
        (("add", "x", "--device", "sw-1", "--reason", "y", "--for", "2h", "--until", "2027-01-01"), "say how long"),
        (("add", "x", "--device", "sw-1", "--reason", "y", "--for", "2"), "--for: '2' has no unit"),
        (("add", "x", "--device", "sw-1", "--reason", "y", "--until", "tomorrow"), "--until: 'tomorrow' is no time"),
        (("add", "x", "--device", "sw-1", "--reason", "y", "--until", "2026-11-01"), "before it begins"),
        (
            ("add", "x", "--device", "sw-1", "--reason", "y", "--from", "2026-11-01", "--until", "2026-11-02"),
            "is over already",
        ),
        (("add", "x y", "--device", "sw-1", "--reason", "y", "--for", "2h"), "is no name"),
        (("add", "x", "--device", "sw-1", "--reason", " ", "--for", "2h"), "say why"),
        (("add", "nights", "--device", "sw-1", "--reason", "y", "--for", "2h"), "a maintenance 'nights' already"),
        (("end", "nihgts"), "no maintenance 'nihgts' runs or is planned; did you mean nights?"),
    ],
)
def test_what_is_refused(
    arguments: tuple[str, ...], told: str, wardwatch: Wardwatch, now: Callable[[str], None]
) -> None:
    refused = wardwatch(*arguments)
    assert refused.exit_code == 1
    assert told in refused.stderr
    assert refused.stdout == ""


def test_a_name_may_be_used_again_once_it_is_over(wardwatch: Wardwatch, now: Callable[[str], None]) -> None:
    assert add(wardwatch).exit_code == 0
    assert "cables' already" in add(wardwatch).stderr
    now("2026-12-01T15:00")
    assert add(wardwatch).exit_code == 0


def test_damaged_orders_are_told_set_aside_and_begun_anew(
    wardwatch: Wardwatch, tmp_path: Path, now: Callable[[str], None]
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / works.FILE).write_text("rubbish")
    listed = wardwatch("list")
    assert "nights" in listed.stdout
    assert "is damaged" in listed.stderr
    done = add(wardwatch)
    assert done.exit_code == 0
    assert "kept as maintenance.json.damaged" in done.stderr
    assert "cables" in wardwatch("list").stdout
    assert (tmp_path / "state" / "maintenance.json.damaged").read_text() == "rubbish"


def test_a_configuration_with_problems_does_not_keep_work_from_being_planned(
    wardwatch: Wardwatch, tmp_path: Path, now: Callable[[str], None]
) -> None:
    (tmp_path / "estate" / "maintenance.yml").write_text("maintenance: {}\n")
    done = add(wardwatch, "cables", "--for", "2h", "--state", "elsewhere")
    assert done.exit_code == 0
    assert "names are not checked" in done.stderr
    assert [each.name for each in works.read(tmp_path / "elsewhere").maintenance()] == ["cables"]
    assert wardwatch("end", "cables", "--state", "elsewhere").exit_code == 0


def test_a_collector_that_runs_is_told_of(wardwatch: Wardwatch, tmp_path: Path, now: Callable[[str], None]) -> None:
    with only_one(tmp_path / "state"):
        assert "; it counts within a minute" in add(wardwatch).stdout


# -- the file ------------------------------------------------------------------------------------------------------


def planned(name: str, begin: float, end: float, **about: tuple[str, ...]) -> Maintenance:
    zone = ZoneInfo("UTC")
    times = (datetime.fromtimestamp(begin, zone), datetime.fromtimestamp(end, zone))
    return Maintenance(name, begins=times[0], ends=times[1], **about)


def test_what_is_over_is_kept_as_long_as_a_period_may_ask_for_it(tmp_path: Path) -> None:
    now = wall()
    for name, days in (("old", 810), ("of last year", 400)):
        works.change(tmp_path, works.added(planned(name, now - days * 86400 - 3600, now - days * 86400)))
    works.change(tmp_path, lambda orders: None)
    assert [each.name for each in works.read(tmp_path).maintenance()] == ["of last year"]


def test_entries_that_are_not_understood_are_left_to_who_wrote_them(tmp_path: Path) -> None:
    odd = [{"name": 1}, "text", {"name": "x", "from": 1e300, "until": 2e300}, {"name": "y", "from": "a", "until": 1}]
    write_state(tmp_path / works.FILE, {"planned": odd, "cut": odd})
    orders = works.read(tmp_path)
    assert (orders.maintenance(), orders.cuts()) == ([], {})
    works.change(tmp_path, works.added(planned("z", wall(), wall() + 60)))
    assert works.read(tmp_path).planned[: len(odd)] == odd


@pytest.mark.parametrize("content", [{"planned": {}}, {"planned": [], "cut": 1}])
def test_another_shape_is_damage(content: dict[str, object], tmp_path: Path) -> None:
    write_state(tmp_path / works.FILE, content)
    with pytest.raises(Damaged):
        works.read(tmp_path)


# -- a running collector -----------------------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """An estate with a service; nobody reads those from files here."""
    loaded = load(estate(tmp_path), environ={}, resolve=lambda name: name)
    power = Promised("power", "Power", Node(1, (Leaf("ups", "up", "ups-1"),)))
    return replace(loaded, catalogue=Catalogue({"power": power}))


async def maintenance(service: Service) -> dict[str, float]:
    columns = await service.host_page(Choice(), 5.0)
    return {c.family.name: c.values[0] for c in columns if c.family.name in ("service_agreed", "service_maintenance")}


async def until(service: Service, state: float) -> None:
    async with asyncio.timeout(5):
        while await maintenance(service) != {"service_agreed": 1 - state, "service_maintenance": state}:
            await asyncio.sleep(0.02)


async def test_work_counts_without_a_reload_and_over_a_restart(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promises, "EVERY", 0.05)
    state, now = tmp_path / "state", wall()
    async with running(config) as service:
        await until(service, 0)
        works.change(state, works.added(planned("cables", now - 60, now + 3600, devices=("ups-1",))))
        await until(service, 1)
        assert service.about.state_failures == 0
    async with running(config) as service:
        assert await maintenance(service) == {"service_agreed": 0, "service_maintenance": 1}
        works.change(state, works.ended("cables", wall()))
        await until(service, 0)


async def test_a_time_of_what_the_configuration_plans_ends_without_a_reload(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promises, "EVERY", 0.05)
    always = Maintenance("always", devices=("ups-1",), hours="Mo-Su 00:00-24:00")
    planned_by_it = replace(config, catalogue=replace(config.catalogue, maintenance=(always,)))
    async with running(planned_by_it) as service:
        await until(service, 1)
        works.change(tmp_path / "state", works.cut("always", wall(), wall() + 3600))
        await until(service, 0)
    async with running(planned_by_it) as service:
        assert await maintenance(service) == {"service_agreed": 1, "service_maintenance": 0}


async def test_damaged_orders_are_counted_and_leave_in_force_what_was(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promises, "EVERY", 0.05)
    state, now = tmp_path / "state", wall()
    works.change(state, works.added(planned("cables", now - 60, now + 3600, devices=("ups-1",))))
    async with running(config) as service:
        await until(service, 1)
        (state / works.FILE).write_text(json.dumps({"planned": []}))
        async with asyncio.timeout(5):
            while service.about.state_failures < 2:
                await asyncio.sleep(0.02)
        assert (await maintenance(service))["service_maintenance"] == 1
        (state / works.FILE).unlink()
        await asyncio.sleep(0.2)
        assert (await maintenance(service))["service_maintenance"] == 1, "nobody has ended it"
        works.change(state, works.added(planned("others", now, now + 60, devices=("sw-1",))))
        await until(service, 0)


async def test_without_a_catalogue_no_page_has_any_of_it(config: Config) -> None:
    async with running(replace(config, catalogue=Catalogue())) as service:
        assert not [c for c in await service.host_page(Choice(), 5.0) if c.family.name.startswith("service_")]
