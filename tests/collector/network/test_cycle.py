"""Names are read again only when they may have changed, and always belong to the counters (RELIABILITY F14, F15)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from collector.errors import PollError
from collector.model import INCOMPLETE, Column, DeviceClass, Schedule
from collector.network.cycle import Memory
from collector.network.snmp import Snmp
from collector.privacy import Privacy, Screen
from collector.wire.snmp import ber, lean, message, signs
from collector.wire.snmp.module import Filter, Index, Lookup, Metric, Module
from collector.wire.snmp.plan import compile
from tests.collector.network.test_snmp import Wire, target
from tests.collector.wire.snmp.agents import Agent, integer, octets

ENTRY, MORE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
UPTIME, BOOTS = "1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.10.2.1.2.0"
CHANGE, ENTITIES = "1.3.6.1.2.1.31.1.5.0", "1.3.6.1.2.1.47.1.4.1.0"
PORT = (Index("ifIndex"),)
NAMED = (Lookup(("ifIndex",), "ifName", f"{MORE}.1", "DisplayString"),)
STATES = {1: "up", 2: "down"}
PORTS = Module(
    "ports",
    walk=("1.3.6.1.2.1.2", "1.3.6.1.2.1.31.1.1"),
    metrics=(
        Metric("ifInOctets", f"{ENTRY}.10", "counter", "", PORT, NAMED),
        Metric("ifInErrors", f"{ENTRY}.14", "counter", "", PORT, NAMED),
        Metric("ifOper", f"{ENTRY}.8", "EnumAsInfo", "", PORT, NAMED, enum_values=STATES),
        Metric("ifHCInOctets", f"{MORE}.6", "counter", "", PORT, NAMED),
        Metric("ifHCOutOctets", f"{MORE}.10", "counter", "", PORT, NAMED),
        Metric("ifName", f"{MORE}.1", "DisplayString", "", PORT, NAMED),
        Metric("ifAlias", f"{MORE}.18", "DisplayString", "", PORT, NAMED),
    ),
)
BOOTED = Module("booted", get=(UPTIME,), metrics=(Metric("sysUpTime", UPTIME[:-2], "gauge"),))
NAMES, ALIASES = ber.encode_oid(f"{MORE}.1"), ber.encode_oid(f"{MORE}.18")
TTL = 900.0


@dataclass
class Switch:
    """Ports by index and name, as a device behind the wire has them; `busy` is called before each answer."""

    ports: dict[int, str] = field(default_factory=lambda: {n: f"port {n}" for n in range(1, 31)})
    uptime: float = 100_000.0
    """Hundredths of a second at the clock's 1000."""
    boots: int | None = 3
    changed: int | None = 7
    down: frozenset[int] = frozenset()
    busy: Callable[[Switch, bytes], None] = lambda switch, packet: None
    packets: list[bytes] = field(default_factory=list)
    clock: Callable[[], float] = lambda: 1000.0

    @property
    def ticks(self) -> int:
        return int(self.uptime + 100 * (self.clock() - 1000.0)) % (1 << 32)

    def values(self) -> dict[str, bytes]:
        found = {UPTIME: integer(self.ticks, ber.TIMETICKS)}
        if self.boots is not None:
            found[BOOTS] = integer(self.boots)
        if self.changed is not None:
            found[CHANGE] = integer(self.changed, ber.TIMETICKS)
        for index, name in self.ports.items():
            count = integer(sum(name.encode()), ber.COUNTER32)  # tells whose counter it is
            found |= {f"{ENTRY}.{column}.{index}": count for column in (10, 14)}
            found[f"{ENTRY}.8.{index}"] = integer(2 if index in self.down else 1)
            found |= {f"{MORE}.{column}.{index}": count for column in (6, 10)}
            found |= {f"{MORE}.1.{index}": octets(name), f"{MORE}.18.{index}": octets(f"to {name}")}
        return found

    def answer(self, packet: bytes) -> list[bytes]:
        self.busy(self, packet)
        self.packets.append(packet)
        return Agent(self.values()).answer(packet)

    def renumber(self, by: int = 1) -> None:
        names = list(self.ports.values())
        self.ports = dict(zip(self.ports, names[by:] + names[:by], strict=True))


