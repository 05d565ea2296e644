"""Sample for sample what the real snmp_exporter said: name, labels, value and type (CONTRACTS 2 and 3)."""

from __future__ import annotations

from functools import cache, lru_cache

import pytest

from collector.wire.snmp.columns import Interned, Sheet
from collector.wire.snmp.dialogue import Survey
from collector.wire.snmp.habits import Learned
from collector.wire.snmp.plan import Plan, compile, problems
from collector.wire.snmp.speech import Community
from tests.collector.wire.snmp import stock
from tests.collector.wire.snmp.agents import Agent, Clock, available, converse, recording
from tests.collector.wire.snmp.faulty import LIMITS

UNLIKE_TABLES = {("UPS_ingrasys-power-switch", "ups_mib")}
"""One column holds values of two types: that is not read abreast."""


LARGE = {"network_appliance_cisco-unknown-01", "network_switch_h3c-e528-1", "network_switch_h3c-wx6103"}
"""Recordings of 100,000 values and more, which take seconds to be parsed."""
PAIRS = [
    pytest.param(device, name, marks=pytest.mark.slow if device in LARGE else ())
    for device, name in stock.golden_pairs()
]


@lru_cache(maxsize=1)  # pairs come device by device, and thirty recordings are half a gigabyte
def agent(device: str) -> Agent:
    return Agent(recording(available()[device]))


@cache
def plan_of(name: str) -> Plan:
    return compile(stock.modules()[name])


def test_the_golden_files_are_beside_the_repository_or_said_to_be_missing() -> None:
    if not stock.FOLDER.exists():
        print(f"no {stock.FOLDER}: nothing to compare with")
    assert bool(stock.golden_pairs()) == stock.FOLDER.exists()


@pytest.mark.parametrize("polls", [1, 6])
@pytest.mark.parametrize(("device", "name"), PAIRS)
def test_says_what_snmp_exporter_said(device: str, name: str, polls: int) -> None:
    """At the first poll, and when replies have grown and columns are read abreast."""
    plan = plan_of(name)
    clock, learned = Clock(), Learned()
    for _ in range(polls):
        survey = Survey(plan, Community(2, b"public"), LIMITS, learned, clock)
        converse(survey, agent(device).answer, clock)
    assert learned.setbacks == (polls > 1 and (device, name) in UNLIKE_TABLES)
    sheet = Sheet(plan, survey.harvest, Interned())
    ours: dict[stock.Series, float] = {}
    types: dict[str, str] = {}
    for column in sheet.columns():
        family = column.family
        types[family.name] = family.type
        for values, value in zip(column.rows.values, column.values, strict=True):
            labels = frozenset((n, v) for n, v in zip(column.rows.names, values, strict=True) if v)
            assert (family.name, labels) not in ours
            ours[family.name, labels] = value
    theirs, their_types = stock.golden(device, name)
    absent = stock.left_out().get(name, set())
    ours = {key: value for key, value in ours.items() if key[0].removesuffix("_info") not in absent}
    assert ours == theirs
    assert {family: kind for family, kind in types.items() if family.removesuffix("_info") not in absent} == their_types
    assert survey.incomplete == {}
    assert sheet.duplicates == {}


@pytest.mark.parametrize("name", stock.modules() if stock.FOLDER.exists() else ())
def test_every_stock_module_compiles(name: str) -> None:
    module = stock.modules()[name]
    assert list(problems(module)) == []
    plan = compile(module)
    assert len(plan.series) == len({metric.oid for metric in module.metrics})
    assert plan.gets or plan.roots
