"""A hospital of ill devices, each polled once by the real agent over real sockets."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collector.agent import Agent
from collector.budget import Budgets, Limit
from collector.config import load
from collector.edge import World
from collector.edge.udp import resolve
from collector.model import Auth, Column, Device, DeviceClass, Schedule, Secret, Target
from simulator.player import Player, fault
from simulator.server import play
from simulator.synthetic import switch, ups

AUTH = Auth("test", 2, Secret("public"))
ROOM = Limit(100_000, 1.0)
"""What devices share is not what is tested here."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A device with a fault. `module` is walked (`if_mib`) or asked for scalars (`ups_scalars`)."""

    name: str
    mode: str = ""
    options: Mapping[str, Any] = ()  # type: ignore[assignment]
    module: str = "if_mib"
    device_class: DeviceClass = "it"
    reply_from: tuple[str, ...] = ()
    timeout: float = 20.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a poll of a patient came to, and what the patient saw of it."""

    outcome: str
    incomplete: Mapping[str, str]
    values: Mapping[tuple[str, str], float]
    """By family and label text."""
    saw: Mapping[str, Any]
    page: list[Column]


def poll(patients: list[Patient], polls: int = 1) -> tuple[Mapping[str, Found], Mapping[str, Any], int]:
    """Poll each patient so many times, all at once; what was found, the simulator's counters, and the bugs counted."""
    players = [_player(number, patient) for number, patient in enumerate(patients)]
    with play(players) as server:
        agent_saw = asyncio.run(_visit(patients, server.port, polls))
        stats = server.stats()
    found = {}
    for number, patient in enumerate(patients):
        page, outcome = agent_saw[0][patient.name]
        incomplete = {
            values[1]: values[2]
            for c in page
            if c.family.name == "wardwatch_poll_incomplete"
            for values in c.rows.values
        }
        values = {
            (c.family.name, text): value
            for c in page
            if not c.family.name.startswith("wardwatch_")
            for text, value in zip(c.rows.text, c.values, strict=True)
        }
        found[patient.name] = Found(outcome, incomplete, values, stats["devices"][_address(number)], page)
    return found, stats, agent_saw[1]


async def _visit(patients: list[Patient], port: int, polls: int) -> tuple[Mapping[str, tuple[list[Column], str]], int]:
    modules = load(None, environ=os.environ, resolve=resolve).modules
    world = World()
    agent = Agent(world, Budgets(site=ROOM, subnet=ROOM, total=ROOM))
    devices, targets = [], {}
    for number, patient in enumerate(patients):
        device = Device(
            patient.name, _address(number), patient.device_class, port=port, auth=AUTH, reply_from=patient.reply_from
        )
        devices.append(device)
        schedule = Schedule(3600.0, patient.timeout)
        targets[patient.name] = [Target(device, patient.module, modules[patient.module], schedule)]
    agent.load(devices, targets)
    pages: Mapping[str, list[Column]] = {}
    for _ in range(polls):
        for watch in agent.watches:
            for kept in watch.kept.values():
                kept.began = None
        got = await asyncio.gather(*(agent.page(patient.name, patient.timeout + 5) for patient in patients))
        pages = dict(zip((patient.name for patient in patients), got, strict=True))
    outcomes = {watch.device.name: kept.outcome for watch in agent.watches for kept in watch.kept.values()}
    await agent.close()
    world.close()
    return {name: (page, outcomes[name]) for name, page in pages.items()}, agent.bugs


def _address(number: int) -> str:
    return f"127.9.{5 + number // 200}.{1 + number % 200}"


def _player(number: int, patient: Patient) -> Player:
    image = switch(8) if patient.module == "if_mib" else ups()
    faults = [fault(patient.mode, **dict(patient.options))] if patient.mode else []
    # Counters stand still, so that a patient's can be compared with a well one's.
    return Player(_address(number), _address(number), image, faults=faults, seed=1, age=1e6, pace=0.0)
