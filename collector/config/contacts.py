"""`contacts.yml`: whom to tell. Alertmanager reads the secrets, from files; this program never sees one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field, model_validator

from collector.config.document import Document, Step
from collector.config.owners import Promised, References, check_files
from collector.config.scalars import Flag, Listed, Name, Plain, Written, shown, suggestion
from collector.config.secrets import secret_key
from collector.config.typed import Findings, Strict, listed, named_in, part, top
from collector.config.urls import WebAddress
from collector.contacts import Contacts, Owner, Receiver, Slack, Smtp, Told, Webhook
from collector.services import ALWAYS

RESERVED: Final = ("nobody", "heartbeat")
"""Names of receivers that Alertmanager's configuration has anyway."""

INLINE: Final = {
    "password": "password_file",
    "bearer": "bearer_file",
    "token": "bearer_file",
    "credentials": "bearer_file",
    "routing_key": "routing_key_file",
    "service_key": "routing_key_file",
    "api_url": "url_file",
}
"""Keys under which somebody might write a secret, and what to write instead."""


def _path(text: str) -> str:
    if not (PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()):
        raise ValueError("is no whole path: Alertmanager reads the file, so write it from the root, as /etc/...")
    return text


def _open(text: str) -> str:
    names = [key for key, _ in parse_qsl(urlsplit(text).query, keep_blank_values=True)]
    if any(secret_key(name) or name.lower() in ("key", "sig", "code") for name in names):
        raise ValueError("holds a secret behind its '?': write url_file, with the path of a file that holds the URL")
    return text


def _mailbox(text: str) -> str:
    name, _, place = text.rpartition("@")
    if not name or not place or any(c in ' ,;<>"' for c in text):
        raise ValueError(f"{shown(text)} is no address: write it like service-desk@hospital.example")
    return text


