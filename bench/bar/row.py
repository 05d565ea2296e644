"""What a row of the bar is: a promise that is measured with one command (RELIABILITY part 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the promise was kept, and what was measured, in words that the JSON line shows."""

    kept: bool
    figure: Mapping[str, Any]


class Row(Protocol):
    """A promise. A frozen dataclass: its fields are its sizes, and the parts under test, so that a test can put a
    broken one in their place and see the row turn red."""

    id: ClassVar[str]
    promise: ClassVar[str]
    target: ClassVar[str]

    def measure(self, seed: int) -> Verdict:
        """Measure. What cannot be measured here raises; the row is red then, with the error in its line."""
