"""Each minute of each service: owed or not, known or not, bad or not; to which month and hour it belongs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboards import names as n
from dashboards.promql import labelled, pattern, union
from dashboards.rule import Record
from dashboards.timing import Timing

FAMILIAR = "1h"
"""How long what the collector said last is believed: over a restart, not for a collector that is gone (KPIS 2.4)."""


def clock_rules(timing: Timing) -> Iterator[Record]:
    """Even or odd: the hour under way is then exactly the samples of one half in the last hour, without any state."""
    parity = f"vector(time() / {timing.hour})"
    counted = f'count_values("half", floor({parity}) % 2)'
    even = f'label_replace({counted}, "half", "even", "half", "0")'
    yield Record(n.HALF, f'label_replace({even}, "half", "odd", "half", "1")')


def promise_rules(timing: Timing) -> Iterator[Record]:
    """What the collector says, without `instance` and `job`, over its restarts."""
    familiar = timing.lasts(FAMILIAR)
    for name, scraped in (
        (n.AGREED, n.SCRAPED_AGREED),
        (n.MAINTENANCE, n.SCRAPED_MAINTENANCE),
        (n.USERS, n.SCRAPED_USERS),
    ):
        yield Record(name, f"max by (service) (last_over_time({scraped}[{familiar}]))")
    # Known without the collector too, by their objectives: one that is gone must not end what is said about a service.
    by_objective = f"(max by (service) ({n.SLOTH_OBJECTIVE}) >= bool 0)"
    yield Record(n.PROMISED, union((by_objective, f"({n.AGREED} >= bool 0)"), by="service"))
    # One month, one owner: of two collectors that disagree, one is believed. While none says anything what was
    # recorded a minute ago goes on, as long as minutes are counted or the service is promised.
    labels = ", ".join(n.INFO_LABELS)
    for name, scraped, by, those, none in (
        (n.MONTH, n.SCRAPED_MONTH, "month", n.AGREED, labelled(f"({n.AGREED} >= bool 0)", "month", "none")),
        (n.INFO, n.SCRAPED_INFO, labels, n.PROMISED, n.PROMISED),
    ):
        said = f"topk by (service) (1, max by (service, {by}) ({scraped}))"
        # Before the first scrape after a restart of Prometheus.
        last = f"topk by (service) (1, max by (service, {by}) (last_over_time({scraped}[{familiar}])))"
        before = f"({name} offset {timing.every} and on (service) {those})"
        yield Record(name, union((said, before, last, none), by="service"))
    yield Record(n.NOW, f"{n.MONTH} * on () group_left (half) {n.HALF}")


def known_rules(treeless: Sequence[str]) -> Iterator[Record]:
    """`treeless`: services of which only events tell how they are, so that nobody misses their state."""
    those = f"{n.PROMISED}{{service!~{pattern(treeless)}}}" if treeless else n.PROMISED
    yield Record(n.UNKNOWN, union((f"{n.UP} * 0", those), by="service"))
    yield Record(n.MEASURED, f"{n.AGREED} * (1 - {n.UNKNOWN})")
    # Absent where nobody knows: neither 0 nor 1.
    yield Record(n.BAD, f"{n.AGREED} * (1 - {n.UP})")


def incident_rules(timing: Timing) -> Iterator[Record]:
    """An incident begins with two bad evaluations and ends with five good minutes, agreed or not.

    So one that lasts over closing time is one. Its state is its own last sample, which an hour without Prometheus
    does not end.
    """
    before = f"last_over_time({n.INCIDENT}[{timing.lasts('1h')}] offset {timing.every})"
    begins = f"clamp_max(sum_over_time({n.BAD}[{timing.range('2m')}]) == 2, 1)"
    good = f"sum_over_time({n.UP}[{timing.range('5m')}]) == 5"
    goes_on = f"(({before} == 1) unless on (service) ({good}))"
    none = f"{n.UNKNOWN} * 0"
    yield Record(n.INCIDENT, union((begins, goes_on, none), by="service"))
    yield Record(n.BEGINS, f"{n.INCIDENT} > bool ({before}\nor on (service) {n.INCIDENT} * 0)")
