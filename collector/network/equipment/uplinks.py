"""Ports that lead to other boxes, where everything is seen and nothing is plugged in.

A port is one, in this order, when
* its neighbour, by LLDP or CDP, is a box of the inventory that is asked for sightings: a switch, router or controller;
* an own address of such a box was learned there: every box talks (its answers to us, for one), so switches on the way
  learn it, at the port that leads to it;
* more addresses were learned there than hang on one outlet. The default of 16 is two full eight-port desk switches.
  Boxes that nobody lists, and virtual machines' hosts, are told by this alone.

The members of an aggregate count as one port (`reading`), so an uplink of several cables is excluded as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from collector.network.equipment.sheet import Sheet

Why = Literal["neighbour", "learned", "crowded"]
WAYS: Final[tuple[Why, ...]] = ("neighbour", "learned", "crowded")


@dataclass(slots=True)
class Boxes:
    """Who is who among the boxes: their names in the inventory by what they say of themselves."""

    macs: dict[int, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)


def plain(name: str) -> str:
    """A host name as it is compared: without its domain, or the serial number that NX-OS puts behind it for CDP."""
    return name.partition("(")[0].partition(".")[0].strip().casefold()


def uplinks(sheet: Sheet, boxes: Boxes) -> Mapping[int, Why]:
    """The ports of a box that lead to others, and why they are thought to."""
    found: dict[int, Why] = {}
    for neighbour in sheet.neighbours:
        others = {
            boxes.macs.get(neighbour.mac), boxes.names.get(plain(neighbour.name)),
            boxes.addresses.get(neighbour.address),
        }  # fmt: skip
        if others - {None, sheet.box}:
            found[neighbour.port] = "neighbour"
    for mac in sheet.fdb.among(boxes.macs.keys()):
        if boxes.macs[mac] != sheet.box:
            for row in sheet.fdb.of(mac):
                found.setdefault(row.port, "learned")
    for port, count in sheet.fdb.behind.items():
        if count > sheet.most_macs:
            found.setdefault(port, "crowded")
    return found
