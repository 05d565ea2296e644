"""`wardwatch rules`: from what was promised, and whom to tell, to files for Prometheus and Alertmanager."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from collector.config import Config
from dashboards import alertmanager, kpis, objectives
from dashboards.rules.alerts import Places
from dashboards.timing import Timing


def files(config: Config, year: int, scale: int = 1) -> dict[str, str]:
    """All that is generated, by path. Public holidays are written out for `year` and the next.

    Raises BadExpression, and ValueError for a scale that is none.
    """
    timing, urls = Timing(scale), config.settings.urls
    promised = objectives.files(config.catalogue, timing, Places(urls.runbooks, urls.grafana))
    measured = kpis.files(config.kpis, timing)
    return promised | measured | alertmanager.files(config.contacts, config.catalogue.calendars, year, timing)


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
