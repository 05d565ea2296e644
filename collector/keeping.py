"""What is kept of polls, and how much: whole tables are left out above the caps (RELIABILITY D5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeGuard

from collector import status
from collector.budget import Caps
from collector.compact import Compact, compact, size
from collector.errors import BreakerOpen
from collector.model import Aside, Column, Target
from collector.status import Kept
from collector.watch import Watch

_LASTING = ("counter", "histogram")
"""Types of family that go on when a probe fails (HOUSE 4)."""


class Keeping:
    """Keeps the columns of each module in its `Kept`. `series` counts those of all devices and the host."""

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self.series = 0

    def count(self, watches: Iterable[Watch]) -> None:
        """Count anew, after watches came and went."""
        self.series = sum(watch.series for watch in watches)

    def most(self, watch: Watch) -> int:
        """Most series that are ever kept of a device; of the host, as many as of all."""
        return self.caps.series if watch.device.here else min(self.caps.series, self.caps.series_per_device)

    def keep(self, watch: Watch, target: Target, columns: Sequence[Column], began: float) -> None:
        """The columns of a poll that began at `began`, monotonic seconds."""
        partial = False
        if not _plain(columns):
            columns, partial = status.mark(target.module, columns)
        kept = watch.kept[target.module]
        self.show(watch, target, columns, began)
        kept.came_to("partial" if partial or kept.dropped else "success")

    def keep_here(self, watch: Watch, target: Target, columns: Sequence[Column], began: float) -> None:
        """As `keep`, for this machine: its collectors give whole tables and nothing else, so nothing has to be looked
        for in them, and what is the same object as before not even counted."""
        kept = watch.kept[target.module]
        if columns is not kept.shown or self.series > self.caps.series:
            series = size(columns)
            if series > self.caps.series - self.series + kept.series:
                self.keep(watch, target, columns, began)
                return
            kept.shown, kept.aside = columns, ()
            kept.said, kept.dropped = (), 0
            self.series += series - kept.series
            kept.series = series
        kept.read = began
        kept.came_to("success")

    def show(self, watch: Watch, target: Target, columns: Sequence[Column], began: float) -> None:
        """Have these on the page, as far as there is room, whatever came of the poll."""
        kept = watch.kept[target.module]
        room = self.caps.series - self.series + kept.series
        if not watch.device.here:  # the host's own series are bounded by the machine
            others = watch.series - kept.series
            room = min(room, self.caps.series_per_device - others)
        kept.read = began
        if _plain(columns) and columns.layout.size <= room:
            series = columns.layout.size
            kept.said, kept.dropped = (), 0
            kept.shown, kept.aside = columns.apart()
        else:
            series = self._sort(kept, target, columns, room)
        self.series += series - kept.series
        kept.series = series

    def _sort(self, kept: Kept, target: Target, columns: Sequence[Column], room: int) -> int:
        """Each column to where it belongs, as far as there is room. The number of series."""
        columns, kept.said, kept.dropped = status.apart(columns)
        series = size(columns)
        if series > room:
            columns = status.capped(columns, room)
            kept.dropped += series - size(columns)
            series = size(columns)
        if getattr(target.collector, "lasting", False):
            kept.lasting = [column for column in columns if column.family.type in _LASTING]
            columns = [column for column in columns if column.family.type not in _LASTING]
        aside = [column for column in columns if type(column) is Aside]
        kept.aside = compact(aside)
        shown = [column for column in columns if type(column) is not Aside] if aside else columns
        kept.shown = compact(shown)
        return series

    def missed(self, kept: Kept, reason: str, now: float) -> None:
        """A poll that did not take place, or not to its end, for `reason`."""
        kept.began = kept.ended = now
        kept.urgent = False
        kept.duration = kept.talked = 0.0
        kept.sent = kept.repeated = 0
        if reason == BreakerOpen.reason and kept.lasting and not kept.succeeded:
            # A probe that failed still does: it is left alone for just that, and its page must not fall silent.
            kept.read = now
            kept.came_to(reason)
            return
        self.failed(kept, reason)

    def failed(self, kept: Kept, reason: str) -> None:
        """A poll that gave nothing."""
        kept.failed(reason)
        series = size(kept.lasting)
        self.series += series - kept.series
        kept.series = series


def _plain(columns: Sequence[Column]) -> TypeGuard[Compact]:
    """Whether nothing has to be looked for in them: they are all the device's, as they were before."""
    return type(columns) is Compact and columns.layout.plain
