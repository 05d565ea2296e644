"""Modules that list columns one by one: names are known as where a table is walked (RELIABILITY F14)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from collector.model import INCOMPLETE
from collector.wire.snmp import ber, lean, message
from collector.wire.snmp.module import Index, Lookup, Metric, Module
from collector.wire.snmp.plan import compile
from tests.collector.network.test_cycle import (
    ALIASES,
    BOOTED,
    ENTRY,
    MORE,
    NAMED,
    NAMES,
    PORT,
    PORTS,
    Lab,
    Switch,
    plain,
    reboot,
    right,
)
from tests.collector.wire.snmp.agents import integer, octets

WISE = replace(PORTS, name="wise", walk=tuple(metric.oid for metric in PORTS.metrics))
BARE = replace(WISE, name="bare", metrics=tuple(replace(metric, lookups=()) for metric in WISE.metrics))
COUNTERS = Module(
    "counters", walk=(f"{ENTRY}.10", f"{MORE}.1", f"{MORE}.6"), metrics=(PORTS.metrics[0], PORTS.metrics[3])
)
ERRORS = Module("errors", walk=(f"{ENTRY}.14", f"{MORE}.1"), metrics=(PORTS.metrics[1],))


def began(lab: Lab, column: str) -> int:
    """Questions of the last poll in which a column was asked for from its beginning."""
    return lab.names.count(ber.encode_oid(column))


async def test_names_are_known_and_not_read_again() -> None:
    lab, whole = Lab(WISE), Lab(PORTS)
    first = await lab.poll()
    await lab.settled()
    with_tables = await whole.settled()
    for _ in range(5):
        columns = await lab.poll()
        right(columns)
        assert plain(columns) == plain(first) == plain(with_tables)
        assert not any(name.startswith((NAMES, ALIASES)) for name in lab.names)
    assert len(lab.asked) == 2, "a GETBULK for each table, the signs along with the last one"


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(lambda switch: setattr(switch, "changed", 4711), id="ifTableLastChange"),
        pytest.param(reboot, id="sysUpTime went back"),
        pytest.param(lambda switch: setattr(switch, "boots", 4), id="snmpEngineBoots"),
    ],
)
async def test_a_table_that_was_renumbered_is_read_whole_in_the_same_poll(what: Callable[[Switch], None]) -> None:
    lab = Lab(WISE)
    await lab.settled()
    lab.switch.renumber()
    what(lab.switch)
    right(await lab.poll())
    assert lab.names_read
    right(await lab.poll())
    assert not lab.names_read


async def test_names_are_read_again_when_their_time_is_over() -> None:
    lab = Lab(WISE, ttl=300.0)
    await lab.settled()
    lab.switch.ports[3] = "renamed"
    assert any(['ifName="renamed"' in (await lab.poll())["ifInOctets"].rows.text[2] for _ in range(6)])


async def test_a_change_within_a_poll_discards_the_cycle() -> None:
    for polls in (1, 5):
        lab = Lab(WISE)
        for _ in range(polls):
            await lab.poll()
        left = [2]

        def busy(switch: Switch, packet: bytes, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                switch.renumber()
                switch.changed = 4711

        lab.switch.busy = busy
        columns = await lab.poll()
        right(columns)
        assert INCOMPLETE.name not in columns, polls


@pytest.mark.parametrize("module", [WISE, BARE], ids=["named", "without labels"])
async def test_rows_that_come_or_go_are_seen_without_a_sign(module: Module) -> None:
    lab = Lab(module, changed=None)
    await lab.settled()
    lab.switch.ports |= {31: "new"}
    columns = await lab.poll()
    assert {len(columns[name].values) for name in ("ifInOctets", "ifName", "ifAlias")} == {31}
    for _ in range(3):
        await lab.poll()
    del lab.switch.ports[7]
    columns = await lab.poll()
    assert {len(columns[name].values) for name in ("ifInOctets", "ifName", "ifAlias")} == {30}


async def test_a_column_that_the_device_has_not_got_is_not_missed() -> None:
    lab = Lab(BARE, changed=None)
    values = lab.switch.values
    lab.switch.values = lambda: {k: v for k, v in values().items() if not k.startswith(f"{MORE}.18.")}  # type: ignore[method-assign]
    for _ in range(6):
        columns = await lab.poll()
        assert "ifAlias" not in columns
    assert not lab.names_read


@pytest.mark.parametrize(("module", "column", "name"), [(BARE, 18, "ifAlias"), (WISE, 1, "ifName")])
async def test_a_column_that_went_is_not_shown_from_memory(module: Module, column: int, name: str) -> None:
    lab = Lab(module)
    await lab.settled()
    values = lab.switch.values
    gone = f"{MORE}.{column}."
    lab.switch.values = lambda: {k: v for k, v in values().items() if not k.startswith(gone)}  # type: ignore[method-assign]
    lab.switch.changed = 4711
    for _ in range(3):
        assert name not in await lab.poll()
    assert not lab.names_read


async def test_two_modules_share_columns_and_names() -> None:
    lab = Lab(COUNTERS, ERRORS)
    await lab.settled()
    columns = await lab.poll()
    for name in ("ifInOctets", "ifHCInOctets", "ifInErrors"):
        rows = [dict(zip(columns[name].rows.names, row, strict=True)) for row in columns[name].rows.values]
        assert [sum(row["ifName"].encode()) for row in rows] == list(columns[name].values)
    assert (began(lab, f"{ENTRY}.10"), began(lab, f"{ENTRY}.14"), began(lab, f"{MORE}.1")) == (1, 1, 0)
    assert len(lab.asked) == 2, "columns of two modules in one GETBULK"


async def test_nothing_is_asked_that_is_not_listed() -> None:
    lab = Lab(WISE)
    lab.targets = [
        replace(each, device=replace(each.device, quirks=frozenset({"listed_oids_only"}))) for each in lab.targets
    ]
    listed = tuple(ber.encode_oid(oid) for oid in WISE.walk)
    for _ in range(5):
        right(await lab.poll())
        assert all(name.startswith(listed) for name in lab.names)
    assert lab.names_read
    assert max(len(list(message.varbinds(p, message.read(p)))) for p in lab.switch.packets) > 1


CALLS = Module(
    "calls",
    walk=("1.3.6.1.4.1.9.1.1.2", "1.3.6.1.4.1.9.1.1.3"),
    metrics=(
        Metric(
            "calls", "1.3.6.1.4.1.9.1.1.3", "gauge", "", (Index("call"),),
            (Lookup(("call",), "caller", "1.3.6.1.4.1.9.1.1.2", "DisplayString"),),
        ),
    ),
)  # fmt: skip


@pytest.mark.slow
async def test_a_module_whose_rows_come_and_go_does_not_have_anothers_names_read() -> None:
    lab = Lab(WISE, CALLS, changed=None)
    calls = {n: f"caller {n}" for n in range(5)}
    values = lab.switch.values

    def all_values() -> dict[str, bytes]:
        found = values()
        for call, name in calls.items():
            found |= {f"1.3.6.1.4.1.9.1.1.2.{call}": octets(name), f"1.3.6.1.4.1.9.1.1.3.{call}": integer(call)}
        return found

    lab.switch.values = all_values  # type: ignore[method-assign]
    await lab.settled()
    read = []
    for n in range(5, 45):
        calls = {**dict(list(calls.items())[1:]), n: f"caller {n}"}
        columns = await lab.poll()
        right(columns)
        assert [f"caller {int(v)}" for v in columns["calls"].values] == [row[1] for row in columns["calls"].rows.values]
        read.append(lab.names_read)
    assert sum(read) < len(read) / 4
    assert not any(read[-12:-1]) or sum(read[-16:]) <= 2


async def test_names_that_could_not_be_read_are_no_names() -> None:
    """The module's time was over before their turn had come."""
    lab = Lab(WISE, BOOTED)
    await lab.settled()
    lab.wire.timeout = 300.0
    lab.switch.renumber()
    lab.switch.changed = 4711
    asked = []

    def busy(switch: Switch, packet: bytes) -> None:
        names = [name for name, _, _ in message.varbinds(packet, message.read(packet))]
        if ber.encode_oid(f"{ENTRY}.10") in names:
            asked.append(packet)
            lab.wire.clock.now += 40 * (len(asked) == 2)  # when all is read once more

    lab.switch.busy = busy
    columns = await lab.poll()
    assert (f"{MORE}.1", "timeout") in list(columns[INCOMPLETE.name].rows.values)
    lab.switch.busy = lambda switch, packet: None
    right(await lab.poll())
    assert lab.names_read


def test_a_lookup_of_another_table_costs_no_packet_while_it_is_known() -> None:
    """dot3StatsTable has no names of its own."""
    errors = Metric("dot3StatsFCSErrors", "1.3.6.1.2.1.10.7.2.1.3", "counter", "", PORT, NAMED)
    module = Module("dot3", walk=(errors.oid, f"{MORE}.1"), metrics=(errors,))
    unit = lean.diet((module,)).roots[NAMES]
    assert (unit.tables, unit.skipped) == ((), frozenset({compile(module).columns.find(NAMES)}))
