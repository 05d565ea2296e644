"""A device's objects while they are being written down: names as in the MIBs, values fixed or moving."""

from __future__ import annotations

from random import Random

from simulator import ber, values
from simulator.ber import Arcs
from simulator.image import Image
from simulator.values import Clock, Grow, Value, Wander

SYSTEM = "1.3.6.1.2.1.1"
SYS_DESCR, SYS_CONTACT, SYS_NAME, SYS_LOCATION = (ber.dotted(f"{SYSTEM}.{n}.0") for n in (1, 4, 5, 6))


class Sheet:
    """Objects by name. Rates are drawn from a seed of the sheet's own, so that a kind of device is always the same."""

    def __init__(self, seed: str) -> None:
        self.cells: dict[Arcs, Value] = {}
        self.random = Random(seed)

    def put(self, oid: str, *index: int, value: Value | int | str | bytes) -> None:
        """An object: an int is an INTEGER, text an OCTET STRING."""
        if isinstance(value, int):
            value = values.number(value)
        elif isinstance(value, (str, bytes)):
            value = values.text(value)
        self.cells[(*ber.dotted(oid), *index)] = value

    def scalars(self, root: str, objects: dict[int, Value | int | str | bytes]) -> None:
        """Scalars below `root`, by their last arc but the instance's 0."""
        for arc, value in objects.items():
            self.put(root, arc, 0, value=value)

    def row(self, entry: str, index: Arcs, columns: dict[int, Value | int | str | bytes]) -> None:
        """One row of a table, by column."""
        for column, value in columns.items():
            self.put(entry, column, *index, value=value)

    def rate(self, low: float, high: float) -> float:
        """A rate for a counter, spread evenly over the powers of ten between `low` and `high`."""
        return float(low * (high / low) ** self.random.random())

    def wander(self, tag: int, middle: float, swing: float, period: float = 900.0) -> Wander:
        """A gauge with a phase of its own."""
        return Wander(tag, middle, swing, period, self.random.uniform(0, 6.28))

    def image(self) -> Image:
        return Image(self.cells)


def system(sheet: Sheet, description: str, object_id: str, services: int) -> None:
    """The system group of SNMPv2-MIB. A player puts its own name and place over sysName and sysLocation."""
    sheet.scalars(SYSTEM, {
        1: description, 2: values.name(object_id), 3: Clock(), 4: "IT operations, St Example Hospital",
        5: "unnamed", 6: "St Example Hospital", 7: services, 8: values.ticks(12),
    })  # fmt: skip


def counter32(rate: float) -> Grow:
    return Grow(ber.COUNTER32, 0, rate)


def counter64(rate: float) -> Grow:
    return Grow(ber.COUNTER64, 0, rate)
