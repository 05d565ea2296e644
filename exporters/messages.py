"""What is asked and what is answered: HTTP's messages, as routes see them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Final, Protocol
from urllib.parse import unquote, unquote_plus

from httptools import parse_url

from collector.edge.readiness import wake

TEXT: Final = "text/plain; charset=utf-8"


class TooLong(Exception):
    """A body is longer than who reads it wants."""


class Body:
    """What comes after the head of a request, piece by piece."""

    __slots__ = ("_failed", "_kept", "_more", "_wanted", "complete", "size")

    def __init__(self) -> None:
        self.complete = False
        self.size = 0
        """Bytes that have come, so far."""
        self._kept: bytearray | None = bytearray()
        self._wanted = False
        self._failed: ConnectionError | None = None
        self._more: asyncio.Future[None] | None = None

    @property
    def waits(self) -> bool:
        """Whether something is kept here of which nobody knows whether it will be read."""
        return self._kept is not None and not self._wanted

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        if self._kept is not None:
            self._kept += piece
        self._tell()

    def end(self, failed: ConnectionError | None = None) -> None:
        """It has come to its end, or never will."""
        if not self.complete:
            self.complete = failed is None
            self._failed = failed
            self._tell()

    def want(self) -> None:
        self._wanted = True

    def drop(self) -> None:
        """Nobody will read it."""
        self._kept = None

    async def ended(self, most: int | None = None) -> None:
        """Wait for its end. Raises ConnectionError where there is none, TooLong beyond `most` bytes."""
        while True:
            if most is not None and self.size > most:
                raise TooLong
            if self._failed is not None:
                raise self._failed
            if self.complete:
                return
            self._more = asyncio.get_running_loop().create_future()
            await self._more

    def content(self) -> bytes:
        return bytes(self._kept or b"")

    def _tell(self) -> None:
        if self._more is not None:
            wake(self._more)


class Peer(Protocol):
    """Whom a request came from."""

    @property
    def address(self) -> str | None:
        """Without its port; None: it has gone."""

    @property
    def secure(self) -> bool:
        """Whether it came by TLS."""

    @property
    def gone(self) -> bool:
        """Whether nobody waits for the answer any more."""

    async def body(self, request: Request, most: int) -> bytes:
        """See `Request.body`."""


class Request:
    """The head of a request. Its body is read by who wants it."""

    __slots__ = ("_parameters", "headers", "incoming", "keep_alive", "method", "part", "path", "peer", "query")

    def __init__(
        self, method: str, target: str, headers: Mapping[str, str], peer: Peer, *, keep_alive: bool = False
    ) -> None:
        """`target` as it was written; names of `headers` in lower case. Raises ValueError for what is no target."""
        if not target.startswith("/"):
            target = _of_absolute(target)
        path, _, self.query = target.partition("#")[0].partition("?")
        self.method = method
        self.path = unquote(path) if "%" in path else path
        self.headers = headers
        self.peer = peer
        self.keep_alive = keep_alive
        """Whether the client may ask again on this connection."""
        self.incoming = Body()
        self.part = ""
        """What stands in the path for the one free part of its route."""
        self._parameters: Mapping[str, Sequence[str]] | None = None

    @property
    def parameters(self) -> Mapping[str, Sequence[str]]:
        """Values of the query's parameters, by name."""
        if self._parameters is None:
            self._parameters = _parameters(self.query) if self.query else {}
        return self._parameters

    def values(self, name: str) -> Sequence[str]:
        """All of a parameter's values."""
        return self.parameters.get(name, ())

    def value(self, name: str) -> str:
        """The first of a parameter's values; empty: it has none."""
        return self.parameters.get(name, ("",))[0]

    def header(self, name: str) -> str:
        """A header field by its name in lower case; empty: it is not there."""
        return self.headers.get(name, "")

    async def body(self, most: int) -> bytes:
        """The whole body. Raises TooLong for more than `most` bytes, ConnectionError where it does not come to its
        end."""
        return await self.peer.body(self, most)


class Response:
    """An answer with its whole body."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, body: bytes = b"", content_type: str = TEXT, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.body = body
        self.headers = {"Content-Type": content_type, **(headers or {})}

    def head(self, date: str, *, closes: bool) -> bytes:
        """Status line and header fields. Raises ValueError where a field's value would begin a line of its own."""
        lasting = _lines(self.status, tuple(self.headers.items()))
        end = "\r\nConnection: close\r\n\r\n" if closes else "\r\n\r\n"
        return f"{lasting}Content-Length: {len(self.body)}\r\nDate: {date}{end}".encode("latin-1", "replace")


Handler = Callable[[Request], Awaitable[Response]]


@lru_cache(maxsize=256)
def _lines(status: int, fields: tuple[tuple[str, str], ...]) -> str:
    """Of a head what is the same in most answers."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}", *[f"{name}: {value}" for name, value in fields], ""]
    text = "\r\n".join(lines)
    if text.count("\n") >= len(lines) or text.count("\r") >= len(lines):
        raise ValueError("a header field holds a line break")
    return text


_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}


def plain(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A line for a person or a script."""
    return Response((text + "\n").encode("utf-8", "replace"), TEXT, status, headers)


def _of_absolute(target: str) -> str:
    """`/path?query` of `http://host/path?query`, which proxies are sent; `*` and `host:port` as they are."""
    if "://" not in target:
        return target
    try:
        url = parse_url(target.encode())
    except Exception:  # noqa: BLE001 - its own class, which it does not export in every version
        raise ValueError("no URL") from None
    query = f"?{url.query.decode()}" if url.query else ""
    return (url.path or b"/").decode() + query


def _parameters(query: str) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            if "%" in pair or "+" in pair:
                name, value = unquote_plus(name), unquote_plus(value)
            found.setdefault(name, []).append(value)
    return found
