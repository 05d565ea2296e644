"""`/alertmanager/webhook`: who is heard, what is refused, and that nobody can make it costly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from collector.model import Secret
from exporters.guard import Limits
from exporters.source import Refusal
from exporters.webhook import MOST_BYTES, MOST_WAITING, PATH
from tests.exporters.exposition import parse
from tests.exporters.fake import Answer, FakeSource, ask, serving
from tests.exporters.test_auth import basic, hashed

TOKEN = "canary-token-0123456789"
JSON = {"Content-Type": "application/json"}


async def post(server: object, body: bytes = b"{}", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    length = {} if "Transfer-Encoding" in named else {"Content-Length": str(len(body))}
    return await ask(server, PATH, method="POST", headers=JSON | length | named, body=body)  # type: ignore[arg-type]


async def counted(server: object, name: str, **labels: str) -> float:
    return parse((await ask(server, "/metrics")).body).value(name, **labels)  # type: ignore[arg-type]


async def test_a_message_from_this_machine_is_taken() -> None:
    source = FakeSource()
    async with serving(source) as server:
        assert "wardwatch_oncall" not in (await ask(server, "/metrics")).text, "nothing where nobody posts"
        answer = await post(server, b'{"version": "4"}')
        assert await counted(server, "wardwatch_oncall_messages_total") == 1
    assert (answer.status, answer.text) == (200, "noted\n")
    assert source.messages == [b'{"version": "4"}']


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_nothing_but_post(method: str) -> None:
    async with serving() as server:
        answer = await ask(server, PATH, method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer canary-token", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer ä", basic("a", TOKEN)],
)
async def test_who_does_not_show_the_token_is_refused_on_this_machine_too(header: str) -> None:
    source = FakeSource(token=Secret(TOKEN))
    async with serving(source) as server:
        answer = await post(server, Authorization=header)
        assert await counted(server, "wardwatch_oncall_refused_total", reason="unauthorised") == 1
    assert (answer.status, answer.headers["www-authenticate"], answer.text) == (401, "Bearer", "Unauthorized\n")
    assert source.messages == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_who_shows_the_token_is_heard(scheme: str) -> None:
    source = FakeSource(token=Secret(TOKEN))
    async with serving(source) as server:
        assert (await post(server, Authorization=f"{scheme} {TOKEN}")).status == 200
        assert (await ask(server, "/metrics")).status == 200, "other routes ask for no token"


async def test_where_there_are_users_a_login_will_do_and_so_will_the_token(tmp_path: Path) -> None:
    config = tmp_path / "web.yml"
    config.write_text(f"basic_auth_users: {{am: {hashed(b'secret')}}}\n")
    source = FakeSource(token=Secret(TOKEN))
    async with serving(source, web_config=config) as server:
        statuses = [
            (await post(server, Authorization=shown)).status
            for shown in (basic("am", "secret"), f"Bearer {TOKEN}", basic("am", "wrong"), "Bearer wrong", "")
        ]
        assert statuses == [200, 200, 401, 401, 401]
        token = await ask(server, "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert token.status == 401, "the token opens this one route"
        source.token = None
        assert (await post(server)).status == 401
        assert (await post(server, Authorization=basic("am", "secret"))).status == 200


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({"Content-Type": "text/plain"}, 415, "content_type"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "content_type"),
        ({"Content-Encoding": "gzip"}, 415, "content_type"),
        ({"Content-Length": str(MOST_BYTES + 1)}, 413, "too_large"),
    ],
)
async def test_what_is_refused_before_it_is_read(headers: dict[str, str], status: int, reason: str) -> None:
    source = FakeSource()
    async with serving(source, limits=Limits(header=0.5)) as server:
        answer = await post(server, b"{}", **headers)
        assert await counted(server, "wardwatch_oncall_refused_total", reason=reason) == 1
    assert answer.status == status
    assert source.messages == []


def chunked(pieces: Sequence[bytes]) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


async def test_a_length_that_is_not_said_is_bounded_too() -> None:
    source = FakeSource()
    async with serving(source) as server:
        large = chunked([b" " * 65_536] * (MOST_BYTES // 65_536 + 1)) + b"0\r\n\r\n"
        answer = await post(server, large, Transfer_Encoding="chunked", **{"Transfer-Encoding": "chunked"})
        small = await post(server, chunked([b"{", b"}"]) + b"0\r\n\r\n", **{"Transfer-Encoding": "chunked"})
    assert (answer.status, small.status) == (413, 200)
    assert "set max_alerts" in answer.text
    assert source.messages == [b"{}"]


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "malformed"), (503, "not_noted")], ids=["never right", "not now: tried again"]
)
async def test_what_the_source_refuses_is_said_and_counted(status: int, reason: str) -> None:
    async with serving(FakeSource(refusal=Refusal(status, "because"))) as server:
        answer = await post(server)
        assert await counted(server, "wardwatch_oncall_refused_total", reason=reason) == 1
    assert (answer.status, answer.text) == (status, "because\n")


async def test_a_message_that_does_not_come_to_its_end_is_cut_off(capfd: pytest.CaptureFixture[str]) -> None:
    source = FakeSource()
    async with serving(source, limits=Limits(header=0.3)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode())
        writer.write(b"Content-Length: 1000\r\n\r\n{")
        began = time.monotonic()
        async with asyncio.timeout(5):
            with suppress(ConnectionError):
                assert await reader.read() == b""
        assert 0.2 < time.monotonic() - began < 2
        writer.close()
        ended = await counted(server, "wardwatch_http_connections_ended_total", reason="slow_reading")
        assert (ended, source.messages) == (1, [])
        assert await counted(server, "wardwatch_oncall_refused_total", reason="slow") == 1
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_many_at_once_are_told_to_try_again() -> None:
    class Slow(FakeSource):
        async def notified(self, body: bytes) -> None:
            await gate.wait()

    gate = asyncio.Event()
    async with serving(Slow()) as server:
        waiting = [asyncio.create_task(post(server)) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0.3)
        answer = await post(server)
        gate.set()
        assert [(await each).status for each in waiting] == [200] * MOST_WAITING
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
