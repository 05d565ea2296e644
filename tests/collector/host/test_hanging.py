"""A mount, a chip or a directory that hangs never hangs the page (RELIABILITY B7)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from collector.edge import LocalHost
from collector.errors import TimedOut
from collector.host.filesystem import Filesystem
from collector.host.hwmon import Hwmon
from collector.host.netclass import Netclass
from collector.host.power_supply import PowerSupply
from collector.host.sweep import Sweep
from collector.host.textfile import Textfile
from collector.host.thermal_zone import ThermalZone
from collector.model import Collector, Seconds
from tests.collector.host.fake import FakeEdge, FakeHost, poll, samples

SHORT = Seconds(0.15)


@pytest.fixture
def edge() -> Iterator[FakeEdge]:
    host = FakeHost()
    yield FakeEdge(host)
    host.release.set()


STUCK = 'device="/dev/sda2",device_error="mountpoint timeout",fstype="xfs",mountpoint="/srv/scans and reports"'


async def test_a_stuck_mount_is_an_error_and_its_siblings_are_served(edge: FakeEdge) -> None:
    edge.host.hanging = {"/srv/scans and reports"}
    started = time.monotonic()
    found = samples(await poll(Filesystem(mount_timeout=SHORT), edge))
    assert time.monotonic() - started < 1.0
    assert found[f"node_filesystem_device_error{{{STUCK}}}"] == 1
    sizes = [series for series in found if series.startswith("node_filesystem_size_bytes")]
    assert len(sizes) == 2, "both other mounts that can be read, before it and behind it"


async def test_a_thousand_scrapes_hold_one_thread_for_a_stuck_mount(edge: FakeEdge) -> None:
    edge.host.hanging = {"/srv/scans and reports"}
    collector = Filesystem(mount_timeout=SHORT)
    started = time.monotonic()
    for _ in range(1000):
        found = samples(await poll(collector, edge))
    assert found[f"node_filesystem_device_error{{{STUCK}}}"] == 1
    assert edge.host.hung == 1
    assert edge.host.stuck() == ["filesystem"]
    assert time.monotonic() - started < 15, "only the first scrape may wait for the mount"


async def test_two_stuck_mounts_hold_a_thread_each(edge: FakeEdge) -> None:
    edge.host.hanging = {"/srv/scans and reports", "/srv/archive"}
    collector = Filesystem(mount_timeout=SHORT)
    for _ in range(20):
        found = samples(await poll(collector, edge))
    errors = [series for series, value in found.items() if "device_error{" in series and value and "timeout" in series]
    assert len(errors) == 2
    assert edge.host.hung == 2
    assert edge.host.stuck() == ["filesystem", "filesystem /srv/archive"]


async def test_a_mount_that_comes_back_is_served_again(edge: FakeEdge) -> None:
    edge.host.hanging = {"/"}
    collector = Filesystem(mount_timeout=SHORT)
    await poll(collector, edge)
    edge.host.hanging = set()
    edge.host.release.set()
    for _ in range(100):
        await asyncio.sleep(0.01)
        if not edge.host.stuck():
            break
    found = samples(await poll(collector, edge))
    assert found['node_filesystem_device_error{device="/dev/sda1",fstype="ext4",mountpoint="/"}'] == 0


async def test_the_polls_own_deadline_is_kept(edge: FakeEdge) -> None:
    edge.host.hanging = {"/", "/srv/archive"}
    edge.deadline = 0.3
    started = time.monotonic()
    await poll(Filesystem(), edge)
    assert time.monotonic() - started < 0.4


@pytest.mark.parametrize(
    ("collector", "path", "gone", "left"),
    [
        (Hwmon(timeout=SHORT), "/sys/class/hwmon/hwmon1/in0_input", "nct6779", "node_hwmon_temp_celsius"),
        (ThermalZone(timeout=SHORT), "/sys/class/thermal/thermal_zone0/temp", "zone=", "node_cooling_device_cur_state"),
        (PowerSupply(timeout=SHORT), "/sys/class/power_supply/BAT0/capacity", "BAT0", "node_power_supply_online"),
        (Netclass(timeout=SHORT), "/sys/class/net/eth0/speed", '"eth0"', "node_network_mtu_bytes"),
    ],
    ids=lambda value: str(getattr(value, "name", "")) or None,
)
async def test_a_stuck_sensor_is_left_out_and_its_siblings_are_served(
    edge: FakeEdge, collector: Collector, path: str, gone: str, left: str
) -> None:
    edge.host.hanging = {path}
    for _ in range(5):
        found = samples(await poll(collector, edge))
        assert not any(gone in series for series in found)
        assert any(series.startswith(left) for series in found)
    assert edge.host.hung == 1
    assert edge.host.stuck() == [collector.name]


async def test_a_directory_of_textfiles_that_hangs_is_an_error() -> None:
    edge = FakeEdge(FakeHost())

    async def apart(item: str, call: object, *args: object, timeout: float) -> object:
        raise TimedOut(item)

    edge.host.apart = apart  # type: ignore[method-assign]
    assert samples(await poll(Textfile("/srv/textfiles"), edge)) == {"node_textfile_scrape_error": 1}


async def test_a_sweep_that_joins_another_answers_for_all_its_items() -> None:
    """Two polls at once share the host's thread; the one that joins asks for its items one by one."""
    host = LocalHost()
    first: Sweep[str] = Sweep("word")
    second: Sweep[str] = Sweep("word")

    def slow(item: str) -> str:
        time.sleep(0.05)
        return item.upper()

    answers = await asyncio.gather(first.run(host, ["a", "b"], slow, 1.0), second.run(host, ["c", "d"], slow, 1.0))
    assert list(answers) == [{"a": "A", "b": "B"}, {"c": "C", "d": "D"}]


async def test_a_sweep_lets_a_bug_out() -> None:
    def bug(item: str) -> str:
        raise ZeroDivisionError(item)

    with pytest.raises(ZeroDivisionError):
        await Sweep[str]("word").run(LocalHost(), ["a"], bug, 1.0)
