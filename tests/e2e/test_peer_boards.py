"""Boards and alerts of hosts find their series on our page as on node_exporter's, but for what docs/host.md names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench import peer_boards as bench
from bench.peer_boards import HOSTS, OURS, OWN, REASONS, THEIRS, Answer

pytestmark = [pytest.mark.parts, pytest.mark.slow]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "host.md"
BEGIN, END = "<!-- missing: checked by a test -->\n", "<!-- end of missing -->\n"
BUILD = "node_exporter_build_info"

Found = dict[str, list[Answer]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Of our own boards, and of one that asks for what only node_exporter has, as a public one does."""
    public = tmp_path_factory.mktemp("public") / "public.json"
    panel = {"title": "Versions", "targets": [{"expr": f'{BUILD}{{instance="$instance"}}'}]}
    choice = {"name": "instance", "type": "query", "query": {"query": f"label_values({BUILD}, instance)"}}
    public.write_text(
        json.dumps({"title": "Public", "panels": [{"panels": [panel]}], "templating": {"list": [choice]}})
    )
    return bench.measured(bench.lists([*OWN, public]))


def test_whatever_only_node_exporter_answers_has_a_reason(found: Found, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.report(found) == 0, capsys.readouterr().out
    assert f"{BUILD} (2)" in capsys.readouterr().out


def test_our_boards_of_hosts_say_as_much_of_node_exporter(found: Found) -> None:
    own = [pair for pair in zip(found[OURS], found[THEIRS], strict=True) if pair[0].asked.title != "Public"]
    assert [mine.asked for mine, other in own if mine.lacking != other.lacking] == []
    queries = [mine for mine, _ in own if mine.asked.kind == "queries"]
    assert sum(each.data for each in queries) > len(queries) / 2


def test_both_machines_were_asked(found: Found) -> None:
    """Each answered by itself: a query that reads the other's series would hide what is missing."""
    public = [[each.data for each in found[host] if each.asked.title == "Public"] for host in HOSTS]
    assert public == [[False, False], [True, True]]


def test_a_metric_that_is_lost_breaks_the_promise(found: Found, capsys: pytest.CaptureFixture[str]) -> None:
    lost = [replace(each, lacking=each.lacking | {"node_load1"}) for each in found[OURS][:1]]

    assert bench.report({**found, OURS: [*lost, *found[OURS][1:]]}) == 1
    assert f"node_load1 (1): {bench.UNKNOWN}" in capsys.readouterr().out


def test_a_file_that_is_neither_is_named(tmp_path: Path) -> None:
    path = tmp_path / "neither.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match="is no board of Grafana"):
        bench.lists([path])


def test_the_document_says_what_is_missing(golden: Callable[[Path, str], None]) -> None:
    head, rest = DOCUMENT.read_text().split(BEGIN)
    rows = [f"| `{name}{'...' if name.endswith('_') else ''}` | {reason} |" for name, reason in REASONS.items()]
    table = "\n".join(["| what | why |", "| --- | --- |", *rows]) + "\n"
    golden(DOCUMENT, head + BEGIN + table + END + rest.split(END)[1])
