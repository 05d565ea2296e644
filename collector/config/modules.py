"""`modules/*.yml`: configured ways of asking. A module's options are the fields of its collector's dataclass."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from collector.config.document import Document, Step
from collector.config.scalars import (
    NOT_A_NAME,
    Duration,
    Flag,
    Keyed,
    Listed,
    Name,
    Number,
    Whole,
    Written,
    is_name,
    shown,
)
from collector.config.scalars import suggestion as near
from collector.config.secrets import Secrets
from collector.config.typed import Findings, Strict, entries, part, top
from collector.model import Collector, Seconds, Secret


class Options(Strict):
    """What every collector's options are."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True)

    collector: Annotated[Name, Field(description="name of the collector")]


class ModuleFile(Strict):
    """One module: its collector, and that collector's options."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    collector: Annotated[Name, Field(description="name of the collector; `wardwatch list collectors` lists them")]


class ModulesFile(Strict):
    """A file of modules."""

    modules: Annotated[dict[Name, ModuleFile], Keyed] = Field(default_factory=dict, description="modules by name")


def read_modules(
    document: Document, collectors: Mapping[str, type[Collector]], secrets: Secrets, findings: Findings
) -> dict[str, Collector | None]:
    """The modules of a file by name; None for one with problems."""
    data = top(document, ModulesFile, findings)
    modules: dict[str, Collector | None] = {}
    for name, written in entries(document, ["modules"], data.get("modules"), findings).items():
        where: list[Step] = ["modules", name]
        if not is_name(name):
            findings.problem(document, where, NOT_A_NAME)
        modules[name] = _module(document, where, written, collectors, secrets, findings)
    return modules


def _module(
    document: Document,
    where: Sequence[Step],
    written: Any,
    collectors: Mapping[str, type[Collector]],
    secrets: Secrets,
    findings: Findings,
) -> Collector | None:
    head = part(document, where, written, ModuleFile, findings)
    if head is None:
        return None
    make = collectors.get(head.collector)
    if make is None:
        what = f"there is no collector {shown(head.collector)}.{near(head.collector, collectors)}"
        findings.problem(document, [*where, "collector"], what)
        return None
    if make.name == "snmp":
        findings.problem(document, [*where, "collector"], "SNMP modules are written under snmp/, in snmp.yml's format")
        return None
    options = part(document, where, written, options_of(make), findings)
    if options is None:
        return None
    values = {name: getattr(options, name) for name in options.model_fields_set if name != "collector"}
    hints = get_type_hints(make)
    before = len(findings.problems)
    for name, value in values.items():
        if hints[name] is Secret:
            values[name] = secrets.resolve(document, [*where, name], value)
    if len(findings.problems) > before:
        return None
    try:
        return make(**values)
    except (ValueError, re.error) as error:  # a collector's own word on how its options fit together
        findings.problem(document, where, str(error))
        return None


@cache
def options_of(make: type[Collector]) -> type[BaseModel]:
    """The model of a collector's options: its dataclass fields, typed as YAML text is."""
    hints = get_type_hints(make)
    declared: dict[str, Any] = {}
    for field in fields(make):  # type: ignore[arg-type]  # every collector is a dataclass (HOUSE 3)
        default: Any = ...
        if hints[field.name] is Secret:
            default = ""
        elif field.default is not MISSING:
            default = field.default
        elif field.default_factory is not MISSING:
            default = field.default_factory()
        declared[field.name] = (_type(hints[field.name]), default)
    return create_model(f"{make.__name__}Options", __base__=Options, **declared)


def _type(hint: Any) -> Any:
    """The type that reads text for a field's type."""
    simple = {Seconds: Duration, int: Whole, float: Number, bool: Flag, Secret: str, Path: Path, str: str}
    if hint in simple:
        return simple[hint]
    if hint is re.Pattern or get_origin(hint) is re.Pattern:
        return re.Pattern[str]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (tuple, list, frozenset, set):
        return Annotated[origin[tuple(a if a is ... else _type(a) for a in arguments)], Listed]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return Annotated[dict[_type(arguments[0]), _type(arguments[1])], Keyed]  # type: ignore[misc]
    if arguments and type(None) in arguments:
        (inner,) = (a for a in arguments if a is not type(None))
        return Annotated[_type(inner) | None, Written]
    return hint
