"""KPIs, the scorecard and baselines: what files become. What is refused of them stands in tests/config."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import promql_parser
import pytest

from collector.config import Config, ConfigError, load, shipped
from collector.config.baselines import Frozen, frozen_in, written
from collector.config.document import parse
from collector.kpis import PERIOD, Baseline, Benchmark, Drivers, Item, Kpi, Kpis
from tests.collector.config.conftest import COLLECTORS, ENVIRON, Knock, resolve

Load = Callable[[Path | None], Config]

SHIPPED = """
scorecard: [{number: "1", name: Patients}, {number: "2", name: Staff, weight: 2, contribution: Time.}]
pillars: [Governance, Compliance]
normalisers: {users: max(service:users), beds: 600}
kpis:
- id: fcr
  title: First contact
  definition: Resolved on first contact.
  unit: ratio
  direction: up
  waiting: needs a service desk
  target: 80%
  amber: 74%
  period: month
  pillar: Governance
  scorecard: ["1", "2"]
- {id: mtrs, title: Restored, definition: Time., unit: seconds, direction: down, formula: a, target: 4h}
"""


def over(tmp_path: Path, own: str, baselines: str = "", services: str = "") -> Config:
    """A site's file over a shipped one."""
    for name, files in (
        ("shipped", {"kpis.yml": SHIPPED}),
        ("site", {"kpis.yml": own, "baselines.yml": baselines, "services/a.yml": services}),
    ):
        for file, text in files.items():
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            if text:
                (tmp_path / name / file).write_text(text)
    kinds = (*COLLECTORS, Knock)
    places = {"defaults": tmp_path / "shipped"}
    return load(tmp_path / "site", environ=ENVIRON, resolve=resolve, collectors=kinds, kpis="read", **places)


FCR = Kpi(
    id="fcr",
    title="First contact",
    definition="Resolved on first contact.",
    unit="ratio",
    direction="up",
    waiting="needs a service desk",
    target=0.8,
    amber=0.74,
    period="month",
    pillar="Governance",
    scorecard=("1", "2"),
)
MTRS = Kpi("mtrs", "Restored", "Time.", "seconds", "down", "a", target=14400, amber=14400)


def test_a_site_without_a_file_has_what_is_shipped(tmp_path: Path) -> None:
    assert over(tmp_path, "").kpis == Kpis(
        {"fcr": FCR, "mtrs": MTRS},
        {"1": Item("1", "Patients"), "2": Item("2", "Staff", 2, "Time.")},
        ("Governance", "Compliance"),
        {"user": "max(service:users)", "bed": "vector(600.0)"},
    )


def test_a_site_says_what_differs(tmp_path: Path) -> None:
    own = """
normalisers: {beds: 620}
without: [mtrs]
kpis:
- {id: fcr, formula: 'desk{window="{{ .period }}"}', target: 85%, period: 90d, pillar: Compliance, owner: desk}
- id: cost
  title: Cost
  definition: Of IT.
  unit: currency
  direction: down
  formula: cost
  weight: 2
  baseline: {value: 12.5, date: 2026-04-01}
  benchmark: {q1: 10, q3: 20, per: bed, source: Peers}
  drivers: {formula: 'cost_by_ward > 0', by: [ward, instance]}
  lever: Beds.
"""
    kpis = over(tmp_path, own).kpis
    assert list(kpis.kpis) == ["fcr", "cost"]
    fcr, cost = kpis.kpis.values()
    assert (fcr.formula, fcr.waiting, fcr.target, fcr.amber) == ('desk{window="{{.period}}"}', "", 0.85, 0.74)
    assert (fcr.title, fcr.period, fcr.pillar, fcr.owner) == ("First contact", "90d", "Compliance", "desk")
    assert cost.baseline == Baseline(12.5, date(2026, 4, 1))
    assert cost.benchmark == Benchmark({"q1": 10, "q3": 20}, "Peers", "bed")
    assert cost.weight == 2
    assert (cost.drivers, cost.lever) == (Drivers("cost_by_ward > 0", ("ward", "instance")), "Beds.")
    assert kpis.normalisers == {"user": "max(service:users)", "bed": "vector(620.0)"}


