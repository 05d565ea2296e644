"""Estate today: the wall of operations."""

from __future__ import annotations

from typing import Final

from collector.config import Config
from dashboards import names as n
from dashboards.board import Board, Row, alerts, maintenance
from dashboards.boards.queries import OWNER, TO_SERVICE
from dashboards.palette import BAD, QUIET, SERVICE, UNKNOWN, WARN, Step, any_is
from dashboards.panels import Column, Query, bars, stat, table
from dashboards.states import service_state

ABOUT: Final = """**For** IT operations, on the wall.
**Good** is noughts from left to right: nothing down, nothing unknown, no budget burning, nobody paged.
Start at what is red, follow its row to the service, from there to the device."""

OWNED: Final = f'on (service) {n.INFO}{{owner=~"$owner"}}'
FIRING: Final = 'ALERTS{alertstate="firing", severity=~"critical|warning", owner=~"$owner"}'


def board(config: Config) -> Board:
    state = f"({service_state()}) and {OWNED}"
    return Board(
        uid="wardwatch-today",
        title="Is everything that we promised up, and what needs us now?",
        about=ABOUT,
        variables=(OWNER,),
        marks=(alerts('owner=~"$owner"'), maintenance(f"{n.MAINTENANCE} == 1")),
        rows=(
            Row(
                "",
                (
                    stat(
                        "Services down",
                        "Services whose components say that they are down, outside maintenance. Good: 0.",
                        Query(f"count(({state}) == 1) or vector(0)"),
                        steps=any_is(BAD),
                        width=3,
                    ),
                    stat(
                        "Services unknown",
                        "Services of which nobody knows whether they are up: data is missing. Good: 0.",
                        Query(f"count(({state}) == 2) or vector(0)"),
                        steps=any_is(UNKNOWN),
                        width=3,
                    ),
                    stat(
                        "Budgets burning",
                        "Objectives that spend their error budget so fast that somebody is told. Good: 0.",
                        Query(f"count(max by (service, objective) ({n.BURNING}) > 0 and {OWNED}) or vector(0)"),
                        steps=any_is(BAD),
                        width=3,
                    ),
                    stat(
                        "Pages open",
                        "Alerts that fire now and wake somebody (severity critical). Good: 0.",
                        Query(f"count({FIRING.replace('critical|warning', 'critical')}) or vector(0)"),
                        steps=any_is(BAD),
                        width=3,
                    ),
                    stat(
                        "Tickets open",
                        "Alerts that fire now and wait for working hours (severity warning).",
                        Query(f"count({FIRING.replace('critical|warning', 'warning')}) or vector(0)"),
                        steps=any_is(WARN),
                        width=3,
                    ),
                    stat(
                        "Devices not answering",
                        "Devices of the inventory that did not answer their last poll. Good: 0.",
                        Query("count(wardwatch_device_up == 0) or vector(0)"),
                        steps=any_is(WARN),
                        width=3,
                    ),
                ),
            ),
            Row(
                "What was promised",
                (
                    table(
                        "Services",
                        "Each service: its state, minutes of error budget left in its period, share of it consumed. "
                        "Good: up, and less consumed than of the period has gone.",
                        (
                            Query(f"{state}"),
                            Query(f"min by (service) ({n.LEFT_MINUTES}) and {OWNED}"),
                            Query(f"max by (service) ({n.CONSUMED}) and {OWNED}"),
                            Query(f'max by (service, owner, tier) ({n.INFO}{{owner=~"$owner"}})'),
                        ),
                        (
                            Column("service", "Service", links=(TO_SERVICE,)),
                            Column("Value #A", "State", words=SERVICE, width=130),
                            Column("Value #B", "Budget left (min)", "none", 0, width=140),
                            Column(
                                "Value #C",
                                "Consumed",
                                "percentunit",
                                0,
                                steps=(Step(None, QUIET), Step(0.75, WARN), Step(1, BAD)),
                                width=110,
                            ),
                            Column("owner", "Owner", width=160),
                            Column("tier", "Tier", width=90),
                        ),
                        sort="State",
                        width=15,
                        height=10,
                    ),
                    bars(
                        "Open alerts by owner",
                        "Alerts that fire now, by who is to act. Good: none.",
                        Query(f"sort_desc(count by (owner) ({FIRING}))", "{{owner}}"),
                        "short",
                        none="None fires",
                        width=9,
                        height=10,
                    ),
                ),
            ),
        ),
    )
