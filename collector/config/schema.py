"""JSON Schemas of the configuration's files, for editors: `# yaml-language-server: $schema=...` on a file's first line.

An editor sees YAML's own types, so where text is expected a number will do: this program reads every scalar as text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from collector.config.auths import AuthsFile
from collector.config.inventory import InventoryFile
from collector.config.modules import ModulesFile, options_of
from collector.config.settings import SettingsFile
from collector.config.snmp import SnmpFile
from collector.model import Collector

DIALECT = "https://json-schema.org/draft/2020-12/schema"

FILES: dict[str, type[BaseModel]] = {
    "wardwatch": SettingsFile,
    "auths": AuthsFile,
    "inventory": InventoryFile,
    "modules": ModulesFile,
    "snmp": SnmpFile,
}
"""The kinds of file, by the name of the file or its directory."""


def schemas(collectors: Iterable[type[Collector]] | None = None) -> dict[str, dict[str, Any]]:
    """A schema for each kind of file. `collectors` is the registry's list, unless given."""
    if collectors is None:
        from collector.registry import COLLECTORS

        collectors = COLLECTORS
    made = {name: _schema(name, model) for name, model in FILES.items()}
    made["modules"]["$defs"]["ModuleFile"] = {
        "type": "object",
        "required": ["collector"],
        "properties": {"collector": {"enum": sorted(kind.name for kind in collectors if kind.name != "snmp")}},
        "allOf": [_options(kind) for kind in collectors if kind.name != "snmp"],
    }
    return made


def _schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    schema: dict[str, Any] = _relaxed(model.model_json_schema())
    return {"$schema": DIALECT, "title": f"wardwatch: {name}"} | {k: v for k, v in schema.items() if k != "title"}


def _options(kind: type[Collector]) -> dict[str, Any]:
    """The options of one collector, for modules that name it."""
    schema = _relaxed(options_of(kind).model_json_schema())
    schema["properties"]["collector"] = {"const": kind.name}
    return {"if": {"properties": {"collector": {"const": kind.name}}}, "then": schema}


def _relaxed(node: Any) -> Any:
    """Text may be written as a bare number or word, a list or mapping left empty, a whole number only as such."""
    if isinstance(node, list):
        return [_relaxed(item) for item in node]
    if not isinstance(node, dict):
        return node
    relaxed = {key: _relaxed(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}
    kind = relaxed.get("type")
    if kind == "string" and not relaxed.keys() & {"enum", "const", "pattern", "format"}:
        relaxed["type"] = ["string", "number", "boolean"]
    elif kind == "string" and "enum" in relaxed:
        del relaxed["type"]
        numbers = [int(word) for word in relaxed["enum"] if word.isdecimal()]
        relaxed["enum"] = [*relaxed["enum"], *numbers]
    elif kind in ("array", "object"):
        relaxed["type"] = [kind, "null"]
    return relaxed
