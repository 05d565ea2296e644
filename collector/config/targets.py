"""What is asked of a device, and how often: its modules checked against its class, each with a schedule."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2s
from typing import Any

from collector.budget import RULES, own_floor
from collector.config.document import Document, Step
from collector.config.inventory import AUTO, DeviceFile, KindFile, UseFile
from collector.config.probes import is_prober
from collector.config.scalars import duration, shown, suggestion
from collector.config.settings import Polling
from collector.config.typed import Findings
from collector.model import Auth, Collector, Device, Schedule, Target
from collector.network.snmp import walks
from collector.privacy import Privacy

BY_SNMP = ("snmp", "sightings", AUTO)
"""Collectors that ask a device over SNMP."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Keys that devices take over, and where they stand; `document` None: in a kind, where they were checked."""

    keys: KindFile
    document: Document | None = None
    where: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A device as written, with its own layer and those below, nearest first."""

    document: Document
    index: int
    written: DeviceFile
    layers: tuple[Layer, ...]
    unsure: bool = False
    """Something it says is not known: what that would say is not missed."""

    @property
    def where(self) -> list[Step]:
        return ["devices", self.index]

    def pick(self, key: str) -> tuple[Any, int]:
        """The nearest value of `key` and its layer, 0 being the entry's own; None where nobody says."""
        for level, layer in enumerate(self.layers):
            value = getattr(layer.keys, key)
            if value is not None:
                return value, level
        return None, len(self.layers)

    def of_kind(self, level: int) -> bool:
        """Whether a layer is the kind's. What that names is checked where the kind is written."""
        return level < len(self.layers) and self.layers[level].document is None

    def spot(self, key: str, level: int) -> tuple[Document, list[Step]]:
        """Where to point for `key`: where it is written, so that a mistake in `defaults` is told once; the entry where
        the value is a kind's."""
        layer = self.layers[level]
        if layer.document is None:
            return self.document, self.where
        return layer.document, [*layer.where, key]

    def own(self, key: str, level: int) -> tuple[Document, list[Step]]:
        """The same for what is wrong with this device only."""
        return self.document, [*self.where, key] if level == 0 else self.where


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What entries refer to. A name with None was written with problems of its own."""

    kinds: Mapping[str, KindFile | None]
    auths: Mapping[str, Auth | None]
    modules: Mapping[str, Collector | None]
    polling: Polling
    privacy: Privacy
    unread: Collection[str] = ()
    """`kinds`, `auths`, `modules`: where a file could not be read, a name may have been in it."""


def known_uses(entry: Entry, catalogue: Catalogue, findings: Findings) -> list[tuple[UseFile, str, Collector]]:
    """What is asked of the device, by what name, and how; what is not known is left out with a problem."""
    uses, level = entry.pick("modules")
    known: list[tuple[UseFile, str, Collector]] = []
    seen: set[str] = set()
    for use in uses or ():
        name, shown_as = use.module, use.as_ or use.module
        if shown_as in seen:
            hint = "" if use.target is None else ": give one of them another name with as"
            findings.problem(*entry.spot("modules", level), f"the module {shown(shown_as)} is listed twice{hint}")
        seen.add(shown_as)
        collector = catalogue.modules.get(name)
        if collector is not None:
            known.append((use, shown_as, collector))
        elif name not in catalogue.modules and "modules" not in catalogue.unread and not entry.of_kind(level):
            hint = suggestion(name, catalogue.modules)
            findings.problem(*entry.spot("modules", level), f"there is no module {shown(name)}.{hint}")
    return known


def make_targets(entry: Entry, device: Device, catalogue: Catalogue, findings: Findings) -> tuple[Target, ...]:
    uses, level = entry.pick("modules")
    if not uses and not device.agent and not device.passive and not entry.unsure:
        findings.warn(entry.document, entry.where, "nothing is asked: write modules, here or for its kind")
    targets: list[Target] = []
    schedules: dict[Schedule, Schedule] = {}
    """Most modules of a device have the same."""
    for use, shown_as, collector in () if device.agent else known_uses(entry, catalogue, findings):
        if what := _unfit(device, use, collector, entry, catalogue):
            findings.problem(*entry.own("modules", level), what)
            continue
        schedule = _schedule(entry, use, level, device, collector, catalogue.polling, findings)
        if schedule is not None and not device.passive:
            schedule = replace(schedule, timeout=bounded(collector, schedule.timeout))
            schedule = schedules.setdefault(schedule, schedule)
            targets.append(Target(device, shown_as, collector, schedule, use.target or ""))
    return tuple(targets)


def bounded(collector: Collector, timeout: float) -> float:
    """Seconds that a poll may take: a module's own word is the last, where it has one."""
    own: float = getattr(collector, "timeout", 0.0)
    return min(timeout, own) if own else timeout


