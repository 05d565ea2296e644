"""What a device's own page says of where it is. No address is a label or a value here."""

from __future__ import annotations

from collections.abc import Sequence

from collector.model import Column, Family, column, interned, rows, single
from collector.network.equipment.place import STATES, Place

PORT = Family(
    "wardwatch_equipment_port_info",
    "1: the switch port at which the device was last seen, with its VLAN and the ward that it serves; on Wi-Fi the "
    "controller and the access point.",
)
STATE = Family(
    "wardwatch_equipment_state",
    "1: the device is seen; quiet (not heard of, its port is up); moved (in another ward than the inventory says); "
    "unseen; or unknown, for its switch was not read.",
)
SEEN = Family("wardwatch_equipment_seen", "1: the device was seen lately, and its port is not down since.")
LAST = Family("wardwatch_equipment_last_seen_timestamp_seconds", "When a switch or controller last showed the device.")
MOVED = Family("wardwatch_equipment_moved", "1: its port serves another ward than the inventory says.")
WRONG_VLAN = Family("wardwatch_equipment_wrong_vlan", "1: it was last seen in another VLAN than the inventory says.")
HALF = Family("wardwatch_equipment_half_duplex", "1: its port runs half duplex.")
PORTS = Family("wardwatch_equipment_ports", "Ports at which its address is learned now; 2 or more: it is there twice.")
COMPANY = Family("wardwatch_equipment_port_macs", "Addresses behind its port, its own included.")

UNKNOWN_WARD = "unknown"
"""Of a port of which nobody has said: an empty label would be no label, and taken from the scrape target."""

_STATES = interned(("state",), tuple((state,) for state in STATES))


def columns(place: Place) -> Sequence[Column]:
    """A place as columns; what is not known has none."""
    found = [column(STATE, _STATES, (state == place.state for state in STATES)), single(SEEN, place.recent)]
    if place.box:
        names = ("switch", "ifName", "vlan", "ward")
        values = (place.box, place.port, str(place.vlan or ""), place.ward or UNKNOWN_WARD)
        found.append(column(PORT, rows(names, [values]), (1,)))
    for family, value in (
        (LAST, place.last),
        (MOVED, place.moved),
        (WRONG_VLAN, place.wrong_vlan),
        (HALF, place.half),
        (PORTS, place.ports),
        (COMPANY, place.company),
    ):
        if value is not None:
            found.append(single(family, value))
    return found


_SAID = {
    "seen": "seen at",
    "quiet": "quiet at",
    "moved": "moved to",
    "unseen": "unseen, last at",
    "unknown": "not known, last at",
}


def words(place: Place | None) -> str:
    """The same for a person."""
    if place is None:
        return ""
    if not place.box:
        return "seen beyond what is polled" if place.state == "seen" else place.state
    where = f"{place.box} {place.port}" + (f", VLAN {place.vlan}" if place.vlan else "")
    return f"{_SAID[place.state]} {where}" + (f", {place.ward}" if place.ward else "")
