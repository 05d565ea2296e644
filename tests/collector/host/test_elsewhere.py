"""Other systems: the same names from psutil, and what cannot work there is absent, not failing."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from collector.errors import Malformed, NoData
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
from tests.collector.host.fake import HERE, FakeEdge, FakeHost, page, poll, samples

Row = SimpleNamespace
AF_LINK = 18


def disk_usage(point: str) -> Row:
    if point == "E:\\":
        raise PermissionError(13, "The device is not ready")
    return Row(total=1000, used=600, free=390)


def per_nic(pernic: bool, nowrap: bool) -> dict[str, Row]:
    assert pernic
    assert not nowrap, "psutil would remember every counter"
    counters = {"packets_recv": 3, "packets_sent": 4, "errin": 5, "errout": 6, "dropin": 7, "dropout": 8}
    return {"en0": Row(bytes_recv=1, bytes_sent=2, **counters), "lo0": Row(bytes_recv=9, bytes_sent=9, **counters)}


def per_disk(perdisk: bool, nowrap: bool) -> dict[str, Row]:
    assert perdisk
    assert not nowrap, "psutil would remember every counter"
    return {"disk0": Row(read_count=1, write_count=2, read_bytes=512, write_bytes=1024, read_time=250, write_time=500)}


MACOS = Row(
    AF_LINK=AF_LINK,
    cpu_times=lambda percpu: [
        Row(user=10.5, nice=1.0, system=5.25, idle=100.0),
        Row(user=1.0, nice=0, system=2, idle=3),
    ],
    cpu_stats=lambda: Row(ctx_switches=5, interrupts=7, soft_interrupts=9, syscalls=11),
    boot_time=lambda: 1_760_000_000.0,
    getloadavg=lambda: (1.5, 2.5, 3.5),
    virtual_memory=lambda: Row(
        total=16_000, available=9_000, percent=43.0, used=6_000, free=4_000, active=3_000, inactive=2_000, wired=1_000
    ),
    swap_memory=lambda: Row(total=2_000, used=500, free=1_500),
    disk_partitions=lambda: [
        Row(device="/dev/disk1s1", mountpoint="/", fstype="apfs", opts="ro,local"),
        Row(device="devfs", mountpoint="/dev", fstype="devfs", opts="rw"),
    ],
    disk_usage=disk_usage,
    disk_io_counters=per_disk,
    net_io_counters=per_nic,
    net_if_stats=lambda: {
        "en0": Row(isup=True, duplex=2, speed=1000, mtu=1500, flags=""),
        "lo0": Row(isup=True, duplex=0, speed=0, mtu=16384, flags=""),
    },
    net_if_addrs=lambda: {
        "en0": [
            Row(family=2, address="192.0.2.7", broadcast=None),
            Row(family=AF_LINK, address="02:00:00:AA:BB:01", broadcast="ff:ff:ff:ff:ff:ff"),
        ]
    },
)
"""What psutil's functions answer on a Mac, as far as the attributes go."""

SAME: tuple[Collector, ...] = (
    Cpu(), Diskstats(), Filesystem(), Loadavg(), Meminfo(), Netclass(), Netdev(), Stat(), Time(),
)  # fmt: skip
LINUX_ONLY: tuple[Collector, ...] = (
    Bonding(), Conntrack(), Filefd(), Hwmon(), Mdadm(), Netstat(), Os(), PowerSupply(), Pressure(), Processes(),
    Sockstat(), ThermalZone(), Timex(), Vmstat(),
)  # fmt: skip


def machine(psutil: Any = MACOS, system: str = "darwin") -> FakeEdge:
    host = FakeHost(system, psutil)
    host.timex = None
    return FakeEdge(host)


async def test_the_same_names_come_out_of_psutil(golden: Callable[[Path, str], None]) -> None:
    edge = machine()
    pages = [page(await poll(collector, edge)) for collector in SAME if collector.name != "time"]
    golden(HERE / "golden" / "elsewhere" / "macos.txt", "\n".join(pages))


