"""Options as YAML writes them, from the fields of a collector's dataclass: types, and what they become."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, create_model

from collector.config.document import Document, Step
from collector.config.scalars import Duration, Flag, Keyed, Listed, Name, Number, Port, Whole, Written
from collector.config.secrets import Secrets
from collector.config.typed import Findings, Strict
from collector.model import File, PortNumber, Seconds, Secret
from collector.wire.re2 import pattern


def _pattern(value: Any) -> Any:
    return pattern(value) if isinstance(value, str) else value


Expression = Annotated[re.Pattern[str], BeforeValidator(_pattern), WithJsonSchema({"type": "string"})]
"""In Go's RE2 syntax, as Prometheus' world writes it."""


class Part(Strict):
    """The options of one of a collector's parts, and what every collector's are made from."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True)


class Options(Part):
    """What every collector's options are."""

    collector: Annotated[Name, Field(description="name of the collector")]


@cache
def options_of(make: type[Any], base: type[Part] = Options, without: frozenset[str] = frozenset()) -> type[BaseModel]:
    """The model of a collector's options: its dataclass fields, typed as YAML text is, but for those `without`."""
    hints = get_type_hints(make)
    declared: dict[str, Any] = {}
    for field in fields(make):
        if not field.init or field.name in without:
            continue
        default: Any = ...
        if hints[field.name] is Secret:
            default = ""
        elif is_dataclass(hints[field.name]):
            default = None
        elif field.default is not MISSING:
            default = field.default
        elif field.default_factory is not MISSING:
            default = field.default_factory()
        declared[field.name] = (_type(hints[field.name]), default)
    return create_model(f"{make.__name__}Options", __base__=base, **declared)


def _type(hint: Any) -> Any:
    """The type that reads text for a field's type."""
    simple = {
        Seconds: Duration, PortNumber: Port, int: Whole, float: Number, bool: Flag, Secret: str, Path: Path, str: str,
        File: str,
    }  # fmt: skip
    if hint in simple:
        return simple[hint]
    if hint is re.Pattern or get_origin(hint) is re.Pattern:
        return Expression
    if isinstance(hint, type) and is_dataclass(hint):
        return Annotated[options_of(hint, Part), Keyed]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return hint
    if origin in (tuple, list, frozenset, set):
        return Annotated[origin[tuple(a if a is ... else _type(a) for a in arguments)], Listed]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return Annotated[dict[_type(arguments[0]), _type(arguments[1])], Keyed]  # type: ignore[misc]
    if arguments and type(None) in arguments:
        (inner,) = (a for a in arguments if a is not type(None))
        return Annotated[_type(inner) | None, Written]
    return hint


def made(
    make: type[Any],
    options: BaseModel,
    document: Document,
    where: Sequence[Step],
    secrets: Secrets,
    findings: Findings,
    **more: Any,
) -> Any:
    """The dataclass with these options and `more`; None after adding what is wrong to `findings`."""
    before = len(findings.problems)
    hints = get_type_hints(make)
    values: dict[str, Any] = {}
    for name in options.model_fields_set:
        if name in hints:
            values[name] = _value(hints[name], getattr(options, name), document, [*where, name], secrets, findings)
    if len(findings.problems) > before:
        return None
    try:
        return make(**values, **more)
    except (ValueError, re.error) as error:  # a collector's own word on how its options fit together
        findings.problem(document, where, str(error))
        return None


def _value(hint: Any, value: Any, document: Document, where: list[Step], secrets: Secrets, findings: Findings) -> Any:
    """An option as the field has it."""
    if hint is Secret:
        return secrets.resolve(document, where, value)
    if hint is File:
        return str(document.path.parent.absolute() / value) if value else ""
    if isinstance(value, BaseModel):
        inner: Any = hint if is_dataclass(hint) else next(a for a in get_args(hint) if is_dataclass(a))
        return made(inner, value, document, where, secrets, findings)
    if isinstance(value, tuple) and value and (isinstance(value[0], BaseModel) or get_args(hint)[0] in (Secret, File)):
        each_hint = get_args(hint)[0]
        return tuple(_value(each_hint, each, document, [*where, n], secrets, findings) for n, each in enumerate(value))
    if isinstance(value, dict) and get_args(hint)[1:] == (Secret,):
        return {name: secrets.resolve(document, [*where, name], text) for name, text in value.items()}
    return value
