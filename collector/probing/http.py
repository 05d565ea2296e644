"""One request over a connection and its answer, HTTP/1.1, through llhttp. Bounded in headers, body and time."""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import httptools

from collector.errors import Denied, Malformed, NoData
from collector.model import Stream

Headers = Sequence[tuple[str, str]]

HEAD: Final = 262_144
"""Bytes of status line and headers, more than any server's default allows itself."""

BODY: Final = 10 << 20
"""Bytes of a body that are looked into, unless a module says less."""

HTTP: Final = b"HTTP/"
"""How every answer begins."""

EMPTY: Final = (204, 304)
"""Statuses of answers that never have a body (RFC 9110 6.4.1)."""

AGENT: Final = "wardwatch"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. `path` with its query; a `Host` is among the headers."""

    method: str
    path: str
    headers: Headers
    body: bytes = b""


@dataclass(slots=True)
class Answer:
    """What came. Seconds are from the end of the request to the first byte, and from there to the last."""

    status: int
    version: str
    """`1.1`."""
    headers: Headers
    processing: float
    transfer: float = 0.0
    length: int = -1
    """What the headers say of the body's length; -1: nothing."""
    body: bytes = b""
    """As it was meant, uncompressed."""
    size: int = 0
    """Bytes of it."""
    encodings: Sequence[str] = field(default_factory=tuple)

    def header(self, name: str) -> Sequence[str]:
        """Values of a header, in their order."""
        return [value for key, value in self.headers if key == name.lower()]


def basic(username: str, password: str) -> str:
    """The Authorization header's value of somebody with a password (RFC 7617)."""
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


def granted(answer: Answer) -> None:
    """Raises `Denied`, word `denied`, for who may not ask, and `NoData`, word `status`, for any status but 200."""
    if answer.status in (401, 403):
        raise Denied(f"status {answer.status}", word="denied")
    if answer.status != 200:
        raise NoData(f"status {answer.status}", word="status")


class Exchange:
    """A request and its answer on a connection of their own."""

    def __init__(self, stream: Stream, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._coming = _Coming()
        self._method = ""
        self._asked = self._first = 0.0

    async def ask(self, request: Request) -> Answer:
        """The head of the answer. Raises `Malformed`, word `http`, and as the stream does."""
        self._method = request.method
        written = _written(request)
        await self._stream.send(written)
        self._asked = self._clock()
        coming = self._coming
        while not coming.status:
            if not await self._more():
                raise Malformed("the connection ended before an answer", word="http")
        answer = Answer(coming.status, coming.version, coming.headers, self._first - self._asked)
        length = answer.header("content-length")
        answer.length = int(length[0]) if length else 0 if coming.status in EMPTY else -1
        return answer

    async def read(self, answer: Answer, *, keep: bool, most: int = BODY, encoding: str = "") -> None:
        """The body of `answer`, `most` bytes at most, kept where it is to be looked into. Raises `NoData`, word
        `body_too_large`, and as `ask`."""
        unpack = _Unpacking(encoding if encoding in answer.header("content-encoding") else "")
        parts: list[bytes] = []
        coming = self._coming
        while self._method != "HEAD":  # which has the headers of a body, and none
            for data in coming.taken():
                for part in unpack(data, most - answer.size + 1):
                    answer.size += len(part)
                    if answer.size > most:
                        answer.size = most
                        raise NoData(f"the body has more than {most} bytes", word="body_too_large")
                    if keep:
                        parts.append(part)
            if coming.ended:
                break
            if not await self._more():
                if answer.header("content-length") or answer.header("transfer-encoding"):
                    raise Malformed("the connection ended within the answer", word="http")
                break  # such a body ends with the connection (RFC 9112 6.3)
        answer.body = b"".join(parts)
        answer.transfer = self._clock() - self._first

    async def _more(self) -> bool:
        """Whether there was more to come; then it has been taken in."""
        data = await self._stream.receive()
        if not self._first:
            self._first = self._clock()
        if data:
            self._coming.take(data)
        return bool(data)


_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEAD_OF_REQUEST = re.compile(
    _TOKEN + rb" [!-~]+ HTTP/1\.1\r\n(?:" + _TOKEN + rb": [^\x00-\x08\n-\x1f\x7f]*\r\n)+\r\n"
).fullmatch
"""A request's head (RFC 9112 3, RFC 9110 5.5): neither a path that a device has sent us to nor a secret from a file
can write a line of its own."""


def _written(request: Request) -> bytes:
    """A request as it goes out. Raises `Malformed` for one that cannot be written."""
    lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers)]
    head = "\r\n".join([*lines, "", ""]).encode()
    if not _HEAD_OF_REQUEST(head) or head.count(b"\n") != len(lines) + 1:
        raise Malformed("the request cannot be written: there is a character in it that may not be", word="http")
    return head + request.body


class _Coming:
    """An answer on its way, as the parser tells of it: `status` once its head is there, `ended` when all of it is.

    What servers get wrong and every client bears is borne: line ends without CR, folded headers, bytes behind the end.
    """

    def __init__(self) -> None:
        self.status = 0
        self.version = ""
        self.headers: list[tuple[str, str]] = []
        self.ended = False
        self._body: list[bytes] = []
        self._head = b""
        self._size = 0
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_data_after_close=True,
            lenient_chunked_length=True,
        )  # fmt: skip

    def take(self, data: bytes) -> None:
        """Bytes of it. Raises `Malformed`, word `http`."""
        if not self.status:
            self._head = (self._head + data)[: len(HTTP)]  # the parser knows RTSP and ICE as well
            self._size += len(data)
            if not HTTP.startswith(self._head):
                raise Malformed(f"no HTTP: it begins with {self._head!r}", word="http")
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise Malformed("the server speaks another protocol now", word="http") from None
        except httptools.HttpParserError as error:
            if not self.ended:
                raise Malformed(f"no HTTP: {error}", word="http") from error
        if not self.status and self._size > HEAD:
            raise Malformed(f"more than {HEAD} bytes of headers", word="http")

    def taken(self) -> Sequence[bytes]:
        """Bytes of the body that came since the last call."""
        body, self._body = self._body, []
        return body

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.status:
            self.headers.append((name.decode("ascii", "replace").lower(), value.decode("utf-8", "replace")))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # there is more to come
            self.headers.clear()
        elif not self.status:
            self.status, self.version = status, self._parser.get_http_version()

    def on_body(self, data: bytes) -> None:
        if not self.ended:
            self._body.append(data)

    def on_message_complete(self) -> None:
        self.ended = bool(self.status)


class _Unpacking:
    """A body as it was before it was compressed, bounded: a short answer may unpack to a very long one."""

    def __init__(self, encoding: str) -> None:
        windows = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
        self._unpack = zlib.decompressobj(windows[encoding]) if encoding in windows else None

    def __call__(self, data: bytes, room: int) -> Sequence[bytes]:
        if self._unpack is None:
            return (data,)
        try:
            return (self._unpack.decompress(data, max(room, 1)),)
        except zlib.error as error:
            raise Malformed(f"the body is not compressed as it says: {error}", word="http") from error
