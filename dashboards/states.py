"""States of services and devices, for rules, boards and the status page: one expression each, so that all readers see
the same."""

from __future__ import annotations

from dashboards import names as n
from dashboards.promql import union


def service_state(selector: str = "") -> str:
    """0 up, 1 in maintenance, 2 nobody knows, 3 down, by service: as palette.SERVICE names them. What needs somebody
    most is the largest: tables begin with it."""
    up, unknown, maintenance = (f"{name}{{{selector}}}" for name in (n.UP, n.UNKNOWN, n.MAINTENANCE))
    return f"({maintenance} == 1) * 1 or ({unknown} == 1) * 2 or (1 - {up}) * 3"


def device_state(selector: str = "", by: str = "instance") -> str:
    """0 up, 1 down, 2 not polled yet, 3 paused, 4 answers in part, 5 never asked: the words of the status page.

    Cheap for many devices: of what is well only `wardwatch_device_up` is looked at twice.
    """
    chosen = f"{{{selector}}}" if selector else ""
    return union(
        (
            f"max by ({by}) (wardwatch_paused{chosen} > 0) * 0 + 3",
            f"max by ({by}) (wardwatch_device_up{chosen} == 0) + 1",
            f"max by ({by}) (wardwatch_poll_success{chosen} == 0) + 4",
            f"max by ({by}) (wardwatch_device_up{chosen}) * 0",
            # Only who is asked has a breaker.
            f"max by ({by}) (wardwatch_breaker_open{chosen}) * 0 + 2",
            f"max by ({by}) (wardwatch_device_info{chosen}) * 0 + 5",
        )
    )
