"""SNMPv3 with pysnmp on the other side, for every message kind: its agent answers our questions, and its manager asks
the simulator, whose v3 is ours too."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdrsp, context
from pysnmp.hlapi.v3arch import asyncio as hlapi

from collector.errors import Denied, PollError
from collector.model import Auth, Secret
from collector.wire.snmp.engine import Engines
from collector.wire.snmp.module import Metric, Module
from simulator import play
from tests.collector.network.real import Real
from tests.collector.wire.snmp.secured import AUTH, WHERE, Ward
from tests.collector.wire.snmp.secured import user as secured_user

pytestmark = pytest.mark.slow

HASHES = {
    "MD5": config.USM_AUTH_HMAC96_MD5, "SHA": config.USM_AUTH_HMAC96_SHA, "SHA224": config.USM_AUTH_HMAC128_SHA224,
    "SHA256": config.USM_AUTH_HMAC192_SHA256, "SHA384": config.USM_AUTH_HMAC256_SHA384,
    "SHA512": config.USM_AUTH_HMAC384_SHA512,
}  # fmt: skip
CIPHERS = {
    "DES": config.USM_PRIV_CBC56_DES, "AES": config.USM_PRIV_CFB128_AES,
    "AES192": config.USM_PRIV_CFB192_AES_BLUMENTHAL, "AES256": config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    "AES192C": config.USM_PRIV_CFB192_AES, "AES256C": config.USM_PRIV_CFB256_AES,
}  # fmt: skip

PAIRS = [(protocol, "AES") for protocol in HASHES] + [("SHA", cipher) for cipher in CIPHERS if cipher != "AES"]
"""Each hash and each cipher once; that they combine is for snmpd to say."""

BY_GET = Module("get", get=("1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0"), metrics=(
    Metric("sysDescr", "1.3.6.1.2.1.1.1", "DisplayString"), Metric("sysObjectID", "1.3.6.1.2.1.1.2", "DisplayString"),
))  # fmt: skip
BY_WALK = Module("walk", walk=("1.3.6.1.2.1.1",), metrics=BY_GET.metrics)


def user(protocol: str, cipher: str, level: str = "authPriv") -> Auth:
    return replace(
        AUTH, username=f"{protocol}{cipher}{level}", auth_protocol=protocol, priv_protocol=cipher, security_level=level
    )


USERS = [user(*pair) for pair in PAIRS] + [user("SHA256", "AES", "authNoPriv"), user("SHA256", "AES", "noAuthNoPriv")]


def _free() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def their_agent() -> Iterator[int]:
    """pysnmp's command responder on a free port, with USERS."""
    port, theirs = _free(), engine.SnmpEngine()
    config.add_transport(theirs, udp.DOMAIN_NAME, udp.UdpTransport().open_server_mode(("127.0.0.1", port)))
    for each in USERS:
        level = each.security_level
        config.add_v3_user(
            theirs, each.username,
            HASHES[each.auth_protocol] if level != "noAuthNoPriv" else config.USM_AUTH_NONE, each.password.reveal(),
            CIPHERS[each.priv_protocol] if level == "authPriv" else config.USM_PRIV_NONE, each.priv_password.reveal(),
        )  # fmt: skip
        config.add_vacm_user(theirs, 3, each.username, level, (1, 3, 6, 1, 2, 1), ())
    reading = context.SnmpContext(theirs)
    for responder in (cmdrsp.GetCommandResponder, cmdrsp.NextCommandResponder, cmdrsp.BulkCommandResponder):
        responder(theirs, reading)
    try:
        yield port
    finally:
        theirs.close_dispatcher()


async def test_our_questions_and_its_answers() -> None:
    with their_agent() as port:
        edge = Real(port)
        for each in USERS:
            try:
                got, walked = await edge.poll(each, BY_GET), await edge.poll(each, BY_WALK)
            except PollError as error:
                pytest.fail(f"{each.username}: {error}")
            assert "PySNMP" in got["sysDescr"].rows.text[0], each.username
            assert got["sysDescr"].rows.text == walked["sysDescr"].rows.text
        found = edge.common(Engines).peer(("127.0.0.1", port), 0.0).engine
        assert found is not None
        assert found.proven
        edge.world.close()


async def test_its_reports() -> None:
    """A level that a user may not have is met with silence by pysnmp; net-snmp reports it."""
    with their_agent() as port:
        edge = Real(port)
        for mistake, text in (
            ({"username": "nobody"}, "does not know user"),
            ({"password": Secret("not this one")}, "digest wrong"),
            ({"priv_password": Secret("not this one")}, "can't decrypt"),
        ):
            with pytest.raises(Denied, match=text):
                await edge.poll(replace(user("SHA256", "AES"), **mistake), BY_GET)  # type: ignore[arg-type]
        edge.world.close()


async def test_its_questions_and_the_simulators_answers() -> None:
    ward = Ward(USERS[0], tuple(map(secured_user, USERS[1:])))
    ward.agent.started = 0.0
    ours = hlapi.SnmpEngine()
    with play([ward.player]) as server:
        target = await hlapi.UdpTransportTarget.create((WHERE[0], server.port), timeout=2, retries=1)
        cell, column = (hlapi.ObjectType(hlapi.ObjectIdentity(f"1.3.6.1.2.1.2.2.1.10{index}")) for index in (".1", ""))
        for each in USERS:
            level = each.security_level
            credentials = hlapi.UsmUserData(
                each.username,
                each.password.reveal() if level != "noAuthNoPriv" else None,
                each.priv_password.reveal() if level == "authPriv" else None,
                authProtocol=HASHES[each.auth_protocol] if level != "noAuthNoPriv" else config.USM_AUTH_NONE,
                privProtocol=CIPHERS[each.priv_protocol] if level == "authPriv" else config.USM_PRIV_NONE,
            )
            asked: list[Any] = [ours, credentials, target, hlapi.ContextData()]
            for result in (
                await hlapi.get_cmd(*asked, cell, lookupMib=False),
                await hlapi.next_cmd(*asked, column, lookupMib=False),
                await hlapi.bulk_cmd(*asked, 0, 5, column, lookupMib=False),
            ):
                indication, status, _, varbinds = result
                assert not indication, (each.username, indication)
                assert not status
                assert varbinds
    ours.close_dispatcher()
