"""What boards name is exported or recorded, and what is recorded is read by somebody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.cli.exported import exported
from collector.config import load, shipped
from collector.config.known import Known
from tests.dashboards.boards.reading import read, read_by_boards, read_by_rules, recordable, recorded
from tests.dashboards.boards.shipped import asked, filled

UNREAD: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "unread.yml").read_text())
REASONS: dict[str, str] = UNREAD["reasons"]


def test_every_metric_that_a_board_names_is_exported_or_recorded() -> None:
    config = load(shipped(), environ={}, resolve=str, kpis="read", exported=exported)
    known = Known(exported(), config.modules.values(), config.normal, ())
    ours = recordable()
    unknown = {}
    for each in asked():
        for name in read(filled(each.expr)).chosen:
            # Known takes a recorded series' word for it where rules may be anybody's; a board reads our own.
            if name not in ours if ":" in name else name not in known:
                unknown[str(each)] = name
    assert unknown == {}


def test_every_recorded_series_is_read_or_has_a_reason() -> None:
    assert sorted(recorded() - read_by_boards() - read_by_rules() - REASONS.keys()) == []


def test_no_reason_is_out_of_date() -> None:
    assert [name for name in REASONS if name in read_by_boards() | read_by_rules()] == [], "read after all"
    assert sorted(REASONS.keys() - recorded()) == [], "not recorded at all"
    assert all(len(reason) > 10 for reason in REASONS.values())


@pytest.mark.parametrize(
    ("expr", "lacks"),
    [
        ('sum by (instance) (a{b=~".+"})', []),
        ('sum by (instanec) (a{b=~".+"})', ["by instanec"]),
        ('a{c="x"}', ["a{c}"]),
        ("rate(z[5m])", ["z"]),
        ('label_replace(a, "new", "$1", "b", "(.+)") * on (new) group_left (d) y', ["by d"]),
        ('max without (b) (max_over_time(a[1h:5m])) > 0 and on (e) -y{e!=""}', []),
        ('count_values("v", a) * on (v) y', []),
    ],
)
def test_a_label_that_nothing_has_is_seen(expr: str, lacks: list[str]) -> None:
    assert list(read(expr).lacks({"a": {"b", "instance"}, "y": {"e"}})) == lacks
