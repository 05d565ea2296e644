"""`promtool test rules` on rules made of a catalogue: series in, expressions and alerts looked at."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from collector.services import Catalogue, Service
from dashboards.objectives import FILE, files
from dashboards.timing import Timing

LONGEST_SECONDS = 300


@dataclass
class Case:
    """`series`: promtool's notation by selector. `looks`: at a time, what an expression gives."""

    name: str
    series: Mapping[str, str]
    looks: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)

    def look(self, at: str, expr: str, *values: float | tuple[str, float]) -> Case:
        """Each value bare, or with its labels as promtool writes them."""
        samples = [
            {"labels": "{}", "value": v} if not isinstance(v, tuple) else {"labels": v[0], "value": v[1]}
            for v in values
        ]
        self.looks.append({"expr": expr, "eval_time": at, "exp_samples": samples})
        return self

    def alert(self, at: str, name: str, *fires: Mapping[str, Any]) -> Case:
        self.alerts.append({"eval_time": at, "alertname": name, "exp_alerts": list(fires)})
        return self


def catalogue(*services: Service) -> Catalogue:
    return Catalogue({service.name: service for service in services})


def judge(
    promtool: Path,
    directory: Path,
    promised: Catalogue,
    cases: Sequence[Case],
    timing: Timing | None = None,
    only: str = "",
    every: str = "",
    file: str = FILE,
    samples: str = "",
) -> str:
    """What promtool says against the cases: nothing, when all hold.

    `only`: a pattern of the rules that matter, by name, and what they count (`of`) or over which `window`:
    `service:count:sum window=5m`. `every`: the time between evaluations, where it isn't the rules' own. `file`: which
    of the files that are made. `samples`: the time between samples, where it isn't that.
    """
    timing = timing or Timing()
    return judged(promtool, directory, [files(promised, timing)[file]], cases, every or timing.every, only, samples)


def _called(rule: Mapping[str, Any]) -> str:
    labels = rule.get("labels", {})
    told = (f" {label}={labels[label]}" for label in ("of", "window") if label in labels)
    return (rule.get("record") or str(rule["alert"])) + "".join(told)


def judged(
    promtool: Path,
    directory: Path,
    texts: Sequence[str],
    cases: Sequence[Case],
    every: str,
    only: str = "",
    samples: str = "",
) -> str:
    """The same of files of rules, whose groups run one after the other: else promtool has them in any order."""
    names, order = [], []
    for number, text in enumerate(texts):
        rules = yaml.safe_load(text)
        for group in rules["groups"]:
            group["rules"] = [rule for rule in group["rules"] if re.match(only, _called(rule))]
        order += [group["name"] for group in rules["groups"]]
        names.append(f"rules-{number}.yml")
        (directory / names[-1]).write_text(yaml.safe_dump(rules, sort_keys=False))
    tests = [
        {
            "name": case.name,
            "interval": samples or every,
            "input_series": [{"series": series, "values": values} for series, values in case.series.items()],
            "promql_expr_test": case.looks,
            "alert_rule_test": case.alerts,
        }
        for case in cases
    ]
    content = {"rule_files": names, "group_eval_order": order, "evaluation_interval": every, "tests": tests}
    (directory / "cases.yml").write_text(yaml.safe_dump(content, sort_keys=False, width=1000))
    words = [promtool, "test", "rules", directory / "cases.yml"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
