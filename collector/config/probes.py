"""`probes/*.yml`: modules in blackbox_exporter's format, one section for each prober (CONTRACTS 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, create_model

from collector.config.document import Document, Step
from collector.config.options import Part, made, options_of
from collector.config.scalars import NOT_A_NAME, Duration, Keyed, Name, Written, is_name, shown, suggestion
from collector.config.secrets import Secrets
from collector.config.typed import Findings, Strict, entries, part, top
from collector.model import Collector

ELSEWHERE: Final = frozenset({"grpc", "unix", "websocket"})
"""Probers of blackbox_exporter's that are not here. A file that has them among others loads without them."""

OF_MODULE: Final = frozenset({"timeout"})
"""Fields of a prober that stand beside its section, not in it."""


class ProbeFile(Strict):
    """One module."""

    prober: Annotated[Name, Field(description="what probes: http, tcp ...; its options stand under the same word")]
    timeout: Annotated[Duration | None, Written, Field(description="how long it may take, whatever others allow")] = (
        None
    )


class ProbesFile(Strict):
    """A file of probes."""

    modules: Annotated[dict[Name, ProbeFile], Keyed] = Field(default_factory=dict, description="modules by name")


def is_prober(kind: type[Collector]) -> bool:
    """Whether a collector probes: whether something works, rather than what a device says of itself."""
    return getattr(kind, "lasting", False)


def section_of(kind: type[Collector]) -> type[BaseModel]:
    """The model of a prober's own section."""
    return options_of(kind, Part, OF_MODULE)


@cache
def _model(probers: tuple[type[Collector], ...]) -> type[ProbeFile]:
    sections: dict[str, Any] = {kind.name: (Annotated[section_of(kind) | None, Keyed], None) for kind in probers}
    sections |= dict.fromkeys(ELSEWHERE, (Any, None))
    return create_model("Probe", __base__=ProbeFile, **sections)


def read_probes(
    document: Document, collectors: Mapping[str, type[Collector]], secrets: Secrets, findings: Findings
) -> dict[str, Collector | None]:
    """The modules of a file by name; None for one with problems. Those of other probers are left out, and told of."""
    data = top(document, ProbesFile, findings)
    probers = {name: kind for name, kind in collectors.items() if is_prober(kind)}
    found: dict[str, Collector | None] = {}
    for name, written in entries(document, ["modules"], data.get("modules"), findings).items():
        where: list[Step] = ["modules", name]
        if not is_name(name):
            findings.problem(document, where, NOT_A_NAME)
        head = part(document, where, written, _model(tuple(probers.values())), findings)
        if head is None:
            found[name] = None
        elif head.prober in ELSEWHERE:
            what = f"there is no prober {shown(head.prober)} here: the module is left out"
            findings.warn(document, [*where, "prober"], what)
        else:
            found[name] = _made(document, where, head, probers, secrets, findings)
    return found


def _made(
    document: Document,
    where: Sequence[Step],
    head: ProbeFile,
    probers: Mapping[str, type[Collector]],
    secrets: Secrets,
    findings: Findings,
) -> Collector | None:
    make = probers.get(head.prober)
    if make is None:
        what = f"there is no prober {shown(head.prober)}.{suggestion(head.prober, probers)}"
        findings.problem(document, [*where, "prober"], what)
        return None
    timeout = {"timeout": head.timeout} if head.timeout is not None else {}
    where = [*where, make.name]
    options = getattr(head, make.name) or part(document, where, {}, section_of(make), findings)
    if options is None:
        return None
    probe: Collector | None = made(make, options, document, where, secrets, findings, **timeout)
    return probe
