"""What a Prometheus knows of services, budgets, incidents and alerts, as the status page shows it.

Instant queries over recorded series, a few hundred samples each; what is looked back for is asked of the few services
that are not up, and sparklines once in five minutes.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import isfinite
from typing import Any, Final

from collector.cli.prometheus import Labels, Points, Prometheus, TooLong
from dashboards import names as n
from dashboards.promql import pattern
from dashboards.states import service_state
from exporters.standing import AlertLine, BudgetLine, Course, ServiceLine

MOST: Final = 1000
"""Services that are taken of an answer: five times the largest estate."""
SHOWN: Final = 5
"""Alerts of one name that are shown; the rest are counted."""
LOOKED_BACK: Final = 50
"""Services that are not up of which is asked since when: more at once have one cause, and a page is read by people."""
LONGEST: Final = 300
"""Characters of a text that is shown."""
MINUTE: Final = 60.0
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
MARGIN: Final = 5 * MINUTE
"""What is first seen so soon after the day's beginning was there before."""

STATES: Final = ("up", "maintenance", "unknown", "down")
"""As `service_state` numbers them."""
SEVERITIES: Final = ("critical", "warning")

Sample = tuple[Labels, float]
Counts = Mapping[tuple[str, str], int]
"""By severity and name."""
Silences = Callable[[], Awaitable[Sequence[Labels] | None]]
"""The labels of each alert that is silenced; None: nobody can say."""


@dataclass(frozen=True, slots=True)
class Courses:
    """Of services by name, asked at `at` (Unix time)."""

    at: float
    day: Mapping[str, Course]
    week: Mapping[str, Course]


@dataclass(frozen=True, slots=True)
class Answer:
    """What Prometheus said at `at` (Unix time). `services`: what it knows of each, by name."""

    at: float
    services: Mapping[str, Mapping[str, Any]]
    alerts: Sequence[AlertLine]
    firing: Mapping[tuple[str, str], int] = field(default_factory=dict)
    silenced: Mapping[tuple[str, str], int] | None = None
    agents: Mapping[str, bool] = field(default_factory=dict)

    def completed(self, own: ServiceLine, courses: Courses | None) -> ServiceLine:
        """A service as its own collector knows it, with what Prometheus says. What it says counts."""
        known = self.services.get(own.name, {})
        line = replace(own, **{"broken": (), **known})
        if courses is not None:
            line = replace(line, day=courses.day.get(own.name, ()), week=courses.week.get(own.name, ()))
        return line


async def answer(
    prometheus: Prometheus, now: float, silences: Silences, ignored: Collection[str] = (), agents: Collection[str] = ()
) -> Answer:
    """Without alerts of the names `ignored`, and with what it knows of `agents` elsewhere. Raises NoAnswer."""
    queries = (
        service_state(),
        n.AGREED,
        f"{n.COMPONENT_UP} == 0",
        n.LEFT,
        n.LEFT_MINUTES,
        n.BURNING,
        f'{n.INCIDENTS}{{window="30d"}}',
        f'{n.DOWNTIME}{{window="30d"}}',
        n.INFO,
    )
    answers = await asyncio.gather(*(prometheus.at(query, now) for query in queries))
    alerts, firing, silenced = await _alerts(prometheus, now, silences, ignored)
    states, agreed, components, left, minutes, burning, incidents, downtime, about = answers
    found: dict[str, dict[str, Any]] = {
        labels["service"]: {"state": STATES[int(value)]}
        for labels, value in states[:MOST]
        if labels.get("service") and value in range(len(STATES))
    }
    for labels, _ in about[:MOST]:
        # Promised, and neither up nor unknown: no tree of components tells how it is.
        if labels.get("service"):
            found.setdefault(labels["service"], {"state": "events"})
    broken, budgets = _broken(components), _budgets(left, minutes, burning)
    for key, values in (
        ("owed", {name: bool(value) for name, value in _by_service(agreed)}),
        ("incidents", {name: round(value) for name, value in _by_service(incidents)}),
        ("downtime", dict(_by_service(downtime))),
        ("broken", broken),
        ("budgets", budgets),
    ):
        for name in found.keys() & values.keys():
            found[name][key] = values[name]
    for labels, _ in about:
        if known := found.get(labels.get("service", "")):
            known.update({key: _short(labels[key]) for key in ("owner", "tier") if labels.get(key)})
    bad = [name for name, known in found.items() if known["state"] in ("down", "unknown")][:LOOKED_BACK]
    for name, since in await _since(prometheus, bad, now):
        found[name]["since"] = since
    for name, begun in await _begun(prometheus, [name for name in bad if "since" not in found[name]], now):
        found[name]["begun"] = begun
    up = await prometheus.at('max by (instance) (up{job="node"})', now) if agents else ()
    answer = {name: bool(value) for labels, value in up if (name := labels.get("instance", "")) in agents}
    return Answer(now, found, alerts, firing, silenced, answer)


async def _since(prometheus: Prometheus, services: Sequence[str], now: float) -> list[tuple[str, float]]:
    """From when on services have not been up: a minute after they last were. Not of those that were not for a day."""
    if not services:
        return []
    state = service_state(f"service=~{pattern(services)}")
    last = await prometheus.at(f"max_over_time(timestamp(({state}) == 0)[1d:1m])", now)
    return [(name, value + MINUTE) for name, value in _by_service(last) if name in services]


async def _begun(prometheus: Prometheus, services: Sequence[str], now: float) -> list[tuple[str, float]]:
    """From when on services have been measured, where that is within the day."""
    if not services:
        return []
    recorded = f"{n.UNKNOWN}{{service=~{pattern(services)}}}"
    first = await prometheus.at(f"min_over_time(timestamp({recorded})[1d:1m])", now)
    return [(name, at) for name, at in _by_service(first) if name in services and at > now - DAY + MARGIN]


