"""Alerts about causes made complete: whose they are, where to read on, when they keep quiet, when nobody is woken.

Their sources in `dashboards/causes/` know a device and what is wrong with it. What all have in common is said here,
once. Records by device carry it, so that no alert looks at all devices by itself: they hold only devices that are
silenced or off hours now. A missing series silences and lowers nothing.

Whose an alert is, templates ask while it is pending or firing, and only then: one look-up by `instance` each. `%q`
writes an instance so that it is a string of PromQL whatever is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from dashboards import names as n
from dashboards.rule import Alert, Group, Record, written
from dashboards.rules.alerts import Places
from dashboards.states import device_state
from dashboards.timing import Timing

FILE: Final = "prometheus/devices.yml"

ABOUT_MONITORING: Final = "servers"
"""The group of alerts about Prometheus and Alertmanager, which are no devices: never silenced, never lowered."""

NEVER_BEHIND: Final = frozenset({"UpsOnBatteryTrap"})
"""What a device says of its own accord is no consequence of what lies before it; a core may well be off for that."""

MAINTENANCE: Final = "maintenance"

AT_ANY_HOUR: Final = frozenset({"ColdChainTemperature", "WardwatchDown"})
"""What spoils does so at night, whoever's hours are over; and when a collector is down nobody is told of anything."""

WHOSE: Final = {"owner": "", "service": "{{ $labels.service }}", "key_property": "effectiveness"}
"""Labels that say whose an alert is, with what they are where nobody says: the owner is the configuration's, and an
empty service is no label. A word for none would be one that all such alerts have in common, and by which one of them
could inhibit the others."""

ABOUT = (
    "About devices: which are silenced, and which are outside the agreed hours of their service (docs/alerts.md), and",
    "how each is. What the alerts of the other files and the boards read.",
)


def files(
    sources: Mapping[str, Sequence[Mapping[str, Any]]], timing: Timing, places: Places, team: str
) -> dict[str, str]:
    """Rule files by path, from the groups of the sources by name. `team` is called where nobody says another."""
    states = (Record(n.DEVICE_STATE, device_state(by="instance, site, location, device_kind")), _changed(timing))
    made = {
        FILE: written(
            [
                Group("wardwatch devices", "", (*_about_devices(),)),
                Group("wardwatch device states", timing.lasts("1m"), states),
            ],
            ABOUT,
        )
    }
    for name, complete in groups(sources, timing, places, team):
        made[f"prometheus/{name}"] = written(complete, (f"From dashboards/causes/{name}, which says why.",))
    return made


def groups(
    sources: Mapping[str, Sequence[Mapping[str, Any]]], timing: Timing, places: Places, team: str
) -> Iterator[tuple[str, Sequence[Group]]]:
    """The groups of each file by its name, complete."""
    for name, those in sources.items():
        yield name, [_group(group, those, timing, places, team) for group in those]


def _changed(timing: Timing) -> Record:
    """Few: so a board may look back over a day or a month without reading every answer of every device. What comes and
    goes within the minute is not seen."""
    up = "wardwatch_device_up"
    return Record(n.DEVICE_CHANGED, f"({up} != {up} offset {timing.lasts('1m')}) * 0 + 1")


def _about_devices() -> Iterator[Record]:
    for by, scraped in (("dependency", n.SCRAPED_DEPENDENCY_DOWN), (MAINTENANCE, n.SCRAPED_DEVICE_MAINTENANCE)):
        yield Record(n.SILENCED, f"max by (instance) ({scraped} == 1)", {"by": by})
    # Of a service that several collectors tell of, one that says it is owed is enough.
    yield Record(
        n.OFF_HOURS,
        f'max by (instance) ({n.SCRAPED_CONTACT}{{key_property!="safety"}}\n'
        f"and on (service) max by (service) ({n.SCRAPED_AGREED}) == 0)",
    )


def _group(
    source: Mapping[str, Any], groups: Sequence[Mapping[str, Any]], timing: Timing, places: Places, team: str
) -> Group:
    tickets = {
        rule["alert"]
        for group in groups
        for rule in group["rules"]
        if "alert" in rule and rule["labels"]["severity"] == "warning"
    }
    rules: list[Record | Alert] = []
    for rule in source["rules"]:
        if "record" in rule:
            rules.append(Record(rule["record"], timing.expression(rule["expr"]), rule.get("labels", {})))
            continue
        rules += _alerts(rule, source["name"] != ABOUT_MONITORING, rule["alert"] in tickets, timing, places, team)
    interval = timing.lasts(source["interval"]) if "interval" in source else ""
    return Group(source["name"], interval, rules)


def _alerts(
    source: Mapping[str, Any], of_device: bool, has_ticket: bool, timing: Timing, places: Places, team: str
) -> Iterator[Alert]:
    name, expr = source["alert"], timing.expression(source["expr"])
    labels = {**source["labels"], **whose(source["labels"], team)}
    notes = places.of_device(name, source["annotations"]["summary"], source["annotations"]["description"])
    lasting = timing.lasts(source["for"]) if "for" in source else ""
    if not of_device:
        yield Alert(name, expr, labels, notes, lasting)
        return
    quiet = f'{n.SILENCED}{{by="{MAINTENANCE}"}}' if name in NEVER_BEHIND else n.SILENCED
    expr = f"({expr})\nunless on (instance) {quiet}"
    if labels["severity"] == "warning" or name in AT_ANY_HOUR:
        yield Alert(name, expr, labels, notes, lasting)
        return
    yield Alert(name, f"{expr}\nunless on (instance) {n.OFF_HOURS}", labels, notes, lasting)
    # A ticket of the same name holds as well while the page would: where there is one, it is what is left of it.
    if not has_ticket:
        lowered = {**labels, "severity": "warning"}
        yield Alert(name, f"{expr}\nand on (instance) {n.OFF_HOURS}", lowered, notes, lasting)


def whose(given: Mapping[str, str], team: str) -> dict[str, str]:
    """Templates for the labels that are not given, of an alert that has the label `instance`."""
    return {
        label: f'{{{{ with query (printf `{n.SCRAPED_CONTACT}{{instance=%q,{label}!=""}}` $labels.instance) }}}}'
        f"{{{{ . | first | label `{label}` }}}}{{{{ else }}}}{otherwise or team}{{{{ end }}}}"
        for label, otherwise in WHOSE.items()
        if label not in given
    }
