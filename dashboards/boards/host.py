"""Host: one machine over time, by use, saturation and errors of each resource (USE)."""

from __future__ import annotations

from typing import Final

from collector.config import Config
from dashboards import names as n
from dashboards.board import Board, Row, Variable, alerts
from dashboards.boards.queries import FORECAST, FORECAST_OF
from dashboards.limits import Sources, limit
from dashboards.palette import BAD, QUIET, UP, Step, any_is, falling, ticket_from
from dashboards.panels import Panel, Query, series, stat, table

ABOUT: Final = """**For** whoever looks into one machine.
**Good** is up, no alert, room in everything.
Below, of each resource: how much is used, how much waits, what fails; at last when it is full."""

HOST: Final = Variable("instance", "Host", "label_values(node_uname_info, instance)", many=False)
ONE: Final = 'instance="$instance"'
RATE: Final = "[$__rate_interval]"
CPU: Final = f'rate(node_cpu_seconds_total{{{ONE}, mode=~"idle|iowait"}}{RATE})'
DISKS: Final = f'{ONE}, device!~"(dm-|md|drbd|loop|ram|zram)[0-9]+"'
PORTS: Final = f'{ONE}, device!="lo"'


def board(config: Config, sources: Sources) -> Board:
    return Board(
        uid="wardwatch-host",
        title="What is this machine short of?",
        about=ABOUT,
        variables=(HOST,),
        marks=(alerts(ONE),),
        rows=(
            Row("", _first(config, sources)),
            Row("Processors and memory", _cpu(config, sources)),
            Row("Disks and file systems", _disks(config, sources)),
            Row("Network", _network()),
            Row("When it is full", (_forecast(),)),
        ),
    )


def _first(config: Config, sources: Sources) -> tuple[Panel, ...]:
    limits = config.settings.capacity
    full = limits.full
    busy = limit(sources, "HostCpuBusy")
    return (
        stat("Answers", "Whether it answered when last asked. Good: up.",
             Query(f'max(up{{job="node", {ONE}}})'), words=UP, width=3),
        stat("Alerts", "Alerts of this machine that fire now. Good: 0.",
             Query(f'count(ALERTS{{alertstate="firing", severity=~"critical|warning", {ONE}}}) or vector(0)'),
             steps=any_is(BAD), width=3),
        stat("Processors", f"Share of time that is neither idle nor for disks. Good: below {busy:.0%}.",
             Query(f"1 - avg(sum by (cpu) ({CPU}))"), "percentunit", steps=ticket_from(busy),
             decimals=0, trend=True, width=3),
        stat("Memory", "Share that is not available. Good: below the limit of capacity.",
             Query(f'max({n.USED}{{{ONE}, resource="memory"}})'),
             "percentunit", steps=(Step(None, QUIET), Step(full["memory"], BAD)), decimals=0, trend=True, width=3),
        stat("Fullest file system", "Share of it that is used. Good: below the limit of capacity.",
             Query(f'max({n.USED}{{{ONE}, resource="filesystem"}})'),
             "percentunit", steps=(Step(None, QUIET), Step(full["filesystem"], BAD)), decimals=0, trend=True, width=3),
        stat("Full in days", "Days until the first of its resources is full at the pace of the last weeks.",
             Query(f"min({n.DAYS}{{{ONE}}})"), "none", steps=falling(limits.days, limits.earliest), decimals=0,
             none="Not known yet", width=3),
    )  # fmt: skip


