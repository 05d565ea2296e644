"""Twenty histories of outages and what they come to, worked out by hand.

Times are local, of the calendar's zone; a span is from its first minute to before its last. What is expected was
counted from the spans and not by the code under test: the sum stands beside each number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

STALE = "stale"
"""Where a series ends: nobody says anything."""

LONDON = ZoneInfo("Europe/London")

Span = tuple[str, str]


def always(_: datetime) -> bool:
    return True


def office(local: datetime) -> bool:
    """Mo-Fr 08:00-18:00"""
    return local.weekday() < 5 and 8 <= local.hour < 18


def day(local: datetime) -> bool:
    """Mo-Fr 06:00-22:00"""
    return local.weekday() < 5 and 6 <= local.hour < 22


def clinic(local: datetime) -> bool:
    """Mo-Su 07:30-12:30"""
    return (7, 30) <= (local.hour, local.minute) < (12, 30)


@dataclass(frozen=True)
class History:
    """`begins` is midnight or another full hour, local; `hours` how long it is told. Expected are minutes, unless said.

    `down`, `unknown`: spans of the only component; `half_down`: of the second, where `needs` is of two. `within` is
    what is allowed to be off: one interval per change of state where outages don't begin on the minute.
    """

    name: str
    begins: str
    hours: int
    calendar: Callable[[datetime], bool]
    bad: float
    agreed: float
    incidents: int
    downtime: float
    down: tuple[Span, ...] = ()
    unknown: tuple[Span, ...] = ()
    maintenance: tuple[Span, ...] = ()
    silent: tuple[Span, ...] = ()
    """The collector says nothing: neither of the calendar nor of the component."""
    forgotten: tuple[Span, ...] = ()
    """The collector says nothing of the calendar; the component is somebody else's."""
    needs: int = 1
    second_down: tuple[Span, ...] = ()
    second_unknown: tuple[Span, ...] = ()
    measured: float = -1
    month: str = ""
    month_bad: float = 0
    within: float = 0


# fmt: off
HISTORIES = (
    History("no outage at all", "2026-11-17T09:00", 3, always, bad=0, agreed=3 * 60, incidents=0, downtime=0),
    History("one outage of 40 minutes", "2026-11-17T09:00", 3, always,
            down=(("2026-11-17T10:00", "2026-11-17T10:40"),),
            bad=40, agreed=3 * 60, incidents=1, downtime=40),
    History("a single bad minute is bad, and no incident", "2026-11-17T09:00", 3, always,
            down=(("2026-11-17T10:00", "2026-11-17T10:01"),),
            bad=1, agreed=3 * 60, incidents=0, downtime=0),
    History("two bad minutes are an incident", "2026-11-17T09:00", 3, always,
            down=(("2026-11-17T10:00", "2026-11-17T10:02"),),
            bad=2, agreed=3 * 60, incidents=1, downtime=2),
    History("four good minutes end no incident", "2026-11-17T09:00", 3, always,
            down=(("2026-11-17T10:00", "2026-11-17T10:10"), ("2026-11-17T10:14", "2026-11-17T10:20")),
            bad=10 + 6, agreed=3 * 60, incidents=1, downtime=16),
    History("five good minutes do", "2026-11-17T09:00", 3, always,
            down=(("2026-11-17T10:00", "2026-11-17T10:10"), ("2026-11-17T10:15", "2026-11-17T10:20")),
            bad=10 + 5, agreed=3 * 60, incidents=2, downtime=15),
    History("an outage over the turn of an hour and of a day", "2026-11-17T22:00", 5, always,
            down=(("2026-11-17T22:45", "2026-11-18T01:15"),),
            bad=15 + 60 + 75, agreed=5 * 60, incidents=1, downtime=150),
    History("office hours: what is down at night costs nothing", "2026-11-17T17:00", 7, office,
            down=(("2026-11-17T19:00", "2026-11-17T23:00"),),
            bad=0, agreed=60, incidents=0, downtime=0),
    History("office hours: an outage over opening time", "2026-11-17T05:00", 5, office,
            down=(("2026-11-17T06:00", "2026-11-17T08:25"),),
            bad=25, agreed=2 * 60, incidents=1, downtime=25),
    History("an outage from before closing until the morning is one", "2026-11-17T21:00", 11, day,
            down=(("2026-11-17T21:50", "2026-11-18T06:20"),),
            bad=10 + 20, agreed=60 + 2 * 60, incidents=1, downtime=30),
    History("office hours: Friday evening, nothing on Saturday", "2026-11-20T16:00", 10, office,
            down=(("2026-11-20T17:00", "2026-11-21T02:00"),),
            bad=60, agreed=2 * 60, incidents=1, downtime=60),
    History("maintenance inside an outage", "2026-11-17T01:00", 5, always,
            down=(("2026-11-17T01:30", "2026-11-17T04:30"),), maintenance=(("2026-11-17T02:00", "2026-11-17T03:00"),),
            bad=30 + 90, agreed=4 * 60, incidents=1, downtime=120),
    History("an outage inside maintenance", "2026-11-17T01:00", 3, always,
            down=(("2026-11-17T02:10", "2026-11-17T02:50"),), maintenance=(("2026-11-17T02:00", "2026-11-17T03:00"),),
            bad=0, agreed=2 * 60, incidents=0, downtime=0),
    History("an unknown component within an outage: those minutes are neither", "2026-11-17T09:00", 3, always,
            down=(("2026-11-17T10:00", "2026-11-17T10:50"),), unknown=(("2026-11-17T10:20", "2026-11-17T10:40"),),
            bad=20 + 10, agreed=3 * 60, measured=3 * 60 - 20, incidents=1, downtime=30),
    History("one of two is enough, and it is known", "2026-11-17T04:00", 6, always, needs=1,
            unknown=(("2026-11-17T05:00", "2026-11-17T09:00"),),
            second_down=(("2026-11-17T08:00", "2026-11-17T08:45"),),
            # While the first is unknown and the second down, nobody knows.
            bad=0, agreed=6 * 60, measured=6 * 60 - 45, incidents=0, downtime=0),
    History("both of two are needed: one that is down is enough to know", "2026-11-17T04:00", 6, always, needs=2,
            unknown=(("2026-11-17T05:00", "2026-11-17T09:00"),),
            second_down=(("2026-11-17T08:00", "2026-11-17T08:45"),),
            bad=45, agreed=6 * 60, measured=6 * 60 - (4 * 60 - 45), incidents=1, downtime=45),
    History("the night of March that has no hour from 1 to 2", "2026-03-28T23:00", 10, clinic,
            # The clinic opens at 07:30 British Summer Time, 7.5 hours after the beginning.
            down=(("2026-03-29T00:30", "2026-03-29T07:50"),),
            bad=20, agreed=150, incidents=1, downtime=20),
    History("the night of October that has the hour from 1 to 2 twice", "2026-10-25T00:00", 11, clinic,
            down=(("2026-10-25T00:30", "2026-10-25T07:40"), ("2026-10-25T09:00", "2026-10-25T09:30")),
            bad=10 + 30, agreed=150, incidents=2, downtime=40),
    History("over the end of a month in summer", "2026-06-30T22:00", 5, always,
            # Local midnight is at 23:00 UTC.
            down=(("2026-06-30T23:40", "2026-07-01T00:25"),),
            bad=20 + 25, agreed=5 * 60, incidents=1, downtime=45, month="2026-07", month_bad=25),
    History("the collector starts again, for 12 minutes and within an outage", "2026-11-17T09:00", 3, always,
            down=(("2026-11-17T10:00", "2026-11-17T11:00"),), silent=(("2026-11-17T10:30", "2026-11-17T10:42"),),
            bad=60 - 12, agreed=3 * 60, measured=3 * 60 - 12, incidents=1, downtime=48),
    History("the collector starts again, while another exporter goes on", "2026-11-17T09:00", 3, always,
            down=(("2026-11-17T10:00", "2026-11-17T11:00"),), forgotten=(("2026-11-17T10:30", "2026-11-17T10:42"),),
            bad=60, agreed=3 * 60, incidents=1, downtime=60),
    History("outages that begin and end between evaluations", "2026-11-17T09:00", 4, always,
            down=(("2026-11-17T10:00:20", "2026-11-17T10:30:50"), ("2026-11-17T12:00:40", "2026-11-17T12:07:10")),
            bad=30.5 + 6.5, agreed=4 * 60, incidents=2, downtime=37, within=4),
)
# fmt: on


