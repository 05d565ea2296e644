"""What is used of each resource, what is shown of a forecast, and whom it tells."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from collector.capacity import RESOURCES, Limits
from collector.cli import rulefiles
from collector.services import Catalogue, Leaf, Node, Service
from dashboards import names
from dashboards.capacity import files
from dashboards.rules import used
from dashboards.rules.alerts import Places
from dashboards.timing import Timing
from tests.dashboards.filling import OFTEN, judge
from tests.dashboards.promtool import Case, catalogue

ALERT = "CapacityForecastFull"


def service(name: str, device: str, **said: Any) -> Service:
    return Service(name, name.upper(), Node(1, (Leaf(device, "up", device), Leaf("other", "up"))), **said)


PROMISED = catalogue(service("epr", "s1"), service("mail", "s1"), service("files", "s2"))


def held(series: str, value: float) -> tuple[str, str]:
    return series, f"{value}x60"


def is_used(resource: str, instance: str, item: str = "") -> str:
    more = f', item="{item}"' if item else ""
    return f'{{__name__="capacity:used:ratio", instance="{instance}"{more}, resource="{resource}"}}'


def sources() -> Case:
    disk = 'instance="s1", device="sda", mountpoint="/", fstype="%s", job="node"'
    storage = 'instance="w1", hrStorageIndex="1", hrStorageDescr="%s", hrStorageType="1.3.6.1.2.1.25.2.1.%d"'
    volume = 'instance="n1", dfIndex="1", dfFileSys="%s"'
    made: dict[str, float] = {}
    for mount in (disk % "ext4", (disk % "tmpfs").replace("/", "/run")):
        made |= {
            f"node_filesystem_size_bytes{{{mount}}}": 1000,
            f"node_filesystem_avail_bytes{{{mount}}}": 250,
            f"node_filesystem_readonly{{{mount}}}": 0,
        }
    cd = (disk % "ext4").replace('mountpoint="/"', 'mountpoint="/mnt"')
    made |= {f"node_filesystem_size_bytes{{{cd}}}": 1, f"node_filesystem_avail_bytes{{{cd}}}": 0}
    made |= {f"node_filesystem_readonly{{{cd}}}": 1}
    for descr, kind_of, size in (("C:", 4, 100), ("Physical memory", 2, 100), ("/run", 4, 100), ("D:", 4, -5)):
        made |= {f"hrStorageUsed{{{storage % (descr, kind_of)}}}": 40}
        made |= {f"hrStorageSize{{{storage % (descr, kind_of)}}}": size}
    for name, filled in (("/vol/a/", 30), ("/vol/a/.snapshot", 300)):
        made |= {f"df64UsedKBytes{{{volume % name}}}": filled, f"df64TotalKBytes{{{volume % name}}}": 100}
    made |= {'ifsAvailableBytes{instance="i1"}': 20, 'ifsTotalBytes{instance="i1"}': 80}
    pool = '{instance="o1", hwInfoStoragePoolID="0", hwInfoStoragePoolName="fast"}'
    made |= {f"hwInfoStoragePoolFreeCapacity{pool}": 10, f"hwInfoStoragePoolTotalCapacity{pool}": 40}
    made |= {'node_memory_MemAvailable_bytes{instance="s1"}': 30, 'node_memory_MemTotal_bytes{instance="s1"}': 40}
    made |= {'node_nf_conntrack_entries{instance="s1"}': 1, 'node_nf_conntrack_entries_limit{instance="s1"}': 4}
    scope = '{instance="d1", subnetAdd="10.1.0.0"}'
    made |= {f"noAddInUse{scope}": 150, f"noAddFree{scope}": 50}
    made |= {'wardwatch_ups_load_ratio{instance="u1", line="2", device_kind="ups"}': 0.5}
    case = Case("each source", dict(held(*each) for each in made.items()))
    return case.look(
        "8m", "capacity:used:ratio",
        (is_used("address_pool", "d1", "10.1.0.0"), 0.75), (is_used("conntrack", "s1"), 0.25),
        (is_used("filesystem", "n1", "/vol/a/"), 0.3), (is_used("filesystem", "s1", "/"), 0.75),
        (is_used("filesystem", "w1", "C:"), 0.4), (is_used("memory", "s1"), 0.25),
        (is_used("storage_pool", "i1"), 0.75), (is_used("storage_pool", "o1", "fast"), 0.75),
        (is_used("ups_load", "u1", "2"), 0.5),
    )  # fmt: skip


def ports() -> Case:
    """Twelve, of which two are no ports and seven are up; one has none up; a server with three is no switch."""
    made: dict[str, float] = {}
    for instance, count in (("sw1", 12), ("sw2", 8), ("s1", 3)):
        for index in range(1, count + 1):
            port = f'{{instance="{instance}", ifIndex="{index}", ifName="p{index}"}}'
            made[f"ifOperStatus{port}"] = 1 if instance != "sw2" and (index <= 7 or index > 10) else 2
    made |= {f'wardwatch:port_virtual{{instance="sw1", ifIndex="{index}"}}': 1 for index in (11, 12)}
    case = Case("ports", dict(held(*each) for each in made.items()))
    return case.look("8m", "capacity:used:ratio", (is_used("ports", "sw1"), 0.7), (is_used("ports", "sw2"), 0))


def bandwidth() -> Case:
    """3 GB in four minutes are 100 Mbit/s. Of a switch what leads to another, of a router everything that is real."""
    made: dict[str, str] = {}
    for instance, kind, index, out in (
        ("sw1", "access-switch", 1, 2), ("sw1", "access-switch", 2, 1), ("r1", "router", 1, 0), ("r1", "router", 9, 0),
    ):  # fmt: skip
        port = f'{{instance="{instance}", ifIndex="{index}", ifName="p{index}", device_kind="{kind}"}}'
        made[f"ifHCInOctets{port}"] = "0+750000000x240"
        made[f"ifHCOutOctets{port}"] = f"0+{750000000 * out}x240"
        made[f"ifHighSpeed{port}"] = "1000x240"
    made['wardwatch:port_virtual{instance="r1", ifIndex="9"}'] = "1x240"
    made['wardwatch_equipment_uplink_info{instance="sw1", ifIndex="1", ifName="p1", by="neighbour"}'] = "1x240"
    case = Case("bandwidth", made)
    return case.look(
        "8m", "round(capacity:used:ratio, 0.001)",
        ('{instance="r1", item="p1", resource="bandwidth"}', 0.1),
        ('{instance="sw1", item="p1", resource="bandwidth"}', 0.2),
    )  # fmt: skip


@pytest.mark.parts
def test_each_source_gives_what_is_used(part: Callable[[str], Path], tmp_path: Path) -> None:
    assert judge(part("promtool"), tmp_path, OFTEN, [sources(), ports()]) == ""
    # Counters need several samples in five minutes.
    assert judge(part("promtool"), tmp_path, OFTEN, [bandwidth()], every="1m") == ""


def forecast(central: str, low: str, resource: str = "filesystem", instance: str = "s1") -> Mapping[str, str]:
    of = f'resource="{resource}", instance="{instance}", item="/data"'
    return {
        f'capacity:hourly:days_to_full{{bound="central", {of}}}': central,
        f'capacity:hourly:days_to_full{{bound="low", {of}}}': low,
        f'capacity:hourly:days_to_full{{bound="high", {of}}}': "3650x200",
    }


NOBODYS = {"owner": "nobody", "key_property": "effectiveness"}


def told(central: int, instance: str = "s1", resource: str = "filesystem", **labels: str) -> Any:
    says = f"{resource} /data of {instance} reaches its limit in {central} days if it goes on as in the last 14 and 42 "
    says += "days, and may do so within 30."
    labels = NOBODYS | labels
    return {
        "exp_labels": {"severity": "warning", "resource": resource, "instance": instance, "item": "/data", **labels},
        "exp_annotations": {
            "summary": "Something will be full before it can be made larger.",
            "description": says,
            "runbook_url": f"{Places().runbooks}/{ALERT}",
            "dashboard_url": f"{Places().grafana}/d/wardwatch-device?var-instance={instance}",
        },
    }


INFO = {
    f'{names.SCRAPED_CONTACT}{{instance="s1", owner="apps", service="epr", key_property="safety"}}': "1x200",
    'service:agreed{service="epr"}': "0x200",
    'service:agreed{service="mail"}': "1x200",
    'capacity:used:ratio{resource="filesystem", instance="s1", item="/data"}': "0.5x200",
    'up{instance="s1", site="north", location="A 1", job="node"}': "1x200",
    'up{instance="s1", site="north", location="A 1", job="device"}': "1x200",
}


def fires() -> Case:
    """20 days at the earliest: told after an hour, to the owner of the device's service; ends with it."""
    case = Case("fires and resolves", INFO | forecast("60x30 200x60", "20x30 200x60"))
    case.alert("56m", ALERT)
    case.alert("64m", ALERT, told(60, owner="apps", service="epr", key_property="safety", site="north", location="A 1"))
    # s1 is of two services, and owed while one of them is.
    case.look("56m", "capacity:agreed", ('{__name__="capacity:agreed", instance="s1"}', 1))
    return case.alert("128m", ALERT)


