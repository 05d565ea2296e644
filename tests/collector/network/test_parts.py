"""What a device is made of (ENTITY-MIB) is not read in each poll, and an exchanged part is seen at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from collector.model import Column, Schedule
from collector.network.snmp import Snmp
from collector.wire.snmp import ber, lean
from collector.wire.snmp.module import Index, Metric, Module
from tests.collector.network.test_cycle import CHANGE, ENTITIES, TTL, UPTIME, Lab, Switch, plain, slow
from tests.collector.network.test_snmp import Wire, target
from tests.collector.wire.snmp.agents import integer, octets

PARTS = "1.3.6.1.2.1.47.1.1.1.1"
PART = (Index("entPhysicalIndex"),)
INVENTORY = Module(
    "inventory",
    walk=tuple(f"{PARTS}.{column}" for column in (2, 5, 11, 13)),
    metrics=(
        Metric("entPhysicalClass", f"{PARTS}.5", "gauge", "", PART),
        Metric("entPhysicalDescr", f"{PARTS}.2", "DisplayString", "", PART),
        Metric("entPhysicalSerialNum", f"{PARTS}.11", "DisplayString", "", PART),
        Metric("entPhysicalModelName", f"{PARTS}.13", "DisplayString", "", PART),
    ),
)
SERIALS = ber.encode_oid(f"{PARTS}.11")


@dataclass
class Chassis(Switch):
    """Parts by index and serial number."""

    def values(self) -> dict[str, bytes]:
        found = {UPTIME: integer(int(self.uptime + 100 * (self.clock() - 1000.0)), ber.TIMETICKS)}
        if self.changed is not None:
            found[ENTITIES] = integer(self.changed, ber.TIMETICKS)
        for index, serial in self.ports.items():
            found[f"{PARTS}.5.{index}"] = integer(9)
            found |= {f"{PARTS}.{column}.{index}": octets(f"{serial} {column}") for column in (2, 11, 13)}
        return found


class Bay(Lab):
    """A chassis, and a module for what it is made of."""

    def __init__(self, changed: int | None = 7) -> None:
        super().__init__(INVENTORY)
        self.switch = Chassis(changed=changed)
        self.wire = Wire(self.switch)  # type: ignore[arg-type]
        self.switch.clock = self.wire.clock
        self.targets = [
            replace(target(INVENTORY), collector=Snmp(INVENTORY, TTL), schedule=Schedule(60.0, 30.0)),
        ]

    @property
    def names_read(self) -> bool:
        return any(name.startswith(SERIALS) for name in self.names)


def serials(columns: dict[str, Column]) -> list[str]:
    found = columns["entPhysicalSerialNum"]
    at = found.rows.names.index("entPhysicalSerialNum")
    return [row[at].removesuffix(" 11") for row in found.rows.values]


async def test_what_a_part_is_is_not_read_in_each_poll() -> None:
    bay = Bay()
    first = await bay.poll()
    columns = await bay.settled()
    assert plain(columns) == plain(first)
    assert len(bay.asked) == 1, "a column that shows the parts, and along with it the signs"


async def test_a_part_that_was_exchanged_is_seen_by_entlastchangetime() -> None:
    bay = Bay()
    await bay.settled()
    bay.switch.ports[3] = "another"
    bay.switch.changed = 4711
    assert serials(await bay.poll())[2] == "another"
    assert bay.names_read


async def test_a_part_that_comes_is_seen_without_it() -> None:
    bay = Bay(changed=None)
    await bay.settled()
    bay.switch.ports |= {99: "new"}
    assert serials(await bay.poll())[-1] == "new"


def test_how_a_part_fares_is_read_each_time() -> None:
    steady = {ber.encode_oid(f"{PARTS}.{column}") for column in (2, 11, 13)}
    assert slow(INVENTORY) == steady
    assert ber.encode_oid(f"{PARTS}.5") not in lean.STEADY
    only = replace(INVENTORY, name="only", metrics=INVENTORY.metrics[1:])
    assert slow(only) == set(), "something has to show which parts there are"
    sensor = Metric("entPhySensorValue", "1.3.6.1.2.1.99.1.1.1.4", "gauge", "", PART)
    assert slow(replace(INVENTORY, name="sensed", metrics=(*INVENTORY.metrics, sensor))) == steady
    assert CHANGE not in map(ber.dotted, lean.diet((INVENTORY,)).signs)
    assert ENTITIES in map(ber.dotted, lean.diet((INVENTORY,)).signs)
