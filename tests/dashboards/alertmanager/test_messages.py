"""What a real Alertmanager sends: read as on a phone, hostile texts included; and what it keeps quiet."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.contacts import Contacts, Owner, Receiver, Slack, Smtp, Told, Webhook
from dashboards.timing import Timing
from tests.conftest import Start
from tests.dashboards.alertmanager import estates
from tests.dashboards.alertmanager.sinks import Sink, sinking

pytestmark = [pytest.mark.parts, pytest.mark.slow]

HOSTILE = '<script>alert(1)</script> <!channel> {{ .x }} "q" & \n\nSubject: Bcc: x\r\n\u202e\x1b[31m é 🏥'
BASE = "http://127.0.0.1:10810/runbooks"


def to_all(sink: Sink, directory: Path) -> Contacts:
    """One who is told in every way, by the sink."""
    (directory / "slack").write_text(f"http://127.0.0.1:{sink.web}/slack")
    for name in ("key", "token", "password"):
        (directory / name).write_text(f"{name}-from-a-file")
    all_ = Told(("all",), ("all",))
    return Contacts(
        "desk",
        {"desk": Owner("desk", all_, all_)},
        {
            "all": Receiver(
                "all",
                ("desk@hospital.example",),
                Webhook(f"http://127.0.0.1:{sink.web}/webhook", bearer_file=str(directory / "token")),
                Slack("#alerts", str(directory / "slack")),
                str(directory / "key"),
            )
        },
        heartbeat=Webhook(f"http://127.0.0.1:{sink.web}/heartbeat"),
        collector=Webhook(
            f"http://127.0.0.1:{sink.web}/collector", username="am", password_file=str(directory / "password")
        ),
        smtp=Smtp(f"127.0.0.1:{sink.smtp}", "wardwatch@hospital.example", require_tls=False),
    )


class Alertmanager:
    def __init__(self, port: int, log: Path) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._log = log

    def post(self, *alerts: Mapping[str, Any]) -> None:
        body = json.dumps(alerts).encode()
        request = urllib.request.Request(
            f"{self._url}/api/v2/alerts", body, {"Content-Type": "application/json"}, method="POST"
        )
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()

    def inhibited(self) -> dict[tuple[str, str], bool]:
        """By name and severity, whether another alert keeps it quiet."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        found = json.loads(opener.open(f"{self._url}/api/v2/alerts", timeout=10).read())
        return {
            (each["labels"]["alertname"], each["labels"]["severity"]): bool(each["status"]["inhibitedBy"])
            for each in found
        }

    def errors(self) -> list[str]:
        return [line for line in self._log.read_text().splitlines() if "level=error" in line or "level=warn" in line]


Bring = Callable[[Path], Alertmanager]


@pytest.fixture
def bring(part: Callable[[str], Path], start: Start, free_port: Callable[[], int], tmp_path: Path) -> Bring:
    def up(path: Path) -> Alertmanager:
        port = free_port()
        number = len(list(tmp_path.glob("process-*.log")))
        start(
            [part("alertmanager"), f"--config.file={path}", f"--storage.path={tmp_path / f'data-{number}'}",
             f"--web.listen-address=127.0.0.1:{port}", "--web.external-url=http://alerts.hospital.example",
             "--web.route-prefix=/", "--cluster.listen-address="],
            env={"TZ": "Europe/London", "NO_PROXY": "*"},
        )  # fmt: skip
        found = Alertmanager(port, tmp_path / f"process-{number}.log")
        until(lambda: found.inhibited() == {}, 10)
        return found

    return up


@pytest.fixture
def sink() -> Iterator[Sink]:
    with sinking() as found:
        yield found


def until(holds: Callable[[], bool], seconds: float = 8) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, "in time"
        time.sleep(0.05)


def alert(labels: Mapping[str, str], at: str = "2026-11-28T09:12:00Z", ends: str = "", **said: str) -> dict[str, Any]:
    name = labels["alertname"]
    annotations = {
        "summary": "An error budget goes within hours.",
        "description": "archive has used 7% of its error budget.",
        "runbook_url": f"{BASE}/{name}",
        "dashboard_url": "http://127.0.0.1:3000/d/wardwatch-service?var-service=archive",
    } | said
    found = {"labels": dict(labels), "annotations": annotations, "startsAt": at}
    return found | ({"endsAt": ends} if ends else {})


def fast(tmp_path: Path, contacts: Contacts, sink: Sink) -> Path:
    """An hour takes a minute, and PagerDuty is the sink."""
    path = estates.written(tmp_path, contacts, timing=Timing(60))
    config = yaml.safe_load(path.read_text())
    config["global"]["pagerduty_url"] = f"http://127.0.0.1:{sink.web}/v2/enqueue"
    path.write_text(yaml.safe_dump(config))
    return path


