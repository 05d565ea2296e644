"""HTTP as a connection speaks it, on raw sockets: order, lengths, bodies, and what is no HTTP."""

import asyncio
from collections.abc import Sequence
from urllib.parse import parse_qs, urlencode

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.model import Secret
from exporters.connection import CHUNK, LONGEST, MOST_FIELDS
from exporters.messages import Request, Response
from exporters.web import Limits, Server
from exporters.webhook import PATH
from tests.exporters.exposition import parse
from tests.exporters.fake import FakeSource, Somebody, big, serving

HEALTHY = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
POST = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
LAST = b"Connection: close\r\n"


async def said(server: Server, *pieces: bytes, pause: float = 0.02) -> bytes:
    """All that the server says until it ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        async with asyncio.timeout(10):
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(pause)
            return await reader.read()
    finally:
        writer.close()


def statuses(raw: bytes) -> Sequence[int]:
    return [int(part[:3]) for part in raw.split(b"HTTP/1.1 ")[1:]]


async def test_requests_sent_at_once_are_answered_in_their_order() -> None:
    paths = [b"/-/healthy", b"/nowhere", b"/metrics?device=sw-1", b"/metrics?device=nobody", b"/-/ready"]
    sent = b"".join(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths)
    async with serving() as server:
        assert statuses(await said(server, sent * 40 + HEALTHY[:-2] + LAST + b"\r\n")) == [
            200,
            404,
            200,
            404,
            200,
        ] * 40 + [200]


async def test_a_request_may_come_byte_by_byte() -> None:
    async with serving() as server:
        raw = await said(server, *(bytes((b,)) for b in HEALTHY[:-2] + LAST + b"\r\n"), pause=0.001)
    assert raw.startswith(b"HTTP/1.1 200 OK\r\n")
    assert raw.endswith(b"\r\n\r\nHealthy\n")


async def test_head_is_get_without_the_body() -> None:
    async with serving() as server:
        whole = await said(server, b"GET / HTTP/1.1\r\nHost: x\r\n" + LAST + b"\r\n")
        head = await said(server, b"HEAD / HTTP/1.1\r\nHost: x\r\n" + LAST + b"\r\n")
    assert head.endswith(b"\r\n\r\n")
    length = len(whole.partition(b"\r\n\r\n")[2])
    assert f"Content-Length: {length}\r\n".encode() in head


@pytest.mark.parametrize("path", ["/metrics", "/runbooks/DeviceDown", PATH])
async def test_a_method_that_a_route_has_not(path: str) -> None:
    async with serving() as server:
        raw = await said(server, f"DELETE {path} HTTP/1.1\r\nHost: x\r\n{LAST.decode()}\r\n".encode())
    assert statuses(raw) == [405]
    assert (b"Allow: POST\r\n" if path == PATH else b"Allow: GET, HEAD\r\n") in raw


async def test_http_1_0_and_a_proxy_s_way_of_asking() -> None:
    async with serving() as server:
        assert statuses(await said(server, b"GET /-/healthy HTTP/1.0\r\n\r\n")) == [200]
        far = b"GET http://elsewhere:80/metrics?device=nobody HTTP/1.1\r\nHost: x\r\n" + LAST + b"\r\n"
        assert b"Unknown device 'nobody'" in await said(server, far)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /-/healthy HTTP/1.1\r\n\r\n", 400),
        (b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * (LONGEST + 40_000), 431),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(MOST_FIELDS + 2)), 431),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
        (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nZZZ\r\n", 408),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * (2 * LONGEST), 408),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: " + b"x" * (2 * LONGEST), 408),
    ],
)
async def test_what_is_no_request_is_said_and_ends_it(sent: bytes, status: int) -> None:
    """Also behind a request that is one: that is answered first."""
    async with serving() as server:
        assert statuses(await said(server, sent)) == [status]
        assert statuses(await said(server, HEALTHY + sent)) == [200, status]


async def test_a_body_in_one_piece_in_several_and_in_chunks() -> None:
    source = FakeSource()
    async with serving(source) as server:
        length = POST + b"Content-Length: 8\r\n"
        await said(server, length + LAST + b'\r\n{"a": 1}')
        await said(server, length + LAST + b"\r\n", b'{"a"', b": 1}")
        chunked = POST + b"Transfer-Encoding: chunked\r\n" + LAST + b"\r\n"
        await said(server, chunked, b'3\r\n{"a\r\n5\r\n": 1}\r\n', b"0\r\nAuthorization: x\r\n\r\n")
        raw = await said(server, length + b"Expect: 100-continue\r\n" + LAST + b"\r\n", b'{"a": 1}', pause=0.1)
    assert source.messages == [b'{"a": 1}'] * 4
    assert statuses(raw) == [100, 200]


@pytest.mark.parametrize("size", [10, 3 * CHUNK])
async def test_a_body_that_nobody_reads_is_passed_over(size: int) -> None:
    async with serving(FakeSource(token=Secret("right"))) as server:
        sent = POST + f"Content-Length: {size}\r\n\r\n".encode() + b"x" * size
        assert statuses(await said(server, sent + HEALTHY[:-2] + LAST + b"\r\n")) == [401, 200]


async def test_the_end_of_a_body_that_never_comes() -> None:
    async with serving(limits=Limits(header=0.3)) as server:
        assert statuses(await said(server, POST + b"Content-Length: 9\r\n\r\n{")) == []
        unread = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
        assert statuses(await said(server, unread)) == [200]


async def test_a_library_s_client_over_one_connection() -> None:
    """Small pages, large ones, and a post."""
    source = FakeSource(devices={"sw-1": [], "big": [big(20_000)]})
    async with serving(source) as server, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        url = f"http://127.0.0.1:{server.port}"
        for _ in range(3):
            for device, samples in (("sw-1", 0), ("big", 20_000)):
                async with session.get(f"{url}/metrics", params={"device": device}) as answer:
                    assert answer.status == 200
                    assert len(parse(await answer.read()).samples) == samples
            async with session.post(f"{url}{PATH}", json={"a": 1}) as answer:
                assert answer.status == 200
        async with session.get(f"{url}/metrics") as answer:
            assert parse(await answer.read()).value("wardwatch_http_connections") == 1


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=5))
def test_parameters_are_those_of_the_standard_library(pairs: Sequence[tuple[str, str]]) -> None:
    query = urlencode(pairs)
    found = Request("GET", f"/metrics?{query}", {}, Somebody("127.0.0.1")).parameters
    assert found == parse_qs(query, keep_blank_values=True)


@pytest.mark.parametrize("query", ["", "&&", "a", "a=", "=b", "a=1&a=2&b", "a=%zz&b=%ff", "a+b=c+d", "a=b=c", "a;b=1"])
def test_so_are_odd_ones(query: str) -> None:
    found = Request("GET", f"/metrics?{query}", {}, Somebody("127.0.0.1")).parameters
    assert found == parse_qs(query, keep_blank_values=True)


def test_a_field_cannot_begin_a_line_of_its_own() -> None:
    with pytest.raises(ValueError, match="line break"):
        Response(headers={"Location": "here\r\nSet-Cookie: x"}).head("now", closes=False)
