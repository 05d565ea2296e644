"""Shares that a KPI promises: panels with the limits of the catalogue."""

from __future__ import annotations

from collector.config import Config
from dashboards.palette import BAD, GOOD, WARN, Step
from dashboards.panels import Panel, Query, stat


def share(config: Config, id: str, title: str, series: str, of: str, *, width: int = 3) -> Panel:
    """With the limits of KPI `id`, where it is kept here."""
    kpi = config.kpis.kpis.get(id)
    limits: tuple[Step, ...] = ()
    if kpi is not None and kpi.target is not None and kpi.amber is not None:
        limits = (Step(None, BAD), Step(kpi.amber, WARN), Step(kpi.target, GOOD))
    good = f" Good: {kpi.target:.0%} or more." if kpi is not None and kpi.target is not None else ""
    about = f"Share of {of}.{good}"
    return stat(title, about, Query(series), "percentunit", steps=limits, decimals=1, trend=True, width=width)