def _smarthost(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(f"{shown(text)} is no host:port: write it like mail.hospital.example:587")
    return text


Readable = Annotated[Plain, AfterValidator(_path)]
"""The path of a file that Alertmanager reads."""
Mailbox = Annotated[Plain, AfterValidator(_mailbox)]


def _some(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("is empty: write at least one")
    return names


Names = Annotated[tuple[Name, ...], AfterValidator(_some)]


class WebhookFile(Strict):
    """Where something is posted to."""

    url: Annotated[WebAddress | None, AfterValidator(lambda url: url and _open(url)), Written] = Field(
        None, description="its address, where that is no secret"
    )
    url_file: Annotated[
        Readable | None, Written, Field(description="instead: a file that holds it (Alertmanager 0.26 and later)")
    ] = None
    bearer_file: Annotated[Readable | None, Written, Field(description="a file that holds its token")] = None
    username: Annotated[Plain | None, Written, Field(description="or: a user name, with password_file")] = None
    password_file: Annotated[Readable | None, Written, Field(description="a file that holds the password")] = None

    @model_validator(mode="after")
    def _one_way(self) -> WebhookFile:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("says where in no way or in two: write url or url_file")
        if (self.username is None) != (self.password_file is None):
            raise ValueError("has half of a login: write username and password_file, or neither")
        if self.bearer_file and self.username:
            raise ValueError("logs in in two ways: write bearer_file, or username and password_file")
        return self

    def webhook(self) -> Webhook:
        return Webhook(
            self.url or "", self.url_file or "", self.bearer_file or "", self.username or "", self.password_file or ""
        )


class EmailFile(Strict):
    to: Annotated[tuple[Mailbox, ...], AfterValidator(_some), Field(description="the addresses")]


class SlackFile(Strict):
    channel: Annotated[Plain, Field(description="the channel, as '#network'")]
    url_file: Annotated[Readable, Field(description="a file that holds the incoming webhook's URL")]


class PagerDutyFile(Strict):
    routing_key_file: Annotated[Readable, Field(description="a file that holds the integration's key (Events API v2)")]


class ReceiverFile(Strict):
    """Who or what is told, in every way that is written."""

    name: Annotated[Name, Field(description="its name, by which owners and figures know it")]
    email: Annotated[EmailFile | None, Written, Field(description="by mail, the way that smtp says")] = None
    webhook: Annotated[WebhookFile | None, Written, Field(description="by a POST of Alertmanager's JSON")] = None
    slack: Annotated[
        SlackFile | None, Written, Field(description="in a channel of Slack, or of what speaks like it")
    ] = None
    pagerduty: Annotated[PagerDutyFile | None, Written, Field(description="by a pager")] = None


class OutOfHoursFile(Strict):
    critical: Annotated[Names | None, Written, Field(description="receivers; default: the same")] = None
    warning: Annotated[
        tuple[Name, ...] | None, Listed, Field(description="receivers; none: it waits for the hours; default: the same")
    ] = None


class OwnerFile(Strict):
    """A team, as services name it with `owner:`."""

    name: Annotated[Name, Field(description="its name in services and alerts")]
    critical: Annotated[Names, Field(description="receivers of what pages somebody")]
    warning: Annotated[Names, Field(description="receivers of what becomes a ticket")]
    hours: Annotated[Name, Field(description="the calendar of the hours in which these are told")] = ALWAYS.name
    out_of_hours: Annotated[
        OutOfHoursFile | None, Written, Field(description="who is told out of those hours instead")
    ] = None


class SmtpFile(Strict):
    """How mail leaves."""

    smarthost: Annotated[Plain, AfterValidator(_smarthost), Field(description="host:port of the mail server")]
    from_: Annotated[Mailbox, Field(alias="from", description="the sender's address")]
    username: Annotated[Plain | None, Written, Field(description="where the server wants a login")] = None
    password_file: Annotated[Readable | None, Written, Field(description="a file that holds its password")] = None
    require_tls: Annotated[Flag, Field(description="false: mail may leave in the clear")] = True
    hello: Annotated[Plain | None, Written, Field(description="our name, for the server; default: localhost")] = None

    @model_validator(mode="after")
    def _login(self) -> SmtpFile:
        if (self.username is None) != (self.password_file is None):
            raise ValueError("has half of a login: write username and password_file, or neither")
        return self


class ContactsFile(Strict):
    """`contacts.yml`: whom to tell, where and when."""

    default: Annotated[Name, Field(description="the owner of alerts without one, or with one that is not here")]
    owners: Annotated[tuple[OwnerFile, ...], Field(description="who owns services")]
    receivers: Annotated[tuple[ReceiverFile, ...], Field(description="who or what is told")]
    smtp: Annotated[SmtpFile | None, Written, Field(description="how mail leaves")] = None
    heartbeat: Annotated[
        WebhookFile | None, Written, Field(description="a dead man's switch: it hears the Watchdog every minute")
    ] = None
    collector: Annotated[
        WebhookFile | None, Written, Field(description="our own `/alertmanager/webhook`, which counts what is told")
    ] = None


def read_contacts(document: Document, promised: Promised, findings: Findings) -> Contacts | None:
    """What the file declares; None after a problem."""
    before = len(findings.problems)
    data = top(document, ContactsFile, findings)
    for key in ("default", "owners", "receivers"):
        if not data.get(key):
            findings.problem(document, [key], f"is missing: {ContactsFile.model_fields[key].description}")
    ways = {key: _without_secrets(document, [key], data.get(key), findings) for key in ("heartbeat", "collector")}
    hooks = {
        key: made.webhook()
        for key, written in ways.items()
        if written is not None and (made := part(document, [key], written, WebhookFile, findings))
    }
    smtp = _smtp(document, data.get("smtp"), findings)
    receivers = _receivers(document, data.get("receivers"), findings)
    models = list(listed(document, "owners", data.get("owners"), OwnerFile, findings, "owner"))
    references = References(document, promised, findings)
    for owner, where in models:
        references.check(owner, where)
    references.check_receivers(receivers, counted="collector" in data, mails="smtp" in data)
    owners = {model.name: _owner(model) for model, _ in models}
    default = data.get("default")
    written = named_in(document, "owners")
    if default and default not in written:
        what = f"there is no owner {shown(str(default))}.{suggestion(str(default), written)} They stand below owners"
        findings.problem(document, ["default"], what)
    references.check_owners(written, str(default or ""))
    if len(findings.problems) > before:
        return None
    contacts = Contacts(str(default), owners, receivers, hooks.get("heartbeat"), hooks.get("collector"), smtp)
    check_files(document, contacts, findings)
    return contacts


def _without_secrets(document: Document, where: Sequence[Step], written: Any, findings: Findings) -> Any:
    """What is written, without the secrets that should not have been."""
    if not isinstance(written, dict):
        return written
    kept = {}
    for key, value in written.items():
        instead = "url_file" if key == "url" and where[-1] == "slack" else INLINE.get(key)
        if instead is None:
            kept[key] = value
            continue
        what = f"a secret does not stand here: write {instead}, with the path of a file that Alertmanager reads"
        findings.problem(document, [*where, key], what)
    return kept


def _smtp(document: Document, data: Any, findings: Findings) -> Smtp | None:
    if data is None:
        return None
    before = len(findings.problems)
    model = part(document, ["smtp"], _without_secrets(document, ["smtp"], data, findings), SmtpFile, findings)
    if model is None or len(findings.problems) > before:
        return None
    return Smtp(
        model.smarthost,
        model.from_,
        model.username or "",
        model.password_file or "",
        model.require_tls,
        model.hello or "",
    )


def _receivers(document: Document, data: Any, findings: Findings) -> dict[str, Receiver]:
    if isinstance(data, list):
        data = [
            {key: _without_secrets(document, ["receivers", index, key], value, findings) for key, value in each.items()}
            if isinstance(each, dict)
            else each
            for index, each in enumerate(data)
        ]
    found = {}
    for model, where in listed(document, "receivers", data, ReceiverFile, findings, "receiver"):
        if model.name in RESERVED:
            findings.problem(document, [*where, "name"], f"{model.name} is always there: choose another name")
        found[model.name] = Receiver(
            model.name,
            model.email.to if model.email else (),
            model.webhook.webhook() if model.webhook else None,
            Slack(model.slack.channel, model.slack.url_file) if model.slack else None,
            model.pagerduty.routing_key_file if model.pagerduty else "",
        )
    return found


def _owner(model: OwnerFile) -> Owner:
    within = Told(model.critical, model.warning)
    other = model.out_of_hours
    if other is None:
        return Owner(model.name, within, within, model.hours)
    critical = within.critical if other.critical is None else other.critical
    warning = within.warning if other.warning is None else other.warning
    return Owner(model.name, within, Told(critical, warning), model.hours)
