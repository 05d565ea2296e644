"""What is wrong with the example estate when it is ill: what simulator.yml says of devices, and what people type.

Between them they show what boards have to show of a bad day. The modes: docs/simulator.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


def _says(**numbers: int) -> dict[str, Any]:
    return {"faults": [{"mode": "says", "object": OBJECTS[name], "number": n} for name, n in numbers.items()]}


OBJECTS: Final[Mapping[str, str]] = {
    "upsOutputSource": "1.3.6.1.2.1.33.1.4.1",
    "entPhySensorValue": "1.3.6.1.2.1.99.1.1.1.4",
    "ifOperStatus": "1.3.6.1.2.1.2.2.1.8",
    "ifHighSpeed": "1.3.6.1.2.1.31.1.1.1.15",
    "prtMarkerSuppliesLevel": "1.3.6.1.2.1.43.11.1.1.9",
}

DEVICES: Final[Mapping[str, Mapping[str, Any]]] = {
    # A switch that services need and devices are behind, and one of two servers.
    "sw-access-3": {"faults": [{"mode": "dead"}]},
    "server-pacs-1": {"faults": [{"mode": "dead"}]},
    # Links that are down, and links that are busy: 25 megabits a second.
    "sw-access-2": _says(ifOperStatus=2),
    "sw-access-1": _says(ifHighSpeed=25),
    # Answers in part, slowly, and not in the language.
    "sw-access-5": {"faults": [{"mode": "f03_walk_error", "after": 1}]},
    "sw-access-7": {"faults": [{"mode": "slow", "seconds": 3.0}]},
    "server-directory-1": {"faults": [{"mode": "malformed"}]},
    # Each service beside SNMP answers, but not to what it is asked.
    "archive-1": {"service": {"speaks": "dicom", "title": "ANOTHER"}},
    "viewer-1": {"service": {"speaks": "page", "path": "/elsewhere"}},
    "records-1": {"service": {"speaks": "fhir", "base": "/elsewhere"}},
    # Power, heat, paper.
    "ups-dc-1": _says(upsOutputSource=5),
    "sensor-dc-1": _says(entPhySensorValue=480),
    "wristbands-ward-3": {"faults": [{"mode": "dead"}]},
    "printer-ward-3": _says(prtMarkerSuppliesLevel=0),
}

SAID: Final = (
    (
        "maintenance",
        "add",
        "drill",
        "--reason",
        "The access points get new software.",
        "--service",
        "wifi",
        "--for",
        "2h",
    ),
    ("maintenance", "add", "bench", "--reason", "The disks are counted.", "--device", "storage-2", "--for", "2h"),
    ("pause", "pdu-dc-1", "--reason", "It is being moved."),
)
