"""OIDs and regular expressions as the files under `snmp/` write them."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from collector.config.scalars import shown
from collector.wire.re2 import pattern

MOST_ARCS: Final = 128

_OID = re.compile(r"\.?(0|[1-9][0-9]{0,9})(\.(0|[1-9][0-9]{0,9}))*")


def oid(text: str) -> str:
    """The OID without a leading dot. Raises ValueError."""
    if not _OID.fullmatch(text):
        raise ValueError(f"{shown(text)} is not an OID: write numbers with dots, like 1.3.6.1.2.1.1.3.0")
    text = text.removeprefix(".")
    arcs = text.split(".")
    if len(arcs) < 2 or int(arcs[0]) > 2 or (int(arcs[0]) < 2 and int(arcs[1]) > 39):
        raise ValueError(f"{shown(text)} is not an OID: it begins with 0, 1 or 2 and a number below 40")
    if len(arcs) > MOST_ARCS or any(len(arc) > 9 and int(arc) > 0xFFFFFFFF for arc in arcs):
        raise ValueError(f"{shown(text)} is not an OID: at most {MOST_ARCS} numbers, each below 4294967296")
    return text


def _regex(text: str) -> str:
    try:
        pattern(text)
    except ValueError as error:
        raise ValueError(
            f"{shown(text)} is not a regular expression: {getattr(error.__cause__, 'msg', error)}"
        ) from None
    return text


Oid = Annotated[str, AfterValidator(oid)]
Regex = Annotated[str, AfterValidator(_regex)]