async def courses(prometheus: Prometheus, now: float) -> Courses:
    """Raises NoAnswer."""
    day = await _course(prometheus, f"avg_over_time({n.UP}[30m])", now, DAY, HOUR / 2)
    week = await _course(prometheus, f"min by (service) ({n.LEFT})", now, 7 * DAY, 3 * HOUR)
    return Courses(now, day, week)


async def _course(prometheus: Prometheus, query: str, now: float, long: float, step: float) -> dict[str, Course]:
    """`long / step` values of each service, the last of them now."""
    size = round(long / step)
    start = now - (size - 1) * step
    found = await prometheus.over(query, start, now, step)
    return {
        labels["service"]: _even(points, start, step, size) for labels, points in found[:MOST] if "service" in labels
    }


def _even(points: Points, start: float, step: float, size: int) -> Course:
    values: list[float | None] = [None] * size
    for at, value in points:
        place = round((at - start) / step)
        if 0 <= place < size and isfinite(value):
            values[place] = value
    return tuple(values)


async def _alerts(
    prometheus: Prometheus, now: float, silences: Silences, ignored: Collection[str]
) -> tuple[list[AlertLine], Counts, Counts | None]:
    """Those that fire and call somebody, some of each name, what began first first and what is silenced last; how many
    there are; and how many are silenced, None where nobody can say."""
    try:
        found, quiet = await asyncio.gather(prometheus.alerts(), silences())
    except TooLong:
        counted = await prometheus.at('count by (severity, alertname) (ALERTS{alertstate="firing"})', now)
        many = {(each.get("severity", ""), _short(each.get("alertname", ""))): int(value) for each, value in counted}
        return [], {key: value for key, value in many.items() if key[0] in SEVERITIES and key[1] not in ignored}, None
    kept = _by_name(quiet or ())
    those = [line for each in found if each.get("state") == "firing" and (line := _alert(each, kept))]
    lines = [line for line in those if line.name not in ignored]
    firing: Counter[tuple[str, str]] = Counter()
    silenced: Counter[tuple[str, str]] = Counter()
    shown = []

    def place(line: AlertLine) -> tuple[int, bool, float, str]:
        return SEVERITIES.index(line.severity), line.silenced, line.since or 0, line.description

    for line in sorted(lines, key=place):
        key = line.severity, line.name
        (silenced if line.silenced else firing)[key] += 1
        if firing[key] + silenced[key] <= SHOWN:
            shown.append(line)
    return shown, firing, None if quiet is None else silenced


def _by_name(silenced: Iterable[Labels]) -> Mapping[str, Sequence[Labels]]:
    found: dict[str, list[Labels]] = defaultdict(list)
    for labels in silenced:
        found[labels.get("alertname", "")].append(labels)
    return found


def _alert(said: Mapping[str, Any], silenced: Mapping[str, Sequence[Labels]]) -> AlertLine | None:
    labels, notes = said.get("labels"), said.get("annotations")
    if not isinstance(labels, dict) or not isinstance(notes, dict) or labels.get("severity") not in SEVERITIES:
        return None
    name = _short(labels.get("alertname", ""))
    try:
        since = datetime.fromisoformat(str(said.get("activeAt"))).timestamp()
    except ValueError:
        since = None
    # An alert of somebody else's may have no words: then its labels are all there is to say.
    rest = ", ".join(f"{key} {value}" for key, value in labels.items() if key not in ("alertname", "severity", "owner"))
    words = str(notes.get("description") or notes.get("message") or rest)
    runbook = str(notes.get("service_runbook_url") or notes.get("runbook_url") or "")
    summary = _short(notes.get("summary") or name)
    # Alertmanager has the labels that Prometheus puts on all it sends besides.
    quiet = any(labels.items() <= each.items() for each in silenced.get(labels.get("alertname", ""), ()))
    owner = _short(labels.get("owner", ""))
    return AlertLine(name, labels["severity"], since, summary, _short(words), owner, runbook, quiet)


def _broken(components: Iterable[Sample]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for labels, _ in components:
        found[labels.get("service", "")].append(_short(labels.get("component", "")))
    return {name: sorted(filter(None, those)) for name, those in found.items()}


def _budgets(
    left: Iterable[Sample], minutes: Iterable[Sample], burning: Iterable[Sample]
) -> Mapping[str, Sequence[BudgetLine]]:
    """The one with least left first."""

    def key(labels: Mapping[str, str]) -> tuple[str, str]:
        return labels.get("service", ""), labels.get("objective", "")

    in_minutes = {key(labels): value for labels, value in minutes if isfinite(value)}
    urgencies: dict[tuple[str, str], set[str]] = defaultdict(set)
    for labels, _ in burning:
        urgencies[key(labels)].add(labels.get("urgency", ""))
    found: dict[str, list[BudgetLine]] = defaultdict(list)
    for labels, value in left:
        if not isfinite(value):
            continue
        those = urgencies.get(key(labels), set())
        urgency = next((each for each in ("page", "ticket") if each in those), "")
        service, objective = key(labels)
        of = (_short(objective), _short(labels.get("window", "")))
        found[service].append(BudgetLine(*of, value, in_minutes.get((service, objective)), urgency))
    return {name: sorted(those, key=lambda line: line.left) for name, those in found.items()}


def _by_service(samples: Iterable[Sample]) -> list[tuple[str, float]]:
    return [(labels["service"], value) for labels, value in samples if "service" in labels and isfinite(value)]


def _short(text: object) -> str:
    text = str(text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
