"""Boards are what Grafana's published schemas say they are."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.dashboards.boards.shipped import boards, panels

SCHEMAS = Path(__file__).parent / "schemas"
FILES = {"state-timeline": "statetimeline"}


@cache
def schema(kind: str, definition: str) -> jsonschema.Draft7Validator:
    content: dict[str, Any] = json.loads((SCHEMAS / f"{FILES.get(kind, kind)}.json").read_text())
    definitions = content["definitions"]
    # The generator's two mistakes: any JSON is legal here.
    if "MatcherConfig" in definitions:
        definitions["MatcherConfig"]["properties"]["options"] = {}
        definitions["DynamicConfigValue"]["properties"]["value"] = {}
    assert definition in definitions, (kind, definition)
    return jsonschema.Draft7Validator({"$ref": f"#/definitions/{definition}", "definitions": definitions})


def complaints(validator: jsonschema.Draft7Validator, content: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(content)]


@pytest.mark.parametrize("uid", boards())
def test_the_board_is_a_dashboard(uid: str) -> None:
    assert complaints(schema("dashboard", "Dashboard"), boards()[uid]) == []


@pytest.mark.parametrize("uid", boards())
def test_its_panels_are_of_their_kind(uid: str) -> None:
    for panel in panels(boards()[uid]):
        kind = panel["type"]
        assert complaints(schema(kind, "Options"), panel["options"]) == [], panel["title"]
        custom = panel.get("fieldConfig", {}).get("defaults", {}).get("custom")
        if custom:
            assert complaints(schema(kind, "FieldConfig"), custom) == [], panel["title"]
        for target in panel.get("targets", ()):
            assert complaints(schema("prometheus", "Dataquery"), target) == [], panel["title"]


def test_a_schema_refuses_what_is_none() -> None:
    board = json.loads(json.dumps(next(iter(boards().values()))))
    board["panels"][0]["gridPos"]["w"] = "wide"
    assert complaints(schema("dashboard", "Dashboard"), board)
