"""What the golden files cannot show: machines that change, lie, or lack something."""

from __future__ import annotations

from dataclasses import fields

import pytest

from collector.errors import Malformed, NoData
from collector.host.conntrack import Conntrack
from collector.host.cpu import Cpu
from collector.host.diskstats import Diskstats
from collector.host.filefd import Filefd
from collector.host.filesystem import Filesystem
from collector.host.loadavg import Loadavg
from collector.host.mdadm import Mdadm
from collector.host.netclass import Netclass
from collector.host.netdev import Netdev
from collector.host.netstat import Netstat
from collector.host.os_release import Os
from collector.host.power_supply import PowerSupply
from collector.host.pressure import Pressure
from collector.host.sockstat import Sockstat
from collector.host.stat import Stat
from collector.host.time import Time
from collector.host.timex import Timex
from collector.host.uname import Uname
from collector.host.vmstat import Vmstat
from collector.model import LABEL_LENGTH, Collector
from tests.collector.host.fake import TIMEX, FakeEdge, FakeHost, poll, samples


@pytest.fixture
def edge() -> FakeEdge:
    return FakeEdge(FakeHost())


def stat(idle: int, iowait: int) -> bytes:
    return f"cpu  1 1 1 1\ncpu0 100 0 100 {idle} {iowait} 0 0 0 0 0\nintr 1\n".encode()


async def idle_and_iowait(edge: FakeEdge, idle: int, iowait: int) -> tuple[float, float]:
    edge.host.files["/proc/stat"] = stat(idle, iowait)
    found = samples(await poll(Cpu(), edge))
    return tuple(found[f'node_cpu_seconds_total{{cpu="0",mode="{mode}"}}'] for mode in ("idle", "iowait"))  # type: ignore[return-value]


async def test_processor_time_never_goes_back_by_a_little(edge: FakeEdge) -> None:
    assert await idle_and_iowait(edge, 10_000, 500) == (100.0, 5.0)
    assert await idle_and_iowait(edge, 9_900, 490) == (100.0, 5.0)
    assert await idle_and_iowait(edge, 10_100, 510) == (101.0, 5.1)


async def test_a_processor_that_was_taken_out_and_put_back_starts_anew(edge: FakeEdge) -> None:
    await idle_and_iowait(edge, 10_000, 500)
    assert await idle_and_iowait(edge, 9_700, 1) == (97.0, 0.01)


async def test_a_processor_that_is_gone_is_gone_from_the_page(edge: FakeEdge) -> None:
    before = samples(await poll(Cpu(), edge))
    edge.host.files["/proc/stat"] = b"\n".join(
        line for line in edge.host.files["/proc/stat"].splitlines() if not line.startswith(b"cpu1")
    )
    after = samples(await poll(Cpu(), edge))
    assert 'node_cpu_seconds_total{cpu="1",mode="idle"}' in before
    assert not any('cpu="1"' in series for series in after)
    assert not any('core="1"' in series for series in after)


async def test_guests_can_be_left_out(edge: FakeEdge) -> None:
    assert not any("guest" in series for series in samples(await poll(Cpu(guest=False), edge)))


async def test_an_old_kernel_without_guest_columns_has_no_guests(edge: FakeEdge) -> None:
    edge.host.files["/proc/stat"] = b"cpu  1 1 1 1\ncpu0 100 0 100 1000 5 0 0\nintr 1\n"
    assert samples(await poll(Cpu(), edge))['node_cpu_guest_seconds_total{cpu="0",mode="user"}'] == 0