class Lab:
    """A switch, what polls it, and the time that passes."""

    def __init__(self, *modules: Module, ttl: float = TTL, device_class: DeviceClass = "it", **fields: Any) -> None:
        self.switch = Switch(**fields)
        self.wire: Any = Wire(self.switch)  # type: ignore[arg-type]
        self.switch.clock = self.wire.clock
        self.targets = [
            replace(target(module, device_class), collector=Snmp(module, ttl), schedule=Schedule(60.0, 30.0))
            for module in modules or (PORTS,)
        ]
        self.asked: list[message.Head] = []

    async def poll(self, seconds: float = 60.0) -> dict[str, Column]:
        """All columns, `seconds` after the last poll."""
        self.wire.clock.now += seconds
        self.switch.packets.clear()
        readings = await Snmp(PORTS).poll_together(self.targets, self.wire)
        self.asked = [message.read(packet) for packet in self.switch.packets]
        return {column.family.name: column for reading in readings for column in reading()}

    async def settled(self) -> dict[str, Column]:
        """Polls until columns are read abreast and names are known."""
        for _ in range(4):
            columns = await self.poll()
        assert not self.names_read, "names are known by now"
        return columns

    @property
    def names_read(self) -> bool:
        """Whether the last poll asked for names by name."""
        return any(name.startswith(NAMES) for name in self.names)

    @property
    def names(self) -> list[bytes]:
        return [n for p in self.switch.packets for n, _, _ in message.varbinds(p, message.read(p))]

    @property
    def gets(self) -> int:
        return sum(head.pdu == 0xA0 for head in self.asked)

    @property
    def along(self) -> int:
        """GETBULKs that ask for single values too."""
        return sum(head.pdu == 0xA5 and head.error_status > 0 for head in self.asked)


def right(columns: dict[str, Column]) -> None:
    """Every counter stands at the name of the port that counted it, and every metric is there for each port."""
    for name in ("ifInOctets", "ifInErrors", "ifHCInOctets", "ifHCOutOctets"):
        found = columns[name]
        labels = [dict(zip(found.rows.names, row, strict=True)) for row in found.rows.values]
        assert [sum(label["ifName"].encode()) for label in labels] == list(found.values), name
    size = len(columns["ifInOctets"].values)
    assert size >= 30
    for name in ("ifName", "ifAlias", "ifOper_info"):
        assert len(columns[name].values) == size
        assert set(columns[name].values) == {1.0}


def plain(columns: dict[str, Column]) -> dict[str, object]:
    return {
        name: (c.rows.text, list(c.values))
        for name, c in columns.items()
        if name not in ("wardwatch_snmp_variables", "sysUpTime")
    }


async def test_names_are_not_read_again_while_nothing_changes() -> None:
    lab = Lab()
    first = await lab.poll()
    assert lab.gets == 2, "signs before and after: nothing was known"
    with_names = len(lab.names)
    for _ in range(9):
        columns = await lab.poll()
        right(columns)
        assert plain(columns) == plain(first)
    assert not lab.names_read
    assert (lab.gets, lab.along) == (0, 1)
    assert len(lab.names) < with_names
    assert columns["ifInOctets"].rows is columns["ifHCInOctets"].rows


def slow(module: Module) -> set[bytes]:
    plan = compile(module)
    return {plan.columns.prefixes[column] for column in lean.slow(plan)}


def test_nothing_is_left_out_that_is_more_than_a_name() -> None:
    assert slow(PORTS) == {NAMES, ALIASES}
    private = "1.3.6.1.4.1.9.1.1"
    name = (Lookup(("ifIndex",), "name", f"{private}.2", "DisplayString"),)
    count = Metric("count", f"{private}.3", "counter", "", PORT, name)
    text, number = (Metric("name", f"{private}.2", kind, "", PORT, name) for kind in ("DisplayString", "gauge"))
    other = Metric("motto", f"{private}.4", "DisplayString", "", PORT)
    assert slow(Module("looked up", metrics=(count,))) == {ber.encode_oid(f"{private}.2")}
    assert slow(Module("shown as well", metrics=(count, text, other))) == {ber.encode_oid(f"{private}.2")}
    assert slow(Module("a number as well", metrics=(count, number))) == set()
    assert slow(Module("no row beside it that tells when there are others", metrics=(text,))) == set()
    assert slow(Module("a text that nothing is named by may be news", metrics=(count, other))) == {
        ber.encode_oid(f"{private}.2")
    }


def test_a_module_that_needs_more_of_a_column_has_it_read_for_all() -> None:
    number = Module("n", walk=PORTS.walk, metrics=(Metric("x", f"{MORE}.1", "EnumAsInfo", "", PORT), PORTS.metrics[3]))
    strict = replace(number, metrics=(Metric("x", f"{ENTRY}.2.5", "gauge", "", PORT), PORTS.metrics[0]))
    assert lean.diet((PORTS,)).roots.keys() == {ber.encode_oid("1.3.6.1.2.1.31.1.1")}
    assert lean.diet((PORTS, number)).roots.keys() == lean.diet((PORTS,)).roots.keys()
    described = Module(
        "d", walk=PORTS.walk, metrics=(Metric("d", f"{ENTRY}.2", "DisplayString", "", PORT), PORTS.metrics[0])
    )
    assert ber.encode_oid("1.3.6.1.2.1.2") in lean.diet((PORTS, described)).roots
    assert ber.encode_oid("1.3.6.1.2.1.2") not in lean.diet((PORTS, described, strict)).roots


