"""The rules of grafana/dashboard-linter (its 17 of 2026-06-18), under their own names, and those of this house.

What is excluded stands in dashboards/boards/.lint, with its reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.models import units

from dashboards.palette import BAD, CALM, GOOD, NOTICE, QUIET, UNKNOWN, WARN
from tests.dashboards.boards.reading import keeps_its_name
from tests.dashboards.boards.shipped import LABEL_VALUES, ROOT, Asked, Json, asked, boards, filled, panels, variables

LINT = ROOT / "dashboards" / "boards" / ".lint"
EXCLUDED: dict[str, dict[str, Any]] = yaml.safe_load(LINT.read_text())["exclusions"]

TITLED = {"stat", "timeseries", "bargauge", "table", "state-timeline"}
UNITS = {value for name, value in vars(units).items() if name[0].isupper() and isinstance(value, str)}
SIGNS = set("✓✗?⚒!●○▲▼–→ⓘ")
COLOURS = {GOOD, NOTICE, WARN, BAD, UNKNOWN, CALM, QUIET, "text"}

Complaints = Iterator[str]


def template_datasource_rule(board: Json) -> Complaints:
    sources = [each for each in variables(board) if each["type"] == "datasource"]
    if [(each["name"], each["label"], each["query"]) for each in sources] != [
        ("datasource", "Data source", "prometheus")
    ]:
        yield "no datasource variable named datasource, labelled Data source, for prometheus"


def _template_rule(board: Json, name: str) -> Complaints:
    found = [each for each in variables(board) if each["name"] == name]
    if not found:
        yield f"no variable {name}"
    for each in found:
        wanted = {"label": name.title(), "type": "query", "multi": True, "allValue": ".+"}
        yield from (f"{name}: {key} is {each.get(key)}" for key, value in wanted.items() if each.get(key) != value)


def template_job_rule(board: Json) -> Complaints:
    yield from _template_rule(board, "job")


def template_instance_rule(board: Json) -> Complaints:
    yield from _template_rule(board, "instance")


def template_label_promql_rule(board: Json) -> Complaints:
    for each in variables(board):
        if each["type"] == "query":
            query = LABEL_VALUES.fullmatch(each["query"])
            if query is None:
                yield f"{each['name']}: {each['query']} is no label_values(SELECTOR, LABEL)"
            else:
                yield from _parses(each["name"], query["expr"])


def template_on_time_change_reload_rule(board: Json) -> Complaints:
    for each in variables(board):
        if each["type"] == "query" and each.get("refresh") != 2:
            yield f"{each['name']} is not asked again when the time range changes"


def panel_datasource_rule(board: Json) -> Complaints:
    for panel in panels(board):
        if panel["type"] != "text" and panel.get("datasource", {}).get("uid") != "${datasource}":
            yield f"{panel['title']}: data source is not ${{datasource}}"


def panel_title_description_rule(board: Json) -> Complaints:
    for panel in panels(board):
        if panel["type"] in TITLED and not (panel.get("title") and panel.get("description")):
            yield f"{panel.get('title')}: no title or no description"


def panel_units_rule(board: Json) -> Complaints:
    for panel in panels(board):
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        if panel["type"] in TITLED and not defaults.get("mappings") and defaults.get("unit") not in UNITS:
            yield f"{panel['title']}: {defaults.get('unit')} is no unit"


def panel_no_targets_rule(board: Json) -> Complaints:
    for panel in panels(board):
        if panel["type"] != "text" and not panel.get("targets"):
            yield f"{panel['title']} asks nothing"


def target_promql_rule(board: Json) -> Complaints:
    for each in _of(board):
        yield from _parses(each.place, each.expr)


def target_rate_interval_rule(board: Json) -> Complaints:
    for each in _of(board):
        for call, window in re.findall(r"\b(\w+)\([^()]*\[([^\]:]+)\]", each.expr):
            if (call in {"rate", "irate"}) != (window == "$__rate_interval"):
                yield f"{each.place}: {call} over {window}"


def _target_rule(board: Json, label: str) -> Complaints:
    for each in _of(board):
        for selector in re.findall(r"\{([^{}]*)\}", each.expr):
            if f'{label}=~"${label}"' not in selector:
                yield f"{each.place}: {selector} does not choose the {label}"


def target_job_rule(board: Json) -> Complaints:
    yield from _target_rule(board, "job")


def target_instance_rule(board: Json) -> Complaints:
    yield from _target_rule(board, "instance")


def target_counter_agg_rule(board: Json) -> Complaints:
    for each in _of(board):
        for found in re.finditer(r"\w+_total\b", each.expr):
            if not re.search(r"\b(i?rate|increase)\($", each.expr[: found.start()]):
                yield f"{each.place}: {found[0]} is not in rate, irate or increase"


def uneditable_dashboard(board: Json) -> Complaints:
    if board.get("editable") is not False:
        yield "is editable"


# This house's own rules.


def panels_fit_the_grid(board: Json) -> Complaints:
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        at = panel["gridPos"]
        x, y, w, h = (at.get(key, 0) for key in "xywh")
        if x + w > 24:
            yield f"{panel['title']} goes over the edge"
        for place in ((column, line) for column in range(x, x + w) for line in range(y, y + h)):
            if place in taken:
                yield f"{panel['title']} lies over {taken[place]}"
                break
            taken[place] = panel["title"]


def ids_are_unique(board: Json) -> Complaints:
    ids = [panel["id"] for panel in board["panels"]]
    if len(set(ids)) != len(ids):
        yield f"panels share an id: {ids}"
    for panel in panels(board):
        letters = [target["refId"] for target in panel.get("targets", ())]
        if len(set(letters)) != len(letters):
            yield f"{panel['title']}: queries share a letter"


def at_most_24_panels(board: Json) -> Complaints:
    if len(panels(board)) > 24:
        yield f"{len(panels(board))} panels"


def the_title_is_a_question(board: Json) -> Complaints:
    if not board["title"].endswith("?"):
        yield f"{board['title']} asks nothing"


def it_says_for_whom(board: Json) -> Complaints:
    said = [panel["options"]["content"] for panel in panels(board)[:12] if panel["type"] == "text"]
    if not any("**For**" in text and "**Good**" in text for text in said):
        yield "no text near the top says for whom it is and what good looks like"


def core_panels_only(board: Json) -> Complaints:
    yield from (
        f"{panel['title']} is a {panel['type']}" for panel in panels(board) if panel["type"] not in TITLED | {"text"}
    )


def links_lead_to_boards(board: Json) -> Complaints:
    for link in re.findall(r'"url": "(/d/[^"?]*)', json.dumps(board)):
        if link.removeprefix("/d/") not in boards():
            yield f"{link} leads nowhere"


def no_colour_without_a_word(board: Json) -> Complaints:
    """Every mapped value begins with a sign, and has a word; colours are the palette's."""
    for panel in panels(board):
        for text, colour in _mapped(panel):
            if text[0] not in SIGNS or not text[1:].strip():
                yield f"{panel['title']}: {text} is told by its colour alone"
            if colour not in COLOURS:
                yield f"{panel['title']}: {colour} is not of the palette"


