"""A histogram of our own, as columns. Standard library only."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from collector.model import Column, Family, column, interned

DEFAULT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds, those of Prometheus' client libraries."""


class Histogram:
    """Counts of what was observed, by upper bound."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float] = DEFAULT_BUCKETS) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def columns(self, family: Family, labels: Sequence[tuple[str, str]] = ()) -> Iterator[Column]:
        """Its samples under the name, help and type of `family`."""
        names, values = tuple(name for name, _ in labels), tuple(value for _, value in labels)
        # Go's and Python's shortest texts of a float agree here, but that Python always writes a point.
        bounds = [f"{bound:g}" if bound == float(f"{bound:g}") else repr(bound) for bound in self._bounds]
        over = interned((*names, "le"), tuple((*values, bound) for bound in (*bounds, "+Inf")))
        one = interned(names, (values,))
        yield column(Family(f"{family.name}_bucket", family.help, "histogram"), over, accumulate(self._counts))
        yield column(Family(f"{family.name}_sum", family.help, "histogram"), one, (self._sum,))
        yield column(Family(f"{family.name}_count", family.help, "histogram"), one, (sum(self._counts),))
