"""How each receiver is told, and what in: the templates' names are those of `templates/`."""

from __future__ import annotations

from collections.abc import Iterator

from collector.contacts import Contacts, Receiver, Smtp, Webhook
from dashboards.alertmanager.routes import HEARTBEAT, NOBODY
from dashboards.block import Content

Config = dict[str, Content]

MOST = 2000
"""Alerts in a message to the collector, which takes 4 MiB (docs/oncall.md)."""


def smtp(of: Smtp) -> Config:
    """Alertmanager's `global` settings for mail."""
    login: Config = {"smtp_auth_username": of.username, "smtp_auth_password_file": of.password_file}
    return {
        "smtp_smarthost": of.smarthost,
        "smtp_from": of.sender,
        **(login if of.username else {}),
        **({"smtp_hello": of.hello} if of.hello else {}),
        "smtp_require_tls": of.require_tls,
    }


def receivers(contacts: Contacts) -> list[Config]:
    """Every one of contacts.yml, the collector with each: the name of whom else was told is in what it hears. A route
    of its own, with `continue`, would have only its own name."""
    made: list[Config] = [{"name": NOBODY}]
    if contacts.heartbeat is not None:
        made.append({"name": HEARTBEAT, "webhook_configs": [_webhook(contacts.heartbeat, resolved=False)]})
    for _, receiver in sorted(contacts.receivers.items()):
        made.append({"name": receiver.name} | dict(_ways(receiver, contacts.collector)))
    return made


def _ways(receiver: Receiver, collector: Webhook | None) -> Iterator[tuple[str, Content]]:
    if receiver.pagerduty:
        yield "pagerduty_configs", [_pagerduty(receiver.pagerduty)]
    if receiver.slack is not None:
        yield "slack_configs", [_slack(receiver.slack.channel, receiver.slack.url_file)]
    if receiver.email:
        yield "email_configs", [_email(receiver.email)]
    hooks = [_webhook(receiver.webhook, resolved=True)] if receiver.webhook is not None else []
    if collector is not None:
        hooks.append(_webhook(collector, resolved=True) | {"max_alerts": MOST})
    if hooks:
        yield "webhook_configs", hooks


def _webhook(hook: Webhook, *, resolved: bool) -> Config:
    login: Config = {}
    if hook.bearer_file:
        login = {"authorization": {"type": "Bearer", "credentials_file": hook.bearer_file}}
    elif hook.username:
        login = {"basic_auth": {"username": hook.username, "password_file": hook.password_file}}
    where: Config = {"url_file": hook.url_file} if hook.url_file else {"url": hook.url}
    return where | {"send_resolved": resolved} | ({"http_config": login} if login else {})


def _email(to: tuple[str, ...]) -> Config:
    return {
        "to": ", ".join(to),
        "send_resolved": True,
        "headers": {"Subject": '{{ template "wardwatch.subject" . }}'},
        "text": '{{ template "wardwatch.text" . }}',
        "html": '{{ template "wardwatch.html" . }}',
    }


def _slack(channel: str, url_file: str) -> Config:
    return {
        "api_url_file": url_file,
        "channel": channel,
        "send_resolved": True,
        "title": '{{ template "wardwatch.slack.title" . }}',
        "title_link": '{{ template "wardwatch.link" . }}',
        "text": '{{ template "wardwatch.slack.text" . }}',
        "fallback": '{{ template "wardwatch.slack.title" . }}',
    }


def _pagerduty(routing_key_file: str) -> Config:
    return {
        "routing_key_file": routing_key_file,
        "send_resolved": True,
        "description": '{{ template "wardwatch.subject" . }}',
        "severity": '{{ template "wardwatch.pagerduty.severity" . }}',
        "component": '{{ template "wardwatch.pagerduty.component" . }}',
        "details": {"message": '{{ template "wardwatch.text" . }}'},
        "links": [{"href": '{{ template "wardwatch.link" . }}', "text": "Runbook"}],
    }
