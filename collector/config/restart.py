"""Settings that a running program cannot change: what it has taken hold of when it started stays until it ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final

from collector.config.loading import SETTINGS, Config
from collector.config.problems import ConfigError, Problem
from collector.config.settings import Settings

FIXED: Final[Mapping[str, Callable[[Settings], object]]] = {
    "state": lambda settings: settings.state,
    "web.listen": lambda settings: settings.web.listen,
    "web.config_file": lambda settings: settings.web.config_file,
}
"""By name. `state` is where a person's orders are looked for: were it changed in silence, the kill switch would miss
the program that runs (RELIABILITY S19)."""


def check_fixed(old: Config, new: Config, overridden: Collection[str] = ()) -> None:
    """Raises ConfigError where `new` wants what takes a restart. `overridden` is what the command line has decided."""
    problems = []
    for name, value in FIXED.items():
        before, after = value(old.settings), value(new.settings)
        if name in overridden or before == after:
            continue
        what = f"changes with a restart only; {before or 'none'} is in use. Nothing of the new configuration is"
        document = new.document or old.document
        if document is None:
            problems.append(Problem(Path(SETTINGS), 0, name, what))
        else:
            problems.append(document.problem(name.split("."), what))
    if problems:
        raise ConfigError(problems)