def silent() -> Case:
    """Not so soon at the earliest, not so soon altogether, or full, and another alert says so."""
    series = (
        forecast("60x60", "31x60") | forecast("91x60", "10x60", instance="s2")
        | forecast("0.001x60", "0.001x60", "ups_load", instance="u1")
        | {'ALERTS{alertname="UpsLoadHigh", alertstate="firing", instance="u1", severity="warning"}': "1x60"}
    )  # fmt: skip
    return Case("silent", series).alert("3h", ALERT)


def full() -> Case:
    """Nobody else says of addresses that there are none left."""
    case = Case("a full pool", forecast("0.001x60", "0.001x60", "address_pool", "d1"))
    return case.alert("3h", ALERT, told(0, "d1", "address_pool"))


def missing() -> Case:
    """The last hour's record holds for two hours and ten minutes, then nothing is said."""
    case = Case("without data", forecast("60x20 _x60", "20x20 _x60"))
    case.alert("200m", ALERT, told(60)).alert("216m", ALERT)
    return case.look("216m", "capacity:days_to_full")


@pytest.mark.parts
def test_who_is_told_of_what_fills_up(part: Callable[[str], Path], tmp_path: Path) -> None:
    assert judge(part("promtool"), tmp_path, OFTEN, [fires(), silent(), full(), missing()], PROMISED) == ""


