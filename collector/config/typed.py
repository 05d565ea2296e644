"""Documents against models: every complaint at once, in plain words, at its line. Never a value that may be secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from collector.config.document import Document, Step
from collector.config.problems import ConfigError, Problem
from collector.config.scalars import alternatives, shown, suggestion


class Strict(BaseModel):
    """A mapping of known keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


M = TypeVar("M", bound=BaseModel)


class Findings:
    """What was found wrong (problems) or unwise (warnings) over all files of one load."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def problem(self, document: Document, where: Sequence[Step], what: str) -> None:
        self.problems.append(document.problem(where, what))

    def warn(self, document: Document, where: Sequence[Step], what: str) -> None:
        self.warnings.append(document.problem(where, what))

    def raise_any(self) -> None:
        if self.problems:
            raise ConfigError(self.problems)


def typed(document: Document, model: type[M]) -> M:
    """The whole document as `model`; an empty document is an empty mapping. Raises ConfigError."""
    findings = Findings()
    made = part(document, (), document.data, model, findings)
    if made is None:
        raise ConfigError(findings.problems)
    return made


def part(
    document: Document, where: Sequence[Step], data: Any, model: type[M], findings: Findings, *, hidden: bool = False
) -> M | None:
    """What stands at `where` in the document as `model`; None after adding what is wrong to `findings`.

    `hidden`: the part holds credentials, and no value of it is ever quoted.
    """
    try:
        return model.model_validate({} if data is None else data)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            steps, what = _translate(model, one, hidden)
            findings.problem(document, [*where, *steps], what)
        return None


def entries(document: Document, where: Sequence[Step], data: Any, findings: Findings) -> Mapping[str, Any]:
    """A mapping of anything; empty, with a problem, where something else is written."""
    if data is None:
        return {}
    if isinstance(data, dict):
        return data
    findings.problem(document, where, f"is {_kind(data)} where a mapping ('key: value' lines) is expected")
    return {}


def top(document: Document, model: type[BaseModel], findings: Findings) -> Mapping[str, Any]:
    """The keys of a whole file, those that `model` does not know taken out with a problem; their values untyped."""
    data = entries(document, (), document.data, findings)
    known = list(_keys(model))
    for key in data:
        if key not in known:
            findings.problem(document, [key], _unknown(key, known))
    return {key: value for key, value in data.items() if key in known}


def named(
    document: Document, key: str, file: type[BaseModel], entry: type[M], findings: Findings, what: str
) -> Iterator[tuple[M, list[Step]]]:
    """The entries of the list that a whole file is, and where they stand; those with problems are left out, as are
    further ones of the same `name`, which each has. `what` one of them is called.
    """
    return listed(document, key, top(document, file, findings).get(key), entry, findings, what)


def listed(
    document: Document, key: str, data: Any, entry: type[M], findings: Findings, what: str
) -> Iterator[tuple[M, list[Step]]]:
    """The same of one list among the keys of a file."""
    if data is not None and not isinstance(data, list):
        findings.problem(document, [key], f"is no list: write each {what} as '- name: ...'")
        return
    names = set[str]()
    for index, written in enumerate(data or ()):
        where: list[Step] = [key, index]
        model = part(document, where, written, entry, findings)
        if model is None:
            continue
        name = model.model_dump(include={"name"})["name"]
        if name in names:
            findings.problem(document, [*where, "name"], f"{shown(name)} is written twice: keep one of them")
            continue
        names.add(name)
        yield model, where


def sound(model: type[M], written: object, instead: Mapping[str, str] | None = None) -> M | None:
    """What is written without the keys that are wrong, and `instead` of them: so that all else is looked at as well."""
    if not isinstance(written, dict):
        return None
    try:
        return model.model_validate(written)
    except ValidationError as error:
        wrong = {one["loc"][0] for one in error.errors(include_url=False) if one["loc"]}
    try:
        return model.model_validate({**(instead or {}), **{k: v for k, v in written.items() if k not in wrong}})
    except ValidationError:
        return None


def named_in(document: Document, key: str) -> set[str]:
    """Every name in a list of entries, also of those with problems: what refers to one of them is not wrong too."""
    data = document.data.get(key) if isinstance(document.data, dict) else None
    written = [each.get("name") for each in data if isinstance(each, dict)] if isinstance(data, list) else []
    return {name for name in written if isinstance(name, str)}


def _translate(model: type[BaseModel], error: Any, hidden: bool) -> tuple[list[Step], str]:
    """Steps and plain words of one of pydantic's errors."""
    steps: list[Step] = [step for step in error["loc"] if step != "[key]"]
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return steps, _unknown(str(steps[-1]), list(_keys(_at(model, steps[:-1]))))
    if kind == "missing":
        said = _said(_at(model, steps[:-1]), steps[-1])
        return steps, f"is missing: {said}" if said else "is missing: add it"
    if value is None:
        return steps, "nothing is written here: write a value, or remove the key"
    if kind in ("model_type", "model_attributes_type", "dict_type", "mapping_type", "dataclass_type"):
        return steps, f"is {_kind(value)} where a mapping ('key: value' lines) is expected"
    if kind in ("list_type", "tuple_type", "set_type", "frozen_set_type"):
        return steps, f"is {_kind(value)} where a list ('- item' lines) is expected"
    if isinstance(value, (dict, list)) and kind != "value_error":
        return steps, f"is {_kind(value)} where one value is expected"
    quoted = "this" if hidden else shown(str(value))
    if kind == "literal_error":
        words = [word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")]
        hint = "" if hidden else suggestion(str(value), words)
        return steps, f"{quoted} is not known here.{hint} Write {alternatives(words)}"
    if kind in ("greater_than", "greater_than_equal"):
        least = context.get("ge", context.get("gt"))
        return steps, f"{quoted} is too small: write {'at least' if 'ge' in context else 'more than'} {least:g}"
    if kind in ("less_than", "less_than_equal"):
        most = context.get("le", context.get("lt"))
        return steps, f"{quoted} is too large: write {'at most' if 'le' in context else 'less than'} {most:g}"
    if kind == "value_error":
        said = str(context["error"])
        return steps, said if not hidden or not isinstance(value, str) or value not in said else "is not valid"
    return steps, f"{quoted} is not valid: {error['msg'][0].lower()}{error['msg'][1:]}"


def _unknown(key: str, known: Sequence[str]) -> str:
    return f"is not a key here.{suggestion(key, known)} Known: {', '.join(known) or 'none'}"


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "empty" if value is None else "text"


def _keys(annotation: Any) -> Mapping[str, Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {field.alias or name: field for name, field in annotation.model_fields.items()}
    return {}


def _said(annotation: Any, key: Step) -> str:
    field = _keys(annotation).get(str(key))
    return (field.description or "") if field is not None else ""


def _at(annotation: Any, steps: Sequence[Step]) -> Any:
    """The type that a model gives to a place."""
    for step in steps:
        annotation = _bare(annotation)
        keys = _keys(annotation)
        if keys:
            field = keys.get(str(step))
            annotation = field.annotation if field is not None else None
        else:
            arguments = get_args(annotation)
            annotation = arguments[-1 if isinstance(step, str) else 0] if arguments else None
    return _bare(annotation)


def _bare(annotation: Any) -> Any:
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            annotation = next(a for a in get_args(annotation) if a is not type(None))
        else:
            return annotation
