"""What a device's page says of how it was read, told with little work: thousands are scraped in a benchmark.

And the setting without which such a page is cut short: `caps.series` is of all devices together, a million as shipped,
which 507 switches of 48 ports reach.
"""

from __future__ import annotations

import re
from typing import Final

import yaml

from collector.budget import Caps

ROOM: Final = Caps().series_per_device
"""Series for which there is room of each device: as many as one may have as shipped. No cap cuts a page short then."""

_AGE = re.compile(r"(?m)^wardwatch_poll_age_seconds\{[^}]*\} (\S+)$")
_SUCCESS = re.compile(r"(?m)^wardwatch_poll_success\{[^}]*\} (\S+)$")
_CUT = ("\nwardwatch_poll_incomplete{", "\nwardwatch_series_dropped{")


def series(devices: int, room: int = ROOM) -> int:
    """`caps.series` for so many devices, and for the collector's own host."""
    return (devices + 1) * room


def settings(devices: int, room: int = ROOM) -> str:
    """`wardwatch.yml` with that cap."""
    return yaml.safe_dump({"caps": {"series": series(devices, room)}})


def ages(page: str) -> list[float]:
    """Seconds since each module was last read."""
    return [float(age) for age in _AGE.findall(_own(page))]


def whole(page: str, modules: int) -> bool:
    """Whether so many modules were read, each of them to the end of its tables, and all of it is on the page.

    A poll counts as a success in part too: what was cut off or left out has series of its own.
    """
    page = _own(page)
    read = _SUCCESS.findall(page)
    return len(read) == modules and all(value == "1" for value in read) and not any(mark in page for mark in _CUT)


def _own(page: str) -> str:
    """The page from the collector's first words about the device on: families are in order, and these at the end."""
    return page[page.find("\nwardwatch_") :]


def samples(page: str) -> int:
    """The device's own samples: all but the collector's words about it."""
    return page.count("\n") - page.count("\n#") - page.count("\nwardwatch_") - page.startswith(("#", "wardwatch_"))
