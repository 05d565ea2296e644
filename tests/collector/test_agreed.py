"""What `/metrics` says of a catalogue: virtual moments, and none of it without one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from collector.agreed import Agreed
from collector.services import Calendar, Catalogue, Leaf, Maintenance, Node, Objective, Period, Service, Window
from exporters.text import Form, render

LONDON = ZoneInfo("Europe/London")
OFFICE = Calendar("office", "Mo-Fr 08:00-18:00; PH off")
ALWAYS = Calendar("24x7")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).timestamp()


def objective(name: str, days: int = 0, period: Period | None = None) -> Objective:
    return Objective(name, "availability", 0.999, Window(days, period))


IMAGING = Service(
    "imaging",
    "Imaging, everywhere",
    Node(1, (Leaf("archive", "up", "archive-1"),)),
    (objective("rolling", 30), objective("monthly", period="month"), objective("yearly", period="financial_year")),
    tower="clinical",
    tier="1",
    owner="pacs",
    supplier="Example Ltd",
    site="main",
    users=800,
    key_property="safety",
    scorecard=("diagnostics", "flow"),
    pillars=("run",),
    runbook="https://wiki.example/imaging",
    depends_on=("payroll",),
)
PAYROLL = Service("payroll", 'Pay "roll"', None, (objective("rolling", 7),), hours="office")


def catalogue(*works: Maintenance, services: tuple[Service, ...] = (IMAGING, PAYROLL)) -> Catalogue:
    return Catalogue({each.name: each for each in services}, {"24x7": ALWAYS, "office": OFFICE}, works)


def work(begins: str, ends: str, **about: Any) -> Maintenance:
    begin, end = (datetime.fromisoformat(text).replace(tzinfo=LONDON) for text in (begins, ends))
    return Maintenance("work", begins=begin, ends=end, **about)


def page(agreed: Agreed, moment: float) -> dict[str, float]:
    lines = render(agreed.columns(moment)).body.decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_the_whole_of_it() -> None:
    agreed = Agreed(catalogue(), {"archive-1": "main"})
    assert page(agreed, at("2026-11-16T12:00")) == {
        'service_agreed{service="imaging"}': 1,
        'service_agreed{service="payroll"}': 1,
        'service_maintenance{service="imaging"}': 0,
        'service_maintenance{service="payroll"}': 0,
        'service_period_agreed_seconds{service="imaging",objective="rolling"}': 30 * 86400,
        'service_period_agreed_seconds{service="imaging",objective="monthly"}': 30 * 86400,
        'service_period_agreed_seconds{service="imaging",objective="yearly"}': 365 * 86400,
        'service_period_agreed_seconds{service="payroll",objective="rolling"}': 50 * 3600,
        'service_month{service="imaging",month="2026-11"}': 1,
        'service_month{service="payroll",month="2026-11"}': 1,
        'service_info{service="imaging",title="Imaging, everywhere",tower="clinical",tier="1",owner="pacs",'
        'supplier="Example Ltd",site="main",key_property="safety",runbook="https://wiki.example/imaging"}': 1,
        'service_info{service="payroll",title="Pay \\"roll\\"",key_property="effectiveness"}': 1,
        'service_users{service="imaging"}': 800,
        'service_users{service="payroll"}': 0,
        'service_scorecard_info{service="imaging",item="diagnostics"}': 1,
        'service_scorecard_info{service="imaging",item="flow"}': 1,
        'service_pillar_info{service="imaging",pillar="run"}': 1,
        'service_depends_info{service="imaging",dependency="payroll"}': 1,
    }


def test_states_change_on_the_second() -> None:
    agreed = Agreed(catalogue(work("2026-11-16T09:00", "2026-11-16T10:00", services=("payroll",))), {})
    said = [
        (page(agreed, at(f"2026-11-16T{time}")), time)
        for time in ("07:59:59", "08:00:00", "08:59:59", "09:00:00", "09:59:59", "10:00:00", "18:00:00", "07:59:59")
    ]
    states = [
        (time, one['service_agreed{service="payroll"}'], one['service_maintenance{service="payroll"}'])
        for one, time in said
    ]
    assert states == [
        ("07:59:59", 0, 0),
        ("08:00:00", 1, 0),
        ("08:59:59", 1, 0),
        ("09:00:00", 0, 1),
        ("09:59:59", 0, 1),
        ("10:00:00", 1, 0),
        ("18:00:00", 0, 0),
        ("07:59:59", 0, 0),  # a clock that was set back
    ]
    assert all(one['service_agreed{service="imaging"}'] == 1 for one, _ in said)


def test_maintenance_that_is_known_is_no_part_of_the_period_wherever_in_it_one_is() -> None:
    works = (
        work("2026-11-20T22:00", "2026-11-21T02:00", devices=("archive-1",)),
        work("2026-12-20T22:00", "2026-12-21T02:00", sites=("main",)),
    )
    agreed = Agreed(catalogue(*works), {"archive-1": "main"})

    def periods(moment: str) -> list[float]:
        said = page(agreed, at(moment))
        keys = ("rolling", "monthly", "yearly")
        full = (30 * 24, 30 * 24, 365 * 24)
        name = 'service_period_agreed_seconds{{service="imaging",objective="{}"}}'
        return [hours - said[name.format(key)] / 3600 for key, hours in zip(keys, full, strict=True)]

    assert periods("2026-11-16T12:00") == [0, 4, 8]
    assert periods("2026-11-21T00:00") == [2, 4, 8]
    assert periods("2026-11-30T12:00") == [4, 4, 8]


def test_a_clock_that_changes_does_not_change_what_is_promised() -> None:
    agreed = Agreed(catalogue(), {})
    assert (
        page(agreed, at("2026-03-15T12:00"))['service_period_agreed_seconds{service="imaging",objective="monthly"}']
        == (31 * 24 - 1) * 3600
    )
    assert (
        page(agreed, at("2026-10-15T12:00"))['service_period_agreed_seconds{service="imaging",objective="monthly"}']
        == (31 * 24 + 1) * 3600
    )


def test_the_month_is_the_one_where_the_service_is() -> None:
    there = replace(OFFICE, name="there", zone="Pacific/Auckland")
    services = (IMAGING, replace(PAYROLL, hours="there"))
    agreed = Agreed(replace(catalogue(services=services), calendars={"24x7": ALWAYS, "there": there}), {})
    said = page(agreed, at("2026-11-30T12:00"))
    assert 'service_month{service="imaging",month="2026-11"}' in said
    assert 'service_month{service="payroll",month="2026-12"}' in said
    assert 'service_month{service="imaging",month="2026-12"}' in page(agreed, at("2026-12-01T00:00"))
    assert 'service_month{service="imaging",month="2026-11"}' in page(agreed, at("2026-11-30T23:59:59"))


def test_a_new_year() -> None:
    agreed = Agreed(catalogue(work("2026-12-31T20:00", "2027-01-01T04:00", services=("imaging",))), {})
    for moment, state in (("2026-12-31T19:59", 1), ("2026-12-31T23:59", 0), ("2027-01-01T00:00", 0)):
        assert page(agreed, at(moment))['service_agreed{service="imaging"}'] == state
    assert page(agreed, at("2027-01-01T04:00"))['service_agreed{service="imaging"}'] == 1


def test_rows_stay_the_same_objects_so_that_their_text_is_rendered_once() -> None:
    agreed = Agreed(catalogue(), {})
    first = [each.rows for each in agreed.columns(at("2026-11-16T12:00"))]
    later = [each.rows for each in agreed.columns(at("2026-11-17T19:30"))]
    assert all(one is other for one, other in zip(first, later, strict=True))


def test_two_hundred_services_cost_less_than_a_millisecond_a_page() -> None:
    calendars = {f"c{n}": replace(OFFICE, name=f"c{n}", hours=f"Mo-Fr 0{n}:00-18:00; PH off") for n in range(10)}
    services = {
        f"s{n}": replace(
            IMAGING, name=f"s{n}", hours=f"c{n % 10}", tree=Node(1, (Leaf("l", "up", f"d{n}"),)), site="elsewhere"
        )
        for n in range(200)
    }
    works = tuple(work("2026-11-20T22:00", "2026-11-21T02:00", devices=(f"d{n}",)) for n in range(0, 200, 10))
    agreed = Agreed(Catalogue(services, calendars, works), {})
    form = Form()
    start = at("2026-11-16T12:00")
    form.render(agreed.columns(start))
    took: list[tuple[float, float]] = []
    for number in range(240):  # an hour of pages
        begin = perf_counter()
        columns = agreed.columns(start + number * 15)
        made = perf_counter()
        form.render(columns)
        took.append((made - begin, perf_counter() - made))
    columns_ms, text_ms = (1000 * sorted(each)[120] for each in zip(*took, strict=True))
    mean_ms = 1000 * sum(made for made, _ in took) / len(took)
    print(f"columns {columns_ms:.3f} ms, {mean_ms:.3f} ms on average; text {text_ms:.3f} ms")
    assert columns_ms < 0.5
    assert mean_ms < 2, "0.2 ms on a core of its own"


NONE = """
import sys
from collector.cli.service import Service
from collector.config import load
from pathlib import Path
config = load(None, environ={}, resolve=lambda name: name)
assert not config.catalogue.services
from collector.cli.promises import Promises
promises = Promises(Path("/nowhere"), lambda what, error: sys.exit(what), lambda what: None)
promises.load(config.catalogue, config.devices)
promises.look()
assert promises.columns(0.0) == ()
print(sorted({"opening_hours", "holidays", "icalendar", "dateutil"} & set(sys.modules)))
"""


def test_without_a_catalogue_there_is_none_of_it_and_nothing_is_imported_for_it() -> None:
    assert Agreed(Catalogue(), {}).columns(0.0) == ()
    ran = subprocess.run([sys.executable, "-c", NONE], capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    assert ran.stdout.strip() == "[]"
