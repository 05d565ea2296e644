"""The C-ECHO of DIMSE (PS3.7 section 9.3.5): a command set in, a command set out. There is no other command here."""

from __future__ import annotations

from struct import pack
from typing import Final, NamedTuple

from collector.errors import Malformed
from collector.wire.dicom.pdu import VERIFICATION

LONGEST: Final = 4_096
"""A response has some 80 bytes, and may have an error comment of 64 characters (PS3.7 annex C)."""

_GROUP_LENGTH = 0x0000
_SOP_CLASS = 0x0002
_COMMAND = 0x0100
_MESSAGE_ID = 0x0110
_RESPONDED_TO = 0x0120
_DATA_SET_TYPE = 0x0800
_STATUS = 0x0900
"""Elements of group 0000 (PS3.7 annex E.1)."""

_C_ECHO_RQ, _C_ECHO_RSP = 0x0030, 0x8030
_NO_DATA_SET = 0x0101


class Response(NamedTuple):
    """A C-ECHO-RSP: to which message, and with what status (0: success)."""

    message_id: int
    status: int


def echo_request(message_id: int) -> bytes:
    """The command set of a C-ECHO-RQ (PS3.7 table 9.3-12). `message_id` is of 16 bits."""
    elements = (
        _element(_SOP_CLASS, VERIFICATION + b"\x00")  # UIDs are padded to an even length (PS3.5 section 9.1)
        + _element(_COMMAND, pack("<H", _C_ECHO_RQ))
        + _element(_MESSAGE_ID, pack("<H", message_id))
        + _element(_DATA_SET_TYPE, pack("<H", _NO_DATA_SET))
    )
    return _element(_GROUP_LENGTH, pack("<I", len(elements))) + elements


def _element(number: int, value: bytes) -> bytes:
    """Implicit VR little endian: group, element, length, value (PS3.7 section 6.3.1)."""
    return pack("<HHI", 0, number, len(value)) + value


def read_response(command: bytes) -> Response:
    """The command set of a C-ECHO-RSP (PS3.7 table 9.3-13). Malformed where it is another command."""
    elements = _elements(command)
    if _short(elements, _COMMAND) != _C_ECHO_RSP:
        raise Malformed("a command that is not a C-ECHO-RSP")
    if _short(elements, _DATA_SET_TYPE) != _NO_DATA_SET:
        raise Malformed("a C-ECHO-RSP that announces a data set")
    if elements.get(_SOP_CLASS, VERIFICATION).rstrip(b"\x00") != VERIFICATION:
        raise Malformed("a C-ECHO-RSP of another SOP class")
    return Response(_short(elements, _RESPONDED_TO), _short(elements, _STATUS))


def _elements(command: bytes) -> dict[int, bytes]:
    """Values by element number; in ascending order, as a command set has them (PS3.7 section 6.3.1)."""
    found = dict[int, bytes]()
    at, before = 0, -1
    while at < len(command):
        start = at + 8
        group = int.from_bytes(command[at : at + 2], "little")
        number = int.from_bytes(command[at + 2 : at + 4], "little")
        stop = start + int.from_bytes(command[at + 4 : start], "little")
        if start > len(command) or stop > len(command):
            raise Malformed("an element that is longer than the command")
        if group != 0 or number <= before:
            raise Malformed("an element that is none of a command, or out of order")
        found[number] = command[start:stop]
        at, before = stop, number
    return found


def _short(elements: dict[int, bytes], number: int) -> int:
    value = elements.get(number, b"")
    if len(value) != 2:
        raise Malformed(f"element (0000,{number:04x}) is missing, or not of two bytes")
    return int.from_bytes(value, "little")
