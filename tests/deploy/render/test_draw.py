"""Boards drawn for real: Chromium, Grafana's libraries, a Prometheus. `make breaks` runs it; at first it needs npm."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboards.board import Board, Row, Variable, alerts, written
from dashboards.palette import UP, rising
from dashboards.panels import Column, Link, Query, bars, series, stat, states, table
from deploy.render import intervals, tools

ROOT = Path(__file__).resolve().parents[3]
NOW = int(time.time()) // 60 * 60

pytestmark = [pytest.mark.bar, pytest.mark.parts, pytest.mark.slow]


def board() -> Board:
    up = Query('sum by (instance) (up{site=~"$site"})', "{{instance}}")
    took = Query("sum by (instance) (took_seconds)", "{{instance}}")
    columns = (
        Column("instance", "Device", links=(Link("Device", "/d/x?var-instance=${__data.fields.instance}"),)),
        Column("Value #A", "State", words=UP),
        Column("Value #B", "Took", "s", steps=rising(1, 2), gauge=True),
    )
    return Board(
        uid="wardwatch-drawn",
        title="Is it drawn?",
        about="**For** tests. **Good** is all of it.",
        variables=(Variable("site", "Site", "label_values(up, site)"),),
        marks=(alerts(),),
        rows=(
            Row("", (stat("Slowest", "How slow.", Query("max(took_seconds)"), "s", trend=True, width=18),)),
            Row(
                "Of $site",
                (
                    series("Lines", "All.", took, "s", steps=rising(1, 2)),
                    bars("Bars", "All.", took, "s", none="None"),
                    states("States", "All.", up, UP, width=12),
                    table("Rows", "All.", (up, took), columns, sort="Took", width=12),
                    stat("Nothing", "No data.", Query("nothing"), none="All is well"),
                ),
            ),
        ),
    )


@pytest.fixture(scope="module")
def data(part: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour of two devices, one of which goes down, and of an alert."""
    home = tmp_path_factory.mktemp("prometheus")
    lines = []
    for name, values in {
        'up{instance="a",site="x"}': lambda minute: 1,
        'up{instance="b",site="y"}': lambda minute: int(minute < 30),
        'took_seconds{instance="a"}': lambda minute: 1.5,
        'took_seconds{instance="b"}': lambda minute: 0.25,
        'ALERTS{alertname="Fire",alertstate="firing",severity="critical"}': lambda minute: 1,
    }.items():
        lines += [f"{name} {values(minute)} {NOW - 3600 + 60 * minute}" for minute in range(61)]
    (home / "history.txt").write_text("\n".join([*lines, "# EOF", ""]))
    words: list[str | Path] = [part("promtool"), "tsdb", "create-blocks-from", "openmetrics", "-q"]
    subprocess.run([*words, home / "history.txt", home / "data"], check=True, timeout=60, stdout=subprocess.DEVNULL)
    return home / "data"


def render(boards: Path, out: Path, data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.render", "--boards", str(boards), "--out", str(out), "--data", str(data)]
    return subprocess.run(
        [*command, "--texts", *words], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )


def size(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG."""
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    return width, height


def test_a_board_is_drawn_wide_and_narrow_dark_and_light(data: Path, tmp_path: Path) -> None:
    (tmp_path / "wardwatch-drawn.json").write_text(written(board()))

    done = render(tmp_path, tmp_path / "out", data, "--since", "now-1h")

    assert (done.returncode, done.stderr) == (0, "")
    pictures = {path.stem.removeprefix("wardwatch-drawn-"): path for path in (tmp_path / "out").glob("*.png")}
    assert {name: size(path)[0] for name, path in pictures.items()} == {
        "dark-1600": 1600, "light-1600": 1600, "dark-390": 390, "light-390": 390,
    }  # fmt: skip
    assert pictures["dark-1600"].read_bytes() != pictures["light-1600"].read_bytes()
    # On a phone panels lie below one another.
    assert size(pictures["light-390"])[1] > 1.5 * size(pictures["light-1600"])[1]
    said = " ".join((tmp_path / "out" / "wardwatch-drawn-dark-1600.txt").read_text().split())
    # Units, value mappings, thresholds' panel, renamed and sorted columns, variables, what is said without data.
    for words in ("1.50 s", "250 ms", "✗ down", "Device State Took a ✓ up", "Of All", "All is well", "stand-in"):
        assert words in said, (words, said)
    assert "Value #A" not in said


def _query(panel: dict[str, Any]) -> None:
    panel["targets"][0]["expr"] = "sum("


def _kind(panel: dict[str, Any]) -> None:
    panel["type"] = "heatmap"


def _override(panel: dict[str, Any]) -> None:
    properties = [{"id": "custom.sparkle", "value": 1}]
    panel["fieldConfig"]["overrides"].append({"matcher": {"id": "byName", "options": "a"}, "properties": properties})


def _transformation(panel: dict[str, Any]) -> None:
    panel["transformations"] = [{"id": "shuffle", "options": {}}]


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "query": (_query, "Lines: 1:5: parse error"),
    "kind": (_kind, "Lines: no way to draw a heatmap"),
    "override": (_override, "Lines: an override sets custom.sparkle, which a timeseries has not"),
    "transformation": (_transformation, "Lines: no transformation is called shuffle"),
}


def test_what_is_broken_fails_with_the_panels_name_and_the_rest_is_drawn(data: Path, tmp_path: Path) -> None:
    for name, (broken, _) in BROKEN.items():
        content = json.loads(written(board()))
        broken(next(panel for panel in content["panels"] if panel["title"] == "Lines"))
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "well.json").write_text(written(board()))

    done = render(tmp_path, tmp_path / "out", data, "--theme", "dark", "--width", "390")

    assert done.returncode == 1
    complaints = done.stderr.splitlines()
    for name, (_, said) in BROKEN.items():
        assert [line for line in complaints if f"{name}-" in line and said in line], (name, done.stderr)
    assert not [line for line in complaints if "well-" in line]
    assert "drawn   well-dark-390" in done.stdout.splitlines()


def test_intervals_are_rounded_as_grafanas_own_function_rounds_them() -> None:
    made = tools.ready(ROOT / ".state" / "render")
    edges = [below for below, _ in intervals.ROUNDED]
    given = sorted({edge + more for edge in edges for more in (-1, 0, 1)})
    code = f"""const {{rangeUtil}} = require('@grafana/data');
        console.log(JSON.stringify({given}.map(rangeUtil.roundInterval)));
        process.exit(0)"""

    done = subprocess.run(
        [made.node, "-e", code],
        env=made.environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    assert [intervals.rounded(each) for each in given] == json.loads(done.stdout)
