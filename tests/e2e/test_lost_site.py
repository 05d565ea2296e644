"""A real Prometheus tells of a lost site once: of what is nearest, with its owner, and of nothing behind it."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from deploy.local import children
from tests.e2e.conftest import ROOT, eventually, get, query

pytestmark = [pytest.mark.parts, pytest.mark.slow]

INVENTORY = """
defaults: {site: lost, auth: lab, modules: [system], port: 9, interval: 1s, timeout: 1s}
devices:
  - {name: core, address: 127.46.0.1, class: it, team: network}
  - {name: access-1, address: 127.46.0.2, class: it, parents: [core]}
  - {name: access-2, address: 127.46.0.3, class: it, parents: [core]}
  - {name: server, address: 127.46.0.4, class: it, parents: [access-1, access-2]}
  - {name: apart, address: 127.46.0.6, class: it, site: other}
"""
SERVICES = """
services:
  - {name: wards, owner: nobody, key_property: safety, components: [{device: core}, {device: apart}]}
"""
FIRED = (
    "count by (alertname, instance, owner, service, key_property) "
    '(count_over_time(ALERTS{alertstate="firing", device_class="it"}[5m]))'
)


@pytest.fixture
def prometheus(part: Callable[[str], Path], free_port: Callable[[], int], tmp_path: Path) -> Iterator[int]:
    """Of a collector whose devices are all silent, with the shipped configuration; hours take a minute."""
    config, collector, port = tmp_path / "config", free_port(), free_port()
    for name, text in (("inventory/site.yml", INVENTORY), ("services/wards.yml", SERVICES)):
        (config / name).parent.mkdir(parents=True)
        (config / name).write_text(text)
    (config / "auths.yml").write_text("auths: {lab: {version: 2, community: public}}\n")
    program = [sys.executable, "-m", "collector"]
    run = [*program, "run", "--config", str(config), "--web.listen-address", f"127.0.0.1:{collector}"]
    rules = [*program, "rules", "--config", str(config), "--out", str(tmp_path), "--scale", "60"]
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text().replace("10810", str(collector))
    text = re.sub(r"(?m)^rule_files:\n(?:  - .*\n)+", f"rule_files: [{tmp_path}/prometheus/*.yml]\n", text)
    (tmp_path / "prometheus.yml").write_text(re.sub(r"1[05]s$", "1s", text, flags=re.MULTILINE))
    words = [str(part("prometheus")), f"--config.file={tmp_path / 'prometheus.yml'}"]
    words += [f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    assert children.start("rules", rules, tmp_path / "rules.log").process.wait(60) == 0
    env = {"STATE_DIRECTORY": str(tmp_path)}
    started = [children.start("collector", run, tmp_path / "collector.log", env)]
    eventually("the collector is ready", 30, partial(get, f"http://127.0.0.1:{collector}/-/ready"))
    started.append(children.start("prometheus", words, tmp_path / "prometheus.log"))
    yield port
    assert children.stop(started) == []


def test_a_lost_site_is_told_of_once_and_another_device_as_well(prometheus: int) -> None:
    wards = {"alertname": "DeviceDown", "service": "wards", "key_property": "safety"}
    expected = [wards | {"instance": "apart", "owner": "nobody"}, wards | {"instance": "core", "owner": "network"}]

    eventually("both are told of", 60, lambda: len(query(prometheus, FIRED)) >= len(expected))
    time.sleep(6)  # longer than an alert has to hold
    told = [row["metric"] for row in query(prometheus, FIRED)]

    assert sorted(told, key=lambda each: each["instance"]) == expected
    behind = query(prometheus, "wardwatch_dependency_down == 1")
    assert {row["metric"]["instance"] for row in behind} == {"access-1", "access-2", "server"}
