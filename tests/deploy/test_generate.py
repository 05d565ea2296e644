"""What is generated from the code is current, and the generator says what it can't do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from collector.model import Collector, Family
from collector.network.normal import Normal, Source
from dashboards.board import Board
from deploy.local import generate

ROOT = Path(__file__).resolve().parents[2]


def registered(name: str, doc: str | None) -> type[Collector]:
    """A collector in a module of its own, with that text at its top."""
    module = ModuleType(f"collector.host.{name}", doc)
    exec("class Made:\n    async def poll(self, target, edge): return ()\n", vars(module))
    made: type[Collector] = vars(module)["Made"]
    made.name = name
    sys.modules[module.__name__] = module
    return made


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_collector_is_a_line_with_the_first_sentence_of_its_file() -> None:
    told = registered(
        "told", "Load | averages (node_exporter's `told`): of `uptime`,\ne.g. 5 minutes. More.\n\nAnd more."
    )

    assert generate.collectors([told]).splitlines()[2:] == [
        "| `told` | host | Load \\| averages: of `uptime`, e.g. 5 minutes |"
    ]


def test_a_collector_without_a_docstring_is_refused() -> None:
    with pytest.raises(ValueError, match=r"collector.host.silent has no docstring: README's table needs"):
        generate.collectors([registered("silent", None)])


def test_a_module_is_a_line_with_the_comment_above_it(tmp_path: Path) -> None:
    text = (
        "# About the file.\nmodules:\n  # Load\n  # | more.\n  one:\n    walk:\n    - 1.2\n\n"
        "  # Two.\n  two:\n    get:\n    - 1.2\n"
    )
    (tmp_path / "load.yml").write_text(text)
    (tmp_path / "other.yml").write_text("fingerprints: []\n")

    assert generate.modules(tmp_path).splitlines()[2:] == [
        "| `one` | load.yml |  | Load \\| more. |",
        "| `two` | load.yml | yes | Two. |",
    ]


def test_a_module_without_a_comment_is_refused(tmp_path: Path) -> None:
    (tmp_path / "load.yml").write_text("# About the file.\nmodules:\n  silent:\n    walk:\n    - 1.2\n")

    with pytest.raises(ValueError, match=r"load.yml: silent has no comment above it"):
        generate.modules(tmp_path)


def test_a_normalised_name_is_a_line_with_its_labels_and_its_vendors_metrics() -> None:
    sources = (
        Source("apcLoad", {"line": ("apcIndex",)}),
        Source("errors", bits={0: "jammed"}, bit="error"),
        Source("apcLoad", fixed={"part": "all"}),
    )

    assert generate.names([Normal(Family("wardwatch_ups_load_ratio", "Load."), "ratio", sources)]).splitlines()[2:] == [
        "| `wardwatch_ups_load_ratio` | `line`, `error`, `part` | Load. | `apcLoad`, `errors` |"
    ]


RULE = """groups:
  - name: power
    rules:
      - alert: UpsHot
        expr: heat > 35
        # Source: the makers,
        # as they say it.
        for: 15m
        labels:
          severity: warning
        annotations:
          summary: It is hot.
"""


def test_an_alert_is_a_line_with_the_source_of_its_threshold() -> None:
    assert generate.alerts(RULE).splitlines()[2:] == [
        "| [UpsHot](runbooks/UpsHot.md) | warning | 15m | It is hot. | The makers, as they say it. |"
    ]


def test_every_alert_of_every_file_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "power.yml").write_text(RULE)
    always = RULE.replace("        for: 15m\n", "").replace("UpsHot", "Always")
    (tmp_path / "always.yml").write_text(always)

    assert generate.every_alert(tmp_path).splitlines()[2:] == [
        "| [Always](runbooks/Always.md) | warning | 0m | It is hot. | always.yml |",
        "| [UpsHot](runbooks/UpsHot.md) | warning | 15m | It is hot. | power.yml |",
    ]


def test_an_alert_without_a_source_is_refused() -> None:
    with pytest.raises(ValueError, match="UpsHot does not say where its threshold comes from"):
        generate.alerts(RULE.replace("Source: the makers", "The makers"))


def test_only_what_is_between_the_marks_changes() -> None:
    text = "before\n<!-- generated: one -->\nold\n<!-- /generated -->\nafter\n"

    now = generate.filled(text, {"one": lambda: "new\n"})

    assert now == "before\n<!-- generated: one -->\nnew\n<!-- /generated -->\nafter\n"
    assert generate.filled(now, {"one": lambda: "new\n"}) == now


@pytest.mark.parametrize(
    ("amount", "text"), [(999e6, "999 MB"), (1.04e9, "1.0 GB"), (52.4e9, "52 GB"), (2.61e12, "2.6 TB"), (4e4, "0.0 MB")]
)
def test_sizes_read_as_on_a_disk(amount: float, text: str) -> None:
    assert generate.size(amount) == text


def test_sizing_is_series_times_samples_times_bytes() -> None:
    """100 devices of 700 series every 60 s: 100,800,000 samples a day, for 400 days, 1.3 to 2 bytes each."""
    row = next(line for line in generate.sizing(60).splitlines() if "mixed estate" in line)
    assert row.split(" | ")[2] == "52 GB to 81 GB"


def test_the_generated_parts_are_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "deploy" / "local" / "generate.py", "--check"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_board_is_a_line_with_its_question_and_its_reader() -> None:
    board = Board("wardwatch-a", "Is it up?", "**For** the night\nshift, at 3. **Good** is up.", ())

    assert generate.boards([board]).splitlines()[2:] == [
        "| [`wardwatch-a`](../dashboards/generated/grafana/wardwatch-a.json) | Is it up? | the night shift, at 3 |"
    ]


def test_a_board_for_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="wardwatch-a does not say for whom it is"):
        generate.boards([Board("wardwatch-a", "Is it up?", "**Good** is up.", ())])
