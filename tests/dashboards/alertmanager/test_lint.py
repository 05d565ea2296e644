"""What amlint (PyPI, MIT) looks for beyond amtool, under its names. The real one had nothing to say of these files but
that `nobody` is empty, on purpose."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from collector.contacts import Contacts
from dashboards import alertmanager
from tests.dashboards.alertmanager import estates
from tests.dashboards.alertmanager.believed import within

EXAMPLE, CATALOGUE = estates.example()
CONFIGS = {
    "example": estates.read(EXAMPLE, CATALOGUE.calendars),
    "everything": estates.read(estates.everything()),
}
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS.keys())
def config(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def routes(route: Mapping[str, Any], above: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """All of them, with what they inherit."""
    here = {**{k: v for k, v in (above or {}).items() if k.startswith(("group", "repeat", "receiver"))}, **route}
    yield here
    for below in route.get("routes", ()):
        yield from routes(below, here)


def siblings(route: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    if below := route.get("routes"):
        yield below
        for each in below:
            yield from siblings(each)


def seconds(text: str) -> float:
    return sum(float(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)(ms|[smhd])", text))


@pytest.mark.parts
@pytest.mark.parametrize("contacts", [EXAMPLE, estates.everything()], ids=CONFIGS)
def test_amtool(part: Callable[[str], Path], tmp_path: Path, contacts: Contacts) -> None:
    path = estates.written(tmp_path, contacts, {**estates.CALENDARS, **CATALOGUE.calendars})
    words: list[str | Path] = [part("amtool"), "check-config", path]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 templates" in done.stdout


def test_shadowed_route_unreachable_route_and_route_match_collision(config: dict[str, Any]) -> None:
    """A route that takes everything stands last, or goes on; the same matchers come again only behind one that goes on,
    or that tells others of it."""
    for each in siblings(config["route"]):
        stopped: list[list[str]] = []
        for route in each:
            matchers = route.get("matchers", [])
            assert not any(set(before) <= set(matchers) for before in stopped)
            if not route.get("continue", False):
                stopped.append(matchers)


def test_useless_continue(config: dict[str, Any]) -> None:
    assert not any(each[-1].get("continue") for each in siblings(config["route"]))


def test_inhibit_no_equal_and_circular_inhibition(config: dict[str, Any]) -> None:
    """And what amlint does not look for: a label of `equal` that is missing on both sides counts as equal."""
    for rule in config["inhibit_rules"]:
        assert rule["equal"]
        for label in rule["equal"]:
            assert f'{label}!=""' in rule["source_matchers"]
            assert f'{label}!=""' in rule["target_matchers"]
        assert 'severity="critical"' in rule["source_matchers"]
        assert 'severity="warning"' in rule["target_matchers"]


def test_empty_receiver_unused_receiver_and_undefined_receiver(config: dict[str, Any]) -> None:
    ways = ("email_configs", "pagerduty_configs", "slack_configs", "webhook_configs")
    empty = {each["name"] for each in config["receivers"] if not any(each.get(way) for way in ways)}
    assert empty == {"nobody"} == {config["route"]["receiver"]}
    assert {route["receiver"] for route in routes(config["route"])} == {each["name"] for each in config["receivers"]}


def test_repeat_before_group_and_wait_exceeds_interval(config: dict[str, Any]) -> None:
    for route in routes(config["route"]):
        wait, interval, repeat = (seconds(route[k]) for k in ("group_wait", "group_interval", "repeat_interval"))
        assert wait <= interval <= repeat


def test_time_interval_never_active_and_route_always_muted(config: dict[str, Any]) -> None:
    for each in config["time_intervals"]:
        said = {within(each["time_intervals"], 1_798_000_000 + hour * 3600) for hour in range(24 * 14)}
        assert said == {True, False}
    assert not [r for r in routes(config["route"]) if r.get("active_time_intervals") and r.get("mute_time_intervals")]


def test_plaintext_secret(config: dict[str, Any]) -> None:
    text = str(config)
    for word in ("password'", "routing_key'", "api_url'", "credentials'", "service_key'"):
        assert word not in text, word


def test_global_resolve_timeout_missing_and_deep_nesting(config: dict[str, Any]) -> None:
    def depth(route: Mapping[str, Any]) -> int:
        return 1 + max((depth(each) for each in route.get("routes", ())), default=0)

    assert config["global"]["resolve_timeout"] == "5m"
    assert depth(config["route"]) <= 5


def test_undefined_template_template_file_missing_and_template_unknown_field(config: dict[str, Any]) -> None:
    texts = [alertmanager.template(name) for name in alertmanager.TEMPLATES]
    defined = set(re.findall(r'define "([\w.]+)"', "".join(texts)))
    called = set(re.findall(r'template "([\w.]+)"', "".join(texts)))
    asked = set(re.findall(r'template "([\w.]+)"', str(config)))
    assert called | asked <= defined
    if config == CONFIGS["everything"]:
        assert defined == called | asked, "no template is there for nothing"
    assert config["templates"] == ["templates/*.tmpl"]
    named = {Path(name).name for name in alertmanager.files(EXAMPLE, CATALOGUE.calendars, 2026)}
    assert named == {"alertmanager.yml", *alertmanager.TEMPLATES}
    known = {"Status", "Alerts", "CommonLabels", "Labels", "Annotations", "StartsAt", "EndsAt", "ExternalURL"}
    assert set(re.findall(r"(?<![\w)])\.([A-Z]\w*)", "".join(texts))) <= known
