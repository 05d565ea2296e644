"""How well SNMP is protected on its way to a device and back."""

from __future__ import annotations

from collections.abc import Sequence

from collector.model import Auth, Column, Common, Device, Family, column, interned, single
from collector.wire.snmp.engine import Engines

LEVEL = Family(
    "wardwatch_snmp_security_level",
    "How SNMP is protected: 1 not at all, 2 authenticated, 3 encrypted too; level says in which way it is asked.",
)
DUPLICATE = Family(
    "wardwatch_snmp_engine_id_duplicate",
    "Other devices asked within the hour that have the same SNMPv3 engine id: a cloned configuration.",
)

_NUMBERS = {"noAuthNoPriv": 1, "authNoPriv": 2, "authPriv": 3}
"""SnmpSecurityLevel of RFC 3411; a community is noAuthNoPriv (RFC 3584 section 5.2.1)."""


def level(auth: Auth) -> str:
    """`v1`, `v2c`, or the security level of v3."""
    return auth.security_level if auth.version == 3 else {1: "v1", 2: "v2c"}[auth.version]


def columns(device: Device, common: Common) -> Sequence[Column]:
    """What a device's page says of it, whatever the last poll brought."""
    auth = device.auth
    if auth is None:
        return ()
    word = level(auth)
    found = [column(LEVEL, interned(("level",), ((word,),)), (_NUMBERS.get(word, 1),))]
    if auth.version == 3:
        found.append(single(DUPLICATE, len(common(Engines).twins((device.address, device.port)))))
    return found
