"""A real Prometheus reads the right rate of a steady counter, alone or with another one beside it (HOUSE 4)."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from deploy.local import children
from tests.e2e.conftest import ROOT, Bring, Running, eventually, query

pytestmark = [pytest.mark.parts, pytest.mark.slow]

WINDOW = 60
"""Seconds over which the rate is read: twelve polls of 5 s."""

# Two devices whose counters grow by exactly 100 a second: one is scraped by the first server, the other by both.
INVENTORY = """
defaults: {class: it, site: test, auth: simulated, modules: [system, if_mib], port: 10816, interval: 5s, timeout: 3s}
devices:
  - {name: alone-1, address: 127.41.0.1}
  - {name: shared-1, address: 127.41.0.2}
"""
SIMULATOR = """
devices:
  alone-1: {plays: switch, ports: 8, steady: 100}
  shared-1: {plays: switch, ports: 8, steady: 100}
"""
COUNTERS = 'rate({__name__="ifHCInOctets", job="device"}[%ds])'


@pytest.fixture(scope="module")
def steady(bring: Bring, tmp_path_factory: pytest.TempPathFactory) -> Running:
    home = tmp_path_factory.mktemp("steady")
    source = home / "source"
    (source / "inventory").mkdir(parents=True)
    (source / "inventory" / "steady.yml").write_text(INVENTORY)
    (source / "simulator.yml").write_text(SIMULATOR)
    (source / "auths.yml").write_text("auths: {simulated: {version: 2, community: public}}\n")
    return bring(source, home)


@pytest.fixture(scope="module")
def servers(
    steady: Running, part: Callable[[str], Path], free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, int]]:
    """Two Prometheus servers with the project's configuration; the second scrapes nothing but shared-1."""
    shipped = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text().replace("10810", str(steady.port))
    shipped = re.sub(r"(?m)^rule_files:\n(?:  - .*\n)+", "", shipped)
    keep = "      - {source_labels: [instance], regex: shared-1, action: keep}\n"
    marked = "  - job_name: device\n" + shipped.partition("  - job_name: device\n")[2]
    only = shipped.replace(marked, marked.replace("    relabel_configs:\n", "    relabel_configs:\n" + keep, 1))
    assert only != shipped
    started, ports = [], []
    for name, text in (("first", shipped), ("second", only)):
        home = tmp_path_factory.mktemp(name)
        (home / "prometheus.yml").write_text(text)
        ports.append(free_port())
        words = [str(part("prometheus")), f"--config.file={home / 'prometheus.yml'}"]
        words += [f"--storage.tsdb.path={home / 'data'}", f"--web.listen-address=127.0.0.1:{ports[-1]}"]
        started.append(children.start(name, words, home / "log"))
        # Not at the same moment: two servers' scrapes fall at a steady distance from one another.
        time.sleep(1.7)
    yield ports[0], ports[1]
    assert children.stop(started) == []


def rates(port: int, instance: str) -> list[float]:
    found = query(port, COUNTERS % WINDOW)
    return [float(row["value"][1]) for row in found if row["metric"]["instance"] == instance]


def test_the_rate_of_a_steady_counter_is_right_with_one_server_and_with_two(servers: tuple[int, int]) -> None:
    first, second = servers
    for port, instance in ((first, "alone-1"), (first, "shared-1"), (second, "shared-1")):
        # The first scrape may be served what the agent polled shortly before anybody scraped: it stays outside.
        before = WINDOW + 20
        full = f'count_over_time(up{{instance="{instance}"}}[{before}s]) >= {before // 5 - 1}'
        eventually(f"a whole window of {instance}", 3 * WINDOW, partial(query, port, full), 1.0)

    # Several readings: one could be right by chance.
    for _ in range(5):
        for port, instance in ((first, "alone-1"), (first, "shared-1"), (second, "shared-1")):
            found = rates(port, instance)
            assert len(found) >= 8, f"{instance}: {len(found)} interfaces"
            assert min(found) >= 98, f"{instance}: {sorted(found)}"
            assert max(found) <= 102, f"{instance}: {sorted(found)}"
        time.sleep(3)


def test_labels_are_the_inventorys_and_none_was_in_the_way(servers: tuple[int, int]) -> None:
    found = query(servers[0], 'wardwatch_device_info{job="device"}')
    assert {row["metric"]["instance"] for row in found} == {"alone-1", "shared-1"}

    clashes = query(servers[0], '{__name__=~".+", exported_instance!=""} or {__name__=~".+", exported_job!=""}')
    assert clashes == []


def test_scrapes_come_as_often_as_the_device_says(servers: tuple[int, int]) -> None:
    """`/sd` sets the interval of each device; the job's own would be 15 s."""
    (row,) = query(servers[0], 'count_over_time(up{instance="alone-1"}[60s])')

    assert 11 <= int(row["value"][1]) <= 13


def test_the_host_is_scraped_too(servers: tuple[int, int]) -> None:
    (row,) = eventually("the host's load", 30, lambda: query(servers[0], 'node_load1{job="node"}'))

    assert float(row["value"][1]) >= 0
    (kernel,) = query(servers[0], 'node_uname_info{job="node"}')
    assert kernel["metric"]["release"] == os.uname().release
