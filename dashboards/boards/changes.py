"""What changed lately, as several boards show it."""

from __future__ import annotations

from dashboards import names as n
from dashboards.boards.queries import TO_DEVICE
from dashboards.palette import UP
from dashboards.panels import Column, Panel, Query, table


def came_or_went(most: int, *, height: int = 9) -> Panel:
    """At most so many devices."""
    changed = f"topk({most}, sum_over_time({n.DEVICE_CHANGED}[$__range]))"
    return table(
        "Devices that came or went",
        f"Devices that came or went in the time that the board shows, at most {most}: how they are now, and in how "
        "many minutes that changed. Good: none.",
        (Query(changed), Query(f"max without () (wardwatch_device_up) and {changed}")),
        (
            Column("instance", "Device", links=(TO_DEVICE,), width=170),
            Column("Value #B", "State", words=UP, width=90),
            Column("Value #A", "Changes", "none", 0, width=110),
            Column("site", "Site", width=110),
            Column("location", "Location"),
        ),
        sort="Changes",
        none="None",
        width=12,
        height=height,
    )
