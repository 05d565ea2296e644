"""`/`: what was promised and how it stands, what is wrong and since when, which devices are not fresh.

Rendered here, escaped, without scripts. It comes anew every minute by a header, unless its reader says that it shall
stay: who reads with a keyboard or by ear would lose their place.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from collector.config.urls import Urls
from collector.model import clean
from collector.services import LITTLE_LEFT
from exporters.encoding import wants_gzip
from exporters.messages import Handler, Request, Response
from exporters.page import spark
from exporters.page.devices import MEANING, STATES, cleaned
from exporters.page.runbooks import runbooks
from exporters.page.templates import clock, rough, template, text, zone
from exporters.routes import packed
from exporters.source import DeviceLine, Source
from exporters.standing import AlertLine, ServiceLine, Standing

REFRESH: Final = 60
"""Seconds after which the page comes anew: Prometheus' rules have something new once a minute."""
SERVICES: Final = 300
"""Most services, alerts of different names, and devices on the page: what needs somebody comes first."""
ALERTS: Final = 50
DEVICES: Final = 30

YOUNG: Final = 900.0
"""Seconds from which on it is no beginning any more that nobody knows how something is: devices that are asked seldom
are known by then."""

URGENCY: Final = ("down", "unknown", "burning", "idle", "maintenance", "events", "up")
"""Services in the order of the page."""

REASONS: Final = {
    "unreachable": "there is no way to it",
    "timeout": "it does not answer in time",
    "refused": "it refuses the connection",
    "malformed": "it answers what makes no sense",
    "denied": "it refuses our credentials",
    "no_data": "it has nothing of what it is asked for",
    "breaker_open": "it failed too often, and is left alone for a while",
    "agent": "its agent does not answer Prometheus",
    "over_budget": "it is not asked: its budget of packets is spent",
}
"""Reasons of polls that failed (collector/errors.py), in words."""


@dataclass(frozen=True, slots=True)
class Told:
    """A service with all that is said of it."""

    line: ServiceLine
    rank: str
    """Of URGENCY."""
    wrong: Sequence[str]
    """Sentences."""
    guides: Sequence[tuple[str, str]]
    """Runbooks: name and address."""
    strip: spark.Strip | None
    week: spark.Line | None


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts of one name."""

    first: AlertLine
    count: int
    silenced: int
    """How many of them call nobody."""
    lines: Sequence[tuple[AlertLine, str]]
    """Each with since when."""
    guide: str
    """Address of the runbook; empty: there is none."""


class StatusPage:
    """The page, and the style sheet of all pages."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._making = asyncio.Lock()

    def table(self) -> Mapping[str, Handler]:
        return {"GET /": self._page, "GET /style.css": self._style}

    async def _page(self, request: Request) -> Response:
        if any(key in request.parameters for key in ("state", "q", "page")):  # the devices' page was here once
            return Response(status=308, headers={"Location": f"devices?{request.query}"})
        stays = request.value("refresh") == "off"
        standing = await self._source.standing()
        lines = self._source.overview()
        async with self._making:  # in a thread, one at a time, as the devices' page
            html = await asyncio.to_thread(
                page, standing, lines, self._source.urls, self._source.config_digest, "off" if stays else "on"
            )
        gzip = wants_gzip(request.header("accept-encoding"))
        response = packed(html.encode("utf-8", "replace"), "text/html; charset=utf-8", gzip)
        response.headers["Cache-Control"] = "no-store"
        if not stays:
            response.headers["Refresh"] = str(REFRESH)
        return response

    async def _style(self, request: Request) -> Response:
        return Response(text("style.css").encode(), "text/css; charset=utf-8")


def page(standing: Standing, lines: Sequence[DeviceLine], urls: Urls, digest: str, refresh: str = "on") -> str:
    """The page as HTML."""
    told = sorted(
        (_told(line, standing) for line in standing.services),
        key=lambda each: (URGENCY.index(each.rank), each.line.title.casefold(), each.line.name),
    )
    groups = _groups(standing, urls)
    lines = [_of_agent(line, standing) for line in lines]
    counts = Counter(line.state for line in lines)
    rank = {state: place for place, state in enumerate(STATES)}
    late = [line for line in lines if line.state not in ("up", "passive", "elsewhere")]
    late.sort(key=lambda line: (rank.get(line.state, -1), line.since is None, line.since or 0.0, line.name))
    return template("status.html").render(
        headline=_headline(standing, told, late),
        asks=bool(standing.prometheus),
        standing=replace(standing, problem=clean(standing.problem), prometheus=clean(standing.prometheus)),
        failing_since=clock(standing.failing_since, standing.now),
        answered_at=clock(standing.answered_at, standing.now) if standing.answered_at else "",
        as_of=clock(standing.at or standing.now, standing.now),
        zone=zone(standing.now),
        services=told[:SERVICES],
        service_counts=_counted(told),
        all_services=len(told),
        groups=groups[:ALERTS],
        more_groups=groups[ALERTS:],
        firing=_firing(standing),
        silenced=sum((standing.silenced or {}).values()),
        devices=[(cleaned(line), _why(line), _since(line, standing)) for line in late[:DEVICES]],
        late=len(late),
        total=len(lines),
        fresh=counts["up"],
        asked=len(lines) - counts["passive"] - counts["elsewhere"],
        counts=[(state, counts[state], MEANING[state]) for state in STATES if counts[state]],
        devices_guide=_own_guide("DeviceDown"),
        elsewhere=[
            ("Prometheus", f"{urls.prometheus}/alerts"),
            ("Alertmanager", urls.alertmanager),
            ("Grafana", urls.grafana),
        ],
        digest=clean(digest[:12]),
        refresh=refresh,
        seconds=REFRESH,
        width=spark.WIDTH,
        height=spark.HEIGHT,
    )


