"""What was promised: services, what they are made of, when they are owed, and how good they must be (HOUSE 3).

Declared in `config/services/`; `collector.calendar` evaluates calendars, `dashboards` makes rules of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

KeyProperty = Literal["safety", "effectiveness", "security"]
"""What suffers first when a service does: IEC 80001-1's key properties. Outside agreed hours only safety pages."""

Kind = Literal["availability", "latency", "events"]
Period = Literal["month", "quarter", "year", "financial_year"]
"""A financial year begins on 1 April."""

LITTLE_LEFT: Final = 0.25
"""Ours: with less than this share of an error budget left, boards and the status page say that little is. Nobody is
called for it: what calls is how fast a budget goes."""

ZONE = "Europe/London"
"""Where hours and months are counted unless a calendar says otherwise."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Agreed hours. `hours` in OpenStreetMap's words: `Mo-Fr 07:30-18:00; PH off`; `24/7`.

    Public holidays are those of `country` (ISO 3166) and `subdivision`, and the `local` days.
    """

    name: str
    hours: str = "24/7"
    zone: str = ZONE
    country: str = "GB"
    subdivision: str = "ENG"
    local: Mapping[date, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How a maintenance that `begins` and `ends` for the first time comes again (RFC 5545).

    `rule` is a recurrence rule, its `UNTIL` on the clock of `begins`; empty: none. `but` are the moments at which it
    would begin, and does not; `also` further times, those included to which it was moved. With `whole_days` it ends
    at the same time of day whatever clocks do in between, otherwise it lasts as long as the first time.
    """

    rule: str = ""
    but: frozenset[datetime] = frozenset()
    also: tuple[tuple[datetime, datetime], ...] = ()
    whole_days: bool = False


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Planned work: a service is not owed while it lasts. It concerns `services`, those with a component on one of
    `devices`, and those that are at one of `sites`, or have all their components there. Once, from `begins` to `ends`
    (aware); or again and again, in `hours` of the calendar `hours_in`, or as `again` has it.
    """

    name: str
    services: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    begins: datetime | None = None
    ends: datetime | None = None
    hours: str = ""
    hours_in: str = ""
    reason: str = ""
    again: Recurrence | None = None
    source: str = ""
    """Who says so, for people: a file and its line, a person."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A component: `expr` is PromQL whose least value above 0 means up, and that is absent while nobody knows.

    `device` is the inventory's name where it is one of those, `module` the probe where it is one.
    """

    name: str
    expr: str
    device: str = ""
    module: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """Up while at least `needs` of `of` are: all of them, any one, or some number in between."""

    needs: int
    of: tuple[Leaf | Node, ...]

    def leaves(self) -> Iterator[Leaf]:
        """From left to right, each as often as it stands here."""
        for each in self.of:
            if isinstance(each, Leaf):
                yield each
            else:
                yield from each.leaves()


@dataclass(frozen=True, slots=True)
class Window:
    """Over what an objective is kept: the last `days`, or each calendar `period` of its service's zone."""

    days: int = 0
    period: Period | None = None

    @property
    def name(self) -> str:
        """`30d`, `month`."""
        return self.period or f"{self.days}d"


ROLLING = (7, 28, 30, 90)
"""Days that a rolling window may have."""


@dataclass(frozen=True, slots=True)
class Objective:
    """How good a service must be: the share `target` (0 < target < 1) of agreed time (`availability`: of time slices),
    of probes answered within `below` seconds (`latency`: of histogram `histogram`, without its `_bucket`, where
    `selector` matches), or of events (`events`: `errors` and `total` are PromQL with `{{.window}}` for the range, as
    Sloth writes them).
    """

    name: str
    kind: Kind
    target: float
    window: Window = field(default_factory=lambda: Window(30))
    below: float = 0.0
    histogram: str = ""
    selector: str = ""
    errors: str = ""
    total: str = ""
    ratio: str = ""
    """Instead of `errors` and `total`: PromQL of the share of bad events itself (Sloth's `raw`)."""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    page: bool = True
    ticket: bool = True
    """Whether a budget that burns makes these alerts."""


@dataclass(frozen=True, slots=True)
class Service:
    """What users know IT by. `users` is how many there are; `hours` names a calendar; `depends_on` other services."""

    name: str
    title: str
    tree: Node | None = None
    """None: only events say how it is (Sloth's files)."""
    objectives: tuple[Objective, ...] = ()
    hours: str = "24x7"
    tower: str = ""
    tier: str = ""
    owner: str = ""
    supplier: str = ""
    site: str = ""
    users: int = 0
    key_property: KeyProperty = "effectiveness"
    scorecard: tuple[str, ...] = ()
    pillars: tuple[str, ...] = ()
    runbook: str = ""
    depends_on: tuple[str, ...] = ()

    def leaves(self) -> Sequence[Leaf]:
        return tuple(dict.fromkeys(self.tree.leaves())) if self.tree is not None else ()


ALWAYS = Calendar("24x7")
"""The calendar that is always there."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that was promised, by name; references are right."""

    services: Mapping[str, Service] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=lambda: {ALWAYS.name: ALWAYS})
    maintenance: tuple[Maintenance, ...] = ()
