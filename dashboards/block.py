"""Plain YAML of mappings, lists, text and whole numbers. The same content gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dashboards.rule import scalar

Content = Mapping[str, "Content"] | Sequence["Content"] | str | int


def block(content: Mapping[str, Content]) -> str:
    return "".join(f"{line}\n" for line in _mapping(content))


def _mapping(content: Mapping[str, Content]) -> Iterator[str]:
    for key, value in content.items():
        if isinstance(value, str | int):
            yield f"{scalar(key)}: {_word(value)}"
        elif isinstance(value, Mapping) and value:
            yield f"{scalar(key)}:"
            yield from (f"  {line}" for line in _mapping(value))
        elif isinstance(value, Mapping) or all(isinstance(each, str | int) for each in value):
            yield f"{scalar(key)}: {_flow(value)}"
        else:
            yield f"{scalar(key)}:"
            for each in value:
                yield from _item(each)


def _item(content: Content) -> Iterator[str]:
    if not isinstance(content, Mapping) or not content:
        yield f"  - {_flow(content)}"
        return
    for number, line in enumerate(_mapping(content)):
        yield f"  {'  ' if number else '- '}{line}"


def _flow(content: Content) -> str:
    if isinstance(content, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {_flow(value)}" for key, value in content.items()) + "}"
    if isinstance(content, str | int):
        return _word(content)
    return "[" + ", ".join(map(_flow, content)) + "]"


def _word(value: str | int) -> str:
    return scalar(value) if isinstance(value, str) else str(value).lower()