def minutes(history: History) -> list[tuple[datetime, datetime]]:
    """Each minute's instant: universal, and local."""
    begins = datetime.fromisoformat(history.begins).replace(tzinfo=LONDON).astimezone(UTC)
    instants = [begins + timedelta(minutes=number) for number in range(history.hours * 60)]
    return [(instant, instant.astimezone(LONDON)) for instant in instants]


def within(local: datetime, spans: tuple[Span, ...]) -> bool:
    instant = local.astimezone(UTC)
    return any(_instant(begin) <= instant < _instant(end) for begin, end in spans)


def _instant(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=LONDON).astimezone(UTC)


def packed(values: list[str]) -> str:
    """promtool's notation, runs as such."""
    runs: list[tuple[str, int]] = []
    for value in values:
        if runs and runs[-1][0] == value:
            runs[-1] = (value, runs[-1][1] + 1)
        else:
            runs.append((value, 1))
    return " ".join(_run(value, count - 1) for value, count in runs)


def _run(value: str, more: int) -> str:
    if value != STALE:
        return f"{value}x{more}"
    return f"{STALE} _x{more}" if more else STALE


@dataclass(frozen=True)
class Played:
    """A history as series of one service, and when it is over, in minutes from the beginning."""

    series: dict[str, str] = field(default_factory=dict)
    last: int = 0


def play(history: History, service: str) -> Played:
    told = minutes(history)

    def states(down: tuple[Span, ...], unknown: tuple[Span, ...]) -> list[str]:
        return [
            STALE if within(local, unknown) or within(local, history.silent) else ("0" if within(local, down) else "1")
            for _, local in told
        ]

    def said(values: list[str]) -> str:
        quiet = (*history.silent, *history.forgotten)
        return packed([STALE if within(local, quiet) else v for v, (_, local) in zip(values, told, strict=True)])

    labels = f'service="{service}", instance="collector:10810", job="node"'
    planned = [within(local, history.maintenance) for _, local in told]
    agreed = [history.calendar(local) and not plan for (_, local), plan in zip(told, planned, strict=True)]
    series = {
        f"service_agreed{{{labels}}}": said([str(int(each)) for each in agreed]),
        f"service_maintenance{{{labels}}}": said([str(int(each)) for each in planned]),
        f'service_period_agreed_seconds{{objective="open", {labels}}}': said(["1000000"] * len(told)),
        f"service_users{{{labels}}}": said(["120"] * len(told)),
        f'service_info{{owner="desk", tower="clinical", {labels}}}': said(["1"] * len(told)),
        f'component{{service="{service}", number="1"}}': packed(states(history.down, history.unknown)),
        f'component{{service="{service}", number="2"}}': packed(states(history.second_down, history.second_unknown)),
    }
    for month in dict.fromkeys(f"{local:%Y-%m}" for _, local in told):
        values = ["1" if f"{local:%Y-%m}" == month else STALE for _, local in told]
        series[f'service_month{{month="{month}", {labels}}}'] = said(values)
    return Played(series, len(told) - 1)
