"""Contacts to make configurations of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from collector.config import load, shipped
from collector.contacts import Contacts, Owner, Receiver, Slack, Smtp, Told, Webhook
from collector.services import ALWAYS, Calendar, Catalogue
from dashboards import alertmanager
from dashboards.timing import Timing

YEAR = 2026


def example() -> tuple[Contacts, Catalogue]:
    """St Example's."""
    config = load(shipped(), environ={}, resolve=str)
    assert config.contacts is not None
    return config.contacts, config.catalogue


CLINIC = Calendar("clinic", "Mo-Fr 08:00-18:00; PH off")
CALENDARS = {CLINIC.name: CLINIC, ALWAYS.name: ALWAYS}


def everything(**urls: str) -> Contacts:
    """Every way of telling; secrets are files in `/etc/alertmanager`."""
    both = Told(("desk", "phone"), ("desk",))
    return Contacts(
        "desk",
        {
            "desk": Owner("desk", both, both),
            "lab": Owner("lab", Told(("desk",), ("desk",)), Told(("phone",), ()), "clinic"),
        },
        {
            "desk": Receiver("desk", email=("desk@hospital.example", "help@hospital.example")),
            "phone": Receiver(
                "phone",
                webhook=Webhook("https://sms.hospital.example/", bearer_file="/etc/alertmanager/sms"),
                slack=Slack("#alerts", "/etc/alertmanager/slack"),
                pagerduty="/etc/alertmanager/pagerduty",
            ),
        },
        heartbeat=Webhook("https://heartbeat.hospital.example/"),
        collector=Webhook(
            "http://127.0.0.1:10810/alertmanager/webhook", username="am", password_file="/etc/alertmanager/am"
        ),
        smtp=Smtp("mail.hospital.example:587", "wardwatch@hospital.example", "w", "/etc/alertmanager/smtp"),
    )


def written(to: Path, contacts: Contacts | None, calendars: Any = CALENDARS, timing: Timing | None = None) -> Path:
    for name, text in alertmanager.files(contacts, calendars, YEAR, timing).items():
        path = to / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return to / alertmanager.FILE


def read(contacts: Contacts, calendars: Any = CALENDARS) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(alertmanager.files(contacts, calendars, YEAR)[alertmanager.FILE])
    return found
