"""Every alert has a runbook, fires when it should, and has a case in which it must not."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
import yaml

from dashboards.rules import alerts as services
from dashboards.rules import causes
from dashboards.timing import Timing

ROOT = Path(__file__).resolve().parents[2]
CAUSES = sorted((ROOT / "dashboards" / "causes").glob("*.yml"))
GENERATED = ROOT / "dashboards" / "generated" / "prometheus"
RULES = [GENERATED / path.name for path in CAUSES] + [ROOT / "dashboards" / "generated" / causes.FILE]
CASES = sorted((ROOT / "tests" / "deploy" / "rules").glob("*.yml"))

ALWAYS = "Watchdog"
"""The one alert that fires always, from its first evaluation on: its silence is the alarm, and no case of ours."""


SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


class AsPromtool(yaml.SafeLoader):
    """Reads `0x40` as promtool means it, and not as a number."""


AsPromtool.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:int"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
AsPromtool.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(0|[1-9][0-9]*)$"), list("-0123456789"))


PLACES = services.Places()
NOBODYS = {"owner": "service-desk", "key_property": "effectiveness"}


@cache
def cases() -> list[dict[str, Any]]:
    return [case for path in CASES for case in yaml.load(path.read_text(), AsPromtool)["tests"]]


@cache
def looks() -> list[dict[str, Any]]:
    """What the cases say of alerts."""
    return [look for case in cases() for look in case.get("alert_rule_test", ())]


def seconds(text: object) -> float:
    """What promtool writes as a time, such as 1m30s, in seconds."""
    return sum(float(count) * SECONDS[unit] for count, unit in re.findall(r"(\d+)(ms|[smhd])", str(text)))


def written() -> list[tuple[str, str]]:
    """Names and severities of alerts without their copies for outside agreed hours, which all are made alike."""
    groups = [group for path in CAUSES for group in yaml.safe_load(path.read_text())["groups"]]
    return [
        (rule["alert"], rule["labels"]["severity"]) for group in groups for rule in group["rules"] if "alert" in rule
    ]


@cache
def resolved() -> set[tuple[str, str]]:
    """Names and severities of alerts that a case sees fire, and at its next look at them no longer."""
    over: set[tuple[str, str]] = set()
    for case in cases():
        fired: dict[str, set[frozenset[tuple[str, Any]]]] = {}
        for look in sorted(case.get("alert_rule_test", ()), key=lambda look: seconds(look["eval_time"])):
            name = look["alertname"]
            now = {frozenset(alert["exp_labels"].items()) for alert in look["exp_alerts"]}
            over |= {(name, dict(labels)["severity"]) for labels in fired.get(name, set()) - now}
            fired[name] = now
    return over


@cache
def alerts() -> list[dict[str, Any]]:
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


@pytest.mark.parts
@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_promtool_finds_nothing_to_say_about_the_rules(part: Callable[[str], Path], path: Path) -> None:
    words: list[str | Path] = [part("promtool"), "check", "rules", "--lint=all", "--lint-fatal", path]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def completed(path: Path) -> dict[str, Any]:
    """The cases of a file, with what every alert has that says nothing else: nobody's service, and where to read on.

    Groups one after the other, devices' first: promtool takes them as a map of Go has them, each time another way.
    """
    content: dict[str, Any] = yaml.load(path.read_text(), AsPromtool)
    rules = sorted((path.parent / name).resolve() for name in content["rule_files"])
    rules.sort(key=lambda each: each.name != Path(causes.FILE).name)
    content["rule_files"] = [str(each) for each in rules]
    groups = [group for each in rules for group in yaml.safe_load(each.read_text())["groups"]]
    content["group_eval_order"] = [group["name"] for group in groups]
    for case in content["tests"]:
        for look in case.get("alert_rule_test", ()):
            for alert in look["exp_alerts"]:
                labels, notes = alert["exp_labels"], alert.get("exp_annotations", {})
                alert["exp_labels"] = NOBODYS | labels
                where = f"{PLACES.grafana}/d/wardwatch-device?var-instance={quote_plus(labels.get('instance', ''))}"
                page = f"{PLACES.runbooks}/{look['alertname']}"
                alert["exp_annotations"] = notes | {"dashboard_url": where, "runbook_url": page}
    return content


@pytest.mark.parts
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_promtool_evaluates_the_cases_as_written(part: Callable[[str], Path], path: Path, tmp_path: Path) -> None:
    (tmp_path / path.name).write_text(yaml.safe_dump(completed(path), sort_keys=False, width=1000))
    words: list[str | Path] = [part("promtool"), "test", "rules", tmp_path / path.name]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_is_complete(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert set(alert["labels"]) == {"severity", "owner", "service", "key_property"}
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url", "dashboard_url"}
    if alert["alert"] == ALWAYS:
        assert alert["expr"] == "vector(1)"
        assert "for" not in alert
    else:
        # At least two scrapes, so that a single lost one wakes nobody.
        assert re.fullmatch(r"[1-9]\d*[mhd].*", alert["for"])
    assert "{{" not in alert["annotations"]["summary"]

    runbook = ROOT / "docs" / "runbooks" / f"{alert['annotations']['runbook_url'].rpartition('/')[2]}.md"
    assert "(`owner`)" in runbook.read_text(), "whom to call"
    headings = [line for line in runbook.read_text().splitlines() if line.startswith("#")]
    assert headings == [f"# {alert['alert']}", "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_has_a_case_that_fires_and_one_that_is_silent(alert: dict[str, Any]) -> None:
    ours = [look for look in looks() if look["alertname"] == alert["alert"]]

    assert any(look["exp_alerts"] for look in ours)
    assert alert["alert"] == ALWAYS or any(not look["exp_alerts"] for look in ours)


@pytest.mark.parametrize(("name", "severity"), written())
def test_an_alert_has_a_case_in_which_it_ends(name: str, severity: str) -> None:
    """The fourth kind of case, missing data, is made of each that fires: test_gone.py."""
    assert name == ALWAYS or (name, severity) in resolved()


def test_no_alert_looks_at_a_trap_that_anybody_could_have_sent() -> None:
    """RELIABILITY part 3, trap spoofing."""
    selectors = [
        selector
        for alert in alerts()
        for selector in re.findall(r"wardwatch_trap(?:s_total|_last_timestamp_seconds)\b(?:\{[^}]*\})?", alert["expr"])
    ]
    assert selectors
    assert [selector for selector in selectors if 'auth=~"authNoPriv|authPriv"' not in selector] == []


def test_every_runbook_belongs_to_an_alert() -> None:
    written = {path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md")}
    generated = {alert.name for alert in services.alerts(Timing(), services.Places())} | {"CapacityForecastFull"}

    assert written == {alert["alert"] for alert in alerts()} | generated
