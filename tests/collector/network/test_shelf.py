"""What `modules: auto` makes of every recording of `snmpsim-data`: 116 real devices, and not one told by hand.

`golden/shelf/recordings.txt` says what each gets. Those that get nothing beyond `system` and `if_mib` stand in
`unrecognised.yml`, each with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
import yaml

from collector.config import Config, load, shipped
from collector.wire.snmp.habits import Limits
from collector.wire.snmp.identify import Identification
from collector.wire.snmp.speech import Community
from tests.collector.network.shelf import LARGE, Shelved, shelf
from tests.collector.wire.snmp.agents import Agent, Clock, converse, recording

HERE = Path(__file__).parent
GOLDEN = HERE / "golden" / "shelf" / "recordings.txt"
UNRECOGNISED = HERE / "unrecognised.yml"
ORDINARY = {"system", "if_mib"}
LEAST = 100
"""Recordings that get a module beyond the ordinary ones: the promise."""
PACKETS = 20
"""Most questions that it takes to find out what a device is."""


@cache
def config() -> Config:
    return load(shipped(), environ={}, resolve=lambda name: name)


def said() -> dict[str, list[str]]:
    """Modules by recording, as the golden file has them."""
    lines = GOLDEN.read_text().splitlines()
    return {name: modules for name, *modules in (line.split() for line in lines)}


def identified(path: Path) -> tuple[list[str], list[str]]:
    """The modules of a recording, and those of them that have nothing to read there."""
    agent, clock, auto = Shelved.of(path), Clock(), config().auto
    asking = Identification(Community(2, b"public"), Limits(), auto.rules, clock)
    assert converse(asking, agent.answer, clock) <= PACKETS
    if asking.problem() is not None:
        return [], []
    modules = list(auto.choice(asking, "it").modules)
    return modules, [name for name in modules if not reads(agent, name)]


def reads(agent: Shelved, module: str) -> bool:
    metrics = config().modules[module].module.metrics  # type: ignore[attr-defined]
    return any(agent.holds(metric.oid) for metric in metrics)


def found(paths: Mapping[str, Path]) -> dict[str, tuple[list[str], list[str]]]:
    """Two at a time: unpacking is most of it, and leaves the interpreter free."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(paths, pool.map(identified, paths.values()), strict=True))


def check(large: bool, request: pytest.FixtureRequest) -> None:
    paths = {name: path for name, path in shelf().items() if (path.stat().st_size > LARGE) == large}
    result = found(paths)
    if request.config.getoption("--update-golden"):
        merged = (said() if GOLDEN.exists() else {}) | {name: modules for name, (modules, _) in result.items()}
        GOLDEN.write_text("".join(f"{' '.join((name, *modules))}\n" for name, modules in sorted(merged.items())))
    known = said()
    assert {name: modules for name, (modules, _) in result.items()} == {name: known.get(name) for name in paths}
    in_vain = {name: idle for name, (_, idle) in result.items() if idle}
    assert in_vain == {}, "a module that is chosen has something to read"


@pytest.mark.slow
def test_each_recording_gets_its_modules(request: pytest.FixtureRequest) -> None:
    check(False, request)


@pytest.mark.slow
def test_so_do_those_that_take_long_to_unpack(request: pytest.FixtureRequest) -> None:
    check(True, request)


def test_the_shelf_is_whole_and_nearly_all_of_it_is_recognised() -> None:
    known = said()
    assert sorted(known) == sorted(shelf())
    assert len(known) == 116
    without = {name for name, modules in known.items() if not set(modules) - ORDINARY}
    reasons = yaml.safe_load(UNRECOGNISED.read_text())
    assert set(reasons) == without, "each with its reason, and no other"
    assert all(reasons.values())
    assert len(known) - len(without) >= LEAST


@pytest.mark.slow
def test_the_shelf_answers_as_the_recording_read_whole() -> None:
    name = "network/switch/cisco-c3560"
    whole, shelved = Agent(recording(name)), Shelved.of(shelf()[name])
    assert len(whole.raw) > 1000
    for raw in whole.raw[:: len(whole.raw) // 500]:
        assert whole.get(raw) == shelved.get(raw)
        assert whole.next(raw) == shelved.next(raw)
