"""Every page of the running example estate, read by Prometheus' own lint and by its Python client's parser."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.conftest import Running, eventually
from tests.exporters.exposition import parse

pytestmark = pytest.mark.slow  # the estate's fragile devices take half a minute to be read

INHERITED = Path(__file__).parent / "inherited.txt"
"""What promtool says about names that are not ours to choose: MIB objects and node_exporter's. `--update-golden`."""


@pytest.fixture(scope="module")
def pages(estate: Running) -> dict[str, str]:
    """Every page by device, the host's under the empty name, each read until its first polls are done."""
    devices = [group["labels"]["__param_device"] for group in estate.groups() if "__param_device" in group["labels"]]
    assert len(devices) >= 25
    found = {name: estate.page(name) for name in devices}
    late = [name for name, page in found.items() if "wardwatch_poll_success" in page and " NaN" in page]
    assert late == []
    return {"": eventually("the host's page", 15, lambda: loaded(estate.page())), **found}


def loaded(page: str) -> str:
    return page if "node_load1 " in page else ""


ABOUT_IT = {"wardwatch_device_info", "wardwatch_device_contact_info", "wardwatch_dependency_down"}
"""What the inventory and the catalogue say of a device that nobody asks."""


@pytest.mark.parts
def test_promtool_says_nothing_that_is_not_listed(
    pages: dict[str, str], part: Callable[[str], Path], golden: Callable[[Path, str], None]
) -> None:
    said = defaultdict[str, set[str]](set)
    for name, page in pages.items():
        done = subprocess.run(
            [part("promtool"), "check", "metrics"], input=page, capture_output=True, text=True, timeout=60, check=False
        )
        # 3 is lint; anything else is a page that Prometheus could not read.
        assert done.returncode in (0, 3), f"{name}: {done.stdout}{done.stderr}"
        for line in (done.stdout + done.stderr).splitlines():
            metric, _, complaint = line.partition(" ")
            said[metric].add(complaint)

    # ifName is the label by which the port's own series are told, so it is written as they have it.
    excused = set[str]().union(*(said.pop(f"wardwatch_equipment_{what}_info", ()) for what in ("port", "uplink")))
    assert excused <= {"label names should be written in 'snake_case' not 'camelCase'"}
    ours = sorted(metric for metric in said if metric.startswith("wardwatch_"))
    assert ours == [], f"our own names have no excuse: {[(metric, said[metric]) for metric in ours]}"
    golden(INHERITED, "".join(f"{metric} {text}\n" for metric in sorted(said) for text in sorted(said[metric])))


def test_every_page_is_what_the_reference_parser_reads(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        seen = set[tuple[str, tuple[tuple[str, str], ...]]]()
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                assert key not in seen, f"{name}: twice: {key}"
                seen.add(key)
                assert not {"instance", "job"} & sample.labels.keys(), f"{name}: {sample}"
                assert sample.timestamp is None, f"{name}: {sample}"
        assert seen, name


def test_every_family_has_help_and_type_once_and_before_its_samples(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        types = re.findall(r"(?m)^# TYPE (\S+) ", page)
        assert len(types) == len(set(types)), name
        helps = re.findall(r"(?m)^# HELP (\S+) ", page)
        assert sorted(helps) == sorted(types), name


def test_every_device_of_class_it_is_up_and_has_more_than_our_own_series(
    estate: Running, pages: dict[str, str]
) -> None:
    for group in estate.groups():
        labels = group["labels"]
        if labels.get("device_class") != "it" or "__param_device" not in labels:
            continue
        page = pages[labels["__param_device"]]
        assert re.search(r"(?m)^wardwatch_device_up 1$", page), labels["instance"]
        assert re.search(r"(?m)^(if|hr|sys)[A-Z]", page), labels["instance"]


def test_the_time_servers_page_says_how_far_its_clock_is_and_that_it_answers(pages: dict[str, str]) -> None:
    page = parse(pages["time-1"].encode())
    assert page.value("probe_success", module="ntp") == 1
    assert abs(page.value("probe_ntp_offset_seconds", module="ntp")) < 0.5, "it is this machine's own clock"
    assert page.value("probe_ntp_stratum", module="ntp") == 2
    assert page.value("probe_ntp_leap", module="ntp") == 0
    assert int(page.value("probe_ntp_reach", module="ntp")) & 1


def test_each_page_says_how_its_snmp_is_protected(pages: dict[str, str]) -> None:
    level = re.compile(r'(?m)^wardwatch_snmp_security_level\{level="(\w+)"\} (\d)$')
    said = {name: level.findall(page) for name, page in pages.items()}
    assert said.pop("firewall-1") == [("authPriv", "3")]
    assert {tuple(levels) for levels in said.values()} == {(), (("v2c", "1"),)}


def test_clinical_devices_are_listed_and_left_alone(estate: Running, pages: dict[str, str]) -> None:
    passive = [g["labels"]["__param_device"] for g in estate.groups() if g["labels"].get("device_class") == "clinical"]
    assert passive
    for name in passive:
        names = set(re.findall(r"(?m)^([a-zA-Z_:][\w:]*)", pages[name]))
        assert {word for word in names if not word.startswith("wardwatch_equipment_")} == ABOUT_IT, name
