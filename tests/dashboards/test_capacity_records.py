"""Every series that capacity records: quiet, as it is looked for, over, and without data."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from pathlib import Path

import pytest

from tests.dashboards.filling import OFTEN, SELDOM, judge
from tests.dashboards.four import Table, level, pace
from tests.dashboards.promtool import Case
from tests.dashboards.test_capacity import PROMISED
from tests.dashboards.test_trends import line

PORT = 'instance="r1", ifIndex="1", ifName="p1", device_kind="router"'
HOURLY = 'resource="filesystem", instance="s1", item="/"'

SERIES = {
    'node_filesystem_size_bytes{instance="s1", mountpoint="/", fstype="ext4"}': level(100, 100, 100),
    'node_filesystem_avail_bytes{instance="s1", mountpoint="/", fstype="ext4"}': level(70, 5, 60),
    'ifsTotalBytes{instance="i1"}': level(100, 100, 100),
    'ifsAvailableBytes{instance="i1"}': level(70, 5, 60),
    'node_memory_MemTotal_bytes{instance="s1"}': level(100, 100, 100),
    'node_memory_MemAvailable_bytes{instance="s1"}': level(70, 5, 60),
    'node_nf_conntrack_entries_limit{instance="s1"}': level(100, 100, 100),
    'node_nf_conntrack_entries{instance="s1"}': level(30, 95, 40),
    **{
        f'ifOperStatus{{instance="sw", ifIndex="{port}"}}': level(*((1, 1, 1) if port < 3 else (2, 1, 2)))
        for port in range(10)
    },
    f"ifHighSpeed{{{PORT}}}": level(10, 10, 10),
    f"ifHCInOctets{{{PORT}}}": pace(7.5e6, 67.5e6, 15e6),
    f"ifHCOutOctets{{{PORT}}}": pace(0, 0, 0),
    'noAddInUse{instance="d1", subnetAdd="10.1.0.0"}': level(30, 95, 40),
    'noAddFree{instance="d1", subnetAdd="10.1.0.0"}': level(70, 5, 60),
    'wardwatch_ups_load_ratio{instance="u1", line="1"}': level(0.3, 0.95, 0.4),
    'wardwatch_equipment_uplink_info{instance="sw", ifIndex="1", by="neighbour"}': level("_", 1, "_"),
    # The service `files` is one of s2, which has nothing to be filled at first.
    'node_memory_MemTotal_bytes{instance="s2"}': level("_", 100, "_"),
    'node_memory_MemAvailable_bytes{instance="s2"}': level("_", 70, "_"),
    'service:agreed{service="epr"}': level(0, 1, 0),
    'service:agreed{service="mail"}': level(0, 0, 0),
    **{
        f'capacity:hourly:days_to_full{{bound="{bound}", {HOURLY}}}': level(900, days, 800)
        for bound, days in (("low", 10), ("central", 20), ("high", 40))
    },
    f'capacity:hourly:ratio_p95{{window="7d", {HOURLY}}}': level(0.19, 0.76, 0.38),
}
STATES = Table(
    {
        **{
            f'capacity:used:ratio{{resource="{resource}", instance="{instance}"}}': (0.3, 0.95, 0.4, None)
            for resource, instance in {
                "filesystem": "s1", "storage_pool": "i1", "memory": "s1", "conntrack": "s1", "address_pool": "d1",
                "ups_load": "u1",
            }.items()
        },
        'capacity:used:ratio{resource="ports", instance="sw"}': (0.3, 1, 0.3, None),
        'capacity:used:ratio{resource="bandwidth", instance="r1"}': (0.1, 0.9, 0.2, None),
        'capacity:uplink{instance="sw"}': (None, 1, None, None),
        'capacity:service{service="files", instance="s2"}': (None, 1, None, None),
        'capacity:agreed{instance="s1"}': (0, 1, 0, None),
        'capacity:days_to_full{resource="filesystem"}': (900, 20, 800, None),
        'capacity:days_to_full_low{resource="filesystem"}': (900, 10, 800, None),
        'capacity:days_to_full_high{resource="filesystem"}': (900, 40, 800, None),
        'capacity:used:ratio_p95{window="7d"}': (0.19, 0.76, 0.38, None),
        # Of the limit, 95%.
        'capacity:headroom:ratio{resource="filesystem"}': (0.8, 0.2, 0.6, None),
        "capacity:filling": (None, 20, None, None),
    },
    # What an hour's record said holds for 130 minutes.
    ("69m", "139m", "209m", "345m"),
)  # fmt: skip


@pytest.mark.parts
def test_what_runs_often(part: Callable[[str], Path], tmp_path: Path) -> None:
    case = STATES.looks("capacity", SERIES)

    assert judge(part("promtool"), tmp_path, OFTEN, [case], PROMISED, every="1m") == ""


GROWS = [0.3] * 50 + [0.3 + 0.01 * day for day in range(1, 52)] + [0.81 - 0.005 * day for day in range(1, 51)]
"""A value a day: still, a point a day from the 50th to the 100th, half a point less a day until the 150th."""

CLEANED = [0.8] * 50 + [0.3 + 0.01 * day for day in range(101)]
"""On the 50th day there is room again, and from then on a point a day goes."""


def spread(values: list[float]) -> float:
    """Half of the 90% interval of a pace, with Student's t as the rules have it."""
    slope, free = line(values)[0], len(values) - 2
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    left = sum((value - mean - slope * (day - middle)) ** 2 for day, value in enumerate(values))
    across = sum((day - middle) ** 2 for day in range(len(values)))
    return sqrt(left / free / across) * (1.645 + 1.6 / free + 1.9 / free**2)