def _headline(standing: Standing, told: Sequence[Told], late: Sequence[DeviceLine]) -> tuple[str, str]:
    """What there is to know in one line, and the state it has."""
    ranks = Counter(each.rank for each in told)
    critical = _firing(standing)["critical"]
    down = sum(line.state == "down" for line in late)
    if standing.prometheus and standing.problem:
        return "Prometheus does not answer: how services are is not known", "unknown"
    if ranks["down"] == 1:
        return f"{told[0].line.title} is down", "down"
    if ranks["down"]:
        return _many(ranks["down"], "service is down", "services are down"), "down"
    if ranks["unknown"] and (begun := _just_begun([each.line for each in told if each.rank == "unknown"], standing)):
        many = _many(ranks["unknown"], "service", "services")
        return f"Measuring began at {clock(begun, standing.now)}: nothing is seen yet of {many}", "unknown"
    if ranks["unknown"]:
        return f"Nobody knows how {_many(ranks['unknown'], 'service is', 'services are')}", "unknown"
    if critical:
        return _many(critical, "alert calls somebody now", "alerts call somebody now"), "down"
    if ranks["burning"]:
        return _many(ranks["burning"], "error budget will not last", "error budgets will not last"), "partial"
    if told and len(told) == ranks["maintenance"] + ranks["idle"]:
        return "Nothing is owed now", "maintenance"
    if told:
        which = "All services are up" if len(told) > 1 else "The service is up"
        if ranks["maintenance"] or ranks["idle"]:
            which = "All services that are owed now are up"
        return which + (f", {_many(down, 'device does', 'devices do')} not answer" if down else ""), "up"
    if down:
        return _many(down, "device does not answer", "devices do not answer"), "down"
    return ("All devices answer" if late == [] else "No device is down"), "up"


def _just_begun(lines: Iterable[ServiceLine], standing: Standing) -> float:
    """From when on they are measured, where that is all that there is to say of each of them; else 0."""
    begun = [_begun(line, standing) for line in lines]
    return min(begun) if all(at and standing.now - at < YOUNG for at in begun) else 0.0


def _begun(line: ServiceLine, standing: Standing) -> float:
    """From when on nobody knows how it is because nobody knows yet; 0: it is not so."""
    if line.state != "unknown" or line.since is not None:
        return 0.0
    if line.begun is None and _unrecorded(line) and standing.now - standing.started < YOUNG:
        return standing.started
    return line.begun or 0.0


def _unrecorded(line: ServiceLine) -> bool:
    return line.state == "unknown" and line.incidents is None and not line.budgets


def _of_agent(line: DeviceLine, standing: Standing) -> DeviceLine:
    """An agent elsewhere as Prometheus sees it, where that does."""
    if line.state != "elsewhere" or line.name not in standing.agents:
        return line
    if standing.agents[line.name]:
        return replace(line, state="up")
    return replace(line, state="down", reason="agent")


