"""Every recording rule that is shipped has four cases: it fires, it stays silent, it is over, its data are missing.

They are rows of tables, of what a series is at four times; a test beside each table has promtool assert it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import yaml

from dashboards import capacity, kpis, objectives
from tests.dashboards import (
    test_capacity_records,
    test_cause_records,
    test_causes,
    test_kpis,
    test_oncall,
    test_records,
    test_service_records,
)
from tests.dashboards.four import FIRES, GONE, OVER, SILENT, Rule, Table, lacking, recording
from tests.dashboards.promtool import catalogue
from tests.dashboards.test_capacity import PROMISED

GENERATED = Path(__file__).resolve().parents[2] / "dashboards" / "generated"

TABLES = (
    test_cause_records.TABLE,
    test_causes.CHANGES,
    Table(test_records.EXPECTED, test_records.TIMES),
    *test_service_records.TABLES,
    Table(test_kpis.EXPECTED, test_kpis.TIMES),
    test_kpis.TREND,
    *test_capacity_records.TABLES,
    *test_oncall.TABLES,
)

CLOCK, UNKNOWN, WEEKS = "the clock alone moves it", "it says what is not known", "test_sums has it over 96 days"
MISSED, MONTHS = "what is not known counts as missed", "what a month came to stays; the window `month` turns with it"
REASONS: dict[str, tuple[str, set[str]]] = {
    "service:half": (CLOCK, {GONE}),
    "capacity:used:day": (CLOCK, {OVER}),
    "service:unknown": (UNKNOWN, {GONE}),
    "kpi:unknown why=no data": (UNKNOWN, {FIRES, SILENT, OVER, GONE}),
    "scorecard:item_known": (UNKNOWN, {FIRES, SILENT, OVER, GONE}),
    "scorecard:pillar_known": (UNKNOWN, {FIRES, SILENT, OVER, GONE}),
    "scorecard:item_low": (MISSED, {GONE}),
    "scorecard:pillar_low": (MISSED, {GONE}),
    "service:count:months": (MONTHS, {OVER}),
    **{f"service:count:sum window={window}": (WEEKS, {OVER}) for window in ("1d", "3d", "7d", "28d", "30d", "90d")},
}
"""What our tables don't hold, by rule, and why."""


@cache
def rules() -> tuple[Rule, ...]:
    """Of causes, and of the catalogues that the tables are about."""
    texts = (
        *test_cause_records.texts(),
        *objectives.files(catalogue(test_records.EPR)).values(),
        *kpis.files(test_kpis.KPIS).values(),
        *capacity.files(PROMISED).values(),
    )
    return tuple(sorted(set(recording(texts)), key=str))


@pytest.mark.parametrize("rule", rules(), ids=str)
def test_a_rule_has_its_four_cases(rule: Rule) -> None:
    assert lacking(rule, TABLES) == REASONS.get(str(rule), ("", set()))[1]


def test_what_is_excused_is_there() -> None:
    assert set(REASONS) <= {str(rule) for rule in rules()}


def test_no_rule_of_the_example_is_left_out() -> None:
    """Whatever a catalogue brings, its rules' names are those of ours."""
    texts = [path.read_text() for path in sorted((GENERATED / "prometheus").glob("*.yml"))]

    assert {rule.name for rule in recording(texts)} <= {rule.name for rule in rules()}


def test_a_row_says_which_of_the_four_it_asserts() -> None:
    text = yaml.safe_dump(
        {"groups": [{"name": "g", "rules": [{"record": "a:b", "expr": "up", "labels": {"of": "x"}}]}]}
    )
    (rule,) = recording([text])

    def lacks(*values: float | None, of: str = "x") -> set[str]:
        return lacking(rule, [Table({f'a:b{{of="{of}"}}': values}, ("1m", "2m", "3m", "4m"))])

    nan = float("nan")
    assert lacks(0, 1, 0, None) == lacks(None, 0, None, None) == lacks(4, 2, 3, 5) == set()
    assert lacks(0, 1, 0, None, of="y") == lacks(1, 1, 1, 1) == lacks(nan, 1, nan, None) == {FIRES, SILENT, OVER, GONE}
    assert lacks(0, 1, 1, None) == lacks(0, 1, nan, 0) == lacks(0, 1, 2, 0) == {OVER}
    assert lacks(0, 1, 0, 1) == lacks(0, 1, 0, nan) == {GONE}
