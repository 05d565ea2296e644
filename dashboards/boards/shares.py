"""What a KPI promises, as limits of panels: from the catalogue, where the KPI is kept here."""

from __future__ import annotations

from collections.abc import Sequence

from collector.config import Config
from collector.config.scalars import duration
from dashboards.palette import Step, falling, rising
from dashboards.panels import Panel, Query, stat


def target(config: Config, id: str) -> float | None:
    """Of KPI `id`; None: it is not kept here, or has none."""
    kpi = config.kpis.kpis.get(id)
    return None if kpi is None else kpi.target


def limits(config: Config, id: str) -> Sequence[Step]:
    """Colours of KPI `id`, as its state has them. None where it is not judged."""
    kpi = config.kpis.kpis.get(id)
    if kpi is None or kpi.target is None or kpi.amber is None:
        return ()
    return (falling if kpi.direction == "up" else rising)(kpi.target, kpi.amber)


def within(config: Config, id: str) -> str:
    """What good is to KPI `id`, which is a time, as the end of a description; empty: nothing."""
    wanted = target(config, id)
    return "" if wanted is None else f" Good: within {duration(wanted)}."


def share(config: Config, id: str, title: str, series: str, of: str, *, width: int = 3) -> Panel:
    """With the limits of KPI `id`."""
    wanted = target(config, id)
    good = "" if wanted is None else f" Good: {wanted:.0%} or more."
    about = f"Share of {of}.{good}"
    return stat(
        title, about, Query(series), "percentunit", steps=limits(config, id), decimals=1, trend=True, width=width
    )