def test_what_does_not_fit_a_shipped_kpi_is_told_at_the_site_s_entry(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        over(tmp_path, "kpis:\n- {id: fcr, target: 70%}\n- {id: mtrs, waiting: for it, amber: 1h}\n")
    assert [f"{p.path.name}:{p.line}: {p.where}: {p.what}" for p in caught.value.problems] == [
        "kpis.yml:2: kpis[fcr].amber: 0.74 is on the wrong side of the target: up is better, and it is above 0.7",
        "kpis.yml:3: kpis[mtrs].amber: 3600 is on the wrong side of the target: down is better, and it is below 14400",
    ]


def test_another_scorecard_is_the_site_s_affair(tmp_path: Path) -> None:
    own = 'scorecard: [{number: "1", name: Ours}]\npillars: [Optimisation]\nkpis: [{id: fcr, target: 90%}]'
    services = 'services: [{name: a, components: [{name: a, expr: a}], scorecard: ["1"], pillars: [Optimisation]}]'
    config = over(tmp_path, own, services=services)
    fcr = config.kpis.kpis["fcr"]
    assert (fcr.scorecard, fcr.pillar) == (("1",), "")
    assert config.kpis.scorecard == {"1": Item("1", "Ours")}
    with pytest.raises(ConfigError, match=r"the scorecard has no item '2'.* They are written in kpis\.yml"):
        over(tmp_path, 'scorecard: [{number: "1", name: Ours}]\nkpis: [{id: fcr, scorecard: ["2"]}]')


def test_one_formula_under_two_names_is_warned_of(tmp_path: Path) -> None:
    own = "kpis: [{id: b, title: B, definition: b, unit: seconds, direction: down, formula: ' a '}]"
    assert [f"{w.where}: {w.what}" for w in over(tmp_path, own).warnings] == ["kpis[b].formula: is that of mtrs too"]


def test_a_frozen_baseline_is_read_and_written_back(tmp_path: Path) -> None:
    frozen = [Frozen("mtrs", 5400.25, date(2026, 11, 28), "30d"), Frozen("fcr", 0.1, date(2026, 1, 2), "90d")]
    text = written(frozen)
    assert frozen_in(parse(Path("baselines.yml"), text.encode())) == frozen[::-1]
    config = over(tmp_path, "", text)
    assert config.kpis.kpis["mtrs"].baseline == Baseline(5400.25, date(2026, 11, 28))
    assert config.warnings == ()


def test_who_polls_reads_no_kpis(site: Path) -> None:
    (site / "kpis.yml").write_text("nonsense: true")
    kinds, none = (*COLLECTORS, Knock), Path(__file__).parent / "none"
    config = load(site, environ=ENVIRON, resolve=resolve, collectors=kinds, defaults=none)
    assert config.kpis == Kpis()


def test_the_shipped_catalogue_is_whole() -> None:
    kpis = load(shipped(), environ={}, resolve=resolve, kpis="read").kpis
    assert len(kpis.scorecard) == 11
    told = Counter(item for kpi in kpis.kpis.values() if kpi.target is not None for item in kpi.scorecard)
    assert told.keys() == kpis.scorecard.keys(), "every item has a KPI that is judged"
    assert {kpi.pillar for kpi in kpis.kpis.values()} == set(kpis.pillars)
    for kpi in kpis.kpis.values():
        assert kpi.owner, kpi.id
        assert kpi.source, kpi.id
        assert kpi.scorecard, kpi.id
        assert (PERIOD in kpi.formula) == (kpi.period != "now" and not kpi.waiting), kpi.id
        promql_parser.parse(kpi.formula.replace(PERIOD, kpi.period) or "a")
