"""What `--debug` tells: what is asked, how much goes over a connection, and never a secret or what was said."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from collector.cli.tracing import Tracing
from collector.edge import Tally, Terms
from collector.errors import Refused
from collector.privacy import Screen
from tests.collector.wire.snmp.agents import converse
from tests.collector.wire.snmp.secured import AUTH, OCTETS, met


class Free:
    """A pace without a budget."""

    def wait(self, now: float, deadline: float) -> float:
        return 0.0

    def unsent(self, now: float) -> None: ...

    def answered(self) -> None: ...


def terms() -> Terms:
    return Terms(asyncio.get_running_loop().time() + 5, Free(), Tally())


async def test_what_is_asked_in_secret_is_told(capsys: Any, monkeypatch: Any) -> None:
    ward = met()
    survey, _ = ward.survey()

    async def carry(self: object, peers: object, port: int, dialogue: Any, terms: object) -> None:
        converse(dialogue, ward.answer, ward.clock)

    monkeypatch.setattr("collector.edge.World.udp", carry)
    await Tracing(Screen()).udp(("127.0.0.9",), 161, survey, terms())
    told = capsys.readouterr().err
    sent = [line for line in told.splitlines() if " > " in line]
    assert sent
    assert all("bytes encrypted: GETBULK" in line and OCTETS in line for line in sent)
    for secret in (AUTH.password, AUTH.priv_password):
        assert secret.reveal() not in told


@pytest.fixture
async def listener() -> Any:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"patient-canary")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_of_a_connection_is_told_how_much_and_not_what(listener: int, capsys: Any) -> None:
    stream = await Tracing(Screen()).connect("127.0.0.1", listener, terms())
    await stream.send(b"secret-canary")
    while await stream.receive():
        pass
    stream.close()
    lines = [line.partition(" ms  ") for line in capsys.readouterr().err.splitlines()]
    assert all(float(at) >= 0 for at, _, _ in lines)
    assert [what for _, _, what in lines] == [
        f"connecting to port {listener}", "connected", "> 13 bytes", "< 14 bytes", "< the end", "closed",
    ]  # fmt: skip


async def test_a_connection_that_is_refused_says_so(listener: int, capsys: Any) -> None:
    with pytest.raises(Refused):
        await Tracing(Screen()).connect("127.0.0.2", listener, terms())
    assert f"no connection: port {listener} is closed" in capsys.readouterr().err
