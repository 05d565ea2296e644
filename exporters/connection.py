"""One client's connection: its requests are read, answered one after the other, and sent as fast as it takes them.

llhttp reads (through httptools); what is done with it is here. A library's server did this before: of a scrape that
finds the processor's caches cold it took three quarters of what HTTP costs (docs/decisions.md).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from typing import Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from collector.edge.readiness import wake
from exporters.guard import Seat
from exporters.messages import Body, Handler, Request, Response, plain

CHUNK: Final = 65_536
"""Bytes of a body given to the transport, or kept for who may read it, at a time."""
SLICE: Final = 16_384
"""Bytes read at a time: no more requests than these hold wait to be answered."""
LONGEST: Final = 65_536
"""Bytes of a whole head."""
MOST_FIELDS: Final = 100
"""Header fields of a request."""

_SAID: Final = {
    400: "this is no HTTP request",
    414: "the address is too long",
    431: "the header fields are too long, or too many",
}


class Connection(asyncio.Protocol):
    """From accept to the end. Requests that come while one is being answered wait in the order they came."""

    __slots__ = (
        "_admits",
        "_answer",
        "_called",
        "_draining",
        "_fields",
        "_free",
        "_head",
        "_incoming",
        "_limits",
        "_parser",
        "_queue",
        "_target",
        "_task",
        "_tasks",
        "_through",
        "_transport",
        "_unread",
        "seat",
    )

    def __init__(
        self,
        answer: Handler,
        seat: Seat,
        tasks: set[asyncio.Task[None]],
        admits: Callable[[asyncio.BaseTransport], bool],
    ) -> None:
        """`tasks` holds what answers, until the connection ends; `admits` judges a client by its certificate."""
        self.seat = seat
        self._limits = seat.limits
        self._answer = answer
        self._admits = admits
        self._tasks = tasks
        self._task: asyncio.Task[None] | None = None
        """Begins with the first request and serves all: one for each would cost more than to wait for the next."""
        self._called: asyncio.Future[None] | None = None
        """It waits for the next request."""
        self._transport: asyncio.Transport | None = None
        self._parser: HttpRequestParser | None = HttpRequestParser(self)
        self._through = False
        """Nothing more is read: what came was no HTTP, or was the last."""
        self._unread = b""
        """What came and waits until what came before is answered."""
        self._queue: deque[Request | int] = deque()
        """Requests to be answered; a number: what came is no request, and this status says so."""
        self._target = b""
        self._fields: dict[str, str] = {}
        self._head = 0
        """Bytes of the head, or of what stands between pieces of a body, that is coming in; 0: none is."""
        self._incoming: Body | None = None
        self._free = True
        """The transport takes more."""
        self._draining: asyncio.Future[None] | None = None

    # -- who asks ---------------------------------------------------------------------------------------------------

    @property
    def address(self) -> str | None:
        peer = None if self._transport is None else self._transport.get_extra_info("peername")
        return peer[0] if peer else None

    @property
    def secure(self) -> bool:
        return self._transport is not None and self._transport.get_extra_info("sslcontext") is not None

    @property
    def gone(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    async def body(self, request: Request, most: int) -> bytes:
        """The client's turn again, with the deadline that a request has."""
        coming, transport = request.incoming, self._transport
        if transport is None:
            raise ConnectionResetError("the client has gone")
        self.seat.wait("reading", self._limits.header)
        if not coming.complete and request.header("expect").lower() == "100-continue":
            transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        coming.want()
        self._read()
        await coming.ended(most)
        self.seat.handle()
        return coming.content()

    # -- the transport's part -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = self.seat.transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self.seat.wait("reading", self._limits.header)
        if not self._admits(transport):
            self.seat.end("certificate")

    def data_received(self, data: bytes) -> None:
        if self._through:
            return
        if self.seat.state == "idle":
            self.seat.wait("reading", self._limits.header)
        self._unread += data
        self._read()

    def connection_lost(self, exc: BaseException | None) -> None:
        self.seat.leave()
        self._transport = None
        self._parser = None  # it knows us
        self._queue.clear()
        if self._called is not None:
            wake(self._called)
        gone = ConnectionResetError("the client has gone")
        if self._incoming is not None:
            self._incoming.end(gone)
        if self._draining is not None and not self._draining.done():
            self._draining.set_exception(gone)

    def pause_writing(self) -> None:
        self._free = False

    def resume_writing(self) -> None:
        self._free = True
        if self._draining is not None:
            wake(self._draining)

    def _read(self) -> None:
        """Parse what has come, as far as there is room for it; the client sends on when all is parsed."""
        while self._unread and not self._through and self._parser is not None and self._has_room():
            piece, self._unread = self._unread[:SLICE], self._unread[SLICE:]
            try:
                self._parser.feed_data(piece)
            except HttpParserUpgrade:  # to what we do not speak: the request is answered as it is, and is the last
                self._through = True
            except HttpParserError:
                self._refuse(400)
            if self._head or self._incoming is not None:
                self._head += len(piece)
                if self._head > LONGEST:
                    self._refuse(431)
        if self._through:
            self._unread = b""
        if self._transport is not None and not self._transport.is_closing():
            if self._unread:
                self._transport.pause_reading()
            elif not self._transport.is_reading():
                self._transport.resume_reading()

    def _has_room(self) -> bool:
        coming = self._incoming
        return not self._queue and not (coming is not None and coming.waits and coming.size >= CHUNK)

    # -- the parser's part ------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._head = 1
        self._target = b""
        self._fields = {}

    def on_url(self, piece: bytes) -> None:
        self._target += piece
        if len(self._target) > self._limits.line:
            self._refuse(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        if key in self._fields:
            if key == "host":
                self._refuse(400)
            text = f"{self._fields[key]}, {text}"
        self._fields[key] = text
        if len(key) + len(text) > self._limits.line or len(self._fields) > MOST_FIELDS:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        self._head = 0
        if self._through or self._parser is None:
            return
        if "host" not in self._fields and self._parser.get_http_version() == "1.1":
            self._refuse(400)
            return
        try:
            request = Request(
                self._parser.get_method().decode("latin-1"),
                self._target.decode("utf-8", "replace"),
                self._fields,
                self,
                keep_alive=self._parser.should_keep_alive(),
            )
        except ValueError:
            self._refuse(400)
            return
        self._fields = {}  # what comes after a body is nobody's
        self._incoming = request.incoming
        self._enter(request)

    def on_body(self, piece: bytes) -> None:
        self._head = 0
        if self._incoming is not None:
            self._incoming.take(piece)

    def on_message_complete(self) -> None:
        self._head = 0
        if self._incoming is not None:
            self._incoming.end()
            self._incoming = None

    def _refuse(self, status: int) -> None:
        """This is no request, and nothing after it can be. A request whose body goes wrong is answered as it is."""
        if self._through:
            return
        self._through = True
        self._head = 0
        if self._incoming is not None:
            self._incoming.end(ConnectionResetError("no HTTP"))
        else:
            self._enter(status)

    # -- answers ------------------------------------------------------------------------------------------------------

    def _enter(self, asked: Request | int) -> None:
        self._queue.append(asked)
        if self._task is None:
            self.seat.handle()
            self._task = self.seat.loop.create_task(self._work())
            self._tasks.add(self._task)
            self._task.add_done_callback(self._tasks.discard)
        elif self._called is not None:
            self.seat.handle()
            wake(self._called)

    async def _work(self) -> None:
        """Answer what comes, one after the other."""
        try:
            while True:
                while self._queue:
                    asked = self._queue.popleft()
                    self._read()
                    if not await self._serve(asked):
                        return
                if self._through or self._transport is None:
                    break
                if self._head:
                    self.seat.wait("reading", self._limits.header)
                else:
                    self.seat.wait("idle", self._limits.idle)
                self._called = self.seat.loop.create_future()
                await self._called
                self._called = None
            self._leave()
        except ConnectionError:
            self._leave()
        except BaseException:
            if self._transport is not None:
                self._transport.abort()
            raise

    async def _serve(self, asked: Request | int) -> bool:
        """False: that was the last."""
        self.seat.handle()
        if isinstance(asked, int):
            await self._send(plain(_SAID[asked], asked), closes=True)
            self._leave()
            return False
        response = await self._answer(asked)
        last = not asked.keep_alive or (self._through and not self._queue)
        await self._send(response, closes=last, bare=asked.method == "HEAD")
        if last:
            self._leave(complete=asked.incoming.complete)
            return False
        if not asked.incoming.complete:
            asked.incoming.drop()
            self.seat.wait("reading", self._limits.header)
            self._read()
            await asked.incoming.ended()
        return True

    async def _send(self, response: Response, *, closes: bool, bare: bool = False) -> None:
        """As fast as the client takes it, within the write deadline; `bare`: without the body. The body is let go of
        in any case."""
        transport, seat, body = self._transport, self.seat, response.body
        if transport is None:
            raise ConnectionResetError("the client has gone")
        head = response.head(_date(int(self.seat.loop.time())), closes=closes)
        response.body = b""
        if bare:
            body = b""
        seat.admit(len(body))
        try:
            transport.write(head + body[:CHUNK])
            if not self._free or len(body) > CHUNK:
                await self._drained()
            for start in range(CHUNK, len(body), CHUNK):
                transport.write(body[start : start + CHUNK])
                await self._drained()
                seat.progressed()
        finally:
            # Where a client goes away, an exception's traceback keeps this frame until the next garbage collection.
            body = b""
            seat.hold(0)

    async def _drained(self) -> None:
        if self._transport is None:
            raise ConnectionResetError("the client has gone")
        if not self._free:
            self._draining = self.seat.loop.create_future()
            try:
                await self._draining
            finally:
                self._draining = None

    def _leave(self, *, complete: bool = False) -> None:
        """End the connection when all is sent. A client that still sends would lose the answer: it gets the end of
        ours, and a deadline to read it."""
        transport = self._transport
        if transport is None:
            return
        self._through = True
        self._unread = b""
        if complete or not transport.can_write_eof():
            self.seat.wait("writing", self._limits.write)
            transport.close()
        elif not transport.is_closing():
            self.seat.wait("reading", self._limits.header)
            transport.write_eof()
            transport.resume_reading()


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    """Of now, as HTTP writes it; `second`, by any clock, is when it was made."""
    return formatdate(usegmt=True)
