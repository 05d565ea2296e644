"""Signs by which a device says that its tables are not what they were: one GET at the end of each poll tells.

While they stand still, names that were read before belong to the counters that were read since (RELIABILITY F14).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from collector.wire.snmp import ber

UPTIME: Final = ber.encode_oid("1.3.6.1.2.1.1.3.0")
"""sysUpTime, in hundredths of a second (SNMPv2-MIB). Not hrSystemUptime: it is the agent that renumbers."""
BOOTS: Final = ber.encode_oid("1.3.6.1.6.3.10.2.1.2.0")
"""snmpEngineBoots (SNMP-FRAMEWORK-MIB)."""
INTERFACES: Final = ber.encode_oid("1.3.6.1.2.1.31.1.5.0")
"""ifTableLastChange: sysUpTime when a row of ifTable last came or went (IF-MIB)."""
ENTITIES: Final = ber.encode_oid("1.3.6.1.2.1.47.1.4.1.0")
"""entLastChangeTime: sysUpTime when a table of ENTITY-MIB last changed (ENTITY-MIB)."""

_ABOUT: Final[Mapping[bytes, tuple[bytes, ...]]] = {
    INTERFACES: tuple(map(ber.encode_oid, ("1.3.6.1.2.1.2.2", "1.3.6.1.2.1.31.1.1"))),
    ENTITIES: (ber.encode_oid("1.3.6.1.2.1.47.1"),),
}

_WRAP = 1 << 32
_TICKS = 100.0
"""Of sysUpTime in a second."""
_SLACK = 30 * _TICKS


def of(columns: Iterable[bytes]) -> tuple[bytes, ...]:
    """The signs to look for where these columns are kept from poll to poll; none where there are none."""
    kept = tuple(columns)
    if not kept:
        return ()
    return (UPTIME, BOOTS, *(sign for sign, about in _ABOUT.items() if any(c.startswith(about) for c in kept)))


class Signs:
    """What a device's signs were when they were last seen. `epoch` grows each time that they have moved."""

    __slots__ = ("_at", "_seen", "epoch", "restless")

    def __init__(self) -> None:
        self.epoch = 0
        self.restless = False
        """They moved while a poll was under way, and again when it was made anew."""
        self._seen: dict[bytes, int] = {}
        self._at = 0.0

    @property
    def known(self) -> bool:
        """Whether there is something to compare the next look with."""
        return UPTIME in self._seen

    def moved(self, seen: Mapping[bytes, int], at: float) -> bool:
        """Whether tables may have changed since the last look; `seen` are values by OID, `at` monotonic seconds."""
        before, self._seen = self._seen, {**self._seen, **seen}
        since, self._at = max(at - self._at, 0.0) * _TICKS, at
        if not before:
            return False
        moved = restarted(before.get(UPTIME), seen.get(UPTIME), since) or any(
            before.get(sign, value) != value for sign, value in seen.items() if sign != UPTIME
        )
        self.epoch += moved
        return moved


def fresh(seen: Mapping[bytes, int], since: float) -> bool:
    """Whether tables changed within the last `since` seconds, by the times that the device itself gives: for who has
    nothing to compare with."""
    now, ticks = seen.get(UPTIME), since * _TICKS + _TICKS
    if now is None:
        return False
    return now < ticks or any((now - seen[sign]) % _WRAP < ticks for sign in _ABOUT if sign in seen)


def restarted(before: int | None, now: int | None, since: float) -> bool:
    """Whether an agent began anew: its sysUpTime went back, or is less than the time `since` the last look, in ticks.

    After 497.1 days it comes round (F15): that is no restart where the last look was that close to the end, and the
    time since explains what it says now.
    """
    if before is None or now is None:
        return False
    if now < before:
        return not (before > _WRAP - 2 * since - _SLACK and now < 2 * since + _SLACK)
    return now < 0.9 * since - _SLACK