def _unfit(device: Device, use: UseFile, collector: Collector, entry: Entry, catalogue: Catalogue) -> str:
    """Why the module cannot be asked of the device; nothing where it can."""
    name = use.module
    if is_prober(type(collector)):
        unfit: str = collector.unfit(device, use.target or "")  # type: ignore[attr-defined]  # every prober has it
        return f"the module {shown(name)} {unfit}" if unfit else ""
    if use.target is not None:
        return f"the module {shown(name)} is no probe: it has no target"
    if reads_this_machine(type(collector)):
        return f"the module {shown(name)} reads the machine this runs on; it cannot ask a device"
    if collector.name not in BY_SNMP:
        return ""
    if device.device_class != "it" and walks(collector):
        return (
            f"the module {shown(name)} walks tables, and a {device.device_class} device is only asked for listed "
            "values: use a module with get: only (RELIABILITY S11)"
        )
    if entry.pick("auth")[0] is None and not device.passive and not entry.unsure:
        return f"the module {shown(name)} needs credentials: write auth, here or for its kind"
    return ""


def reads_this_machine(kind: type[Collector]) -> bool:
    return kind.__module__.startswith("collector.host.")


def _schedule(
    entry: Entry,
    use: UseFile,
    used: int,
    device: Device,
    collector: Collector,
    polling: Polling,
    findings: Findings,
) -> Schedule | None:
    """Raised quietly to the class's floor where the settings say less, and refused where a nearer layer does (S5). A
    module's own floor is refused only where the module is named: an interval of the device is not about it (S15)."""
    interval, near = (use.interval, -1) if use.interval is not None else entry.pick("interval")
    timeout, nearer = (use.timeout, -1) if use.timeout is not None else entry.pick("timeout")
    floor = RULES[device.device_class].interval_floor
    if interval is None:
        interval = max(polling.interval, floor)
    elif interval < floor:
        spot = entry.spot("modules", used) if near < 0 else entry.spot("interval", near)
        what = f"{duration(interval)} between polls of {use.module} is too often for class {device.device_class}"
        findings.problem(*spot, f"{what}: at least {duration(floor)} (RELIABILITY S5)")
        return None
    if use.interval is not None and use.interval < own_floor(collector):
        what = f"{duration(interval)} between polls of {use.module} is too often"
        least = duration(own_floor(collector))
        findings.problem(*entry.spot("modules", used), f"{what}: at least {least} (RELIABILITY S15)")
        return None
    interval = max(interval, own_floor(collector))
    if timeout is None:
        timeout = min(polling.timeout, interval)
    elif timeout > interval and nearer <= near:
        spot = entry.spot("modules", used) if nearer < 0 else entry.spot("timeout", nearer)
        what = f"{duration(timeout)} for {use.module} is longer than its interval of {duration(interval)}"
        findings.problem(*spot, what)
        return None
    return Schedule(interval, min(timeout, interval), offset(device.name, interval))


def offset(name: str, interval: float) -> float:
    """Seconds into each interval: the same for every module of a device, spread evenly over devices (S9)."""
    return int.from_bytes(blake2s(name.encode(), digest_size=8).digest(), "big") / 2**64 * interval
