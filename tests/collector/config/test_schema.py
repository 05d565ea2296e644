"""JSON Schemas for editors: the shipped files, as an editor's YAML parser reads them, are valid by them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.config import shipped
from collector.config.schema import DIALECT, schemas

KINDS: dict[str, Any] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
    "null": type(None),
}  # fmt: skip
KNOWN = {
    *("type", "enum", "const", "pattern", "properties", "required", "additionalProperties", "items", "anyOf", "$ref"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "if", "then", "allOf"),
    *("$defs", "$schema", "title", "description", "default", "examples", "format", "patternProperties"),
}


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same YAML; the one in C takes a tenth of the time for the shipped files."""


@cache
def schema_of(kind: str) -> dict[str, Any]:
    return schemas()[kind]


def is_kind(value: Any, kind: str) -> bool:
    return isinstance(value, KINDS[kind]) and not (isinstance(value, bool) and kind in ("integer", "number"))


def faults(value: Any, schema: Any, root: Any, where: str = "") -> Iterator[str]:
    """The part of JSON Schema that ours are made of."""
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema:
        yield from faults(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, where)
    wanted = schema.get("type")
    if wanted is not None and not any(is_kind(value, k) for k in ([wanted] if isinstance(wanted, str) else wanted)):
        yield f"{where}: {value!r} is no {wanted}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} is not like {schema['pattern']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{where}: {value!r} is too small"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{where}: {value!r} is too large"
    if "anyOf" in schema and all(list(faults(value, choice, root, where)) for choice in schema["anyOf"]):
        yield f"{where}: {value!r} is none of the choices"
    for part in schema.get("allOf", ()):
        yield from faults(value, part, root, where)
    if "if" in schema and not list(faults(value, schema["if"], root, where)):
        yield from faults(value, schema["then"], root, where)
    if isinstance(value, dict):
        yield from (f"{where}: {key} is missing" for key in schema.get("required", ()) if key not in value)
        below, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        for key, item in value.items():
            if key in below:
                yield from faults(item, below[key], root, f"{where}.{key}")
            elif "patternProperties" in schema:
                for pattern, choice in schema["patternProperties"].items():
                    yield from faults(item, choice, root, f"{where}.{key}")
                    if not re.search(pattern, str(key)):  # YAML may see a date where JSON has text
                        yield f"{where}: {key} is not like {pattern}"
            elif others is False:
                yield f"{where}: {key} is not known"
            elif isinstance(others, dict):
                yield from faults(item, others, root, f"{where}.{key}")
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from faults(item, schema["items"], root, f"{where}[{number}]")


SHIPPED = {
    path: kind
    for kind, pattern in {
        "wardwatch": "wardwatch.yml", "auths": "auths.yml", "inventory": "inventory/*.yml", "modules": "modules/*.yml",
        "snmp": "snmp/*.yml", "fingerprints": "snmp/fingerprints.yml", "normal": "snmp/normal.yml",
        "traps": "snmp/traps.yml", "services": "services/*.yml", "calendars": "calendars.yml",
        "kpis": "kpis.yml",
    }.items()
    for path in sorted(shipped().glob(pattern))
}  # fmt: skip


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_files_are_valid(path: Path) -> None:
    schema = schema_of(SHIPPED[path])
    assert list(faults(yaml.load(path.read_text(), LOADER), schema, schema)) == []


@pytest.mark.parametrize(
    ("kind", "text", "fault"),
    [
        ("inventory", "devices: [{name: a, adress: 10.0.0.1}]", "adress is not known"),
        ("inventory", "devices: [{name: a, interval: 5}]", "5 is no string"),
        ("inventory", "devices: [{name: a, interval: 5 s}]", "'5 s' is not like"),
        ("inventory", "devices: [{name: a, class: clincal}]", "'clincal' is none of"),
        ("inventory", "devices: [{name: a, port: 70000}]", "70000 is too large"),
        ("inventory", "devices: [{address: 10.0.0.1}]", "name is missing"),
        ("inventory", "devices: [{name: a, port: }]", "None is no integer"),
        ("auths", "auths: {a: {version: 4}}", "4 is none of"),
        ("wardwatch", "budgets: {it: {packets: 0}}", "0 is too small"),
        ("snmp", "modules: {a: {walk: 1.3.6}}", "'1.3.6' is no ['array', 'null']"),
        ("services", "services: [{name: a, tierr: gold}]", "tierr is not known"),
        ("services", "services: [{name: a, components: [{any: [{devise: b}]}]}]", "is none of the choices"),
        ("services", "services: [{name: a, objectives: [{name: b, kind: availability, target: most}]}]", "not like"),
        ("kpis", "kpis: [{target: 4}]", "id is missing"),
        ("kpis", "kpis: [{id: a, direction: left}]", "'left' is none of"),
        ("kpis", "kpis: [{id: a, baseline: {value: 4}}]", "date is missing"),
        ("calendars", "calendars: [{name: a, hours: off, local: {24.12.: x}}]", "is not like"),
    ],
)
def test_mistakes_are_marked(kind: str, text: str, fault: str) -> None:
    schema = schema_of(kind)
    assert any(fault in said for said in faults(yaml.safe_load(text), schema, schema))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("auths", "auths: {a: {version: 2, community: 0123}, b: {version: '1', community: '${env:X}'}}"),
        ("inventory", "devices:"),
        ("kpis", "kpis: [{id: a, target: 99.9%, amber: 98}]\nnormalisers: {beds: 620}"),
        ("inventory", "devices: [{name: a, location: 12, modules: [if_mib, {module: x, interval: 1m30s}]}]"),
        ("wardwatch", "kinds: {switch: {class: it}}\nhost:\n"),
    ],
)
def test_what_the_program_reads_as_text_may_look_like_a_number(kind: str, text: str) -> None:
    schema = schema_of(kind)
    assert list(faults(yaml.safe_load(text), schema, schema)) == []


def test_modules_offer_the_options_of_their_collector(collectors: Any) -> None:
    schema = schemas(collectors)["modules"]
    for text, fault in {
        "modules: {a: {collector: filesystem, mount_timeout: 2s, exclude: x}}": "",
        "modules: {a: {collector: filesystem, guest: true}}": "guest is not known",
        "modules: {a: {collector: snmp}}": "'snmp' is none of",
        "modules: {a: {collector: cpu, guest: 1}}": "1 is no boolean",
        "modules: {a: {collector: probe, port: 1, token: x, mode: firm}}": "",
    }.items():
        said = list(faults(yaml.safe_load(text), schema, schema))
        assert said == [] if not fault else any(fault in one for one in said), text
    options = {part["if"]["properties"]["collector"]["const"]: part["then"]["properties"] for part in
               schema["$defs"]["ModuleFile"]["allOf"]}  # fmt: skip
    for kind in collectors:
        if kind.name != "snmp":
            assert options[kind.name].keys() == {"collector", *(field.name for field in fields(kind))}
    assert options["filesystem"]["mount_timeout"]["default"] == "5s"


def test_each_schema_names_its_dialect_and_describes_its_keys() -> None:
    for schema in schemas().values():
        assert schema["$schema"] == DIALECT
        for definition in (schema, *schema.get("$defs", {}).values()):
            if definition.get("additionalProperties") is False:
                assert all("description" in p or "$ref" in p for p in definition["properties"].values()), definition
