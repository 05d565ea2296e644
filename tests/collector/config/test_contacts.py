"""Contacts: what is made of them, and what is warned of. What is refused of them stands in tests/config."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from collector.config import Config
from collector.config.summary import summary
from collector.contacts import Contacts, Owner, Receiver, Slack, Smtp, Told, Webhook

Load = Callable[[Path | None], Config]

TEXT = """\
default: desk
smtp: {smarthost: "mail.hospital.example:587", from: w@hospital.example, username: w, password_file: /nowhere/smtp}
heartbeat: {url_file: /nowhere/heartbeat}
collector: {url: "http://127.0.0.1:10810/alertmanager/webhook", username: am, password_file: /nowhere/am}
receivers:
- {name: desk, email: {to: [desk@hospital.example, help@hospital.example]}}
- name: phone
  webhook: {url: "https://sms.hospital.example/send?unit=1", bearer_file: /nowhere/sms}
  slack: {channel: "#alerts", url_file: /nowhere/slack}
  pagerduty: {routing_key_file: /nowhere/pagerduty}
- {name: spare}
owners:
- {name: desk, critical: [desk, phone], warning: [desk]}
- name: lab
  hours: clinic
  critical: [desk]
  warning: [desk]
  out_of_hours: {critical: [phone], warning: []}
- name: idle
  hours: clinic
  critical: [desk]
  warning: [desk]
  out_of_hours: {critical: [phone]}
"""


def written(site: Path, text: str = TEXT) -> Path:
    (site / "contacts.yml").write_text(text)
    (site / "services" / "more.yml").write_text(
        "services:\n"
        "- {name: blood, owner: lab, components: {expr: up, name: b}}\n"
        "- {name: payroll, owner: labb, components: {expr: up, name: b}}\n"
    )
    return site


def test_all_of_it(site: Path, loaded: Load) -> None:
    desk = Told(("desk",), ("desk",))
    both = Told(("desk", "phone"), ("desk",))
    assert loaded(written(site)).contacts == Contacts(
        "desk",
        {
            "desk": Owner("desk", both, both),
            "lab": Owner("lab", desk, Told(("phone",), ()), "clinic"),
            "idle": Owner("idle", desk, Told(("phone",), ("desk",)), "clinic"),
        },
        {
            "desk": Receiver("desk", ("desk@hospital.example", "help@hospital.example")),
            "phone": Receiver(
                "phone",
                webhook=Webhook("https://sms.hospital.example/send?unit=1", bearer_file="/nowhere/sms"),
                slack=Slack("#alerts", "/nowhere/slack"),
                pagerduty="/nowhere/pagerduty",
            ),
            "spare": Receiver("spare"),
        },
        Webhook(url_file="/nowhere/heartbeat"),
        Webhook("http://127.0.0.1:10810/alertmanager/webhook", username="am", password_file="/nowhere/am"),
        Smtp("mail.hospital.example:587", "w@hospital.example", "w", "/nowhere/smtp"),
    )


def test_what_is_unwise_is_warned_of(site: Path, loaded: Load) -> None:
    def absent(path: str) -> str:
        return f"there is no file '{path}' on this machine: it must be where Alertmanager runs, readable for it"

    found = [str(each).removeprefix(f"{site}/") for each in loaded(written(site)).warnings]

    assert [each for each in found if "contacts.yml" in each] == [
        f"contacts.yml:2: smtp.password_file: {absent('/nowhere/smtp')}",
        f"contacts.yml:3: heartbeat.url_file: {absent('/nowhere/heartbeat')}",
        f"contacts.yml:4: collector.password_file: {absent('/nowhere/am')}",
        f"contacts.yml:8: receivers[phone].webhook.bearer_file: {absent('/nowhere/sms')}",
        f"contacts.yml:9: receivers[phone].slack.url_file: {absent('/nowhere/slack')}",
        f"contacts.yml:10: receivers[phone].pagerduty.routing_key_file: {absent('/nowhere/pagerduty')}",
        "contacts.yml:11: receivers[spare]: is told nothing: no owner names it",
        "contacts.yml:19: owners[idle]: owns no service and no device",
        "services/more.yml:3: services[payroll].owner: contacts.yml has no owner 'labb': its alerts go to 'desk'. "
        "Did you mean 'lab'?",
    ]


def test_teams_of_devices_are_owners_too(site: Path, loaded: Load) -> None:
    devices = (("a", "idle", 1), ("b", "idl", 2), ("c", "idl", 3))
    rows = [f"- {{name: {name}, address: 127.0.9.{n}, team: {team}}}\n" for name, team, n in devices]
    inventory = "defaults: {class: clinical}\ndevices:\n" + "".join(rows)
    (site / "inventory" / "teams.yml").write_text(inventory)
    found = [str(each).removeprefix(f"{site}/") for each in loaded(written(site)).warnings]

    said = [each for each in found if "owner" in each and each.startswith("contacts.yml")]
    assert said[-1] == (
        "contacts.yml:12: owners: no owner is the team 'idl' of 2 devices: their alerts go to 'desk'. "
        "Did you mean 'idle'?"
    )
    assert not any("owns no" in each for each in found)


def test_a_file_that_is_there_is_not_warned_of(site: Path, loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k")
    config = loaded(written(site, TEXT.replace("/nowhere/pagerduty", str(tmp_path / "key"))))

    assert "pagerduty" not in "".join(map(str, config.warnings))


def test_they_are_summed_up(site: Path, loaded: Load) -> None:
    ways = "PagerDuty 1, Slack 1, email 1, webhook 1"
    assert f"contacts:     3 owners, 3 receivers ({ways}), 1 of them only counted, a heartbeat" in summary(
        loaded(written(site)), 0.0
    )
    (site / "contacts.yml").unlink()
    assert loaded(site).contacts is None
    assert "contacts:" not in summary(loaded(site), 0.0)
