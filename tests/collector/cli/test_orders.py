"""What a running collector makes of orders: in time, and when the file that holds them is not well."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from collector.cli import control
from collector.cli.service import Options, Service
from collector.config import Config, load
from collector.edge.state import read_state, write_state
from tests.collector.cli.estate import INVENTORY, estate


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load(estate(tmp_path), environ={}, resolve=lambda name: name)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@asynccontextmanager
async def running(config: Config, reload: Callable[[], Config] | None = None) -> AsyncIterator[Service]:
    service = Service(reload or (lambda: config), config)
    server = await service.start(Options("127.0.0.1:0", None))
    try:
        yield service
    finally:
        await server.close()
        await service.close()


def scopes(service: Service) -> frozenset[str]:
    return service.agent.shared.pauses.scopes


async def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_damaged_orders_at_the_start_are_a_pause_of_everything_until_a_person_resumes(
    config: Config, state: Path
) -> None:
    state.mkdir()
    (state / control.FILE).write_text("rubbish")
    for _ in range(2):  # a restart must not make it well
        async with running(config) as service:
            assert scopes(service) == {"all"}
            assert any("damaged" in line.reason for line in service.overview())
    async with running(config) as service:
        control.change(state, control.resumed("all"))
        await until(lambda: not scopes(service))
    assert (state / "control.json.damaged").read_text() == "rubbish"


async def test_unreadable_state_at_the_start(config: Config, state: Path) -> None:
    (state / control.FILE).mkdir(parents=True)
    (state / "agent.json").mkdir()
    async with running(config) as service:
        assert scopes(service) == {"all"}
        assert service.about.state_failures >= 2
        (state / control.FILE).rmdir()
        await until(lambda: not scopes(service))


@pytest.mark.slow
async def test_pauses_hold_while_the_orders_are_damaged_or_gone(config: Config, state: Path) -> None:
    control.change(state, control.paused("site:main", "a test"))
    path = state / control.FILE
    async with running(config) as service:
        assert scopes(service) == {"site:main"}
        path.write_text("rubbish")
        await until(lambda: service.about.state_failures >= 2)
        assert scopes(service) == {"site:main"}
        path.unlink()
        await until(path.exists)
        assert control.read(state).paused["site:main"]["reason"] == "a test"
        assert scopes(service) == {"site:main"}
        control.change(state, control.resumed("site:main"))
        await until(lambda: not scopes(service))


@pytest.mark.slow
async def test_orders_that_make_no_sense_do_not_end_the_obeying(config: Config, state: Path) -> None:
    async with running(config) as service:
        write_state(state / control.FILE, {"holds": {"sw-1": "soon"}})
        await until(lambda: service.about.state_failures)
        write_state(state / control.FILE, {"paused": {"all": {}}})
        await until(lambda: scopes(service) == {"all"})


@pytest.mark.slow
async def test_a_hold_ends_by_itself_and_is_no_pause(config: Config, state: Path) -> None:
    async with running(config) as service:
        control.change(state, control.paused("device:ups-1", "a test"))
        control.change(state, control.held(["sw-1", "ups-1"], 2.0))
        await until(lambda: scopes(service) == {"device:sw-1", "device:ups-1"}, 1.0)
        assert control.read(state).pauses.scopes == {"device:ups-1"}
        assert any("wardwatch poll" in line.reason for line in service.overview() if line.name == "sw-1")
        await until(lambda: scopes(service) == {"device:ups-1"}, 3.0)


@pytest.mark.slow
async def test_a_strained_device_is_paused_though_nothing_can_be_written(config: Config, state: Path) -> None:
    (state / "control.json.lock").mkdir(parents=True)
    async with running(config) as service:
        service.agent.on_strain(config.devices[0])
        assert scopes(service) == {"device:sw-1"}
        await until(lambda: service.about.state_failures)
        assert scopes(service) == {"device:sw-1"}
        (state / "control.json.lock").rmdir()
        await until(lambda: "device:sw-1" in control.read(state).paused)
        control.change(state, control.resumed("device:sw-1"))
        await until(lambda: not scopes(service))


async def test_a_retry_ordered_before_the_start_is_not_obeyed_again(config: Config, state: Path) -> None:
    control.change(state, control.retried("ups-1"))
    async with running(config) as service:
        (ups,) = (watch for watch in service.agent.watches if watch.device.name == "ups-1")
        assert ups.task is None
        control.change(state, control.retried("ups-1"))
        await until(lambda: ups.task is not None)


async def test_the_end_writes_what_is_known_then_though_an_older_state_is_being_written(
    config: Config, state: Path
) -> None:
    """RELIABILITY S8: a breaker that opened last survives, even where the disk is slow."""
    gate = threading.Event()
    state.mkdir()
    async with running(config) as service:
        slow = asyncio.create_task(service.world.host.apart("agent.json", gate.wait, 5, timeout=5))
        await asyncio.sleep(0)
        for _ in range(3):
            service.agent.watch("ups-1").line.allowance.breaker.failed(service.world.now())
        asyncio.get_running_loop().call_later(0.3, gate.set)
    await slow
    assert "ups-1" in (read_state(state / "agent.json") or {})["breakers"]


async def test_a_reload_that_fails_in_any_way_is_told_and_counted(config: Config) -> None:
    def broken() -> Config:
        raise RuntimeError("no such luck")

    async with running(config, broken) as service:
        assert await service.reload() == ["RuntimeError: no such luck"]
        told = {column.family.name: list(column.values) for column in service.about.columns()}
        assert told["wardwatch_config_last_reload_successful"] == [0]


FIXED = "state: STATE\nweb:\n  listen: 127.0.0.1:PORT\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("STATE", "elsewhere", "wardwatch.yml:1: state: "),
        ("PORT", "1", "wardwatch.yml:3: web.listen: "),
        (FIXED, "kinds: {}\nstate: STATE\n", "wardwatch.yml:1: web.listen: "),
        ("web:\n", "web:\n  config_file: web.yml\n", "wardwatch.yml:3: web.config_file: "),
    ],
)
async def test_what_takes_a_restart_is_refused_by_a_reload(
    tmp_path: Path, free_port: Callable[[], int], old: str, new: str, where: str
) -> None:
    """RELIABILITY S19: orders must not be written where the program that runs does not look."""
    fixed = FIXED.replace("PORT", str(free_port()))
    directory = estate(tmp_path, settings=fixed)
    (directory / "web.yml").touch()

    def read() -> Config:
        return load(directory, environ={}, resolve=lambda name: name)

    before = read()
    service = Service(read, before)
    server = await service.start(Options(before.settings.web.listen, None))
    old = fixed if old == FIXED else old if old != "PORT" else fixed.rpartition(":")[2].strip()
    estate(tmp_path, settings=fixed.replace(old, new), inventory=INVENTORY + "  - {name: x, class: it, agent: 'a:1'}\n")
    (problem,) = await service.reload()
    assert where in problem
    assert "restart" in problem
    assert "x" not in {line.name for line in service.overview()}, "the old configuration stays as it was"
    control.change(tmp_path / "state", control.paused("all", "a test"))
    await until(lambda: scopes(service) == {"all"})
    estate(tmp_path, settings=fixed)
    assert await service.reload() == ()
    await server.close()
    await service.close()


async def test_what_the_command_line_decides_may_change_in_the_file(tmp_path: Path) -> None:
    directory = estate(tmp_path)

    def read() -> Config:
        return load(directory, environ={}, resolve=lambda name: name)

    async with running(read(), read) as service:
        estate(tmp_path, settings="state: STATE\nweb: {listen: '127.0.0.1:1'}\n")
        assert await service.reload() == ()


@pytest.mark.parametrize(
    ("listen", "written", "asked", "told"),
    [
        ("127.0.0.1:0", "", "collector.example:80", "127.0.0.1:PORT"),
        ("127.0.0.1:0", "collector.example:443", "", "collector.example:443"),
        ("0.0.0.0:0", "", "10.0.0.5:10810", "10.0.0.5:10810"),
        ("0.0.0.0:0", "", "", "127.0.0.1:PORT"),
        ("[::]:0", "", "[fd00::5]:10810", "[fd00::5]:10810"),
        ("[::]:0", "", "", "[::1]:PORT"),
        (":0", "", "collector.example:80", "collector.example:80"),
        (":0", "10.0.0.7:10810", "collector.example:80", "10.0.0.7:10810"),
    ],
)
async def test_sd_gives_targets_that_can_be_scraped(
    tmp_path: Path, listen: str, written: str, asked: str, told: str
) -> None:
    """Prometheus cannot scrape 0.0.0.0: it gets the address that is configured, or the one by which it asked."""
    directory = estate(tmp_path, settings=f"state: STATE\nweb: {{address: '{written}'}}\n")
    service = Service(lambda: config, config := load(directory, environ={}, resolve=lambda name: name))
    server = await service.start(Options(listen, None))
    found = {target for group in service.groups(None, asked) for target in group["targets"]}
    await server.close()
    await service.close()
    assert found == {told.replace("PORT", str(server.port))}


async def test_the_hosts_name_may_change(config: Config) -> None:
    host = [replace(target, device=replace(target.device, name="other")) for target in config.host]
    async with running(config, lambda: replace(config, host=tuple(host))) as service:
        await service.reload()
        assert await service.device_page("other", 1.0)


def test_a_load_that_hangs_does_not_keep_the_program_from_ending(config: Config) -> None:
    go_on = threading.Event()

    def hang() -> Config:
        go_on.wait(30)
        return config

    async def reload_and_end() -> None:
        async with running(config, hang) as service:
            task = asyncio.create_task(service.reload())
            await asyncio.sleep(0.1)
        task.cancel()

    began = time.monotonic()
    asyncio.run(reload_and_end())
    assert time.monotonic() - began < 5
    go_on.set()


def test_a_log_line_that_cannot_be_written_stops_nothing() -> None:
    program = (
        "import os, structlog; from collector.cli import logs; logs.configure('logfmt', 'info'); os.close(2)\n"
        "structlog.get_logger().error('unheard'); print('on')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=20)
    assert done.stdout == "on\n"


async def test_what_was_learned_of_devices_is_written_at_the_end_and_read_at_the_start(
    config: Config, state: Path
) -> None:
    identity = {"address": "127.9.3.1", "port": 9, "auth": "lab"}
    known = {**identity, "modules": {"snmp": {"clean": 7}}}
    foreign = {"of another version": [1]}
    strangers = [{**known, "address": "127.9.8.8"}]
    learned = {"devices": {"sw-1": known, "gone": known}, "strangers": strangers}
    write_state(state / "devices.json", {**learned, **foreign})
    write_state(state / "agent.json", {"breakers": {}, **foreign})
    for _ in range(2):
        async with running(config):
            pass
        found = read_state(state / "devices.json") or {}
        assert found["devices"] == {"sw-1": known}, "not of a device that has left the inventory"
        assert found["strangers"] == strangers
        assert found["of another version"] == [1]
        assert (read_state(state / "agent.json") or {})["of another version"] == [1]


async def test_a_damaged_file_of_what_was_learned_is_set_aside(config: Config, state: Path) -> None:
    state.mkdir()
    (state / "devices.json").write_text("rubbish")
    async with running(config) as service:
        assert service.about.state_failures == 1
        assert service.agent.watch("sw-1").saved() is None
    assert (state / "devices.json.damaged").read_text() == "rubbish"


@pytest.mark.slow
async def test_what_is_asked_by_hand_is_told_and_counted_by_the_collector(config: Config, state: Path) -> None:
    control.change(state, control.asked("sw-1", {"discovery": 9}))  # before it started: no count of its own
    async with running(config) as service:
        with structlog.testing.capture_logs() as logs:
            control.change(state, control.asked("sw-1", {"discovery": 2, "connect": 3}))
            control.change(state, control.asked("gone", {"get": 1}))
            await asyncio.sleep(1.2)
            control.change(state, control.retried("ups-1"))  # another order does not tell it again
            await asyncio.sleep(1.2)
        told = [event for event in logs if event["event"] == "asked by hand"]
        assert [(event["device"], event["packets"]) for event in told] == [("sw-1", {"discovery": 2, "connect": 3})]
        assert told[0]["by"]
        kinds = service.agent.watch("sw-1").tally.kinds
        assert (kinds["discovery"], kinds["connect"]) == (2, 3)


@pytest.mark.slow
async def test_what_makes_no_sense_of_that_is_passed_over(config: Config, state: Path) -> None:
    entries = {"sw-1": 3, "ups-1": {"at": "soon", "packets": {}}, "pump-1": {"at": 1.0, "packets": [1]}}
    write_state(state / control.FILE, {"paused": {}, "asked": entries})
    async with running(config) as service:
        control.change(state, control.paused("sw-1", "a test"))
        await asyncio.sleep(1.2)
        assert service.agent.shared.pauses.scopes
