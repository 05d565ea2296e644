"""The catalogue: what services, objectives and calendars become. What is refused of them stands in tests/config."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import promql_parser
import pytest

from collector.config import Config, load, shipped
from collector.config.promql import LONGEST, _expression, quoted
from collector.services import ALWAYS, Calendar, Catalogue, Leaf, Node, Objective, Service, Window

Load = Callable[[Path | None], Config]

LIBRARIES = {"holidays", "icalendar", "opening_hours", "promql_parser"}


def written(site: Path, text: str, name: str = "services/lab.yml") -> Path:
    (site / name).write_text(text)
    return site


def lab(site: Path, loaded: Load, components: str) -> Service:
    text = f"services: [{{name: lab, components: {components}}}]"
    return loaded(written(site, text)).catalogue.services["lab"]


def test_the_whole_catalogue(site: Path, loaded: Load) -> None:
    net = Leaf("net-up", 'up{job="net"}')
    either = Node(1, (Leaf("b", "b"), Leaf("c", "c")))
    month = Window(period="month")
    assert loaded(site).catalogue == Catalogue(
        services={
            "lab": Service(
                name="lab",
                title="The laboratory: tests",
                tree=Node(2, (net, Node(1, (Leaf("a", "a > bool 1"), either)))),
                objectives=(
                    Objective("availability", "availability", 0.999, month),
                    Objective("quick", "latency", 0.99, below=0.3, histogram="answer_seconds", selector='job="lab"'),
                    Objective(
                        "requests",
                        "events",
                        0.995,
                        errors="sum(rate(errors_total[{{.window}}]))",
                        total="sum(rate(requests_total[{{.window}}]))",
                    ),
                ),
                hours="clinic",
                tier="gold",
                users=40,
                depends_on=("net",),
            ),
            "net": Service("net", "net", Node(1, (Leaf("net-up", "up"),))),
            "api": Service(
                "api",
                "api",
                objectives=(
                    Objective(
                        "requests",
                        "events",
                        0.999,
                        errors='sum(rate(http_total{code=~"5.."}[{{.window}}]))',
                        total="sum(rate(http_total[{{.window}}]))",
                        labels={"team": "lab", "category": "http"},
                        page=False,
                    ),
                ),
            ),
        },
        calendars={
            "24x7": ALWAYS,
            "clinic": Calendar(
                "clinic", "Mo-Fr 07:30-18:00; PH off", subdivision="SCT", local={date(2026, 12, 24): "Christmas Eve"}
            ),
        },
    )


def test_a_part_of_a_country_is_guessed_for_great_britain_only(site: Path, loaded: Load) -> None:
    text = "calendars: [{name: clinic, hours: 24/7}, {name: paris, hours: 24/7, zone: Europe/Paris, country: FR}]"
    calendars = loaded(written(site, text, "calendars.yml")).catalogue.calendars
    assert [each.subdivision for each in calendars.values()] == ["ENG", "ENG", ""]


DEVICES = """devices:
- {name: web-1, address: 10.0.1.1, class: it, auth: lab, modules: [door, {module: door, as: gate}]}
"""


@pytest.mark.parametrize(
    ("component", "leaf"),
    [
        ("device: web-1", Leaf("web-1", 'wardwatch_device_up{instance="web-1"}', "web-1")),
        ("device: srv-1", Leaf("srv-1", 'up{instance="srv-1",job="node"}', "srv-1")),
        (
            "probe: {device: web-1, module: gate}",
            Leaf("web-1:gate", 'probe_success{instance="web-1",module="gate"}', "web-1", "gate"),
        ),
        (
            "device: pump-1",  # passive
            Leaf(
                "pump-1",
                'wardwatch_equipment_state{instance="pump-1",state="unseen"} == bool 0 '
                'unless on (instance) wardwatch_equipment_state{instance="pump-1",state="unknown"} == 1',
                "pump-1",
            ),
        ),
        ("name: queue, expr: ' queue < bool 500 '", Leaf("queue", "queue < bool 500")),
    ],
)
def test_what_is_looked_at_for_a_component(component: str, leaf: Leaf, site: Path, loaded: Load) -> None:
    (site / "probes").mkdir()
    written(site, "modules: {door: {prober: knock}}", "probes/lab.yml")
    written(site, DEVICES, "inventory/more.yml")
    assert lab(site, loaded, f"{{{component}}}").leaves() == (leaf,)
    promql_parser.parse(leaf.expr)


def test_a_probes_latency_is_that_of_its_series(site: Path, loaded: Load) -> None:
    (site / "probes").mkdir()
    written(site, "modules: {door: {prober: knock}}", "probes/lab.yml")
    written(site, DEVICES, "inventory/more.yml")
    text = "{name: quick, kind: latency, target: 99%, below: 2500ms, probe: {device: web-1, module: gate}}"
    config = loaded(written(site, f"services: [{{name: lab, objectives: [{text}]}}]"))
    assert config.catalogue.services["lab"].objectives == (
        Objective(
            "quick", "latency", 0.99, below=2.5, histogram="probe_latency_seconds",
            selector='instance="web-1",module="gate"',
        ),
    )  # fmt: skip


def test_a_service_is_where_its_devices_are(site: Path, loaded: Load) -> None:
    assert lab(site, loaded, "[{device: sw-1}, {device: ups-1}]").site == "north"
    far = "devices: [{name: far-1, address: 10.0.1.9, class: it, auth: lab, modules: [interfaces]}]"
    written(site, far, "inventory/far.yml")
    assert lab(site, loaded, "[{device: sw-1}, {device: far-1}]").site == ""


def test_a_service_of_nothing_is_a_warning(site: Path, loaded: Load) -> None:
    config = loaded(written(site, "services: [{name: lab}]"))
    what = "services[lab]: has neither components nor objectives: nothing is known of it"
    assert f"{site}/services/lab.yml:1: {what}" in [str(warning) for warning in config.warnings]


SLOTH = """version: prometheus/v1
service: lab
slo_plugins: {chain: [{id: x}]}
slos:
- name: satisfaction
  objective: 95
  description: |
    Two
    lines.
  interval: {all: 5m}
  plugins: {chain: [{id: x}]}
  sli:
    raw:
      errorRatioQuery: |
        # of all
        1 - sum(sum_over_time(satisfaction_ratio[{{ .window }}]))
        / sum(count_over_time(satisfaction_ratio[{{.window}}]))
  alerting:
    name: Dissatisfied
    annotations: {summary: "{{ $labels.x }}"}
    ticket_alert: {disable: true, labels: {severity: slack}}
