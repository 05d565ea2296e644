"""How things stand: who asks Prometheus, how often, with which password, and what is known without it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collector.agreed import AGREED, MAINTENANCE
from collector.cli import prometheus as client
from collector.cli import standing as module
from collector.cli.prometheus import NoAnswer, Prometheus
from collector.cli.standing import Standings
from collector.cli.standings import SHOWN
from collector.config import Config, load
from collector.config.prometheus import PrometheusSettings
from collector.model import Secret, column, rows
from dashboards.states import service_state
from exporters.standing import BudgetLine, Standing

NOW = 1_795_870_000.0


@dataclass
class Clock:
    at: float = NOW

    def wall(self) -> float:
        return self.at


@dataclass
class FakePrometheus:
    """Answers each expression as told, everything else with nothing."""

    instant: dict[str, list[tuple[dict[str, str], float]]] = field(default_factory=dict)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    answer: Callable[[], web.Response] | None = None
    hold: asyncio.Event | None = None

    async def handle(self, request: web.Request) -> web.Response:
        form = await request.post()
        query = str(form.get("query", ""))
        self.asked.append((request.path, query))
        self.headers.append(request.headers.get("Authorization", ""))
        if self.hold is not None:
            await self.hold.wait()
        if self.answer is not None:
            return self.answer()
        if request.path.endswith("alerts"):
            data: Any = {"alerts": self.alerts}
        elif request.path.endswith("query_range"):
            start, step = float(str(form["start"])), float(str(form["step"]))
            values = [[start, "1"], [start + step, "NaN"], [start + 2 * step, "0.5"]]
            data = {"result": [{"metric": {"service": "pacs"}, "values": values}]}
        else:
            data = {"result": [{"metric": m, "value": [0, str(v)]} for m, v in self.instant.get(query, [])]}
        return web.json_response({"status": "success", "data": data})


@asynccontextmanager
async def at_work(fake: FakePrometheus) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", fake.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
    finally:
        if fake.hold is not None:
            fake.hold.set()
        await runner.cleanup()


def configured(tmp_path: Path, url: str, more: str = "", urls: str = "") -> Config:
    (tmp_path / "services").mkdir()
    (tmp_path / "wardwatch.yml").write_text(f"prometheus: {{url: {url}, timeout: 1s{more}}}\n{urls}\n")
    (tmp_path / "services" / "imaging.yml").write_text(
        "services:\n- {name: pacs, title: Pictures, owner: imaging, runbook: 'https://wiki.example/pacs',"
        " components: [{device: archive-1}, {device: archive-2}]}\n"
    )
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "a.yml").write_text(
        "devices:\n- {name: archive-1, address: 127.0.0.1, class: it, modules: [icmp]}\n"
        "- {name: archive-2, address: 127.0.0.2, class: it, modules: [icmp]}\n"
    )
    return load(tmp_path, environ={}, resolve=lambda name: name)


def standings(config: Config, clock: Clock) -> Standings:
    table = rows(("service",), [("pacs",)])
    owed = [column(AGREED, table, [1]), column(MAINTENANCE, table, [0])]
    found = Standings(clock, lambda at: owed, {"archive-1": "down", "archive-2": "up"}.__getitem__)  # type: ignore[arg-type]
    found.load(config)
    return found


PACS = {"service": "pacs"}
OBJECTIVE = {**PACS, "objective": "availability", "window": "30d"}


def alert(name: str, severity: str = "warning", **labels: str) -> dict[str, Any]:
    return {
        "labels": {"alertname": name, "severity": severity, "owner": "imaging", **labels},
        "annotations": {
            "summary": "S.",
            "description": f"{labels.get('instance', '')} D.",
            "runbook_url": "https://r.example",
        },
        "state": "firing",
        "activeAt": "2026-11-28T12:10:51.883801858Z",
    }


async def test_what_prometheus_knows_of_a_service(tmp_path: Path) -> None:
    back = f"max_over_time(timestamp(({service_state('service=~' + json.dumps('pacs'))}) == 0)[1d:1m])"
    fake = FakePrometheus(
        instant={
            service_state(): [(PACS, 3), ({"service": "other"}, 0), ({}, 0), ({"service": "odd"}, 17)],
            "service:agreed": [(PACS, 0)],
            "service:component:up == 0": [({**PACS, "component": "archive-2"}, 0)],
            "objective:budget:left": [(OBJECTIVE, 0.12), ({**OBJECTIVE, "objective": "q"}, float("nan"))],
            "objective:budget:left_minutes": [(OBJECTIVE, 5.2)],
            "objective:budget:burning": [
                ({**OBJECTIVE, "urgency": "ticket"}, 1),
                ({**OBJECTIVE, "urgency": "page"}, 1),
            ],
            'service:incidents:count{window="30d"}': [(PACS, 2)],
            'service:downtime:seconds{window="30d"}': [(PACS, 600)],
            "service:info": [
                ({"service": "other", "owner": "network", "tier": "gold"}, 1),
                ({"service": "web"}, 1),
            ],
            back: [(PACS, NOW - 900)],
        },
        alerts=[
            alert("Watchdog"),
            alert("Quiet", "info"),
            {**alert("Soon"), "state": "pending"},
            *(alert("DeviceDown", instance=f"sw-{i}") for i in range(SHOWN + 4)),
            alert("BudgetBurnFast", "critical"),
            {"labels": 5, "annotations": None, "state": "firing"},
        ],
    )
    async with at_work(fake) as url:
        asked = standings(configured(tmp_path, url), Clock())
        stands = await asked.standing()

    assert (stands.problem, stands.prometheus, stands.at) == ("", url, NOW)
    pacs, other, web_shop = stands.services
    assert (pacs.name, pacs.title, pacs.state, pacs.owed) == ("pacs", "Pictures", "down", False)
    assert pacs.since == NOW - 840, "a minute after it last was up"
    assert pacs.broken == ["archive-2"], "Prometheus' word counts"
    assert pacs.budgets == [BudgetLine("availability", "30d", 0.12, 5.2, "page")]
    assert (pacs.incidents, pacs.downtime, pacs.runbook) == (2, 600, "https://wiki.example/pacs")
    assert (len(pacs.day), pacs.day[:4]) == (48, (1, None, 0.5, None))
    assert len(pacs.week) == 56
    assert (other.name, other.title, other.state, other.owner, other.day) == ("other", "other", "up", "network", ())
    assert (web_shop.name, web_shop.state) == ("web", "events"), "no component tells how it is"
    assert stands.firing == {("critical", "BudgetBurnFast"): 1, ("warning", "DeviceDown"): SHOWN + 4}
    assert [line.name for line in stands.alerts] == ["BudgetBurnFast"] + ["DeviceDown"] * SHOWN
    assert (stands.alerts[0].since, stands.alerts[1].description) == (pytest.approx(1795867851.88, abs=0.1), "sw-0 D.")


async def test_since_when_a_service_is_measured_that_was_never_up(tmp_path: Path) -> None:
    first = 'min_over_time(timestamp(service:unknown{service=~"pacs|old"})[1d:1m])'
    old = {"service": "old"}
    fake = FakePrometheus(
        instant={
            service_state(): [(PACS, 2), (old, 3)],
            first: [(PACS, NOW - 300), (old, NOW - 86_400 + 60)],
        }
    )
    async with at_work(fake) as url:
        stands = await standings(configured(tmp_path, url), Clock()).standing()
    assert [(line.name, line.since, line.begun) for line in stands.services] == [
        ("pacs", None, NOW - 300),
        ("old", None, None),
    ], "what is seen at the day's beginning was there before"
    assert stands.started == NOW


async def test_agents_elsewhere_are_asked_of_prometheus_where_there_are_any(tmp_path: Path) -> None:
    up = 'max by (instance) (up{job="node"})'
    fake = FakePrometheus(
        instant={up: [({"instance": "web-1"}, 1), ({"instance": "web-2"}, 0), ({"instance": "x"}, 1)]}
    )
    async with at_work(fake) as url:
        config = configured(tmp_path, url)
        await standings(config, Clock()).standing()
        assert up not in [query for _, query in fake.asked]
        agents = "".join(f"- {{name: web-{i}, class: it, agent: '127.0.0.{i}:10810'}}\n" for i in (1, 2, 3))
        (tmp_path / "inventory" / "agents.yml").write_text("devices:\n" + agents)
        stands = await standings(load(tmp_path, environ={}, resolve=str), Clock()).standing()
    assert stands.agents == {"web-1": True, "web-2": False}


async def test_what_alertmanager_has_silenced_calls_nobody(tmp_path: Path) -> None:
    fired = [alert("DeviceDown", instance="sw-1"), alert("DeviceDown", instance="sw-2"), alert("Other")]
    held = [
        {"labels": {**fired[0]["labels"], "cluster": "a"}, "status": {"state": "suppressed", "silencedBy": ["1"]}},
        {"labels": fired[1]["labels"], "status": {"state": "suppressed", "silencedBy": []}},
        {"labels": {"alertname": "Other", "severity": "critical"}, "status": {"silencedBy": ["2"]}},
    ]
    fake = FakePrometheus(alerts=fired)
    alertmanager = FakePrometheus(answer=lambda: web.json_response(held))
    async with at_work(fake) as url, at_work(alertmanager) as other:
        stands = await standings(configured(tmp_path, url, urls=f"urls: {{alertmanager: {other}}}"), Clock()).standing()
    key = ("warning", "DeviceDown")
    assert (stands.firing, stands.silenced) == ({key: 1, ("warning", "Other"): 1}, {key: 1})
    assert [(line.description, line.silenced) for line in stands.alerts] == [
        (" D.", False),
        ("sw-2 D.", False),
        ("sw-1 D.", True),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(status=401),
        lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}),
        lambda: web.Response(text="<html>"),
        lambda: web.json_response({"status": "success"}),
        lambda: web.json_response([{"labels": {}}]),
        lambda: web.json_response([{"labels": 5, "status": {"silencedBy": ["1"]}}]),
        None,
    ],
)
async def test_an_alertmanager_that_says_nothing_leaves_it_unknown(
    tmp_path: Path, answer: Callable[[], web.Response] | None
) -> None:
    alertmanager = FakePrometheus(answer=answer, hold=None if answer else asyncio.Event())
    async with at_work(FakePrometheus(alerts=[alert("DeviceDown")])) as url, at_work(alertmanager) as other:
        stands = await standings(configured(tmp_path, url, urls=f"urls: {{alertmanager: {other}}}"), Clock()).standing()
    assert stands.problem == ""
    assert stands.firing == {("warning", "DeviceDown"): 1}
    assert not any(line.silenced for line in stands.alerts)
    assert not stands.silenced


async def test_one_task_asks_however_many_look(tmp_path: Path) -> None:
    fake, clock = FakePrometheus(), Clock()
    async with at_work(fake) as url:
        asked = standings(configured(tmp_path, url), clock)
        await asyncio.gather(*(asked.standing() for _ in range(50)))
        first = len(fake.asked)
        assert first == len(set(fake.asked)), "nothing is asked twice"
        clock.at += module.FRESH - 1
        await asked.standing()
        assert len(fake.asked) == first
        clock.at += 1
        await asked.standing()
        again = fake.asked[first:]
    assert [path for path, _ in again if "range" in path] == [], "sparklines are kept for longer"
    assert len(again) == first - 2


async def test_it_says_since_when_nobody_answers_and_shows_what_is_known_here(tmp_path: Path) -> None:
    fake, clock = FakePrometheus(instant={service_state(): [(PACS, 0)]}), Clock()
    async with at_work(fake) as url:
        asked = standings(configured(tmp_path, url), clock)
        assert (await asked.standing()).services[0].state == "up"
    clock.at += 60
    await asked.standing()
    clock.at += 60
    stands = await asked.standing()
    assert stands.problem == f"{url}: no connection: Connection refused"
    assert (stands.failing_since, stands.answered_at) == (NOW + 60, NOW)
    pacs = stands.services[0]
    assert (pacs.state, pacs.owed, pacs.broken, pacs.budgets) == ("unknown", True, ("archive-1",), ())
    assert not stands.alerts


async def test_a_page_does_not_wait_for_one_that_is_slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    fake = FakePrometheus(hold=asyncio.Event())
    async with at_work(fake) as url:
        asked = standings(configured(tmp_path, url), Clock())
        async with asyncio.timeout(0.8):
            stands = await asked.standing()
        assert stands.problem == f"{url}: it takes its time to answer"
        await asyncio.sleep(1.3)
        assert (await asked.standing()).problem.startswith(f"{url}: no answer")
        await asked.close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: web.Response(status=401, text="no"), "status 401: it wants another login"),
        (lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), "status 302, and no answer of"),
        (
            lambda: web.json_response({"status": "error", "error": "too many samples"}),
            "Prometheus says: too many samples",
        ),
        (lambda: web.json_response({"status": "success", "data": []}), "what it answers is no answer of Prometheus'"),
        (lambda: web.json_response({"status": "success", "data": {"result": [{}]}}), "what it answers is no answer of"),
        (lambda: web.Response(text="[" * 100_000), "status 200, and no answer of"),
        (lambda: web.Response(body=b"\xff"), "status 200, and no answer of"),
    ],
)
async def test_what_is_no_answer_is_said_and_never_breaks_the_page(
    tmp_path: Path, answer: Callable[[], web.Response], said: str
) -> None:
    async with at_work(FakePrometheus(answer=answer)) as url:
        stands = await standings(configured(tmp_path, url), Clock()).standing()
    assert said in stands.problem
    assert len(stands.services) == 1


async def test_more_alerts_than_are_taken_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", 20_000)
    counted = 'count by (severity, alertname) (ALERTS{alertstate="firing"})'
    fake = FakePrometheus(
        instant={counted: [({"severity": "warning", "alertname": "DeviceDown"}, 300), ({"alertname": "Else"}, 1)]},
        alerts=[alert("DeviceDown", instance=f"sw-{i}") for i in range(300)],
    )
    async with at_work(fake) as url:
        stands = await standings(configured(tmp_path, url), Clock()).standing()
    assert (stands.problem, stands.alerts, stands.firing) == ("", [], {("warning", "DeviceDown"): 300})


@pytest.mark.parametrize(
    ("login", "header"),
    [
        ({"token": Secret("canary-token")}, "Bearer canary-token"),
        ({"username": "me", "password": Secret("canary")}, "Basic " + base64.b64encode(b"me:canary").decode()),
        ({}, ""),
    ],
)
async def test_who_asks_shows_the_login_and_no_message_does(login: dict[str, Any], header: str) -> None:
    fake = FakePrometheus(answer=lambda: web.Response(status=403))
    async with at_work(fake) as url, Prometheus(PrometheusSettings(url, **login)) as prometheus:
        with pytest.raises(NoAnswer) as caught:
            await prometheus.at("up", 1.0)
    assert fake.headers == [header]
    assert "canary" not in str(caught.value)


async def test_a_certificate_that_nobody_signed_and_a_file_that_holds_none(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("nothing")
    with pytest.raises(NoAnswer, match="ca_file cannot be used"):
        await Prometheus(PrometheusSettings("https://127.0.0.1:1", ca_file=tmp_path / "none.pem")).__aenter__()


async def test_a_host_agent_asks_nobody(tmp_path: Path) -> None:
    asked = standings(load(tmp_path, environ={}, resolve=lambda name: name), Clock())
    assert await asked.standing() == Standing(NOW)


async def test_a_new_configuration_forgets_the_answers_of_the_old(tmp_path: Path) -> None:
    fake, clock = FakePrometheus(instant={service_state(): [(PACS, 0)]}), Clock()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with at_work(fake) as url:
        asked = standings(configured(tmp_path / "a", url), clock)
        await asked.standing()
        asked.load(configured(tmp_path / "b", "http://127.0.0.1:9"))
        stands = await asked.standing()
    assert stands.problem.startswith("http://127.0.0.1:9: no connection")
    assert stands.answered_at == 0
