"""Filters of our own: whole indexes, whole tables, and no more packets than it takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.wire.snmp import ber, message
from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.habits import Learned, Limits
from collector.wire.snmp.module import Filter, Index, Lookup, Metric, Module
from collector.wire.snmp.plan import compile
from collector.wire.snmp.speech import Community
from tests.collector.wire.snmp.agents import Agent, Clock, converse, integer, octets
from tests.collector.wire.snmp.faulty import Stalls

PORTS, VLANS = "1.3.6.1.2.1.2.2", "1.3.6.1.2.1.17.7.1.4.5"
NAMES = "1.3.6.1.2.1.31.1.1.1"
BY_PORT = (Index("ifIndex", "gauge"),)
BY_BOTH = (Index("vlan", "gauge"), Index("port", "gauge"))
LOOK = (Lookup(("ifIndex",), "ifName", f"{NAMES}.1", "DisplayString"),)

TABLE = Module(
    "ports",
    walk=(PORTS, NAMES),
    metrics=(
        Metric("ifInOctets", f"{PORTS}.1.10", "counter", "", BY_PORT, LOOK),
        Metric("ifOutOctets", f"{PORTS}.1.16", "counter", "", BY_PORT, LOOK),
        Metric("ifOperStatus", f"{PORTS}.1.8", "gauge", "", BY_PORT, LOOK, enum_values={1: "up", 2: "down"}),
        Metric("ifAlias", f"{NAMES}.18", "DisplayString", "", BY_PORT, LOOK),
    ),
)


def ports(count: int) -> dict[str, bytes]:
    values = {}
    for row in range(1, count + 1):
        for column in (8, 10, 16):
            values[f"{PORTS}.1.{column}.{row}"] = integer(column * 1000 + row) if column > 8 else integer(1 + row % 2)
        values[f"{NAMES}.1.{row}"] = octets(f"Gi{row}")
        values[f"{NAMES}.18.{row}"] = octets("uplink" if row in (3, 7) else "ward")
    return values


def asked(agent: Agent) -> list[tuple[int, list[str]]]:
    """Kind and names of each question."""
    return [
        (head.pdu, [ber.dotted(name) for name, _, _ in message.varbinds(packet, head)])
        for packet, head in zip(agent.questions, agent.asked, strict=True)
    ]


def poll(module: Module, agent: Agent, learned: Learned | None = None) -> tuple[dict[str, dict[str, float]], Survey]:
    """Values by label text and metric."""
    plan, clock = compile(module), Clock()
    survey = Survey(plan, Community(2, b"public"), Limits(), learned or Learned(), clock)
    converse(survey, agent.answer, clock)
    columns = Sheet(plan, survey.share(0).harvest, Interned()).columns()
    return {c.family.name: dict(zip(c.rows.text, c.values, strict=True)) for c in columns}, survey


def narrowed(*filters: Filter, of: Module = TABLE) -> Module:
    return replace(of, name=f"narrowed {hash(filters)}", filters=filters)


ALIAS = Filter(f"{NAMES}.18", (PORTS, NAMES), ("^uplink$",), "whole")


def test_a_table_as_target_narrows_all_its_columns_lookups_included() -> None:
    agent = Agent(ports(40))
    found, _ = poll(narrowed(ALIAS), agent)
    three, seven = '{ifIndex="3",ifName="Gi3"}', '{ifIndex="7",ifName="Gi7"}'
    assert found == {
        "ifInOctets": {three: 10003, seven: 10007},
        "ifOutOctets": {three: 16003, seven: 16007},
        "ifOperStatus": {three: 2, seven: 2},
        "ifAlias": {'{ifAlias="uplink",ifIndex="3",ifName="Gi3"}': 1, '{ifAlias="uplink",ifIndex="7",ifName="Gi7"}': 1},
    }
    gets = [names for kind, names in asked(agent) if kind == 0xA0]
    assert len(gets) == 1, "many rows and columns in one question"
    assert len(gets[0]) == 8, "four columns, two rows; the filter's own column was read already"
    walked = {names[0].rpartition(".")[0] for kind, names in asked(agent) if kind == 0xA5}
    assert walked <= {NAMES, f"{NAMES}.18"}, "and nothing else is walked"


def test_many_rows_are_asked_in_frames() -> None:
    values = ports(300) | {f"{NAMES}.18.{row}": octets("uplink") for row in range(1, 101)}
    agent = Agent(values)
    found, _ = poll(narrowed(ALIAS), agent)
    assert len(found["ifInOctets"]) == 101 - 1
    gets = [names for kind, names in asked(agent) if kind == 0xA0]
    assert sum(map(len, gets)) == 400
    assert max(map(len, gets)) == TABLE.max_repetitions, "as many at a time as the module allows"
    assert len(gets) == 400 / TABLE.max_repetitions


def test_most_of_a_table_is_walked_and_the_rest_dropped() -> None:
    values = ports(40) | {f"{NAMES}.18.{row}": octets("uplink") for row in range(1, 31)}
    agent = Agent(values)
    found, _ = poll(narrowed(ALIAS), agent)
    assert {len(rows) for rows in found.values()} == {30}
    assert not [names for kind, names in asked(agent) if kind == 0xA0]


def test_what_lies_outside_the_targets_is_walked_as_ever() -> None:
    agent = Agent(ports(40))
    found, _ = poll(narrowed(replace(ALIAS, targets=(f"{PORTS}.1.10",))), agent)
    assert len(found["ifInOctets"]) == 2
    assert len(found["ifOutOctets"]) == len(found["ifAlias"]) == 40


def test_filters_on_one_target_must_all_agree_and_names_of_numbers_match() -> None:
    down = Filter(f"{PORTS}.1.8", (PORTS,), ("^down$",), "whole", {1: "up", 2: "down"})
    values = ports(40) | {f"{PORTS}.1.8.7": integer(1)}
    found, _ = poll(narrowed(ALIAS, down), Agent(values))
    assert list(found["ifInOctets"]) == ['{ifIndex="3",ifName="Gi3"}']
    assert len(found["ifAlias"]) == 2, "which only the first one narrows"
    assert list(poll(narrowed(replace(down, values=("^2$",))), Agent(values))[0]["ifInOctets"].values())[:2] == [
        10001.0,
        10003.0,
    ]


COMPOSITE = Module(
    "both",
    walk=(VLANS,),
    metrics=(
        Metric("column1", f"{VLANS}.1.1", "DisplayString", "", BY_BOTH),
        Metric("column2", f"{VLANS}.1.2", "gauge", "", BY_BOTH),
        Metric("perVlan", f"{VLANS}.2.1", "gauge", "", BY_BOTH[:1]),
    ),
)


def composite() -> dict[str, bytes]:
    values = {f"{VLANS}.2.1.{vlan}": integer(vlan) for vlan in (1, 300)}
    for vlan in (1, 300):
        for port in range(1, 21):
            values[f"{VLANS}.1.1.{vlan}.{port}"] = octets("in use" if (vlan, port) in ((300, 5), (1, 6)) else "free")
            values[f"{VLANS}.1.2.{vlan}.{port}"] = integer(1000 * vlan + port)
    return values


def test_a_composite_index_counts_as_a_whole() -> None:
    """snmp_exporter's issue 1687: its filters know the last number only, here the port."""
    used = Filter(f"{VLANS}.1.1", (f"{VLANS}.1",), ("in use",), "whole")
    found, _ = poll(narrowed(used, of=COMPOSITE), Agent(composite()))
    assert found["column2"] == {'{port="6",vlan="1"}': 1006, '{port="5",vlan="300"}': 300005}
    peers = Filter(f"{VLANS}.1.1", (f"{VLANS}.1.2",), ("in use",))
    found, _ = poll(narrowed(peers, of=replace(COMPOSITE, walk=())), Agent(composite()))
    assert found == {}, "and so asks for .5 and .6, which are no rows"


