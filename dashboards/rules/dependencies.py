"""Services that suffer because one that they depend on does: its owner is woken, and theirs not as well."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards import names as n
from dashboards.rule import Record
from dashboards.rules.state import FAMILIAR
from dashboards.timing import Timing

CONFIRMS = "30m"
"""The longest of the short windows that confirm a page (KPIS 2.4): for so long after an outage it still pages."""


def dependency_rules(timing: Timing) -> Iterator[Record]:
    """Only while the dependency itself pages: otherwise nobody would be woken. What it depends on in turn may silence
    that, and so on, until one of them speaks; a cycle is refused by the configuration."""
    down = f"min_over_time({n.UP}[{timing.range(CONFIRMS)}]) == 0"
    pages = f'{n.BURNING}{{urgency="page"}}\nand on (service) {n.SOMEBODY_WAITS}\nand on (service) {down}'
    known = f"last_over_time({n.SCRAPED_DEPENDS}[{timing.lasts(FAMILIAR)}])"
    that = f'label_replace({pages},\n"dependency", "$1", "service", "(.+)")'
    yield Record(n.SERVICE_DEPENDENCY_DOWN, f"max by (service) ({known}\nand on (dependency) {that})")
