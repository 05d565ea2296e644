"""Debian's node_exporter beside our host collectors, on the machine that runs the tests.

Both answer at the same time: ours between two pages of node_exporter's, so that a number which only grows has to lie
between theirs. Names, label sets, types, help texts and values are the same, but for `DIFFERENCES`, and each of those
is really there. docs/host.md shows the same table.
"""

from __future__ import annotations

import math
import re
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from collector.edge import LocalHost
from collector.errors import NoData
from collector.host.bonding import Bonding
from collector.host.conntrack import Conntrack
from collector.host.cpu import Cpu
from collector.host.diskstats import Diskstats
from collector.host.exposition import Foreign, Labels, parse
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
from collector.host.textfile import Textfile
from collector.host.thermal_zone import ThermalZone
from collector.host.time import Time
from collector.host.timex import Timex
from collector.host.uname import Uname
from collector.host.vmstat import Vmstat
from collector.model import Collector, Column, Device, Schedule, Target
from collector.model import Edge as ModelEdge
from exporters.text import render

pytestmark = pytest.mark.parts

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "host.md"


@dataclass(frozen=True)
class Difference:
    """What is not as in Debian's node_exporter 1.5, and why.

    `where` matches `family` or `family{label}`; `seen`: every Linux machine shows it, so its absence is a failure.
    """

    where: str
    what: str
    why: str
    seen: bool = True


DIFFERENCES = (
    Difference(
        "node_filesystem_mount_info", "only ours", "current releases have it: it tells which mounts share a device"
    ),
    Difference(
        "node_network_info{adminstate}", "only ours", "current releases have the label: up, or shut down by hand"
    ),
    Difference(
        "node_filesystem_device_error{device_error}",
        "only ours",
        "current releases have the label: what the error was; empty, and so no label, where there is none",
        seen=False,
    ),
    Difference(
        "node_exporter_build_info", "only theirs", "we are not node_exporter: `wardwatch_build_info` says what we are"
    ),
    Difference("promhttp_metric_handler_errors_total", "only theirs", "of the Go library that serves their page"),
    Difference(
        "node_scrape_collector_duration_seconds",
        "only theirs",
        "on our page too, for collectors that find something here: one that cannot work is absent, not failing",
    ),
    Difference(
        "node_scrape_collector_success",
        "only theirs",
        "on our page too, for collectors that find something here: one that cannot work is absent, not failing",
    ),
)

DEFAULTS = (
    ("netdev", "`lo` is there", "Debian's build leaves it out; upstream's default, and its dashboards, have it"),
    ("diskstats", "`zram` disks are left out", "upstream's newer default: they are memory"),
    (
        "filesystem",
        "mounts below `/run`, `/mnt` and `/media` are there",
        "Debian's build leaves them out; upstream's default has them, and archives are often mounted there",
    ),
    ("textfile", "no directory until one is configured", "upstream's default; Debian's build has one compiled in"),
    (
        "filesystem",
        "a mount that hangs is an error after 0.8 s",
        "theirs waits 5 s; a page must be there within 2 s (RELIABILITY B7)",
    ),
)
"""Settings whose default is not Debian's. The test gives both the same settings, so they are no difference in it."""

MEBIBYTE = 2**20
TOLERANCES = (
    (r"node_memory_(.*Total|CommitLimit|Hugepagesize|VmallocTotal).*", 0, "they are settings"),
    (r"node_memory_.*", 1024 * MEBIBYTE, "programs start and end between the pages"),
    (r"node_cpu_seconds_total", 0.5, "idle and iowait go back by some ticks, which both hold up from where they began"),
    (r"node_filesystem_(avail|free)_bytes", 1024 * MEBIBYTE, "files come and go"),
    (r"node_filesystem_files_free", 100_000, "files come and go"),
    (r"node_load.*", 2, "it moves every five seconds"),
    (r"node_procs_.*|node_processes_(pids|threads|state|threads_state)", 200, "programs start and end"),
    (r"node_disk_io_now", 500, "it moves all the time"),
    (r"node_filefd_allocated", 5_000, "programs start and end"),
    (r"node_sockstat_.*_bytes", 64 * MEBIBYTE, "connections come and go"),
    (r"node_sockstat_.*|node_nf_conntrack_entries|node_netstat_Tcp_CurrEstab", 5_000, "connections come and go"),
    (r"node_timex_(offset|maxerror|estimated_error)_seconds", 1, "the clock is being corrected"),
    (r"node_timex_(frequency_adjustment_ratio|pps_.*)", 0.001, "the clock is being corrected"),
)
"""Family, how far ours may lie outside what node_exporter said before and after, and why. Others not at all."""

