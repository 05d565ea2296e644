"""Targets of one device that are asked together, and how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from collector.model import Column, Edge, Reading, Sociable, Target


def company(target: Target) -> str:
    """The word that targets have in common which are asked together (`model.Sociable`); empty: asked by itself."""
    return getattr(target.collector, "company", "")


def parties(targets: Sequence[Target]) -> Sequence[Sequence[Target]]:
    """Targets by conversation, each where the first of its party stands."""
    if len(targets) == 1:
        return (targets,)
    found: dict[tuple[str, str], list[Target]] = {}
    for target in targets:
        word = company(target)
        found.setdefault((word, "" if word else target.module), []).append(target)
    return tuple(found.values())


async def poll(party: Sequence[Target], edge: Edge) -> Sequence[Reading]:
    """Ask for one party. Raises the `PollError` that is that of all."""
    if len(party) > 1:
        return await cast(Sociable, party[0].collector).poll_together(party, edge)
    columns: Sequence[Column] = await party[0].collector.poll(party[0], edge)
    return (lambda: columns,)
