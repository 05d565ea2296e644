"""Every way of asking: one line each. A collector that is not in this list does not exist."""

from __future__ import annotations

from collector.model import Collector

COLLECTORS: tuple[type[Collector], ...] = ()