@pytest.mark.parametrize("collector", SAME, ids=lambda c: str(c.name))
async def test_rows_are_rendered_once(collector: Collector) -> None:
    edge = machine()
    first, second = await poll(collector, edge), await poll(collector, edge)
    assert [id(c.rows) for c in first] == [id(c.rows) for c in second]


@pytest.mark.parametrize("collector", LINUX_ONLY, ids=lambda c: str(c.name))
async def test_what_cannot_work_there_is_left_out(collector: Collector) -> None:
    with pytest.raises(NoData):
        await poll(collector, machine())


@pytest.mark.parametrize(
    ("collector", "psutil"),
    [
        (Cpu(), Row(cpu_times=lambda percpu: [])),
        (Diskstats(), Row(disk_io_counters=lambda perdisk, nowrap: None)),
        (Netdev(), Row(net_io_counters=lambda pernic, nowrap: {})),
        (Netclass(), Row(net_if_stats=dict, net_if_addrs=dict)),
        (Filesystem(), Row(disk_partitions=list, disk_usage=disk_usage)),
    ],
    ids=lambda value: str(getattr(value, "name", "")) or None,
)
async def test_what_psutil_does_not_know_is_left_out(collector: Collector, psutil: Any) -> None:
    with pytest.raises(NoData):
        await poll(collector, machine(psutil))


async def test_windows_words_for_interrupts_become_linux_words() -> None:
    psutil = Row(cpu_times=lambda percpu: [Row(user=1.0, system=2.0, idle=3.0, interrupt=0.5, dpc=0.25)])
    found = samples(await poll(Cpu(), machine(psutil, "windows")))
    assert found['node_cpu_seconds_total{cpu="0",mode="irq"}'] == 0.5
    assert found['node_cpu_seconds_total{cpu="0",mode="softirq"}'] == 0.25


async def test_a_drive_without_a_disc_is_an_error_of_its_own() -> None:
    psutil = Row(
        disk_partitions=lambda: [
            Row(device="C:\\", mountpoint="C:\\", fstype="NTFS", opts="rw,fixed"),
            Row(device="E:\\", mountpoint="E:\\", fstype="", opts="cdrom"),
        ],
        disk_usage=disk_usage,
    )
    found = samples(await poll(Filesystem(), machine(psutil, "windows")))
    assert found['node_filesystem_avail_bytes{device="C:\\\\",fstype="NTFS",mountpoint="C:\\\\"}'] == 390
    assert found['node_filesystem_free_bytes{device="C:\\\\",fstype="NTFS",mountpoint="C:\\\\"}'] == 400
    (error,) = (series for series, value in found.items() if "device_error{" in series and value)
    assert 'device_error="permission denied"' in error


async def test_the_name_of_the_machine_is_taken_from_its_domain() -> None:
    system = platform.uname()
    (series,) = samples(await poll(Uname(), machine()))
    assert f'nodename="{system.node.partition(".")[0]}"' in series
    assert f'release="{system.release}"' in series
    assert f'sysname="{system.system}"' in series


async def test_macos_tells_its_version_in_a_property_list() -> None:
    edge = machine()
    edge.host.files["/System/Library/CoreServices/SystemVersion.plist"] = (
        b'<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>'
        b"<key>ProductBuildVersion</key><string>20G624</string><key>ProductName</key><string>macOS</string>"
        b"<key>ProductVersion</key><string>11.6.8</string></dict></plist>"
    )
    assert samples(await poll(Os(), edge)) == {
        'node_os_info{build_id="20G624",name="macOS",version="11.6.8",version_id="11.6.8"}': 1,
        'node_os_version{name="macOS"}': 11.6,
    }


async def test_a_broken_property_list_is_malformed() -> None:
    edge = machine()
    edge.host.files["/System/Library/CoreServices/SystemVersion.plist"] = b"<?xml"
    with pytest.raises(Malformed):
        await poll(Os(), edge)
