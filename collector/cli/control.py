"""What a person orders a running collector to do: a small file in the state directory, read twice a second.

A file needs no network, no password and no running program: the kill switch works when nothing else does (RELIABILITY
S19), and a pause holds over a restart because it is still written there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.budget import Pauses
from collector.edge.state import changed_at, locked, person, read_state, wall, write_state

FILE = "control.json"

Edit = Callable[[dict[str, Any], dict[str, float]], None]
"""Changes paused scopes and ordered retries."""


@dataclass(frozen=True, slots=True)
class Orders:
    """`paused`: when and by whom, by scope. `retries`: Unix time of the last order by device name."""

    paused: Mapping[str, Mapping[str, Any]]
    retries: Mapping[str, float]

    @property
    def pauses(self) -> Pauses:
        return Pauses(frozenset(self.paused))


def read(state: Path) -> Orders:
    """The orders in force. A damaged file is set aside; `edge.state` says how."""
    content = read_state(state / FILE) or {}
    return Orders(content.get("paused", {}), content.get("retries", {}))


def paused(scope: str, reason: str) -> Edit:
    """Pause `scope`, for `reason`, by whoever runs this."""

    def edit(scopes: dict[str, Any], retries: dict[str, float]) -> None:
        scopes[scope] = {"since": wall(), "by": person(), "reason": reason}

    return edit


def resumed(scope: str) -> Edit:
    """End a pause."""

    def edit(scopes: dict[str, Any], retries: dict[str, float]) -> None:
        scopes.pop(scope, None)

    return edit


def retried(name: str) -> Edit:
    """Have the device asked again now."""

    def edit(scopes: dict[str, Any], retries: dict[str, float]) -> None:
        retries[name] = wall()

    return edit


def change(state: Path, edit: Edit) -> None:
    """Let `edit` change paused scopes and retries, safe against another process that does the same. Raises OSError."""
    with locked(state / f"{FILE}.lock"):
        orders = read(state)
        paused, retries = dict(orders.paused), dict(orders.retries)
        edit(paused, retries)
        write_state(state / FILE, {"paused": paused, "retries": retries})


class Watcher:
    """Notices that the orders changed."""

    def __init__(self, state: Path) -> None:
        self._path = state / FILE
        self._state = state
        self._seen = 0

    def changed(self) -> Orders | None:
        """The new orders, or None while they are as they were."""
        at = changed_at(self._path)
        if at == self._seen:
            return None
        self._seen = at
        return read(self._state)
