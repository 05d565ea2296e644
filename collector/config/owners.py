"""What contacts refer to, and what refers to them: receivers, calendars, owners of services, files of secrets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from collector.config.document import Document, Step
from collector.config.scalars import shown, suggestion
from collector.config.typed import Findings, named_in
from collector.contacts import Contacts, Receiver, Webhook
from collector.services import ALWAYS, Catalogue

if TYPE_CHECKING:
    from collector.config.contacts import OwnerFile


@dataclass(frozen=True, slots=True)
class Promised:
    """What contacts may refer to. `services` are the files in which owners stand; `unread` what could not be read."""

    catalogue: Catalogue
    services: Sequence[Document]
    unread: Collection[str]
    calendars: Collection[str]
    """Names of all calendars that are written."""
    teams: Mapping[str, int] = field(default_factory=dict)
    """How many devices name each team."""


class References:
    """What refers to what, receiver by receiver and owner by owner. `check` every owner first."""

    def __init__(self, document: Document, promised: Promised, findings: Findings) -> None:
        self._document = document
        self._promised = promised
        self._findings = findings
        self._receivers = named_in(document, "receivers")
        self._used: set[str] = set()

    def check(self, owner: OwnerFile, where: Sequence[Step]) -> None:
        lists: list[tuple[list[Step], Iterable[str]]] = [(["critical"], owner.critical), (["warning"], owner.warning)]
        if owner.out_of_hours is not None:
            lists += [
                (["out_of_hours", key], getattr(owner.out_of_hours, key) or ()) for key in ("critical", "warning")
            ]
        for steps, names in lists:
            for index, name in enumerate(names):
                self._used.add(name)
                if name not in self._receivers:
                    what = f"there is no receiver {shown(name)}.{suggestion(name, self._receivers)}"
                    self._findings.problem(self._document, [*where, *steps, index], what)
        calendars = self._promised.calendars
        if owner.hours not in calendars and "calendars" not in self._promised.unread:
            what = f"there is no calendar {shown(owner.hours)}.{suggestion(owner.hours, calendars)}"
            self._findings.problem(self._document, [*where, "hours"], f"{what} They are written in calendars.yml")
        if owner.out_of_hours is not None and owner.hours == ALWAYS.name:
            what = f"never comes: the hours are {ALWAYS.name}. Write hours, or leave it out"
            self._findings.problem(self._document, [*where, "out_of_hours"], what)

    def check_receivers(self, receivers: Mapping[str, Receiver], *, counted: bool, mails: bool) -> None:
        data = self._document.data
        for index, each in enumerate(data.get("receivers") or () if isinstance(data, dict) else ()):
            receiver = receivers.get(str(each.get("name"))) if isinstance(each, dict) else None
            if receiver is None:
                continue
            where: list[Step] = ["receivers", index]
            if receiver == Receiver(receiver.name) and not counted:
                what = "tells nobody: write email, webhook, slack or pagerduty"
                self._findings.problem(self._document, where, what)
            if receiver.email and not mails:
                what = "cannot leave: write smtp, with the mail server and the sender"
                self._findings.problem(self._document, [*where, "email"], what)
            if receiver.name not in self._used:
                self._findings.warn(self._document, where, "is told nothing: no owner names it")

    def check_owners(self, written: Collection[str], default: str) -> None:
        """Owners of services against those that are written."""
        used = {service.owner for service in self._promised.catalogue.services.values()} | self._promised.teams.keys()
        data = self._document.data
        for index, each in enumerate(data.get("owners") or () if isinstance(data, dict) else ()):
            name = each.get("name") if isinstance(each, dict) else None
            if name not in used and name != default and "services" not in self._promised.unread:
                self._findings.warn(self._document, ["owners", index], "owns no service and no device")
        for team, devices in sorted(self._promised.teams.items()):
            if team not in written:
                what = f"no owner is the team {shown(team)} of {devices} devices: their alerts go to {shown(default)}."
                self._findings.warn(self._document, ["owners"], f"{what}{suggestion(team, written)}")
        for document in self._promised.services:
            services = document.data.get("services") if isinstance(document.data, dict) else None
            for index, each in enumerate(services if isinstance(services, list) else ()):
                owner = each.get("owner") if isinstance(each, dict) else None
                if isinstance(owner, str) and owner and owner not in written:
                    what = f"contacts.yml has no owner {shown(owner)}: its alerts go to {shown(default)}."
                    self._findings.warn(document, ["services", index, "owner"], f"{what}{suggestion(owner, written)}")


def check_files(document: Document, made: Contacts, findings: Findings) -> None:
    """Alertmanager may run elsewhere, so a file that is not here is no mistake."""

    def look(where: Sequence[Step], path: str) -> None:
        if path and not Path(path).is_file():
            what = (
                f"there is no file {shown(path)} on this machine: it must be where Alertmanager runs, readable for it"
            )
            findings.warn(document, where, what)

    def hook(where: Sequence[Step], webhook: Webhook | None) -> None:
        for key in ("url_file", "bearer_file", "password_file") if webhook is not None else ():
            look([*where, key], getattr(webhook, key))

    hook(["heartbeat"], made.heartbeat)
    hook(["collector"], made.collector)
    look(["smtp", "password_file"], made.smtp.password_file if made.smtp else "")
    for index, receiver in enumerate(made.receivers.values()):
        where: list[Step] = ["receivers", index]
        hook([*where, "webhook"], receiver.webhook)
        look([*where, "slack", "url_file"], receiver.slack.url_file if receiver.slack else "")
        look([*where, "pagerduty", "routing_key_file"], receiver.pagerduty)
