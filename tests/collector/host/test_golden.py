"""Each collector on the machine of `machine.txt`, whole, against its golden file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector.errors import NoData
from collector.host.bonding import Bonding
from collector.host.conntrack import Conntrack
from collector.host.cpu import Cpu
from collector.host.diskstats import Diskstats
from collector.host.filefd import Filefd
from collector.host.filesystem import Filesystem
from collector.host.hwmon import Hwmon
from collector.host.loadavg import Loadavg
from collector.host.mdadm import Mdadm
from collector.host.meminfo import Meminfo
from collector.host.netclass import Netclass
from collector.host.netdev import Netdev
from collector.host.netstat import Netstat
from collector.host.os_release import Os
from collector.host.power_supply import PowerSupply
from collector.host.pressure import Pressure
from collector.host.processes import Processes
from collector.host.sockstat import Sockstat
from collector.host.stat import Stat
from collector.host.thermal_zone import ThermalZone
from collector.host.time import Time
from collector.host.timex import Timex
from collector.host.uname import Uname
from collector.host.vmstat import Vmstat
from collector.model import Collector
from tests.collector.host.fake import HERE, FakeEdge, FakeHost, page, poll

LINUX: tuple[Collector, ...] = (
    Bonding(), Conntrack(), Cpu(info=True), Diskstats(), Filefd(), Filesystem(), Hwmon(), Loadavg(), Mdadm(),
    Meminfo(), Netclass(), Netdev(), Netstat(), Os(), PowerSupply(), Pressure(), Processes(), Sockstat(), Stat(),
    ThermalZone(), Time(), Timex(), Uname(), Vmstat(),
)  # fmt: skip

ABSENT: tuple[Collector, ...] = tuple(c for c in LINUX if c.name not in ("time", "uname"))
"""Those which a machine without a single file of /proc and /sys leaves out: a clock and a name are everywhere."""


@pytest.fixture(autouse=True)
def _greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The golden file of `time` has a zone in it."""
    monkeypatch.setenv("TZ", "GMT0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("collector", LINUX, ids=lambda c: str(c.name))
async def test_a_linux_machine(collector: Collector, golden: Callable[[Path, str], None]) -> None:
    edge = FakeEdge(FakeHost())
    first = page(await poll(collector, edge))
    golden(HERE / "golden" / f"{collector.name}.txt", first)
    assert page(await poll(collector, edge)) == first, "the second poll, from what was kept, differs"


@pytest.mark.parametrize("collector", LINUX, ids=lambda c: str(c.name))
async def test_rows_are_rendered_once(collector: Collector) -> None:
    edge = FakeEdge(FakeHost())
    first, second = await poll(collector, edge), await poll(collector, edge)
    assert [id(c.rows) for c in first] == [id(c.rows) for c in second]


@pytest.mark.parametrize("collector", ABSENT, ids=lambda c: str(c.name))
async def test_a_machine_that_tells_nothing_is_left_out(collector: Collector) -> None:
    host = FakeHost()
    host.files, host.links, host.timex = {}, {}, None
    with pytest.raises(NoData):
        await poll(collector, FakeEdge(host))
