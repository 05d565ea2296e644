"""The state of a service as boards and the status page have it: one expression, so that all readers see the same."""

from __future__ import annotations

from dashboards import names as n


def service_state(selector: str = "") -> str:
    """0 up, 1 down, 2 nobody knows, 3 in maintenance, by service: as palette.SERVICE names them."""
    up, unknown, maintenance = (f"{name}{{{selector}}}" for name in (n.UP, n.UNKNOWN, n.MAINTENANCE))
    return f"({maintenance} == 1) * 3 or ({unknown} == 1) * 2 or 1 - {up}"