async def test_a_state_that_changes_keeps_its_name_without_reading_it() -> None:
    lab = Lab()
    await lab.settled()
    lab.switch.down = frozenset({3})
    columns = await lab.poll()
    assert not lab.names_read
    right(columns)
    assert '{ifIndex="3",ifName="port 3",ifOper="down"}' in columns["ifOper_info"].rows.text


def reboot(switch: Switch) -> None:
    switch.uptime = -100 * (switch.clock() - 1000.0) + 500


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(lambda switch: setattr(switch, "changed", 4711), id="ifTableLastChange"),
        pytest.param(reboot, id="sysUpTime went back"),
        pytest.param(lambda switch: setattr(switch, "boots", 4), id="snmpEngineBoots"),
    ],
)
async def test_a_sign_that_moved_has_names_read_in_the_same_poll(what: Callable[[Switch], None]) -> None:
    lab = Lab()
    await lab.settled()
    lab.switch.renumber()
    what(lab.switch)
    right(await lab.poll())
    assert lab.names_read
    await lab.poll()
    assert not lab.names_read


async def test_a_restart_that_is_seen_late_is_seen() -> None:
    """An hour of silence, in which the agent restarted: its sysUpTime is larger than it was, and yet too small."""
    lab = Lab(uptime=0.0, ttl=86_400.0)
    await lab.settled()
    lab.switch.renumber()
    lab.switch.uptime = -100 * (lab.wire.clock.now + 1800 - 1000.0)
    right(await lab.poll(3600))
    assert lab.names_read


async def test_a_wrap_of_sysuptime_is_no_restart() -> None:
    lab = Lab(uptime=float((1 << 32) - 100 * 310))
    await lab.settled()
    for _ in range(5):
        right(await lab.poll())
        assert not lab.names_read
    assert lab.switch.uptime + 100 * (lab.wire.clock.now - 1000) > 1 << 32


@pytest.mark.parametrize(
    ("before", "now", "seconds", "is_restart"),
    [
        (1000, 7000, 60, False),
        (7000, 1000, 60, True),
        ((1 << 32) - 3000, 3000, 60, False),
        ((1 << 32) - 3000, 200_000, 60, True),  # more than has passed
        ((1 << 31), 3000, 60, True),  # not close to the end
        ((1 << 32) - 100 * 3000, 100 * 600, 3600, False),
        (100, 30_000, 600, True),
        (100, 59_000, 600, False),
        (None, 5, 60, False),
        (5, None, 60, False),
    ],
)
def test_what_is_a_restart(before: int | None, now: int | None, seconds: float, is_restart: bool) -> None:
    assert signs.restarted(before, now, 100 * seconds) == is_restart


async def test_a_row_that_was_not_there_has_names_read() -> None:
    lab = Lab(changed=None)
    await lab.settled()
    lab.switch.ports |= {31: "new"}
    columns = await lab.poll()
    right(columns)
    assert len(columns["ifName"].values) == 31
    assert lab.names_read
    for _ in range(3):
        columns = await lab.poll()
    assert not lab.names_read


async def test_the_end_of_their_time_has_names_read() -> None:
    """An alias is renamed, which moves no sign."""
    lab = Lab(ttl=300.0)
    await lab.settled()
    lab.switch.ports[3] = "renamed"
    seen = [await lab.poll() for _ in range(6)]
    renamed = ['ifName="renamed"' in columns["ifInOctets"].rows.text[2] for columns in seen]
    assert renamed[0] is False
    assert renamed[-1] is True
    assert renamed == sorted(renamed)


async def test_without_a_time_all_is_read_each_time_and_signs_are_asked_for_once() -> None:
    lab = Lab(ttl=0.0)
    for _ in range(5):
        right(await lab.poll())
        assert lab.gets + lab.along == 1
    assert lab.along, "by now with the last rows"
    lab.switch.ports[3] = "renamed"
    assert 'ifName="renamed"' in (await lab.poll())["ifInOctets"].rows.text[2]


