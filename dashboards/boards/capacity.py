"""Capacity: what fills up and when, what room there is at peak, and how that is growing."""

from __future__ import annotations

from typing import Final

from collector.capacity import RESOURCES
from collector.config import Config
from dashboards import names as n
from dashboards.board import ANY_OR_NONE, Board, Row, Variable, alerts
from dashboards.boards.queries import SITE, TO_DEVICE
from dashboards.boards.shares import limits
from dashboards.palette import BAD, QUIET, WARN, Step, any_is, falling
from dashboards.panels import Column, Panel, Query, bars, series, stat, table

ABOUT: Final = """**For** those who plan and buy.
**Good** is noughts, and days beyond what an order takes.
Ranked: what is full first. What has no days has less than four days of history: it is not known."""

RESOURCE: Final = Variable("resource", "Resource", f"label_values({n.USED}, resource)")
OWNER: Final = Variable("owner", "Owner", f"label_values({n.SCRAPED_CONTACT}, owner)", every=ANY_OR_NONE)

OF: Final = 'resource=~"$resource"'
_WHERE: Final = 'site=~"$site", owner=~"$owner"'
THOSE: Final = (
    f"and on (instance) ({n.SCRAPED_CONTACT}{{{_WHERE}}} @ end()"
    f" or up{{{_WHERE}}} @ end() unless on (instance) {n.SCRAPED_CONTACT} @ end())"
)
"""Whose it is now, whenever that was; of what nobody is named for, the place that Prometheus knows."""

SAME: Final = "on (resource, instance, item)"
WEEK: Final = 'window="7d"'
LISTED: Final = 50
HEADROOM: Final = "capacity-headroom"
"""The KPI whose limits those of headroom are."""


def _of(name: str, more: str = "") -> str:
    return f"{name}{{{', '.join(filter(None, (OF, more)))}}} {THOSE}"


def board(config: Config) -> Board:
    return Board(
        uid="wardwatch-capacity",
        title="What will be full, and when must we buy?",
        about=ABOUT,
        variables=(RESOURCE, SITE, OWNER),
        marks=(alerts('alertname="CapacityForecastFull"'),),
        since="now-30d",
        rows=(
            Row("", _first(config)),
            Row("When it is full", (_ranked(config),)),
            Row("Room at peak, and growth", (_headroom(config), _growth(), _peaks(), _steps())),
            Row("Ports, addresses, UPS", tuple(_kind(each, config) for each in ("ports", "address_pool", "ups_load"))),
        ),
    )


def _first(config: Config) -> tuple[Panel, ...]:
    limits = config.settings.capacity
    beyond = f"{n.USED}{{{OF}}} >= on (resource) group_left () {n.FULL}"
    return (
        _counted("Full now", "Resources that use their limit or more.", f"({beyond}) {THOSE}", BAD),
        _counted(f"Full in {limits.earliest} days", "Resources that may be full so soon, at the earliest.",
                 f"({_of(n.DAYS_LOW)}) < {limits.earliest}", BAD),
        _counted(f"Full in {limits.days} days", "Resources that will be full at the pace of the last weeks.",
                 f"({_of(n.DAYS)}) < {limits.days}", WARN),
        _counted("Alerts", "Forecasts of which an alert tells the owner.", _of(n.FILLING), WARN),
        _counted("No room at peak", "Resources beyond their limit in the week's busiest hours.",
                 f"({_of(n.HEADROOM)}) < 0", WARN),
        stat("Not known", "Resources without a forecast, for want of history. Good: 0 after four days.",
             Query(f"count({_of(n.USED)} unless {SAME} {n.DAYS}) or vector(0)"), steps=(Step(None, QUIET),), width=3),
    )  # fmt: skip


def _counted(title: str, about: str, what: str, colour: str) -> Panel:
    return stat(title, f"{about} Good: 0.", Query(f"count({what}) or vector(0)"), steps=any_is(colour), width=3)


