"""What is no longer measured alarms nobody for ever: each case in which an alert fires, with all its series ended."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.test_rules import ALWAYS, CASES, completed, seconds

LATER = 26 * 3600
"""Seconds: beyond the longest range that an alert looks back over, a day."""
EVERY = 900
"""Seconds from evaluation to evaluation: only the end matters."""

TOKEN = re.compile(r"(?P<first>-?[\d.eE]+|_|stale)(?P<step>[-+][\d.eE]+)?(?:x(?P<more>\d+))?")


def samples(values: object) -> Iterator[str]:
    """promtool's notation written out: `1x2` is three samples, `_x2` none for two."""
    for token in str(values).split():
        found = TOKEN.fullmatch(token)
        assert found is not None, token
        first, more = found["first"], int(found["more"] or 0)
        if first in ("_", "stale"):
            yield from [first] * (more if found["more"] else 1)
        else:
            yield from (repr(float(first) + float(found["step"] or 0) * n) for n in range(more + 1))


def ended(case: dict[str, Any]) -> dict[str, Any] | None:
    """The case as it is when an alert of it fires last, and then without any series; None: none fires in it."""
    fires = [look for look in case.get("alert_rule_test", ()) if look["exp_alerts"] and look["alertname"] != ALWAYS]
    if not fires:
        return None
    interval = seconds(case.get("interval", "1m"))
    last = max(seconds(look["eval_time"]) for look in fires)
    held = int(last // interval) + 1
    at = (int(last) // EVERY + 1) * EVERY + LATER
    names = sorted({look["alertname"] for look in fires})
    return {
        "interval": f"{interval:g}s",
        "input_series": [
            {"series": each["series"], "values": " ".join([*list(samples(each["values"]))[:held], "stale"])}
            for each in case["input_series"]
        ],
        "alert_rule_test": [{"eval_time": f"{at}s", "alertname": name, "exp_alerts": []} for name in names],
    }


@pytest.mark.parts
@pytest.mark.slow
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_no_alert_outlives_its_data(part: Callable[[str], Path], path: Path, tmp_path: Path) -> None:
    content = completed(path)
    content["tests"] = [case for case in map(ended, content["tests"]) if case is not None]
    content["evaluation_interval"] = f"{EVERY}s"
    assert content["tests"]
    (tmp_path / path.name).write_text(yaml.safe_dump(content, sort_keys=False, width=1_000_000))
    words: list[str | Path] = [part("promtool"), "test", "rules", tmp_path / path.name]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_samples_are_written_out() -> None:
    assert list(samples("1x2 0+10x2 _x2 _ stale")) == ["1.0"] * 3 + ["0.0", "10.0", "20.0"] + ["_"] * 3 + ["stale"]