"""


def test_a_file_of_sloths_joins_the_service_that_it_names(site: Path, loaded: Load) -> None:
    config = loaded(written(site, SLOTH, "services/sloth.yml"))
    service = config.catalogue.services["lab"]
    assert [objective.name for objective in service.objectives] == ["availability", "quick", "requests", "satisfaction"]
    found = service.objectives[-1]
    assert (found.target, found.window, found.description, found.page, found.ticket) == (
        0.95, Window(30), "Two lines.", True, False,
    )  # fmt: skip
    assert found.ratio.startswith("# of all\n1 - sum(sum_over_time(satisfaction_ratio[{{.window}}]))")
    assert service.hours == "clinic", "what ours says stays"
    assert [str(warning).replace(f"{site}/", "") for warning in config.warnings if "sloth" in str(warning)] == [
        "services/sloth.yml:3: slo_plugins: is left out: Sloth's plugins are not run here",
        "services/sloth.yml:11: slos[satisfaction].plugins: is left out: Sloth's plugins are not run here",
    ]


def test_a_name_is_quoted_as_promql_has_it() -> None:
    name = 'a"b\\c\n{{x}}'
    assert quoted(name) == r'"a\"b\\c\n{{x}}"'
    tree = promql_parser.parse(f"up{{instance={quoted(name)}}}")
    assert isinstance(tree, promql_parser.VectorSelector)
    assert [matcher.value for matcher in tree.matchers.matchers] == [name]


@pytest.mark.slow
@pytest.mark.parametrize("deep", ["-" * (LONGEST - 1) + "x", "(" * (LONGEST // 2 - 1) + "x" + ")" * (LONGEST // 2 - 1)])
def test_the_deepest_expression_that_is_taken_does_no_harm(deep: str) -> None:
    assert _expression(deep) == deep


def test_the_example_promises_what_a_hospital_has() -> None:
    config = load(shipped(), environ={}, resolve=str)
    services = config.catalogue.services
    assert {"core-network", "wifi", "pacs", "integration", "shared-record", "infusion", "printing"} <= services.keys()
    assert {service.hours for service in services.values()} == {"24x7", "clinic", "extended"}
    assert {objective.kind for service in services.values() for objective in service.objectives} == {
        "availability", "latency", "events",
    }  # fmt: skip
    for service in services.values():
        assert service.owner
        assert service.tower
        assert service.tier
        assert service.users
        assert service.site == "St Example"
        for leaf in service.leaves():
            promql_parser.parse(leaf.expr)


PROGRAM = """
import sys
from pathlib import Path
from collector.config import load
config = load(Path(sys.argv[1]) if len(sys.argv) > 1 else None, environ={}, resolve=str)
assert len(config.catalogue.services) == 0, config.catalogue
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("arguments", [[], ["site"]])
def test_where_nothing_is_promised_nothing_is_imported_for_it(arguments: list[str], tmp_path: Path) -> None:
    """Nor is anything taken over of the example."""
    (tmp_path / "site" / "inventory").mkdir(parents=True)
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, cwd=tmp_path,
                          env={"PYTHONPATH": str(Path(__file__).parents[3])}, check=True)  # fmt: skip
    assert "pydantic" in done.stdout.split()
    assert not LIBRARIES & set(done.stdout.split())
