"""Messages as Alertmanager 0.25 writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2s
from typing import Any

BEGIN = datetime(2026, 11, 25, 10, 0, tzinfo=UTC).timestamp()
"""A Wednesday morning."""
NEVER = "0001-01-01T00:00:00Z"


def written(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}789Z"


def alert(
    name: str = "DeviceDown",
    starts: float = BEGIN,
    ends: float | None = None,
    severity: str = "critical",
    **labels: str,
) -> dict[str, Any]:
    labels = {"alertname": name, "severity": severity, **labels}
    return {
        "status": "firing" if ends is None else "resolved",
        "labels": labels,
        "annotations": {"summary": "A device does not answer."},
        "startsAt": written(starts),
        "endsAt": NEVER if ends is None else written(ends),
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": blake2s(json.dumps(labels, sort_keys=True).encode(), digest_size=8).hexdigest(),
    }


def message(
    *alerts: Mapping[str, Any], receiver: str = "page", group: str = '{}:{alertname="DeviceDown"}', **more: Any
) -> bytes:
    """Its status is what Alertmanager would make of the alerts'."""
    firing = any(each.get("status") == "firing" for each in alerts)
    content: dict[str, Any] = {
        "receiver": receiver,
        "status": "firing" if firing else "resolved",
        "alerts": list(alerts),
        "groupLabels": {"alertname": "DeviceDown"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "version": "4",
        "groupKey": group,
        "truncatedAlerts": 0,
    }
    return json.dumps(content | more).encode()


def alerts_of(several: Sequence[str], **about: Any) -> list[dict[str, Any]]:
    return [alert(instance=name, **about) for name in several]
