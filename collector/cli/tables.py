"""`wardwatch list`: what is configured, as plain columns that grep, cut and people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from collector.cli.service import DEVICES, STATES, STATES_EVERY
from collector.config import AUTO, Config
from collector.config.scalars import amount
from collector.edge.state import Damaged, read_state, wall
from collector.equipment import today, unsupported
from collector.registry import COLLECTORS

TOLD = 3
"""Times in a row that a collector may fail to say how equipment is, before what it said last is too old to be shown."""


def devices(config: Config) -> str:
    """Each device: what it is, where, and how it is asked. What was chosen for it stands in brackets after `auto`."""
    chosen = _chosen(config.settings.state)
    lines = []
    for device in config.devices:
        targets = config.targets.get(device.name, ())
        words = [t.module + (chosen.get(device.name, "") if t.module == AUTO else "") for t in targets]
        how = ",".join(words) or ("agent" if device.agent else "passive")
        every = f"{min(t.schedule.interval for t in targets):g}s" if targets else "-"
        address = device.agent or (f"{device.address}:{device.port}" if device.address else device.mac)
        lines.append((device.name, address, device.device_class, device.kind, device.site, device.location, every, how))
    return aligned(("NAME", "ADDRESS", "CLASS", "KIND", "SITE", "LOCATION", "EVERY", "MODULES"), lines)


def _chosen(state: Path) -> Mapping[str, str]:
    """What the collector that last worked with this state had chosen, by device: `(system,if_mib)`."""
    try:
        known = (read_state(state / DEVICES) or {}).get("devices", {})
    except (OSError, Damaged):
        return {}
    found = {name: device["modules"].get(AUTO, {}).get("modules", ()) for name, device in known.items()}
    return {name: f"({','.join(modules)})" for name, modules in found.items() if modules}


def equipment(config: Config) -> str:
    """Each piece of equipment by ward and state, as the collector that works with this state tells it."""
    states, day = _states(config.settings.state), today(wall())
    lines = []
    for device in config.devices:
        if (known := device.equipment) is None:
            continue
        kind = known.device_type or known.modality or device.kind
        support = "ended" if unsupported(known, day) else known.support_ends or ("yes" if known.support else "")
        state = states.get(device.name, "unknown")
        what = (known.criticality, support, known.maker, known.model, known.asset, device.mac, device.site)
        lines.append((device.name, kind, device.ward, state, *what))
    head = ("NAME", "TYPE", "WARD", "STATE", "CRITICALITY", "SUPPORT", "MAKER", "MODEL", "ASSET", "MAC", "SITE")
    return aligned(head, sorted(lines, key=lambda line: (line[2], line[3], line[0])))


def _states(state: Path) -> Mapping[str, str]:
    """What the collector says in these minutes; nothing where none does."""
    try:
        told = read_state(state / STATES) or {}
    except (OSError, Damaged):
        return {}
    found: Mapping[str, str] = told.get("states", {})
    return found if 0 <= wall() - told.get("at", 0.0) < TOLD * STATES_EVERY else {}


def modules(config: Config) -> str:
    """Each module: by which collector, and how many targets use it."""
    used: dict[str, int] = {}
    for targets in (*config.targets.values(), config.host):
        for target in targets:
            used[target.module] = used.get(target.module, 0) + 1
    lines = [(name, module.name, str(used.get(name, 0))) for name, module in sorted(config.modules.items())]
    return aligned(("MODULE", "COLLECTOR", "TARGETS"), lines)


def services(config: Config) -> str:
    """Each service: when it is owed, how many components it has, and how good it must be."""
    lines = []
    for service in config.catalogue.services.values():
        promised = ",".join(f"{each.name}={each.target * 100:.10g}%/{each.window.name}" for each in service.objectives)
        components = str(len(service.leaves()) or "")
        lines.append((service.name, service.title, service.tier, service.hours, components, promised))
    return aligned(("NAME", "TITLE", "TIER", "HOURS", "COMPONENTS", "OBJECTIVES"), lines)


def kpis(config: Config) -> str:
    """Each KPI: what is good, over which time, and where its data come from or what it waits for."""
    lines = []
    for kpi in config.kpis.kpis.values():
        better = f"{'>=' if kpi.direction == 'up' else '<='}"
        good = f"{better}{amount(kpi.target, kpi.unit)}" if kpi.target is not None else ""
        began = amount(kpi.baseline.value, kpi.unit) if kpi.baseline is not None else ""
        data = f"waiting: {kpi.waiting}" if kpi.waiting else kpi.source
        lines.append((kpi.id, kpi.title, good, kpi.period, began, kpi.pillar, ",".join(kpi.scorecard), data))
    return aligned(("ID", "TITLE", "TARGET", "PERIOD", "BASELINE", "PILLAR", "SCORECARD", "DATA"), lines)


def collectors(config: Config) -> str:
    """Each way of asking that this program knows."""
    lines = [(kind.name, (kind.__doc__ or "").strip().splitlines()[0]) for kind in COLLECTORS]
    return aligned(("COLLECTOR", "WHAT IT READS"), sorted(lines))


def aligned(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    table = [tuple(head), *(tuple(cell or "-" for cell in line) for line in lines)]
    widths = [max(len(line[n]) for line in table) for n in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table
    )
