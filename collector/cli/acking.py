"""`wardwatch ack`: tell a running collector who sees to an alert, and until when."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from collector.cli import acks, console
from collector.edge.state import AlreadyRunning, Damaged, only_one, person, wall
from collector.oncall.episode import Ack
from collector.oncall.rules import USUAL

Alert = Mapping[str, Any]

HEAD = ("ALERT", "SEVERITY", "SINCE", "ABOUT", "BY", "UNTIL", "NOTE")


def names(state: Path) -> list[str]:
    """The names of open alerts, for shell completion."""
    try:
        return sorted({_label(alert, "alertname") for alert in acks.open_alerts(state)})
    except (OSError, Damaged):
        return []


def table(state: Path) -> str:
    """The open alerts, for people: those first to which nobody sees."""
    return _table(_open(state))


def acknowledge(
    state: Path, name: str, wanted: Mapping[str, str], several: bool, until: str, by: str, note: str
) -> None:
    """Note that `by`, else whoever runs this, sees to the alerts of a name that have the labels `wanted`."""
    who = _line(by or person(), "--by", 64)
    said = _line(note, "--note", 256) if note else ""
    now = wall()
    ack = Ack(now, _moment(until, now) if until else None, who, said)
    known = _open(state)
    labels = {"alertname": name, **wanted}
    found = [alert for alert in known if labels.items() <= alert["labels"].items()]
    if not found:
        asked = ", ".join(f"{key}={value}" for key, value in wanted.items())
        console.fail(f"no alert {name!r}{f' with {asked}' if asked else ''} is open. {_all_open(known)}")
    if len(found) > 1 and not several:
        hint = "say which with --service, --instance or --label, or all of them with --all"
        console.fail(f"{len(found)} alerts {name!r} are open: {hint}\n{_table(found)}")
    try:
        if told := acks.add(state, found, ack):
            print(f"wardwatch: {told}", file=sys.stderr)
        try:
            with only_one(state):
                when = f"as soon as a collector starts with the state in {state}; none runs now"
        except AlreadyRunning:
            when = "within a second"
    except OSError as error:
        console.fail(f"{state}: {error.strerror or error}")
    for alert in found:
        print(f"{name}{_about(alert, ' ({})')}: {who} sees to it until {console.moment(ack.until) or 'it ends'}")
    print(f"it counts {when}")


def _open(state: Path) -> Sequence[Alert]:
    try:
        return acks.open_alerts(state)
    except Damaged as error:
        console.fail(str(error))
    except OSError as error:
        console.fail(f"{state}: {error.strerror or error}")


def _all_open(known: Sequence[Alert]) -> str:
    if known:
        return f"Open are:\n{_table(known)}"
    return "None is, as far as Alertmanager has told: does it post to /alertmanager/webhook? (docs/oncall.md)"


def _table(alerts: Iterable[Alert]) -> str:
    from collector.cli.tables import aligned

    now = wall()
    lines = []
    for alert in alerts:
        at, until, by, note = alert["ack"] or (None, None, "", "")
        over = until is not None and until <= now
        shown = ("", "", "") if at is None or over else (by, console.moment(until) or "it ends", note)
        name, severity = _label(alert, "alertname"), _label(alert, "severity")
        lines.append((name, severity, console.moment(alert["starts"]), _about(alert, "{}"), *shown))
    return aligned(HEAD, sorted(lines, key=lambda line: (line[4] != "", line[2], line)))


def _label(alert: Alert, name: str) -> str:
    return str(alert["labels"].get(name, ""))


def _about(alert: Alert, form: str) -> str:
    """The labels by which people tell alerts of a name apart, in `form`; nothing where there are none."""
    told = [f"{name}={_label(alert, name)}" for name in USUAL[3:] if name in alert["labels"]]
    return form.format(",".join(told)) if told else ""


def _moment(text: str, now: float) -> float:
    """`2h` from now, or a time."""
    from collector.config.maintenance import moment, there
    from collector.config.scalars import seconds
    from collector.services import ZONE

    try:
        until = now + seconds(text)
    except (ValueError, OverflowError):
        try:
            until = there(moment(text), ZONE).timestamp()
        except ValueError:
            console.fail(f"--until: {text!r} is neither a duration like 2h nor a time like 2026-12-01T22:00")
    if until <= now:
        console.fail(f"--until: {console.moment(until)} is over already")
    return until


def _line(text: str, option: str, most: int) -> str:
    if not text.strip() or not text.isprintable() or len(text) > most:
        console.fail(f"{option}: write one line of at most {most} characters")
    return text.strip()


def labels(written: Iterable[str]) -> dict[str, str]:
    """`k=v` as `--label` has it."""
    found = {}
    for each in written:
        name, sign, value = each.partition("=")
        if not sign or not name:
            console.fail(f"--label: {each!r} is no NAME=VALUE")
        found[name] = value
    return found
