"""`wardwatch ack`, and a running collector that takes Alertmanager's messages: on disk, over restarts, over faults."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

import collector.cli.tables  # noqa: F401 - it keeps the time that is real: imported later it would keep ours
from collector.cli import acking, acks, app, calls, oncall
from collector.cli.calls import Calls
from collector.cli.service import Service
from collector.config import Config, load
from collector.edge import LocalHost, journal
from collector.edge.state import only_one, person, read_state, wall
from collector.errors import TimedOut
from collector.privacy import Screen
from exporters.source import Refusal
from exporters.web import Choice
from tests.collector.cli.estate import SETTINGS, estate, running
from tests.collector.oncall.messages import alert, message

Wardwatch = Callable[..., Result]
TOKEN = "canary-token-0123456789"


def configured(where: Path, more: str = "") -> Config:
    return load(estate(where, settings=SETTINGS + more), environ={}, resolve=lambda name: name)


async def figures(service: Service) -> dict[str, float]:
    """Sums over all labels, of what is counted on call."""
    found: dict[str, float] = {}
    for each in await service.host_page(Choice(), 5.0):
        name = each.family.name
        if name.startswith("wardwatch_oncall_") and not name.endswith("_bucket"):
            short = name.removeprefix("wardwatch_oncall_")
            found[short] = found.get(short, 0.0) + sum(each.values)
    return found


async def until(holds: Callable[[], Any], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


@pytest.fixture
def wardwatch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Wardwatch:
    """Run `wardwatch ack` on a small estate."""
    estate(tmp_path)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["ack", *arguments, "--config", "estate"], prog_name="wardwatch")

    return run


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oncall, "EVERY", 0.05)


def down(instance: str, **about: Any) -> dict[str, Any]:
    return alert(instance=instance, site="main", starts=about.pop("starts", wall() - 600), **about)


async def test_an_alert_is_acknowledged_counted_once_and_remembered(wardwatch: Wardwatch, tmp_path: Path) -> None:
    config = configured(tmp_path)
    one, other = down("sw-1"), down("ups-1", severity="warning")
    with structlog.testing.capture_logs() as logged, only_one(tmp_path / "state"):
        async with running(config) as service:
            await service.notified(message(one, other))
            await until((tmp_path / "state" / acks.OPEN).exists)
            shown = await asyncio.to_thread(
                wardwatch, "DeviceDown", "--instance", "sw-1", "--until", "2h", "--by", "alice"
            )
            assert shown.exit_code == 0, shown.stderr
            await until(lambda: any(line["event"] == "alert acknowledged" for line in logged))
            found = await figures(service)
    assert shown.stdout.startswith("DeviceDown (instance=sw-1,site=main): alice sees to it until 20")
    assert shown.stdout.endswith("\nit counts within a second\n")
    assert (found["alerts_open"], found["alerts_unacknowledged"]) == (2, 1)
    assert found["alerts_acknowledged_total"] == found["time_to_acknowledge_seconds_count"] == 1
    assert found["time_to_acknowledge_seconds_sum"] == pytest.approx(600, abs=30)
    (said,) = [line for line in logged if line["event"] == "alert acknowledged"]
    assert (said["alert"], said["by"], said["instance"]) == ("DeviceDown", "alice", "sw-1")

    async with running(config) as service:
        assert await figures(service) == {
            **found,
            "oldest_unacknowledged_seconds": pytest.approx(600, abs=30),
        }
        await service.notified(message({**one, "status": "resolved", "endsAt": one["startsAt"]}, other))
        ended = await figures(service)
        columns = await service.host_page(Choice(), 5.0)
    assert (ended["alerts_ended_total"], ended["alerts_ended_without_action_total"]) == (1, 0)
    labels = {value for column in columns for row in column.rows.values for value in row}
    assert not any("alice" in value for value in labels), "no person is a label"


async def test_a_restart_in_between_counts_the_copy_as_one(tmp_path: Path) -> None:
    config = configured(tmp_path)
    sent = message(down("sw-1"))
    for _ in range(3):
        async with running(config) as service:
            await service.notified(sent)
            found = await figures(service)
            assert (found["notifications_total"], found["alerts_started_total"], found["alerts_open"]) == (1, 1, 1)


async def test_nothing_is_shown_or_written_where_nobody_posts(tmp_path: Path) -> None:
    async with running(configured(tmp_path)) as service:
        await asyncio.sleep(0.2)
        assert await figures(service) == {}
    assert not (tmp_path / "state" / oncall.JOURNAL).exists()


async def test_what_is_no_message_is_refused(tmp_path: Path) -> None:
    async with running(configured(tmp_path)) as service:
        with pytest.raises(Refusal, match="the message is no JSON") as caught:
            await service.notified(b"canary")
    assert caught.value.status == 400


class Desk:
    """`Calls` by itself."""

    def __init__(self, config: Config) -> None:
        self.failures: list[str] = []
        self.oncall = Calls(
            config.settings.state / oncall.JOURNAL,
            LocalHost(),
            Screen(),
            lambda what, _: self.failures.append(what),
            lambda _: None,
        )
        self.oncall.load(config)

    def count(self, name: str) -> float:
        named = [c for c in self.oncall.columns() if c.family.name == f"wardwatch_oncall_{name}"]
        return sum(sum(column.values) for column in named)


@pytest.mark.parametrize("written", ["nothing", "everything"])
async def test_a_disk_that_fails_is_503_and_the_second_attempt_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    desk = Desk(configured(tmp_path))
    real = journal.Journal.append
    sent = message(down("sw-1"))

    def fail(self: journal.Journal, records: Any) -> None:
        if written == "everything":
            real(self, records)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal.Journal, "append", fail)
    with pytest.raises(Refusal, match="could not be noted") as caught:
        await desk.oncall.notified(sent)
    assert (caught.value.status, desk.failures) == (503, ["on-call journal not written"])
    assert desk.count("notifications_total") == 0
    monkeypatch.undo()
    await desk.oncall.notified(sent)
    assert desk.count("notifications_total") == 1
    assert Desk(configured(tmp_path)).count("notifications_total") == 1


async def test_a_disk_that_hangs_is_503(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(configured(tmp_path))

    async def hang(*_: Any, **__: Any) -> None:
        raise TimedOut("on-call journal: no answer within 5 s")

    monkeypatch.setattr(desk.oncall._host, "apart", hang)
    with pytest.raises(Refusal) as caught:
        await desk.oncall.notified(message(down("sw-1")))
    assert caught.value.status == 503


async def test_a_damaged_line_costs_what_it_said_and_no_more(tmp_path: Path) -> None:
    config = configured(tmp_path)
    desk = Desk(config)
    for name in ("a", "b", "c"):
        await desk.oncall.notified(message(down(name), group=name))
    path = tmp_path / "state" / oncall.JOURNAL
    lines = path.read_bytes().split(b"\n")
    lines[2] = lines[2][:-9] + b"x" + lines[2][-8:]
    path.write_bytes(b"\n".join(lines) + b'torn {"')
    with structlog.testing.capture_logs() as logged:
        again = Desk(config)
    assert (again.count("alerts_open"), again.count("notifications_total")) == (2, 3)
    assert [line["lines"] for line in logged if "damaged" in line["event"]] == [2]
    assert Desk(config).count("alerts_open") == 2


async def test_a_damaged_journal_that_cannot_be_mended_counts_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured(tmp_path, "oncall: {copies: 1s}\n")
    desk = Desk(config)
    for name in ("a", "b"):
        await desk.oncall.notified(message(down(name), group=name))
    path = tmp_path / "state" / oncall.JOURNAL
    path.write_bytes(path.read_bytes() + b"torn\n")

    def full(self: journal.Journal, records: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal.Journal, "replace", full)
    again = Desk(config)
    await again.oncall.notified(message(down("c"), group="c"))
    assert again.failures == ["on-call journal not shortened"]
    assert (again.count("notifications_total"), again.count("alerts_started_total")) == (3, 3)


async def test_the_journal_stays_short_and_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "LINES", 60)
    config = configured(tmp_path)
    desk = Desk(config)
    desk.oncall._lines = 60
    starts = wall() - 600
    for n in range(120):
        state = {"ends": starts + n} if n % 2 else {}
        await desk.oncall.notified(message(down("sw-1", starts=starts, **state), group=str(n)))
    lines = len((tmp_path / "state" / oncall.JOURNAL).read_bytes().splitlines())
    assert lines < 1000
    again = Desk(config)
    for name in ("notifications_total", "alerts_started_total", "alerts_ended_total", "alerts_open"):
        assert again.count(name) == desk.count(name)
    assert again.count("notifications_total") == 120


async def test_a_word_given_before_the_end_counts_though_it_is_seen_with_it(tmp_path: Path) -> None:
    desk = Desk(configured(tmp_path))
    one = down("sw-1")
    await desk.oncall.notified(message(one))
    desk.oncall._look()
    state = tmp_path / "state"
    acks.add(state, acks.open_alerts(state), acking.Ack(wall(), None, "alice"))
    await desk.oncall.notified(message({**one, "status": "resolved", "endsAt": one["startsAt"]}))
    assert (desk.count("alerts_ended_without_action_total"), desk.count("alerts_acknowledged_total")) == (0, 1)


async def test_a_word_that_could_not_be_noted_is_taken_up_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(configured(tmp_path))
    await desk.oncall.notified(message(down("sw-1")))
    await desk.oncall.look()
    acks.add(tmp_path / "state", acks.open_alerts(tmp_path / "state"), acking.Ack(wall(), None, "alice"))

    def full(self: journal.Journal, records: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(journal.Journal, "append", full)
        with pytest.raises(OSError, match="No space"):
            await desk.oncall.look()
    await desk.oncall.look()
    assert desk.count("alerts_acknowledged_total") == 1


def test_a_start_without_messages_imports_nothing_that_counts_them() -> None:
    look = "import sys, collector.cli.service; print([m for m in sys.modules if m.startswith('collector.oncall.')])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "['collector.oncall.hours']\n"


# -- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def opened(wardwatch: Wardwatch, tmp_path: Path) -> Wardwatch:
    """With three open alerts in the state."""
    desk = Desk(configured(tmp_path))
    await desk.oncall.notified(
        message(down("sw-1"), down("sw-2"), alert("BudgetBurnFast", service="epr", starts=wall()))
    )
    desk.oncall._look()
    return wardwatch


def test_list_shows_who_sees_to_what_until_when(opened: Wardwatch, tmp_path: Path) -> None:
    assert opened("BudgetBurnFast", "--service", "epr", "--until", "2099-01-01T08:00", "--note", "on it").exit_code == 0
    head, *lines = [line.split() for line in opened("--list").stdout.splitlines()]
    assert head == ["ALERT", "SEVERITY", "SINCE", "ABOUT", "BY", "UNTIL", "NOTE"]
    assert [(line[0], line[3], *line[4:]) for line in lines] == [
        ("DeviceDown", "instance=sw-1,site=main", "-", "-", "-"),
        ("DeviceDown", "instance=sw-2,site=main", "-", "-", "-"),
        ("BudgetBurnFast", "service=epr", person(), "2099-01-01T08:00+0000", "on", "it"),
    ]


def test_all_of_a_name_are_acknowledged_when_that_is_said(opened: Wardwatch, tmp_path: Path) -> None:
    several = opened("DeviceDown")
    assert several.exit_code == 1
    assert "2 alerts 'DeviceDown' are open: say which with --service" in several.stderr
    assert "instance=sw-2" in several.stderr
    done = opened("DeviceDown", "--all")
    assert [line.partition(":")[0] for line in done.stdout.splitlines()[:2]] == [
        "DeviceDown (instance=sw-1,site=main)",
        "DeviceDown (instance=sw-2,site=main)",
    ]
    assert "none runs now" in done.stdout
    assert {entry[2].by for entry in acks.read(tmp_path / "state")} == {person()}
    found = Desk(configured(tmp_path))
    found.oncall._look()
    assert (found.count("alerts_acknowledged_total"), found.count("alerts_unacknowledged")) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("DeviceUp",), "no alert 'DeviceUp' is open. Open are:\nALERT"),
        (("DeviceDown", "--instance", "sw-9"), "no alert 'DeviceDown' with instance=sw-9 is open. Open are:"),
        (("DeviceDown", "--label", "site=main", "--label", "instance=x"), "with site=main, instance=x is open"),
        (("DeviceDown", "--label", "site"), "--label: 'site' is no NAME=VALUE"),
        (("DeviceDown", "--all", "--until", "2"), "--until: '2' is neither a duration like 2h nor a time"),
        (("DeviceDown", "--all", "--until", "2020-01-01T00:00"), "--until: 2020-01-01T00:00+0000 is over already"),
        (("DeviceDown", "--all", "--by", "a\nb"), "--by: write one line of at most 64 characters"),
        (("DeviceDown", "--all", "--by", " "), "--by: write one line"),
        (("DeviceDown", "--all", "--note", "x" * 257), "--note: write one line of at most 256 characters"),
        ((), "say which alert; `wardwatch ack --list` shows"),
    ],
)
def test_what_is_refused(opened: Wardwatch, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = opened(*arguments)
    assert done.exit_code == 1
    assert told in done.stderr
    assert not (tmp_path / "state" / acks.FILE).exists()


def test_where_nothing_is_open(wardwatch: Wardwatch) -> None:
    done = wardwatch("DeviceDown")
    assert done.exit_code == 1
    assert "None is, as far as Alertmanager has told: does it post to /alertmanager/webhook?" in done.stderr


def test_a_damaged_file_is_set_aside(opened: Wardwatch, tmp_path: Path) -> None:
    path = tmp_path / "state" / acks.FILE
    path.write_text("nonsense\n")
    assert "is damaged" in opened("--list").stderr
    path.write_text("nonsense\n")
    state = tmp_path / "state"
    (one, *_) = (read_state(state / acks.OPEN) or {})["alerts"]
    assert "it is kept as acks.json.damaged" in acks.add(state, [one], acking.Ack(wall(), None, "alice"))
    assert [entry[2].by for entry in acks.read(state)] == ["alice"]


def test_what_is_long_past_is_forgotten(opened: Wardwatch, tmp_path: Path) -> None:
    state = tmp_path / "state"
    known = acks.open_alerts(state)
    acks.add(state, known[:1], acking.Ack(wall() - acks.REMEMBERED - 10, None, "long ago"))
    acks.add(state, known[:1], acking.Ack(wall(), None, "alice"))
    assert [entry[2].by for entry in acks.read(state)] == ["alice"]


def test_completion_knows_what_is_open(opened: Wardwatch, tmp_path: Path) -> None:
    assert acking.names(tmp_path / "state") == ["BudgetBurnFast", "DeviceDown"]
    assert acking.names(tmp_path / "nowhere") == []


# -- configuration ---------------------------------------------------------------------------------------------------


def test_the_token_and_the_calendar(tmp_path: Path) -> None:
    (tmp_path / "estate").mkdir()
    secret = tmp_path / "estate" / "token"
    secret.write_text(f"{TOKEN}\n")
    secret.chmod(0o600)
    (tmp_path / "estate" / "calendars.yml").write_text("calendars: [{name: shifts, hours: 'Mo-Su 06:00-22:00'}]\n")
    written = (
        "oncall: {token: '${file:token}', hours: shifts, night: '22:00-06:00', copies: 1m, ignore: [Watchdog, X]}\n"
    )
    config = configured(tmp_path, written)
    settings = config.settings.oncall
    assert settings.token is not None
    assert settings.token.reveal() == TOKEN
    assert (settings.hours, settings.copies, settings.ignore) == ("shifts", 60, {"Watchdog", "X"})
    assert TOKEN not in json.dumps(config.digest) + repr(config.settings)
    desk = Desk(config)
    assert desk.oncall._hours.at(1_795_892_400.0) == "agreed"  # 19:00
    assert configured(tmp_path / "other").settings.oncall.token is None
