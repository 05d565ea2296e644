"""What a person orders a running collector to do: a small file in the state directory, read twice a second.

A file needs no network, no password and no running program: the kill switch works when nothing else does (RELIABILITY
S19), and a pause holds over a restart because it is still written there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collector.budget import Pauses
from collector.edge.state import Damaged, locked, person, read_state, set_aside, version, wall, write_state

FILE = "control.json"

REMEMBERED = 7 * 86_400.0
"""Seconds for which it is written here that somebody asked a device by hand: whoever wonders does so within a week."""


@dataclass(slots=True)
class Orders:
    """What is ordered."""

    paused: dict[str, Mapping[str, Any]]
    """When, by whom and why, by scope as `budget.Pauses` has it."""
    retries: dict[str, float]
    """Unix time of the last order by device name."""
    holds: dict[str, float]
    """Unix time until which a device is left to somebody else, by its name. Apart from pauses: one that ends by itself
    must never end, or become, what a person ordered."""
    asked: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """When and by whom a device was asked by hand last, and how many packets of each kind that took, by its name."""

    @property
    def pauses(self) -> Pauses:
        return Pauses(frozenset(self.paused))


Edit = Callable[[Orders], None]
"""Changes orders in place."""


def read(state: Path) -> Orders:
    """The orders in force, for people; damaged ones read as a pause of everything. Raises OSError."""
    try:
        return _read(state)
    except Damaged as error:
        return Orders(everything(str(error)), {}, {})


def _read(state: Path) -> Orders:
    content = read_state(state / FILE) or {}
    parts = [content.get(name, {}) for name in ("paused", "retries", "holds", "asked")]
    if not all(isinstance(part, dict) for part in parts):
        raise Damaged(f"{state / FILE} is damaged")
    paused, retries, holds, asked = parts
    return Orders(paused, retries, holds, {name: entry for name, entry in asked.items() if _is_asking(entry)})


def _is_asking(entry: Any) -> bool:
    return (
        isinstance(entry, dict) and isinstance(entry.get("at"), (int, float)) and isinstance(entry.get("packets"), dict)
    )


def everything(why: str) -> dict[str, Mapping[str, Any]]:
    """A pause of all. Who cannot know what a person paused must send nothing (RELIABILITY S19)."""
    return {"all": own(why)}


def paused(scope: str, reason: str) -> Edit:
    """Pause `scope`, for `reason`, by whoever runs this."""

    def edit(orders: Orders) -> None:
        orders.paused[scope] = {"since": wall(), "by": person(), "reason": reason}

    return edit


def own(reason: str) -> Mapping[str, Any]:
    """A pause that the program itself decided on."""
    return {"since": wall(), "by": "wardwatch", "reason": reason}


def noted(entries: Mapping[str, Mapping[str, Any]]) -> Edit:
    """Write pauses down that hold already."""

    def edit(orders: Orders) -> None:
        orders.paused.update(entries)

    return edit


def resumed(scope: str) -> Edit:
    """End a pause."""

    def edit(orders: Orders) -> None:
        orders.paused.pop(scope, None)

    return edit


def retried(name: str) -> Edit:
    """Have the device asked again now."""

    def edit(orders: Orders) -> None:
        orders.retries[name] = wall()

    return edit


def held(names: Iterable[str], seconds: float) -> Edit:
    """Have a collector leave devices to somebody else for so long; 0: no longer."""

    def edit(orders: Orders) -> None:
        orders.holds.update(dict.fromkeys(names, wall() + seconds))

    return edit


def asked(name: str, packets: Mapping[str, int]) -> Edit:
    """Tell a collector what another hand than its own has sent to a device: its log and its counts shall say it."""

    def edit(orders: Orders) -> None:
        orders.asked[name] = {"at": wall(), "by": person(), "packets": dict(packets)}

    return edit


def change(state: Path, edit: Edit) -> None:
    """Let `edit` change the orders, safe against another process that does the same. Raises OSError."""
    with locked(state / f"{FILE}.lock"):
        try:
            orders = _read(state)
        except Damaged as error:
            orders = Orders(everything(str(error)), {}, {})
            set_aside(state / FILE)
        edit(orders)
        now = wall()
        holds = {name: until for name, until in orders.holds.items() if until > now}
        asked = {name: entry for name, entry in orders.asked.items() if now - entry["at"] < REMEMBERED}
        write_state(state / FILE, {"paused": orders.paused, "retries": orders.retries, "holds": holds, "asked": asked})


class Vanished(Exception):
    """There were orders, and the file is gone."""


class Watcher:
    """Notices that the orders changed."""

    def __init__(self, state: Path) -> None:
        self._path = state / FILE
        self._state = state
        self._seen: tuple[int, int, int] | None = None

    def changed(self) -> Orders | None:
        """The new orders, or None while they are as they were.

        Raises Damaged and OSError for as long as they cannot be read, and Vanished once.
        """
        found = version(self._path)
        if found == self._seen:
            return None
        if found is None:
            self._seen = None
            raise Vanished(f"{self._path} has vanished")
        orders = _read(self._state)
        self._seen = found
        return orders
