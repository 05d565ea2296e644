"""What alerts say in words. Prometheus shows boards only their names, so the words are in the boards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from collector.config import Config
from dashboards.limits import Sources
from dashboards.rule import Alert
from dashboards.rules import alerts, causes, forecasts
from dashboards.rules.alerts import Places
from dashboards.timing import Timing


def reasons(config: Config, sources: Sources, severity: str) -> Mapping[str, str]:
    """The summary of each alert of a severity, by name."""
    return {
        each.name: each.annotations["summary"] for each in _all(config, sources) if each.labels["severity"] == severity
    }


def _all(config: Config, sources: Sources) -> Iterator[Alert]:
    timing, places = Timing(), Places()
    for _, groups in causes.groups(sources, timing, places, ""):
        yield from (rule for group in groups for rule in group.rules if isinstance(rule, Alert))
    yield from alerts.alerts(timing, places)
    for rule in forecasts.alert_rules(timing, config.settings.capacity, places, ""):
        if isinstance(rule, Alert):
            yield rule
