"""Names of all metrics that this program exports, and that the rules it makes record."""

from __future__ import annotations

import importlib
import pkgutil

import collector
import exporters
from collector.model import Family
from dashboards import names as recorded
from dashboards.timing import LONG, SHORT

LEFT = ("collector.__main__", "collector.config", "collector.network.traps.__main__")
"""Programs, which run when they are imported, and what declares no metric."""


def exported() -> frozenset[str]:
    """Families as they are declared at the top of modules, histograms with their parts; names of recording rules."""
    found = set[str]()
    for package in (collector, exporters):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(LEFT):
                for value in vars(importlib.import_module(module.name)).values():
                    found |= _names(value) if isinstance(value, Family) else set()
    return frozenset(found | _recorded())


def _names(family: Family) -> set[str]:
    if family.type != "histogram":
        return {family.name}
    return {f"{family.name}{part}" for part in ("_bucket", "_sum", "_count")}


def _recorded() -> set[str]:
    values = [value for value in vars(recorded).values() if isinstance(value, str)]
    groups = {f"{label}:availability:ratio" for label in recorded.GROUPED}
    windows = {recorded.SLOTH_RATIO + window for window in (*SHORT, *LONG)}
    return {value for value in values if ":" in value} | groups | windows | {recorded.SLOTH_INFO}
