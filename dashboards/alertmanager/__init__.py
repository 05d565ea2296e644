"""From contacts to Alertmanager's configuration: routes, receivers, times, inhibitions, templates. Pure.

Everything that is written is understood by Alertmanager 0.25 (but a webhook's `url_file`, which came with 0.26).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files as resources

from collector.contacts import Contacts
from collector.services import Calendar
from dashboards.alertmanager.intervals import is_always, time_intervals
from dashboards.alertmanager.receivers import receivers, smtp
from dashboards.alertmanager.routes import root
from dashboards.block import Content, block
from dashboards.rule import HEADER
from dashboards.timing import Timing

FILE = "alertmanager/alertmanager.yml"
TEMPLATES = ("message.tmpl", "email.tmpl", "slack.tmpl", "pagerduty.tmpl")

ABOUT = """\
# Whom contacts.yml tells, where and when: docs/contacts.md. Public holidays stand here as dates of {year} and {next};
# later years have the ordinary week only, so write it anew each year.

"""

INHIBITIONS: tuple[Mapping[str, Content], ...] = (
    # Second line only: what hides what is decided in the rules. A label that is missing on both sides would count as
    # equal and silence everything, so whatever is in `equal` must be there, on both sides.
    {
        "source_matchers": ['severity="critical"', 'instance!=""', 'alertname!=""'],
        "target_matchers": ['severity="warning"', 'instance!=""', 'alertname!=""'],
        "equal": ["alertname", "instance"],
    },
    {
        "source_matchers": ['severity="critical"', 'service!=""', 'owner!=""'],
        "target_matchers": ['severity="warning"', 'service!=""', 'owner!=""'],
        "equal": ["service", "owner"],
    },
)
"""What pages somebody needs no ticket: of the same alert about the same device; of the same service for the same
owner."""


def files(
    contacts: Contacts | None, calendars: Mapping[str, Calendar], year: int, timing: Timing | None = None
) -> dict[str, str]:
    """What `wardwatch rules` writes for Alertmanager, by path; nothing where nobody says whom to tell. `year` is the
    first of the two whose public holidays are written out."""
    if contacts is None:
        return {}
    used = {owner.hours: calendars[owner.hours] for owner in contacts.owners.values()}
    parting = {name: calendar for name, calendar in sorted(used.items()) if not is_always(calendar, year)}
    content: dict[str, Content] = {}
    # Of no effect on what Prometheus sends, and said so that nobody asks.
    content["global"] = {"resolve_timeout": "5m"} | (smtp(contacts.smtp) if contacts.smtp is not None else {})
    content["templates"] = ["templates/*.tmpl"]
    if parting:
        content["time_intervals"] = [
            {"name": name, "time_intervals": time_intervals(calendar, year)} for name, calendar in parting.items()
        ]
    content["route"] = root(contacts, parting, timing or Timing())
    content["receivers"] = receivers(contacts)
    content["inhibit_rules"] = INHIBITIONS
    text = HEADER + ABOUT.format(year=year, next=year + 1) + block(content)
    return {FILE: text} | {f"alertmanager/templates/{name}": template(name) for name in TEMPLATES}


@cache
def template(name: str) -> str:
    """A file of templates, which is the same for every site."""
    return resources("dashboards.alertmanager").joinpath("templates", name).read_text("utf-8")
