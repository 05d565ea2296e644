"""What an expression reads: metrics, and the labels by which it chooses, sums up and joins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import promql_parser as promql
import yaml

from collector.config.known import names_in
from dashboards import names
from tests.dashboards.boards.shipped import ROOT, asked, filled

RULES = ROOT / "dashboards" / "generated" / "prometheus"

PASSED_ON = frozenset(("__name__", "le"))


@dataclass
class Read:
    """`chosen`: labels in the braces of a metric. `named`: labels by which its series are summed up or joined."""

    chosen: dict[str, set[str]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    """Labels that the expression itself makes."""

    def lacks(self, labels: Mapping[str, set[str]]) -> Iterator[str]:
        """What no series has, of metrics with these labels."""
        for metric, chosen in self.chosen.items():
            if metric in labels:
                yield from (f"{metric}{{{label}}}" for label in sorted(chosen - labels[metric] - PASSED_ON))
            else:
                yield metric
        there = self.made.union(*(labels.get(metric, set()) for metric in self.chosen)) | PASSED_ON
        yield from (f"by {label}" for label in sorted(self.named - there))


def read(expr: str) -> Read:
    found = Read()
    _read(promql.parse(expr), found)
    return found


NAMED = frozenset(("topk", "bottomk", "limitk", "sort", "sort_desc", "last_over_time"))
"""What gives series with their names."""


def keeps_its_name(node: Any) -> bool:
    """Whether what an expression gives still has a metric's name (Prometheus, "Operators" and "Functions")."""
    if isinstance(node, promql.ParenExpr):
        return keeps_its_name(node.expr)
    if isinstance(node, promql.BinaryExpr):
        compared = str(node.op) in ("==", "!=", ">", "<", ">=", "<=") and not (
            node.modifier and node.modifier.return_bool
        )
        if str(node.op) == "or":
            return keeps_its_name(node.lhs) or keeps_its_name(node.rhs)
        return (compared or str(node.op) in ("and", "unless")) and keeps_its_name(node.lhs)
    if isinstance(node, promql.AggregateExpr):
        return str(node.op) in NAMED and keeps_its_name(node.expr)
    if isinstance(node, promql.Call):
        return node.func.name in NAMED and any(map(keeps_its_name, node.args))
    return isinstance(node, promql.VectorSelector | promql.MatrixSelector)


def _read(node: Any, found: Read) -> None:
    if isinstance(node, promql.VectorSelector):
        chosen = found.chosen.setdefault(node.name or "", set())
        chosen.update(each.name for each in node.matchers.matchers if not _bears_none(each))
    elif isinstance(node, promql.MatrixSelector):
        _read(node.vector_selector, found)
    elif isinstance(node, promql.BinaryExpr):
        if node.modifier is not None:
            found.named.update(getattr(node.modifier.matching, "labels", ()))
            found.named.update(node.modifier.group_labels or ())
        _read(node.lhs, found)
        _read(node.rhs, found)
    elif isinstance(node, promql.AggregateExpr):
        if node.modifier is not None:
            found.named.update(node.modifier.labels)
        if isinstance(node.param, promql.StringLiteral):
            found.made.add(node.param.val)
        _read(node.expr, found)
    elif isinstance(node, promql.Call):
        if node.func.name in ("label_replace", "label_join"):
            found.made.add(node.args[1].val)
        for each in node.args:
            _read(each, found)
    elif hasattr(node, "expr"):
        _read(node.expr, found)


def _bears_none(matcher: Any) -> bool:
    """Whether series without the label are meant as well: `site=~".*"`."""
    return matcher.op == promql.MatchOp.Re and re.fullmatch(matcher.value, "") is not None


@cache
def rules() -> list[dict[str, Any]]:
    """Of the example estate."""
    files = [yaml.safe_load(path.read_text()) for path in sorted(RULES.glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def recorded() -> set[str]:
    return {rule["record"] for rule in rules() if "record" in rule}


def recordable() -> set[str]:
    """Besides, what the rules of another catalogue record: of one with baselines, say."""
    return {*recorded(), *(value for value in vars(names).values() if isinstance(value, str))}


def read_by_rules() -> set[str]:
    """Names that a rule reads besides what it records itself, or an alert's text."""
    found: set[str] = set()
    for rule in rules():
        found.update(name for name in names_in(rule["expr"]) if name != rule.get("record"))
        found.update(name for text in rule.get("annotations", {}).values() for name in recorded() if name in text)
    return found


def read_by_boards() -> set[str]:
    return {name for each in asked() for name in names_in(filled(each.expr))}
