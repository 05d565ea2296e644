"""Of the board of the network: its ports. Of 50,000 only those that something is to be said of have recorded series."""

from __future__ import annotations

from typing import Final

from collector.config import Config
from dashboards import names as n
from dashboards.boards.queries import SERIES_TO_DEVICE, TO_DEVICE
from dashboards.palette import WARN, Step, above, any_is
from dashboards.panels import Column, Panel, Query, series, table

CHOSEN: Final = 'site=~"$site", device_kind=~"$kind"'
NETWORK: Final = f"wardwatch:network_state{{{CHOSEN}}}"
"""Devices whose ports are read, numbered as palette.DEVICE."""
THOSE: Final = f"and on (instance) {NETWORK}"

BITS: Final = f"wardwatch:port_bits:rate5m_top20{{{CHOSEN}}}"
BUSY: Final = f"wardwatch:port_busy:ratio{{{CHOSEN}}}"
PORT: Final = "instance, ifIndex, ifName, ifAlias"
MOST: Final = 20
"""Rows of a ranking."""
LINES: Final = 8
"""Lines of a panel over time."""

NAMES: Final = (
    # Beside these a phone has room for the number that the ranking is of.
    Column("instance", "Device", links=(TO_DEVICE,), least=130),
    Column("ifName", "Port", width=85),
    Column("ifAlias", "Description"),
)


def carried(config: Config) -> tuple[Panel, ...]:
    full = config.settings.capacity.full["bandwidth"]
    # The same ports over the whole time shown.
    busiest = f"topk({LINES}, sum_over_time({BITS}[$__range] @ end()))"
    return (
        table(
            "Busiest ports",
            "Bits a second now, of the busiest ports in each direction. Uplinks belong here; a desk does not.",
            Query(f"topk({MOST}, max by ({PORT}, direction) ({BITS}))"),
            (
                *NAMES[:2],
                Column("Value", "Traffic", "bps", 1, width=110),
                Column("direction", "Direction", width=105),
                *NAMES[2:],
            ),
            sort="Traffic",
            none="No port is read",
            width=12,
            height=9,
        ),
        series(
            f"Traffic of the {LINES} busiest ports",
            "Of those with most bytes in the time shown. Good: the same hills every day.",
            Query(f"{BITS} and on (instance, ifIndex, direction) {busiest}", "{{instance}} {{ifName}} {{direction}}"),
            "bps",
            links=(SERIES_TO_DEVICE,),
            low=0,
            none="No port is read",
            height=9,
        ),
        table(
            "Fullest uplinks",
            "Share of their speed that uplinks, and ports of routers and firewalls, use in the busier direction. Good: "
            f"below {full:.0%}.",
            Query(f'topk({MOST}, {n.USED}{{resource="bandwidth"}} {THOSE})'),
            (
                Column("instance", "Device", links=(TO_DEVICE,), least=130),
                Column("item", "Port", width=85),
                Column("Value", "Used", "percentunit", 0, steps=above(full), gauge=True),
            ),
            sort="Used",
            none="No uplink is known",
            width=12,
            height=8,
        ),
        table(
            "Full ports",
            "Ports that used nearly all of their speed in the last day: for how many minutes; what they use now while "
            "they do. Good: none; what lasts is an alert, PortSaturated.",
            (
                Query(f"topk({MOST}, max by ({PORT}, direction) (count_over_time({BUSY}[1d])))"),
                Query(f"topk({MOST}, max by ({PORT}, direction) ({BUSY}))"),
            ),
            (
                *NAMES,
                Column("direction", "Direction", width=105),
                Column("Value #A", "Minutes", "none", 0, width=105),
                Column("Value #B", "Used now", "percentunit", 0, steps=(Step(None, WARN),), width=100),
            ),
            sort="Minutes",
            none="None was full",
            width=12,
            height=8,
        ),
    )


def ailing() -> tuple[Panel, ...]:
    errors, discards, flaps = (
        f"wardwatch:port_{name}{{{CHOSEN}}}" for name in ("errors:rate15m", "discards:rate15m", "flaps:changes1h")
    )
    none = f"\nor sum by (site) ({NETWORK} * 0)"
    worst = f"topk({MOST}, max by ({PORT}) ({errors}))"
    return (
        table(
            "Ports with errors, discards or flaps",
            f"The {MOST} worst of each: errors and discards a second, changes of the link within an hour, alerts that "
            "fire. Good: no alert; single errors happen.",
            (
                Query(worst),
                Query(f"topk({MOST}, max by ({PORT}) ({discards}))\nor {worst} * 0"),
                Query(f"topk({MOST}, max by ({PORT}) ({flaps}))\nor {worst} * 0"),
                Query(
                    f'count by ({PORT}) (ALERTS{{alertstate="firing", alertname=~"Port.+", {CHOSEN}}})\nor {worst} * 0'
                ),
            ),
            (
                *NAMES[:2],
                Column("Value #A", "Errors/s", "none", 4, width=110),
                Column("Value #D", "Alerts", "none", 0, steps=any_is(WARN), width=90),
                Column("Value #B", "Discards/s", "none", 4, width=110),
                Column("Value #C", "Changes/h", "none", 0, width=110),
                *NAMES[2:],
            ),
            sort="Errors/s",
            none="None",
            height=10,
        ),
        *(
            series(title, about, Query(query, "{{site}}"), unit, low=0, none="None", width=8, height=7)
            for title, about, query, unit in (
                (
                    "Errors by site",
                    "A second, all ports. Good: near none.",
                    f"sum by (site) ({errors}){none}",
                    "cps",
                ),
                (
                    "Discards by site",
                    "A second, all ports. Good: near none.",
                    f"sum by (site) ({discards}){none}",
                    "cps",
                ),
                (
                    "Links that change, by site",
                    "Ports whose link changed within the hour. Good: a working day's hill, no peak.",
                    f"count by (site) ({flaps}){none}",
                    "none",
                ),
            )
        ),
    )
