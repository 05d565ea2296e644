"""What comes and goes with the day and the week, and at random: the same for the same time and place."""

from __future__ import annotations

import math
from functools import cache
from typing import Final
from zlib import crc32

from bench.history.incidents import DAY

DAILY, WEEKLY, NOISE = 0.25, 0.15, 0.03
"""Shares of a value that come and go with the day and the week, and at random."""
SPREAD: Final = 16
"""So many series are unlike each other in their noise; the others are like one of these."""


def place_of(key: str, name: str) -> int:
    return crc32(f"{key} {name}".encode()) % SPREAD


@cache
def wave(at: int, place: int) -> float:
    """About 0: more in the afternoon and on weekdays, with noise that is one of SPREAD."""
    moved = at - place * 300
    day = math.sin((moved % DAY / DAY - 0.375) * 2 * math.pi)
    week = 0.0 if moved // DAY % 7 in (2, 3) else 1.0  # 1 January 1970 was a Thursday
    noise = ((at // 60 + place * 977) * 2654435761 % 1000) / 500 - 1
    return DAILY * day * (0.3 + 0.7 * week) + WEEKLY * (week - 0.7) + NOISE * noise
