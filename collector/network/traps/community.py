"""Traps and informs of SNMPv1 and v2c, read by pysnmp. A community proves nothing: they are marked `auth="none"`."""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest
from typing import Any, Final

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto.api import v1, v2c

from collector.network.traps.notice import Notice, Refused
from collector.network.traps.senders import Sender

TRAP_OID: Final = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
"""snmpTrapOID.0 (RFC 3418): which trap it is."""
STANDARD: Final = (1, 3, 6, 1, 6, 3, 1, 1, 5)
"""snmpTraps (RFC 3418): below it coldStart(1) to egpNeighborLoss(6), which in v1 are generic traps 0 to 5."""
ENTERPRISE_SPECIFIC: Final = 6
_V1, _V2C, _AN_OID = v1.Message(), v2c.Message(), v2c.ObjectIdentifier()
"""What is read, by which pysnmp's decoder goes; never written to."""


def read_community(data: bytes, version: int, senders: Sequence[Sender]) -> Notice:
    """A message of v1 (0) or v2c (1) from an address that these senders have. Raises Refused."""
    message, pdu = decode(data, _V1 if version == 0 else _V2C)
    said = bytes(message[1])
    sender = _whose(said, senders)
    mark = b""
    reply = b""
    if version == 0:
        if pdu.tagSet != v1.TrapPDU.tagSet:
            raise Refused("not_a_trap")
        trap = _v1_oid(pdu)
    else:
        trap = v2_trap(pdu)
        if pdu.tagSet == v2c.InformRequestPDU.tagSet:
            message[2].setComponentByType(v2c.GetResponsePDU.tagSet, response(pdu))
            reply = encoder.encode(message)
            mark = data
    return Notice(sender.name, trap, "none", reply, mark)


def decode(data: bytes, spec: Any) -> tuple[Any, Any]:
    """A message whose third part holds its PDU, and that PDU. Raises Refused."""
    message = decoded(data, spec)
    return message, message[2].getComponent()


def decoded(data: bytes, spec: Any) -> Any:
    """`data` by `spec`, all of it. Raises Refused for anything else, whatever the library stumbles over."""
    try:
        value, rest = decoder.decode(data, asn1Spec=spec)
    except Exception as error:  # pyasn1 raises what it likes on hostile bytes; each of it means the same
        raise Refused("malformed") from error
    if rest or not value.isValue:
        raise Refused("malformed")
    return value


def _whose(community: bytes, senders: Sequence[Sender]) -> Sender:
    """The sender whose community it is. Raises Refused with the reason that helps most."""
    auths = [(sender, sender.auth) for sender in senders if sender.auth is not None]
    if not auths:
        raise Refused("no_credentials")
    by_community = [(sender, auth) for sender, auth in auths if auth.version < 3]
    if not by_community:
        raise Refused("wrong_version")
    for sender, auth in by_community:
        if compare_digest(auth.community.reveal().encode(), community):
            return sender
    raise Refused("wrong_community")


def _v1_oid(pdu: Any) -> str:
    """Which trap: RFC 3584, 3.1 (2) and (3)."""
    enterprise, generic, specific = tuple(pdu[0]), int(pdu[2]), int(pdu[3])
    if 0 <= generic < ENTERPRISE_SPECIFIC:
        return dotted((*STANDARD, generic + 1))
    return dotted((*enterprise, 0, specific & 0xFFFFFFFF))


def v2_trap(pdu: Any) -> str:
    """The value of snmpTrapOID.0 in a trap or inform of v2c or v3. Raises Refused."""
    if pdu.tagSet not in (v2c.SNMPv2TrapPDU.tagSet, v2c.InformRequestPDU.tagSet):
        raise Refused("not_a_trap")
    for name, value in v2c.apiPDU.get_varbinds(pdu):
        if tuple(name) == TRAP_OID:
            if not value.isSameTypeWith(_AN_OID):
                break
            return dotted(tuple(value))
    raise Refused("malformed")


def response(inform: Any) -> Any:
    """The acknowledgement of an inform: the same bindings, no error (RFC 3416, 4.2.7)."""
    answer = v2c.apiPDU.get_response(inform)
    v2c.apiPDU.set_varbinds(answer, v2c.apiPDU.get_varbinds(inform))
    return answer


def dotted(arcs: tuple[int, ...]) -> str:
    return ".".join(map(str, arcs))