ARCHIVE = {
    "alertname": "BudgetBurnFast",
    "severity": "critical",
    "service": "archive",
    "owner": "desk",
    "site": "St Example",
}


def test_a_message_says_what_and_where_what_it_means_since_when_and_where_to_read_on(
    bring: Bring, sink: Sink, tmp_path: Path
) -> None:
    server = bring(fast(tmp_path, to_all(sink, tmp_path), sink))
    server.post(alert(ARCHIVE, service_runbook_url="https://wiki.hospital.example/pacs"))
    until(lambda: len(sink.mails) == 1 and all(sink.at(p) for p in ("/webhook", "/collector", "/slack", "/v2/enqueue")))

    mail = sink.mails[0]
    assert mail["Subject"] == "CRITICAL: archive, St Example"
    assert (mail["To"], mail["From"]) == ("desk@hospital.example", "wardwatch@hospital.example")
    text = mail.get_body(("plain",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n").strip() == (
        "An error budget goes within hours: archive, St Example\n"
        "\n"
        "archive has used 7% of its error budget.\n"
        "Since Sat 28 Nov 09:12 GMT\n"
        "Service: https://wiki.hospital.example/pacs\n"
        "Runbook: http://127.0.0.1:10810/runbooks/BudgetBurnFast\n"
        "Dashboard: http://127.0.0.1:3000/d/wardwatch-service?var-service=archive\n"
        "\n"
        "http://alerts.hospital.example"
    )
    page = Page(mail)
    assert page.words.startswith("CRITICAL: archive, St Example An error budget goes within hours: archive, St Example")
    assert page.links == {
        "Service": "https://wiki.hospital.example/pacs",
        "Runbook": "http://127.0.0.1:10810/runbooks/BudgetBurnFast",
        "Dashboard": "http://127.0.0.1:3000/d/wardwatch-service?var-service=archive",
        "Alertmanager": "http://alerts.hospital.example",
    }

    (slack,) = sink.at("/slack")
    (attachment,) = slack["attachments"]
    assert slack["channel"] == "#alerts"
    assert attachment["title"] == "CRITICAL: archive, St Example"
    assert attachment["title_link"] == "http://127.0.0.1:10810/runbooks/BudgetBurnFast"
    assert attachment["text"].strip().split("\n") == [
        "*An error budget goes within hours.* archive, St Example",
        "archive has used 7% of its error budget.",
        "Since Sat 28 Nov 09:12 GMT",
        "<https://wiki.hospital.example/pacs|Service> · <http://127.0.0.1:10810/runbooks/BudgetBurnFast|Runbook> · "
        "<http://127.0.0.1:3000/d/wardwatch-service?var-service=archive|Dashboard>",
    ]

    (page_,) = sink.at("/v2/enqueue")
    assert page_["routing_key"] == "key-from-a-file"
    assert page_["event_action"] == "trigger"
    payload = page_["payload"]
    assert (payload["summary"], payload["severity"], payload["component"]) == (
        "CRITICAL: archive, St Example", "critical", "archive, St Example",
    )  # fmt: skip

    logins = {path: headers.get("Authorization") for path, headers, _ in sink.posts}
    assert logins["/webhook"] == "Bearer token-from-a-file"
    assert logins["/collector"] == "Basic YW06cGFzc3dvcmQtZnJvbS1hLWZpbGU="
    assert [body["receiver"] for body in sink.at("/collector")] == ["all"]

    server.post(alert(ARCHIVE, ends="2026-11-28T09:20:00Z"))
    until(lambda: len(sink.mails) == 2)
    over = sink.mails[1]
    assert over["Subject"] == "Over: archive, St Example"
    plain = over.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().startswith("Over: An error budget goes within hours: archive, St Example")
    assert "From Sat 28 Nov 09:12 GMT to Sat 28 Nov 09:20 GMT" in plain.get_content()
    assert server.errors() == []


def test_one_message_for_a_service_however_much_ails_it_and_the_watchdog_is_heard_again(
    bring: Bring, sink: Sink, tmp_path: Path
) -> None:
    server = bring(fast(tmp_path, to_all(sink, tmp_path), sink))
    # A group is sent at once when an alert of it that began longer ago than the group waits comes in.
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    many = [
        alert({**ARCHIVE, "alertname": f"A{number:02}", "severity": "warning", "instance": f"a-{number}"}, soon)
        for number in range(13)
    ]
    lone = alert({"alertname": "DiskFull", "severity": "warning", "instance": "srv-1", "location": "Room 4"})
    server.post(*many, lone, alert({"alertname": "Watchdog", "severity": "warning"}))
    until(lambda: len(sink.mails) == 2 and len(sink.at("/heartbeat")) >= 3)

    subjects = {mail["Subject"]: mail for mail in sink.mails}
    assert set(subjects) == {"Warning: archive, St Example (13 of 13)", "Warning: DiskFull srv-1"}
    text = subjects["Warning: archive, St Example (13 of 13)"].get_body(("plain",))
    assert text is not None
    assert text.get_content().count("Runbook: ") == 10
    assert "More of them: 13 in all." in text.get_content()
    other = subjects["Warning: DiskFull srv-1"].get_body(("plain",))
    assert other is not None
    assert other.get_content().startswith("An error budget goes within hours: srv-1, Room 4")
    assert server.errors() == []


def test_hostile_texts_stay_texts(bring: Bring, sink: Sink, tmp_path: Path) -> None:
    """RELIABILITY E5: whatever a device calls itself is neither markup, nor a header, nor a template."""
    server = bring(fast(tmp_path, to_all(sink, tmp_path), sink))
    said = {"summary": HOSTILE, "description": HOSTILE, "dashboard_url": "javascript:alert(1)"}
    server.post(
        alert(
            {**ARCHIVE, "service": HOSTILE + "x" * 300, "instance": HOSTILE, "site": HOSTILE, "location": HOSTILE},
            **said,
        )
    )
    until(lambda: len(sink.mails) == 1 and bool(sink.at("/slack")) and bool(sink.at("/v2/enqueue")))

    mail = sink.mails[0]
    assert [name for name in mail if name in ("Bcc", "Cc")] == []
    assert len(mail["Subject"]) < 160
    assert mail["Subject"].isprintable()
    page = Page(mail)
    assert page.tags <= {"html", "head", "meta", "title", "body", "p", "strong", "br", "a", "hr"}
    assert "<script>alert(1)</script> <!channel> {{ .x }}" in page.words
    assert "javascript:" not in str(page.links)
    plain = mail.get_body(("plain",))
    assert plain is not None
    first, *rest = plain.get_content().replace("\r\n", "\n").strip().split("\n")
    assert [line[:8] for line in rest if line] == ["<script>", "Since Sa", "Runbook:", "Dashboar", "http://a"]
    assert all(line.isprintable() for line in (first, *rest))

    (attachment,) = sink.at("/slack")[0]["attachments"]
    for text in (attachment["title"], attachment["text"].replace(f"<{BASE}/BudgetBurnFast|Runbook>", "")):
        assert "<script" not in text
        assert "<!channel>" not in text
        assert "&lt;!channel&gt;" in text
    assert sink.at("/v2/enqueue")[0]["payload"]["summary"].isprintable()
    assert server.errors() == []


def test_inhibition_wants_the_label_and_without_that_would_silence_everything(
    bring: Bring, sink: Sink, tmp_path: Path
) -> None:
    """CONTRACTS T10: a label that is missing on both sides counts as equal."""
    alerts = [
        alert({"alertname": "Site", "severity": "critical", "owner": "desk"}),
        alert({"alertname": "Cause", "severity": "warning", "owner": "desk"}),
        alert(ARCHIVE),
        alert({**ARCHIVE, "alertname": "Same", "severity": "warning"}),
        alert({**ARCHIVE, "alertname": "Another", "severity": "warning", "service": "records"}),
        alert({**ARCHIVE, "alertname": "Whose", "severity": "warning", "owner": "net"}),
        alert({"alertname": "Down", "severity": "critical", "instance": "sw-1"}),
        alert({"alertname": "Down", "severity": "warning", "instance": "sw-1"}),
    ]
    path = fast(tmp_path, to_all(sink, tmp_path), sink)
    server = bring(path)
    server.post(*alerts)
    until(lambda: any(server.inhibited().values()))
    assert {which for which, quiet in server.inhibited().items() if quiet} == {
        ("Same", "warning"), ("Down", "warning"),
    }  # fmt: skip

    config = yaml.safe_load(path.read_text())
    for rule in config["inhibit_rules"]:
        for side in ("source_matchers", "target_matchers"):
            rule[side] = [matcher for matcher in rule[side] if not matcher.endswith('!=""')]
    trapped = tmp_path / "alertmanager" / "trapped.yml"
    trapped.write_text(yaml.safe_dump(config))
    other = bring(trapped)
    other.post(*alerts)
    until(lambda: other.inhibited().get(("Cause", "warning"), False))


class Page(HTMLParser):
    """A mail's HTML: its tags, its words, where its links lead."""

    def __init__(self, mail: Any) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: dict[str, str] = {}
        self._words: list[str] = []
        self._href = ""
        body = mail.get_body(("html",))
        assert body is not None
        self.feed(body.get_content())
        self.words = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "a":
            self._href = dict(attrs)["href"] or ""

    def handle_endtag(self, tag: str) -> None:
        self._href = ""

    def handle_data(self, data: str) -> None:
        self._words.append(data)
        if self._href:
            self.links[data.strip()] = self._href
