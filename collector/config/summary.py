"""What a configuration amounts to, in a few lines for the person who checks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from collector.config.loading import Config
from collector.config.scalars import duration
from collector.contacts import Receiver


def summary(config: Config, now: float) -> str:
    """Devices by class and kind, targets, modules; what is not polled, how many polls a minute that makes, and what
    work is planned at a moment (Unix seconds)."""
    devices = config.devices
    polled = [device for device in devices if config.targets[device.name]]
    targets = [target for device in polled for target in config.targets[device.name]]
    used = {target.module for target in (*targets, *config.host)}
    rate = sum(60 / target.schedule.interval for target in targets)
    lines = [
        ("devices", f"{len(devices)}{_counts(device.device_class for device in devices)}"),
        ("kinds", _words(device.kind or "(none)" for device in devices)),
        ("sites", _words(device.site or "(none)" for device in devices)),
        ("passive", str(sum(device.passive for device in devices))),
        ("agents", str(sum(bool(device.agent) for device in devices))),
        ("targets", f"{len(targets)} on {len(polled)} devices, {rate:.4g} polls a minute"),
        ("this machine", f"{len(config.host)} collectors{_interval(config)}"),
        ("services", _promised(config)),
        ("maintenance", _planned(config, now)),
        ("contacts", _told(config)),
        ("kpis", _measured(config)),
        ("modules", f"{len(used)} in use of {len(config.modules)}"),
        ("files", f"{len(config.files)}, digest {config.digest[:12]}"),
    ]
    return "\n".join(f"{name + ':':14}{text}" for name, text in lines if text)


def _promised(config: Config) -> str:
    services = config.catalogue.services.values()
    objectives = sum(len(service.objectives) for service in services)
    tiers = _counts(service.tier for service in services if service.tier)
    return f"{len(services)}{tiers}, {objectives} objectives" if services else ""


def _planned(config: Config, now: float) -> str:
    """By the configuration: what people have ordered or ended, `wardwatch maintenance list` knows."""
    if not config.catalogue.maintenance:
        return ""
    from collector.agreed import works_of
    from collector.calendar import moment_of

    works = works_of(config.catalogue, (), {})
    names = {work.maintenance.name for work in works}
    again = {work.maintenance.name for work in works if work.again}
    edges = [(work.next_change(now), work.maintenance.name, work.open(now)) for work in works]
    running = sorted({f"{name} until {moment_of(at)}" if at else name for at, name, runs in edges if runs})
    following = min(((at, name) for at, name, runs in edges if at and not runs), default=None)
    said = [
        f"{len(names)} planned" + (f", {len(again)} of them again and again" if again else ""),
        f"now {', '.join(running)}" if running else "none now",
        f"next {following[1]} at {moment_of(following[0])}" if following else "",
    ]
    return "; ".join(filter(None, said))


def _told(config: Config) -> str:
    contacts = config.contacts
    if contacts is None:
        return ""
    receivers = contacts.receivers.values()
    kinds = {"email": "email", "webhook": "webhook", "slack": "Slack", "pagerduty": "PagerDuty"}
    ways = _counts(word for each in receivers for kind, word in kinds.items() if getattr(each, kind))
    heartbeat = "a heartbeat" if contacts.heartbeat is not None else "no heartbeat"
    silent = sum(each == Receiver(each.name) for each in receivers)
    only = f", {silent} of them only counted" if silent else ""
    return f"{len(contacts.owners)} owners, {len(contacts.receivers)} receivers{ways}{only}, {heartbeat}"


def _measured(config: Config) -> str:
    kpis, items = config.kpis.kpis.values(), config.kpis.scorecard
    waiting = sum(bool(kpi.waiting) for kpi in kpis)
    began = sum(kpi.baseline is not None for kpi in kpis)
    return f"{len(kpis)} ({waiting} waiting, {began} with a baseline), {len(items)} scorecard items" if kpis else ""


def _interval(config: Config) -> str:
    return f" every {duration(config.settings.host.interval)}" if config.host else ""


def _words(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {count}" for word, count in sorted(Counter(words).items()))


def _counts(words: Iterable[str]) -> str:
    said = _words(words)
    return f" ({said})" if said else ""
