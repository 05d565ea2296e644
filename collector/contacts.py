"""Whom to tell, where and when: owners, their receivers, and the way there.

Declared in `config/contacts.yml`; `dashboards.alertmanager` makes Alertmanager's configuration of it. No secret is ever
here: what ends in `_file` is the path of a file that Alertmanager reads, where Alertmanager runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from collector.services import ALWAYS


@dataclass(frozen=True, slots=True)
class Webhook:
    """A POST to `url`, or to what is in `url_file`; with a bearer token, or a user name and password, or neither."""

    url: str = ""
    url_file: str = ""
    bearer_file: str = ""
    username: str = ""
    password_file: str = ""


@dataclass(frozen=True, slots=True)
class Slack:
    """An incoming webhook, whose address is the secret."""

    channel: str
    url_file: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """A person, a team or a system that is told, in every way that is written. With none of them it is only counted."""

    name: str
    email: tuple[str, ...] = ()
    webhook: Webhook | None = None
    slack: Slack | None = None
    pagerduty: str = ""
    """The file of an integration's routing key (Events API v2)."""


@dataclass(frozen=True, slots=True)
class Told:
    """Names of receivers, by severity."""

    critical: tuple[str, ...]
    warning: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is told of an owner's alerts within the calendar `hours`, and out of them."""

    name: str
    within: Told
    out_of: Told
    hours: str = ALWAYS.name


@dataclass(frozen=True, slots=True)
class Smtp:
    """How mail leaves."""

    smarthost: str
    sender: str
    username: str = ""
    password_file: str = ""
    require_tls: bool = True
    hello: str = ""


@dataclass(frozen=True, slots=True)
class Contacts:
    """All of it; references are right. `default` is the owner of what has no owner, or one that is not written.

    `heartbeat` hears the Watchdog every minute; `collector` hears what every receiver is told.
    """

    default: str
    owners: Mapping[str, Owner]
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    heartbeat: Webhook | None = None
    collector: Webhook | None = None
    smtp: Smtp | None = None
