"""Who is told: every owner, severity and hour class, by amtool and by what Alertmanager documents."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collector.calendar import hours_of
from collector.contacts import Contacts, Owner, Receiver, Told
from dashboards import alertmanager
from tests.dashboards.alertmanager import estates
from tests.dashboards.alertmanager.believed import taken, told

CONTACTS, CATALOGUE = estates.example()
OWNERS = (*sorted(CONTACTS.owners), "somebody else", "")
SEVERITIES = ("critical", "warning", "odd")
MOMENTS = (
    "2026-11-30T12:00", "2026-11-30T03:00", "2026-11-28T12:00", "2026-12-25T12:00", "2026-12-24T12:00",
    "2027-05-31T09:00", "2026-03-29T02:30", "2026-10-25T01:30", "2026-03-30T07:30", "2026-10-26T18:29",
)  # fmt: skip
"""In hours, at night, on a Saturday, holidays, a local day, around changes of the clock."""


def labels(owner: str, severity: str, service: str) -> dict[str, str]:
    found = {"alertname": "A", "severity": severity, "owner": owner, "service": service, "site": "St Example"}
    return {name: value for name, value in found.items() if value}


def owner_of(name: str) -> Owner:
    return CONTACTS.owners.get(name) or CONTACTS.owners[CONTACTS.default]


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London")).timestamp()


def promised(owner: Owner, severity: str, moment: float) -> set[str]:
    hours = hours_of(CATALOGUE.calendars[owner.hours]).open(moment)
    said = owner.within if hours else owner.out_of
    return set(said.critical if severity == "critical" else said.warning)


@pytest.mark.parts
@pytest.mark.slow
def test_amtool_routes_every_owner_and_severity_to_who_is_named(part: Callable[[str], Path], tmp_path: Path) -> None:
    """amtool 0.25 knows no time: it names whoever is told at any hour."""
    path, amtool = estates.written(tmp_path, CONTACTS, CATALOGUE.calendars), part("amtool")

    def asked(case: tuple[str, str, str]) -> set[str]:
        words = [f"{name}={value}" for name, value in labels(*case).items()]
        done = subprocess.run(
            [amtool, "config", "routes", "test", f"--config.file={path}", *words],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        return set(done.stdout.strip().split(","))

    def named(case: tuple[str, str, str]) -> set[str]:
        owner = owner_of(case[0])
        which = "critical" if case[1] == "critical" else "warning"
        return {*getattr(owner.within, which), *getattr(owner.out_of, which)}

    cases = list(product(OWNERS, SEVERITIES, ("archive", "")))
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(cases, pool.map(asked, cases), strict=True))

    assert found == {case: named(case) for case in cases}


@pytest.mark.parts
@pytest.mark.parametrize(
    ("alert", "receiver"),
    [
        ({"alertname": "Watchdog", "severity": "warning"}, "heartbeat"),
        ({"alertname": "A", "severity": "info"}, "nobody"),
        ({"alertname": "A", "severity": "none", "owner": "lab"}, "nobody"),
    ],
    ids=str,
)
def test_amtool_routes_what_is_no_trouble(
    part: Callable[[str], Path], tmp_path: Path, alert: dict[str, str], receiver: str
) -> None:
    path = estates.written(tmp_path, estates.everything())
    words: list[str | Path] = [part("amtool"), "config", "routes", "test", f"--config.file={path}"]
    words += [f"--verify.receivers={receiver}", *(f"{name}={value}" for name, value in alert.items())]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("owner", OWNERS)
def test_every_hour_class_is_told_as_contacts_say(owner: str) -> None:
    config = estates.read(CONTACTS, CATALOGUE.calendars)
    for severity, moment, service in product(SEVERITIES, MOMENTS, ("archive", "")):
        found = told(config, labels(owner, severity, service), at(moment))

        assert len(found) == len(set(found)), "nobody is told twice"
        assert set(found) == promised(owner_of(owner), severity, at(moment)), (severity, moment)


def test_somebody_is_told_of_what_is_critical_at_every_hour() -> None:
    config = estates.read(CONTACTS, CATALOGUE.calendars)
    every = [at("2026-12-21T00:30") + hour * 3600 for hour in range(14 * 24)]

    assert [(o, m) for o, m in product(OWNERS, every) if not told(config, labels(o, "critical", "a"), m)] == []


def test_a_message_is_what_ails_a_service_at_a_site_or_one_kind_of_trouble_there() -> None:
    config = estates.read(CONTACTS, CATALOGUE.calendars)
    for owner, severity in product(OWNERS, SEVERITIES):
        repeated = "1h" if severity == "critical" else "1d"
        for route in taken(config["route"], labels(owner, severity, "archive")):
            assert (route["group_by"], route["repeat_interval"]) == (["service", "site"], repeated)
        for route in taken(config["route"], labels(owner, severity, "")):
            assert (route["group_by"], route["repeat_interval"]) == (["alertname", "site"], repeated)


def test_the_heartbeat_is_told_every_minute_and_of_no_end() -> None:
    config = estates.read(estates.everything())
    (route,) = taken(config["route"], {"alertname": "Watchdog", "severity": "warning"})
    (heartbeat,) = (each for each in config["receivers"] if each["name"] == "heartbeat")

    assert (route["receiver"], route["group_wait"], route["group_interval"], route["repeat_interval"]) == (
        "heartbeat", "0s", "1m", "1m",
    )  # fmt: skip
    assert heartbeat["webhook_configs"] == [{"url": "https://heartbeat.hospital.example/", "send_resolved": False}]


def test_the_collector_hears_each_receiver_once_under_its_name() -> None:
    hook = {"url": "http://127.0.0.1:10810/alertmanager/webhook", "send_resolved": True, "max_alerts": 2000}
    receivers = estates.read(CONTACTS, CATALOGUE.calendars)["receivers"]

    assert {each["name"] for each in receivers} == {"nobody", *CONTACTS.receivers}
    assert all(each.get("webhook_configs") == [hook] for each in receivers if each["name"] != "nobody")


def test_nobody_to_tell_is_no_file() -> None:
    assert alertmanager.files(None, {}, 2026) == {}


def names() -> Iterator[str]:
    yield from ("a.b:c-d", "true", "0123", "-", "~", "x" * 128)


@pytest.mark.parts
def test_every_name_that_may_be_written_is_read_back(part: Callable[[str], Path], tmp_path: Path) -> None:
    both = {name: Told((name,), (name,)) for name in names()}
    contacts = Contacts("~", {n: Owner(n, t, t) for n, t in both.items()}, {n: Receiver(n) for n in names()})
    path = estates.written(tmp_path, contacts)
    config = estates.read(contacts)

    assert [told(config, labels(name, "critical", ""), 0) for name in names()] == [[name] for name in names()]
    words: list[str | Path] = [part("amtool"), "check-config", path]
    assert subprocess.run(words, capture_output=True, timeout=60, check=False).returncode == 0
