"""Traps and informs of SNMPv1 and v2c, read by pysnmp. A community proves nothing: they are marked `auth="none"`."""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest
from typing import Any, Final

from pyasn1.codec.ber import encoder
from pysnmp.proto.api import v1

from collector.network.traps.notice import Notice, Refused
from collector.network.traps.pdu import INFORM, CommunityMessage, acknowledged, decoded, trap_of
from collector.network.traps.senders import Sender

STANDARD: Final = (1, 3, 6, 1, 6, 3, 1, 1, 5)
"""snmpTraps (RFC 3418): below it coldStart(1) to egpNeighborLoss(6), which in v1 are generic traps 0 to 5."""
ENTERPRISE_SPECIFIC: Final = 6
_V1, _V2C = v1.Message(), CommunityMessage()
"""What is read, by which pysnmp's decoder goes; never written to."""


def read_community(data: bytes, version: int, senders: Sequence[Sender]) -> Notice:
    """A message of v1 (0) or v2c (1) from an address that these senders have. Raises Refused."""
    message = decoded(data, _V1 if version == 0 else _V2C)
    sender = _whose(message[1].asOctets(), senders)
    pdu = message[2].getComponent()
    if version == 0:
        if pdu.tagSet != v1.TrapPDU.tagSet:
            raise Refused("not_a_trap")
        return Notice(sender.name, _v1_oid(pdu), "none")
    trap = trap_of(pdu)
    if pdu.tagSet != INFORM:
        return Notice(sender.name, trap, "none")
    acknowledged(message[2])
    return Notice(sender.name, trap, "none", encoder.encode(message), data)


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
        return _dotted((*STANDARD, generic + 1))
    return _dotted((*enterprise, 0, specific & 0xFFFFFFFF))


def _dotted(arcs: tuple[int, ...]) -> str:
    return ".".join(map(str, arcs))
