"""Rules of what may fill up: used shares, trends, days until full, and who is told. What it costs: docs/capacity.md."""

from __future__ import annotations

from collections.abc import Iterator

from collector.capacity import Limits
from collector.services import Catalogue
from dashboards.rule import Alert, Group, Record, written
from dashboards.rules import forecasts, trends, used
from dashboards.rules.alerts import Places
from dashboards.timing import Timing

FILE = "prometheus/capacity.yml"

ABOUT = (
    "Capacity: what is used of what may fill up, days until it is full, how sure that is (docs/capacity.md).",
    "Two groups: what is cheap runs every four minutes, what reads weeks once an hour.",
)

OFTEN = "4m"
"""A plain selector looks five minutes back: one evaluation may be a minute late."""

SELDOM = "1h"


def files(
    catalogue: Catalogue,
    limits: Limits | None = None,
    timing: Timing | None = None,
    places: Places | None = None,
    team: str = "nobody",
) -> dict[str, str]:
    """What `wardwatch rules` writes, by path. `team` is told of devices that are nobody's."""
    made = groups(catalogue, limits or Limits(), timing or Timing(), places or Places(), team)
    return {FILE: written(made, ABOUT)}


def groups(catalogue: Catalogue, limits: Limits, timing: Timing, places: Places, team: str) -> tuple[Group, Group]:
    return (
        Group("wardwatch capacity", timing.lasts(OFTEN), tuple(_often(catalogue, limits, timing, places, team))),
        Group("wardwatch capacity trends", timing.lasts(SELDOM), tuple(_seldom(timing))),
    )


def _often(catalogue: Catalogue, limits: Limits, timing: Timing, places: Places, team: str) -> Iterator[Record | Alert]:
    yield from used.full_rules(limits)
    yield from used.used_rules(timing)
    yield from forecasts.service_rules(catalogue)
    yield from forecasts.shown_rules(timing)
    yield from forecasts.alert_rules(timing, limits, places, team)


def _seldom(timing: Timing) -> Iterator[Record]:
    yield from trends.hour_rules(timing)
    yield from trends.day_rules(timing)
    yield from trends.growth_rules(timing)
    yield from trends.forecast_rules()
