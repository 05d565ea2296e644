"""SNMP messages, versions 1 and 2c: three questions go out, answers come in.

There is no way to write a SET, a trap or an inform here (RELIABILITY S10): `Question` has the three that read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Literal, NamedTuple

from collector.errors import Malformed
from collector.wire.snmp import ber

Question = Literal["get", "next", "bulk"]

_TAGS: dict[Question, int] = {"get": 0xA0, "next": 0xA1, "bulk": 0xA5}
RESPONSE = 0xA2
REPORT = 0xA8

V1 = 0
V2C = 1

NO_ERROR = 0
TOO_BIG = 1
NO_SUCH_NAME = 2
GEN_ERR = 5
NO_ACCESS = 6
AUTHORIZATION_ERROR = 16


def request(
    version: int, community: bytes, question: Question, request_id: int, names: Sequence[bytes], repetitions: int = 0,
    non_repeaters: int = 0,
) -> bytes:  # fmt: skip
    """One message. `names` are raw OIDs; `version` is the number on the wire (0 is v1, 1 is v2c). The first names of a
    GETBULK are its `non_repeaters`."""
    return ber.tlv(
        ber.SEQUENCE,
        ber.encode_integer(version)
        + ber.tlv(ber.OCTET_STRING, community)
        + pdu(question, request_id, names, repetitions, non_repeaters),
    )


def pdu(
    question: Question, request_id: int, names: Sequence[bytes], repetitions: int = 0, non_repeaters: int = 0
) -> bytes:
    """The PDU of a question."""
    return ber.tlv(
        _TAGS[question],
        ber.encode_integer(request_id)
        + b"\x02\x01%c" % non_repeaters  # error-status elsewhere
        + ber.encode_integer(repetitions)  # error-index; max-repetitions in a GETBULK
        + _asked_for(tuple(names)),
    )


@lru_cache(maxsize=1024)
def _asked_for(names: tuple[bytes, ...]) -> bytes:
    """The varbinds of a question: devices alike are asked for the same in each poll."""
    varbinds = b"".join(
        [
            # Mostly names are short: tag, length and content at once.
            b"0%c\x06%c%b\x05\x00" % (len(name) + 4, len(name), name)
            if len(name) < 0x7C
            else ber.tlv(ber.SEQUENCE, ber.tlv(ber.OID, name) + b"\x05\x00")
            for name in names
        ]
    )
    return ber.tlv(ber.SEQUENCE, varbinds)


class Head(NamedTuple):
    """A message up to its varbinds, which lie in `start:stop` of the packet."""

    version: int
    community: bytes
    pdu: int
    request_id: int
    error_status: int
    error_index: int
    start: int
    stop: int


def read(packet: bytes) -> Head:
    """The head of a v1 or v2c message. Malformed where it is none; what follows the message is ignored."""
    start, end = ber.expect(packet, 0, len(packet), ber.SEQUENCE)
    at, stop = ber.expect(packet, start, end, ber.INTEGER)
    version = ber.signed(packet[at:stop])
    if version not in (V1, V2C):
        raise Malformed("neither SNMP v1 nor v2c")
    at, stop = ber.expect(packet, stop, end, ber.OCTET_STRING)
    community = packet[at:stop]
    return read_pdu(packet, stop, end, version, community)


def read_pdu(packet: bytes, at: int, end: int, version: int, community: bytes = b"") -> Head:
    """The head of the PDU at `at`, whose message was of that version."""
    pdu, at, end = ber.header(packet, at, end)
    request_id, at = _integer(packet, at, end)
    error_status, at = _integer(packet, at, end)
    error_index, at = _integer(packet, at, end)
    start, stop = ber.expect(packet, at, end, ber.SEQUENCE)
    return Head(version, community, pdu, request_id, error_status, error_index, start, stop)


_USUAL = re.compile(rb"\x02(\x04.{4}|\x03.{3}|\x02..|\x01.)\x02\x01(.)\x02\x01(.)\x30\x82(..)", re.DOTALL)
"""Request id, error status, error index, length of the varbinds."""


def lead(version: int, community: bytes) -> bytes:
    """What stands between the length of a long answer and that of its PDU."""
    return ber.encode_integer(version) + ber.tlv(ber.OCTET_STRING, community) + bytes((RESPONSE, 0x82))


def answer(packet: bytes, version: int, community: bytes, front: bytes) -> Head | None:
    """As `read`, quicker, for a long answer with this `lead` in the usual encoding.

    None: it is not that; `read` tells what it is.
    """
    at = 4 + len(front)
    if packet[:2] != b"\x30\x82" or packet[4:at] != front:
        return None
    found = _USUAL.match(packet, at + 2)
    if found is None:
        return None
    request_id, error_status, error_index, size = found.groups()
    start = found.end()
    stop = start + int.from_bytes(size, "big")
    ends = (int.from_bytes(packet[2:4], "big") + 4, int.from_bytes(packet[at : at + 2], "big") + at + 2)
    if ends != (stop, stop) or stop > len(packet):
        return None
    numbers = (ber.signed(request_id[1:]), ber.signed(error_status), ber.signed(error_index))
    return Head(version, community, RESPONSE, *numbers, start, stop)


def _integer(packet: bytes, at: int, end: int) -> tuple[int, int]:
    """The INTEGER at `at` and where it ends."""
    start, stop = ber.expect(packet, at, end, ber.INTEGER)
    return ber.signed(packet[start:stop]), stop


def varbind(packet: bytes, at: int, end: int) -> tuple[bytes, int, bytes, int]:
    """The varbind at `at`: raw OID, tag and content of its value, and where the next one begins.

    Malformed where it is none: then nothing says where the next one would begin.
    """
    try:
        # Mostly all lengths are short and as they should be: one look at each tells.
        value = at + 4 + packet[at + 3]
        after = at + 2 + packet[at + 1]
        if (
            packet[at] == ber.SEQUENCE
            and packet[at + 2] == ber.OID
            and at + 4 <= value
            and value + 2 + packet[value + 1] == after <= end
            and after - at < 0x82
        ):
            return packet[at + 4 : value], packet[value], packet[value + 2 : after], after
    except IndexError:
        pass
    start, after = ber.expect(packet, at, end, ber.SEQUENCE)
    at, stop = ber.expect(packet, start, after, ber.OID)
    tag, start, end = ber.header(packet, stop, after)
    if end != after:
        raise Malformed("bytes behind the value of a varbind")
    return packet[at:stop], tag, packet[start:end], after


def several(packet: bytes, at: int, end: int, most: int) -> tuple[list[bytes], list[int], list[bytes], int]:
    """The first varbinds from `at` on, at most so many (0: all), as `varbind` reads them: their raw OIDs, tags and
    contents, and where the next one begins. Raises Malformed. Hot."""
    oids: list[bytes] = []
    tags: list[int] = []
    contents: list[bytes] = []
    keep_oid, keep_tag, keep_content = oids.append, tags.append, contents.append
    for _ in range(most) if most else repeat(None):
        if at >= end:
            break
        try:
            value = at + 4 + packet[at + 3]
            after = at + 2 + packet[at + 1]
            short = (
                value + 2 + packet[value + 1] == after <= end
                and after - at < 0x82
                and packet[at] == ber.SEQUENCE
                and packet[at + 2] == ber.OID
            )
        except IndexError:
            short = False
        if short:
            keep_oid(packet[at + 4 : value])
            keep_tag(packet[value])
            keep_content(packet[value + 2 : after])
            at = after
        else:
            oid, tag, content, at = varbind(packet, at, end)
            keep_oid(oid)
            keep_tag(tag)
            keep_content(content)
    return oids, tags, contents, at


def expected(packet: bytes, at: int, end: int, begins: Sequence[bytes]) -> tuple[list[bytes], int] | None:
    """The contents of varbinds whose names and types are those of `beginning`, one after the other, and where the next
    one begins; None where one has others. Raises Malformed. Hot."""
    contents: list[bytes] = []
    keep = contents.append
    for begin in begins:
        start = at + 3 + len(begin)
        try:
            after = start + packet[start - 1]
            short = (
                packet.startswith(begin, at + 2)
                and packet[at + 1] == after - at - 2
                and packet[at] == ber.SEQUENCE
                and after - at < 0x82
                and after <= end
            )
        except IndexError:
            short = False
        if short:
            keep(packet[start:after])
            at = after
        else:
            name, tag, content, at = varbind(packet, at, end)
            if beginning(name, tag) != begin:
                return None
            keep(content)
    return contents, at


def beginning(name: bytes, tag: int) -> bytes:
    """What stands in a short varbind between its length and that of its value."""
    return ber.tlv(ber.OID, name) + bytes((tag,))


def varbinds(packet: bytes, head: Head) -> Iterator[tuple[bytes, int, bytes]]:
    """Raw OID, tag and content of each varbind. Raises Malformed where they stop making sense."""
    at = head.start
    while at < head.stop:
        name, tag, content, at = varbind(packet, at, head.stop)
        yield name, tag, content
