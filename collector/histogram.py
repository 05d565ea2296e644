"""A histogram of our own, as columns. Standard library only."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

from collector.model import Column, Family, Rows, column, interned

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
        families, over, one = _form(family, self._bounds, names, values)
        yield column(families[0], over, accumulate(self._counts))
        yield column(families[1], one, (self._sum,))
        yield column(families[2], one, (sum(self._counts),))

    def saved(self) -> tuple[list[int], float]:
        """Counts and sum, for another run."""
        return list(self._counts), self._sum

    def restore(self, counts: Sequence[int], total: float) -> None:
        """What `saved` gave in an earlier run; of other bounds it is passed over."""
        if len(counts) == len(self._counts):
            self._counts, self._sum = list(counts), float(total)


@lru_cache(maxsize=512)
def _form(
    family: Family, bounds: tuple[float, ...], names: tuple[str, ...], values: tuple[str, ...]
) -> tuple[Sequence[Family], Rows, Rows]:
    """Families of buckets, sum and count, the rows of the buckets and that of the others: alike from page to page."""
    # Go's and Python's shortest texts of a float agree here, but that Python always writes a point.
    texts = [f"{bound:g}" if bound == float(f"{bound:g}") else repr(bound) for bound in bounds]
    over = interned((*names, "le"), tuple((*values, bound) for bound in (*texts, "+Inf")))
    families = [Family(f"{family.name}_{part}", family.help, "histogram") for part in ("bucket", "sum", "count")]
    return families, over, interned(names, (values,))
