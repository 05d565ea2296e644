"""Power, climate and printers of the example estate: what their pages say under names that hold whatever the vendor."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from collector.agent import Agent
from collector.config import Config, load, shipped
from collector.config.normal import DOMAINS
from collector.model import Column
from exporters.text import render
from simulator import estate
from tests.collector.worlds import FakeWorld, Packet, value, virtual

GOLDEN = Path(__file__).parent / "golden" / "estate"
NAMES = tuple(f"wardwatch_{domain}_" for domain in DOMAINS)
KINDS = ("ups", "rack-pdu", "environment-sensor", "printer", "label-printer")


@cache
def config() -> Config:
    return load(shipped(), environ={}, resolve=str)


DEVICES = [device.name for device in config().devices if device.kind in KINDS]


async def _page(name: str) -> list[Column]:
    (player,) = estate.load(shipped(), [name], environ={}).players

    def answer(packet: Packet) -> tuple[float, bytes] | None:
        datagrams = player.hear(packet.data, 0.0)  # always the same moment: nothing moves
        return (0.001, datagrams[0].payload) if datagrams else None

    agent = Agent(FakeWorld(answer))  # type: ignore[arg-type]
    device = next(device for device in config().devices if device.name == name)
    agent.load([device], {name: config().targets[name]})
    page = await agent.page(name, 60)
    assert player.safety.most_varbinds == 1
    assert set(player.safety.kinds) == {"get"}
    return page


@pytest.mark.parametrize("name", DEVICES)
def test_a_page(name: str, golden: Callable[[Path, str], None]) -> None:
    page = virtual(_page(name))
    assert value(page, "wardwatch_device_up") == 1
    made = [column for column in page if column.family.name.startswith(NAMES)]
    assert made
    golden(GOLDEN / f"{name}.txt", render(made).body.decode())


def test_each_golden_file_is_of_a_device() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(DEVICES)


def test_the_medicine_fridge_is_within_its_limits() -> None:
    page = virtual(_page("sensor-pharmacy"))
    (temperatures,) = [c for c in page if c.family.name == "wardwatch_environment_temperature_celsius"]
    assert [dict(zip(temperatures.rows.names, v, strict=True))["sensor"] for v in temperatures.rows.values] == [
        "Upper shelf", "Lower shelf",
    ]  # fmt: skip
    assert all(2 <= degrees <= 8 for degrees in temperatures.values)