@pytest.mark.parametrize("uptime", [100_000.0, (1 << 32) - 100.0])
async def test_a_first_poll_knows_what_changed_before_it(uptime: float) -> None:
    """Neither a change a minute ago, nor a sysUpTime that comes round, has anything read twice."""
    plain, lab = Lab(ttl=0.0), Lab(ttl=0.0, uptime=uptime, changed=int(uptime - 6000))
    await plain.poll(0.0)
    right(await lab.poll(0.0))
    assert len(lab.asked) == len(plain.asked)


async def test_an_agent_that_began_anew_within_a_first_poll_is_read_once_more() -> None:
    lab = Lab(ttl=0.0, changed=None, boots=None)
    left = [3]

    def busy(switch: Switch, packet: bytes) -> None:
        left[0] -= 1
        if left[0] == 0:
            switch.renumber()
            switch.uptime = -100 * (switch.clock() - 1000.0)

    lab.switch.busy = busy
    right(await lab.poll())


async def test_nothing_is_looked_for_where_nothing_is_looked_up() -> None:
    bare = replace(PORTS, metrics=tuple(replace(metric, lookups=()) for metric in PORTS.metrics))
    lab = Lab(bare, ttl=0.0)
    for _ in range(3):
        await lab.poll()
        assert lab.gets == 0


@pytest.mark.parametrize("ttl", [0.0, TTL])
async def test_a_device_that_bears_no_unknown_question_gets_none(ttl: float) -> None:
    lab = Lab(ttl=ttl)
    lab.targets = [
        replace(each, device=replace(each.device, quirks=frozenset({"listed_oids_only"}))) for each in lab.targets
    ]
    for _ in range(5):
        right(await lab.poll())
        assert lab.gets == 0


