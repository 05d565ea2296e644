"""Days until something is full, against least squares done by hand; a day is one sample, as the rules record it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from math import sqrt
from pathlib import Path

import pytest

from collector.capacity import RESOURCES
from dashboards.timing import Timing
from tests.dashboards.filling import SELDOM, judge
from tests.dashboards.promtool import Case

STUDENT = {2: 2.920, 5: 2.015, 12: 1.782, 37: 1.687, 40: 1.684}
"""One-sided 5% points of Student's t by degrees of freedom: NIST/SEMATECH e-Handbook, 1.3.6.7.2."""

LONGEST = 3650.0
HOUR = 15
"""Samples: one every four minutes."""
DAYS = "capacity:hourly:days_to_full"


def case(name: str, values: Sequence[float | None], resource: str = "filesystem") -> Case:
    """`values`: one a day, None while it is away. What is full is as by default."""
    written = " ".join("_" if value is None else repr(value) for value in values)
    return Case(
        name,
        {
            f'capacity:used:ratio{{resource="{resource}",instance="x",item="/"}}': written,
            f'capacity:full:ratio{{resource="{resource}"}}': f"{RESOURCES[resource].full}x{len(values)}",
        },
    )


def line(values: Sequence[float]) -> tuple[float, float, float]:
    """Slope a day, half of its 90% interval, and where the line ends: ordinary least squares."""
    count = len(values)
    middle, mean = (count - 1) / 2, sum(values) / count
    across = sum((x - middle) ** 2 for x in range(count))
    slope = sum((x - middle) * (y - mean) for x, y in enumerate(values)) / across
    left = sum((y - mean - slope * (x - middle)) ** 2 for x, y in enumerate(values))
    return slope, STUDENT[count - 2] * sqrt(left / (count - 2) / across), mean + slope * middle


def days(room: float, pace: float) -> float:
    return min(max(room / pace, 0.0), LONGEST) if pace > 0 else LONGEST


def expected(values: Sequence[float], windows: Sequence[int], full: float, level: float | None) -> tuple[float, ...]:
    """Together, at the earliest, at the latest; from `level`, or None: from where each line ends."""
    lines = [(*line(values[-window:]),) for window in windows]
    rooms = [full - (end if level is None else level) for _, _, end in lines]
    pairs = [(room, slope, margin) for room, (slope, margin, _) in zip(rooms, lines, strict=True)]
    mean = sum(1 / days(room, slope) for room, slope, _ in pairs) / len(pairs)
    return (
        1 / mean,
        min(days(room, slope + margin) for room, slope, margin in pairs),
        max(days(room, slope - margin) for room, slope, margin in pairs),
    )


def near(case: Case, at: str, wanted: Sequence[float], within: float = 0.02) -> Case:
    for bound, value in zip(("central", "low", "high"), wanted, strict=True):
        case.look(at, f'abs({DAYS}{{bound="{bound}"}} / {value!r} - 1) < bool {within}', labels(1, bound))
    return case


def labels(value: float, bound: str, resource: str = "filesystem") -> tuple[str, float]:
    return f'{{bound="{bound}", instance="x", item="/", resource="{resource}"}}', value


def nothing(case: Case, *at: str) -> Case:
    for each in at:
        case.look(each, DAYS)
    return case


def exactly(case: Case, at: str, value: float) -> Case:
    return near(case, at, (value, value, value), 1e-4)


def linear() -> Case:
    """From 20%, a point a day: 64% after 44 days, and 31 points to 95%."""
    made = case("a point a day", [0.2 + 0.01 * day for day in range(46)])
    # Samples of the days 1 to 3 are three, of one to 4 four.
    nothing(made, "0d", "1d", "3d")
    for at, value in (("4d", 71), ("14d", 61), ("15d", 60), ("42d", 33), ("44d", 31)):
        exactly(made, at, value)
    return made


def changed() -> Case:
    """Flat for five weeks, and then two points a day."""
    values = [0.4] * 36 + [0.4 + 0.02 * day for day in range(1, 15)]
    return near(case("a pace that changed", values), "49d", expected(values[1:], (42, 14), 0.95, values[-1]))


def noisy(resource: str) -> Case:
    noise = random.Random(5)
    values = [0.3 + 0.004 * day + noise.gauss(0, 0.02) for day in range(50)]
    wanted = expected(values, (42, 14), RESOURCES[resource].full, values[-1] if resource == "filesystem" else None)
    made = case(f"a noisy {resource}", values, resource)
    for bound, value in zip(("central", "low", "high"), wanted, strict=True):
        expr = f'abs({DAYS}{{bound="{bound}"}} / {value!r} - 1) < bool 0.02'
        made.look("49d", expr, labels(1, bound, resource))
    return made


