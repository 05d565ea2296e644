"""Devices that send traps: datagrams made by pysnmp, and the clocks of a test."""

from __future__ import annotations

from typing import Any

from pyasn1.codec.ber import encoder
from pysnmp.proto.api import v1, v2c
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU

from collector.model import Auth, Secret
from collector.network.traps.senders import Sender
from collector.network.traps.usm import Usm

ENGINE = b"\x80\x00\x1f\x88\x05agent-1"
LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
LAB = Auth("lab", 2, community=Secret("canary-community"))


def v3(level: str = "authPriv", digest: str = "SHA256", cipher: str = "AES", name: str = "safe", **more: Any) -> Auth:
    fields: dict[str, Any] = {
        "username": "watcher",
        "password": Secret("canary-one"),
        "priv_password": Secret("canary-two"),
    } | more
    return Auth(name, 3, security_level=level, auth_protocol=digest, priv_protocol=cipher, **fields)


SWITCH = Sender("sw-1", ("127.9.4.1",), LAB)
CORE = Sender("core-1", ("127.9.4.2",), v3())


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def pdu(trap: str = LINK_DOWN, *, inform: bool = False, number: int = 7, uptime: int = 5, text: bytes = b"") -> Any:
    made = v2c.InformRequestPDU() if inform else v2c.SNMPv2TrapPDU()
    v2c.apiTrapPDU.set_defaults(made)
    bindings = [
        (v2c.ObjectIdentifier("1.3.6.1.2.1.1.3.0"), v2c.TimeTicks(uptime)),
        (v2c.ObjectIdentifier("1.3.6.1.6.3.1.1.4.1.0"), v2c.ObjectIdentifier(trap)),
        (v2c.ObjectIdentifier("1.3.6.1.2.1.1.5.0"), v2c.OctetString(text)),
    ]
    v2c.apiTrapPDU.set_varbinds(made, bindings)
    v2c.apiTrapPDU.set_request_id(made, number)
    return made


def by_community(trap: str = LINK_DOWN, community: str = "canary-community", **more: Any) -> bytes:
    """A trap or inform of v2c."""
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community)
    v2c.apiMessage.set_pdu(message, pdu(trap, **more))
    return bytes(encoder.encode(message))


def by_v1(enterprise: str, generic: int, specific: int, community: str = "canary-community") -> bytes:
    made = v1.TrapPDU()
    v1.apiTrapPDU.set_defaults(made)
    v1.apiTrapPDU.set_enterprise(made, enterprise)
    v1.apiTrapPDU.set_generic_trap(made, generic)
    v1.apiTrapPDU.set_specific_trap(made, specific)
    message = v1.Message()
    v1.apiMessage.set_defaults(message)
    v1.apiMessage.set_community(message, community)
    v1.apiMessage.set_pdu(message, made)
    return bytes(encoder.encode(message))


class Agent:
    """An SNMPv3 engine with one user, whose clock is the test's."""

    def __init__(
        self, auth: Auth, clock: Clock, *, engine: bytes = b"\x80\x00\x1f\x88\x05agent-1", boots: int = 3
    ) -> None:
        self.auth = auth
        self.usm = Usm(engine, boots, clock)
        self.usm.load([Sender("self", (), auth)])

    def trap(self, trap: str = LINK_DOWN, *, level: str = "", user: str = "", **more: Any) -> bytes:
        return self.datagram(pdu(trap, **more), level or self.auth.security_level, user)

    def datagram(self, content: Any, level: str, user: str = "") -> bytes:
        scoped = ScopedPDU()
        scoped[0], scoped[1] = self.usm.engine, b""
        scoped[2] = scoped.componentType[2].asn1Object.clone()
        scoped[2].setComponentByType(content.tagSet, content)
        keys = self.usm._keys.get(self.auth) if level != "noAuthNoPriv" else None
        return self.usm.written(1, (user or self.auth.username).encode(), scoped, keys, level)
