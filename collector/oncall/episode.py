"""One alert from its beginning to its end, and who said that it is seen to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Kind = tuple[str, str, str]
"""Alert name, severity, owner: each one of a bounded number of words."""


@dataclass(frozen=True, slots=True)
class Ack:
    """Who sees to it, since when and until when (Unix seconds; None: until the alert ends)."""

    at: float
    until: float | None
    by: str
    note: str = ""

    def holds(self, now: float) -> bool:
        return self.until is None or now < self.until


@dataclass(slots=True)
class Episode:
    """`starts`, `ends`, `heard` in Unix seconds. `labels` are for people, cleared of patient data."""

    fingerprint: str
    starts: float
    kind: Kind
    labels: Mapping[str, str]
    heard: float
    """When a message last told of it."""
    ends: float | None = None
    restarts: tuple[float, ...] = ()
    """When it began again after an end, of the last hour."""
    ack: Ack | None = None
    acted: bool = False
    """Whether anybody ever acknowledged it."""

    def seen_to(self, now: float) -> bool:
        return self.ack is not None and self.ack.holds(now)

    def saved(self) -> Mapping[str, Any]:
        """As JSON has it."""
        ack = None if self.ack is None else [self.ack.at, self.ack.until, self.ack.by, self.ack.note]
        return {
            "fingerprint": self.fingerprint,
            "starts": self.starts,
            "kind": list(self.kind),
            "labels": dict(self.labels),
            "heard": self.heard,
            "ends": self.ends,
            "restarts": list(self.restarts),
            "ack": ack,
            "acted": self.acted,
        }


def restored(saved: Mapping[str, Any]) -> Episode:
    """What `saved` gave. Raises ValueError, KeyError, TypeError for anything else."""
    name, severity, owner = saved["kind"]
    ack = saved["ack"]
    return Episode(
        str(saved["fingerprint"]),
        float(saved["starts"]),
        (str(name), str(severity), str(owner)),
        {str(key): str(value) for key, value in saved["labels"].items()},
        float(saved["heard"]),
        None if saved["ends"] is None else float(saved["ends"]),
        tuple(map(float, saved["restarts"])),
        None if ack is None else Ack(float(ack[0]), None if ack[1] is None else float(ack[1]), ack[2], ack[3]),
        bool(saved["acted"]),
    )