def still() -> Case:
    made = case("what doesn't grow lasts", [0.5] * 20)
    return exactly(made, "19d", LONGEST)


def falling() -> Case:
    return exactly(case("what shrinks lasts", [0.9 - 0.01 * day for day in range(20)]), "19d", LONGEST)


def full() -> Case:
    made = case("what is full is full", [0.9 + 0.005 * day for day in range(20)])
    soonest = (labels(1, bound) for bound in ("central", "high", "low"))
    return exactly(made, "9d", 1).look("10d", f"{DAYS} < bool 0.01", *soonest)


def cleaned() -> Case:
    """30 days of two points a day, from 90% down to 40%, and then a point a day."""
    values = [0.3 + 0.02 * day for day in range(31)] + [0.4 + 0.01 * day for day in range(16)]
    made = exactly(case("a disk that was cleaned", values), "30d", 2.5)
    # Nothing until four days are known that have nothing to do with what was.
    nothing(made, "31d", "32d", "33d")
    exactly(made, "35d", 51)
    exactly(made, "38d", 48)
    return exactly(made, "46d", 40)


def cleaned_a_little() -> Case:
    """Nine points are no cleaning, and all of the window counts."""
    values = [0.3 + 0.01 * day for day in range(20)] + [0.4 + 0.01 * day for day in range(20)]
    return near(case("a little less", values), "39d", expected(values, (39, 14), 0.95, values[-1]))


def away() -> Case:
    """A week without it: nothing is said, and then a day later all that is known counts."""
    values = [0.2 + 0.01 * day for day in range(40)]
    made = case("away for a week", [value if not 20 <= day < 27 else None for day, value in enumerate(values)])
    exactly(made, "19d", 56)
    nothing(made, "20d", "23d", "26d", "27d")
    exactly(made, "28d", 47)
    return exactly(made, "39d", 36)


@pytest.mark.parts
def test_days_are_those_of_least_squares(part: Callable[[str], Path], tmp_path: Path) -> None:
    cases = [linear(), changed(), noisy("filesystem"), noisy("bandwidth"), still(), falling(), full(), away()]

    assert judge(part("promtool"), tmp_path, SELDOM, [*cases, cleaned(), cleaned_a_little()], every="1d") == ""


@pytest.mark.parts
def test_scaled_a_day_takes_24_minutes(part: Callable[[str], Path], tmp_path: Path) -> None:
    made = case("a point a day", [0.2 + 0.01 * day for day in range(46)])
    for at, value in (("96m", 71), ("336m", 61), ("1056m", 31)):
        exactly(made, at, value)

    assert judge(part("promtool"), tmp_path, SELDOM, [made], timing=Timing(60), every="24m") == ""


@pytest.mark.parts
def test_of_a_peak_agreed_hours_count_and_of_a_level_all(part: Callable[[str], Path], tmp_path: Path) -> None:
    """Owed from 8 to 18; the uplink is at 70% in the night's backup and at 30% by day. Two days, hour by hour."""
    # From 8:00 on, until the last sample before 18:00.
    busy = " ".join((f"0.7x{8 * HOUR - 1}", f"0.3x{10 * HOUR - 1}", f"0.7x{6 * HOUR - 1}") * 2)
    owed = " ".join((f"0x{8 * HOUR - 1}", f"1x{10 * HOUR - 1}", f"0x{6 * HOUR - 1}") * 2)
    made = Case(
        "the backup is nobody's peak",
        {
            'capacity:used:ratio{resource="bandwidth",instance="x",item="1"}': busy,
            'capacity:used:ratio{resource="bandwidth",instance="y",item="1"}': busy,
            'capacity:used:ratio{resource="filesystem",instance="x",item="/"}': busy,
            'capacity:agreed{instance="x"}': owed,
        },
    )
    peak = 'capacity:hourly:ratio_p95{window="7d",resource="%s",instance="%s"}'
    for resource, instance, value in (("bandwidth", "x", 0.3), ("bandwidth", "y", 0.7), ("filesystem", "x", 0.7)):
        made.look("47h", f"max(round({peak % (resource, instance)}, 0.001))", value)
    # In hours that are not owed there is nothing to look at; the first and the last in part are not either.
    made.look("3h", 'capacity:used:hourly{resource="bandwidth",instance="x"}')
    made.look("47h", 'count_over_time(capacity:used:hourly{resource="bandwidth",instance="x"}[2d])', _of("x", 18))
    made.look("47h", 'count_over_time(capacity:used:hourly{resource="bandwidth",instance="y"}[2d])', _of("y", 48))

    assert judge(part("promtool"), tmp_path, SELDOM, [made], samples="4m") == ""


def _of(instance: str, value: float) -> tuple[str, float]:
    return f'{{instance="{instance}", item="1", resource="bandwidth"}}', value
