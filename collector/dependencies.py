"""Whether a device is silent because what lies between it and us is: parents of the inventory, and how they are.

The parents of a device are its redundant paths: one of them that is open is enough. A path is closed where a parent
does not answer; a parent of which nobody knows (passive, paused, not polled yet, an agent elsewhere) is as open as its
own paths are. So who answers proves a path, and after a start, when nothing is known, nothing is behind anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from math import inf


@dataclass(frozen=True, slots=True)
class Health:
    """How a device is by its own polls: `up`, or not, or nobody knows (None). Since when (monotonic seconds), and when
    the last poll began that was sent to it; -inf: not in this run."""

    up: bool | None = None
    since: float = -inf
    asked: float = -inf


UNKNOWN = Health()


class Dependencies:
    """`parents` of each device by its name. Raises graphlib.CycleError."""

    def __init__(self, parents: Mapping[str, Sequence[str]]) -> None:
        self._parents = {name: tuple(above) for name, above in parents.items() if above}
        order = TopologicalSorter(self._parents).static_order()
        self._rank = {name: place for place, name in enumerate(order)}

    def down(self, name: str, health: Callable[[str], Health]) -> bool | None:
        """Whether a device does not answer and cannot: all its paths are closed, or have opened only after it was last
        asked, so that its silence still tells of then. None for a device without parents.
        """
        parents = self._parents.get(name)
        if parents is None:
            return None
        own = health(name)
        if own.up:
            return False
        open_since: dict[str, float] = {}
        for each in sorted(self._above(parents), key=self._rank.__getitem__):
            open_since[each] = self._open_since(each, health(each), open_since)
        opened = min(open_since[parent] for parent in parents)
        return opened == inf or (own.up is not None and own.asked < opened)

    def _open_since(self, name: str, known: Health, above: Mapping[str, float]) -> float:
        """Since when it has been possible to come through a device; inf: it is not."""
        if known.up is not None:
            return known.since if known.up else inf
        return min((above[parent] for parent in self._parents.get(name, ())), default=-inf)

    def _above(self, names: Iterable[str]) -> set[str]:
        """These and all that they hang on."""
        found: set[str] = set()
        left = list(names)
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left.extend(self._parents.get(name, ()))
        return found
