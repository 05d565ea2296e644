"""The class of hour in which somebody is called: while people are at work, out of hours, at night.

Calendars are evaluated by `collector.calendar`, whose libraries are imported when the first message comes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from collector.services import Calendar

WORK: Final = Calendar("", "Mo-Fr 08:00-18:00; PH off")
"""When people are at work, where no calendar is named."""
NIGHT: Final = "23:00-06:00"
"""Night as the Working Time Regulations 1998 have it where nothing else was agreed (regulation 2(1))."""
CLASSES: Final = ("agreed", "out_of_hours", "night")


class HourClasses:
    """`work`: when somebody is at work. `night`: opening hours on the same clock; who is at work then is not woken."""

    def __init__(self, work: Calendar = WORK, night: str = NIGHT) -> None:
        self._work = work
        self._night = replace(work, hours=night)

    def at(self, moment: float) -> str:
        """One of `CLASSES`, at a moment (Unix seconds). The first time of each year costs some tens of milliseconds."""
        from collector.calendar import hours_of

        if hours_of(self._work).open(moment):
            return "agreed"
        return "night" if hours_of(self._night).open(moment) else "out_of_hours"
