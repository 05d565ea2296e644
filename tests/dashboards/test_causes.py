"""What is made of the sources of alerts about causes: each is complete, and nothing of a catalogue is in a template."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import promql_parser
import pytest
import yaml

from collector.config.causes import read_causes
from dashboards.rules.alerts import Places
from dashboards.rules.causes import AT_ANY_HOUR, FILE, NEVER_BEHIND, files
from dashboards.timing import Timing, milliseconds
from tests.dashboards.four import Table
from tests.dashboards.promtool import judged

SOURCES = read_causes(Path(__file__).parents[2] / "dashboards" / "causes")
ONE = {
    "one.yml": [
        {
            "name": "one",
            "interval": "1m",
            "rules": [
                {"record": "r", "expr": "rate(x[5m])", "labels": {"a": "b"}},
                {
                    "alert": "A",
                    "expr": "x > 1 or y offset 1h",
                    "for": "5m",
                    "labels": {"severity": "critical", "service": "mine"},
                    "annotations": {"summary": "S.", "description": "D {{ $value }}."},
                },
            ],
        }
    ]
}


def made(sources: object = SOURCES, timing: Timing | None = None, places: Places | None = None) -> dict[str, object]:
    found = files(sources, timing or Timing(), places or Places(), "nobody")  # type: ignore[arg-type]
    return {name: yaml.safe_load(text)["groups"] for name, text in found.items()}


def test_the_whole_of_one() -> None:
    asked = '{{ with query (printf `wardwatch_device_contact_info{instance=%q,LABEL!=""}` $labels.instance) }}'
    said = asked + "{{ . | first | label `LABEL` }}{{ else }}OTHERWISE{{ end }}"
    rest = {
        "service": "mine",
        "owner": said.replace("LABEL", "owner").replace("OTHERWISE", "nobody"),
        "key_property": said.replace("LABEL", "key_property").replace("OTHERWISE", "effectiveness"),
    }
    notes = {
        "summary": "S.",
        "description": "D {{ $value }}.",
        "runbook_url": "https://example.org/r/A",
        "dashboard_url": "https://g.example/d/wardwatch-device?var-instance={{ $labels.instance | urlquery }}",
    }
    quiet = "(x > 1 or y offset 1m)\nunless on (instance) device:silenced"
    common = {"alert": "A", "for": "5s", "annotations": notes}
    places = Places("https://example.org/r", "https://g.example")
    (group,) = made(ONE, Timing(60), places)["prometheus/one.yml"]  # type: ignore[misc]
    assert group == {
        "name": "one",
        "interval": "1s",
        "rules": [
            {"record": "r", "expr": "rate(x[5s])", "labels": {"a": "b"}},
            {
                **common,
                "expr": f"{quiet}\nunless on (instance) device:off_hours",
                "labels": {"severity": "critical", **rest},
            },
            {
                **common,
                "expr": f"{quiet}\nand on (instance) device:off_hours",
                "labels": {"severity": "warning", **rest},
            },
        ],
    }


@pytest.mark.parametrize(
    ("written", "scaled"),
    [
        ("rate(a[5m]) > 100 / 900", "rate(a[5s]) > 100 / 900"),
        ("count_over_time(a[23h59m59s]) > 72", "count_over_time(a[23m59s983ms]) > 72"),
        ("a == 1 unless a offset 1m", "a == 1 unless a offset 1s"),
        ("rate(a[1d] offset 20m) and b offset -1h", "rate(a[24m] offset 20s) and b offset -1m"),
        ("max_over_time(rate(a[1h])[ 1d : 5m ])", "max_over_time(rate(a[1m])[ 24m : 5s ])"),
        ("predict_linear(a[6h], 24 * 3600) < 0", "predict_linear(a[6m], 24 * 3600 / 60) < 0"),
        ("quantile_over_time(0.9, a[1h]) < 600", "quantile_over_time(0.9, a[1m]) < 600"),
        (r"""a{b="\" offset 1h", c='x[1h]', d=`"[1h]`}[1h]""", r"""a{b="\" offset 1h", c='x[1h]', d=`"[1h]`}[1m]"""),
        ("a[1h] # of the last [1h], offset 1h", "a[1m] # of the last [1h], offset 1h"),
        ("offset_seconds{x=~'[0-9]+'}[1h]", "offset_seconds{x=~'[0-9]+'}[1m]"),
    ],
)  # fmt: skip
def test_how_far_an_expression_looks_is_scaled_and_nothing_else(written: str, scaled: str) -> None:
    promql_parser.parse(written)
    assert Timing(60).expression(written) == scaled
    assert Timing().expression(written) == written


def test_where_an_hour_takes_a_minute_nothing_looks_further_than_a_day_of_it() -> None:
    longest = 0
    for groups in made(timing=Timing(60)).values():
        for rule in (rule for group in groups for rule in group["rules"]):  # type: ignore[attr-defined]
            promql_parser.parse(rule["expr"])
            ranges = re.findall(r"\[([0-9][0-9a-z]*)\]|offset (\w+)", rule["expr"])
            longest = max([longest, *(milliseconds("".join(each)) for each in ranges)])
    assert longest == milliseconds("24m")


def test_every_alert_about_a_device_keeps_quiet_and_the_exceptions_are_there() -> None:
    loud, pages = set(), set()
    for groups in made().values():
        for rule in (rule for group in groups for rule in group["rules"] if "alert" in rule):  # type: ignore[attr-defined]
            promql_parser.parse(rule["expr"])
            if not re.search(r"unless on \(instance\) device:silenced(\n|$)", rule["expr"]):
                loud.add(rule["alert"])
            if rule["labels"]["severity"] == "critical" and "device:off_hours" not in rule["expr"]:
                pages.add(rule["alert"])
    about_us = {"TargetDown", "ScrapesRefused", "RulesFail", "AlertsNotSent", "PrometheusStorageFull"}
    about_us |= {"MessagesNotSent", "Watchdog"}
    assert loud == about_us | NEVER_BEHIND
    assert pages == {"RulesFail", "AlertsNotSent", "MessagesNotSent"} | AT_ANY_HOUR


def test_the_sources_keep_what_the_maker_adds_to_itself() -> None:
    for groups in SOURCES.values():
        for rule in (rule for group in groups for rule in group["rules"] if "alert" in rule):
            assert set(rule["annotations"]) == {"summary", "description"}
            assert set(rule["labels"]) <= {"severity", "owner", "service", "key_property"}
            assert "device:silenced" not in rule["expr"]


@pytest.mark.parametrize("scale", [1, 60])
def test_the_same_sources_give_the_same_bytes(scale: int) -> None:
    first, second = (files(SOURCES, Timing(scale), Places(), "nobody") for _ in range(2))
    assert first == second
    assert list(first) == [FILE, *(f"prometheus/{name}" for name in SOURCES)]


CHANGES = Table({'device:changed{site="main"}': (None, 1, None, None)}, ("4m", "5m", "6m", "19m"))


@pytest.mark.parts
@pytest.mark.slow
def test_a_device_that_comes_or_goes_is_recorded_once(part: Callable[[str], Path], tmp_path: Path) -> None:
    case = CHANGES.looks(
        "down for three minutes, then up again; one that is new, and one that never answers, do not change",
        {
            'wardwatch_device_up{instance="a", site="main"}': "1x4 0x2 1x10 stale",
            'wardwatch_device_up{instance="new"}': "_x9 1x10",
            'wardwatch_device_up{instance="dead"}': "0x20",
        },
    )
    changed = 'device:changed{instance="a", site="main"}'
    case.look("8m", "device:changed", (changed, 1)).look("9m", "device:changed").look("10m", "device:changed")
    case.look("20m", "sum_over_time(device:changed[30m])", ('{instance="a", site="main"}', 2))
    text = files(SOURCES, Timing(), Places(), "nobody")[FILE]
    assert judged(part("promtool"), tmp_path, [text], [case], "1m", "device:changed") == ""
