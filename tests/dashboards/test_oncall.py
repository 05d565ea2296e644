"""The rules of who was called: counting, first calls, restarts, silence, both windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from collector.services import Catalogue
from dashboards import names
from dashboards.objectives import ON_CALL
from dashboards.rule import Record
from dashboards.rules import oncall
from dashboards.timing import Timing
from tests.dashboards.four import Table
from tests.dashboards.promtool import Case, judge

pytestmark = pytest.mark.parts

N = "wardwatch_oncall_notifications_total"
TOOK = "wardwatch_oncall_time_to_acknowledge_seconds"
NIGHT = f'{N}{{receiver="page", severity="critical", hours="night", status="firing", instance="c"}}'
DAY = f'{N}{{receiver="page", severity="critical", hours="agreed", status="firing", instance="c"}}'
OVER = f'{N}{{receiver="page", severity="critical", hours="night", status="resolved", instance="c"}}'
PAGE = 'receiver="page", severity="critical"'


def told(part: Callable[[str], Path], tmp_path: Path, case: Case, **times: str) -> str:
    """Samples every five minutes: `1x11` is an hour."""
    return judge(part("promtool"), tmp_path, Catalogue(), [case], Timing(1, oncall.EVERY), file=ON_CALL, **times)


def of(kind: str, more: str = "") -> str:
    return f'oncall:count:sum{{of="{kind}", window="7d"{more}}}'


def test_calls_are_counted_from_the_first_and_whole(part: Callable[[str], Path], tmp_path: Path) -> None:
    # The first call of all comes with its series; two more after half an hour and an hour; another by day.
    case = Case("calls", {NIGHT: "_x6 1x5 3x5 4x100", DAY: "_x20 1x100", OVER: "1x5 9x100"})
    case.look("25m", "oncall:notifications:count")
    count = f"oncall:notifications:count{{{PAGE}, hours="
    for at, calls in (("30m", 1), ("55m", 1), ("60m", 3), ("90m", 4), ("300m", 4)):
        case.look(at, f'{count}"night", window="7d"}}', (f'{count}"night", window="7d"}}', calls))
    case.look("300m", f'sum({count}"agreed", window="30d"}})', 1)
    for window in oncall.WINDOWS:
        labels = f'oncall:pages_out_of_hours:count{{receiver="page", window="{window}"}}'
        case.look("300m", labels, (labels, 4))

    assert told(part, tmp_path, case) == ""


def test_a_window_ends_and_a_longer_one_goes_on(part: Callable[[str], Path], tmp_path: Path) -> None:
    case = Case("windows", {NIGHT: "_x1 2x199 3x900"})
    for at, week, month in (("6d", 2, 2), ("8d", 0, 2), ("9d", 1, 3), ("29d", 0, 3), ("31d", 0, 1)):  # at 201 hours
        case.look(at, f"sum({of('notifications')})", week)
        case.look(at, 'sum(oncall:count:sum{of="notifications", window="30d"})', month)

    # Every hour, or promtool would take a minute.
    assert told(part, tmp_path, case, every="1h") == ""


def test_a_collector_that_was_away_is_taken_up_where_it_was(part: Callable[[str], Path], tmp_path: Path) -> None:
    # Away for two days in which it has counted two more, on another machine afterwards; later its state is lost.
    moved = NIGHT.replace('instance="c"', 'instance="d"')
    case = Case("away", {NIGHT: "5x11 stale", moved: "_x588 7x100 1x100 2x50"})
    case.look("55m", f"sum({of('notifications')})", 5)
    case.look("50h", f"sum({of('notifications')})", 7)
    case.look("58h", f"sum({of('notifications')})", 7).look("66h", f"sum({of('notifications')})", 8)

    assert told(part, tmp_path, case) == ""


def test_how_soon_somebody_saw_to_it_and_what_nobody_touched(part: Callable[[str], Path], tmp_path: Path) -> None:
    kind = 'alertname="DeviceDown", severity="critical", owner="desk", instance="c"'
    series = {
        f'{TOOK}_count{{severity="critical", instance="c"}}': "0x5 1x5 3x100",
        f'{TOOK}_sum{{severity="critical", instance="c"}}': "0x5 600x5 1200x100",
        f'{TOOK}_count{{severity="warning", instance="c"}}': "0x111",
        f'{TOOK}_sum{{severity="warning", instance="c"}}': "0x111",
        f"wardwatch_oncall_alerts_started_total{{{kind}}}": "0x2 4x200",
        f"wardwatch_oncall_alerts_ended_total{{{kind}}}": "0x11 4x100",
        f"wardwatch_oncall_alerts_ended_without_action_total{{{kind}}}": "0x11 1x100",
        f"wardwatch_oncall_alerts_flapping_total{{{kind}}}": "0x11 1x100",
    }
    case = Case("acknowledged", series)
    mtta = 'oncall:mtta:seconds{severity="critical", window="7d"}'
    case.look("25m", "oncall:mtta:seconds").look("40m", mtta, (mtta, 600)).look("120m", mtta, (mtta, 400))
    ratio = 'oncall:ended_without_action:ratio{severity="critical", owner="desk", window="30d"}'
    case.look("40m", "oncall:ended_without_action:ratio").look("120m", ratio, (ratio, 0.25))
    case.look("120m", f"sum({of('flapping')})", 1).look("120m", f"sum({of('started')})", 4)

    assert told(part, tmp_path, case) == ""


def test_an_end_that_somebody_touched_is_a_ratio_of_none(part: Callable[[str], Path], tmp_path: Path) -> None:
    kind = 'severity="warning", owner="desk"'
    case = Case("touched", {f"wardwatch_oncall_alerts_ended_total{{{kind}}}": "2x20"})
    case.look("30m", 'sum(oncall:ended_without_action:ratio{window="7d"})', 0)

    assert told(part, tmp_path, case) == ""


def alerts(**values: str) -> Mapping[str, str]:
    written = 'alertname="{}", alertstate="{}", severity="critical", owner="desk"'
    return {f"ALERTS{{{written.format(*name.split('_'))}}}": series for name, series in values.items()}


def test_how_long_alerts_last(part: Callable[[str], Path], tmp_path: Path) -> None:
    # Two for half an hour, of which one comes again, pending at first as after a restart; and what always fires.
    series = alerts(
        A_firing="_x10 1x29 stale",
        B_firing="1x29 stale _x4 1x29 stale",
        B_pending="_x30 1x4 stale",
        Watchdog_firing="1x100",
    )
    case = Case("alerts", series)
    case.look("15m", 'oncall:alerts:open{owner="desk"}', ('oncall:alerts:open{owner="desk", severity="critical"}', 2))
    case.look("35m", of("over")).look("40m", f"sum({of('over')})", 1).look("65m", f"sum({of('over')})", 2)
    case.look("90m", f"sum({of('over')})", 2).look("90m", "oncall:alerts:open")
    # Each of the three half hours was seen by six evaluations.
    duration = 'oncall:alert_duration:seconds{owner="desk", severity="critical", window="7d"}'
    case.look("90m", duration, (duration, 18 * 300 / 2))

    assert told(part, tmp_path, case, samples="1m") == ""


def test_without_data_there_is_nothing(part: Callable[[str], Path], tmp_path: Path) -> None:
    case = Case("nothing", {"up": "1x20"}).look("60m", '{__name__=~"oncall:.+"}')

    assert told(part, tmp_path, case) == ""


OWNED = 'severity="critical", owner="desk"'
AGAIN = "0x23 4x35 0x839 stale"
"""An hour a sample: four from the 24th hour on; after 60 the counter has lost its state; after 900 it is gone."""

ALL_COUNTERS = {
    f'{N}{{receiver="page", severity="critical", hours="night", status="firing"}}': AGAIN,
    **{
        f"wardwatch_oncall_alerts_{which}_total{{{OWNED}}}": AGAIN
        for which in ("started", "ended", "ended_without_action", "flapping")
    },
    f'{TOOK}_count{{severity="critical"}}': AGAIN,
    f'{TOOK}_sum{{severity="critical"}}': AGAIN.replace("4x", "240x"),
    f'ALERTS{{alertname="A", alertstate="firing", {OWNED}}}': "_x24 1x35 stale",
}
"""Alerts are looked back for but the five minutes between two evaluations."""

NOTIFIED = 'of="notifications"'
COUNTED = Table(
    {f'oncall:total:sum{{of="{which}"}}': (None, 240 if which == "seconds" else 4, None, None)
     for which in ("notifications", "started", "ended", "untouched", "flapping", "acknowledged", "seconds")}
    | {
        f"oncall:new:sum{{{NOTIFIED}}}": (None, 4, None, None),
        'oncall:alerts:open{owner="desk"}': (None, 1, None, None),
        'oncall:new:sum{of="alert_seconds"}': (None, 300, None, None),
    },
    ("20h", "24h", "70h", "905h"),
)  # fmt: skip


def within(window: str, *at: str) -> Table:
    """What a window holds: nothing at first, four or 240 seconds, and nothing when all of that is before it."""
    which = f'window="{window}"'
    values = {
        f"oncall:count:sum{{{NOTIFIED}, {which}}}": 4,
        f"oncall:notifications:count{{{which}}}": 4,
        f"oncall:pages_out_of_hours:count{{{which}}}": 4,
        f"oncall:mtta:seconds{{{which}}}": 60,
        f"oncall:ended_without_action:ratio{{{which}}}": 1,
    }
    return Table({selector: (None, value, None, None) for selector, value in values.items()}, ("20h", *at, "1700h"))


WINDOWS = (within("7d", "30h", "230h"), within("30d", "30h", "790h"))


def test_each_record_comes_and_goes(part: Callable[[str], Path], tmp_path: Path) -> None:
    case = Case("four", ALL_COUNTERS)
    for table in (COUNTED, *WINDOWS):
        case.looks += table.looks("", {}).looks

    assert told(part, tmp_path, case, every="1h") == ""


LASTED = (
    Table({'oncall:new:sum{of="over"}': (None, 1, None, None)}, ("35m", "40m", "45m", "170h")),
    # Twenty minutes, then ten, then twenty.
    Table({'oncall:alert_duration:seconds{window="7d"}': (1200, 900, 1000, None)}, ("45m", "65m", "105m", "172h")),
)
TABLES = (COUNTED, *WINDOWS, *LASTED)


def test_what_lasted_is_forgotten_after_its_window(part: Callable[[str], Path], tmp_path: Path) -> None:
    case = Case("lasted", alerts(A_firing="_x20 1x19 stale _x9 1x9 stale _x19 1x19 stale"))
    for table in LASTED:
        case.looks += table.looks("", {}).looks

    assert told(part, tmp_path, case, samples="1m") == ""


def test_every_name_is_one_of_the_names_and_there_are_few_rules() -> None:
    rules = oncall.group(Timing()).rules
    known = {value for name, value in vars(names).items() if name.startswith("CALL_")}
    assert {rule.name for rule in rules if isinstance(rule, Record)} == known
    assert len(rules) < 25
