"""The little of HL7 version 2 that a probe needs: one approved question that names no patient, and the yes or no to it.

What can be sent is narrow by construction (RELIABILITY S16 and T8): of the segments only `SEGMENTS`, as a test and
never as production. Of what comes back nothing leaves this module but the code: no text of a reply is in a value or
in an error (RELIABILITY S22).
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import Final, Literal

from collector.errors import Malformed

Code = Literal["AA", "AE", "AR", "CA", "CE", "CR"]
CODES: Final[dict[bytes, Code]] = {b"AA": "AA", b"AE": "AE", b"AR": "AR", b"CA": "CA", b"CE": "CE", b"CR": "CR"}
"""MSA-1 (HL7 table 0008): application or commit; accept, error or reject."""
ACCEPTED: Final[frozenset[Code]] = frozenset(("AA", "CA"))

SEGMENTS: Final = frozenset(("MSH", "QPD", "RCP"))
"""All that a probe may send: a header, and a query's definition and response control (HL7 2.5.1 chapter 5).

EVN is none of them: it belongs to events, which change what the receiver knows. Nor are older queries' QRD and QRF,
which name whom they ask about.
"""

LONGEST: Final = 4_096
"""Characters of a template."""

_CONTROL_ID = re.compile(r"[A-Za-z0-9._-]{1,20}")  # MSH-10 has at most 20 (HL7 2.5.1 section 2.15.9.10)
_TIME = re.compile(r"[0-9]{14}(\.[0-9]{1,4})?([+-][0-9]{4})?")  # TS (HL7 2.5.1 section 2.A.77), to the second
_MARKS = frozenset(string.punctuation)
_NEEDED = {3: "sending application", 9: "message type", 12: "version"}
_PARAMETERS = 3
"""QPD-3 is the first of a query's parameters: there a patient would be named (HL7 2.5.1 section 5.5.4)."""


@dataclass(frozen=True, slots=True)
class Template:
    """A message that may be sent, but for its time and its control id. Made by `template`."""

    header: tuple[str, ...]
    """MSH cut at its separator: `header[n - 1]` is MSH-n for n from 2, since MSH-1 is the separator."""
    separator: str
    rest: tuple[str, ...]
    """The other segments as they are sent."""

    def message(self, time: str, control_id: str) -> bytes:
        """The message with `time` as MSH-7 and `control_id` as MSH-10, each segment ended by a carriage return.

        `time`: YYYYMMDDHHMMSS, a fraction and a zone if there are any. `control_id`: 1 to 20 letters, digits, dots,
        underscores or dashes. ValueError for others.
        """
        if not _TIME.fullmatch(time):
            raise ValueError("MSH-7 must be YYYYMMDDHHMMSS")
        if not _CONTROL_ID.fullmatch(control_id):
            raise ValueError("MSH-10 must be 1 to 20 letters, digits, dots, underscores or dashes")
        fields = [*self.header[:6], time, *self.header[7:9], control_id, *self.header[10:]]
        return "".join(f"{segment}\r" for segment in (self.separator.join(fields), *self.rest)).encode("ascii")


def template(text: str) -> Template:
    """The message in a module's configuration, a line for each segment. ValueError says what is wrong with it.

    What MSH-7 and MSH-10 are there does not matter. MSH-11 must be T (training) or D (debugging): a message that a
    system could take for production's is never sent (HL7 table 0103).
    """
    text = text.strip("\r\n ")
    if len(text) > LONGEST or any(not (each.isascii() and each.isprintable()) for each in text if each not in "\r\n"):
        raise ValueError(f"a message is at most {LONGEST} printable ASCII characters")
    header, *rest = re.split(r"[\r\n]+", text)
    separator = header[3:4]
    if header[:3] != "MSH" or separator not in _MARKS:
        raise ValueError("a message begins with MSH and the field separator")
    fields = header.split(separator)
    marks = fields[1]
    if len(marks) not in (4, 5) or not _MARKS.issuperset(marks) or len(set(marks)) < len(marks):
        raise ValueError("MSH-2 must be four or five different marks, as ^~\\&")
    fields += [""] * (12 - len(fields))
    for number, name in _NEEDED.items():
        if not fields[number - 1]:
            raise ValueError(f"MSH-{number} must name the {name}")
    if fields[10] not in ("T", "D"):
        raise ValueError("MSH-11 must be T or D: a probe is never production")
    for segment in rest:
        _refuse(segment.split(separator))
    return Template(tuple(fields), separator, tuple(rest))


def _refuse(segment: list[str]) -> None:
    """ValueError for a segment that may not be sent."""
    if segment[0] not in SEGMENTS - {"MSH"}:
        raise ValueError("only one MSH, QPD and RCP may be sent: others may name a patient")
    if segment[0] == "QPD" and any(segment[_PARAMETERS:]):
        raise ValueError("QPD may have no parameters: they may name a patient")


def acknowledgement(reply: bytes, control_id: str) -> Code:
    """MSA-1 of a reply whose MSA-2 is `control_id`.

    Malformed where the reply is no message, does not acknowledge exactly one, or acknowledges another.
    """
    header, *rest = re.split(rb"[\r\n]+", reply)
    separator = header[3:4]
    if header[:3] != b"MSH" or separator.decode("latin-1") not in _MARKS:
        raise Malformed("a reply that does not begin with MSH")
    marks = header.split(separator, 2)[1].decode("latin-1")
    if not 1 <= len(marks) <= 5 or not _MARKS.issuperset(marks) or len(set(marks)) < len(marks):
        raise Malformed("a reply whose MSH-2 has no encoding characters")
    found = [segment.split(separator, 3) for segment in rest if segment[:4] == b"MSA" + separator]
    if len(found) != 1:
        raise Malformed(f"a reply with {len(found)} acknowledgements")
    code, acknowledged = [*found[0], b""][1:3]
    if code not in CODES:
        raise Malformed("a reply whose MSA-1 is no acknowledgement code")
    if acknowledged != control_id.encode("ascii"):
        raise Malformed("an acknowledgement of another message")
    return CODES[code]
