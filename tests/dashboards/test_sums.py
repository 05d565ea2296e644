"""Windows and calendar periods that are read from hourly sums equal plain sums over every sample."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from collector.services import Leaf, Node, Objective, Service, Window
from dashboards.timing import LONG, Timing, seconds
from tests.dashboards.histories import STALE, packed
from tests.dashboards.promtool import Case, catalogue, judge

HALF_HOUR = Timing(interval=1800)
"""Ninety days are then 4,320 evaluations."""

DAY = 48


# What is counted is counted alike, whatever it is: two are looked at, and the others would take most of the time.
ONLY = "service:(?!.*(ratio|user|mt|downtime|incident|of=(agreed|errors|events|spoiled)|%s))"


@pytest.mark.parts
@pytest.mark.slow
@pytest.mark.parametrize(
    ("windows", "days"),
    [(LONG[:3], 24), (LONG[3:5], 50), (LONG[5:], 96), ((), 96)],
    ids=["days", "weeks", "90d", "months"],
)
def test_every_window_and_period_equals_a_plain_sum(
    part: Callable[[str], Path], tmp_path: Path, windows: Sequence[str], days: int
) -> None:
    """In parts, each as long as it has to be: some windows, or no window but months and quarters."""
    samples = days * DAY
    others = f"count:month|window=(?!({'|'.join(windows)})$)" if windows else "window=[0-9]"
    chance = random.Random(5)
    service = Service(
        "s",
        "S",
        Node(1, (Leaf("part", "component"),)),
        (Objective("q", "availability", 0.99, Window(period="quarter")),),
    )
    state, states = "1", []
    for _ in range(samples):
        if chance.random() < 0.2:
            state = chance.choice(("0", "1", STALE))
        states.append(state)
    # Months of 31 days that begin and end at some hour, and one that ends between full hours.
    ends = {"2026-08": 20 * 48 + 7, "2026-10": 51 * 48 + 24, "2026-11": 81 * 48, "2026-12": samples}
    months = [next(month for month, end in ends.items() if number < end) for number in range(samples)]
    series = {
        "component": packed(states),
        'service_agreed{service="s"}': f"1x{samples}",
    }
    for month in ends:
        series[f'service_month{{service="s", month="{month}"}}'] = packed(
            ["1" if each == month else STALE for each in months]
        )
    case = Case("sums", series)
    looks = (0, 1, 2, 47, 48, 49, 331, 1120, 1440, 1441, 2350, 2473, 2500, 3700, 3888, 4320, 4321)
    for at in (*(look for look in looks if look < samples - 2), samples - 2, samples - 1):
        for window in windows:
            held = range(max(0, at + 1 - seconds(window) // HALF_HOUR.interval), at + 1)
            _look(case, at, "bad", window, sum(states[each] == "0" for each in held))
            _look(case, at, "measured", window, sum(states[each] != STALE for each in held))
        if windows:
            continue
        month = [each for each in range(at + 1) if months[each] == months[at]]
        _look(case, at, "bad", "month", sum(states[each] == "0" for each in month))
        quarter = ("2026-08",) if months[at] == "2026-08" else ("2026-10", "2026-11", "2026-12")
        those = [each for each in range(at + 1) if months[each] in quarter]
        _look(case, at, "measured", "quarter", sum(states[each] != STALE for each in those))

    assert judge(part("promtool"), tmp_path, catalogue(service), [case], HALF_HOUR, ONLY % others) == ""


def _look(case: Case, at: int, of: str, window: str, expected: int) -> None:
    # Nothing is 0 here: nothing bad was seen.
    case.look(f"{at * 30}m", f'sum(service:count:sum{{of="{of}", window="{window}"}}) or vector(0)', float(expected))


@pytest.mark.parts
def test_quarters_and_years_add_the_months_that_belong_to_them(part: Callable[[str], Path], tmp_path: Path) -> None:
    """Fourteen months, a sample a day; each month comes to another power of two, the one under way to a half."""
    first = date(2025, 4, 1)
    days = [first + timedelta(days=number) for number in range(425)]
    months = list(dict.fromkeys(f"{day:%Y-%m}" for day in days))
    worth = {month: 2.0**number for number, month in enumerate(months)}
    periods = ("quarter", "year", "financial_year")
    objectives = tuple(Objective(p, "availability", 0.9, Window(period=p)) for p in periods)  # type: ignore[arg-type]
    series = {'service:count:sum{service="s", of="bad", window="month"}': f"0.5x{len(days)}"}
    for month, later in zip(months, [*months[1:], ""], strict=True):
        now = packed(["1" if f"{day:%Y-%m}" == month else STALE for day in days])
        series[f'service:month{{service="s", month="{month}"}}'] = now
        # Recorded once, on the first day of the next month.
        over = [str(worth[month]) if f"{day:%Y-%m-%d}" == f"{later}-01" else STALE for day in days]
        series[f'service:count:monthly{{service="s", of="bad", month="{month}"}}'] = packed(over)
    case = Case("periods", series)
    for number, day in enumerate(days):
        if day.day not in (1, 2, 28):
            continue
        quarter = [m for m in months if m[:4] == f"{day:%Y}" and (int(m[5:]) - 1) // 3 == (day.month - 1) // 3]
        year = [m for m in months if m[:4] == f"{day:%Y}"]
        begins = f"{day.year if day.month >= 4 else day.year - 1}-04"
        financial = [m for m in months if m >= begins]
        for period, those in zip(periods, (quarter, year, financial), strict=True):
            expected = 0.5 + sum(worth[month] for month in those if month < f"{day:%Y-%m}")
            case.look(f"{number}d", f'sum(service:count:sum{{window="{period}"}})', expected)

    promised = catalogue(Service("s", "S", Node(1, (Leaf("part", "component"),)), objectives))
    said = judge(part("promtool"), tmp_path, promised, [case], only="service:count:sum( |$)", every="1d")

    assert said == ""
