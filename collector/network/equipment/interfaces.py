"""The interfaces of a box, made of raw cells: ports by ifIndex, the members of aggregates, its own addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from collector.network.equipment import macs
from collector.network.equipment.asking import Said, Tables
from collector.network.equipment.sheet import Port

UP: Final = 1
"""ifOperStatus."""

HALF, FULL = 2, 3
"""dot3StatsDuplexStatus; 1 is unknown."""

AGGREGATES: Final = frozenset((161, 54))
"""ifType ieee8023adLag and propMultiplexor: what stands above members in ifStackTable. VLAN interfaces do too."""


class Interfaces:
    """Ports by ifIndex, the members of aggregates, and the box's own names and addresses."""

    def __init__(self, said: Said) -> None:
        cells = Tables("interfaces", said.get("interfaces"))
        self.name = next((cell.text for cell in cells("sysName")), "")
        descriptions = {cell.arcs[0]: cell.text for cell in cells("ifDescr") if len(cell.arcs) == 1}
        names = {cell.arcs[0]: cell.text for cell in cells("ifName") if len(cell.arcs) == 1 and cell.content}
        up = {cell.arcs[0]: cell.number == UP for cell in cells("ifOperStatus") if len(cell.arcs) == 1}
        half = {
            cell.arcs[0]: cell.number == HALF
            for cell in cells("dot3StatsDuplexStatus")
            if len(cell.arcs) == 1 and cell.number in (HALF, FULL)
        }
        self.ports = {
            index: Port(names.get(index) or descriptions.get(index) or str(index), up.get(index), half.get(index))
            for index in names.keys() | descriptions.keys() | up.keys()
        }
        self.descriptions = descriptions
        self.macs = {
            cell.arcs[0]: mac
            for cell in cells("ifPhysAddress")
            if len(cell.arcs) == 1 and (mac := macs.of_bytes(cell.content))
        }
        own = {mac for cell in cells("dot1dBaseBridgeAddress") if (mac := macs.of_bytes(cell.content))}
        self.own = own | set(self.macs.values())
        self.members = dict(self._members(cells))

    def _members(self, cells: Tables) -> Iterator[tuple[int, int]]:
        """Members and their aggregates, by ifIndex."""
        types = {cell.arcs[0]: cell.number for cell in cells("ifType") if len(cell.arcs) == 1}
        for arcs, _ in cells("ifStackStatus"):
            if len(arcs) == 2 and arcs[0] and types.get(arcs[0]) in AGGREGATES and arcs[1] in self.ports:
                yield arcs[1], arcs[0]
        attached = cells.ports("dot3adAggPortAttachedAggID")
        yield from ((port, aggregate) for port, aggregate in attached.items() if port != aggregate)

    def whole(self, index: int) -> int:
        """The aggregate that a port is a member of, or the port itself."""
        return self.members.get(index, index)

    def called(self, text: str) -> int | None:
        """The ifIndex of a name or description."""
        return next(
            (i for i, port in self.ports.items() if text and text in (port.name, self.descriptions.get(i))), None
        )
