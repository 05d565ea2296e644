"""Whom a service tells, and how urgently.

Alerts are the same for all services: nothing of a catalogue stands in a template.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dashboards import names as n
from dashboards.rule import Alert
from dashboards.timing import Timing


@dataclass(frozen=True, slots=True)
class Places:
    """Where people read on: absolute, and without a slash at their ends. `runbooks` has a page for each alert."""

    runbooks: str = "http://127.0.0.1:10810/runbooks"
    grafana: str = "http://127.0.0.1:3000"

    def annotations(self, alert: str, summary: str, description: str) -> dict[str, str]:
        """Of an alert that has the label `service`."""
        return {
            "summary": summary,
            "description": description,
            "runbook_url": f"{self.runbooks}/{alert}",
            "service_runbook_url": _OWN_RUNBOOK,
            "dashboard_url": self.grafana + "/d/wardwatch-service?var-service={{ $labels.service | urlquery }}",
        }

    def of_device(self, alert: str, summary: str, description: str) -> dict[str, str]:
        """Of an alert that has the label `instance`."""
        return {
            "summary": summary,
            "description": description,
            "runbook_url": f"{self.runbooks}/{alert}",
            "dashboard_url": self.grafana + "/d/wardwatch-device?var-instance={{ $labels.instance | urlquery }}",
        }


_OWN_RUNBOOK = (
    f'{{{{ with printf `max by (runbook) (last_over_time({n.SCRAPED_INFO}{{service=%q, runbook!=""}}[1h]))` '
    '$labels.service | query }}{{ . | first | label "runbook" }}{{ end }}'
)
"""The service's own runbook, asked for when an alert fires: as a label it would be part of the alert's identity, and an
alert would end and begin anew when somebody moves the page. Empty where it has none."""

_WHOSE = f"* on (service) group_left (owner, key_property) {n.INFO}"


def alerts(timing: Timing, places: Places) -> Iterator[Alert]:
    by = "max by (service, objective)"
    burning = f'{n.BURNING}{{urgency="page"}}\nunless on (service) {n.SERVICE_DEPENDENCY_DOWN}'
    page = f"({by} ({burning}) {_WHOSE})"
    fast = "An error budget goes within hours."
    said = (
        "{{ $labels.service }} has used {{ $value | humanizePercentage }} of the whole error budget of its objective "
        "{{ $labels.objective }} within "
    )
    hours = said + "1 to 6 hours"
    yield Alert(
        "BudgetBurnFast",
        f"{page}\nand on (service) {n.SOMEBODY_WAITS}",
        {"severity": "critical"},
        places.annotations("BudgetBurnFast", fast, f"{hours}, and goes on doing so. {{{{ $labels.owner }}}} owns it."),
    )
    yield Alert(
        "BudgetBurnFast",
        f"{page}\nunless on (service) {n.SOMEBODY_WAITS}",
        {"severity": "warning"},
        places.annotations(
            "BudgetBurnFast", fast, f"{hours}. Its agreed hours are over for now. {{{{ $labels.owner }}}} owns it."
        ),
    )
    yield Alert(
        "BudgetBurnSlow",
        f'{by} ({n.BURNING}{{urgency="ticket"}}) {_WHOSE}',
        {"severity": "warning"},
        places.annotations(
            "BudgetBurnSlow",
            "An error budget will not last.",
            said + "1 to 3 days. {{ $labels.owner }} owns it.",
        ),
    )
    yield Alert(
        "ServiceUnknown",
        f"(({n.UNKNOWN} == 1) unless on (service) {n.MAINTENANCE} == 1) {_WHOSE}",
        {"severity": "warning"},
        places.annotations(
            "ServiceUnknown",
            "Nobody knows whether a service works.",
            "So many components of {{ $labels.service }} give no data that it can't be said to be up or down, for 5 "
            "minutes. {{ $labels.owner }} owns it.",
        ),
        # KPIS 2.4
        timing.lasts("5m"),
    )
    missing = (
        f'(max by (service, objective) ({n.SLOTH_OBJECTIVE}) unless on (service, objective) {n.ERROR}{{window="7d"}})'
    )
    yield Alert(
        "ObjectiveUnmeasured",
        f"{missing} {_WHOSE}\nor on (service, objective) {missing}",
        {"severity": "warning"},
        places.annotations(
            "ObjectiveUnmeasured",
            "Nothing is measured of what was promised.",
            "For 7 days there is no number for the objective {{ $labels.objective }} of {{ $labels.service }}, which "
            "is to be kept to {{ $value | humanizePercentage }}.",
        ),
        timing.lasts("1h"),
    )
