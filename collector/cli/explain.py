"""`wardwatch poll --explain`: which modules a device gets by what it says of itself, and why, for a person to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from collector.config import AUTO
from collector.model import Column, Edge, Target, clean
from collector.network.auto import Auto, Choice
from collector.privacy import Screen
from collector.wire.snmp.identify import Identification


@dataclass(frozen=True, slots=True)
class Explains:
    """Asks a device what it is, and keeps in `lines` what follows from that. `listed` is what the inventory says."""

    name: ClassVar[str] = "explain"

    auto: Auto
    listed: Sequence[str]
    lines: list[str] = field(default_factory=list)

    async def poll(self, target: Target, edge: Edge) -> Sequence[Column]:
        asked = await self.auto.ask(target, edge)
        choice = self.auto.choice(asked, target.device.device_class)
        self.lines[:] = _lines(choice, asked, edge.common(Screen)(asked.descr), self.listed)
        return ()


def _lines(choice: Choice, asked: Identification, descr: str, listed: Sequence[str]) -> Iterator[str]:
    assert asked.identity is not None
    yield f"sysObjectID  {asked.identity.object_id or '(none)'}"
    yield f"sysDescr     {clean(' '.join(descr.split())) or '(none)'}"
    yield ""
    on_top = AUTO in listed  # or else nothing is chosen, and all is what might be
    chosen = {name: rules for name, rules in choice.modules.items() if not (on_top and name in listed)}
    words = [(name, "the inventory") for name in listed if on_top and name != AUTO]
    words += [(name, ", ".join(rules)) for name, rules in chosen.items()]
    words += [(name, "not asked: it walks tables, which this class of device is spared") for name in choice.unfit]
    words += [(name, "not asked: the other modules have all of it") for name in choice.covered]
    if on_top:
        yield "Modules, and the rules that say so:"
    else:
        yield f"The inventory says: {', '.join(listed)}. By `modules: auto` it would get, by these rules:"
    yield from _aligned(words)
    yield ""
    yield "Rules, those that match first:"
    found = sorted(choice.verdicts, key=lambda verdict: not verdict.matched)
    yield from _aligned([(f"{'+' if each.matched else '-'} {each.rule.name}", each.why) for each in found])


def _aligned(words: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max((len(name) for name, _ in words), default=0)
    return (f"  {name:{width}}  {why}" for name, why in words)
