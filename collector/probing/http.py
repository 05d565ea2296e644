"""One request over a connection and its answer, HTTP/1.1, through h11. Bounded in headers, body and time."""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import h11

from collector.errors import Denied, Malformed, NoData
from collector.model import Stream

Headers = Sequence[tuple[str, str]]

HEAD: Final = 262_144
"""Bytes of status line and headers, more than any server's default allows itself."""

BODY: Final = 10 << 20
"""Bytes of a body that are looked into, unless a module says less."""

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
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD)
        self._asked = self._first = 0.0

    async def ask(self, request: Request) -> Answer:
        """The head of the answer. Raises `Malformed`, word `http`, and as the stream does."""
        head = h11.Request(
            method=request.method.encode(),
            target=request.path.encode(),
            headers=[(name.encode(), value.encode()) for name, value in request.headers],
        )
        try:
            data = self._http.send(head) or b""
            if request.body:
                data += self._http.send(h11.Data(request.body)) or b""
            data += self._http.send(h11.EndOfMessage()) or b""
        except h11.LocalProtocolError as error:
            raise Malformed(f"the request cannot be written: {error}", word="http") from error
        await self._stream.send(data)
        self._asked = self._clock()
        while not isinstance(event := await self._event(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise Malformed("the connection ended before an answer", word="http")
        headers = [(name.decode("ascii", "replace"), value.decode("utf-8", "replace")) for name, value in event.headers]
        answer = Answer(event.status_code, event.http_version.decode(), headers, self._first - self._asked)
        length = answer.header("content-length")
        answer.length = int(length[0]) if length else 0 if event.status_code in EMPTY else -1
        return answer

    async def read(self, answer: Answer, *, keep: bool, most: int = BODY, encoding: str = "") -> None:
        """The body of `answer`, `most` bytes at most, kept where it is to be looked into. Raises `NoData`, word
        `body_too_large`, and as `ask`."""
        unpack = _Unpacking(encoding if encoding in answer.header("content-encoding") else "")
        parts: list[bytes] = []
        while not isinstance(event := await self._event(), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                raise Malformed("the connection ended within the answer", word="http")
            for part in unpack(bytes(event.data), most - answer.size + 1):
                answer.size += len(part)
                if answer.size > most:
                    answer.size = most
                    raise NoData(f"the body has more than {most} bytes", word="body_too_large")
                if keep:
                    parts.append(part)
        answer.body = b"".join(parts)
        answer.transfer = self._clock() - self._first

    async def _event(self) -> h11.Event:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise Malformed(f"no HTTP: {error}", word="http") from error
            if isinstance(event, h11.Event):
                return event
            if event is h11.PAUSED:
                raise Malformed("the server speaks another protocol now", word="http")
            data = await self._stream.receive()
            if not self._first:
                self._first = self._clock()
            self._http.receive_data(data)


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
