"""What a running collector says on a device's page of what lies around the device."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collector.cli import works
from collector.cli.service import Service
from collector.config import Config, load
from collector.edge.state import wall
from collector.services import Catalogue, Leaf, Maintenance, Node
from collector.services import Service as Promised
from simulator.server import play
from simulator.synthetic import switch
from tests.collector.cli.estate import estate, player, running
from tests.collector.worlds import value

INVENTORY = """defaults: {site: main, auth: lab, interval: 1h, timeout: 1s, port: PORT, modules: [system]}
devices:
  - {name: core, address: 127.9.4.1, class: it}
  - {name: access, address: 127.9.4.2, class: it, parents: [core]}
  - {name: pump, address: 127.9.4.3, class: clinical, parents: [access], modules: [], team: clinical}
  - {name: server, agent: "127.9.4.4:10810", class: it, parents: [access]}
  - {name: lonely, address: 127.9.4.5, class: it, site: annexe}
"""
DOWN, MAINTENANCE = "wardwatch_dependency_down", "wardwatch_device_maintenance"


async def said(service: Service, family: str, *devices: str) -> list[float | None]:
    return [value(await service.device_page(name, 3.0), family) for name in devices]


def loaded(where: Path, port: int = 9) -> Config:
    return load(estate(where, port=port, inventory=INVENTORY), environ={}, resolve=str)


async def test_what_hangs_on_a_dead_core_says_so_and_the_core_does_not(tmp_path: Path) -> None:
    async with running(loaded(tmp_path)) as service:
        assert await said(service, DOWN, "pump", "server") == [0, 0], "nothing is known yet"
        assert await said(service, "wardwatch_device_up", "core", "access") == [0, 0]
        assert await said(service, DOWN, "core", "access", "pump", "server", "lonely") == [None, 1, 1, 1, None]


async def test_what_answers_hangs_on_nothing_that_is_down(tmp_path: Path) -> None:
    with play([player("127.9.4.2", switch(2))]) as simulated:
        async with running(loaded(tmp_path, simulated.port)) as service:
            assert await said(service, "wardwatch_device_up", "core", "access") == [0, 1]
            assert await said(service, DOWN, "access", "pump", "server") == [0, 0, 0]


async def test_an_agent_elsewhere_has_a_page_of_what_the_inventory_knows(tmp_path: Path) -> None:
    async with running(loaded(tmp_path)) as service:
        page = await service.device_page("server", 1.0)
        assert [column.family.name for column in page] == ["wardwatch_device_info", DOWN]
        with pytest.raises(KeyError):
            await service.device_page("stranger", 1.0)


async def test_planned_work_is_on_the_page_of_each_device_that_it_concerns(tmp_path: Path) -> None:
    now, state = wall(), tmp_path / "state"
    state.mkdir()
    begins, ends = datetime.fromtimestamp(now - 60, UTC), datetime.fromtimestamp(now + 600, UTC)
    work = Maintenance("work", begins=begins, ends=ends, sites=("main",), reason="new cables")
    async with running(loaded(tmp_path)) as service:
        assert await said(service, MAINTENANCE, "pump", "server", "lonely") == [None, None, None]
        works.change(state, works.added(work))
        service._promises.look()
        assert await said(service, MAINTENANCE, "pump", "server", "lonely") == [1, 1, None]
        works.change(state, works.ended("work", now))
        service._promises.look()
        assert await said(service, MAINTENANCE, "pump", "server", "lonely") == [0, 0, None]


async def test_whom_a_device_belongs_to_is_on_its_page(tmp_path: Path) -> None:
    wards = Promised("wards", "Wards", Node(1, (Leaf("a", "up", "access"), Leaf("p", "up", "pump"))), owner="network")
    config = replace(loaded(tmp_path), catalogue=Catalogue({"wards": replace(wards, key_property="safety")}))
    family = "wardwatch_device_contact_info"
    async with running(config) as service:
        pages = {name: await service.device_page(name, 3.0) for name in ("pump", "access", "core")}
    whose = {"service": "wards", "key_property": "safety"}
    assert value(pages["access"], family, owner="network", **whose) == 1
    assert value(pages["pump"], family, owner="clinical", **whose) == 1
    assert value(pages["core"], family) is None
