"""Connections: TCP to one device, plain or with TLS, each wait until the poll's deadline."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import time
from typing import Final

from collector.edge.hops import SYSTEM, limit_hops
from collector.edge.readiness import Readiness
from collector.edge.terms import Terms
from collector.edge.tls import context_of, session_of
from collector.errors import NoData, Refused, TimedOut, Unreachable
from collector.model import Session, Tls

PIECE: Final = 65_536
"""Bytes read at a time."""

LEFT: Final = 16
"""Pieces that are read and forgotten at the end, for a socket closed with unread bytes answers them with RST (S17)."""

QUICKACK: Final = getattr(socket, "TCP_QUICKACK", None)
"""Linux only; the kernel forgets it with each read, so it is set before each (tcp(7))."""


class TcpStream:
    """A connection (`model.Stream`)."""

    def __init__(self, sock: socket.socket, ready: Readiness, seconds: float) -> None:
        self.seconds = seconds
        self.session: Session | None = None
        self._socket = sock
        self._ready = ready
        self._tls: ssl.SSLObject | None = None
        self._incoming: ssl.MemoryBIO
        self._outgoing: ssl.MemoryBIO
        self._open = True

    async def send(self, data: bytes) -> None:
        if self._tls is None:
            await self._write(data)
            return
        self._tls.write(data)
        await self._flush()

    async def receive(self) -> bytes:
        if self._tls is None:
            return await self._read()
        while True:
            try:
                return self._tls.read(PIECE)
            except ssl.SSLWantReadError:
                await self._flush()  # TLS may have something of its own to say
                if not (data := await self._read()):
                    return b""
                self._incoming.write(data)
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLError as error:
                raise NoData(f"TLS: {error.reason or error}", word="tls") from error

    async def secure(self, tls: Tls, server_name: str) -> None:
        context = context_of(tls)
        name = tls.server_name or server_name
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name or None)
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                await self._flush()
                if not (data := await self._read()):
                    raise NoData("the connection ended within the TLS handshake", word="tls") from None
                self._incoming.write(data)
            except ssl.SSLCertVerificationError as error:
                await self._flush()  # the alert that says why
                raise NoData(f"certificate: {error.verify_message}", word="certificate") from error
            except ssl.SSLError as error:
                await self._flush()
                raise NoData(f"TLS: {error.reason or error}", word="tls") from error
        await self._flush()
        self.session = session_of(self._tls)

    def last(self, data: bytes) -> None:
        try:
            if self._tls is not None:
                self._tls.write(data)
                data = self._outgoing.read()
            self._socket.send(data)
        except OSError:
            pass  # it would not go out at once, or there is nobody any more

    def close(self) -> None:
        if not self._open:
            return
        self._open = False
        try:
            if self._tls is not None:
                try:
                    self._tls.unwrap()
                except ssl.SSLError:
                    pass  # it waits for the peer's close_notify, for which we do not
                self._socket.send(self._outgoing.read())
            self._socket.shutdown(socket.SHUT_WR)
            for _ in range(LEFT):
                if not self._socket.recv(PIECE):
                    break
        except OSError:
            pass  # nothing more to read yet, or the peer was quicker
        self._ready.close()
        self._socket.close()

    async def _read(self) -> bytes:
        if QUICKACK is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)
        while True:
            try:
                await self._ready.readable()
                return self._socket.recv(PIECE)
            except BlockingIOError:
                pass  # the kernel thought better of it (select(2), BUGS)
            except OSError as error:
                raise _in_our_words(error) from error

    async def _write(self, data: bytes) -> None:
        """At once, as nearly always there is room; the rest as the peer takes it."""
        while True:
            try:
                data = data[self._socket.send(data) :]
            except BlockingIOError:
                pass
            except OSError as error:
                raise _in_our_words(error) from error
            if not data:
                return
            try:
                await self._ready.writable()
            except TimeoutError as error:
                raise _in_our_words(error) from None

    async def _flush(self) -> None:
        if data := self._outgoing.read():
            await self._write(data)


def _in_our_words(error: OSError) -> TimedOut | Unreachable:
    """What a socket raises once it is connected."""
    if isinstance(error, TimeoutError):
        return TimedOut("no answer in time")
    return Unreachable(f"the connection broke: {error.strerror or error}", word="reset")


async def connect(address: str, port: int, terms: Terms, source: str = "", hops: int = SYSTEM) -> TcpStream:
    """Connect when the pace allows, over at most so many `hops`. Raises `TimedOut`, `Refused`, `Unreachable`, and what
    the pace raises."""
    loop = asyncio.get_running_loop()
    while (delay := terms.pace.wait(time.monotonic(), terms.deadline)) > 0:  # noqa: ASYNC110 - the budget says when
        await asyncio.sleep(delay)
    began = time.perf_counter()
    terms.tally.count("connect")
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    ready = Readiness(sock, loop, terms.deadline)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hops != SYSTEM:
            limit_hops(sock, hops)
        if source:
            sock.bind((source, 0))
        await _connected(sock, address, port, ready)
    except BaseException as error:
        ready.close()
        sock.close()
        if isinstance(error, TimeoutError):
            raise TimedOut(f"no connection to port {port} in time", word="connect_timeout") from None
        if isinstance(error, ConnectionRefusedError):
            _answered(terms, time.perf_counter() - began)
            raise Refused(f"port {port} is closed", word="connect_refused") from None
        if isinstance(error, OSError):
            raise Unreachable(f"port {port}: {error.strerror or error}") from error
        raise
    seconds = time.perf_counter() - began
    _answered(terms, seconds)
    return TcpStream(sock, ready, seconds)


async def _connected(sock: socket.socket, address: str, port: int, ready: Readiness) -> None:
    """`loop.sock_connect` for a literal address: uvloop's asks a thread to look up what is none to be looked up, which
    costs more than the connection. Raises OSError."""
    failed = sock.connect_ex((address, port))
    if failed == errno.EINPROGRESS:
        await ready.writable()
        failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if failed:
        raise OSError(failed, os.strerror(failed))


def _answered(terms: Terms, seconds: float) -> None:
    """Something is there, be it to say no."""
    terms.tally.received += 1
    terms.tally.waited += seconds
    terms.pace.answered()
