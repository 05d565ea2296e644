"""What is wrong in a configuration, for the person who wrote it: file, line, where, what. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One complaint. `line` counts from 1; 0 means the whole file. `what` says what to do; it holds no secret."""

    path: Path
    line: int
    where: str
    what: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{place}: {self.where}: {self.what}" if self.where else f"{place}: {self.what}"


class ConfigError(Exception):
    """A configuration that cannot be used, with everything that is wrong in it, in file and line order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(p) for p in self.problems))
