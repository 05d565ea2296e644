"""A source for the web server without a collector behind it, and a client that speaks raw bytes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from collector.config.urls import Urls, UrlsFile, urls
from collector.model import Column, Family, Secret, column, rows, single
from exporters.messages import Request
from exporters.source import Choice, DeviceLine, ProbeQuestion, Question, Refusal, Scrape
from exporters.standing import Standing
from exporters.web import Server, serve

LOAD = Family("node_load1", "1m load average.")
UP = Family("wardwatch_device_up", "1: the device answered.")
BIG = Family("big_total", "Many samples.", "counter")


def big(samples: int) -> Column:
    return column(BIG, rows(("index",), [(str(i),) for i in range(samples)]), range(samples))


@dataclass
class FakeSource:
    devices: dict[str, Sequence[Column]] = field(default_factory=lambda: {"sw-1": [single(UP, 1)]})
    host: Sequence[Column] = (single(LOAD, 0.25),)
    lines: Sequence[DeviceLine] = ()
    problems: Sequence[str] = ()
    is_ready: bool = True
    config_digest: str = "0123456789abcdef"
    urls: Urls = field(default_factory=lambda: urls(UrlsFile()))
    asked: list[tuple[str, object, float]] = field(default_factory=list)
    shards: list[tuple[int, int] | None] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)
    stands: Standing = field(default_factory=lambda: Standing(0.0))
    looks: int = 0
    reloads: int = 0
    token: Secret | None = None
    messages: list[bytes] = field(default_factory=list)
    refusal: Refusal | None = None
    """What becomes of messages."""
    hold: asyncio.Event | None = None
    """Device pages wait for it."""

    async def host_page(self, choice: Choice, patience: float) -> Sequence[Column]:
        self.asked.append(("host", choice, patience))
        for name in choice.collect - {"loadavg"}:
            raise KeyError(name)
        return self.host if choice.wants("loadavg") else ()

    async def device_page(self, name: str, patience: float) -> Sequence[Column]:
        self.asked.append(("device", name, patience))
        columns = self.devices[name]
        if self.hold is not None:
            await self.hold.wait()
        return columns

    async def probe_page(self, question: ProbeQuestion, patience: float) -> Sequence[Column]:
        self.asked.append(("probe", question, patience))
        if question.module != "tcp_connect":
            raise Refusal(400, f'Unknown module "{question.module}"')
        return self.host

    async def snmp_page(self, question: Question, patience: float) -> Scrape:
        raise Refusal(403, "nothing may be asked")

    async def notified(self, body: bytes) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.messages.append(body)

    def webhook_token(self) -> Secret | None:
        return self.token

    def groups(self, shard: tuple[int, int] | None, asked: str) -> Sequence[Mapping[str, Any]]:
        self.shards.append(shard)
        self.reached.append(asked)
        return [{"targets": ["127.0.0.1:10810"], "labels": {"__param_device": "sw-1"}}]

    def overview(self) -> Sequence[DeviceLine]:
        return self.lines

    async def standing(self) -> Standing:
        self.looks += 1
        return self.stands

    async def reload(self) -> Sequence[str]:
        self.reloads += 1
        return self.problems

    def ready(self) -> bool:
        return self.is_ready


@dataclass(frozen=True)
class Somebody:
    """Whom a request came from (`exporters.messages.Peer`)."""

    address: str | None
    secure: bool = False
    gone: bool = False

    async def body(self, request: Request, most: int) -> bytes:
        return b""


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something to come true, five seconds at most."""
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@asynccontextmanager
async def serving(
    source: FakeSource | None = None, listen: str = "127.0.0.1:0", **options: Any
) -> AsyncIterator[Server]:
    server = await serve(source or FakeSource(), listen, **options)
    try:
        yield server
    finally:
        async with asyncio.timeout(10):
            await server.close()


async def ask(
    server: Server,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
    body: bytes = b"",
) -> Answer:
    """One request on a connection of its own."""
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=tls, limit=64 * 1024 * 1024)
        try:
            lines = [f"{method} {path} HTTP/1.1", "Host: test", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)
            raw = await reader.read()
        finally:
            writer.close()
    return answer(raw)


def answer(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in fields:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if "content-length" in headers and body:
        assert len(body) == int(headers["content-length"])
    return Answer(int(first.split()[1]), headers, body)
