"""Rule files of Prometheus that come with the program, read as they are: what `dashboards` makes complete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collector.config.document import read


def read_causes(directory: Path) -> Mapping[str, list[dict[str, Any]]]:
    """The groups of each file by its name. Every value is text. Raises ConfigError."""
    found: dict[str, Any] = {path.name: read(path).data for path in sorted(directory.glob("*.yml"))}
    return {name: data["groups"] for name, data in found.items()}
