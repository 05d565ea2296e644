"""True faults reach whom they concern; what is no fault reaches nobody; and silence is noticed (L1 to L3).

One hospital for all: first nothing is wrong, then fifty things are, and last the collector itself.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from tests.e2e.conftest import eventually, get, query
from tests.e2e.hospital import Hospital, hospital
from tests.e2e.wards import (
    ARCHIVES,
    BEHIND,
    DEAD,
    DISKS,
    INTERVAL,
    ON_BATTERY,
    PATHS,
    SENSORS,
    SITE,
    SUPPLIES,
    SWITCHES,
    TOO_HOT,
    names,
)

pytestmark = [pytest.mark.parts, pytest.mark.bar]  # an hour takes a minute only where nothing else is at work

FAULTS = {
    **{(name, "DeviceDown"): "network" for name in names("switch", SWITCHES)},
    **{(name, "UpsOnBattery"): "estates" for name in names("ups", SUPPLIES)},
    **{(name, "RoomTooHot"): "estates" for name in names("sensor", SENSORS)},
    **{(name, "ProbeFailing"): "imaging-systems" for name in names("path", PATHS)},
    **{(name, "ProbeFailing"): "imaging-systems" for name in names("archive", ARCHIVES)},
    **{(name, "HostFilesystemFull"): "servers" for name in names("server", DISKS)},
}
"""Whose each of the fifty is, by device and alert."""

ARCHIVE = {(name, "ProbeFailing") for name in names("archive", ARCHIVES)}

UNSHRUNK = 8.0
"""Seconds that do not shrink when an hour takes a minute: a question without an answer ends after a second or more,
whoever scrapes waits for that, and one machine does it all. At full size they stand beside two minutes."""

FIRING = 'count by (alertname) (ALERTS{alertstate="firing",alertname!="Watchdog",job!="node"})'
FIRED = 'count by (alertname) (count_over_time(ALERTS{alertstate="firing",alertname!="Watchdog",job!="node"}[5m]))'


@pytest.fixture(scope="module")
def ill(
    part: Callable[[str], Path], free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hospital]:
    with hospital(part, free_port, tmp_path_factory.mktemp("hospital")) as at_work:
        yield at_work


def told(ill: Hospital, since: float) -> list[tuple[tuple[str, str], str]]:
    """Device and alert, and who heard it."""
    return [((t.labels.get("instance", ""), t.labels["alertname"]), t.owner) for t in ill.told(since)]


def well(ill: Hospital) -> bool:
    return {row["metric"]["alertname"] for row in query(ill.prometheus, FIRING)} <= {"ProbeFailing"}


def bounds(ill: Hospital) -> dict[str, float]:
    """Within how many seconds each alert must fire: its `for` and two intervals (L3), and what does not shrink."""
    groups = [g for path in ill.rules.glob("*.yml") for g in yaml.safe_load(path.read_text())["groups"]]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    return {rule["alert"]: lasting(str(rule.get("for", "0s"))) + 2 * INTERVAL + UNSHRUNK for rule in rules}


def lasting(text: str) -> float:
    """`1m500ms` in seconds."""
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+)(ms|s|m|h|d)", text))


def firing_after(ill: Hospital, begun: float) -> dict[tuple[str, str], float]:
    """Seconds until each fault first fired, by device and alert."""
    words = {
        "query": 'timestamp(ALERTS{alertstate="firing"})',
        "start": f"{begun}",
        "end": f"{time.time()}",
        "step": "1",
    }
    answer = get(f"http://127.0.0.1:{ill.prometheus}/api/v1/query_range?{urlencode(words)}")
    return {
        (row["metric"].get("instance", ""), row["metric"]["alertname"]): float(row["values"][0][1]) - begun
        for row in json.loads(answer)["data"]["result"]
    }


def test_loss_and_a_restart_call_nobody_and_a_site_that_is_lost_calls_once(ill: Hospital) -> None:
    assert len(FAULTS) == 50
    ill.everyone_up()
    time.sleep(30)  # half an hour of loss
    assert {key for key, _ in told(ill, 0)} <= ARCHIVE

    # Once as long as it takes until people are told, and once for longer than that (L2, B3).
    for lost in (5, 10):
        outage = ill.lose_site(lost * INTERVAL)
        assert (outage.messages, outage.beside) == (1 if lost > 5 else min(outage.messages, 1), [])

    ill.restart()
    time.sleep(30)  # five minutes, by the Prometheus to which a restart is as short as it is
    assert {row["metric"]["alertname"] for row in query(ill.slow, FIRED)} <= {"ProbeFailing"}


def test_fifty_faults_reach_their_owners_in_few_messages_and_a_lost_site_is_one_alert(ill: Hospital) -> None:
    # To the other Prometheus the collector was away for some minutes.
    eventually("what the restart did is over", 60, lambda: well(ill))
    begun = time.time()
    ill.devices.fall_ill(names("switch", SWITCHES), DEAD)
    ill.devices.fall_ill(names("ups", SUPPLIES), [ON_BATTERY])
    ill.devices.fall_ill(names("sensor", SENSORS), [TOO_HOT])
    ill.devices.fall_ill(names("behind", BEHIND), DEAD)
    ill.paths.close()
    ill.disks.full = True

    def all_told() -> bool:
        return FAULTS.keys() <= {key for key, _ in told(ill, 0)}

    eventually("all fifty are told of", 120, all_told)
    time.sleep(10)

    for key, owner in told(ill, 0):
        assert owner == FAULTS.get(key, owner), key
    took = firing_after(ill, begun)
    late = {key: took[key] for key in FAULTS.keys() - ARCHIVE if took[key] > bounds(ill)[key[1]]}
    assert late == {}
    # Tickets beside, and true: what is too hot is too warm, and what fills up at once looks like filling up.
    beside = {(name, "RoomTemperature") for name in names("sensor", SENSORS)}
    beside |= {(name, "HostFilesystemFilling") for name in names("server", DISKS)}
    extra = {key for key, _ in told(ill, begun)} - FAULTS.keys() - beside
    of_site = [t for t in ill.sink.firing(begun) if t.labels.get("site") == SITE]
    assert {t.labels["instance"] for t in of_site} == {"behind-0"}
    assert {(name, alert) for name, alert in extra if not name.startswith("behind")} == set()
    # A message names all that its group has by then, so that of fifty devices there are far fewer.
    assert len({t.message for t in ill.sink.firing(begun)}) < len(FAULTS) / 2
    one = next(t for t in ill.sink.firing(begun) if t.labels["alertname"] == "RoomTooHot")
    assert one.annotations["runbook_url"] == f"{ill.url}/runbooks/RoomTooHot"


def test_silence_is_noticed(ill: Hospital) -> None:
    eventually("the heartbeat is heard", 30, lambda: ill.sink.heartbeats(time.time() - 10))
    pid = ill.collector.process.pid
    silences: tuple[tuple[Callable[[], object], Callable[[], object] | None], ...] = (
        (partial(os.kill, pid, signal.SIGSTOP), partial(os.kill, pid, signal.SIGCONT)),
        (ill.output.block, ill.output.free),
        (partial(os.kill, pid, signal.SIGKILL), None),
    )
    for begin, end in silences:
        begun = time.time()
        begin()
        try:
            eventually(
                "a collector that says nothing is told of",
                60,
                lambda begun=begun: "WardwatchDown" in {key[1] for key, _ in told(ill, begun)},
            )
        finally:
            if end is not None:
                end()
                eventually("that is over", 60, lambda: not query(ill.prometheus, 'ALERTS{alertname="WardwatchDown"}'))
                time.sleep(6)
