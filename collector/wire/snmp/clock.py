"""Moments as devices write them, to Unix time in whole seconds; None where there is none to be read (CONTRACTS 3)."""

from __future__ import annotations

import time
from calendar import timegm

_NTP_EPOCH = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""


def days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01, for any numbers: month 13 is January of the next year, day 0 the last of the month
    before, as Go's `time.Date` has it. Devices without a clock send zeros."""
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    year -= month <= 2
    era, in_era = divmod(year, 400)
    in_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + in_era * 365 + in_era // 4 - in_era // 100 + in_year - 719_468


def date_and_time(content: bytes) -> float | None:
    """SNMPv2-TC DateAndTime: 8 bytes, or 11 with an offset from UTC."""
    if len(content) not in (8, 11):
        return None
    year = int.from_bytes(content[:2], "big")
    month, day, hour, minute, second, tenths = content[2:8]
    moment = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second + tenths // 10
    if len(content) == 11:
        sign, hours, minutes = content[8:]
        if sign not in b"+-" or hours > 24 or minutes > 60:
            return None
        moment -= (1 if sign == ord("+") else -1) * (hours * 3600 + minutes * 60)
    return float(moment)


def ntp(content: bytes) -> float | None:
    """An NTP timestamp: seconds since 1900 in the first four of eight bytes."""
    if len(content) < 8:
        return None
    return float(int.from_bytes(content[:4], "big") - _NTP_EPOCH)


def parsed(text: str, pattern: str) -> float | None:
    """A date in words, by a strptime pattern; UTC where it has no zone."""
    try:
        moment = time.strptime(text, pattern)
    except ValueError:
        return None
    return float(timegm(moment) - (moment.tm_gmtoff or 0))
