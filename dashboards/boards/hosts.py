"""Hosts: which machine is short of something, by use, saturation and errors of each resource (USE).

By node_exporter's names alone and what capacity records, so that it is the same whoever reads the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from collector.config import Config
from dashboards import names as n
from dashboards.board import Board, Row, alerts
from dashboards.boards.queries import FORECAST, FORECAST_OF, alert_columns, alert_queries
from dashboards.limits import Sources, limit
from dashboards.palette import BAD, CALM, WARN, Step, any_is, ticket_from
from dashboards.panels import Column, Link, Panel, Query, bars, stat, table

ABOUT: Final = """**For** those who look after servers.
**Good** is noughts: all answer, none is busy, waits, fails or fills up.
For each resource: how much is used, how much waits, what fails. From a bar or row to the machine."""

TO_HOST: Final = Link("Host", "/d/wardwatch-host?var-instance=${__data.fields.instance}&${__url_time_range}")
BAR_TO_HOST: Final = Link("Host", "/d/wardwatch-host?var-instance=${__field.labels.instance}&${__url_time_range}")

HOSTS: Final = "and on (instance) node_uname_info"
RATE: Final = "[$__rate_interval]"
CPU: Final = (
    f'1 - avg by (instance) (sum by (instance, cpu) (rate(node_cpu_seconds_total{{mode=~"idle|iowait"}}{RATE})))'
)
LOAD: Final = (
    f'max by (instance) (node_load1) / count by (instance) (rate(node_cpu_seconds_total{{mode="idle"}}{RATE}))'
)
DISKS: Final = 'device!~"(dm-|md|drbd|loop|ram|zram)[0-9]+"'
"""Without disks that are made of others, as alerts about causes have it."""


def board(config: Config, sources: Sources) -> Board:
    return Board(
        uid="wardwatch-hosts",
        title="Which machine is short of something?",
        about=ABOUT,
        marks=(alerts('alertname=~"Host.+"'),),
        rows=(
            Row("", _first(config)),
            Row("Used", _used(config, sources)),
            Row("Waits", _waits(sources)),
            Row("Fails", _fails(config)),
        ),
    )


def _first(config: Config) -> tuple[Panel, ...]:
    days = config.settings.capacity.days
    return (
        _counted("Not answering", "Machines that did not answer when last asked.", 'up{job="node"} == 0', BAD),
        _firing("Busy", "an alert for processors or memory", "HostCpuBusy|HostMemoryFull"),
        _firing("Waiting", "an alert for what queues up", "HostSaturated|HostDiskSaturated|HostMajorFaults"),
        _firing(
            "Failing",
            "an alert for packets, disks, links, heat or the clock",
            "Host(Receive|Transmit)Errors|HostRaid.+|HostBondDegraded|HostHot|HostClock.+|HostTextfileError",
        ),
        _firing(
            "Full",
            "an alert for file systems, inodes, connections or file descriptors",
            "HostFilesystem.+|HostInodes.+|HostConntrackFull|HostFileDescriptors",
        ),
        _counted(
            "Full soon",
            f"Machines of which something will be full in less than {days} days at the pace of the last weeks.",
            f"count by (instance) ({n.DAYS} < {days} {HOSTS})",
            WARN,
        ),
    )


def _counted(title: str, about: str, what: str, colour: str) -> Panel:
    return stat(title, f"{about} Good: 0.", Query(f"count({what}) or vector(0)"), steps=any_is(colour), width=3)


def _firing(title: str, about: str, names: str) -> Panel:
    those = f'count by (instance) (ALERTS{{alertstate="firing", alertname=~"{names}"}})'
    return _counted(title, f"Machines with {about}.", those, WARN)


def _ranked(title: str, about: str, expr: str, unit: str, legend: str, steps: Sequence[Step] = ()) -> Panel:
    return bars(
        title,
        f"{about} The ten highest.",
        Query(f"topk(10, sort_desc({expr}))", legend),
        unit,
        steps=steps,
        links=(BAR_TO_HOST,),
        high=1 if unit == "percentunit" else None,
        width=8,
    )


def _used(config: Config, sources: Sources) -> tuple[Panel, ...]:
    full = {name: (Step(None, CALM), Step(share, BAD)) for name, share in config.settings.capacity.full.items()}
    files = tuple(limit(sources, "HostFileDescriptors", severity) for severity in ("warning", "critical"))
    busy = limit(sources, "HostCpuBusy")
    item = "{{instance}} {{item}}"
    return (
        _ranked("Processors", f"Share of time that is neither idle nor for disks. Good: below {busy:.0%}.", CPU,
                "percentunit", "{{instance}}", ticket_from(busy)),
        _ranked("Memory", "Share that is not available. Good: below the limit of capacity.",
                f'{n.USED}{{resource="memory"}} {HOSTS}', "percentunit", "{{instance}}", full["memory"]),
        _ranked("File systems", "Share that is used. Good: below the limit of capacity.",
                f'{n.USED}{{resource="filesystem"}} {HOSTS}', "percentunit", item, full["filesystem"]),
        _ranked("Disks", "Share of time in which something was under way. Good: below 1.",
                f"rate(node_disk_io_time_seconds_total{{{DISKS}}}{RATE})", "percentunit", "{{instance}} {{device}}"),
        _ranked("Network", "Bits a second, the busier direction of each interface.",
                _net("bytes", 8), "bps", "{{instance}} {{device}}"),
        _ranked("File descriptors", f"Share of those that the kernel gives out. Good: below {files[0]:.0%}.",
                "max by (instance) (node_filefd_allocated / node_filefd_maximum)", "percentunit", "{{instance}}",
                (*ticket_from(files[0]), Step(files[1], BAD))),
    )  # fmt: skip


def _net(what: str, times: int = 1) -> str:
    received, sent = (f'rate(node_network_{way}_{what}_total{{device!="lo"}}{RATE})' for way in ("receive", "transmit"))
    return f"({received} > {sent} or {sent}) * {times}"


def _waits(sources: Sources) -> tuple[Panel, ...]:
    load, queue = (limit(sources, name) for name in ("HostSaturated", "HostDiskSaturated"))
    faults = limit(sources, "HostMajorFaults")
    return (
        _ranked("Load for each processor", f"What runs or wants to. Good: below 1; {load:g} that last are an alert.",
                LOAD, "short", "{{instance}}", ticket_from(load)),
        _ranked("Disk queues", f"Reads and writes that wait or are under way, on average. Good: below {queue:g}.",
                f"rate(node_disk_io_time_weighted_seconds_total{{{DISKS}}}{RATE})", "short",
                "{{instance}} {{device}}", ticket_from(queue)),
        _ranked("Memory fetched from disk", f"Major page faults a second. Good: near none; below {faults:g}.",
                f"max by (instance) (rate(node_vmstat_pgmajfault{RATE}))", "cps", "{{instance}}", ticket_from(faults)),
    )  # fmt: skip


def _fails(config: Config) -> tuple[Panel, ...]:
    return (
        _ranked("Packets lost or broken", "Errors and drops a second of each interface. Good: none.",
                f"{_net('errs')} + {_net('drop')}", "pps", "{{instance}} {{device}}"),
        table(
            "Alerts of machines",
            "Alerts about machines that fire or wait. Good: none.",
            alert_queries('alertname=~"Host.+"'),
            alert_columns(config.settings.urls.runbooks, devices=True),
            sort="Since",
            none="✓ None",
            width=16,
            height=8,
        ),
        table(
            "What fills up",
            "Days until full at the pace of the last weeks, the earliest and latest (90%), and what is used; the "
            "twenty soonest. 3650: it does not grow. Empty until there are four days of history.",
            tuple(
                Query(f"max without () ({expr} and on (resource, instance, item) bottomk(20, {n.DAYS} {HOSTS}))")
                for expr in FORECAST_OF
            ),
            (
                Column("instance", "Host", links=(TO_HOST,)),
                *FORECAST,
            ),
            sort="Days",
            falling=False,
            none="Not known yet",
        ),
    )  # fmt: skip
