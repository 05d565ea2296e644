"""The PDUs of traps and informs, for pysnmp's decoder: read as far as it takes to know which trap it is.

pysnmp's own types make objects of every binding, which is two thirds of the time, and of all that a device wrote. Here
bindings stay bytes, and only those up to snmpTrapOID.0 are looked at.
"""

from __future__ import annotations

from typing import Any, Final

from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import namedtype, univ
from pysnmp.proto import rfc1902, rfc1905
from pysnmp.proto.mpmod import rfc3412

from collector.errors import Malformed
from collector.network.traps.notice import Refused
from collector.wire.snmp import ber

TRAP_OID: Final = ber.encode_oid("1.3.6.1.6.3.1.1.4.1.0")
"""snmpTrapOID.0 (RFC 3418): which trap it is. It is the second binding (RFC 3416, 4.2.6)."""
LOOKED_AT: Final = 8
"""Bindings in which it is looked for."""


def _of(tags: Any) -> Any:
    """A PDU with these tags whose bindings stay bytes."""
    parts = [namedtype.NamedType(name, univ.Integer()) for name in ("request-id", "error-status", "error-index")]
    parts.append(namedtype.NamedType("variable-bindings", univ.Any()))
    kind = type("Pdu", (univ.Sequence,), {"tagSet": tags, "componentType": namedtype.NamedTypes(*parts)})
    return kind()


TRAP: Final = rfc1905.SNMPv2TrapPDU.tagSet
INFORM: Final = rfc1905.InformRequestPDU.tagSet
_RESPONSE: Final = rfc1905.ResponsePDU.tagSet


class _Pdus(univ.Choice):  # type: ignore[misc]
    componentType = namedtype.NamedTypes(
        *(namedtype.NamedType(one.name, _of(one.asn1Object.tagSet)) for one in rfc1905.PDUs.componentType.namedTypes)
    )


class CommunityMessage(univ.Sequence):  # type: ignore[misc]
    """A message of v2c (RFC 1901)."""

    componentType = namedtype.NamedTypes(
        namedtype.NamedType("version", univ.Integer()),
        namedtype.NamedType("community", univ.OctetString()),
        namedtype.NamedType("data", _Pdus()),
    )


class ScopedPdu(univ.Sequence):  # type: ignore[misc]
    """What SNMPv3 protects (RFC 3412, 6)."""

    componentType = namedtype.NamedTypes(
        namedtype.NamedType("contextEngineId", univ.OctetString()),
        namedtype.NamedType("contextName", univ.OctetString()),
        namedtype.NamedType("data", _Pdus()),
    )


class _ScopedPduData(univ.Choice):  # type: ignore[misc]
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("plaintext", ScopedPdu()),
        namedtype.NamedType("encryptedPDU", univ.OctetString()),
    )


class V3Message(univ.Sequence):  # type: ignore[misc]
    """A message of v3 (RFC 3412, 6)."""

    componentType = namedtype.NamedTypes(
        namedtype.NamedType("msgVersion", univ.Integer()),
        namedtype.NamedType("msgGlobalData", rfc3412.HeaderData()),
        namedtype.NamedType("msgSecurityParameters", univ.OctetString()),
        namedtype.NamedType("msgData", _ScopedPduData()),
    )


class _Binding(univ.Sequence):  # type: ignore[misc]
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("name", univ.ObjectIdentifier()),
        namedtype.NamedType("value", univ.Any()),
    )


def decoded(data: bytes, spec: Any) -> Any:
    """`data` by `spec`, all of it. Raises Refused for anything else, whatever the library stumbles over."""
    try:
        value, rest = decoder.decode(data, asn1Spec=spec)
    except Exception as error:  # pyasn1 raises what it likes on hostile bytes; each of it means the same
        raise Refused("malformed") from error
    if rest or not value.isValue:
        raise Refused("malformed")
    return value


def version_of(data: bytes) -> int:
    """The version of a message: 0 for v1, 1 for v2c, 3 for v3. Raises Refused."""
    try:
        start, stop = ber.expect(data, 0, len(data), ber.SEQUENCE)
        start, stop = ber.expect(data, start, stop, ber.INTEGER)
    except Malformed:
        raise Refused("malformed") from None
    return ber.signed(data[start:stop])


def trap_of(pdu: Any) -> str:
    """Which trap: the value of snmpTrapOID.0 in a trap or inform. Raises Refused."""
    if pdu.tagSet not in (TRAP, INFORM):
        raise Refused("not_a_trap")
    bindings = pdu[3].asOctets()
    try:
        at, end = ber.expect(bindings, 0, len(bindings), ber.SEQUENCE)
        for _ in range(LOOKED_AT):
            at, after = ber.expect(bindings, at, end, ber.SEQUENCE)
            start, stop = ber.expect(bindings, at, after, ber.OID)
            if bindings[start:stop] == TRAP_OID:
                start, stop = ber.expect(bindings, stop, after, ber.OID)
                return ber.dotted(bindings[start:stop])
            at = after
    except Malformed:
        pass
    raise Refused("malformed")


def acknowledged(data: Any) -> None:
    """Make the inform in a message's or scoped PDU's `data` its own acknowledgement (RFC 3416, 4.2.7)."""
    inform = data.getComponent()
    response = data.setComponentByType(_RESPONSE)[data.getName()]
    response[0], response[1], response[2], response[3] = inform[0], 0, 0, inform[3]


def report(engine: bytes, number: Any, counter: tuple[int, ...], value: int) -> Any:
    """A scoped PDU that tells a sender what it lacks: one of USM's counters (RFC 3412, 7.1 (3))."""
    binding = _Binding()
    binding[0], binding[1] = counter, encoder.encode(rfc1902.Counter32(value & 0xFFFFFFFF))
    bindings = univ.SequenceOf(componentType=_Binding())
    bindings[0] = binding
    scoped = ScopedPdu()
    scoped[0], scoped[1] = engine, b""
    pdus = scoped.setComponentByPosition(2)[2]
    made = pdus.setComponentByType(rfc1905.ReportPDU.tagSet)[pdus.getName()]
    made[0], made[1], made[2], made[3] = number, 0, 0, encoder.encode(bindings)
    return scoped
