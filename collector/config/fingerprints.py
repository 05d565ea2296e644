"""`snmp/fingerprints.yml`: which modules a device gets by what it says of itself.

Every rule that matches adds its modules. A site's rules stand before the shipped ones; one of the same name replaces
the shipped one, and without modules switches it off.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Final, NamedTuple

from pydantic import Field, model_validator

from collector.config.document import Document, Step
from collector.config.oids import Oid, Regex
from collector.config.scalars import Listed, Name, shown, suggestion
from collector.config.targets import reads_this_machine
from collector.config.typed import Findings, Strict, named
from collector.model import Collector
from collector.wire.snmp.fingerprint import Fingerprint

FILE: Final = "fingerprints.yml"
"""Its name in the directory `snmp`, whose other files are in snmp_exporter's format."""


class FingerprintFile(Strict):
    """One rule."""

    name: Annotated[Name, Field(description="its name, shown by `wardwatch poll --explain`")]
    sys_object_id: Annotated[
        tuple[Oid, ...], Listed, Field(description="any of these is sysObjectID, or its beginning")
    ] = ()
    sys_descr: Annotated[
        tuple[Regex, ...], Listed, Field(description="any of these regular expressions is found in sysDescr")
    ] = ()
    probe: Annotated[tuple[Oid, ...], Listed, Field(description="any of these subtrees holds something")] = ()
    modules: Annotated[
        tuple[Name, ...], Listed, Field(description="modules for the device; none: a shipped rule is switched off")
    ]

    @model_validator(mode="after")
    def _of_something(self) -> FingerprintFile:
        if not (self.sys_object_id or self.sys_descr or self.probe):
            raise ValueError("says nothing of the device: write sys_object_id, sys_descr or probe")
        return self


class FingerprintsFile(Strict):
    """`snmp/fingerprints.yml`. Every rule that matches adds its modules."""

    fingerprints: Annotated[tuple[FingerprintFile, ...], Listed, Field(description="the rules")] = ()


class Written(NamedTuple):
    """A rule and where it stands."""

    rule: Fingerprint
    document: Document
    where: list[Step]


def read_fingerprints(document: Document, findings: Findings) -> list[Written]:
    """The rules of a file in their order; those with problems are left out."""
    return [
        Written(Fingerprint(**model.model_dump()), document, where)
        for model, where in named(document, "fingerprints", FingerprintsFile, FingerprintFile, findings, "rule")
    ]


def joined(own: Sequence[Written], shipped: Sequence[Written]) -> list[Written]:
    """A site's rules and then the shipped ones that it does not replace."""
    names = {written.rule.name for written in own}
    return [*own, *(written for written in shipped if written.rule.name not in names)]


def check_modules(
    rules: Sequence[Written],
    modules: Mapping[str, Collector | None],
    unread: Collection[str],
    findings: Findings,
) -> None:
    """What a rule names must be there, and something that a device can be asked."""
    for rule, document, where in rules:
        for index, name in enumerate(rule.modules):
            module = modules.get(name)
            if module is not None and reads_this_machine(type(module)):
                what = f"the module {shown(name)} reads the machine this runs on; it cannot ask a device"
                findings.problem(document, [*where, "modules", index], what)
            elif name not in modules and "modules" not in unread:
                what = f"there is no module {shown(name)}.{suggestion(name, modules)}"
                findings.problem(document, [*where, "modules", index], what)