def _ranked(config: Config) -> Panel:
    listed = f"and {SAME} bottomk({LISTED}, {_of(n.DAYS)})"
    week = f"sum without (window) ({n.USED_P95}{{{OF}, {WEEK}}})"
    steps = falling(config.settings.capacity.days, config.settings.capacity.earliest)
    return table(
        "Days until full",
        f"The {LISTED} soonest: days at the pace of the last weeks, the earliest and latest of them (90%), what is "
        "used now and at the week's peaks (95 of 100 agreed hours), the room from there to the limit. 0: full. 3650: "
        "it does not grow.",
        (
            *(Query(f"max without () ({name}{{{OF}}}) {listed}") for name in (n.DAYS, n.DAYS_LOW, n.DAYS_HIGH, n.USED)),
            Query(f"{week} {listed}"),
            Query(f"max without () ({n.HEADROOM}{{{OF}}}) {listed}"),
        ),
        (
            Column("instance", "Device", links=(TO_DEVICE,)),
            Column("Value #A", "Days", "none", 0, steps=steps, width=90),
            Column("resource", "Resource", width=120),
            Column("item", "Item"),
            Column("Value #B", "Earliest", "none", 0, steps=steps, width=100),
            Column("Value #C", "Latest", "none", 0, width=90),
            Column("Value #D", "Used", "percentunit", 0, width=90),
            Column("Value #E", "At peak", "percentunit", 0, width=95),
            Column("Value #F", "Room", "percentunit", 0, steps=limits(config, HEADROOM), width=90),
        ),
        sort="Days",
        falling=False,
        none="Not known yet",
        height=12,
    )


def _headroom(config: Config) -> Panel:
    return bars(
        "Least room at peak",
        "What is left to the limit at the week's peaks, the ten least; below 0 it is beyond. Good: as its KPI has it.",
        Query(f"bottomk(10, sort({_of(n.HEADROOM)}))", "{{instance}} {{item}} {{resource}}"),
        "percentunit",
        steps=limits(config, HEADROOM),
        low=-0.2,
        high=1,
    )


def _growth() -> Panel:
    fastest = f"topk(10, max without (window) ({_of(n.GROWTH)}) * 30)"
    return bars(
        "Fastest growth",
        "Points of the whole a month, by the faster of both trends, the ten fastest. Good: near none.",
        Query(f"sort_desc({fastest})", "{{instance}} {{item}} {{resource}}"),
        "percentunit",
    )


def _peaks() -> Panel:
    return series(
        "Peaks in agreed hours",
        "The week's 95th percentile of hours: the highest of each resource. Good: level, below its limit.",
        Query(f"max by (resource) ({_of(n.USED_P95, WEEK)})", "{{resource}}"),
        "percentunit",
        low=0,
    )


def _steps() -> Panel:
    """Purchases are steps: what is used as a part of the limit at which the next one must be there."""
    return series(
        "Use against the next step",
        "What is used as a part of the limit from which a resource counts as full (capacity.full), which is when the "
        "next step must be there: the highest of each. A step bought shows as a fall. Good: below 1.",
        Query(
            f"max by (resource) (({_of(n.USED)}) / on (resource) group_left () {n.FULL})",
            "{{resource}}",
        ),
        "percentunit",
        steps=(Step(None, QUIET), Step(1, BAD)),
        low=0,
    )


def _kind(resource: str, config: Config) -> Panel:
    full = config.settings.capacity.full[resource]
    return bars(
        {"ports": "Switch ports", "address_pool": "Address pools", "ups_load": "UPS load"}[resource],
        f"Used part of {RESOURCES[resource].what}; the ten highest. Good: below {full:.0%}.",
        Query(
            f'topk(10, sort_desc({n.USED}{{resource="{resource}"}} {THOSE}))',
            "{{instance}} {{item}}",
        ),
        "percentunit",
        steps=(Step(None, QUIET), Step(full, BAD)),
        high=1,
        none="None is measured",
        width=8,
    )
