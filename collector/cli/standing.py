"""How things stand, for the status page: Prometheus is asked while somebody looks, by one task for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Final

import structlog

from collector.config import Config
from collector.config.prometheus import PrometheusSettings
from collector.model import Column, Host
from collector.services import Service
from exporters.standing import ServiceLine, Standing

if TYPE_CHECKING:
    from collector.cli.standings import Answer, Courses

log = structlog.get_logger()

FRESH: Final = 15.0
"""Seconds for which an answer is shown without asking again."""
STALE: Final = 120.0
"""Seconds after which a last answer is no answer any more: more than the page's refresh and Prometheus' rules take."""
COURSES: Final = 300.0
"""Seconds for which what sparklines show is kept."""
PATIENCE: Final = 3.0
"""Seconds that a page waits for an answer: then it shows the one before, or says that it waits."""


class Standings:
    """`owed` gives what the catalogue says of a moment, `state` how a device is here, in a word."""

    def __init__(self, host: Host, owed: Callable[[float], Sequence[Column]], state: Callable[[str], str]) -> None:
        self._host = host
        self._owed = owed
        self._state = state
        self._services: Mapping[str, Service] = {}
        self._settings: PrometheusSettings | None = None
        self._ignored: Collection[str] = ()
        self._agents: Collection[str] = ()
        self._alertmanager = ""
        self._started = host.wall()
        self._task: asyncio.Task[None] | None = None
        self._asked = 0.0
        self._answer: Answer | None = None
        self._courses: Courses | None = None
        self._problem = ""
        self._failing_since = 0.0

    def load(self, config: Config) -> None:
        """The configuration from now on. A host agent, which has nothing to be told of, asks nobody."""
        self._services = config.catalogue.services
        self._ignored = config.settings.oncall.ignore
        self._agents = frozenset(device.name for device in config.devices if device.agent)
        self._alertmanager = config.settings.urls.alertmanager
        settings = config.settings.prometheus
        asks = bool(config.devices or self._services or settings.url != config.settings.urls.prometheus)
        if (wanted := settings if asks else None) != self._settings:
            self._settings, self._answer, self._courses = wanted, None, None
            self._problem, self._asked, self._failing_since = "", 0.0, 0.0

    async def standing(self) -> Standing:
        """As of some seconds ago at most."""
        if self._settings is None:
            return Standing(self._host.wall())
        if self._task is None and not 0 <= self._host.wall() - self._asked < FRESH:
            self._task = asyncio.create_task(self._ask(self._settings), name="standing")
            self._task.add_done_callback(self._asked_all)
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=PATIENCE)
        return self._told(self._settings)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _asked_all(self, task: asyncio.Task[None]) -> None:
        self._task = None

    async def _ask(self, settings: PrometheusSettings) -> None:
        # Imported when somebody looks: start-up is measured.
        from collector.cli.prometheus import Labels, NoAnswer, Prometheus, silenced
        from collector.cli.standings import answer, courses

        now = self._host.wall()
        found, kept, problem = None, self._courses, ""

        async def silences() -> Sequence[Labels] | None:
            try:
                async with asyncio.timeout(min(settings.timeout, PATIENCE) / 2):
                    return await silenced(self._alertmanager, settings.ca_file)
            except (NoAnswer, TimeoutError):  # the page says that nobody knows
                return None

        try:
            async with asyncio.timeout(settings.timeout), Prometheus(settings) as prometheus:
                found = await answer(prometheus, now, silences, self._ignored, self._agents)
                if kept is None or not 0 <= now - kept.at < COURSES:
                    kept = await courses(prometheus, now)
        except NoAnswer as error:
            problem = str(error)
        except TimeoutError:
            problem = f"{settings.url}: no answer within {settings.timeout:g} s"
        except Exception as error:  # whatever it is, the page shows what is known here
            problem = f"{settings.url}: {type(error).__name__}"
            log.exception("status not asked")
        if settings is not self._settings:  # another configuration is in use since
            return
        # Without sparklines the rest is an answer all the same.
        self._answer, self._courses = found or self._answer, kept
        self._asked = self._host.wall()
        self._problem = "" if found else problem
        self._failing_since = 0.0 if found else self._failing_since or now

    def _told(self, settings: PrometheusSettings) -> Standing:
        now = self._host.wall()
        standing = Standing(
            now,
            settings.url,
            problem=self._problem,
            failing_since=self._failing_since,
            answered_at=self._answer.at if self._answer else 0.0,
            services=tuple(self._own(now)),
            started=self._started,
        )
        found = self._answer
        if found is None or self._problem or now - found.at > STALE:
            why = self._problem or f"{settings.url}: it takes its time to answer"
            return replace(standing, problem=why, failing_since=self._failing_since or now)
        services = {each.name: each for each in standing.services}
        names = [*services, *sorted(found.services.keys() - services)]
        lines = []
        for name in names:
            line = services.get(name) or ServiceLine(name, name, "unknown")
            lines.append(found.completed(line, self._courses))
        return replace(
            standing,
            at=found.at,
            services=tuple(lines),
            alerts=found.alerts,
            firing=found.firing,
            silenced=found.silenced,
            agents=found.agents,
        )

    def _own(self, now: float) -> Iterator[ServiceLine]:
        """What is known of services without Prometheus: promises, work, and which of their devices are down here."""
        owed: dict[str, dict[str, float]] = {}
        for column in self._owed(now):
            if column.rows.names == ("service",):
                owed[column.family.name] = {row[0]: x for row, x in zip(column.rows.values, column.values, strict=True)}
        for service in self._services.values():
            agreed = owed.get("service_agreed", {}).get(service.name)
            work = owed.get("service_maintenance", {}).get(service.name)
            yield ServiceLine(
                service.name,
                service.title or service.name,
                "maintenance" if work else "unknown",
                owed=None if agreed is None or not isfinite(agreed) else bool(agreed),
                broken=tuple(leaf.name for leaf in service.leaves() if leaf.device and self._is_down(leaf.device)),
                owner=service.owner,
                tier=service.tier,
                runbook=service.runbook,
            )

    def _is_down(self, device: str) -> bool:
        try:
            return self._state(device) == "down"
        except KeyError:  # an agent elsewhere, which nobody here asks
            return False
