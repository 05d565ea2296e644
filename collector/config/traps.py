"""`snmp/traps.yml`: names of traps. One without a name is shown as its OID."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from collector.config.document import Document
from collector.config.oids import Oid
from collector.config.scalars import Keyed, Name, shown
from collector.config.typed import Findings, Strict, part
from collector.network.traps.notice import OTHER

TRAPS: Final = "traps.yml"


class TrapNamesFile(Strict):
    """`snmp/traps.yml`: names by trap."""

    traps: Annotated[dict[Name, Oid], Keyed] = Field(default_factory=dict, description="OID of each trap, by its name")


def read_trap_names(document: Document, findings: Findings) -> dict[str, str]:
    """Names by OID, of one file."""
    model = part(document, (), document.data, TrapNamesFile, findings)
    names: dict[str, str] = {}
    for name, oid in (model.traps if model is not None else {}).items():
        if name == OTHER or not name[0].isalpha():
            what = f"begin it with a letter, and not '{OTHER}', which are the traps beyond a device's share"
            findings.problem(document, ["traps", name], what)
        elif oid in names:
            findings.problem(document, ["traps", name], f"{shown(names[oid])} has the same OID: keep one of them")
        else:
            names[oid] = name
    return names
