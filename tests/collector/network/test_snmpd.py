"""SNMPv3 with net-snmp's snmpd: a user for every algorithm it has, its reports, and its restarts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from collector.errors import Denied, PollError
from collector.model import Auth, Secret
from collector.wire.snmp.engine import Engines
from collector.wire.snmp.keys import AUTHENTICATION, PRIVACY_KEY
from collector.wire.snmp.module import Metric, Module
from deploy.local import parts
from tests.collector.network.real import Real

pytestmark = pytest.mark.parts

MODULE = Module(
    "system",
    get=("1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"),
    walk=("1.3.6.1.2.1.11",),
    metrics=(
        Metric("sysUpTime", "1.3.6.1.2.1.1.3", "gauge"),
        Metric("sysName", "1.3.6.1.2.1.1.5", "DisplayString"),
        Metric("snmpInPkts", "1.3.6.1.2.1.11.1", "counter"),
    ),
)
OPEN = Auth("open", 2, Secret("public"))
THEIR_HASHES = {"MD5": "MD5", "SHA": "SHA", **{f"SHA{n}": f"SHA-{n}" for n in (224, 256, 384, 512)}}


def auth(protocol: str, cipher: str) -> Auth:
    return Auth(
        f"{protocol}-{cipher}", 3, username=f"{protocol}-{cipher or 'none'}", password=Secret("maplesyrup"),
        security_level="authPriv" if cipher else "authNoPriv", auth_protocol=protocol, priv_protocol=cipher or "AES",
        priv_password=Secret("newsyrup") if cipher else Secret(""),
    )  # fmt: skip


AUTHS = [auth(protocol, cipher) for protocol, cipher in product(AUTHENTICATION, ["", *PRIVACY_KEY])]


class Snmpd:
    def __init__(self, home: Path) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        lines = ["rocommunity public 127.0.0.1", "sysName real-agent", "createUser open", "rouser open noauth"]
        for each in AUTHS:
            sealed = f"{each.priv_protocol} newsyrup" if each.security_level == "authPriv" else ""
            lines.append(f"createUser {each.username} {THEIR_HASHES[each.auth_protocol]} maplesyrup {sealed}")
            lines.append(f"rouser {each.username} {'priv' if sealed else 'auth'}")
        (home / "snmpd.conf").write_text("\n".join(lines) + "\n")
        self._home = home
        # Nobody else's configuration; engine id and boots are kept among its state.
        self._environment = {
            **os.environ,
            "SNMPCONFPATH": f"{home}:{home}/state",
            "SNMP_PERSISTENT_DIR": f"{home}/state",
            "MIBS": "",
        }
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [parts.part("snmpd"), "-f", "-Lf", self._home / "log", f"udp:127.0.0.1:{self.port}"], env=self._environment
        )
        deadline = time.monotonic() + 15
        log = self._home / "log"
        while not log.exists() or "NET-SNMP version" not in log.read_text():
            assert self._process.poll() is None, "snmpd has ended"
            assert time.monotonic() < deadline, "snmpd does not start"
            time.sleep(0.02)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)
        (self._home / "log").unlink(missing_ok=True)


@contextmanager
def running(home: Path) -> Iterator[Snmpd]:
    try:
        snmpd = Snmpd(home)
    except parts.MissingPart as missing:
        pytest.skip(str(missing))
    try:
        yield snmpd
    finally:
        snmpd.stop()


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    with running(tmp_path_factory.mktemp("snmpd")) as started:
        yield started


async def test_every_algorithm_that_it_has(snmpd: Snmpd) -> None:
    edge = Real(snmpd.port)
    plain = await edge.poll(OPEN, MODULE)
    for each in (*AUTHS, Auth("open", 3, username="open")):
        try:
            page = await edge.poll(each, MODULE)
        except PollError as error:
            pytest.fail(f"{each.name}: {error}")
        assert page["sysName"].rows.text == plain["sysName"].rows.text == ('{sysName="real-agent"}',), each.name
        assert page["snmpInPkts"].values[0] > plain["snmpInPkts"].values[0], each.name
    edge.world.close()


@pytest.mark.parametrize(
    ("mistake", "text"),
    [
        ({"username": "nobody"}, "does not know user"),
        ({"password": Secret("not this one")}, "digest wrong"),
        ({"security_level": "authNoPriv", "username": "SHA256-none", "auth_protocol": "SHA512"}, "digest wrong"),
        ({"username": "open", "security_level": "authNoPriv"}, "security level"),
    ],
)
async def test_what_it_says_of_mistakes(snmpd: Snmpd, mistake: dict[str, object], text: str) -> None:
    edge = Real(snmpd.port)
    with pytest.raises(Denied, match=text):
        await edge.poll(replace(auth("SHA256", "AES"), **mistake), MODULE)  # type: ignore[arg-type]
    assert edge.tally.sent == 2, "a discovery, and one question"
    edge.world.close()


async def test_a_wrong_encryption_password_never_gives_values(snmpd: Snmpd) -> None:
    """Net-snmp says nothing at all, or that it can't decrypt."""
    edge = Real(snmpd.port, seconds=1.5)
    with pytest.raises(PollError) as told:
        await edge.poll(replace(auth("SHA256", "AES"), priv_password=Secret("not this one")), MODULE)
    assert told.value.reason in ("denied", "timeout")
    edge.world.close()


async def test_restarts_cost_two_exchanges_at_most(tmp_path: Path) -> None:
    with running(tmp_path) as snmpd:
        edge = Real(snmpd.port)
        secured = auth("SHA256", "AES")
        await edge.poll(secured, MODULE)
        engine = edge.common(Engines).peer(("127.0.0.1", snmpd.port), 0.0).engine
        assert engine is not None
        edge.tally.sent = 0
        await edge.poll(secured, MODULE)
        usual = edge.tally.sent
        for _ in range(2):
            before = engine.clock(edge.now())[0]
            snmpd.stop()
            snmpd.start()
            edge.tally.sent = 0
            page = await edge.poll(secured, MODULE)
            assert page["sysUpTime"].values[0] >= 0
            assert edge.tally.sent <= usual + 2
            assert engine.clock(edge.now())[0] == before + 1
        edge.world.close()
