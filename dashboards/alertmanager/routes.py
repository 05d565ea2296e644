"""Who hears what: by owner, then by severity, then what is one message, then receivers by time."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from collector.contacts import Contacts, Owner
from dashboards.block import Content
from dashboards.promql import quoted
from dashboards.timing import Timing

NOBODY = "nobody"
HEARTBEAT = "heartbeat"
Route = dict[str, Content]

BY_SERVICE = ["service", "site"]
BY_ALERT = ["alertname", "site"]
"""What makes one message: all that ails a service at a site; of what concerns no service, one kind of trouble there."""

REPEATED = {"critical": "1h", "warning": "24h"}
"""How often what goes on is told again: who was paged has it at hand, and who has a ticket looks at it every day."""


def root(contacts: Contacts, parting: Collection[str], timing: Timing) -> Route:
    """The tree. `parting` are the calendars that part the day; the others are always open."""
    default = contacts.owners[contacts.default]
    others = [owner for name, owner in sorted(contacts.owners.items()) if name != contacts.default]
    return {
        "receiver": NOBODY,
        "group_by": BY_ALERT,
        "group_wait": timing.lasts("30s"),
        "group_interval": timing.lasts("5m"),
        "repeat_interval": timing.lasts("4h"),
        "routes": [
            # It fires always: whoever listens must hear it again and again, and raise the alarm when it ends.
            {
                "matchers": ['alertname="Watchdog"'],
                "receiver": HEARTBEAT if contacts.heartbeat is not None else NOBODY,
                "group_wait": "0s",
                "group_interval": timing.lasts("1m"),
                "repeat_interval": timing.lasts("1m"),
            },
            {"matchers": ['severity=~"info|none"'], "receiver": NOBODY},
            *(_of_owner(owner, parting, timing, [f"owner={quoted(owner.name)}"]) for owner in others),
            _of_owner(default, parting, timing, []),
        ],
    }


def _of_owner(owner: Owner, parting: Collection[str], timing: Timing, matchers: list[str]) -> Route:
    """What is neither critical nor said to be nothing is a warning."""
    return _matching(matchers) | {
        "routes": [
            _of_severity(owner, "critical", parting, timing, ['severity="critical"']),
            _of_severity(owner, "warning", parting, timing, []),
        ]
    }


def _of_severity(owner: Owner, severity: str, parting: Collection[str], timing: Timing, matchers: list[str]) -> Route:
    told = list(_told(owner, severity, parting))
    return _matching(matchers) | {
        "repeat_interval": timing.lasts(REPEATED[severity]),
        "routes": [_messages(told, BY_SERVICE, ['service!=""']), _messages(told, BY_ALERT, [])],
    }


def _messages(told: list[Route], group_by: list[str], matchers: list[str]) -> Route:
    """One receiver is the route's own; of several all hear it but the last with `continue`."""
    here: Route = _matching(matchers) | {"group_by": group_by}
    if len(told) == 1:
        return here | told[0]
    return here | {"routes": [*({**each, "continue": True} for each in told[:-1]), told[-1]]}


def _told(owner: Owner, severity: str, parting: Collection[str]) -> Iterator[Route]:
    """Each receiver once, with the times at which it is told."""
    within: tuple[str, ...] = getattr(owner.within, severity)
    out_of: tuple[str, ...] = getattr(owner.out_of, severity) if owner.hours in parting else within
    for name in dict.fromkeys((*within, *out_of)):
        if name in within and name in out_of:
            yield {"receiver": name}
        elif name in within:
            yield {"receiver": name, "active_time_intervals": [owner.hours]}
        else:
            yield {"receiver": name, "mute_time_intervals": [owner.hours]}


def _matching(matchers: list[str]) -> Route:
    return {"matchers": matchers} if matchers else {}
