"""A small device that counts, is plugged and renamed, and ways to poll it: for what is to be the same either way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from collector.errors import PollError
from collector.model import Column, Dialogue, Family, Schedule, Target
from collector.network.cycle import Counters
from collector.network.normal import Normal, Source, fit
from collector.network.snmp import Snmp
from collector.wire.snmp import ber
from collector.wire.snmp.module import Index, Lookup, Metric, Module
from tests.collector.network.test_snmp import Wire, target
from tests.collector.wire.snmp.agents import Agent, converse, integer, octets

ENTRY, MORE, SYSTEM = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1", "1.3.6.1.2.1.1"
CHANGE = "1.3.6.1.2.1.31.1.5.0"
PORT = (Index("ifIndex"),)
NAMED = (Lookup(("ifIndex",), "ifName", f"{MORE}.1", "DisplayString"), Lookup((), "ifIndex"))
BY_MTU = (Lookup(("ifIndex",), "mtu", f"{ENTRY}.4", "gauge"),)
STATES = {1: "up", 2: "down"}

PORTS = Module(
    "ports",
    walk=("1.3.6.1.2.1.2", "1.3.6.1.2.1.31.1.1"),
    metrics=(
        Metric("ifMtu", f"{ENTRY}.4", "gauge", "", PORT, NAMED),
        Metric("ifOper", f"{ENTRY}.8", "EnumAsInfo", "", PORT, NAMED, enum_values=STATES),
        Metric("ifInOctets", f"{ENTRY}.10", "counter", "", PORT, NAMED),
        Metric("ifInErrors", f"{ENTRY}.14", "counter", "", PORT, NAMED),
        Metric("ifOutErrors", f"{ENTRY}.20", "EnumAsStateSet", "", PORT, NAMED, enum_values=STATES),
        Metric("ifOutQLen", f"{ENTRY}.21", "gauge", "", PORT, NAMED, scale=0.1, offset=-7),
        Metric("ifName", f"{MORE}.1", "DisplayString", "", PORT, NAMED),
        Metric("ifHCInOctets", f"{MORE}.6", "counter", "", PORT, NAMED),
        Metric("ifHCOutOctets", f"{MORE}.10", "counter", "", PORT, BY_MTU),
        Metric("ifHighSpeed", f"{MORE}.15", "gauge", "", PORT, NAMED),
        Metric("ifConnectorPresent", f"{MORE}.17", "gauge", "", PORT, NAMED),
    ),
)
BOX = Module(
    "box",
    get=tuple(f"{SYSTEM}.{n}.0" for n in (3, 5, 6, 8, 9)),
    metrics=(
        Metric("sysUpTime", f"{SYSTEM}.3", "gauge"),
        Metric("sysName", f"{SYSTEM}.5", "DisplayString"),
        Metric("temperature", f"{SYSTEM}.6", "gauge", scale=0.01),
        Metric("clock", f"{SYSTEM}.8", "DateAndTime"),
        Metric("lamps", f"{SYSTEM}.9", "Bits", enum_values={0: "red", 9: "green"}),
    ),
)
COUNTERS = (f"{ENTRY}.10", f"{ENTRY}.14", f"{ENTRY}.21", f"{MORE}.6", f"{MORE}.10")
NOTHING = fit([Normal(Family("none", ""), sources=(Source("sysUpTime"),))], BOX)
"""A name that stands for nothing of what is read: with it, columns are made the plain way always."""
PLAIN = (replace(NOTHING[0], name="no such metric"),)


@dataclass
class Box:
    """What a device would say."""

    values: dict[str, bytes] = field(default_factory=dict)
    answers: int = 1000
    """How many questions of a poll it answers."""
    restless: bool = False
    """Whether its tables change, as it says, while they are read."""
    counting: bool = False
    """Whether it counts while it is read."""

    def __post_init__(self) -> None:
        self.values |= {
            f"{SYSTEM}.3.0": integer(100_000, ber.TIMETICKS),
            f"{SYSTEM}.5.0": octets("sw-1"),
            f"{SYSTEM}.6.0": integer(-250),
            f"{SYSTEM}.8.0": octets("\x07\xe9\x0b\x1d\x03\x0a\x00\x00"),
            f"{SYSTEM}.9.0": octets("\x40\x40"),
            CHANGE: integer(7, ber.TIMETICKS),
        }
        for port in (1, 2):
            self.plug(port)

    def plug(self, port: int) -> None:
        for column in COUNTERS[:3]:
            self.values[f"{column}.{port}"] = integer(1000 * port, ber.COUNTER32)
        for column in COUNTERS[3:]:
            self.values[f"{column}.{port}"] = integer(2**33 * port, ber.COUNTER64)
        self.values |= {f"{ENTRY}.8.{port}": integer(1), f"{ENTRY}.20.{port}": integer(port)}
        self.values |= {f"{ENTRY}.4.{port}": integer(1500), f"{MORE}.15.{port}": integer(1000, ber.GAUGE32)}
        self.values |= {f"{MORE}.1.{port}": octets(f"port {port}"), f"{MORE}.17.{port}": integer(1)}
        self.changed()

    def unplug(self, port: int) -> None:
        tables = (f"{ENTRY}.", f"{MORE}.")
        gone = [oid for oid in self.values if oid.startswith(tables) and oid.endswith(f".{port}")]
        for oid in gone:
            del self.values[oid]
        self.changed()

    def changed(self) -> None:
        self.values[CHANGE] = integer(ber.signed(self.values[CHANGE][2:]) + 1, ber.TIMETICKS)

    def set(self, oid: str, value: bytes) -> None:
        """Where there is such a thing."""
        if oid in self.values:
            self.values[oid] = value

    def speed(self, megabits: int) -> None:
        """Of the second port."""
        self.set(f"{MORE}.15.2", integer(megabits, ber.GAUGE32))

    def rename(self, port: int, name: str) -> None:
        self.set(f"{MORE}.1.{port}", octets(name))
        self.changed()

    def count(self, by: int) -> None:
        """Whatever counts goes on."""
        for oid, value in self.values.items():
            if oid.startswith(COUNTERS) and value[0] in ber.UNSIGNED:
                most = 2**64 if value[0] == ber.COUNTER64 else 2**32
                self.values[oid] = integer((int.from_bytes(value[2:], "big") + by) % most, value[0])


class Until(Wire):
    """One whose polls have an end."""

    ends = 0.0

    @property
    def deadline(self) -> float:
        return self.ends

    async def udp(self, dialogue: Dialogue) -> None:
        await asyncio.sleep(0)
        converse(dialogue, self.agent.answer, self.clock, self.ends - self.clock.now)


class Side:
    """One way to poll that device."""

    def __init__(self, box: Box, *modules: Module, plain: bool = False, ttl: float = 900.0, counters: Counters) -> None:
        self.wire: Any = Until(Agent({}))
        self.wire.agent = self
        self._box = box
        self._left = 0
        collectors = [Snmp(module, ttl, counters, PLAIN if plain else ()) for module in modules]
        self.targets: list[Target] = [
            replace(target(each.module), collector=each, schedule=Schedule(60.0, 30.0)) for each in collectors
        ]

    def answer(self, packet: bytes) -> list[bytes]:
        self._left -= 1
        if self._left < 0:
            return []
        if self._box.restless:
            self._box.changed()
        if self._box.counting:
            self._box.count(1)
        return Agent(self._box.values).answer(packet)

    def poll(self, at: float) -> list[Sequence[Column] | PollError]:
        self.wire.clock.now, self.wire.ends = at, at + 5
        self._left = self._box.answers
        return asyncio.run(self._poll())

    async def _poll(self) -> list[Sequence[Column] | PollError]:
        try:
            readings = await Snmp(PORTS).poll_together(self.targets, self.wire)
        except PollError as error:
            return [error]
        found: list[Sequence[Column] | PollError] = []
        for reading in readings:
            try:
                found.append(reading())
            except PollError as error:
                found.append(error)
        return found


def told(outcome: Sequence[Column] | PollError) -> object:
    """All there is to see of an outcome."""
    if isinstance(outcome, PollError):
        return outcome.reason, told(outcome.columns)
    return [
        (type(each), each.family, each.rows.names, each.rows.text, tuple(each.rows.values), each.values.tobytes())
        for each in outcome
    ]


Change = Callable[[Box], object]

PORT_NUMBERS, NAMES = st.integers(1, 3), st.sampled_from(["port 1", "port 2", "uplink", "", "943 476 5919"])
CELLS = st.sampled_from(
    [f"{column}.{port}" for column in (*COUNTERS, f"{ENTRY}.8", f"{MORE}.15", f"{ENTRY}.4") for port in (1, 2)]
    + [f"{SYSTEM}.{n}.0" for n in (3, 5, 6, 8, 9)]
)
VALUES = st.one_of(
    st.builds(integer, st.integers(-(2**31), 2**31 - 1)),
    st.builds(integer, st.integers(0, 2**32 - 1), st.sampled_from([ber.COUNTER32, ber.GAUGE32, ber.TIMETICKS])),
    st.builds(integer, st.integers(0, 2**64 - 1), st.just(ber.COUNTER64)),
    st.builds(octets, st.text("abc", max_size=3)),
    st.sampled_from([b"\x05\x00", b"\x44\x07\x9f\x78\x04\x41\xc8\x00\x00", b"\x41\x00", b"\x02\x00", b"\x5f\x01\x01"]),
)
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(lambda port: lambda box: box.plug(port), PORT_NUMBERS),
    st.builds(lambda port: lambda box: box.unplug(port), PORT_NUMBERS),
    st.builds(lambda port, name: lambda box: box.rename(port, name), PORT_NUMBERS, NAMES),
    st.builds(lambda oid, value: lambda box: box.set(oid, value), CELLS, VALUES),
    st.builds(lambda oid: lambda box: box.values.pop(oid, None), CELLS),
    st.builds(lambda state: lambda box: box.set(f"{ENTRY}.8.1", integer(state)), st.integers(1, 3)),
    st.builds(lambda mbit: lambda box: box.speed(mbit), st.sampled_from([10, 2000])),
    st.builds(lambda name: lambda box: box.set(f"{SYSTEM}.5.0", octets(name)), NAMES),
    st.builds(lambda count: lambda box: setattr(box, "answers", count), st.integers(0, 4)),
)  # fmt: skip
POLLS = st.lists(st.tuples(st.lists(CHANGES, max_size=2), st.integers(0, 3)), min_size=1, max_size=5)
