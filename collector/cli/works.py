"""Planned work that a person orders a running collector to know of: a small file in the state directory, as pauses are.

What is over stays there for as long as a period may ask for it: a month's agreed hours do not change when work ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from collector.edge.state import Damaged, locked, person, read_state, set_aside, wall, write_state
from collector.services import Maintenance

FILE = "maintenance.json"
REMEMBERED = 800 * 86_400.0
"""Seconds for which what is over is kept: a financial year, and the one after."""


@dataclass(slots=True)
class Orders:
    """What is ordered. Entries are kept as they were written: another version may understand more of them."""

    planned: list[Any] = field(default_factory=list)
    """Work: `name`, `services`, `sites`, `devices`, `from` and `until` in Unix seconds, `reason`, `by`."""
    cut: list[Any] = field(default_factory=list)
    """What was taken out of work that the configuration plans: its `name`, `from`, `until`, `by`."""

    def maintenance(self) -> list[Maintenance]:
        """The planned work, as the catalogue has it."""
        return [_maintenance(entry) for entry in self.planned if _understood(entry)]

    def cuts(self) -> dict[str, list[tuple[float, float]]]:
        found: dict[str, list[tuple[float, float]]] = {}
        for entry in self.cut:
            if _timed(entry):
                found.setdefault(entry["name"], []).append((entry["from"], entry["until"]))
        return found


Edit = Callable[[Orders], None]
"""Changes orders in place."""


def _timed(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and all(isinstance(entry.get(key), (int, float)) and 0 <= entry[key] < 2**33 for key in ("from", "until"))
    )


def _understood(entry: Any) -> bool:
    if not _timed(entry):
        return False
    return all(
        isinstance(entry.get(key, []), list) and all(isinstance(name, str) for name in entry.get(key, []))
        for key in ("services", "sites", "devices")
    )


def _maintenance(entry: Mapping[str, Any]) -> Maintenance:
    return Maintenance(
        entry["name"],
        tuple(entry.get("services", ())),
        tuple(entry.get("sites", ())),
        tuple(entry.get("devices", ())),
        datetime.fromtimestamp(entry["from"], UTC),
        datetime.fromtimestamp(entry["until"], UTC),
        reason=str(entry.get("reason", "")),
        source=str(entry.get("by", "")),
    )


def read(state: Path) -> Orders:
    """The orders in force. Raises Damaged and OSError."""
    content = read_state(state / FILE) or {}
    planned, cut = content.get("planned", []), content.get("cut", [])
    if not isinstance(planned, list) or not isinstance(cut, list):
        raise Damaged(f"{state / FILE} is damaged")
    return Orders(planned, cut)


def added(maintenance: Maintenance) -> Edit:
    """Plan work, by whoever runs this."""
    assert maintenance.begins is not None
    assert maintenance.ends is not None
    entry = {
        "name": maintenance.name,
        "services": list(maintenance.services),
        "sites": list(maintenance.sites),
        "devices": list(maintenance.devices),
        "from": maintenance.begins.timestamp(),
        "until": maintenance.ends.timestamp(),
        "reason": maintenance.reason,
        "by": person(),
    }

    def edit(orders: Orders) -> None:
        orders.planned.append(entry)

    return edit


def ended(name: str, now: float) -> Edit:
    """End what is ordered under a name: what runs ends now, what has not begun is forgotten."""

    def edit(orders: Orders) -> None:
        ours = [entry for entry in orders.planned if _timed(entry) and entry["name"] == name and entry["until"] > now]
        orders.planned = [entry for entry in orders.planned if entry not in ours or entry["from"] < now]
        for entry in ours:
            entry["until"] = now

    return edit


def cut(name: str, begin: float, end: float) -> Edit:
    """Take a stretch of time out of what the configuration plans under a name."""

    def edit(orders: Orders) -> None:
        orders.cut.append({"name": name, "from": begin, "until": end, "by": person()})

    return edit


def change(state: Path, edit: Edit) -> str:
    """Let `edit` change the orders, safe against another process that does the same; what to tell whoever asked for it.

    Orders that are damaged are set aside, and begun anew. Raises OSError.
    """
    told = ""
    with locked(state / f"{FILE}.lock"):
        try:
            orders = read(state)
        except Damaged as error:
            told = f"{error}: it is kept as {FILE}.damaged, and work that was planned in it is not known any more"
            orders = Orders()
            set_aside(state / FILE)
        edit(orders)
        since = wall() - REMEMBERED
        content = {
            key: [entry for entry in entries if not _timed(entry) or entry["until"] >= since]
            for key, entries in (("planned", orders.planned), ("cut", orders.cut))
        }
        write_state(state / FILE, content)
    return told