def _cpu(config: Config, sources: Sources) -> tuple[Panel, ...]:
    busy, load = (limit(sources, name) for name in ("HostCpuBusy", "HostSaturated"))
    faults = limit(sources, "HostMajorFaults")
    files = tuple(limit(sources, "HostFileDescriptors", severity) for severity in ("warning", "critical"))
    return (
        series("Processors: used", "Time by what it went for, as a share of all processors. Good: below the alert's "
               "limit, which counts no time for disks.",
               Query(f'avg by (mode) (rate(node_cpu_seconds_total{{{ONE}, mode!="idle"}}{RATE}))', "{{mode}}"),
               "percentunit", steps=ticket_from(busy), stacked=True, low=0, high=1, width=8),
        series("Processors: wait", "Load for each processor over 1, 5 and 15 minutes. Good: below 1; the line is the "
               "alert's.",
               tuple(Query(f'node_load{m}{{{ONE}}} / on (instance) count by (instance) '
                           f'(rate(node_cpu_seconds_total{{{ONE}, mode="idle"}}{RATE}))', f"{m} min")
                     for m in (1, 5, 15)),
               "short", steps=ticket_from(load), low=0, reaches=load, width=8),
        series("Memory: used", "What is not available, and the limit of capacity. Good: below it.",
               Query(f'{n.USED}{{{ONE}, resource="memory"}}', "used"), "percentunit",
               steps=(Step(None, QUIET), Step(config.settings.capacity.full["memory"], BAD)), low=0, high=1, width=8),
        series("Memory: waits", "Pages a second that must be fetched from disk. Good: near none; the alert's line is "
               f"at {faults:g}.",
               Query(f"rate(node_vmstat_pgmajfault{{{ONE}}}{RATE})", "major faults"), "cps", steps=ticket_from(faults),
               low=0, width=8),
        series("Memory: fails", "Programs that were killed as memory ran out, in each hour. Good: none.",
               Query(f"increase(node_vmstat_oom_kill{{{ONE}}}[1h])", "killed"), "short", low=0, width=8),
        series("File descriptors", "Share of those that the kernel gives out. Good: below the alerts' lines.",
               Query(f"node_filefd_allocated{{{ONE}}} / node_filefd_maximum{{{ONE}}}", "used"), "percentunit",
               steps=(*ticket_from(files[0]), Step(files[1], BAD)), low=0, high=1, width=8),
    )  # fmt: skip


def _disks(config: Config, sources: Sources) -> tuple[Panel, ...]:
    queue = limit(sources, "HostDiskSaturated")
    return (
        series("Disks: used", "Share of time in which something was under way. Good: below 1.",
               Query(f"rate(node_disk_io_time_seconds_total{{{DISKS}}}{RATE})", "{{device}}"), "percentunit",
               low=0, width=8),
        series("Disks: wait", "Reads and writes that wait or are under way, on average. Good: below the alert's line.",
               Query(f"rate(node_disk_io_time_weighted_seconds_total{{{DISKS}}}{RATE})", "{{device}}"), "short",
               steps=ticket_from(queue), low=0, reaches=queue, width=8),
        series("Disks: carry", "Bytes a second that are read and written.",
               tuple(Query(f"rate(node_disk_{way}_bytes_total{{{DISKS}}}{RATE})", f"{{{{device}}}} {way}")
                     for way in ("read", "written")), "Bps", low=0, width=8),
        series("File systems: used", "Share that is used, and the limit of capacity. Good: below it.",
               Query(f'{n.USED}{{{ONE}, resource="filesystem"}}', "{{item}}"), "percentunit",
               steps=(Step(None, QUIET), Step(config.settings.capacity.full["filesystem"], BAD)), low=0, high=1),
        series("File systems: inodes used", "Share of what a file system can have of files. Good: below 1.",
               Query(f"1 - node_filesystem_files_free{{{ONE}}} / (node_filesystem_files{{{ONE}}} > 0)",
                     "{{mountpoint}}"), "percentunit", low=0, high=1),
    )  # fmt: skip


def _network() -> tuple[Panel, ...]:
    def both(what: str, times: str = "") -> tuple[Query, ...]:
        return tuple(
            Query(f"rate(node_network_{way}_{what}_total{{{PORTS}}}{RATE}){times}", f"{{{{device}}}} {way}")
            for way in ("receive", "transmit")
        )

    return (
        series("Network: used", "Bits a second of each interface.", both("bytes", " * 8"), "bps", low=0, width=8),
        series("Network: waits", "Packets a second that were dropped for want of room. Good: none.",
               both("drop"), "pps", low=0, width=8),
        series("Network: fails", "Broken packets a second. Good: none.", both("errs"), "pps", low=0, width=8),
    )  # fmt: skip


def _forecast() -> Panel:
    return table(
        "When it is full",
        "Days until full at the pace of the last weeks, the earliest and latest (90%), and what is used. 3650: it does "
        "not grow. Empty until there are four days of history.",
        tuple(Query(f"max without () ({name}{{{ONE}}})") for name in FORECAST_OF),
        FORECAST,
        sort="Days",
        falling=False,
        none="Not known yet",
    )