def _told(line: ServiceLine, standing: Standing) -> Told:
    burning = {budget.burning for budget in line.budgets} - {""}
    idle = line.owed is False and line.state in ("down", "unknown")
    rank = "idle" if idle else "burning" if burning and line.state in ("up", "events") else line.state
    wrong, guides = [], []
    if line.state in ("down", "unknown") and not standing.problem:
        what = "Down" if line.state == "down" else "Not known"
        if begun := _begun(line, standing):
            wrong.append(f"Nothing is seen of it yet: measuring began at {clock(begun, standing.now)}.")
        elif _unrecorded(line):
            wrong.append("Prometheus has nothing recorded of it: has it the rules of this catalogue?")
        elif line.since is None and line.begun is not None:
            wrong.append(f"{what} since measuring began at {clock(line.begun, standing.now)}.")
        elif line.since is None:
            wrong.append(f"{what} for more than a day, or as long as anybody looks.")
        else:
            wrong.append(f"{what} since {clock(line.since, standing.now)} ({_ago(line.since, standing)}).")
    if line.broken:
        names = ", ".join(line.broken[:5])
        more = f" and {len(line.broken) - 5} more" if len(line.broken) > 5 else ""
        verb = "does" if len(line.broken) == 1 else "do"
        wrong.append(f"{names}{more} {verb} not work.")
    if idle:
        wrong.append("Nobody waits for it now: these are not its agreed hours.")
    for budget in line.budgets:
        if budget.burning == "page":
            wrong.append(f"The budget of {budget.objective} goes within hours.")
        elif budget.burning:
            wrong.append(f"The budget of {budget.objective} will not last.")
        elif budget.left <= 0:
            wrong.append(f"The budget of {budget.objective} is spent.")
        elif budget.left < LITTLE_LEFT:
            wrong.append(f"Little is left of the budget of {budget.objective}.")
    alerts = [("BudgetBurnFast", "page" in burning), ("BudgetBurnSlow", "ticket" in burning)]
    alerts.append(("ServiceUnknown", line.state == "unknown" and not standing.problem))
    guides += [(name, guide) for name, holds in alerts if holds and (guide := _own_guide(name))]
    if line.runbook and rank not in ("up", "maintenance"):
        guides.insert(0, (f"of {line.title}", line.runbook))
    texts: dict[str, Any] = {name: clean(getattr(line, name)) for name in ("name", "title", "owner", "tier")}
    if line.state == "unknown" and line.since is None and not line.incidents:
        texts["incidents"] = None  # none was seen, of a service that nobody has seen
    budgets = [replace(b, objective=clean(b.objective), window=_window(clean(b.window))) for b in line.budgets]
    shown = replace(line, budgets=budgets, **texts)
    guides = [(clean(name), clean(guide)) for name, guide in guides if _web(guide)]
    return Told(shown, rank, [clean(each) for each in wrong], guides, spark.strip(line.day), spark.line(line.week))


def _window(name: str) -> str:
    """`30 days` of 30d, `this month` of month."""
    days = name.removesuffix("d")
    return f"{days} days" if days != name and days.isdigit() else f"this {name.replace('_', ' ')}" if name else ""


def _groups(standing: Standing, urls: Urls) -> list[Group]:
    silenced = standing.silenced or {}
    found: dict[tuple[str, str], list[AlertLine]] = {key: [] for key in (*standing.firing, *silenced)}
    for line in standing.alerts:
        found.setdefault((line.severity, line.name), []).append(line)
    groups = []
    for (severity, name), lines in found.items():
        first = lines[0] if lines else AlertLine(name, severity, None, name, "")
        told = [(_tidy(line), _alert_since(line, standing)) for line in lines]
        quiet = silenced.get((severity, name), 0)
        count = max(standing.firing.get((severity, name), 0) + quiet, len(lines))
        groups.append(Group(_tidy(first), count, quiet, told, _guide(first, urls)))
    return sorted(
        groups, key=lambda group: (group.silenced == group.count, group.first.severity != "critical", group.first.name)
    )


def _tidy(line: AlertLine) -> AlertLine:
    texts: dict[str, Any] = {
        name: clean(getattr(line, name)) for name in ("name", "severity", "summary", "description", "owner")
    }
    return replace(line, **texts)


def _guide(alert: AlertLine, urls: Urls) -> str:
    """A runbook of ours by the address at which its reader has come here; else as the alert says."""
    own = _own_guide(alert.name)
    if own and (not alert.runbook or alert.runbook == f"{urls.collector}/{own}"):
        return own
    return clean(alert.runbook) if _web(alert.runbook) else own


def _own_guide(alert: str) -> str:
    return f"runbooks/{alert}" if alert in runbooks() else ""


def _web(address: str) -> bool:
    """Whether it is one that a page may link to: `javascript:` is none."""
    return address.startswith(("https://", "http://", "runbooks/"))


def _firing(standing: Standing) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for (severity, _), count in standing.firing.items():
        found[severity] += count
    return found


def _counted(told: Iterable[Told]) -> list[tuple[str, bool, int]]:
    """How many services there are of each state, with those that nobody waits for now by themselves: the first line
    does not count them."""
    counts = Counter((each.line.state, each.rank == "idle") for each in told)
    ordered = ((state, idle) for state in ("down", "unknown", "maintenance", "events", "up") for idle in (False, True))
    return [(*key, counts[key]) for key in ordered if counts[key]]


def _alert_since(line: AlertLine, standing: Standing) -> str:
    if line.since is None:
        return ""
    return f"since {clock(line.since, standing.now)} ({_ago(line.since, standing)})"


def _why(line: DeviceLine) -> str:
    if line.state == "unknown":
        return "not polled yet" if not line.reason else _reason(line)
    return _reason(line) or MEANING.get(line.state, "")


def _reason(line: DeviceLine) -> str:
    return clean(REASONS.get(line.reason, line.reason.replace("_", " ")))


def _since(line: DeviceLine, standing: Standing) -> str:
    """Since when it does not answer; empty: not known, or it does."""
    if line.state != "down" or line.since is None:
        return ""
    return f"since {clock(standing.now - line.since, standing.now)} ({rough(line.since)})"


def _ago(at: float, standing: Standing) -> str:
    return rough(max(0.0, standing.now - at))


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
