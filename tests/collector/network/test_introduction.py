"""Meeting SNMPv3 devices through the agent, in virtual time: discovery, keys, and clocks that go wrong (RELIABILITY
F18, S14, I4)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from collector.agent import Agent
from collector.model import Auth, Column, Device
from collector.network.snmp import Snmp
from collector.wire.snmp.engine import Engines
from tests.collector.wire.snmp.secured import AUTH, ENGINE_ID, TABLE, WHERE, Ward
from tests.collector.worlds import FakeWorld, Packet, Wall, device, labels, target, value, virtual

INTERVAL = 60.0


class Threads(Wall):
    """A host whose threads are none: what is done apart is done, and noted."""

    def __init__(self) -> None:
        self.apart_for: list[str] = []

    async def apart(self, item: str, call: Callable[..., Any], *args: Any, timeout: float) -> Any:
        self.apart_for.append(item)
        return call(*args)


class Site:
    """A device behind an agent. `packets` counts what was sent since it was last looked at."""

    def __init__(self, auth: Auth = AUTH, heard: Callable[[bytes], bool] = lambda packet: True) -> None:
        self.ward = Ward(auth)
        self.ward.clock = asyncio.get_running_loop().time  # type: ignore[assignment]
        self.ward.agent.started = self.ward.clock() - 500
        self.heard = heard
        self.world = FakeWorld(self._answer)
        self.world.host = Threads()
        self.agent = Agent(self.world)  # type: ignore[arg-type]
        self.device: Device = device("ward", WHERE[0], auth=AUTH)

    def _answer(self, packet: Packet) -> tuple[float, bytes] | None:
        if not self.heard(packet.data):
            return None
        replies = self.ward.answer(packet.data)
        return (0.002, replies[0]) if replies else None

    def load(self, *devices: Device) -> None:
        found = devices or (self.device,)
        self.agent.load(found, {each.name: (target(each, "m", Snmp(TABLE), INTERVAL),) for each in found})

    async def page(self, after: float = 0.0, name: str = "ward") -> list[Column]:
        await asyncio.sleep(after)
        return await self.agent.page(name, 20.0)

    def sent(self) -> int:
        count, self.world.packets = len(self.world.packets), []
        return count


def up(page: list[Column]) -> bool:
    return value(page, "wardwatch_device_up") == 1 and value(page, "wardwatch_poll_success", module="m") == 1


def test_a_device_is_met_once_and_its_level_is_told() -> None:
    async def main() -> None:
        site = Site()
        site.load()
        page = await site.page()
        assert up(page)
        assert labels(page, "wardwatch_snmp_security_level") == [{"level": "authPriv"}]
        assert value(page, "wardwatch_snmp_security_level") == 3
        assert value(page, "wardwatch_snmp_engine_id_duplicate") == 0
        first = site.sent()
        assert up(await site.page(INTERVAL))
        assert site.sent() == first - 2
        assert site.world.host.apart_for == ["keys of SNMPv3"]

    virtual(main())


def test_the_engine_id_is_known_after_a_restart() -> None:
    async def main() -> None:
        site = Site()
        site.load()
        await site.page()
        first, saved = site.sent(), json.loads(json.dumps(site.agent.watch("ward").saved()))
        again = Site()
        again.load()
        again.agent.watch("ward").restore(saved)
        assert up(await again.page())
        assert again.sent() == first - 1

    virtual(main())


def test_a_device_that_was_replaced_while_nobody_looked_is_met_anew() -> None:
    async def main() -> None:
        site = Site()
        site.load()
        await site.page()
        saved = json.loads(json.dumps(site.agent.watch("ward").saved()))
        again = Site()
        again.ward.agent.engine_id = ENGINE_ID + b"new"
        again.ward.agent.__post_init__()
        again.load()
        again.agent.watch("ward").restore(saved)
        assert up(await again.page())

    virtual(main())


@pytest.mark.parametrize(("auth", "word"), [(Auth("one", 1), "v1"), (Auth("two", 2), "v2c")])
def test_the_level_of_a_community_is_told_too(auth: Auth, word: str) -> None:
    async def main() -> None:
        site = Site(heard=lambda packet: False)
        site.load(replace(site.device, auth=auth))
        page = await site.page()
        assert labels(page, "wardwatch_snmp_security_level") == [{"level": word}]
        assert value(page, "wardwatch_snmp_security_level") == 1
        assert value(page, "wardwatch_snmp_engine_id_duplicate") is None

    virtual(main())


def test_two_devices_with_one_engine_id_are_told_of_each_other() -> None:
    async def main() -> None:
        site = Site()
        other = replace(site.device, name="clone", address="127.0.0.10")
        site.load(site.device, other)
        assert value(await site.page(), "wardwatch_snmp_engine_id_duplicate") == 0
        assert value(await site.page(name="clone"), "wardwatch_snmp_engine_id_duplicate") == 1
        assert value(await site.page(), "wardwatch_snmp_engine_id_duplicate") == 1

    virtual(main())


def test_a_silent_device_is_discovered_once_in_ten_minutes() -> None:
    async def main() -> None:
        site = Site(heard=lambda packet: False)
        site.load()
        at: list[float] = []
        for _ in range(60):
            assert not up(await site.page(INTERVAL))
            at += [packet.at for packet in site.world.packets]
            site.sent()
        began = [at[0], *(b for a, b in pairwise(at) if b - a > 60)]
        assert all(b - a >= 600 for a, b in pairwise(began))
        assert 2 <= len(began) <= 7
        site.heard = lambda packet: True
        for _ in range(12):
            page = await site.page(INTERVAL)
        assert up(page)

    virtual(main())


def test_wrong_credentials_cost_one_packet_and_no_discovery() -> None:
    async def main() -> None:
        site = Site()
        site.load(replace(site.device, auth=replace(AUTH, username="nobody")))
        await site.page()
        site.sent()
        page = await site.page(INTERVAL)
        assert labels(page, "wardwatch_poll_failed_info") == [{"module": "m", "reason": "denied"}]
        assert site.sent() == 1

    virtual(main())


def test_a_device_that_was_replaced_is_polled_in_the_same_poll() -> None:
    async def main() -> None:
        site = Site()
        site.load()
        assert up(await site.page())
        await asyncio.sleep(700)
        site.ward.agent.engine_id = ENGINE_ID + b"new"
        site.ward.agent.__post_init__()
        assert up(await site.page(INTERVAL))

    virtual(main())


@pytest.mark.slow
def test_a_thousand_rounds_of_clocks_that_go_wrong() -> None:
    """RELIABILITY I4: reboots, boots that are reset, clocks that drift. At most two exchanges more, never down."""

    async def main() -> None:
        site, random = Site(), Random(4)
        site.load()
        assert up(await site.page())
        site.sent()
        assert up(await site.page(INTERVAL))
        usual, worst, downs = site.sent(), 0, 0
        engine = site.ward.agent
        for _ in range(1000):
            now = asyncio.get_running_loop().time()
            match random.choice(("reboot", "reset", "stop", "drift", "jump", "well")):
                case "reboot":
                    engine.reboot(now - random.uniform(0, 50))
                case "reset":
                    engine.reboot(now - random.uniform(0, 400), random.choice((0, 1, max(engine.boots - 1, 0))))
                case "stop":  # no boots at all, the same ones after each reboot (F18)
                    engine.reboot(now, engine.boots)
                case "drift":
                    rate = random.choice((0.0, 0.5, 0.9, 1.0, 1.1, 2.0, 10.0))
                    engine.started = now - (now - engine.started) * engine.rate / (rate or 1e-9)
                    engine.rate = rate or 1e-9
                case "jump":
                    engine.started += random.uniform(-5000, 5000)
                    engine.started = min(engine.started, now)
            page = await site.page(INTERVAL * random.choice((1, 1, 1, 3)))
            worst = max(worst, site.sent() - usual)
            downs += not up(page)
        assert (downs, worst <= 2) == (0, True), (downs, worst)

    virtual(main())


def test_boots_that_went_back_are_believed() -> None:
    """By RFC 3414's own rule, which lets a clock go forward only, such a device is down for good."""

    async def main() -> None:
        site = Site()
        site.load()
        assert up(await site.page())
        engine = site.agent.common(Engines).peer(WHERE, 0.0).engine
        assert engine is not None
        known = engine.clock(asyncio.get_running_loop().time())
        site.ward.agent.reboot(asyncio.get_running_loop().time(), 0)
        assert known > (site.ward.agent.boots, 0)
        assert up(await site.page(INTERVAL))
        assert engine.clock(asyncio.get_running_loop().time())[0] == 0

    virtual(main())
