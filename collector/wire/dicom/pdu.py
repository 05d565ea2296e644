"""DICOM's Upper Layer (PS3.8) as far as a client needs it that verifies: an association for that, and nothing else.

There is no way to propose another SOP class here (RELIABILITY S10).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import pack
from typing import Final, NamedTuple

from collector.errors import Malformed
from collector.wire.dicom import stream, words

APPLICATION_CONTEXT: Final = b"1.2.840.10008.3.1.1.1"  # PS3.7 annex A.2.1
VERIFICATION: Final = b"1.2.840.10008.1.1"  # PS3.4 annex A.4
IMPLICIT_VR_LITTLE_ENDIAN: Final = b"1.2.840.10008.1.2"  # PS3.5 annex A.1

IMPLEMENTATION_UID: Final = b"2.25.238344449000903581534603721196349197360"
"""Who we are: a random UUID as a UID (PS3.5 annex B.2). It names the program, so it stays as it is."""
IMPLEMENTATION_VERSION: Final = b"WARDWATCH"  # at most 16 characters (PS3.7 annex D.3.3.2.3)

CONTEXT: Final = 1
"""The presentation context's id, an odd number (PS3.8 section 9.3.2.2)."""
MAX_LENGTH: Final = 16_384
"""Longest P-DATA-TF body that we take: DCMTK's default. Some peers refuse less than its least, 4,096."""

_PROTOCOL_VERSION = 1  # bit 0; the others are not looked at (PS3.8 section 9.3.2)
_COMMAND, _LAST = 0b01, 0b10  # message control header (PS3.8 annex E.2)
_CONTEXT_ANSWER, _TRANSFER_SYNTAX, _USER_INFORMATION = 0x21, 0x40, 0x50
_LENGTH, _CLASS_UID, _VERSION_NAME = 0x51, 0x52, 0x55


def ae_title(text: str) -> bytes:
    """A title as it stands in an A-ASSOCIATE-RQ: 16 bytes, padded with spaces.

    Raises ValueError where it is none: up to 16 printable ASCII characters without backslash, not spaces alone
    (PS3.5 table 6.2-1, PS3.8 table 9-11). Spaces at either end mean nothing.
    """
    title = text.strip(" ")
    if not 1 <= len(title) <= 16 or not title.isascii() or not title.isprintable() or "\\" in title:
        raise ValueError("an AE title is 1 to 16 printable ASCII characters without backslash")
    return title.encode().ljust(16)


def associate_request(called: bytes, calling: bytes) -> bytes:
    """An A-ASSOCIATE-RQ (PS3.8 section 9.3.2) that proposes Verification. Titles as `ae_title` gives them."""
    context = pack(">BxBx", CONTEXT, 0) + _item(0x30, VERIFICATION) + _item(_TRANSFER_SYNTAX, IMPLICIT_VR_LITTLE_ENDIAN)
    user = (
        _item(_LENGTH, pack(">I", MAX_LENGTH))
        + _item(_CLASS_UID, IMPLEMENTATION_UID)
        + _item(_VERSION_NAME, IMPLEMENTATION_VERSION)
    )
    return _unit(
        stream.ASSOCIATE_RQ,
        pack(">H2x16s16s32x", _PROTOCOL_VERSION, called, calling)
        + _item(0x10, APPLICATION_CONTEXT)
        + _item(0x20, context)
        + _item(_USER_INFORMATION, user),
    )


def data(command: bytes) -> bytes:
    """A P-DATA-TF (PS3.8 section 9.3.5) with a whole command in one fragment."""
    return _unit(stream.DATA, pack(">IBB", len(command) + 2, CONTEXT, _COMMAND | _LAST) + command)


def _item(kind: int, content: bytes) -> bytes:
    return pack(">BxH", kind, len(content)) + content


def _unit(kind: int, body: bytes) -> bytes:
    return pack(">BxI", kind, len(body)) + body


RELEASE_REQUEST: Final = _unit(stream.RELEASE_RQ, bytes(4))
RELEASE_REPLY: Final = _unit(stream.RELEASE_RP, bytes(4))
ABORT_BY_USER: Final = _unit(stream.ABORT, bytes((0, 0, 0, 0)))
ABORT_BY_PROVIDER: Final = _unit(stream.ABORT, bytes((0, 0, 2, 0)))
"""Source 2, reason 0: not specified (PS3.8 table 9-26). What a malformed or unexpected unit is answered with."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An A-ASSOCIATE-AC: `context` is a word of `words.CONTEXT_RESULTS`, `max_length` in bytes (0: no limit).

    The implementation's UID and version are the peer's own text: printable and cut to what the standard allows, but
    whatever somebody typed. Not for a label unless a filter has passed it.
    """

    context: str
    max_length: int
    implementation_uid: str
    implementation_version: str


