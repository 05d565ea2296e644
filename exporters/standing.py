"""How things stand: what the status page shows of services, budgets and alerts. `collector.cli` fills it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Course = Sequence[float | None]
"""A figure at even distances, oldest first; None: not known then."""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """What is left of an objective's error budget: a share (below 0: overdrawn) and, of availability, minutes."""

    objective: str
    window: str
    left: float
    minutes: float | None = None
    burning: str = ""
    """`page` or `ticket` where it goes so fast that somebody is told; else empty."""


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service as the status page shows it."""

    name: str
    title: str
    state: str
    """`up`, `down`, `unknown`, `maintenance`, or `events`: only its objectives' events say how it is."""
    owed: bool | None = None
    """Whether these are agreed hours; None: not known."""
    since: float | None = None
    """Unix time from which on it has not been up; None: it is, or for longer than is looked back."""
    broken: Sequence[str] = ()
    """Components that are known not to work."""
    budgets: Sequence[BudgetLine] = ()
    incidents: int | None = None
    """In 30 days, and for how many seconds it was down in them."""
    downtime: float | None = None
    owner: str = ""
    tier: str = ""
    runbook: str = ""
    day: Course = ()
    """Shares of time that it was up, over 24 hours."""
    week: Course = ()
    """Shares of budget left, of the objective with least, over 7 days."""
    begun: float | None = None
    """Unix time from which on it has been measured, where that is less than is looked back; None: longer, or it is
    up."""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert that fires. `severity` is `critical` or `warning`, `since` Unix time."""

    name: str
    severity: str
    since: float | None
    summary: str
    description: str
    owner: str = ""
    runbook: str = ""
    """A web address."""
    silenced: bool = False
    """Whether Alertmanager keeps it from calling anybody."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stood at `at`, Unix time; 0: nobody has told yet."""

    now: float
    """Unix time of the page."""
    prometheus: str = ""
    """Whom it is from; empty: nobody is asked, as this is a host agent."""
    at: float = 0.0
    problem: str = ""
    """Why Prometheus does not answer; empty: it does."""
    failing_since: float = 0.0
    """Unix time from which on it has not, as far as we have asked."""
    answered_at: float = 0.0
    """Unix time of its last answer; 0: none since we started."""
    services: Sequence[ServiceLine] = ()
    alerts: Sequence[AlertLine] = ()
    firing: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """How many alerts fire by severity and name, those that are not in `alerts` too, and none that is silenced."""
    silenced: Mapping[tuple[str, str], int] | None = None
    """How many are silenced; None: not known, as Alertmanager does not answer."""
    agents: Mapping[str, bool] = field(default_factory=dict)
    """Agents elsewhere, by name: whether they answer Prometheus."""
    started: float = 0.0
    """Unix time at which this collector started; 0: not known."""
