"""When something is down: in the first minutes of one hour in so many. All follows from names and times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

ONE_IN: Final = 300
"""Of so many hours one has an incident, for each service and device. One in three never has."""
SPOILED: Final = 25
"""Minutes, or events, of an incident's hour."""
LATELY: Final = 30 * MINUTE
"""Before now: so long things have been as they were found."""


@dataclass(frozen=True, slots=True)
class Incidents:
    """Of one service or device, told as of `now`."""

    key: str
    now: int
    _place: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_place", crc32(self.key.encode()))

    def under_way(self, at: int) -> bool:
        return self._hits(at // HOUR) and at % HOUR < SPOILED * MINUTE

    def begins(self, at: int) -> bool:
        """Whether this is the first minute of one."""
        return self._hits(at // HOUR) and at % HOUR < MINUTE

    def minutes(self, since: int, until: int) -> int:
        """How many of the minutes after `since`, up to that of `until`, were spoiled."""
        return self._spoiled(until) - self._spoiled(since)

    def count(self, since: int, until: int) -> int:
        """How many began in these minutes."""
        return self._before(until // HOUR + 1) - self._before(since // HOUR + 1)

    def _hits(self, hour: int) -> bool:
        return self._place % 3 > 0 and (self._place + self.now // HOUR - hour) % ONE_IN == 0

    def _before(self, hour: int) -> int:
        """How many hours with one there are before this one, since long ago: only differences say anything."""
        if self._place % 3 == 0:
            return 0
        return (hour - 1 - (self._place + self.now // HOUR) % ONE_IN) // ONE_IN

    def _spoiled(self, at: int) -> int:
        hour, minute = at // HOUR, at % HOUR // MINUTE
        return self._before(hour) * SPOILED + (min(minute + 1, SPOILED) if self._hits(hour) else 0)