UP = {1: "up"}
ONLY_UP = replace(
    PORTS,
    name="only up",
    filters=(Filter(f"{ENTRY}.8", ("1.3.6.1.2.1.2", "1.3.6.1.2.1.31.1.1"), ("^up$",), "whole", UP),),
)
STOCK_FILTER = replace(
    PORTS,
    name="stock filter",
    walk=(f"{MORE}.1", f"{MORE}.18", f"{ENTRY}.8", f"{ENTRY}.10", f"{ENTRY}.14", f"{MORE}.6", f"{MORE}.10"),
    filters=(Filter(f"{ENTRY}.8", (f"{ENTRY}.10",), ("1",)),),
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "ttl"),
    [(PORTS, TTL), (PORTS, 0.0), (ONLY_UP, TTL), (ONLY_UP, 0.0), (STOCK_FILTER, TTL), (STOCK_FILTER, 0.0)],
)
async def test_a_change_within_a_poll_discards_the_cycle(module: Module, ttl: float) -> None:
    """Renumbered between names and counters: read once more, from the beginning."""
    for polls, packet in itertools.product((0, 1, 2, 5), (2, 3, 4, 5, 6)):
        lab = Lab(module, ttl=ttl)
        for _ in range(polls):
            await lab.poll()
        left = [packet]

        def busy(switch: Switch, packet: bytes, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                switch.renumber()
                switch.changed = switch.ticks

        lab.switch.busy = busy
        columns = await lab.poll()
        right(columns)
        assert INCOMPLETE.name not in columns, polls
        right(await lab.poll())


async def test_a_device_that_changes_all_the_time_is_served_and_marked() -> None:
    lab = Lab()

    def busy(switch: Switch, packet: bytes) -> None:
        switch.changed = (switch.changed or 0) + 1

    lab.switch.busy = busy
    packets = []
    for _ in range(4):
        columns = await lab.poll()
        packets.append(len(lab.asked))
        assert {row[1] for row in columns[INCOMPLETE.name].rows.values} == {"changed"}
        right(columns)
    assert packets[-1] < packets[0], "once is enough: asking twice each time would be in vain"
    lab.switch.busy = lambda switch, packet: None
    for _ in range(3):
        columns = await lab.poll()
    right(columns)
    assert INCOMPLETE.name not in columns
    assert not lab.names_read


async def test_signs_share_a_packet_with_single_values() -> None:
    lab = Lab(PORTS, BOOTED)
    columns = await lab.settled()
    assert (lab.gets, lab.along) == (0, 1)
    assert columns["sysUpTime"].values[0] == pytest.approx(
        lab.switch.uptime + 100 * (lab.wire.clock.now - 1000), abs=10
    )
    assert len(columns["sysUpTime"].values) == 1
    walked = Module("walked", walk=("1.3.6.1.2.1.1",), metrics=BOOTED.metrics)
    lab = Lab(PORTS, walked)
    for _ in range(3):
        columns = await lab.poll()
        assert len(columns["sysUpTime"].values) == 1


async def test_a_device_without_signs_has_names_read_each_time() -> None:
    lab = Lab()
    values = lab.switch.values
    lab.switch.values = lambda: {k: v for k, v in values().items() if k not in (UPTIME, BOOTS, CHANGE)}  # type: ignore[method-assign]
    for _ in range(5):
        columns = await lab.poll()
        right(columns)
        assert INCOMPLETE.name not in columns
    lab.switch.renumber()
    right(await lab.poll())


async def test_a_device_that_is_mute_about_its_signs_loses_nothing_else() -> None:
    class Deaf(Exception):
        pass

    lab = Lab()
    await lab.settled()

    def busy(switch: Switch, packet: bytes) -> None:
        if message.read(packet).pdu == 0xA0:
            raise Deaf

    answer = lab.switch.answer

    def deaf(packet: bytes) -> list[bytes]:
        try:
            return answer(packet)
        except Deaf:
            return []

    lab.switch.busy = busy
    lab.switch.answer = deaf  # type: ignore[method-assign]
    lab.wire.timeout = 120.0
    columns = await lab.poll()
    right(columns)
    assert INCOMPLETE.name not in columns


async def test_no_time_to_see_whether_names_still_hold_is_a_timeout() -> None:
    lab = Lab()
    await lab.settled()
    lab.wire.memory(Memory).learned.doubt_non_repeaters()
    lab.wire.timeout = 10.0
    ended = []

    async def udp(dialogue: Any, carry: Any = lab.wire.udp) -> None:
        send = dialogue.send

        def until_signs() -> bytes | None:
            packet = send()
            if packet is not None and message.read(packet).pdu == 0xA0:
                lab.wire.clock.now += 100
                dialogue.expire("timeout")
                ended.append(True)
                return None
            return packet

        dialogue.send = until_signs
        await carry(dialogue)

    end = lab.wire.clock.now + 60 + 10
    lab.wire.udp = udp
    type(lab.wire).deadline = property(lambda self: end)
    try:
        with pytest.raises(PollError):
            await lab.poll()
    finally:
        type(lab.wire).deadline = property(lambda self: self.clock.now + self.timeout)
    assert ended


@pytest.mark.parametrize("device_class", ["fragile", "clinical"])
async def test_a_delicate_device_is_asked_for_listed_values_only(device_class: DeviceClass) -> None:
    both = replace(PORTS, name="both", get=BOOTED.get, metrics=(*PORTS.metrics, *BOOTED.metrics))
    lab = Lab(both, device_class=device_class)
    for _ in range(3):
        await lab.poll(300)
        assert lab.names == [ber.encode_oid(UPTIME)]


async def test_what_each_module_knows_is_its_own() -> None:
    """A module that is asked more rarely learns of what moved between."""
    rare = replace(PORTS, name="rare", walk=PORTS.walk[1:], metrics=PORTS.metrics[3:5])
    lab = Lab(PORTS, rare)
    both = lab.targets
    for _ in range(4):
        await lab.poll()
    lab.targets = both[:1]
    lab.switch.renumber()
    lab.switch.changed = 4711
    right(await lab.poll())
    assert not (await lab.poll() and lab.names_read)
    lab.targets = both[1:]
    columns = await lab.poll()
    assert [sum(row[1].encode()) for row in columns["ifHCInOctets"].rows.values] == list(columns["ifHCInOctets"].values)


async def test_rows_that_come_and_go_all_the_time_have_names_read_all_the_time() -> None:
    lab = Lab(changed=None)
    await lab.settled()
    packets = []
    for n in range(40):
        lab.switch.ports = {i: name for i, name in lab.switch.ports.items() if i <= 30} | {40 + n: f"call {n}"}
        right(await lab.poll())
        packets.append(len(lab.asked))
    plain = Lab(changed=None, ttl=0.0)
    for _ in range(4):
        await plain.poll()
    assert sum(packets[-17:]) < 2 * 17 * len(plain.asked), "signs cost a packet; nothing is read twice each time"


async def test_a_word_that_may_not_be_shown_any_more_is_gone_with_the_next_poll() -> None:
    lab = Lab()
    lab.switch.ports[3] = "smith"
    columns = await lab.settled()
    assert 'ifName="smith"' in columns["ifInOctets"].rows.text[2]
    lab.wire.common(Screen).load(Privacy(words=("Smith",)))
    columns = await lab.poll()
    assert 'ifName="[removed]"' in columns["ifInOctets"].rows.text[2]
    assert "smith" not in "".join(text for column in columns.values() for text in column.rows.text)
    lab.wire.common(Screen).load(Privacy(words=("Smith",)))
    for _ in range(2):
        await lab.poll()
    assert not lab.names_read, "the same words anew are nothing new"
