"""What an application entity that is asked sends, put together by hand from the standard, without our own encoder."""

from __future__ import annotations

RELEASE_RQ = bytes.fromhex("0500 00000004 00000000")  # PS3.8 table 9-24
RELEASE_RP = bytes.fromhex("0600 00000004 00000000")  # PS3.8 table 9-25


def item(kind: int, content: bytes) -> bytes:
    return bytes((kind, 0)) + len(content).to_bytes(2, "big") + content


def unit(kind: int, body: bytes) -> bytes:
    return bytes((kind, 0)) + len(body).to_bytes(4, "big") + body


def context(result: int = 0, identity: int = 1, syntax: bytes = b"1.2.840.10008.1.2") -> bytes:
    return item(0x21, bytes((identity, 0, result, 0)) + item(0x40, syntax))


USER = item(0x51, b"\x00\x00\x40\x00") + item(0x52, b"1.2.276.0.7230010.3.0.3.6.7") + item(0x55, b"OFFIS_DCMTK_367")


def accept(contexts: bytes = context(), user: bytes = USER, version: int = 1) -> bytes:
    """An A-ASSOCIATE-AC (PS3.8 table 9-17)."""
    head = version.to_bytes(2, "big") + bytes(2) + b"PACS".ljust(16) + b"WARDWATCH".ljust(16) + bytes(32)
    return unit(2, head + item(0x10, b"1.2.840.10008.3.1.1.1") + contexts + item(0x50, user))


def reject(result: int, source: int, reason: int) -> bytes:
    """An A-ASSOCIATE-RJ (PS3.8 table 9-21)."""
    return bytes.fromhex("0300 00000004 00") + bytes((result, source, reason))


def abort(source: int, reason: int) -> bytes:
    """An A-ABORT (PS3.8 table 9-26)."""
    return bytes.fromhex("0700 00000004 0000") + bytes((source, reason))


def element(number: int, value: bytes) -> bytes:
    return bytes(2) + number.to_bytes(2, "little") + len(value).to_bytes(4, "little") + value


def short(number: int, value: int) -> bytes:
    return element(number, value.to_bytes(2, "little"))


def response(message_id: int = 7, status: int = 0) -> bytes:
    """The command set of a C-ECHO-RSP (PS3.7 table 9.3-13)."""
    elements = (
        element(0x0002, b"1.2.840.10008.1.1\0")
        + short(0x0100, 0x8030)
        + short(0x0120, message_id)
        + short(0x0800, 0x0101)
        + short(0x0900, status)
    )
    return element(0x0000, len(elements).to_bytes(4, "little")) + elements


def fragment(content: bytes, control: int = 0b11, identity: int = 1) -> bytes:
    """A presentation data value (PS3.8 table 9-23)."""
    return (len(content) + 2).to_bytes(4, "big") + bytes((identity, control)) + content


def answer(message_id: int = 7, status: int = 0) -> bytes:
    """A P-DATA-TF with a whole C-ECHO-RSP."""
    return unit(4, fragment(response(message_id, status)))