def rows_of_a_table_meet(board: Json) -> Complaints:
    """Queries of one table share rows by their labels, and a metric's name is one: it keeps the rows apart."""
    for panel in panels(board):
        targets = panel.get("targets", ())
        if panel["type"] == "table" and len(targets) > 1:
            for target in targets:
                if keeps_its_name(promql_parser.parse(filled(target["expr"]))):
                    yield f"{panel['title']}: {target['refId']} keeps its name"


def it_is_told_how_it_is_kept(board: Json) -> Complaints:
    if board.get("timezone") != "browser" or board.get("schemaVersion") != 42 or "id" in board or "__inputs" in board:
        yield "time zone, schema version, id or inputs"
    if not re.fullmatch(r"wardwatch-[a-z]{1,30}", board["uid"]):
        yield f"{board['uid']} is no uid"


RULES: dict[str, Callable[[Json], Complaints]] = {
    rule.__name__.replace("_", "-"): rule
    for rule in (
        template_datasource_rule, template_job_rule, template_instance_rule, template_label_promql_rule,
        template_on_time_change_reload_rule, panel_datasource_rule, panel_title_description_rule, panel_units_rule,
        panel_no_targets_rule, target_promql_rule, target_rate_interval_rule, target_job_rule, target_instance_rule,
        target_counter_agg_rule, uneditable_dashboard,
        panels_fit_the_grid, ids_are_unique, at_most_24_panels, the_title_is_a_question, it_says_for_whom,
        core_panels_only, links_lead_to_boards, no_colour_without_a_word, rows_of_a_table_meet,
        it_is_told_how_it_is_kept,
    )
}  # fmt: skip
"""The linter's other two are about Loki: `target-logql-rule`, `target-logql-auto-rule`."""


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("uid", boards())
def test_rule(uid: str, rule: str) -> None:
    excluded = EXCLUDED.get(rule)
    complaints = list(RULES[rule](boards()[uid]))
    if excluded is None:
        assert complaints == []
    elif "entries" in excluded:
        exempt = [entry["panel"] for entry in excluded["entries"] if entry.get("dashboard", uid) == uid]
        assert [said for said in complaints if not any(said.startswith(panel) for panel in exempt)] == []


