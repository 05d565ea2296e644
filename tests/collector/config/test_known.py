"""Metrics in expressions that nobody gives: found, with a line and what was meant; and none where all is well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from collector.cli.exported import exported
from collector.config import Config, load, shipped
from collector.config.known import Known, names_in
from tests.collector.config.conftest import COLLECTORS, ENVIRON, Knock, resolve

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("up", ["up"]),
        ('sum by (job, instance) (rate(a_total{job="x", b=~"c|d"}[5m])) / b > bool 1e9', ["a_total", "b"]),
        ("a and on (x) b or c unless ignoring (y) d * on (z) group_left (w) e", ["a", "b", "c", "d", "e"]),
        ("max(a offset 1h) without (x) - Inf + NaN * 0x1F ^ 2", ["a"]),
        ('label_replace(x:y:z, "a", "$1", "b", "(.+)") # up', ["x:y:z"]),
        ("avg_over_time(a[30d:1h] @ end())\n+ group_left", ["a"]),
        ('a{window="{{.period}}"}', ["a"]),
        ("increase(a[{{.window}}]) + sum(a)", ["a"]),
        ("count_values('x', a) + vector(1) + time()", ["a"]),
        ('{__name__="hidden"}', []),
    ],
)
def test_the_names_in_an_expression(expression: str, names: list[str]) -> None:
    assert names_in(expression) == names


def checked(site: Path) -> Config:
    kinds, none = (*COLLECTORS, Knock), Path(__file__).parent / "none"
    return load(
        site, environ=ENVIRON, resolve=resolve, collectors=kinds, defaults=none, kpis="read", exported=lambda: OURS
    )


OURS = ("wardwatch_device_up", "probe_success", "answers_bucket", "service:up", "a", "errors_total", "requests_total")

SERVICES = """services:
- name: lab
  components:
  - {name: one, expr: min(wardwatch_devise_up)}
  - any: [{name: two, expr: windows_up}, {name: three, expr: a + service:upp + own:rule}]
  objectives:
  - {name: quick, kind: latency, target: 99%, below: 1s, histogram: answers}
  - {name: slow, kind: latency, target: 99%, below: 1s, histogram: answer}
  - name: events
    kind: events
    target: 99%
    errors: sum(rate(errors_totl[{{.window}}]))
    total: sum(rate(requests_total[{{.window}}]))
"""

KPIS = """normalisers: {users: count(probe_succes), beds: 12}
kpis:
- {id: k, title: K, definition: the formula, unit: count, direction: up, formula: a + sql_up + node_loadd}
"""


def test_each_is_told_where_it_stands_and_what_was_meant(site: Path) -> None:
    (site / "services" / "lab.yml").write_text(SERVICES)
    (site / "services" / "sloth.yml").unlink()
    (site / "kpis.yml").write_text(KPIS)

    end = "If another exporter does, write it under other_metrics"
    said = [f"{w.path.name}:{w.line}: {w.where}: {w.what.removesuffix(end).strip()}" for w in checked(site).warnings]
    nobody = "nothing is known to export"
    assert said == [
        f"kpis.yml:1: normalisers.users: {nobody} 'probe_succes'. Did you mean 'probe_success'?",
        f"kpis.yml:3: kpis[k].formula: {nobody} 'sql_up'.",
        f"lab.yml:4: services[lab].components[one].expr: {nobody} 'wardwatch_devise_up'. "
        "Did you mean 'wardwatch_device_up'?",
        f"lab.yml:5: services[lab].components[1].any[three].expr: {nobody} 'service:upp'. Did you mean 'service:up'?",
        f"lab.yml:5: services[lab].components[1].any[two].expr: {nobody} 'windows_up'.",
        f"lab.yml:8: services[lab].objectives[slow].histogram: {nobody} 'answer'. Did you mean 'answers_bucket'?",
        f"lab.yml:12: services[lab].objectives[events].errors: {nobody} 'errors_totl'. Did you mean 'errors_total'?",
    ]

    (site / "wardwatch.yml").write_text((site / "wardwatch.yml").read_text() + "other_metrics: [windows_*, sql_up]\n")
    assert [w.what.split("'")[1] for w in checked(site).warnings] == [
        "probe_succes", "wardwatch_devise_up", "service:upp", "answer", "errors_totl",
    ]  # fmt: skip


def test_an_snmp_module_gives_what_its_metrics_say(site: Path) -> None:
    metrics = {name for path in (site / "snmp").glob("*.yml") for name in _metrics(yaml.safe_load(path.read_text()))}
    expr = " + ".join(sorted(metrics))
    assert metrics
    (site / "services" / "lab.yml").write_text(f"services: [{{name: lab, components: [{{name: x, expr: {expr}}}]}}]")
    (site / "services" / "sloth.yml").unlink()
    assert checked(site).warnings == ()


def _metrics(file: dict[str, dict[str, dict[str, list[dict[str, str]]]]]) -> Iterator[str]:
    for module in file.get("modules", {}).values():
        yield from (metric["name"] for metric in module.get("metrics", ()))


def test_everything_that_we_ship_reads_what_somebody_gives() -> None:
    config = load(shipped(), environ={}, resolve=str, kpis="read", exported=exported)
    assert config.warnings == ()
    known = Known(exported(), config.modules.values(), config.normal, ())
    files = [
        *(ROOT / "deploy/prometheus/rules").glob("*.yml"),
        *(ROOT / "dashboards/generated/prometheus").glob("*.yml"),
    ]
    assert files
    for path in files:
        rules = [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]
        unknown = {name for rule in rules for name in names_in(rule["expr"]) if name not in known}
        assert unknown == set(), path
