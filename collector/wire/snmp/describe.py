"""A message in words, for a person who looks over the program's shoulder. Never its community."""

from __future__ import annotations

from collector.errors import Malformed
from collector.wire.snmp import ber, message

PDUS = {0xA0: "GET", 0xA1: "GETNEXT", 0xA2: "RESPONSE", 0xA5: "GETBULK"}
ERRORS = {0: "", 1: "tooBig", 2: "noSuchName", 3: "badValue", 4: "readOnly", 5: "genErr", 6: "noAccess"}
ABSENT = {0x80: "noSuchObject", 0x81: "noSuchInstance", 0x82: "endOfMibView"}

SHOWN = 4
"""Variables that are spelled out; a bulk answer has dozens."""


def describe(packet: bytes) -> str:
    """One line: kind, request id, error, and the first variables."""
    try:
        head = message.read(packet)
        found = list(message.varbinds(packet, head))
    except Malformed as error:
        return f"not understood: {error}"
    words = [PDUS.get(head.pdu, f"PDU {head.pdu:#x}"), f"id {head.request_id}"]
    if head.pdu == message.RESPONSE:
        if head.error_status:
            words.append(ERRORS.get(head.error_status, f"error {head.error_status}") + f" at {head.error_index}")
    elif head.error_index:
        words.append(f"{head.error_index} repetitions")
    words += [_variable(*variable) for variable in found[:SHOWN]]
    if len(found) > SHOWN:
        words.append(f"and {len(found) - SHOWN} more")
    return ", ".join(words)


def _variable(name: bytes, tag: int, content: bytes) -> str:
    try:
        oid = ber.dotted(name)
    except Malformed:
        oid = name.hex()
    if tag == ber.NULL:
        return oid
    if tag in ABSENT:
        return f"{oid} {ABSENT[tag]}"
    number = ber.number(tag, content)
    if number is not None:
        return f"{oid} = {number:g}" if isinstance(number, float) else f"{oid} = {number}"
    text = content.decode("ascii", "replace")
    return f"{oid} = {text[:40]!r}" if text.isprintable() else f"{oid} = 0x{content[:20].hex()}"