@pytest.mark.parametrize(
    ("collector", "path", "content"),
    [
        (Cpu(), "/proc/stat", b"cpu0 1 2 x 4\nintr 1\n"),
        (Stat(), "/proc/stat", b"cpu 1\nintr many\n"),
        (Loadavg(), "/proc/loadavg", b"0.1 0.2\n"),
        (Filefd(), "/proc/sys/fs/file-nr", b"1\t2\n"),
        (Vmstat(), "/proc/vmstat", b"pgfault one\n"),
        (Vmstat(), "/proc/vmstat", b"pgfault 1 pgmajfault\n"),
        (Sockstat(), "/proc/net/sockstat", b"TCP: inuse\n"),
        (Netstat(), "/proc/net/snmp", b"Tcp: InSegs OutSegs\nTcp: 1\n"),
        (Netstat(), "/proc/net/snmp", b"Tcp: InSegs\n"),
        (Netdev(), "/proc/net/dev", b"nothing\n"),
        (Netdev(), "/proc/net/dev", b"x\n face |bytes|bytes\neth0: 1\n"),
        (Diskstats(), "/proc/diskstats", b"8 0 sda 1 2 x\n"),
        (Diskstats(), "/proc/diskstats", b"8 0\n"),
        (Conntrack(), "/proc/net/stat/nf_conntrack", b"found\nzz\n"),
        (Filesystem(), "/proc/1/mountinfo", b"22 28 0:21 / /proc rw\n"),
    ],
    ids=lambda value: str(getattr(value, "name", "")) or None,
)
async def test_text_of_an_unforeseen_shape_is_malformed_and_names_the_file(
    edge: FakeEdge, collector: Collector, path: str, content: bytes
) -> None:
    edge.host.files[path] = content
    with pytest.raises(Malformed, match=path):
        await poll(collector, edge)


@pytest.mark.parametrize(
    "collector", [Vmstat, Netstat, Netdev, Netclass, Diskstats, Filesystem, PowerSupply], ids=lambda c: str(c.name)
)
def test_an_option_that_is_no_regular_expression_is_refused_by_name(collector: type[Collector]) -> None:
    options = [field.name for field in fields(collector) if field.type == "str"]  # type: ignore[arg-type]
    assert options
    for option in options:
        with pytest.raises(ValueError, match=option):
            collector(**{option: "("})


@pytest.mark.parametrize("character", ["\x0c", "\r", "\x1c", "\u0085", "\u2028"], ids=ascii)
async def test_a_mount_path_may_hold_what_python_takes_for_the_end_of_a_line(edge: FakeEdge, character: str) -> None:
    point = f"/mnt/a{character}b"
    edge.host.files["/proc/1/mountinfo"] += f"40 28 0:60 / {point} rw - ext4 /dev/sdb1 rw\n".encode()
    edge.host.mounts[point] = edge.host.mounts["/srv/archive"]
    found = samples(await poll(Filesystem(), edge))
    assert len([series for series in found if series.startswith("node_filesystem_size_bytes")]) == 4
    assert any('device="/dev/sdb1"' in series and "size_bytes" in series for series in found)


async def test_a_mount_that_cannot_be_understood_costs_itself_only(edge: FakeEdge) -> None:
    before = samples(await poll(Filesystem(), edge))
    edge.host.files["/proc/1/mountinfo"] = b"nonsense\n" + edge.host.files["/proc/1/mountinfo"] + b"1 2 3 - x\n"
    assert samples(await poll(Filesystem(), edge)) == before


@pytest.mark.parametrize("character", ["\x0c", "\x1c", "\u2028"], ids=ascii)
async def test_a_name_may_hold_what_python_takes_for_the_end_of_a_line(edge: FakeEdge, character: str) -> None:
    edge.host.files["/etc/os-release"] = f'NAME="a{character}b"\nID=x\n'.encode()
    edge.host.files["/proc/cpuinfo"] = f"processor\t: 0\nmodel name\t: a{character}microcode\t: b\n".encode()
    (info,) = (c for c in await poll(Os(), edge) if c.family.name == "node_os_info")
    assert "a" + character + "b" in info.rows.values[0]
    (cpu,) = (c for c in await poll(Cpu(info=True), edge) if c.family.name == "node_cpu_info")
    assert "b" not in cpu.rows.values[0]


async def test_disks_and_interfaces_are_chosen_as_node_exporter_does(edge: FakeEdge) -> None:
    def devices(found: dict[str, float]) -> set[str]:
        return {series.split('device="')[1].split('"')[0] for series in found}

    assert devices(samples(await poll(Diskstats(), edge))) == {"sda", "dm-0"}
    assert devices(samples(await poll(Diskstats(device_exclude=""), FakeEdge(edge.host)))) == {
        "sda", "sda1", "loop0", "dm-0",
    }  # fmt: skip
    only = Diskstats(device_include="^sda1$")
    assert devices(samples(await poll(only, FakeEdge(edge.host)))) == {"sda1"}
    assert devices(samples(await poll(Netdev(device_exclude="^lo$"), FakeEdge(edge.host)))) == {"eth0", "br:1"}
    assert devices(samples(await poll(Netdev(device_include="^lo$"), FakeEdge(edge.host)))) == {"lo"}
    with pytest.raises(NoData):
        await poll(Netdev(device_include="^wlan"), FakeEdge(edge.host))


