"""The inventory's equipment: which is no longer supported, and how many there are in which state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from collector.model import Column, Device, Equipment, Family, column, interned

STATE = Family(
    "wardwatch_equipment", "Pieces of equipment in the inventory by criticality and state; their sum is all of them."
)
UNSUPPORTED = Family(
    "wardwatch_equipment_unsupported", "Pieces of equipment by criticality whose support contract is over, or is none."
)

NO_CONTRACT: Final = frozenset({"none", "no", "expired", "ended"})
"""What is written for a contract where there is none."""

UNSET: Final = "unset"
"""The criticality of equipment of which nobody says it."""


def today(wall: float) -> str:
    """The day of a Unix time as YYYY-MM-DD, in UTC."""
    return datetime.fromtimestamp(wall, UTC).date().isoformat()


def unsupported(equipment: Equipment, day: str) -> bool:
    """Whether its contract has ended before that day, or it is known to have none. What nobody says is not known."""
    ended = bool(equipment.support_ends) and equipment.support_ends < day
    return ended or equipment.support.strip().casefold() in NO_CONTRACT


def columns(devices: Sequence[Device], states: Mapping[str, str], day: str) -> Iterator[Column]:
    """Counts of all equipment, `states` being the state of each device by name. At most five criticalities, and as many
    states as there are words for: wards are on each device's own page."""
    found = [(device, device.equipment) for device in devices if device.equipment is not None]
    if not found:
        return
    counts = Counter((e.criticality or UNSET, states.get(device.name, "unknown")) for device, e in found)
    pairs = tuple(sorted(counts))
    yield column(STATE, interned(("criticality", "state"), pairs), [counts[pair] for pair in pairs])
    over = Counter({(e.criticality or UNSET,): 0 for _, e in found})
    over.update((e.criticality or UNSET,) for _, e in found if unsupported(e, day))
    yield column(UNSUPPORTED, interned(("criticality",), tuple(sorted(over))), [over[key] for key in sorted(over)])
