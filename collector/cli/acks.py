"""Who sees to which alert: a small file in the state directory that a running collector looks at, as pauses are.

The names of people stand here, in the state of the collector and in its log, and nowhere else (KPIS N17).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from collector.edge.state import Damaged, locked, read_state, set_aside, wall, write_state
from collector.oncall.episode import Ack

FILE: Final = "acks.json"
OPEN: Final = "alerts.json"
"""The open alerts, as a running collector has written them."""
REMEMBERED: Final = 90 * 86_400.0
"""Seconds for which it is kept who acknowledged what: the longest of the usual windows."""

Entry = tuple[str, float, Ack]
"""Fingerprint and beginning of the alert, and who sees to it."""


def read(state: Path) -> list[Entry]:
    """All that is written, the oldest first. Raises Damaged and OSError."""
    return [(entry["fingerprint"], float(entry["starts"]), _ack(entry)) for entry in _entries(state)]


def open_alerts(state: Path) -> Sequence[Mapping[str, Any]]:
    """The open alerts, each with `fingerprint`, `starts`, `labels`, and `ack`: at, until, by and note, or None.

    Raises Damaged and OSError.
    """
    found = (read_state(state / OPEN) or {}).get("alerts", [])
    if not isinstance(found, list):
        raise Damaged(f"{state / OPEN} is damaged")
    latest = {(fingerprint, starts): ack for fingerprint, starts, ack in read(state)}
    return [_with(alert, latest.get((alert["fingerprint"], alert["starts"]))) for alert in found]


def add(state: Path, alerts: Iterable[Mapping[str, Any]], ack: Ack) -> str:
    """Write that somebody sees to these alerts, safe against another process; what to tell whoever asked for it.

    A damaged file is set aside, and begun anew. Raises OSError.
    """
    told = ""
    with locked(state / f"{FILE}.lock"):
        try:
            entries = _entries(state)
        except Damaged as error:
            told = f"{error}: it is kept as {FILE}.damaged"
            entries = []
            set_aside(state / FILE)
        said = {"at": ack.at, "until": ack.until, "by": ack.by, "note": ack.note}
        entries += [
            {"fingerprint": alert["fingerprint"], "starts": alert["starts"], "labels": alert["labels"], **said}
            for alert in alerts
        ]
        since = wall() - REMEMBERED
        write_state(state / FILE, {"acks": [entry for entry in entries if entry["at"] >= since]})
    return told


def _entries(state: Path) -> list[dict[str, Any]]:
    entries = (read_state(state / FILE) or {}).get("acks", [])
    if not isinstance(entries, list):
        raise Damaged(f"{state / FILE} is damaged")
    return [entry for entry in entries if _understood(entry)]


def _understood(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("fingerprint"), str)
        and isinstance(entry.get("by"), str)
        and isinstance(entry.get("note"), str)
        and all(isinstance(entry.get(key), (int, float)) for key in ("starts", "at"))
        and (entry.get("until") is None or isinstance(entry["until"], (int, float)))
    )


def _ack(entry: Mapping[str, Any]) -> Ack:
    return Ack(float(entry["at"]), entry["until"], entry["by"], entry["note"])


def _with(alert: Mapping[str, Any], ack: Ack | None) -> Mapping[str, Any]:
    """An alert with what was written since the collector looked."""
    if ack is None or (alert["ack"] and alert["ack"][0] >= ack.at):
        return alert
    return {**alert, "ack": [ack.at, ack.until, ack.by, ack.note]}
