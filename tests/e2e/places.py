"""Places on loopback to probe: web servers, line protocols, a DNS server, each as a case of the comparison wants it."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from aiohttp import web

from tests.collector.probes import serving
from tests.exporters.certificates import Authority

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Places:
    """Ports by name."""

    ports: dict[str, int] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """`text` with `{name}` replaced by ports."""
        return text.format_map(self.ports)


async def _hello(request: web.Request) -> web.Response:
    return web.Response(text="hello world\n" * 10, headers={"X-Kind": "greeting"})


async def _modified(request: web.Request) -> web.Response:
    return web.Response(text="old", headers={"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"})


async def _slow(request: web.Request) -> web.Response:
    await asyncio.sleep(20)
    return web.Response(text="late")


async def _chunked(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    answer.enable_chunked_encoding()
    await answer.prepare(request)
    for _ in range(3):
        await answer.write(b"piece ")
    await answer.write_eof()
    return answer


async def _gzip(request: web.Request) -> web.Response:
    return web.Response(body=gzip.compress(b"packed " * 100), headers={"Content-Encoding": "gzip"})


async def _private(request: web.Request) -> web.Response:
    good = request.headers.get("Authorization") == "Basic d2FyZDp3YXRjaA=="
    return web.Response(status=200 if good else 401, text="come in" if good else "who are you")


async def _echoes(request: web.Request) -> web.Response:
    body = await request.text()
    return web.Response(text=f"{request.method} {request.host} {request.headers.get('X-Sent', '')} {body}")


def _redirect(location: str, status: int = 302) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": location})

    return answer


def _status(status: int) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text="" if status in (204, 304) else "so be it")

    return answer


def _site() -> web.Application:
    app = web.Application()
    for path, handler in {
        "/": _hello, "/modified": _modified, "/slow": _slow, "/chunked": _chunked, "/gzip": _gzip,
        "/private": _private, "/redirect": _redirect("/"), "/twice": _redirect("/redirect", 301),
        "/loop": _redirect("/loop"), "/see-other": _redirect("/echoes", 303), "/echoes": _echoes,
        **{f"/{code}": _status(code) for code in (204, 400, 401, 404, 500, 503)},
    }.items():  # fmt: skip
        app.router.add_route("*", path, handler)
    return app


async def _smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP ready\r\n")
    while line := await reader.readline():
        if line.startswith(b"EHLO"):
            writer.write(b"250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
        elif line.startswith(b"QUIT"):
            writer.write(b"221 bye\r\n")
            return
        else:
            writer.write(b"500 what?\r\n")


async def _ssh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-Example_1.0\r\n")
    await reader.readline()


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff\xfe not HTTP at all\r\n\r\n")
    await writer.drain()
    await reader.read(1000)


async def _hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    return


class _Names(asyncio.DatagramProtocol):
    """A DNS server that knows example.org, refuses refused.example, and says nothing of silent.example."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if (answer := answered(data)) is not None:
            self._transport.sendto(answer, address)  # type: ignore[attr-defined]


def answered(data: bytes) -> bytes | None:
    query = dns.message.from_wire(data)
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA
    asked = query.question[0]
    name = asked.name.to_text()
    if name == "silent.example.":
        return None
    if name == "refused.example.":
        answer.set_rcode(dns.rcode.REFUSED)
    elif name != "example.org.":
        answer.set_rcode(dns.rcode.NXDOMAIN)
    elif asked.rdtype == 6:
        answer.answer.append(dns.rrset.from_text(name, 60, "IN", "SOA", "ns.example.org. a.example.org. 77 1 2 3 4"))
    elif asked.rdtype == 1:
        answer.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.1", "192.0.2.2"))
        answer.authority.append(dns.rrset.from_text(name, 60, "IN", "NS", "ns.example.org."))
        answer.additional.append(dns.rrset.from_text("ns.example.org.", 60, "IN", "A", "192.0.2.53"))
    return answer.to_wire()


async def _dns_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    data = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    if (answer := answered(data)) is not None:
        writer.write(len(answer).to_bytes(2, "big") + answer)
        await writer.drain()
        await reader.read()


async def _serve(places: Places, folder: Path, up: Event, down: asyncio.Event) -> None:
    authority = Authority(folder)
    certificates = {
        "https": serving(authority.sign("here", "127.0.0.1", "localhost")),
        "wrong": serving(authority.sign("elsewhere", "elsewhere.example")),
        "expired": serving(authority.sign("here", "127.0.0.1", days=-1)),
        "other": serving(Authority(folder, "stranger").sign("here", "127.0.0.1")),
    }
    old = serving(authority.sign("here", "127.0.0.1"))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    certificates["tls12"] = old
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        for name, context in {"http": None, **certificates}.items():
            runner = web.AppRunner(_site(), access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            server = await loop.create_server(runner.server, "127.0.0.1", 0, ssl=context)
            stack.callback(server.close)
            places.ports[name] = server.sockets[0].getsockname()[1]
        runner = web.AppRunner(_site(), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        server = await loop.create_server(runner.server, "::1", 0)
        stack.callback(server.close)
        places.ports["http6"] = server.sockets[0].getsockname()[1]
        lines: dict[str, Serve] = {
            "smtp": _smtp, "ssh": _ssh, "silent": _silent, "garbage": _garbage, "hangs_up": _hangs_up,
        }  # fmt: skip
        for name, serve in lines.items():
            places.ports[name] = await _listen(stack, serve)
        transport, _ = await loop.create_datagram_endpoint(_Names, ("127.0.0.1", 0))
        stack.callback(transport.close)
        places.ports["dns"] = port = transport.get_extra_info("sockname")[1]
        await _listen(stack, _dns_tcp, port)
        up.set()
        await down.wait()


async def _listen(stack: AsyncExitStack, serve: Serve, port: int = 0) -> int:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port)
    stack.callback(server.close)
    found: int = server.sockets[0].getsockname()[1]
    return found


@contextmanager
def served(folder: Path) -> Iterator[Places]:
    """All places, in a thread, for as long as the block lasts. `folder` gets `authority.pem`."""
    places, up = Places(), Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        down = asyncio.Event()
        loops.append((asyncio.get_running_loop(), down))
        await _serve(places, folder, up, down)

    thread = Thread(target=lambda: asyncio.run(main()), name="places", daemon=True)
    thread.start()
    assert up.wait(20), "the places did not open"
    try:
        yield places
    finally:
        loop, down = loops[0]
        loop.call_soon_threadsafe(down.set)
        thread.join(10)
