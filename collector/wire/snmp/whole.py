"""Columns that were read to their end earlier in the same poll: whoever needs one of them then does not ask again.

So a module with filters, whose questions depend on answers and which has a conversation of its own for that, costs
the device only what no module before it has read.
"""

from __future__ import annotations

from functools import cached_property

from collector.wire.snmp.walk import Harvest, Run


class Column:
    """All cells of a column."""

    def __init__(self, runs: list[Run]) -> None:
        self.runs = runs

    @cached_property
    def cells(self) -> dict[bytes, tuple[int, bytes]]:
        """Tag and content by raw index."""
        return {
            index: (run.tag, value) for run in self.runs for index, value in zip(run.indexes, run.values, strict=True)
        }


class Whole:
    """By raw prefix: columns without a gap, of whatever conversation of the poll."""

    def __init__(self) -> None:
        self._columns: dict[bytes, Column] = {}

    def note(self, root: bytes, harvest: Harvest, skipped: frozenset[int] = frozenset()) -> None:
        """All below `root` has been read into `harvest`, but for the `skipped` columns, by number."""
        for number, prefix in enumerate(harvest.columns.prefixes):
            if prefix.startswith(root) and number not in skipped:
                self._columns[prefix] = Column(harvest.runs.get(number, []))

    def walk(self, root: bytes, harvest: Harvest) -> bool:
        """Whether all that `harvest` wants of what is below `root` is known; then it has been put there."""
        wanted = [prefix for prefix in harvest.columns.prefixes if prefix.startswith(root)]
        around = self._around(root)
        if not (wanted and all(prefix in self._columns for prefix in wanted)) and around is None:
            return False
        for prefix in wanted or [around or b""]:
            for index, (tag, value) in self._columns[prefix].cells.items():
                if (name := prefix + index).startswith(root):
                    harvest.add(name, tag, value)
        return True

    def get(self, name: bytes, harvest: Harvest) -> bool:
        """Whether it is known what `name` is, or that it is not there; then it has been put into `harvest`."""
        around = self._around(name)
        if around is None:
            return False
        cell = self._columns[around].cells.get(name[len(around) :])
        if cell is not None:
            harvest.add(name, *cell)
        return True

    def _around(self, name: bytes) -> bytes | None:
        """The column in which a cell, or a row, lies."""
        sizes = range(len(name) - 1, 0, -1)
        return next((name[:size] for size in sizes if name[:size] in self._columns), None)
