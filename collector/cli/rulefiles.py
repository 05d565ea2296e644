"""`wardwatch rules`: from what was promised, and whom to tell, to files for Prometheus and Alertmanager."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from collector.config import Config
from collector.config.causes import read_causes
from dashboards import alertmanager, capacity, kpis, objectives
from dashboards.rules import causes
from dashboards.rules.alerts import Places
from dashboards.timing import Timing

SOURCES: Final = Path(causes.__file__).parents[1] / "causes"
NOBODY: Final = "it-operations"
"""The owner of causes that nobody owns, where contacts.yml does not name one."""


def files(config: Config, year: int, scale: int = 1) -> dict[str, str]:
    """All that is generated, by path. Public holidays are written out for `year` and the next.

    Raises BadExpression, and ValueError for a scale that is none.
    """
    timing, urls = Timing(scale), config.settings.urls
    places = Places(urls.runbooks, urls.grafana)
    owner = config.contacts.default if config.contacts is not None else NOBODY
    promised = objectives.files(config.catalogue, timing, places)
    about_devices = causes.files(read_causes(SOURCES), timing, places, owner)
    measured = kpis.files(config.kpis, timing)
    measured |= capacity.files(config.catalogue, config.settings.capacity, timing, places, owner)
    told = alertmanager.files(config.contacts, config.catalogue.calendars, year, timing)
    return promised | about_devices | measured | told


def stale(files: Mapping[str, str], out: Path) -> list[Path]:
    """Files that are missing or differ."""
    return [out / name for name, text in files.items() if _content(out / name) != text]


def write(files: Mapping[str, str], out: Path) -> list[Path]:
    """Write what differs, so that nothing that watches a file is woken for nothing. OSError."""
    written = stale(files, out)
    for path in written:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(files[path.relative_to(out).as_posix()], encoding="utf-8")
        fresh.replace(path)
    return written


def _content(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
