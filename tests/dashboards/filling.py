"""`promtool test rules` on the rules of capacity: one of their two groups, at the pace at which it runs."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import yaml

from collector.capacity import Limits
from collector.services import Catalogue
from dashboards.capacity import FILE, files
from dashboards.timing import Timing
from tests.dashboards.promtool import LONGEST_SECONDS, Case

OFTEN, SELDOM = 0, 1


def judge(
    promtool: Path,
    directory: Path,
    group: int,
    cases: Sequence[Case],
    promised: Catalogue | None = None,
    timing: Timing | None = None,
    limits: Limits | None = None,
    every: str = "",
    samples: str = "",
) -> str:
    """What promtool says against the cases: nothing, when all hold. It runs all groups at one pace: so only one.

    `every`: the time between evaluations, where it isn't the group's own; `samples`: between samples, where not that.
    """
    rules = yaml.safe_load(files(promised or Catalogue(), limits, timing)[FILE])
    rules["groups"] = [rules["groups"][group]]
    every = every or rules["groups"][0]["interval"]
    (directory / "capacity.yml").write_text(yaml.safe_dump(rules, sort_keys=False, width=1000))
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
    content = {"rule_files": ["capacity.yml"], "evaluation_interval": every, "tests": tests}
    (directory / "cases.yml").write_text(yaml.safe_dump(content, sort_keys=False, width=1000))
    words = [promtool, "test", "rules", directory / "cases.yml"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