def of(name: str, item: str, more: str = "") -> str:
    return f'capacity:{name}{{item="{item}"{more}}}'


def window(name: str, item: str, which: str) -> str:
    return of(name, item, f', window="{which}"')


GONE = "157d"
"""What is looked back for a last day is five."""

PACES = Table(
    {
        of("used:hourly", "grows"): (0.3, 0.76, 0.56, None),
        of("used:daily", "grows"): (0.3, 0.76, 0.56, None),
        of("used:day", "grows"): (49, 95, 150, None),
        window("hourly:ratio_p95", "grows", "7d"): (0.3, 0.757, 0.5885, None),
        window("hourly:ratio_p95", "grows", "30d"): (0.3, 0.7455, 0.69775, None),
        window("growth:per_day", "grows", "42d"): (0, 0.01, -0.005, None),
        window("growth:per_day", "grows", "14d"): (0, 0.01, -0.005, None),
        window("room:ratio", "grows", "42d"): (0.65, 0.19, 0.39, None),
        window("room:ratio", "grows", "14d"): (0.65, 0.19, 0.39, None),
        **{
            of("hourly:days_to_full", "grows", f', bound="{bound}"'): (3650, 19, 3650, None)
            for bound in ("central", "low", "high")
        },
    },
    ("49d", "95d", "150d", GONE),
)
"""All of a line's windows lie within it."""

MARGINS = {
    which: Table(
        {window("growth:margin", "grows", which): (0, spread(GROWS[day - days + 1 : day + 1]), 0, None)},
        ("49d", f"{day}d", "95d", GONE),
    )
    for which, days, day in (("42d", 42, 70), ("14d", 14, 55))
}
"""A line that bends is no line."""

CLEAN = Table(
    {of("used:cleaned", "cleaned"): (None, 0.3, None, None)},
    ("49d", "50d", "51d", GONE),
)
BEFORE = Table(
    # From the fourth day on, and no more when it was cleaned.
    {
        window("growth:samples", "cleaned", which): (None, days, None, None)
        for which, days in (("42d", 42), ("14d", 14))
    },
    ("2d", "49d", "52d", GONE),
)


def since(which: str, days: int, *at: str) -> Table:
    """Instead of a window in which it was cleaned: a shorter one, all of it after that."""
    day = int(at[1].removesuffix("d"))
    return Table(
        {
            window("growth:samples", "cleaned", which): (None, days, None, None),
            window("growth:per_day", "cleaned", which): (None, 0.01, None, None),
            window("growth:margin", "cleaned", which): (None, 0, None, None),
            window("room:ratio", "cleaned", which): (None, 0.95 - CLEANED[day], None, None),
        },
        (*at, GONE),
    )


SINCE = (
    since("4d", 4, "49d", "55d", "58d"),
    since("7d", 7, "49d", "60d", "70d"),
    since("28d", 28, "49d", "80d", "95d"),
)
RENEWED = Table(
    {
        # For six weeks.
        of("used:renewed", "cleaned"): (None, CLEANED[80], None, None),
        of("used:renewed_day", "cleaned"): (None, 80, None, None),
    },
    ("49d", "80d", "95d", GONE),
)
DAILY = (PACES, *MARGINS.values(), CLEAN, BEFORE, *SINCE, RENEWED)
TABLES = (STATES, *DAILY)


@pytest.mark.parts
def test_what_runs_once_an_hour(part: Callable[[str], Path], tmp_path: Path) -> None:
    used = 'capacity:used:ratio{resource="filesystem", instance="x", '
    series = {
        f'{used}item="{item}"}}': " ".join([*map(repr, values), "stale"])
        for item, values in (("grows", GROWS), ("cleaned", CLEANED))
    }
    case = Case("days", {**series, 'capacity:full:ratio{resource="filesystem"}': "0.95x200"})
    for table in DAILY:
        case.looks += table.looks("", {}).looks

    assert judge(part("promtool"), tmp_path, SELDOM, [case], every="1d") == ""