def test_every_exclusion_is_of_a_rule_and_has_a_reason() -> None:
    known = {*RULES, "target-logql-rule", "target-logql-auto-rule"}
    for rule, excluded in EXCLUDED.items():
        assert rule in known
        assert all(len(each["reason"]) > 10 for each in excluded.get("entries", [excluded]))


BROKEN: dict[str, Callable[[Json], object]] = {
    "template-datasource-rule": lambda board: board["templating"]["list"].clear(),
    "panel-title-description-rule": lambda board: _first(board).pop("description"),
    "panel-units-rule": lambda board: _first(board)["fieldConfig"]["defaults"].update(unit="furlong"),
    "panel-no-targets-rule": lambda board: _first(board)["targets"].clear(),
    "panel-datasource-rule": lambda board: _first(board)["datasource"].update(uid="mine"),
    "uneditable-dashboard": lambda board: board.update(editable=True),
    "panels-fit-the-grid": lambda board: _first(board)["gridPos"].update(w=25),
    "ids-are-unique": lambda board: [panel.update(id=1) for panel in board["panels"]],
    "the-title-is-a-question": lambda board: board.update(title="Overview"),
    "it-says-for-whom": lambda board: board["panels"].clear(),
    "core-panels-only": lambda board: _first(board).update(type="graph"),
    "links-lead-to-boards": lambda board: board["links"].append({"url": "/d/nowhere"}),
    "at-most-24-panels": lambda board: board["panels"].extend([_first(board)] * 25),
    "rows-of-a-table-meet": lambda board: _table(board)["targets"][0].update(expr="service:up"),
    "it-is-told-how-it-is-kept": lambda board: board.update(id=7),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_rule_sees_what_is_wrong(rule: str) -> None:
    import json

    board = json.loads(json.dumps(boards()["wardwatch-today"]))
    BROKEN[rule](board)
    assert list(RULES[rule](board))


def _first(board: Json) -> Json:
    return panels(board)[0]


def _table(board: Json) -> Json:
    return next(panel for panel in panels(board) if panel["type"] == "table" and len(panel["targets"]) > 1)


def _of(board: Json) -> Iterator[Asked]:
    return (each for each in asked() if each.board == board["uid"])


def _parses(place: str, expr: str) -> Complaints:
    try:
        promql_parser.parse(filled(expr))
    except ValueError as error:
        yield f"{place}: {error}"


def _mapped(panel: Json) -> Iterator[tuple[str, str]]:
    config = panel.get("fieldConfig", {})
    found = list(config.get("defaults", {}).get("mappings") or ())
    for override in config.get("overrides") or ():
        for each in override["properties"]:
            if each["id"] == "mappings":
                found += each["value"]
    for mapping in found:
        options = mapping["options"]
        results = [options["result"]] if "result" in options else options.values()
        yield from ((each["text"], each["color"]) for each in results if "color" in each)