TEXTFILES = {
    "a.prom": '# HELP example_seconds One text.\n# TYPE example_seconds gauge\nexample_seconds{file="a"} 1.5\n',
    "b.prom": '# HELP example_seconds One text.\n# TYPE example_seconds gauge\nexample_seconds{file="b"} 1e3\n',
    "c.prom": 'example_plain{a="quoted \\"x\\" \\\\ y"} 4\n# TYPE example_total counter\nexample_total 5\n',
    "d.prom": "example_stale 1 1760000000000\n",
    "e.prom": (
        '# TYPE example_wait histogram\nexample_wait_bucket{le="1"} 1\nexample_wait_bucket{le="+Inf"} 2\n'
        "example_wait_sum 3\nexample_wait_count 2\n"
        '# TYPE example_size summary\nexample_size{quantile="0.5"} 1\nexample_size_sum 2\nexample_size_count 3\n'
    ),
    "f.prom": "example_broken{\n",
}


def collectors(textfiles: Path) -> tuple[Collector, ...]:
    return (
        Bonding(), Conntrack(), Cpu(info=True), Diskstats(), Filefd(), Filesystem(), Hwmon(), Loadavg(), Mdadm(),
        Meminfo(), Netclass(), Netdev(), Netstat(), Os(), PowerSupply(), Pressure(), Processes(), Sockstat(), Stat(),
        Textfile(str(textfiles)), ThermalZone(), Time(), Timex(), Uname(), Vmstat(),
    )  # fmt: skip


def flags(chosen: Sequence[Collector], textfiles: Path) -> list[str]:
    return [
        "--collector.disable-defaults",
        *(f"--collector.{collector.name}" for collector in chosen),
        "--collector.cpu.guest",
        "--collector.cpu.info",
        f"--collector.diskstats.device-exclude={Diskstats().device_exclude}",
        "--collector.netdev.device-exclude=^$",
        f"--collector.filesystem.mount-points-exclude={Filesystem().mount_points_exclude}",
        f"--collector.filesystem.fs-types-exclude={Filesystem().fs_types_exclude}",
        f"--collector.textfile.directory={textfiles}",
        "--web.disable-exporter-metrics",
    ]


class Edge:
    """One collector's view of this machine."""

    def __init__(self, host: LocalHost) -> None:
        self.host = host
        self.deadline = time.monotonic() + 60
        self._kept: dict[type, Any] = {}

    now = staticmethod(time.monotonic)

    def memory(self, make: type[T]) -> T:
        found: T = self._kept.setdefault(make, make())
        return found

    async def udp(self, dialogue: object) -> None:
        raise AssertionError("the host is not on the network")


async def ours(chosen: Sequence[Collector]) -> bytes:
    host = LocalHost()
    columns: list[Column] = []
    for collector in chosen:
        target = Target(Device("localhost", ""), collector.name, collector, Schedule(15.0, 10.0))
        try:
            columns.extend(await collector.poll(target, cast(ModelEdge, Edge(host))))
        except NoData:
            continue
    return render(columns).body


Series = dict[tuple[str, Labels], float]


@dataclass(frozen=True)
class Page:
    families: dict[str, Foreign]
    series: Series

    @classmethod
    def of(cls, content: bytes) -> Page:
        families = {family.name: family for family in parse(content)}
        series = {
            (name, tuple(pair for pair in labels if pair[1])): value
            for family in families.values()
            for name, labels, value in family.samples
        }
        return cls(families, series)

    def labels(self, family: str) -> set[str]:
        return {label for _, labels, _ in self.families[family].samples for label, value in labels if value}


@dataclass(frozen=True)
class Pages:
    before: Page
    ours: Page
    after: Page


@pytest.fixture
async def pages(
    part: Callable[[str], Path], start: Callable[..., Any], free_port: Callable[[], int], tmp_path: Path
) -> Pages:
    textfiles = tmp_path / "textfiles"
    textfiles.mkdir()
    for name, content in TEXTFILES.items():
        (textfiles / name).write_text(content)
    chosen = collectors(textfiles)
    port = free_port()
    start([part("node_exporter"), f"--web.listen-address=127.0.0.1:{port}", *flags(chosen, textfiles)])
    url = f"http://127.0.0.1:{port}/metrics"

    def fetch() -> bytes:
        with urllib.request.urlopen(url, timeout=10) as answer:
            body: bytes = answer.read()
            return body

    for _ in range(200):
        try:
            fetch()
            break
        except OSError:
            time.sleep(0.05)
    before = fetch()
    mine = await ours(chosen)
    return Pages(Page.of(before), Page.of(mine), Page.of(fetch()))


