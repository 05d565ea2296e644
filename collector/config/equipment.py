"""What the register says of a device, out of the layers of its entry. Free text passes the filter (RELIABILITY S22)."""

from __future__ import annotations

from typing import Final

from collector.config.inventory import day_in
from collector.config.targets import Entry
from collector.config.typed import Findings
from collector.model import DeviceClass, Equipment
from collector.privacy import Screen

TEXTS: Final = ("site", "location", "ward", "device_type", "modality", "maker", "model", "owner", "support")
"""Keys behind which anything may be written, layer over layer."""


def texts(entry: Entry, screen: Screen, findings: Findings) -> dict[str, str]:
    """By key what is written, without patient data; empty where nobody says."""
    found: dict[str, str] = {}
    for key in TEXTS:
        written, level = entry.pick(key)
        found[key] = screen(written or "")
        if found[key] != (written or ""):
            what = "holds what looks like patient data: it is shown without (docs/privacy.md)"
            findings.warn(*entry.spot(key, level), what)
    return found


def equipment(entry: Entry, said: dict[str, str], device_class: DeviceClass) -> Equipment | None:
    """None for a device that is not clinical, and of which no key of the register is said."""
    written = entry.written
    criticality: str = entry.pick("criticality")[0] or ""
    found = Equipment(
        asset=written.asset or "",
        device_type=said["device_type"],
        modality=said["modality"],
        maker=said["maker"],
        model=said["model"],
        ae_title=written.ae_title or "",
        ae_port=written.ae_port or 0,
        criticality=criticality,
        owner=said["owner"],
        support=said["support"],
        support_ends=day_in(said["support"]),
    )
    return None if device_class != "clinical" and found == Equipment() else found
