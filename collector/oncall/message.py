"""A message as Alertmanager posts it to a webhook, format version 4: bytes in, values out. Nothing of it is trusted.

What other versions add is passed over; what is read here must be of its type (CONTRACTS 10).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, cast

from collector.model import clean

MOST_BYTES: Final = 4 << 20
"""Of a message: some 3,000 alerts. Alertmanager cuts a longer one with `max_alerts`."""
MOST_ALERTS: Final = 10_000
MOST_LABELS: Final = 64
"""Of an alert. Prometheus' own limit in our configuration is 40."""
MOST_GROUP: Final = 65_536
"""Characters of a group's key: all its labels."""
_TIMES: Final = (0.0, 4_102_444_800.0)
"""1970 to 2100, Unix seconds."""

Status = Literal["firing", "resolved"]

_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


class Unreadable(Exception):
    """It is no such message; the text says where, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Alert:
    """`starts` and `ends` in Unix seconds; one that fires has no end yet."""

    fingerprint: str
    status: Status
    labels: Mapping[str, str]
    starts: float
    ends: float | None


@dataclass(frozen=True, slots=True)
class Message:
    """`status` is the whole message's: it fires while anything in it does. `truncated`: alerts that were cut off."""

    receiver: str
    group: str
    status: Status
    alerts: tuple[Alert, ...]
    truncated: int


def read(body: bytes) -> Message:
    """Raises Unreadable."""
    if len(body) > MOST_BYTES:
        raise Unreadable(f"the message has more than {MOST_BYTES} bytes: set max_alerts")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("the message is no JSON") from None
    if not isinstance(data, dict):
        raise Unreadable("the message is no JSON object")
    if data.get("version") != "4":
        raise Unreadable("'version' is not \"4\": this is no message of an Alertmanager's webhook")
    alerts = data.get("alerts")
    if not isinstance(alerts, list):
        raise Unreadable("'alerts' is no list")
    if len(alerts) > MOST_ALERTS:
        raise Unreadable(f"'alerts' has more than {MOST_ALERTS}: set max_alerts")
    truncated = data.get("truncatedAlerts", 0)
    if type(truncated) is not int or not 0 <= truncated < 2**53:
        raise Unreadable("'truncatedAlerts' is no number of alerts")
    return Message(
        clean(_text(data, "receiver")),
        _text(data, "groupKey", MOST_GROUP),
        _status(data, "status"),
        tuple(_alert(each, f"alerts[{place}].") for place, each in enumerate(alerts)),
        truncated,
    )


def _alert(data: Any, where: str) -> Alert:
    if not isinstance(data, dict):
        raise Unreadable(f"'{where.rstrip('.')}' is no JSON object")
    fingerprint = _text(data, "fingerprint", where=where)
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise Unreadable(f"'{where}fingerprint' is not 16 hexadecimal digits")
    labels = data.get("labels")
    if not isinstance(labels, dict) or len(labels) > MOST_LABELS:
        raise Unreadable(f"'{where}labels' is no JSON object of at most {MOST_LABELS} labels")
    if not all(isinstance(value, str) for value in labels.values()):
        raise Unreadable(f"'{where}labels' holds what is no text")
    status = _status(data, "status", where)
    starts = _time(data, "startsAt", where)
    ends = _time(data, "endsAt", where) if status == "resolved" else None
    known = {clean(name): clean(value) for name, value in labels.items()}
    return Alert(fingerprint, status, known, starts, None if ends is None else max(ends, starts))


def _text(data: Mapping[str, Any], key: str, most: int = 4096, where: str = "") -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value or len(value) > most:
        raise Unreadable(f"'{where}{key}' is no text of 1 to {most} characters")
    return value


def _status(data: Mapping[str, Any], key: str, where: str = "") -> Status:
    value = data.get(key)
    if value not in ("firing", "resolved"):
        raise Unreadable(f"'{where}{key}' is neither firing nor resolved")
    return cast(Status, value)


def _time(data: Mapping[str, Any], key: str, where: str) -> float:
    value = data.get(key)
    try:
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            raise ValueError
        at = datetime.fromisoformat(value).timestamp()
        if not _TIMES[0] <= at < _TIMES[1]:
            raise ValueError
    except (ValueError, OverflowError):
        raise Unreadable(f"'{where}{key}' is no time as RFC 3339 writes it, from 1970 to 2100") from None
    return at
