"""The SNMPv3 message (RFC 3412 section 6) with the USM's security parameters (RFC 3414 section 2.4): bytes and fields.

Nothing is judged here but shape. Positions are kept where the digest needs them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from collector.errors import Malformed
from collector.wire.snmp import ber, message
from collector.wire.snmp.message import Head

V3: Final = 3
USM: Final = 3
"""The security model (RFC 3411 section 5)."""

AUTHENTICATED: Final = 1
ENCRYPTED: Final = 2
REPORTABLE: Final = 4
"""msgFlags."""

LARGEST: Final = 65507
"""msgMaxSize that we name: what UDP can carry over IPv4."""

MOST: Final = 2**31 - 1
"""Greatest msgID, boots and time."""

ENGINE_ID: Final = 32
"""Longest engine id, and longest user name, in bytes (RFC 3411 section 5)."""

_SIZE_AND_FLAGS: Final = ber.encode_integer(LARGEST) + b"\x04\x01"


class Frame(NamedTuple):
    """A message up to its data: a scoped PDU (`tag` SEQUENCE) or its ciphertext (OCTET STRING), in `start:stop`."""

    msg_id: int
    flags: int
    engine_id: bytes
    boots: int
    time: int
    user: bytes
    digest: bytes
    digest_at: int
    salt: bytes
    tag: int
    start: int
    stop: int
    begin: int
    """Where `start` has its tag."""


def read(packet: bytes) -> Frame:
    """The fields of an SNMPv3 message with USM parameters. Malformed where it is none, or bytes follow it."""
    start, end = ber.expect(packet, 0, len(packet), ber.SEQUENCE)
    if end != len(packet):
        raise Malformed("bytes behind the message")
    version, at = _number(packet, start, end)
    if version != V3:
        raise Malformed("not SNMP v3")
    at, stop = ber.expect(packet, at, end, ber.SEQUENCE)
    msg_id, at = _number(packet, at, stop)
    _, at = _number(packet, at, stop)
    start, at = ber.expect(packet, at, stop, ber.OCTET_STRING)
    if at - start != 1:
        raise Malformed("flags that are no byte")
    flags = packet[start]
    model, at = _number(packet, at, stop)
    if model != USM or at != stop:
        raise Malformed("not the user-based security model")
    at, behind = ber.expect(packet, stop, end, ber.OCTET_STRING)
    at, stop = ber.expect(packet, at, behind, ber.SEQUENCE)
    if stop != behind:
        raise Malformed("bytes behind the security parameters")
    start, at = ber.expect(packet, at, stop, ber.OCTET_STRING)
    engine_id = packet[start:at]
    boots, at = _number(packet, at, stop)
    time, at = _number(packet, at, stop)
    start, at = ber.expect(packet, at, stop, ber.OCTET_STRING)
    user = packet[start:at]
    digest_at, at = ber.expect(packet, at, stop, ber.OCTET_STRING)
    digest = packet[digest_at:at]
    start, at = ber.expect(packet, at, stop, ber.OCTET_STRING)
    if at != stop:
        raise Malformed("more security parameters than there are")
    salt = packet[start:at]
    if len(engine_id) > ENGINE_ID or len(user) > ENGINE_ID or not 0 <= boots <= MOST or not 0 <= time <= MOST:
        raise Malformed("security parameters out of bounds")
    tag, start, stop = ber.header(packet, behind, end)
    if stop != end or tag not in (ber.SEQUENCE, ber.OCTET_STRING):
        raise Malformed("neither a scoped PDU nor an encrypted one")
    return Frame(msg_id, flags, engine_id, boots, time, user, digest, digest_at, salt, tag, start, stop, behind)


class Scoped(NamedTuple):
    """A scoped PDU: context, and the PDU's head with positions in the bytes it was read from."""

    engine_id: bytes
    name: bytes
    head: Head


def scoped(data: bytes, begin: int) -> Scoped:
    """The scoped PDU whose tag is at `begin`; what follows it is padding. Malformed where it is none."""
    at, end = ber.expect(data, begin, len(data), ber.SEQUENCE)
    start, at = ber.expect(data, at, end, ber.OCTET_STRING)
    engine_id = data[start:at]
    start, at = ber.expect(data, at, end, ber.OCTET_STRING)
    return Scoped(engine_id, data[start:at], message.read_pdu(data, at, end, V3))


def security(engine_id: bytes, boots: int, time: int, user: bytes, digest: bytes, salt: bytes) -> bytes:
    """The security parameters, encoded."""
    return ber.tlv(
        ber.OCTET_STRING,
        ber.tlv(
            ber.SEQUENCE,
            ber.tlv(ber.OCTET_STRING, engine_id)
            + ber.encode_integer(boots)
            + ber.encode_integer(time)
            + ber.tlv(ber.OCTET_STRING, user)
            + ber.tlv(ber.OCTET_STRING, digest)
            + ber.tlv(ber.OCTET_STRING, salt),
        ),
    )


def write(msg_id: int, flags: int, parameters: bytes, data: bytes) -> bytes:
    """A message of encoded security parameters and encoded data. `msg_id` has 31 bits, the first set."""
    header = b"\x30\x11\x02\x04" + msg_id.to_bytes(4, "big") + _SIZE_AND_FLAGS + bytes((flags,)) + b"\x02\x01\x03"
    return ber.tlv(ber.SEQUENCE, b"\x02\x01\x03" + header + parameters + data)


def _number(packet: bytes, at: int, end: int) -> tuple[int, int]:
    """The INTEGER at `at` and where it ends."""
    start, stop = ber.expect(packet, at, end, ber.INTEGER)
    return ber.signed(packet[start:stop]), stop