async def test_an_old_kernel_counts_fewer_things_of_its_disks(edge: FakeEdge) -> None:
    edge.host.files["/proc/diskstats"] = b"8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n"
    found = samples(await poll(Diskstats(), edge))
    assert found['node_disk_io_time_weighted_seconds_total{device="sda"}'] == 0.011
    assert not any("discard" in series or "flush" in series for series in found)


async def test_an_unknown_speed_can_be_left_out(edge: FakeEdge) -> None:
    found = samples(await poll(Netclass(ignore_invalid_speed=True), edge))
    assert [series for series in found if "speed" in series] == ['node_network_speed_bytes{device="eth0"}']


async def test_a_link_that_changes_is_read_again_at_once(edge: FakeEdge) -> None:
    before = samples(await poll(Netclass(), edge))
    edge.host.files["/sys/class/net/eth0/speed"] = b"100\n"
    edge.host.files["/sys/class/net/eth0/carrier_changes"] = b"6\n"
    after = samples(await poll(Netclass(), edge))
    changed = {series: (before[series], value) for series, value in after.items() if before[series] != value}
    assert changed == {
        'node_network_speed_bytes{device="eth0"}': (125e6, 125e5),
        'node_network_carrier_changes_total{device="eth0"}': (4, 6),
    }


async def test_another_interface_under_the_same_name_is_read_at_once(edge: FakeEdge) -> None:
    await poll(Netclass(), edge)
    edge.host.files["/sys/class/net/eth0/ifindex"] = b"9\n"
    edge.host.files["/sys/class/net/eth0/mtu"] = b"9000\n"
    assert samples(await poll(Netclass(), edge))['node_network_mtu_bytes{device="eth0"}'] == 9000


async def test_what_a_person_changes_is_seen_within_a_minute(edge: FakeEdge) -> None:
    mtu = 'node_network_mtu_bytes{device="eth0"}'
    await poll(Netclass(), edge)
    edge.host.files["/sys/class/net/eth0/mtu"] = b"9000\n"
    edge.time = 59.0
    assert samples(await poll(Netclass(), edge))[mtu] == 1500
    edge.time = 60.0
    assert samples(await poll(Netclass(), edge))[mtu] == 9000


async def test_an_interface_that_is_gone_is_gone_from_the_page(edge: FakeEdge) -> None:
    await poll(Netclass(), edge)
    edge.host.files = {path: text for path, text in edge.host.files.items() if "/net/eth0/" not in path}
    assert not any('"eth0"' in series for series in samples(await poll(Netclass(), edge)))


async def test_another_clock_source_is_seen_at_once(edge: FakeEdge) -> None:
    await poll(Time(), edge)
    base = "/sys/devices/system/clocksource/clocksource0"
    edge.host.files[f"{base}/available_clocksource"] = b"hpet acpi_pm\n"
    edge.host.files[f"{base}/current_clocksource"] = b"hpet\n"
    found = {series for series in samples(await poll(Time(), edge)) if "clocksource" in series}
    assert found == {
        'node_time_clocksource_available_info{clocksource="hpet",device="0"}',
        'node_time_clocksource_available_info{clocksource="acpi_pm",device="0"}',
        'node_time_clocksource_current_info{clocksource="hpet",device="0"}',
    }


async def test_interfaces_can_be_ignored(edge: FakeEdge) -> None:
    assert not any('"eth' in series for series in samples(await poll(Netclass(ignored_devices="^eth"), edge)))


async def test_a_kernel_without_ipv6_still_has_its_sockets_and_counters(edge: FakeEdge) -> None:
    for path in ("/proc/net/sockstat6", "/proc/net/snmp6"):
        del edge.host.files[path]
    assert "node_sockstat_TCP_inuse" in samples(await poll(Sockstat(), edge))
    assert "node_netstat_Tcp_InSegs" in samples(await poll(Netstat(), edge))


async def test_a_header_that_changes_moves_the_columns(edge: FakeEdge) -> None:
    await poll(Netstat(), edge)
    edge.host.files["/proc/net/snmp"] = b"Tcp: New InSegs\nTcp: 9 57\n"
    assert samples(await poll(Netstat(), edge))["node_netstat_Tcp_InSegs"] == 57


