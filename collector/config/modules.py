"""`modules/*.yml`: configured ways of asking. A module's options are the fields of its collector's dataclass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from collector.config.document import Document, Step
from collector.config.options import made, options_of
from collector.config.probes import is_prober
from collector.config.scalars import NOT_A_NAME, Keyed, Name, is_name, shown
from collector.config.scalars import suggestion as near
from collector.config.secrets import Secrets
from collector.config.typed import Findings, Strict, entries, part, top
from collector.model import Collector


class ModuleFile(Strict):
    """One module: its collector, and that collector's options."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    collector: Annotated[Name, Field(description="name of the collector; `wardwatch list collectors` lists them")]


class ModulesFile(Strict):
    """A file of modules."""

    modules: Annotated[dict[Name, ModuleFile], Keyed] = Field(default_factory=dict, description="modules by name")


def read_modules(
    document: Document, collectors: Mapping[str, type[Collector]], secrets: Secrets, findings: Findings
) -> dict[str, Collector | None]:
    """The modules of a file by name; None for one with problems."""
    data = top(document, ModulesFile, findings)
    modules: dict[str, Collector | None] = {}
    for name, written in entries(document, ["modules"], data.get("modules"), findings).items():
        where: list[Step] = ["modules", name]
        if not is_name(name):
            findings.problem(document, where, NOT_A_NAME)
        modules[name] = _module(document, where, written, collectors, secrets, findings)
    return modules


def _module(
    document: Document,
    where: Sequence[Step],
    written: Any,
    collectors: Mapping[str, type[Collector]],
    secrets: Secrets,
    findings: Findings,
) -> Collector | None:
    head = part(document, where, written, ModuleFile, findings)
    if head is None:
        return None
    make = collectors.get(head.collector)
    if make is None:
        what = f"there is no collector {shown(head.collector)}.{near(head.collector, collectors)}"
        findings.problem(document, [*where, "collector"], what)
        return None
    if make.name == "snmp":
        findings.problem(document, [*where, "collector"], "SNMP modules are written under snmp/, in snmp.yml's format")
        return None
    if is_prober(make):
        findings.problem(
            document, [*where, "collector"], "probes are written under probes/, in blackbox_exporter's format"
        )
        return None
    options = part(document, where, written, options_of(make), findings)
    if options is None:
        return None
    module: Collector | None = made(make, options, document, where, secrets, findings)
    return module
