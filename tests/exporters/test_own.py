"""prometheus-client's metrics as columns."""

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info

from exporters.own import columns
from exporters.text import render
from tests.exporters.exposition import parse


def test_every_kind_comes_through_without_created_series() -> None:
    registry = CollectorRegistry()
    Counter("requests", "Requests.", ["code"], registry=registry).labels("200").inc(3)
    Gauge("temperature_celsius", "Temperature.", registry=registry).set(-1.5)
    Histogram("wait_seconds", "Wait.", buckets=(1, 2), registry=registry).observe(1.5)
    Info("build", "Build.", registry=registry).info({"version": "1"})
    Enum("state", "State.", states=["up", "down"], registry=registry).state("down")
    page = parse(render(columns(registry)).body)
    assert page.type == {
        "build_info": "gauge",
        "requests_total": "counter",
        "state": "gauge",
        "temperature_celsius": "gauge",
        "wait_seconds": "histogram",
    }
    assert page.value("requests_total", code="200") == 3
    assert page.value("temperature_celsius") == -1.5
    assert page.value("wait_seconds_bucket", le="2.0") == 1
    assert page.value("wait_seconds_sum") == 1.5
    assert page.value("build_info", version="1") == 1
    assert page.value("state", state="down") == 1
    assert not [name for name in page.names() if name.endswith("_created")]
