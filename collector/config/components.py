"""What a service is made of: a tree over devices, probes and PromQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import Field

from collector.config.document import Document, Step
from collector.config.estate import Estate
from collector.config.promql import Expression
from collector.config.scalars import Count, Listed, Name, Written, alternatives, shown
from collector.config.typed import Findings, Strict, part
from collector.services import Leaf, Node

WAYS: Final = ("device", "probe", "expr", "all", "any", "at_least")
"""What a component may be: one of these."""


class ProbeOfFile(Strict):
    """A probe of a device."""

    device: Annotated[Name, Field(description="the device")]
    module: Annotated[Name, Field(description="the probe's name on that device")]


class ComponentFile(Strict):
    """One component: `device`, `probe` or `expr`, or others by `all`, `any` or `at_least`."""

    device: Annotated[Name | None, Written, Field(description="a device: up while it answers")] = None
    probe: Annotated[ProbeOfFile | None, Written, Field(description="a probe: up while it succeeds")] = None
    expr: Annotated[
        Expression | None, Written, Field(description="any PromQL: up while its least value is above 0")
    ] = None
    name: Annotated[Name | None, Written, Field(description="what an `expr` is called")] = None
    all: Annotated[tuple[ComponentFile, ...] | None, Listed, Field(description="up while all of these are")] = None
    any: Annotated[tuple[ComponentFile, ...] | None, Listed, Field(description="up while one of these is")] = None
    at_least: Annotated[Count | None, Written, Field(description="up while so many of `of` are")] = None
    of: Annotated[tuple[ComponentFile, ...] | None, Listed, Field(description="what `at_least` counts")] = None


def read_tree(
    document: Document, where: Sequence[Step], written: Any, estate: Estate, findings: Findings
) -> Node | None:
    """The tree that stands at `where`: a list means all of it. None where anything of it is wrong."""
    reading = _Reading(document, estate, findings)
    found = reading.tree(where, written)
    return Node(1, (found,)) if isinstance(found, Leaf) else found


class _Wrong(Exception):
    """What is wrong with a component, and where."""

    def __init__(self, where: Sequence[Step], what: str) -> None:
        super().__init__(what)
        self.where = where


class _Reading:
    """One tree. Read level by level, so that a mistake hides none of the others."""

    def __init__(self, document: Document, estate: Estate, findings: Findings) -> None:
        self._document = document
        self._estate = estate
        self._findings = findings
        self._names: dict[str, str] = {}

    def tree(self, where: Sequence[Step], written: Any) -> Leaf | Node | None:
        """What stands at `where`; None after adding what is wrong."""
        try:
            if isinstance(written, list):
                return self._branches(where, written, None)
            return self._component(where, written)
        except _Wrong as wrong:
            self._findings.problem(self._document, wrong.where, str(wrong))
            return None

    def _branches(self, where: Sequence[Step], written: Any, needs: int | None) -> Node | None:
        """`needs` None: all of them."""
        if written is not None and not isinstance(written, list):
            raise _Wrong(where, "is no list: write each component as '- device: ...' or the like")
        if not written:
            raise _Wrong(where, "is empty: list what it is made of")
        found = [self._single([*where, index], each) for index, each in enumerate(written)]
        least = len(written) if needs is None else needs
        if least > len(written):
            what = f"{least} is too large: there are {len(written)} below 'of'"
            raise _Wrong([*where[:-1], "at_least"], what)
        whole = tuple(each for each in found if each is not None)
        return Node(least, whole) if len(whole) == len(found) else None

    def _single(self, where: Sequence[Step], written: Any) -> Leaf | Node | None:
        if isinstance(written, list):
            self._findings.problem(self._document, where, "is a list: write all, any or at_least before it")
            return None
        return self.tree(where, written)

    def _component(self, where: Sequence[Step], written: Any) -> Leaf | Node | None:
        below = (
            {key: written[key] for key in ("all", "any", "of") if key in written} if isinstance(written, dict) else {}
        )
        own = {key: each for key, each in written.items() if key not in below} if isinstance(written, dict) else written
        model = part(self._document, where, own, ComponentFile, self._findings)
        ways = [way for way in WAYS if isinstance(written, dict) and way in written]
        if len(ways) > 1:
            raise _Wrong(where, f"says {' and '.join(ways)}: make a component of each")
        if model is None:
            for key, each in below.items():
                self.tree([*where, key], each if isinstance(each, list) else [])
            return None
        if not ways:
            what = "says 'of' alone: write at_least beside it" if below else f"says nothing: write {alternatives(WAYS)}"
            raise _Wrong(where, what)
        if "of" in below and ways != ["at_least"]:
            raise _Wrong([*where, "of"], "is for at_least only")
        if model.name is not None and model.expr is None:
            raise _Wrong([*where, "name"], "is for expr only")
        if model.at_least is not None:
            return self._branches([*where, "of"], below.get("of"), model.at_least)
        if ways == ["all"]:
            return self._branches([*where, "all"], below["all"], None)
        if ways == ["any"]:
            return self._branches([*where, "any"], below["any"], 1)
        return self._leaf(where, model)

    def _leaf(self, where: Sequence[Step], model: ComponentFile) -> Leaf | None:
        try:
            if model.device is not None:
                found = self._estate.device(model.device)
            elif model.probe is not None:
                found = self._estate.probe(model.probe.device, model.probe.module)
            elif model.name is not None:
                found = Leaf(model.name, model.expr or "")
            else:
                raise _Wrong([*where, "name"], "is missing: say what the expression is called")
        except ValueError as error:
            raise _Wrong([*where, "device" if model.device is not None else "probe"], str(error)) from None
        if self._names.setdefault(found.name, found.expr) != found.expr:
            raise _Wrong([*where, "name"], f"{shown(found.name)} is the name of another component too")
        return found