@pytest.mark.parametrize("vlans", [2, 40])
def test_a_row_may_be_the_beginning_of_several(vlans: int) -> None:
    values = {f"{VLANS}.2.1.{vlan}": integer(vlan % 2) for vlan in range(1, 2 * vlans + 1)}
    for vlan in range(1, 2 * vlans + 1):
        for port in (1, 2, 3):
            values[f"{VLANS}.1.2.{vlan}.{port}"] = integer(1000 * vlan + port)
    odd = Filter(f"{VLANS}.2.1", (f"{VLANS}.1",), ("^1$",), "whole")
    learned = Learned()
    for _ in range(3):  # from the third poll on several columns are read at a time
        found, _ = poll(narrowed(odd, of=COMPOSITE), Agent(values), learned)
    assert sorted(found["column2"].values()) == [1000 * v + p for v in range(1, 2 * vlans, 2) for p in (1, 2, 3)]
    assert len(found["perVlan"]) == 2 * vlans, "which is no target"


def test_a_filter_that_matches_nothing_leaves_nothing() -> None:
    agent = Agent(ports(40))
    found, survey = poll(narrowed(replace(ALIAS, values=("none",))), agent)
    assert found == {}
    assert survey.incomplete == {}
    assert {kind for kind, _ in asked(agent)} == {0xA5}


def test_rows_of_a_walk_that_was_cut_off_are_dropped_as_well() -> None:
    values = ports(400) | {f"{NAMES}.18.{row}": octets("uplink") for row in range(1, 301)}
    found, survey = poll(narrowed(ALIAS), Stalls(values, packets=30))
    assert survey.incomplete
    assert found
    for rows in found.values():
        indexes = [int(row.split('ifIndex="')[1].split('"')[0]) for row in rows]
        assert indexes
        assert max(indexes) <= 300
