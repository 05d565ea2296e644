"""What is told of the past agrees with itself: sums with minutes, shares with sums, forecasts with what fills up."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from bench.history.estate import ROOT, work_on_other_days
from bench.history.filling import forecasts
from bench.history.incidents import DAY, HOUR, LATELY, MINUTE, SPOILED, Incidents
from bench.history.large import lasting, together
from bench.history.promises import Promises, since
from bench.history.shapes import history
from bench.history.template import WEEK, Series, taken
from collector.config import load
from collector.maintenance import Work, Works
from dashboards import names as n
from dashboards.timing import LONG, SHORT, seconds

NOW = 1_795_867_200 + 13 * HOUR
"""28 November 2026."""
WINDOWS = (*SHORT, "1d", "month")
ITEM = {"resource": "filesystem", "instance": "a", "item": "/"}


def service(name: str, bad: float = 0.0, measured: float = 1.0, copy: int = 0) -> Iterator[Series]:
    """As it was found; with an objective of each kind."""
    of = {"service": name}
    states = {n.AGREED: 1.0, n.MEASURED: measured, n.UNKNOWN: 1 - measured, n.BAD: bad, n.INCIDENT: bad, n.BEGINS: 0.0}
    for state, value in {**states, n.UP: 1 - bad, n.USERS: 90.0, n.INFO: 1.0}.items():
        yield Series(state, {**of, **({"site": "here"} if state == n.INFO else {})}, value, copy=copy)
    for objective, kind in (("availability", "availability"), ("quick", "latency")):
        what = {**of, "objective": objective}
        about = {"kind": kind, "period": "30d", "nth": "1"}
        sloth = {"sloth_id": f"{name}-{objective}", "sloth_service": name, "sloth_slo": objective}
        yield Series(n.BUDGET_SECONDS, {**what, **about}, 2592.0, copy=copy)
        yield Series(n.SLOTH_OBJECTIVE, {**what, **about, **sloth}, 0.999, copy=copy)
        for each in (n.SLOTH_LEFT, n.SLOTH_PERIOD_BURN, n.SLOTH_BURN):
            yield Series(each, sloth, 0.5, copy=copy)
        for each in (n.LEFT, n.CONSUMED, n.CONSUMED_MINUTES, n.LEFT_MINUTES, n.LEFT_LOW):
            yield Series(each, {**what, "window": "30d"}, 0.5, copy=copy)
    for window in WINDOWS:
        for of_what in ("agreed", "measured", "bad", "downtime", "incidents"):
            yield Series(n.COUNT, {**of, "of": of_what, "window": window}, 7.0, copy=copy)
        for each in (n.AVAILABILITY, n.AVAILABILITY_LOW, n.AVAILABILITY_HIGH, n.INCIDENTS, n.DOWNTIME, n.MTRS):
            yield Series(each, {**of, "window": window}, 0.38, copy=copy)
    for half in ("even", "odd"):
        for of_what in ("agreed", "bad"):
            yield Series(n.COUNT_HOURLY, {**of, "of": of_what, "half": half, "month": "2026-11"}, 1.0, copy=copy)


def unlucky() -> str:
    """A name that has an incident yesterday: not in the last half hour, and over."""
    for number in range(5000):
        name = f"s{number}"
        if any(Incidents(name, NOW).begins(NOW // HOUR * HOUR - hours * HOUR) for hours in range(2, 20)):
            return name
    raise AssertionError("none has one")


NAME = unlucky()


def told(*series: Series, minutes: int = 26 * 60) -> dict[str, dict[int, float]]:
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for lines in history(series, [], NOW - minutes * MINUTE, NOW, NOW)(NOW - minutes * MINUTE, NOW):
        for line in lines.splitlines():
            text, value, at = line.rsplit(" ", 2)
            found[text][int(at)] = float(value)
    return found


def key(name: str, **labels: str) -> str:
    return Series(name, {"service": NAME, **labels}, 0).text()


@pytest.mark.parametrize(("bad", "measured", "copy"), [(0, 1, 0), (1, 1, 0), (0, 0, 0), (1, 1, 3)])
def test_sums_are_of_the_minutes_that_are_told(bad: float, measured: float, copy: int) -> None:
    found = told(*service(NAME, bad, measured, copy))
    last = NOW - MINUTE
    for window in (*SHORT, "1d"):
        minutes = range(last - seconds(window) + MINUTE, last + MINUTE, MINUTE)
        for of, state in (("agreed", n.AGREED), ("measured", n.MEASURED), ("bad", n.BAD), ("incidents", n.BEGINS)):
            summed = sum(found[key(state)].get(at, 0) for at in minutes)
            assert found[key(n.COUNT, of=of, window=window)][last] == summed, (of, window)
    assert found[key(n.COUNT, of="bad", window="1d")][last] > 0


@pytest.mark.parametrize(("bad", "measured", "copy"), [(0, 1, 0), (1, 1, 0), (0, 0, 0), (1, 1, 3)])
def test_shares_and_budgets_are_of_the_sums_that_are_told(bad: float, measured: float, copy: int) -> None:
    found = told(*service(NAME, bad, measured, copy))
    for window in WINDOWS:
        for at in range(NOW - DAY // 2, NOW, 17 * MINUTE):
            agreed, known, spoiled, down, begun = (
                found[key(n.COUNT, of=of, window=window)][at]
                for of in ("agreed", "measured", "bad", "downtime", "incidents")
            )
            shares = (found[key(each, window=window)].get(at) for each in (n.AVAILABILITY, n.AVAILABILITY_LOW))
            wanted = (1 - spoiled / known if known else None, (known - spoiled) / agreed)
            assert list(shares) == [each if each is None else pytest.approx(each, abs=1e-5) for each in wanted]
            assert found[key(n.AVAILABILITY_HIGH, window=window)][at] == pytest.approx(1 - spoiled / agreed, abs=1e-5)
            assert found[key(n.INCIDENTS, window=window)][at] == begun
            assert found[key(n.DOWNTIME, window=window)][at] == down * 60
            assert (at in found[key(n.MTRS, window=window)]) == (begun > 0)


def test_what_is_left_of_a_budget_is_what_was_not_bad() -> None:
    found = told(*service(NAME))
    at, of = NOW - MINUTE, {"objective": "availability", "window": "30d"}
    bad = Promises(service(NAME), NOW).sums(NAME, at - 30 * DAY, at).bad
    assert bad >= 2 * SPOILED, "30 days have two incidents at least"
    assert found[key(n.LEFT, **of)][at] == pytest.approx(1 - bad * 60 / 2592, abs=1e-5)
    assert found[key(n.LEFT_MINUTES, **of)][at] == pytest.approx(43.2 - bad, abs=1e-3)
    sloth = {"sloth_id": f"{NAME}-availability", "sloth_service": NAME, "sloth_slo": "availability"}
    assert found[Series(n.SLOTH_LEFT, sloth, 0).text()][at] == pytest.approx(1 - bad / 43200 / 0.001, abs=1e-4)


def test_nobody_is_unknown_and_bad_at_once() -> None:
    found = told(*service(NAME, 1))
    down = [at for at, value in found[key(n.BAD)].items() if value]
    assert len(down) >= SPOILED + LATELY // MINUTE - 1
    assert {found[key(n.UNKNOWN)][at] for at in down} == {0}
    assert {found[key(n.UP)][at] for at in down} == {0}
    assert {found[key(n.MEASURED)][at] for at in down} == {1}


def test_what_was_found_unknown_was_up_or_down_before() -> None:
    found = told(*(each for each in service(NAME, 0, 0) if each.name not in (n.UP, n.BAD)))
    known = set(found[key(n.UP)])
    assert known == {at for at, value in found[key(n.UNKNOWN)].items() if not value}
    assert max(known) == NOW - LATELY
    assert min(found[key(n.UP)].values()) == 0


def test_the_hours_that_are_told_make_the_day() -> None:
    found = told(*service(NAME))
    last = NOW // HOUR * HOUR
    hours = [
        value
        for half in ("even", "odd")
        for at, value in found[key(n.COUNT_HOURLY, of="bad", half=half, month="2026-11")].items()
        if last - 23 * HOUR <= at <= last
    ]
    assert sum(hours) == Promises(service(NAME), NOW).sums(NAME, last - DAY, last).bad


@pytest.mark.parametrize("window", ["month", "quarter", "year", "financial_year"])
def test_a_period_begins_with_its_first_minute(window: str) -> None:
    begins = {"month": (2026, 11), "quarter": (2026, 10), "year": (2026, 1), "financial_year": (2026, 4)}[window]
    year, month = begins
    assert since(window, NOW) == datetime(year, month, 1, tzinfo=UTC).timestamp() - MINUTE
    in_march = int(datetime(2026, 3, 3, tzinfo=UTC).timestamp())
    if window == "financial_year":
        assert since(window, in_march) == datetime(2025, 4, 1, tzinfo=UTC).timestamp() - MINUTE


@pytest.mark.parametrize("window", LONG)
def test_incidents_are_counted_as_they_are_met(window: str) -> None:
    incidents = Incidents(NAME, NOW)
    start, end = NOW - seconds(window) + 7 * MINUTE, NOW - 11 * MINUTE
    minutes = range(start // MINUTE * MINUTE + MINUTE, end + 1, MINUTE)
    assert incidents.minutes(start, end) == sum(incidents.under_way(at) for at in minutes)
    assert incidents.count(start // HOUR * HOUR - MINUTE, end) == sum(
        incidents.begins(hour * HOUR) for hour in range(start // HOUR, end // HOUR + 1)
    )


def test_days_until_full_follow_from_what_is_used() -> None:
    there = [Series(n.FULL, {"resource": "filesystem"}, 0.95), Series(n.USED, ITEM, 0.6)]
    there.append(Series(n.USED_P95, {**ITEM, "window": "7d"}, 0.7))
    there.append(Series(n.HEADROOM, ITEM, 1 - 0.7 / 0.95))
    made = list(forecasts(there))
    assert {each.name for each in made} == {n.DAYS, n.DAYS_LOW, n.DAYS_HIGH, n.GROWTH}
    assert list(forecasts([*there, *made])) == [], "what rules said is not told again"
    found = told(*there, *made)
    for at in (NOW - DAY, NOW - MINUTE):
        low, central, high = (found[Series(each, ITEM, 0).text()][at] for each in (n.DAYS_LOW, n.DAYS, n.DAYS_HIGH))
        assert low < central < high
        assert central == pytest.approx((0.95 - 0.6) / 0.0007 + (NOW - at) / DAY, abs=0.01)
        peak = found[Series(n.USED_P95, {**ITEM, "window": "7d"}, 0).text()][at]
        assert found[Series(n.HEADROOM, ITEM, 0).text()][at] == pytest.approx(1 - peak / 0.95, abs=1e-5)
    assert not math.isnan(central)


def test_a_counter_grows_at_the_pace_that_it_was_found_to_have() -> None:
    """However far it had come: some have been there for years, others for seconds."""
    pace = 250.0
    counter = told(Series("octets_total", {}, pace * WEEK, counter=True), minutes=24 * 60)["octets_total"]
    assert all(after >= before for before, after in pairwise(counter.values()))
    grown = max(counter.values()) - min(counter.values())
    assert grown / (max(counter) - min(counter)) == pytest.approx(pace, rel=0.01)


def test_what_was_only_just_done_was_so_at_any_time_and_what_was_done_once_stays() -> None:
    polled = told(Series("poll_last_success_timestamp_seconds", {}, NOW + 20.0))["poll_last_success_timestamp_seconds"]
    assert all(0 < at - value < MINUTE for at, value in polled.items())
    once = told(Series("x_timestamp_seconds", {}, NOW - 9 * DAY))["x_timestamp_seconds"]
    assert set(once.values()) == {NOW - 9 * DAY}


def test_of_what_was_found_well_and_ill_states_are_the_later_ones() -> None:
    def found(works: float, load: float, quick: float, calls: float) -> list[Series]:
        values = {"on_battery": works, "load": load, n.KPI_STATUS: quick, "calls_total": calls}
        return [Series(name, {}, value, name == "calls_total") for name, value in values.items()]

    both = {each.name: each.value for each in together(found(1, 3.0, -1, 0), found(0, 9.0, 2, 1))}
    assert both == {"on_battery": 0, "load": 3.0, n.KPI_STATUS: 2, "calls_total": 0}
    bad = [Series(n.BAD, {"service": "a"}, 1.0), Series(n.INCIDENT, {"service": "a"}, 0.0)]
    assert [each.value for each in lasting(bad)] == [1.0, 1.0]


class Answers(BaseHTTPRequestHandler):
    """A Prometheus that has a gauge, and a counter of which one series has stood still."""

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query).get("query", [""])[0]
        series: list[tuple[dict[str, str], str]] = []
        if query.startswith("{"):
            series = [({"__name__": "g"}, "5"), *(({"__name__": "c_total", "a": a}, "9e15") for a in "xy")]
        elif query == "deriv(c_total[5m]) > 0":
            series = [({"a": "x"}, "40")]
        found = {"result": [{"metric": labels, "value": [0, value]} for labels, value in series]}
        body = json.dumps({"data": found if query else {"c_total": [{"type": "counter"}]}}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def test_of_a_counter_its_pace_is_taken_and_not_where_it_stands() -> None:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        found = taken(f"http://127.0.0.1:{server.server_port}", ".+")
        server.shutdown()
    assert {each.text(): each.value for each in found} == {"g": 5.0, 'c_total{a="x"}': 40.0 * WEEK, 'c_total{a="y"}': 0}


def test_the_example_at_work_has_none_planned_for_the_day_of_the_test(tmp_path: Path) -> None:
    config = Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    work_on_other_days(config)
    promise = load(config, environ={}, resolve=str).catalogue
    works = Works([Work(each, promise.calendars) for each in promise.maintenance])
    now = time.time()
    assert len(promise.maintenance) == 2
    assert tuple(works.spans(now - DAY, now + DAY)) == ()
    assert len(tuple(works.spans(now, now + 18 * DAY))) >= 2, "all of it is to come, bank holidays aside"
