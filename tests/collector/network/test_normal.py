"""Normalised names on the pages of recorded devices, whatever the vendor; and none of them on `/snmp`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from collector.config import Config, load
from collector.config.normal import DOMAINS
from collector.network.normal import fit
from collector.network.snmp import Snmp
from exporters.text import render
from tests.collector.network.recorded import poll, short
from tests.collector.network.test_recorded import CASES
from tests.collector.worlds import virtual

GOLDEN = Path(__file__).parent / "golden" / "normal"
NAMES = tuple(f"wardwatch_{domain}_" for domain in DOMAINS)

CONFIG: Config = load(None, environ={}, resolve=lambda name: name)
SHIPPED = {name: module for name, module in CONFIG.modules.items() if isinstance(module, Snmp)}
NORMAL = {
    name: replace(module, normal=made)
    for name, module in SHIPPED.items()
    if (made := fit(CONFIG.normal, module.module))
}
POWER = [(module, name) for module, name in CASES if module in NORMAL]


@pytest.mark.parametrize(("module", "name"), POWER)
def test_normalised(module: str, name: str, golden: Callable[[Path, str], None]) -> None:
    page = virtual(poll(NORMAL[module], name))
    made = [column for column in page if column.family.name.startswith(NAMES)]
    golden(GOLDEN / f"{module}@{name.replace('/', '-')}.txt", "".join(short(render(made).body.decode())))
    assert render(page).duplicates == 0, "each row reads differently"
    for column in made:
        if column.family.name.endswith("_ratio"):
            assert 0 <= min(column.values) <= max(column.values) <= 1.5, column.family
        if column.family.name.endswith("_celsius"):
            assert -40 <= min(column.values) <= max(column.values) <= 100, column.family


def test_each_golden_file_is_of_a_case() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {f"{m}@{name.replace('/', '-')}" for m, name in POWER}


def test_every_source_is_of_a_shipped_module_and_says_what_that_says() -> None:
    """Each is fitted by some module, and its states have the names that the modules give them."""
    fitted = {id(each.source) for module in NORMAL.values() for each in module.normal}
    for normal in CONFIG.normal:
        for source in normal.sources:
            assert id(source) in fitted, (normal.family.name, source.metric)
            conditions = [(source.metric, {**source.states, **source.unknown})]
            conditions += [(where.metric, dict(where.states)) for where in source.where]
            for metric, states in conditions:
                for module in SHIPPED.values():
                    for known in module.module.metrics:
                        if known.name == metric and known.enum_values:
                            assert states.items() <= dict(known.enum_values).items(), (normal.family.name, metric)


def test_every_module_that_gives_normalised_names_is_recorded() -> None:
    """`environment_scalars` asks for instances that the example estate alone has: tests/simulator polls those."""
    assert {module for module, _ in POWER} == set(NORMAL) - {"environment_scalars"}


def test_what_snmp_exporter_asks_for_has_none() -> None:
    assert all(module.normal == () for module in SHIPPED.values())
    page = virtual(poll(SHIPPED["apc_ups"], "apc-ups"))
    assert not [column for column in page if column.family.name.startswith(NAMES)]
