"""HTTP probes of servers that answer in unusual ways, byte for byte. Usual ones stand beside blackbox_exporter
(tests/e2e/test_blackbox.py)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

import pytest

from collector.errors import Malformed
from collector.model import Secret
from collector.network.http import Authorization, Http
from collector.probing.http import HEAD, Exchange, Request
from tests.collector.probes import Probed, probe, server

OK = b"HTTP/1.1 200 OK\r\n"
WORD = Http(fail_if_body_not_matches_regexp=(re.compile("^word$"),))


async def answered(*pieces: bytes, asking: Http = WORD, ends: bool = True, heard: list[bytes] | None = None) -> Probed:
    """The probe of a server that answers with these pieces, one after the other."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(head)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        if not ends:
            await reader.read()

    async with server(serve) as port:
        return await probe(asking, f":{port}", timeout=1.0)


@pytest.mark.parametrize(
    "pieces",
    [
        (OK + b"Content-Length: 4\r\n\r\nword",),
        tuple(bytes((byte,)) for byte in OK + b"Content-Length: 4\r\n\r\nword"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 4\r\n\r\nword",),
        (b"HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n", OK + b"Content-Length: 4\r\n\r\nword"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nwo\r\n", b"2\r\nrd\r\n0\r\nTrailer: x\r\n\r\n"),
        (OK + b"\r\nwo", b"rd"),
        (b"HTTP/1.0 200 OK\r\n\r\nword",),
        (b"HTTP/1.1 200 OK\nContent-Length: 4\n\nword",),
        (b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\nword",),
        (OK + b"X-Folded: one\r\n  two\r\nContent-Length: 4\r\n\r\nword",),
        (OK + b"X-Name: caf\xe9\r\nContent-Length: 4\r\n\r\nword",),
        (OK + b"Content-Length: 4\r\nConnection: close\r\n\r\nword and more",),
        (OK + b"Content-Length: 4\r\n\r\nwordHTTP/1.1 500 Another\r\nContent-Length: 3\r\n\r\nbad",),
    ],
    ids=(
        "plain", "byte_by_byte", "continue", "hints", "chunked", "until_the_end", "http10", "bare_line_feeds",
        "no_reason", "folded", "latin1", "more_behind", "another_behind",
    ),
)  # fmt: skip
async def test_answers_that_every_client_bears(pieces: Sequence[bytes]) -> None:
    found = await answered(*pieces)
    assert (found.success, found.reason) == (1, "")
    assert found.value("probe_http_status_code") == 200
    assert found.value("probe_http_uncompressed_body_length") == 4


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ((), "http"),
        ((OK,), "http"),
        ((OK + b"Content-Length: 5\r\n\r\nword",), "http"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nword\r\n",), "http"),
        ((OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",), "http"),
        ((OK + b"Content-Length: four\r\n\r\nword",), "http"),
        ((OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nword",), "http"),
        ((b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n",), "http"),
        ((b"RTSP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nword",), "http"),
        ((b"SSH-2.0-OpenSSH_9.2\r\n",), "http"),
        ((b"\x16\x03\x01\x02",), "http"),
        ((OK + b"X: " + b"x" * HEAD, b"x" * HEAD), "http"),
    ],
    ids=(
        "nothing", "no_end_of_head", "short_body", "no_last_chunk", "bad_chunk", "bad_length", "two_lengths", "upgrade",
        "rtsp", "ssh", "tls", "endless_head",
    ),
)  # fmt: skip
async def test_answers_that_are_none(pieces: Sequence[bytes], reason: str) -> None:
    found = await answered(*pieces)
    assert (found.success, found.reason) == (0, reason)


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_an_answer_without_a_body_is_not_waited_for(status: bytes) -> None:
    found = await answered(b"HTTP/1.1 " + status + b"\r\n\r\n", asking=Http(valid_status_codes=(204, 304)), ends=False)
    assert (found.success, found.value("probe_http_content_length")) == (1, 0)


async def test_the_body_that_an_answer_to_head_speaks_of_is_not_waited_for() -> None:
    found = await answered(OK + b"Content-Length: 4\r\n\r\n", asking=Http(method="HEAD"), ends=False)
    assert (found.success, found.value("probe_http_content_length")) == (1, 4)
    assert found.value("probe_http_uncompressed_body_length") == 0


async def test_what_is_asked() -> None:
    heard: list[bytes] = []
    await answered(OK + b"\r\nword", asking=Http(headers={"X-Ward": "B2", "host": "pacs.example"}), heard=heard)
    assert heard == [
        b"GET / HTTP/1.1\r\nHost: pacs.example\r\nX-Ward: B2\r\nUser-Agent: wardwatch\r\nConnection: close\r\n\r\n"
    ]


@pytest.mark.parametrize("secret", ["to\r\nX-Evil: 1", "to\nken", "to\x00ken"])
async def test_a_secret_writes_no_line_of_its_own(secret: str) -> None:
    heard: list[bytes] = []
    found = await answered(OK, asking=Http(authorization=Authorization(credentials=Secret(secret))), heard=heard)
    assert (found.reason, heard) == ("http", [])


@pytest.mark.parametrize("path", ["/a b", "/a\r\nX-Evil: 1", "/caf\u00e9", "", "/\x7f"])
async def test_a_path_writes_no_line_of_its_own(path: str) -> None:
    """A redirect brings paths that a device has written."""
    exchange = Exchange(None, float)  # type: ignore[arg-type]
    with pytest.raises(Malformed, match="cannot be written"):
        await exchange.ask(Request("GET", path, [("Host", "here")]))
