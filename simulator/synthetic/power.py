"""UPS-MIB (RFC 1628)."""

from __future__ import annotations

from simulator import ber
from simulator.synthetic.sheet import Sheet, counter32

UPS = "1.3.6.1.2.1.33.1"


def supply(sheet: Sheet, phases: int = 1) -> None:
    """A supply on mains power, its battery full, loaded by about 40%."""
    sheet.scalars(f"{UPS}.1", {
        1: "Example Power", 2: "EP 3000 RM", 3: "4.11", 4: "2.07", 5: "ups", 6: "Rack 1",
    })  # fmt: skip
    sheet.scalars(f"{UPS}.2", {
        1: 2, 2: 0, 3: sheet.wander(ber.INTEGER, 38, 4), 4: sheet.wander(ber.INTEGER, 99, 1), 5: 546, 6: 0,
        7: sheet.wander(ber.INTEGER, 27, 3, 3600),
    })  # fmt: skip
    sheet.scalars(f"{UPS}.3", {1: counter32(1 / 86400), 2: phases})
    sheet.scalars(f"{UPS}.4", {1: 3, 2: 500, 3: phases})
    sheet.scalars(f"{UPS}.5", {1: 499, 2: phases})
    for line in range(1, phases + 1):
        sheet.row(f"{UPS}.3.3.1", (line,), {
            2: sheet.wander(ber.INTEGER, 500, 2), 3: sheet.wander(ber.INTEGER, 233, 5),
            4: sheet.wander(ber.INTEGER, 52, 6), 5: sheet.wander(ber.INTEGER, 1180, 90),
        })  # fmt: skip
        sheet.row(f"{UPS}.4.4.1", (line,), {
            2: 230, 3: sheet.wander(ber.INTEGER, 50, 6), 4: sheet.wander(ber.INTEGER, 1120, 90),
            5: sheet.wander(ber.INTEGER, 41, 6),
        })  # fmt: skip
        sheet.row(f"{UPS}.5.3.1", (line,), {2: 233, 3: 0, 4: 0})
    sheet.scalars(f"{UPS}.7", {3: 1})
    sheet.put(f"{UPS}.6.1", 0, value=sheet.wander(ber.GAUGE32, 0, 0))
    sheet.scalars(f"{UPS}.9", {1: 230, 2: 500, 3: 230, 4: 500, 5: 3000, 6: 2700, 7: 5, 8: 2, 9: 180, 10: 265})