def found(pages: Pages) -> dict[str, str]:
    """Each difference in names, labels, types, help texts and series: where, and what."""
    theirs, mine = pages.before.families, pages.ours.families
    differences = dict.fromkeys(theirs.keys() - mine.keys(), "only theirs")
    differences |= dict.fromkeys(mine.keys() - theirs.keys(), "only ours")
    for name in theirs.keys() & mine.keys():
        if theirs[name].kind != mine[name].kind:
            differences[f"{name} (type)"] = f"{mine[name].kind}, theirs {theirs[name].kind}"
        if theirs[name].help != mine[name].help:
            differences[f"{name} (help)"] = f"{mine[name].help!r}, theirs {theirs[name].help!r}"
        own, other = pages.ours.labels(name), pages.before.labels(name)
        differences |= {f"{name}{{{label}}}": "only ours" for label in own - other}
        differences |= {f"{name}{{{label}}}": "only theirs" for label in other - own}
    return differences


def plain(page: Page, without: set[str]) -> Series:
    """Series without the labels that only one side has."""
    return {
        (name, tuple(pair for pair in labels if f"{name}{{{pair[0]}}}" not in without)): value
        for (name, labels), value in page.series.items()
    }


def tolerance(name: str) -> float:
    return next((float(most) for pattern, most, _ in TOLERANCES if re.fullmatch(pattern, name)), 0.0)


def steady(series: Series) -> Series:
    """Without what may come and go between two pages: states that a process or a thread is in by chance."""
    return {key: value for key, value in series.items() if not re.fullmatch(r"node_processes_.*state", key[0])}


async def test_names_labels_types_and_help_are_node_exporters(pages: Pages) -> None:
    listed = {difference.where: difference.what for difference in DIFFERENCES}
    actual = found(pages)
    unlisted = {where: what for where, what in actual.items() if listed.get(where) != what}
    assert not unlisted, "differences that DIFFERENCES does not list"
    gone = [d.where for d in DIFFERENCES if d.seen and actual.get(d.where) != d.what]
    assert not gone, "differences that are listed and no longer there"


async def test_series_and_values_are_node_exporters(pages: Pages) -> None:
    known = {d.where for d in DIFFERENCES}
    before, mine, after = (steady(plain(page, known)) for page in (pages.before, pages.ours, pages.after))
    families = known | {"node_scrape_collector_duration_seconds"}
    theirs = {key for key in before.keys() & after.keys() if key[0] not in families}
    assert {key for key in mine if key[0] not in families} - (before.keys() | after.keys()) == set(), "only ours"
    assert theirs - mine.keys() == set(), "only theirs"
    wrong = {}
    for key in theirs:
        low, high = sorted((before[key], after[key]))
        most = tolerance(key[0])
        slack = 1e-9 * max(abs(low), abs(high))  # numbers are written with as many digits as they need, not more
        same = math.isnan(low) and math.isnan(mine[key])
        if not same and not low - most - slack <= mine[key] <= high + most + slack:
            wrong[key] = (before[key], mine[key], after[key])
    assert not wrong, "ours is not between theirs"
    assert len(theirs) > 150, "there must be something to compare"


def rows() -> Iterator[str]:
    yield "| where | difference | why |"
    yield "| --- | --- | --- |"
    for difference in DIFFERENCES:
        yield f"| `{difference.where}` | {difference.what} | {difference.why} |"
    yield ""
    yield "| collector | default that is not Debian's | why |"
    yield "| --- | --- | --- |"
    for name, what, why in DEFAULTS:
        yield f"| {name} | {what} | {why} |"


def test_the_document_names_every_collector() -> None:
    text = DOCUMENT.read_text()
    assert [c.name for c in collectors(Path()) if f"\n| {c.name} | " not in text] == []


def test_the_document_shows_the_same_differences(golden: Callable[[Path, str], None]) -> None:
    begin, end = "<!-- differences: checked by a test -->\n", "<!-- end of differences -->\n"
    text = DOCUMENT.read_text()
    head, rest = text.split(begin)
    golden(DOCUMENT, head + begin + "\n".join(rows()) + "\n" + end + rest.split(end)[1])
