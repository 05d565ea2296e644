"""Debian's snmp_exporter 0.21, the peer: our modules in its old flat configuration, and the program itself.

It has one flat mapping of modules with the credentials inside, and lacks `scale`, `offset`, `datetime_pattern`,
`display_hint`, filters, and enumerations in lookups (../shared/snmp_exporter/README.md). What needs them is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from bench import process
from deploy.local import parts

NEWER: Final = ("scale", "offset", "datetime_pattern")
"""Keys without which a metric says something else."""

_METRIC: Final = ("name", "oid", "type", "help", "indexes", "regex_extracts", "enum_values")
_LOOKUP: Final = ("labels", "labelname", "oid", "type")


def read(path: Path) -> Mapping[str, Any]:
    """The modules of a `snmp.yml` as plain data."""
    with path.open("rb") as file:
        modules: Mapping[str, Any] = yaml.load(file, Loader=yaml.CSafeLoader)["modules"]
    return modules


def beyond(module: Mapping[str, Any]) -> frozenset[str]:
    """Names of the metrics that it cannot do."""
    return frozenset(metric["name"] for metric in module.get("metrics", ()) if not _known(metric))


def _known(metric: Mapping[str, Any]) -> bool:
    return not any(key in metric for key in NEWER) and not any(
        "enum_values" in lookup for lookup in metric.get("lookups", ())
    )


def flat(module: Mapping[str, Any], community: str = "public") -> dict[str, Any]:
    """A module as it reads it. SNMP v2c."""
    metrics = []
    for metric in module.get("metrics", ()):
        if _known(metric):
            made = {key: metric[key] for key in _METRIC if key in metric}
            if "lookups" in metric:
                made["lookups"] = [{k: each[k] for k in _LOOKUP if k in each} for each in metric["lookups"]]
            metrics.append(made)
    asked = {key: module[key] for key in ("walk", "get", "retries", "timeout") if module.get(key)}
    repetitions = module.get("max_repetitions", 25)
    return asked | {
        "metrics": metrics, "version": 2, "max_repetitions": repetitions, "auth": {"community": community},
    }  # fmt: skip


@contextmanager
def exporter(home: Path, modules: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    """The real one, asked for these modules under their names: the URL of its `/snmp`, and its process id."""
    log, http = home / "snmp_exporter.log", process.free_port()
    settings = home / "snmp_exporter.yml"
    settings.write_text(yaml.safe_dump({name: flat(module) for name, module in modules.items()}))
    words: list[str | Path] = [
        parts.part("snmp_exporter"),
        f"--config.file={settings}",
        f"--web.listen-address=127.0.0.1:{http}",
    ]
    with process.running(words, log) as running:
        process.wait(running, f"http://127.0.0.1:{http}/metrics", log)
        yield f"http://127.0.0.1:{http}/snmp", running.pid