async def test_an_unsynchronised_clock_in_microseconds(edge: FakeEdge) -> None:
    edge.host.timex = {**TIMEX, "state": 5, "status": 0x40}
    found = samples(await poll(Timex(), edge))
    assert found["node_timex_sync_status"] == 0
    assert found["node_timex_offset_seconds"] == 2.5


async def test_a_kernel_without_the_arch_file_or_a_domain(edge: FakeEdge) -> None:
    del edge.host.files["/proc/sys/kernel/arch"]
    edge.host.files["/proc/sys/kernel/domainname"] = b"\n"
    (series,) = samples(await poll(Uname(), edge))
    assert 'machine="' in series
    assert 'domainname="(none)"' in series


async def test_pressure_without_full_for_a_resource(edge: FakeEdge) -> None:
    edge.host.files = {"/proc/pressure/io": b"some avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\n"}
    assert samples(await poll(Pressure(), edge)) == {"node_pressure_io_waiting_seconds_total": 1.0}


async def test_connection_tracking_without_its_statistics(edge: FakeEdge) -> None:
    del edge.host.files["/proc/net/stat/nf_conntrack"]
    assert samples(await poll(Conntrack(), edge)) == {
        "node_nf_conntrack_entries": 123,
        "node_nf_conntrack_entries_limit": 65536,
    }


async def test_arrays_that_rebuild_check_or_wait(edge: FakeEdge) -> None:
    edge.host.files["/proc/mdstat"] = (
        b"md1 : active raid1 sda1[2] sdb1[1]\n      100 blocks super 1.2 [2/1] [_U]\n"
        b"      [=>...]  recovery =  5.0% (5/100) finish=1.0min speed=1K/sec\n      \n"
        b"md2 : active raid1 sda2[0] sdb2[1]\n      200 blocks [2/2] [UU]\n      \tresync=DELAYED\n\n"
        b"md3 : active (auto-read-only) raid1 sda3[0] sdb3[1]\n      300 blocks [2/2] [UU]\n"
        b"      [=>...]  check =  5.0% (15/300) finish=1.0min speed=1K/sec\n"
    )
    found = samples(await poll(Mdadm(), edge))
    states = {series for series, value in found.items() if series.startswith("node_md_state") and value}
    assert states == {
        'node_md_state{device="md1",state="recovering"}',
        'node_md_state{device="md2",state="resync"}',
        'node_md_state{device="md3",state="check"}',
    }
    assert [found[f'node_md_blocks_synced{{device="md{n}"}}'] for n in (1, 2, 3)] == [5, 0, 15]


async def test_a_power_supply_can_be_ignored(edge: FakeEdge) -> None:
    found = samples(await poll(PowerSupply(ignored_supplies="^BAT"), edge))
    assert set(found) == {
        'node_power_supply_online{power_supply="AC"}',
        'node_power_supply_info{power_supply="AC",type="Mains"}',
    }


async def test_os_release_falls_back_to_the_vendors_copy(edge: FakeEdge) -> None:
    edge.host.files = {"/usr/lib/os-release": b"ID=alpine\nVERSION_ID=3\n"}
    assert samples(await poll(Os(), edge)) == {
        'node_os_info{id="alpine",version_id="3"}': 1,
        'node_os_version{id="alpine"}': 3,
    }


async def test_a_clock_beyond_the_calendar_still_tells_the_time(edge: FakeEdge) -> None:
    edge.host.wall = lambda: 1e30  # type: ignore[method-assign]
    assert samples(await poll(Time(), edge)) == {"node_time_seconds": 1e30}


async def test_hostile_names_stay_inside_their_label(edge: FakeEdge) -> None:
    device = b'e\xff"}\x01\\' + b"n" * 300
    edge.host.files["/proc/net/dev"] = b"x\n face |bytes|bytes\n" + device + b": 1 2\n"
    found = samples(await poll(Netdev(), edge))
    (series,) = (name for name in found if "receive" in name)
    label = series.removeprefix('node_network_receive_bytes_total{device="').removesuffix('"}')
    assert label.startswith('e\ufffd\\"}\ufffd\\\\nnn')
    assert len(label) < LABEL_LENGTH + 10
