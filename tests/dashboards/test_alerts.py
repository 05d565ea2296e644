"""Every alert of services: fires, stays silent, resolves, and what missing data makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from collector.services import KeyProperty, Leaf, Node, Objective, Service, Window
from dashboards.rule import Record
from dashboards.rules import budgets
from dashboards.rules.alerts import Places, alerts
from dashboards.timing import Timing
from tests.dashboards.promtool import Case, catalogue, judge

PLACES = Places()


def service(
    name: str = "epr", window: Window | None = None, key: KeyProperty = "effectiveness", **other: Any
) -> Service:
    objective = Objective("open", "availability", 0.999, window or Window(30), **other)
    return Service(
        name, name.upper(), Node(1, (Leaf("web", f'component{{service="{name}"}}'),)), (objective,), key_property=key
    )


def series(values: str, name: str = "epr", key: str = "effectiveness", **said: str) -> Mapping[str, str]:
    labels = f'service="{name}", instance="collector:10810", job="node"'
    told = {
        "service_agreed": "1x3000",
        "service_maintenance": "0x3000",
        'service_month{month="2026-11"': "1x3000",
        'service_period_agreed_seconds{objective="open"': "2592000x3000",
        f'service_info{{owner="desk", key_property="{key}", runbook="https://wiki.example/epr"': "1x3000",
    } | said
    return {f'component{{service="{name}"}}': values} | {
        (f"{series}, {labels}}}" if "{" in series else f"{series}{{{labels}}}"): told[series] for series in told
    }


@cache
def texts(name: str, severity: str) -> dict[str, str]:
    return next(
        dict(each.annotations)
        for each in alerts(Timing(), PLACES)
        if each.name == name and each.labels["severity"] == severity
    )


def fires(name: str, severity: str, value: str, who: str = "epr", key: str = "effectiveness") -> dict[str, Any]:
    labels = {"severity": severity, "service": who, "owner": "desk", "key_property": key}
    if name != "ServiceUnknown":
        labels["objective"] = "open"
    known = {"$labels.service | urlquery": who, "$labels.service": who, "$labels.objective": "open"}
    known |= {"$labels.owner": "desk", "$value | humanizePercentage": value}
    annotations = texts(name, severity)
    for expression, text in known.items():
        annotations = {key: said.replace(f"{{{{ {expression} }}}}", text) for key, said in annotations.items()}
    annotations["service_runbook_url"] = "https://wiki.example/epr"
    return {"exp_labels": labels, "exp_annotations": annotations}


# A budget of 99.9% over 30 days is 43.2 minutes: one bad minute is 2.315% of it.
FAST, SLOW = "BudgetBurnFast", "BudgetBurnSlow"


def burning() -> Case:
    """Down for ten minutes from 1 h on."""
    case = Case("an outage pages after three bad minutes and resolves soon after", series("1x59 0x9 1x300"))
    case.alert("59m", FAST).alert("61m", FAST)
    case.alert("62m", FAST, fires(FAST, "critical", "6.944%")).alert("69m", FAST, fires(FAST, "critical", "23.15%"))
    # The 30 minutes that confirm six hours hold a bad minute until 99m: 5% of six hours is 0.18 minutes in 30.
    return case.alert("98m", FAST, fires(FAST, "critical", "23.15%")).alert("100m", FAST)


def slow() -> Case:
    case = Case("what goes within a day is a ticket, until its last two hours are well", series("1x59 0x9 1x300"))
    case.alert("62m", SLOW).alert("64m", SLOW, fires(SLOW, "warning", "11.57%"))
    # Until 3 days are confirmed no more by their last six hours.
    case.alert("200m", SLOW, fires(SLOW, "warning", "23.15%"))
    return case.alert("428m", SLOW, fires(SLOW, "warning", "23.15%")).alert("430m", SLOW)


def blip() -> Case:
    return (
        Case("two bad minutes in a day are nobody's affair", series("1x59 0x1 1x200"))
        .alert("62m", FAST)
        .alert("62m", SLOW)
    )


def planned() -> Case:
    case = Case(
        "maintenance silences what burns, and resolves it",
        series("1x59 0x60 1x60", service_maintenance="0x64 1x300", service_agreed="1x64 0x300"),
    )
    return case.alert("64m", FAST, fires(FAST, "critical", "11.57%")).alert("65m", FAST).alert("65m", SLOW)


def closed(key: str) -> Case:
    case = Case(
        f"closing time makes a warning of a page, not where safety hangs on it: {key}",
        series("1x59 0x60 1x60", key=key, service_agreed="1x64 0x300"),
    )
    case.alert("64m", FAST, fires(FAST, "critical", "11.57%", key=key))
    severity = "critical" if key == "safety" else "warning"
    return case.alert("66m", FAST, fires(FAST, severity, "11.57%", key=key))


def opening() -> Case:
    """Office hours of 217 a month: 1% of a tenth of the usual."""
    period = {'service_period_agreed_seconds{objective="open"': f"{217 * 3600}x3000"}
    case = Case(
        "four minutes after opening, a service that was down all night pages",
        series("0x200", service_agreed="0x59 1x200", **period),
    )
    # 13.02 minutes of budget.
    return case.alert("61m", FAST).alert("63m", FAST, fires(FAST, "critical", "30.72%"))


def gone() -> Case:
    case = Case("no data pages nobody, and is a warning of its own", series("1x59 stale _x39 1x200"))
    case.alert("80m", FAST).alert("80m", SLOW).alert("64m", "ServiceUnknown")
    return case.alert("65m", "ServiceUnknown", fires("ServiceUnknown", "warning", "")).alert("100m", "ServiceUnknown")


def gone_in_maintenance() -> Case:
    return Case(
        "what is unknown during maintenance is nobody's affair",
        series("1x59 stale", service_maintenance="0x50 1x300"),
    ).alert("90m", "ServiceUnknown")


def restarted() -> Case:
    """The collector, for 12 minutes within an outage seen by another exporter."""
    away = "x64 stale _x11 "
    said = {
        "service_agreed": f"1{away}1x200",
        "service_maintenance": f"0{away}0x200",
        'service_month{month="2026-11"': f"1{away}1x200",
        'service_info{owner="desk", key_property="effectiveness", runbook="https://wiki.example/epr"': f"1{away}1x200",
    }
    case = Case("a restart of the collector ends no alert and begins none", series("1x59 0x60", **said))
    case.alert("66m", FAST, fires(FAST, "critical", "16.2%")).alert("66m", "ServiceUnknown")
    return case.alert("75m", FAST, fires(FAST, "critical", "37.04%"))


def away() -> Case:
    """The collector and what it polls, for good."""
    said = dict.fromkeys(series(""), "1x59 stale")
    case = Case("a collector that stays away leaves services unknown, not well", {})
    case.series = said | {each: "0x59 stale" for each in said if each.startswith("service_maintenance")}
    fired = fires("ServiceUnknown", "warning", "")
    # Nobody knows its own runbook any more.
    gone = {**fired, "exp_annotations": {**fired["exp_annotations"], "service_runbook_url": ""}}
    return case.alert("66m", "ServiceUnknown", fired).alert("200m", "ServiceUnknown", gone)


def empty() -> Case:
    case = Case("a collector that has never said anything: nothing fires but that", {"component": "0x200"})
    return case.alert("59m", "ObjectiveUnmeasured").alert("90m", FAST).alert("90m", SLOW)


ONLY = "service:(?!mt|user|down)|objective:|slo:objective|[A-Z]"
"""Rules that matter to alerts."""

CASES = (
    burning(), slow(), blip(), planned(), closed("effectiveness"), closed("safety"), opening(), gone(),
    gone_in_maintenance(), restarted(), away(), empty(),
)  # fmt: skip


@pytest.mark.parts
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_availability_objective_alerts_as_it_should(part: Callable[[str], Path], tmp_path: Path, case: Case) -> None:
    # What the owner is called comes from service_info, so one catalogue serves all cases.
    assert judge(part("promtool"), tmp_path, catalogue(service()), [case], only=ONLY) == ""


ON_NET = 'service_depends_info{service="epr", dependency="net", instance="c", job="node"}'


@pytest.mark.parts
@pytest.mark.parametrize(
    ("values", "page", "told", "woken"),
    [
        pytest.param("1x59 0x9 1x300", True, "1x300", ("net",), id="the failed one is called, who needs it is not"),
        pytest.param("1x59 0x9 1x300", True, "_x300", ("epr", "net"), id="nobody says what depends on what"),
        pytest.param("1x59 0x9 1x300", False, "1x300", ("epr",), id="nobody else would be called"),
        pytest.param("1x300", True, "1x300", ("epr",), id="the other is up"),
    ],
)
def test_one_outage_calls_one_owner(
    part: Callable[[str], Path], tmp_path: Path, values: str, page: bool, told: str, woken: tuple[str, ...]
) -> None:
    """Both fail for ten minutes; the 30 minutes that confirm six hours hold a bad one until 99m."""
    case = Case("one outage", {**series("1x59 0x9 1x300"), **series(values, "net"), ON_NET: told})
    case.alert("64m", FAST, *(fires(FAST, "critical", "11.57%", who) for who in woken))
    case.alert("90m", FAST, *(fires(FAST, "critical", "23.15%", who) for who in woken)).alert("100m", FAST)

    assert judge(part("promtool"), tmp_path, catalogue(service(), service("net", page=page)), [case], only=ONLY) == ""


@pytest.mark.parts
@pytest.mark.parametrize("key", ["effectiveness", "safety"])
def test_who_needs_what_is_closed_is_called_unless_safety_hangs_on_that(
    part: Callable[[str], Path], tmp_path: Path, key: KeyProperty
) -> None:
    outage = "1x59 0x60 1x60"
    other = series(outage, "net", key, service_agreed="1x64 0x300")
    case = Case("closing time", {**series(outage), **other, ON_NET: "1x300"})
    case.alert("64m", FAST, fires(FAST, "critical", "11.57%", "net", key))
    mine = [] if key == "safety" else [fires(FAST, "critical", "16.2%")]
    severity = "critical" if key == "safety" else "warning"
    case.alert("66m", FAST, fires(FAST, severity, "11.57%", "net", key), *mine)

    assert judge(part("promtool"), tmp_path, catalogue(service(), service("net", key=key)), [case], only=ONLY) == ""


@pytest.mark.parts
def test_an_objective_of_which_nothing_is_known_is_a_ticket_until_it_is_measured(
    part: Callable[[str], Path], tmp_path: Path
) -> None:
    name = "ObjectiveUnmeasured"
    told = series("_x99 1x100", service_agreed="1x300")
    fired = fires(name, "warning", "99.9%")
    case = Case("unmeasured", told).alert("59m", name).alert("60m", name, fired).alert("98m", name, fired)
    case.alert("100m", name)

    assert judge(part("promtool"), tmp_path, catalogue(service()), [case], only=ONLY) == ""


@pytest.mark.parts
def test_pages_and_tickets_can_be_refused(part: Callable[[str], Path], tmp_path: Path) -> None:
    quiet = service(page=False, ticket=False)
    case = Case("quiet", series("1x59 0x60")).alert("70m", FAST).alert("70m", SLOW)

    assert judge(part("promtool"), tmp_path, catalogue(quiet), [case]) == ""


@pytest.mark.parts
@pytest.mark.parametrize("case", [burning(), gone()], ids=lambda case: case.name)
def test_all_of_it_holds_when_an_hour_takes_a_minute(part: Callable[[str], Path], tmp_path: Path, case: Case) -> None:
    for look in case.alerts:
        look["eval_time"] = look["eval_time"].replace("m", "s")

    assert judge(part("promtool"), tmp_path, catalogue(service()), [case], Timing(60)) == ""


DOCUMENTED = {
    # Sloth's documentation: window, factor. 30 days, and its sample of 7 days.
    30: {("1h", "5m"): 14.4, ("6h", "30m"): 6, ("1d", "2h"): 3, ("3d", "6h"): 1},
    7: {("1h", "5m"): 13.44, ("6h", "30m"): 3.5, ("1d", "2h"): 1.4, ("3d", "6h"): 0.98},
}


@pytest.mark.parametrize(("days", "paces"), [(30, budgets.USUAL), (7, budgets.WEEK)])
def test_around_the_clock_paces_are_those_that_sloth_documents(days: int, paces: tuple[budgets.Pace, ...]) -> None:
    hours = {"1h": 1, "6h": 6, "1d": 24, "3d": 72}
    minutes = {"5m": 5, "30m": 30, "2h": 120, "6h": 360}

    factors = {(pace.window, pace.short): pace.share * days * 24 / hours[pace.window] for pace in paces}

    assert factors == pytest.approx(DOCUMENTED[days])
    # The short window's threshold is the same factor.
    assert all(hours[pace.window] * 60 == minutes[pace.short] * budgets.SHORTER for pace in paces)


def test_annotations_hold_nothing_of_a_catalogue() -> None:
    for alert in alerts(Timing(), PLACES):
        assert not isinstance(alert, Record)
        assert alert.labels["severity"] in ("critical", "warning")
        assert "{{" not in alert.annotations["summary"]
        assert set(alert.annotations) == {
            "summary", "description", "runbook_url", "service_runbook_url", "dashboard_url",
        }  # fmt: skip
