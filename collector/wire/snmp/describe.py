"""A message in words, for a person who looks over the program's shoulder. Never its community, nor what v3 hides."""

from __future__ import annotations

from collector.errors import Malformed
from collector.privacy import Screen
from collector.wire.snmp import ber, envelope, message
from collector.wire.snmp.message import Head
from collector.wire.snmp.question import Asked

PDUS = {0xA0: "GET", 0xA1: "GETNEXT", 0xA2: "RESPONSE", 0xA5: "GETBULK", 0xA8: "REPORT"}
REPORTS = (
    "usmStatsUnsupportedSecLevels", "usmStatsNotInTimeWindows", "usmStatsUnknownUserNames",
    "usmStatsUnknownEngineIDs", "usmStatsWrongDigests", "usmStatsDecryptionErrors",
)  # fmt: skip
"""RFC 3414 section 5, from 1.3.6.1.6.3.15.1.1.1 on."""
ERRORS = {0: "", 1: "tooBig", 2: "noSuchName", 3: "badValue", 4: "readOnly", 5: "genErr", 6: "noAccess"}
ABSENT = {0x80: "noSuchObject", 0x81: "noSuchInstance", 0x82: "endOfMibView"}

_QUESTIONS = {"get": "GET", "next": "GETNEXT", "bulk": "GETBULK"}

_V3 = b"\x02\x01\x03"
_REPORTED = ber.encode_oid("1.3.6.1.6.3.15.1.1")

SHOWN = 4
"""Variables that are spelled out; a bulk answer has dozens."""


def describe(packet: bytes, screen: Screen, asked: Asked | None = None) -> str:
    """One line: kind, request id, error, and the first variables; of SNMPv3 who speaks, too.

    `asked` is what a question of ours asks, where it is encrypted.
    """
    try:
        if packet[2:5] == _V3 or packet[3:6] == _V3 or packet[4:7] == _V3:
            return _secured(packet, screen, asked)
        return _pdu(packet, message.read(packet), screen)
    except Malformed as error:
        return f"not understood: {error}"


def _secured(packet: bytes, screen: Screen, asked: Asked | None) -> str:
    frame = envelope.read(packet)
    words = [f"v3, msgID {frame.msg_id}, engine {frame.engine_id.hex() or 'not known'}"]
    if frame.user:
        words.append(f"user {ascii(frame.user)[1:]}")
    if frame.flags & envelope.AUTHENTICATED:
        words.append(f"boots {frame.boots}, time {frame.time}")
    if frame.tag == ber.OCTET_STRING:
        words.append(f"{frame.stop - frame.start} bytes encrypted" + ("" if asked is None else f": {_question(asked)}"))
    else:
        words.append(_pdu(packet, envelope.scoped(packet, frame.begin).head, screen))
    return ", ".join(words)


def _question(asked: Asked) -> str:
    words = [_QUESTIONS[asked.kind]]
    if asked.repetitions:
        words.append(_repeated(asked.non_repeaters, asked.repetitions))
    words += [ber.dotted(name) for name in asked.names[:SHOWN]]
    if len(asked.names) > SHOWN:
        words.append(f"and {len(asked.names) - SHOWN} more")
    return ", ".join(words)


def _repeated(non_repeaters: int, repetitions: int) -> str:
    """What a GETBULK asks for."""
    return f"{non_repeaters} names once, {repetitions} repetitions" if non_repeaters else f"{repetitions} repetitions"


def _pdu(packet: bytes, head: Head, screen: Screen) -> str:
    found = list(message.varbinds(packet, head))
    words = [PDUS.get(head.pdu, f"PDU {head.pdu:#x}"), f"id {head.request_id}"]
    if head.pdu == message.RESPONSE:
        if head.error_status:
            words.append(ERRORS.get(head.error_status, f"error {head.error_status}") + f" at {head.error_index}")
    elif head.error_index:
        words.append(_repeated(head.error_status, head.error_index))
    words += [_variable(*variable, screen) for variable in found[:SHOWN]]
    if len(found) > SHOWN:
        words.append(f"and {len(found) - SHOWN} more")
    return ", ".join(words)


def _variable(name: bytes, tag: int, content: bytes, screen: Screen) -> str:
    try:
        oid = ber.dotted(name)
    except Malformed:
        oid = name.hex()
    if name[:-2] == _REPORTED and 0 < name[-2] <= len(REPORTS):
        oid = REPORTS[name[-2] - 1]
    if tag == ber.NULL:
        return oid
    if tag in ABSENT:
        return f"{oid} {ABSENT[tag]}"
    number = ber.number(tag, content)
    if number is not None:
        return f"{oid} = {number:g}" if isinstance(number, float) else f"{oid} = {number}"
    came = content.decode("ascii", "replace")
    text = came if tag == ber.OID else screen(came)
    return f"{oid} = {text[:40]!r}" if text.isprintable() or text != came else f"{oid} = 0x{content[:20].hex()}"
