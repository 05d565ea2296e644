"""Whom a device belongs to: the service that suffers most without it, and the team that is called.

Alerts about causes know only a device; this is what makes them urgent, and somebody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from collector.model import Column, Device, Family, column, rows
from collector.services import Catalogue, Service

INFO = Family(
    "wardwatch_device_contact_info",
    "1: the most important service that has the device as a component, what suffers first without that, and the team "
    "that is called about the device.",
)

TIERS: Final = ("platinum", "gold", "silver", "bronze")
"""Words for how much was promised, most first. Others come after them in the order of the alphabet: 1 before 2."""


def importance(service: Service) -> tuple[object, ...]:
    """What sorts services, the most important first: safety, then tier, then name."""
    tier = service.tier.casefold()
    rank = TIERS.index(tier) if tier in TIERS else len(TIERS)
    return service.key_property != "safety", not tier, rank, tier, service.name


def contacts(devices: Iterable[Device], catalogue: Catalogue) -> Mapping[str, Column]:
    """A row by device, where there is something to say. A device's own team is called before its service's owner."""
    first: dict[str, Service] = {}
    for service in sorted(catalogue.services.values(), key=importance):
        for leaf in service.leaves():
            if leaf.device:
                first.setdefault(leaf.device, service)
    found: dict[str, Column] = {}
    for device in devices:
        chosen = first.get(device.name)
        said = {"owner": device.team}
        if chosen is not None:
            said = {
                "owner": device.team or chosen.owner,
                "service": chosen.name,
                "key_property": chosen.key_property,
            }
        if any(said.values()):
            found[device.name] = column(INFO, rows(said, [tuple(said.values())]), (1,))
    return found
