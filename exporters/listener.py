"""Sockets that listen, and the way of a connection from accept to its handler.

Connections are accepted here rather than by the event loop, for two reasons: limits must hold before a TLS handshake
begins, and each handshake must use the certificate that is in the file at that moment.
"""

from __future__ import annotations

import asyncio
import errno
import socket  # noqa: TID251 (HOUSE 1 means devices; a server has to listen somewhere)
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from ssl import SSLContext
from typing import Final

from exporters.guard import Seat, Seats

BACKLOG: Final = 512
PAUSE: Final = 0.1
"""Seconds before accepting is tried again when the system has no descriptor or memory to spare."""


class CannotListen(Exception):
    """The address cannot be listened on; the text says why, for a person."""


def split(listen: str) -> tuple[str, int]:
    """`127.0.0.1:10810`, `[::1]:10810`, `localhost:0`, `:10810` (all addresses). Raises CannotListen."""
    host, colon, port = listen.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise CannotListen(f"{listen!r} is no listen address: write an IPv6 address in brackets, as [::1]:10810")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise CannotListen(f"{listen!r} is no listen address: write HOST:PORT, as 127.0.0.1:10810")
    return host, int(port)


def is_unspecified(listen: str) -> bool:
    """Whether it means every address of the machine. Raises CannotListen."""
    host, _ = split(listen)
    try:
        return not host or ip_address(host.partition("%")[0]).is_unspecified
    except ValueError:
        return False  # a name


def open_sockets(listen: str) -> list[socket.socket]:
    """Listening sockets for every address that `listen` means. Raises CannotListen."""
    host, port = split(listen)
    try:
        if not host and socket.has_dualstack_ipv6():
            return [_listening(("", port), socket.AF_INET6, dualstack=True)]
        found = socket.getaddrinfo(host or "0.0.0.0", port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)  # noqa: S104
    except OSError as error:
        raise CannotListen(_why(listen, error)) from None
    sockets: list[socket.socket] = []
    failed: OSError | None = None
    for family, _, _, _, address in found:
        # A name may mean several addresses; where port 0 was asked for, all share the first one's port.
        chosen = (str(address[0]), sockets[0].getsockname()[1] if sockets else port)
        try:
            sockets.append(_listening(chosen, socket.AddressFamily(family), dualstack=False))
        except OSError as error:
            failed = error
            if error.errno == errno.EADDRINUSE:
                break
    if failed is not None and (not sockets or failed.errno == errno.EADDRINUSE):
        for listener in sockets:
            listener.close()
        raise CannotListen(_why(listen, failed))
    return sockets


def _listening(address: tuple[str, int], family: socket.AddressFamily, *, dualstack: bool) -> socket.socket:
    listener = socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=dualstack)
    listener.setblocking(False)
    return listener


def _why(listen: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{listen} is taken by another program: stop it, or choose another port with --web.listen-address"
    return f"cannot listen on {listen}: {error.strerror or error}"


class Listener:
    """Accepts connections for `make` until closed. `tls` is asked at each connection; None: no TLS."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        seats: Seats,
        make: Callable[[Seat], asyncio.Protocol],
        tls: Callable[[], SSLContext | None],
    ) -> None:
        self.port: int = sockets[0].getsockname()[1]
        self._sockets = sockets
        self._seats = seats
        self._make = make
        self._tls = tls
        self._greetings: set[asyncio.Task[None]] = set()
        self._accepting = [seats.loop.create_task(self._accept(s), name="accept") for s in sockets]

    async def close(self) -> None:
        """Accept no more; handshakes in flight are dropped."""
        for task in (*self._accepting, *self._greetings):
            task.cancel()
        await asyncio.gather(*self._accepting, *self._greetings, return_exceptions=True)
        for listener in self._sockets:
            listener.close()

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, peer = await self._seats.loop.sock_accept(listener)
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    self._seats.make_room()
                await asyncio.sleep(PAUSE)
                continue
            seat = self._seats.take(peer[0])
            if seat is None:
                connection.close()
                continue
            task = self._seats.loop.create_task(self._greet(connection, seat))
            seat.greeting = task
            self._greetings.add(task)
            task.add_done_callback(self._greetings.discard)
            # While connections queue up, `sock_accept` does not yield. Each must get its turn to be read before
            # those behind it ask for its seat.
            await asyncio.sleep(0)

    async def _greet(self, connection: socket.socket, seat: Seat) -> None:
        """TLS handshake, if any; then the connection belongs to its handler."""
        try:
            context = self._tls()
            await self._seats.loop.connect_accepted_socket(
                lambda: self._make(seat),
                connection,
                ssl=context,
                ssl_handshake_timeout=seat.limits.header if context else None,
                ssl_shutdown_timeout=seat.limits.header if context else None,
            )
        except OSError:  # also ssl.SSLError and TimeoutError: no client of ours, or one that went away
            seat.leave()
            connection.close()
        except asyncio.CancelledError:
            seat.leave()
            connection.close()
            raise
