"""`wardwatch list`: what is configured, as plain columns that grep, cut and people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from collector.cli.service import DEVICES
from collector.config import AUTO, Config
from collector.edge.state import Damaged, read_state
from collector.registry import COLLECTORS


def devices(config: Config) -> str:
    """Each device: what it is, where, and how it is asked. What was chosen for it stands in brackets after `auto`."""
    chosen = _chosen(config.settings.state)
    lines = []
    for device in config.devices:
        targets = config.targets.get(device.name, ())
        words = [t.module + (chosen.get(device.name, "") if t.module == AUTO else "") for t in targets]
        how = ",".join(words) or ("agent" if device.agent else "passive")
        every = f"{min(t.schedule.interval for t in targets):g}s" if targets else "-"
        address = device.agent or f"{device.address}:{device.port}"
        lines.append((device.name, address, device.device_class, device.kind, device.site, device.location, every, how))
    return _aligned(("NAME", "ADDRESS", "CLASS", "KIND", "SITE", "LOCATION", "EVERY", "MODULES"), lines)


def _chosen(state: Path) -> Mapping[str, str]:
    """What the collector that last worked with this state had chosen, by device: `(system,if_mib)`."""
    try:
        known = (read_state(state / DEVICES) or {}).get("devices", {})
    except (OSError, Damaged):
        return {}
    found = {name: device["modules"].get(AUTO, {}).get("modules", ()) for name, device in known.items()}
    return {name: f"({','.join(modules)})" for name, modules in found.items() if modules}


def modules(config: Config) -> str:
    """Each module: by which collector, and how many targets use it."""
    used: dict[str, int] = {}
    for targets in (*config.targets.values(), config.host):
        for target in targets:
            used[target.module] = used.get(target.module, 0) + 1
    lines = [(name, module.name, str(used.get(name, 0))) for name, module in sorted(config.modules.items())]
    return _aligned(("MODULE", "COLLECTOR", "TARGETS"), lines)


def collectors(config: Config) -> str:
    """Each way of asking that this program knows."""
    lines = [(kind.name, (kind.__doc__ or "").strip().splitlines()[0]) for kind in COLLECTORS]
    return _aligned(("COLLECTOR", "WHAT IT READS"), sorted(lines))


def _aligned(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    table = [tuple(head), *(tuple(cell or "-" for cell in line) for line in lines)]
    widths = [max(len(line[n]) for line in table) for n in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table
    )
