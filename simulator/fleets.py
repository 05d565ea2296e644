"""Many devices alike, for load tests."""

from __future__ import annotations

from collections.abc import Sequence

from simulator import synthetic, values
from simulator.player import Player
from simulator.synthetic.sheet import SYS_NAME
from simulator.usm import Engine, User, engine_id

REPLY_BYTES = 8192
"""Replies of a fleet are cut to this. net-snmp answers up to the message size that its operator set or 64 KB, many
switches up to 8 KB and more; what keeps to one frame, as the devices of the example estate do, is read as before."""


def fleet(
    count: int,
    plays: str = "switch",
    ports: int | None = 48,
    seed: int = 1,
    users: Sequence[User] = (),
) -> list[Player]:
    """`count` devices alike, for load tests: `fleet-0` at 127.30.0.1 and on, as `fleet_address` says.

    Any community, v1 and v2c; with `users` SNMPv3 only. Replies up to `REPLY_BYTES`. All share one image: 1,000
    switches of 48 ports take some megabytes.
    """
    image = synthetic.image(plays, ports)
    return [
        Player(
            f"fleet-{number}",
            fleet_address(number),
            image,
            own={SYS_NAME: values.text(f"fleet-{number}")},
            seed=seed,
            reply_bytes=REPLY_BYTES,
            engine=Engine(engine_id(fleet_address(number)), users) if users else None,
        )
        for number in range(count)
    ]


def fleet_address(number: int) -> str:
    """Where `fleet-NUMBER` lives: 127.30.0.1 to .250, then 127.30.1.1 and so on, up to 63,750 devices."""
    if not 0 <= number < 255 * 250:
        raise ValueError(f"a fleet has at most {255 * 250} devices")
    return f"127.30.{number // 250}.{number % 250 + 1}"
