"""Who is called, how often, at what hour, and what became of it: Alertmanager's messages, counted (KPIS 2.2, N27)."""

from typing import Final

COPIES: Final = 300.0
"""Seconds within which the same message is a copy: Alertmanager's own `group_interval`."""
IGNORED: Final = ("Watchdog",)
"""Alerts that call nobody."""