@pytest.mark.parts
def test_limits_of_a_site_and_headroom(part: Callable[[str], Path], tmp_path: Path) -> None:
    peak = 'capacity:hourly:ratio_p95{window="7d", resource="bandwidth", instance="x", item="1"}'
    case = Case("limits", {peak: "0.3x60"} | forecast("20x60", "5x60"))
    wanted = '{__name__="capacity:headroom:ratio", instance="x", item="1", resource="bandwidth"}'
    case.look("8m", "capacity:headroom:ratio", (wanted, 0.5)).alert("3h", ALERT)
    limits = Limits(Limits().full | {"bandwidth": 0.6}, days=15, earliest=7)

    assert judge(part("promtool"), tmp_path, OFTEN, [case], limits=limits) == ""


@pytest.mark.parts
@pytest.mark.parametrize("scale", [1, 60])
def test_promtool_finds_nothing_to_say(part: Callable[[str], Path], tmp_path: Path, scale: int) -> None:
    hostile = catalogue(service('") or vector(1) or ("', "a|b.*(c)"), service("{{ $labels.x }}", "new\nline"))
    for nth, promised in enumerate((Catalogue(), PROMISED, hostile)):
        paths = rulefiles.write(files(promised, timing=Timing(scale)), tmp_path / str(nth))
        words: list[str | Path] = [part("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *paths]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_resource_is_measured_and_says_where_its_limit_comes_from() -> None:
    measured = {rule.labels["resource"] for rule in used.used_rules(Timing()) if rule.labels}

    assert measured == set(RESOURCES) == set(Limits().full)
    assert all(each.source and each.what for each in RESOURCES.values())
