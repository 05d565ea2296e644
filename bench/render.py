"""`python -m bench.render`: 20,000 samples of 40 tables, columns against prometheus-client (HOUSE 5).

CPU time of this process, best of several rounds; the same samples for both. Promise: at least 12 times cheaper.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterable
from time import process_time

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from collector.model import Column, Family, Rows, column, rows
from exporters.encoding import compress
from exporters.text import render

PROMISE = 12.0
LABELS = ("ifAlias", "ifDescr", "ifIndex", "ifName")


def tables(count: int, width: int, size: int, seed: int) -> list[Column]:
    """`count` tables of `width` columns over `size` ports; counters of every length, one column in ten a reading."""
    draw = random.Random(seed)
    made = []
    for t in range(count):
        over = rows(LABELS, [("", f"GigabitEthernet{t}/0/{i}", str(i), f"Gi{t}/0/{i}") for i in range(size)])
        for c in range(width):
            if c % 10 == 9:
                values = [draw.randrange(150, 900) / 10 for _ in range(size)]
            else:
                values = [float(draw.randrange(10 ** draw.randrange(1, 14))) for _ in range(size)]
            family = Family(f"bench_{t:02d}_{c:02d}_total", "A column of the benchmark.", "counter")
            made.append(column(family, over, values))
    return made


class Peer(Collector):
    """The same samples as prometheus-client wants them: made anew for each scrape, as custom collectors do."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self._tables: list[tuple[Family, Rows, list[float]]] = [(c.family, c.rows, c.values.tolist()) for c in columns]

    def collect(self) -> Iterable[Metric]:
        for family, over, values in self._tables:
            metric = CounterMetricFamily(family.name, family.help, labels=over.names)
            for labels, value in zip(over.values, values, strict=True):
                metric.add_metric(labels, value)
            yield metric


def best(call: Callable[[], object], rounds: int) -> float:
    """Seconds of CPU of the cheapest round."""
    cheapest = float("inf")
    for _ in range(rounds):
        began = process_time()
        call()
        cheapest = min(cheapest, process_time() - began)
    return cheapest


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tables", type=int, default=40)
    options.add_argument("--columns", type=int, default=10)
    options.add_argument("--rows", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    columns = tables(chosen.tables, chosen.columns, chosen.rows, chosen.seed)
    registry = CollectorRegistry()
    registry.register(Peer(columns))
    body = render(columns).body
    samples = chosen.tables * chosen.columns * chosen.rows
    ours = best(lambda: render(columns), 30)
    rendered_only = list(registry.collect())
    ready = CollectorRegistry()
    ready.register(_Ready(rendered_only))
    peer = best(lambda: generate_latest(ready), 5)
    whole = best(lambda: generate_latest(registry), 5)
    gzip = best(lambda: compress(body), 30)
    shape = f"{chosen.tables} tables of {chosen.columns} columns and {chosen.rows} rows"
    print(f"{samples} samples, {shape}, {len(body)} bytes, seed {chosen.seed}, CPU of one core")
    print(f"{'':36}{'us/sample':>10}{'ratio':>8}")
    for name, seconds in (
        ("columns, rendered", ours),
        ("prometheus-client, rendered", peer),
        ("prometheus-client, made and rendered", whole),
    ):
        print(f"{name:36}{seconds / samples * 1e6:>10.3f}{seconds / ours:>8.1f}")
    print(f"gzip: {gzip * 1e3:.2f} ms, {len(compress(body))} bytes")
    kept = peer / ours >= PROMISE
    print(f"promise (at least {PROMISE:.0f} times cheaper): {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


class _Ready(Collector):
    """Metrics made beforehand, so that only rendering is measured: the peer's best case."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


if __name__ == "__main__":
    sys.exit(main())
