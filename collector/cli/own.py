"""What the program says of itself on `/metrics`, for prometheus-client."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from collector.agent import Agent

STEP = 1.0
"""Seconds between two looks at the event loop's lateness."""


class Reloads:
    """How loading the configuration went, under Prometheus' own names."""

    def __init__(self, wall: float) -> None:
        self.successful = True
        self.succeeded_at = wall
        self.digest = ""


class Lag:
    """How late the event loop is: the worst of the last look-outs, forgotten slowly."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def watch(self) -> None:
        """Look for ever."""
        loop = asyncio.get_running_loop()
        while True:
            planned = loop.time() + STEP
            await asyncio.sleep(STEP)
            self.seconds = max(loop.time() - planned, self.seconds * 0.98, 0.0)


_VERSION = version("wardwatch")
"""Looked up once: it reads and parses the package's metadata each time."""


class About(Collector):
    """The agent's figures at the moment they are asked for."""

    def __init__(self, agent: Agent, reloads: Reloads, lag: Lag) -> None:
        self._agent = agent
        self._reloads = reloads
        self._lag = lag
        self.state_failures = 0

    def collect(self) -> Iterator[Metric]:
        agent, reloads = self._agent, self._reloads
        build = GaugeMetricFamily("wardwatch_build_info", "1: what runs here.", labels=["version", "pythonversion"])
        build.add_metric([_VERSION, platform.python_version()], 1)
        yield build
        devices = GaugeMetricFamily("wardwatch_devices", "Devices by class and state.", labels=["class", "state"])
        for labels, number in sorted(agent.states().items()):
            devices.add_metric(labels, number)
        yield devices
        paused = GaugeMetricFamily("wardwatch_paused", "1: a person paused polling in this scope.", labels=["scope"])
        for scope in sorted(agent.shared.pauses.scopes):
            paused.add_metric([scope], 1)
        yield paused
        stuck = GaugeMetricFamily(
            "wardwatch_collector_stuck", "1: a call for this item of the host has not come back.", labels=["item"]
        )
        for item in agent.world.host.stuck():
            stuck.add_metric([item], 1)
        yield stuck
        yield _gauge("wardwatch_series", "Series kept of all devices and this host.", agent.series)
        yield _counter("wardwatch_stray_packets", "Datagrams that nobody waited for.", agent.world.strays)
        yield _counter("wardwatch_collector_bugs", "Polls that ended in a fault of the program.", agent.bugs)
        yield _counter("wardwatch_state_write_failures", "Times that state could not be written.", self.state_failures)
        yield _gauge("wardwatch_loop_lag_seconds", "How late the event loop was lately, at worst.", self._lag.seconds)
        yield _gauge(
            "wardwatch_config_last_reload_successful", "1: the last load of the configuration.", reloads.successful
        )
        yield _gauge(
            "wardwatch_config_last_reload_success_timestamp_seconds",
            "When the configuration in use was loaded.",
            reloads.succeeded_at,
        )
        config = GaugeMetricFamily("wardwatch_config_info", "1: the configuration in use.", labels=["sha256"])
        config.add_metric([reloads.digest], 1)
        yield config


def registry(about: About) -> CollectorRegistry:
    """The program's own metrics, with the usual `process_*` beside them."""
    made = CollectorRegistry()
    made.register(about)
    ProcessCollector(registry=made)
    return made


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)