class Rejection(NamedTuple):
    """An A-ASSOCIATE-RJ, each a word of its table in `words`."""

    result: str
    source: str
    reason: str


class Abort(NamedTuple):
    """An A-ABORT, each a word of its table in `words`."""

    source: str
    reason: str


class Fragment(NamedTuple):
    """A part of a command; `last`: with it the command is whole."""

    content: bytes
    last: bool


def read_acceptance(body: bytes) -> Acceptance:
    """The body of an A-ASSOCIATE-AC (PS3.8 section 9.3.3) that answers `associate_request`.

    The titles in it are not to be tested. Items of types that are not known here are skipped.
    """
    if len(body) < 68 or not body[1] & _PROTOCOL_VERSION:
        raise Malformed("an A-ASSOCIATE-AC that is too short or of another protocol version")
    contexts = list[str]()
    user = dict[int, bytes]()
    for kind, content in _items(body, 68):
        if kind == _CONTEXT_ANSWER:
            contexts.append(_context(content))
        elif kind == _USER_INFORMATION:
            user.update(_items(content, 0))
    if len(contexts) != 1:
        raise Malformed("an A-ASSOCIATE-AC with another number of presentation contexts than was proposed")
    length = user.get(_LENGTH, bytes(4))
    if len(length) != 4:
        raise Malformed("a maximum length that is not of four bytes")
    return Acceptance(
        contexts[0],
        int.from_bytes(length, "big"),
        _text(user.get(_CLASS_UID, b""), 64),  # PS3.5 section 9.1
        _text(user.get(_VERSION_NAME, b""), 16),  # PS3.7 annex D.3.3.2.3
    )


def _context(content: bytes) -> str:
    """The result of a presentation context (PS3.8 section 9.3.3.2)."""
    if len(content) < 4 or content[0] != CONTEXT:
        raise Malformed("a presentation context that was not proposed")
    if content[2] == 0:
        syntaxes = [syntax for kind, syntax in _items(content, 4) if kind == _TRANSFER_SYNTAX]
        if [syntax.rstrip(b"\x00 ") for syntax in syntaxes] != [IMPLICIT_VR_LITTLE_ENDIAN]:
            raise Malformed("a transfer syntax that was not proposed")
    return words.CONTEXT_RESULTS.get(content[2], words.RESERVED)


def _items(body: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Type and content of each item from `at` on: a type, a reserved byte, a length of two bytes, a content."""
    while at < len(body):
        start = at + 4
        stop = start + int.from_bytes(body[at + 2 : start], "big")
        if start > len(body) or stop > len(body):
            raise Malformed("an item that is longer than what it is in")
        yield body[at], body[start:stop]
        at = stop


def _text(content: bytes, longest: int) -> str:
    text = content.rstrip(b"\x00 ")[:longest].decode("ascii", "replace")
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def read_rejection(body: bytes) -> Rejection:
    """The body of an A-ASSOCIATE-RJ (PS3.8 section 9.3.4): a reserved byte, result, source, reason."""
    _, result, source, reason = body
    return Rejection(
        words.REJECT_RESULTS.get(result, words.RESERVED),
        words.REJECT_SOURCES.get(source, words.RESERVED),
        words.REJECT_REASONS.get((source, reason), words.RESERVED),
    )


def read_abort(body: bytes) -> Abort:
    """The body of an A-ABORT (PS3.8 section 9.3.8): two reserved bytes, source, reason."""
    _, _, source, reason = body
    return Abort(
        words.ABORT_SOURCES.get(source, words.RESERVED),
        words.ABORT_REASONS.get(reason if source == 2 else 0, words.RESERVED),
    )


def read_data(body: bytes) -> Iterator[Fragment]:
    """The command fragments in the body of a P-DATA-TF (PS3.8 section 9.3.5).

    A data set is Malformed: a verification has none, and nothing that may hold a patient is read (RELIABILITY S22).
    """
    if not body:
        raise Malformed("a P-DATA-TF with nothing in it")
    at = 0
    while at < len(body):
        start = at + 6
        stop = at + 4 + int.from_bytes(body[at : at + 4], "big")
        if not start <= stop <= len(body):
            raise Malformed("a fragment that is longer than what it is in, or has no header")
        if body[at + 4] != CONTEXT:
            raise Malformed("a fragment of a presentation context that was not proposed")
        if not body[at + 5] & _COMMAND:
            raise Malformed("a data set that nobody has asked for")
        yield Fragment(body[start:stop], bool(body[at + 5] & _LAST))
        at = stop
