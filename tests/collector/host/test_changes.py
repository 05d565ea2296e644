"""What is kept from poll to poll never shows: after a change a page is as it would be had nothing been kept."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from collector.errors import NoData, PollError
from collector.host.conntrack import Conntrack
from collector.host.cpu import Cpu
from collector.host.diskstats import Diskstats
from collector.host.filesystem import Filesystem
from collector.host.meminfo import Meminfo
from collector.host.netclass import Netclass
from collector.host.netdev import Netdev
from collector.host.netstat import Netstat
from collector.host.os_release import Os
from collector.host.pressure import Pressure
from collector.host.sockstat import Sockstat
from collector.host.stat import Stat
from collector.host.uname import Uname
from collector.host.vmstat import Vmstat
from collector.model import Collector
from tests.collector.host.fake import FakeEdge, FakeHost, page, poll

Change = Mapping[bytes, bytes]
"""What becomes of each text in a file; of an empty one: the whole file."""

CHANGES: tuple[tuple[Collector, str, Change], ...] = (
    (Meminfo(), "/proc/meminfo", {b"1200312": b"1200313"}),
    (Meminfo(), "/proc/meminfo", {b"Buffers:          500120 kB\n": b""}),
    (Meminfo(), "/proc/meminfo", {b"Cached:  ": b"Zswap:  7 kB\nCached:  "}),
    (Meminfo(), "/proc/meminfo", {b"16303400 kB": b"16303400"}),
    (Meminfo(), "/proc/meminfo", {b"": b""}),
    (Vmstat(), "/proc/vmstat", {b"pgfault 2320168809": b"pgfault 2320168810"}),
    (Vmstat(), "/proc/vmstat", {b"nr_free_pages 300078\n": b"nr_free_pages 1\nnr_new 4\n"}),
    (Vmstat(), "/proc/vmstat", {b"pswpin 1476\n": b""}),
    (Vmstat(), "/proc/vmstat", {b"": b"nr_free_pages 1\n"}),
    (Netstat(), "/proc/net/netstat", {b"115 7\n": b"116 7\n"}),
    (Netstat(), "/proc/net/netstat", {b"SyncookiesRecv": b"SyncookiesNew"}),
    (Netstat(), "/proc/net/snmp", {b"Tcp: Rto": b"IcmpMsg: InType3\nIcmpMsg: 1\nTcp: Rto"}),
    (Netstat(), "/proc/net/snmp6", {b"Ip6InReceives                   \t7\n": b""}),
    (Netstat(), "/proc/net/snmp6", {b"": b""}),
    (Sockstat(), "/proc/net/sockstat", {b"alloc 17 mem 3": b"alloc 18 mem 4"}),
    (Sockstat(), "/proc/net/sockstat", {b"UDPLITE: inuse 0\n": b""}),
    (Sockstat(), "/proc/net/sockstat", {b"orphan 1 ": b"new 3 orphan 1 "}),
    (Stat(), "/proc/stat", {b"\nbtime": b"\nbtime 1\nold_btime"}),
    (Conntrack(), "/proc/net/stat/nf_conntrack", {b"entries  clashres found": b"found  clashres entries"}),
    (Conntrack(), "/proc/net/stat/nf_conntrack", {b"0000000c": b"0000000d"}),
    (Conntrack(), "/proc/net/stat/nf_conntrack", {b"": b""}),
    (Pressure(), "/proc/pressure/io", {b"full": b"none"}),
    (Pressure(), "/proc/pressure/io", {b"": b""}),
    (Cpu(info=True), "/proc/stat", {b"\ncpu1": b"\ncpu7"}),
    (Diskstats(), "/proc/diskstats", {b"7412 1200": b"7413 1200"}),
    (Diskstats(), "/proc/diskstats", {b" 254       0 dm-0": b" 254       1 dm-1"}),
    (Diskstats(), "/proc/diskstats", {b"   8       0 sda ": b"   8      16 sda "}),
    (Diskstats(), "/proc/diskstats", {b" 330 77": b""}),
    (Diskstats(), "/run/udev/data/b8:0", {b"ZDE00000": b"ZDE00001"}),
    (Diskstats(), "/run/udev/data/b8:0", {b"": b""}),
    (Netdev(), "/proc/net/dev", {b"68210035552": b"68210035553"}),
    (Netdev(), "/proc/net/dev", {b"  eth0:": b"  eth1:"}),
    (Netdev(), "/proc/net/dev", {b"multicast|bytes    packets": b"multicast|bytes    parcels"}),
    (Netdev(), "/sys/class/net/eth0/statistics/rx_nohandler", {b"6": b"7"}),
    (Netclass(), "/sys/class/net/eth0/operstate", {b"": b"down\n"}),
    (Netclass(), "/sys/class/net/eth1/ifindex", {b"": b""}),
    (Filesystem(), "/proc/1/mountinfo", {b"/srv/archive ro": b"/srv/archive rw", b"/dev/sda3 ro": b"/dev/sda3 rw"}),
    (Filesystem(), "/proc/1/mountinfo", {b"32 28 0:52 / /mnt/pacs": b"32 28 0:53 / /srv/archive"}),
    (Uname(), "/proc/sys/kernel/hostname", {b"": b"other\n"}),
    (Os(), "/etc/os-release", {b"": b"ID=other\n"}),
)


@pytest.mark.parametrize(("collector", "path", "change"), CHANGES, ids=lambda value: getattr(value, "name", None))
async def test_a_page_after_a_change_is_that_of_a_new_start(collector: Collector, path: str, change: Change) -> None:
    old, new = FakeEdge(FakeHost()), FakeEdge(FakeHost())
    before = page(await poll(collector, old))
    for edge in (old, new):
        _apply(edge.host.files, path, change)
    after = [await _page(collector, edge) for edge in (old, new)]
    assert after[0] == after[1]
    again = FakeHost().files.get(path)
    if again is None:
        del old.host.files[path]
    else:
        old.host.files[path] = again
    assert page(await poll(collector, old)) == before


async def test_a_mount_that_fails_and_works_again() -> None:
    edge = FakeEdge(FakeHost())
    before = page(await poll(Filesystem(), edge))
    mounts = dict(edge.host.mounts)
    edge.host.mounts["/"] = OSError(5, "Input/output error")
    assert 'device_error="input/output error"' in page(await poll(Filesystem(), edge))
    edge.host.mounts = {point: OSError(5, "Input/output error") for point in mounts}
    assert "node_filesystem_size_bytes" not in page(await poll(Filesystem(), edge))
    edge.host.mounts = mounts
    assert page(await poll(Filesystem(), edge)) == before


def _apply(files: dict[str, bytes], path: str, change: Change) -> None:
    for old, new in change.items():
        if old:
            assert old in files[path]
            files[path] = files[path].replace(old, new)
        elif new:
            files[path] = new
        else:
            del files[path]


async def _page(collector: Collector, edge: FakeEdge) -> str:
    try:
        return page(await poll(collector, edge))
    except NoData as error:
        return type(error).__name__
    except PollError as error:
        return str(error)
