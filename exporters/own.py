"""The program's own few metrics, kept by prometheus-client, as columns: so they share the page, its order and its
promise that no series appears twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from collector.model import Column, Family, Kind, column, rows

if TYPE_CHECKING:  # importing prometheus-client takes 60 ms; who has a registry has paid them
    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import Collector

_KINDS: Mapping[str, Kind] = {
    "counter": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "summary": "summary",
    "info": "gauge",  # the last two are words of OpenMetrics; their samples are gauges
    "stateset": "gauge",
}


def columns(registry: Collector) -> Iterator[Column]:
    """All samples of a registry, one column per sample name and label names.

    `_created` is left out: it doubles the series of every counter, and Prometheus does not use it (CONTRACTS 14).
    """
    for metric in registry.collect():
        yield from _of(metric)


def _of(metric: Metric) -> Iterable[Column]:
    tables: dict[tuple[str, tuple[str, ...]], list[tuple[tuple[str, ...], float]]] = {}
    for sample in metric.samples:
        if sample.name.endswith("_created") and metric.type in ("counter", "histogram", "summary"):
            continue
        names = tuple(sample.labels)
        tables.setdefault((sample.name, names), []).append((tuple(sample.labels.values()), sample.value))
    kind = _KINDS.get(metric.type, "untyped")
    for (name, names), table in tables.items():
        over = rows(names, [values for values, _ in table])
        yield column(Family(name, metric.documentation, kind), over, [value for _, value in table])
