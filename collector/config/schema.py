"""JSON Schemas of the configuration's files, for editors: `# yaml-language-server: $schema=...` on a file's first line.

An editor sees YAML's own types, so where text is expected a number will do: this program reads every scalar as text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from collector.config.auths import AuthsFile
from collector.config.baselines import BaselinesFile
from collector.config.calendars import CalendarsFile
from collector.config.contacts import ContactsFile
from collector.config.fingerprints import FingerprintsFile
from collector.config.inventory import InventoryFile
from collector.config.kpis import KpisFile
from collector.config.maintenance import MaintenanceFile
from collector.config.modules import ModulesFile
from collector.config.normal import NormalsFile
from collector.config.options import options_of
from collector.config.probes import ProbesFile, is_prober, section_of
from collector.config.scalars import DURATION_PATTERN, duration
from collector.config.services import ServicesFile
from collector.config.settings import SettingsFile
from collector.config.snmp import SnmpFile
from collector.config.traps import TrapNamesFile
from collector.model import Collector

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
"""pydantic's words for bounds behind a validator."""

FILES: dict[str, type[BaseModel]] = {
    "wardwatch": SettingsFile,
    "auths": AuthsFile,
    "inventory": InventoryFile,
    "modules": ModulesFile,
    "probes": ProbesFile,
    "snmp": SnmpFile,
    "fingerprints": FingerprintsFile,
    "normal": NormalsFile,
    "traps": TrapNamesFile,
    "services": ServicesFile,
    "calendars": CalendarsFile,
    "maintenance": MaintenanceFile,
    "contacts": ContactsFile,
    "kpis": KpisFile,
    "baselines": BaselinesFile,
}
"""The kinds of file, by the name of the file or its directory."""


def schemas(collectors: Iterable[type[Collector]] | None = None) -> dict[str, dict[str, Any]]:
    """A schema for each kind of file. `collectors` is the registry's list, unless given."""
    if collectors is None:
        from collector.registry import COLLECTORS

        collectors = COLLECTORS
    made = {name: _schema(name, model) for name, model in FILES.items()}
    elsewhere = [kind for kind in collectors if kind.name != "snmp" and not is_prober(kind)]
    made["modules"]["$defs"]["ModuleFile"] = {
        "type": "object",
        "required": ["collector"],
        "properties": {"collector": {"enum": sorted(kind.name for kind in elsewhere)}},
        "allOf": [_options(kind) for kind in elsewhere],
    }
    # An entry over a shipped one says what differs only.
    made["kpis"]["$defs"]["KpiFile"]["required"] = ["id"]
    probers = [kind for kind in collectors if is_prober(kind)]
    made["probes"]["$defs"]["ProbeFile"]["properties"] |= {
        kind.name: {"description": f"options of {kind.name}"} | _relaxed(section_of(kind).model_json_schema())
        for kind in probers
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
    """Text may be written as a bare number or word, a list or mapping left empty, anything else only as such."""
    if isinstance(node, list):
        return [_relaxed(item) for item in node]
    if not isinstance(node, dict):
        return node
    relaxed = {_BOUNDS.get(k, k): _relaxed(v) for k, v in node.items() if not (k == "title" and isinstance(v, str))}
    choices = [choice for choice in relaxed.pop("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        relaxed = choices[0] | relaxed  # what may be left out may not be left empty
    elif choices:
        relaxed["anyOf"] = choices
    if relaxed.get("default", ...) is None:
        del relaxed["default"]
    if relaxed.get("pattern") == DURATION_PATTERN and "default" in relaxed:
        relaxed["default"] = duration(relaxed["default"])
    kind = relaxed.get("type")
    if kind == "string" and "enum" in relaxed:
        del relaxed["type"]
        relaxed["enum"] = [*relaxed["enum"], *(int(word) for word in relaxed["enum"] if word.isdecimal())]
    elif kind == "string" and not relaxed.keys() & {"pattern", "format", "const"}:
        relaxed["type"] = ["string", "number", "boolean"]
    elif kind in ("array", "object"):
        relaxed["type"] = [kind, "null"]
    return relaxed
