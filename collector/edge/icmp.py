"""ICMP echo: one socket for all devices, paced, and timed by the kernel.

A ping socket where the system lets us have one (`net.ipv4.ping_group_range`), else a raw one (`CAP_NET_RAW`). Hundreds
of replies at once overflow a socket's buffer, and waiting behind each other in user space makes them look slow
(ECOSYSTEM 1.5): so few are under way at a time, and the time of arrival is the kernel's.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from itertools import count
from secrets import token_bytes
from typing import Final, NamedTuple

from collector.edge.terms import Terms
from collector.errors import Denied, TimedOut, Unreachable
from collector.model import Echo, EchoReply

UNDER_WAY: Final = 128
"""Echoes under way at a time: half of what a stock receive buffer of 208 KiB holds (ECOSYSTEM 1.5)."""

NOT_ALLOWED: Final = (
    "this program may not ping: allow its group in net.ipv4.ping_group_range, or give it CAP_NET_RAW (docs/probes.md)"
)

_HEADER = struct.Struct("!BBHHH")
"""Type, code, checksum, identifier, sequence number (RFC 792, RFC 4443)."""
_TIMESPEC = struct.Struct("@qq")
_INT = struct.Struct("@i")

_TIMESTAMP: Final = getattr(socket, "SO_TIMESTAMPNS", 35)
_RECEIVE_TTL: Final = 12
"""IP_RECVTTL of Linux, which Python does not name."""
_MTU_DISCOVER, _ALWAYS = 10, 2
"""IP_MTU_DISCOVER and IP_PMTUDISC_DO of Linux."""


class _Words(NamedTuple):
    """What differs between the versions of IP."""

    family: socket.AddressFamily
    protocol: int
    request: int
    reply: int
    level: int
    receive_hops: int
    hops: int


FOUR = _Words(socket.AF_INET, socket.IPPROTO_ICMP, 8, 0, socket.IPPROTO_IP, _RECEIVE_TTL, socket.IP_TTL)
SIX = _Words(
    socket.AF_INET6, socket.IPPROTO_ICMPV6, 128, 129, socket.IPPROTO_IPV6,
    getattr(socket, "IPV6_RECVHOPLIMIT", 51), getattr(socket, "IPV6_HOPLIMIT", 52),
)  # fmt: skip


class _Waiting:
    """An echo under way."""

    __slots__ = ("answer", "began", "token", "wall")

    def __init__(self, answer: asyncio.Future[EchoReply], token: bytes) -> None:
        self.answer = answer
        self.token = token
        self.began, self.wall = time.perf_counter(), time.time_ns()


class Pinger:
    """One socket. Create it inside the event loop. Raises Denied where the system allows neither kind."""

    def __init__(self, words: _Words, source: str = "", *, dont_fragment: bool = False) -> None:
        self._words = words
        self._loop = asyncio.get_running_loop()
        self._socket, self._raw = _open(words)
        self._waiting: dict[tuple[str, int], _Waiting] = {}
        self._numbers = count(int.from_bytes(token_bytes(2)))
        self._identifier = int.from_bytes(token_bytes(2))
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
        self._socket.setsockopt(words.level, words.receive_hops, 1)
        if dont_fragment and words is FOUR:
            self._socket.setsockopt(socket.IPPROTO_IP, _MTU_DISCOVER, _ALWAYS)
        if source:
            self._socket.bind((source, 0))
        self._loop.add_reader(self._socket.fileno(), self._read)

    async def echo(self, address: str, echo: Echo, deadline: float) -> EchoReply:
        """Raises TimedOut and Unreachable."""
        number = next(self._numbers) & 0xFFFF
        token = token_bytes(min(echo.size, 16))
        key = (address, number)
        if key in self._waiting:
            raise TimedOut("too many echoes to this address are under way")
        waiting = self._waiting[key] = _Waiting(self._loop.create_future(), token)
        try:
            self._send(address, number, token, echo)
            async with asyncio.timeout_at(deadline):
                return await waiting.answer
        except TimeoutError:
            raise TimedOut("no reply in time") from None
        except OSError as error:
            raise Unreachable(f"{address}: {error.strerror or error}") from error
        finally:
            del self._waiting[key]

    def _send(self, address: str, number: int, token: bytes, echo: Echo) -> None:
        words = self._words
        payload = token + bytes(max(echo.size - len(token), 0))
        packet = _HEADER.pack(words.request, 0, 0, self._identifier, number) + payload
        packet = _HEADER.pack(words.request, 0, checksum(packet), self._identifier, number) + payload
        control = [(words.level, words.hops, _INT.pack(echo.ttl))] if echo.ttl else []
        self._socket.sendmsg((packet,), control, 0, (address, 0))

    def _read(self) -> None:
        for _ in range(UNDER_WAY):
            try:
                packet, ancillary, _, peer = self._socket.recvmsg(65_535, 256)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an error of an earlier packet
            if self._raw and self._words is FOUR:
                packet = packet[(packet[0] & 0x0F) * 4 :] if packet else b""
            if len(packet) >= _HEADER.size:
                self._take(packet, peer[0].partition("%")[0], ancillary)

    def _take(self, packet: bytes, address: str, ancillary: list[tuple[int, int, bytes]]) -> None:
        kind, code, _, identifier, number = _HEADER.unpack_from(packet)
        waiting = self._waiting.get((address, number))
        if (kind, code) != (self._words.reply, 0) or waiting is None or waiting.answer.done():
            return
        if self._raw and identifier != self._identifier:
            return
        if packet[_HEADER.size : _HEADER.size + len(waiting.token)] != waiting.token:
            return  # the reply to somebody else's echo, or a forged one
        elapsed, hops = time.perf_counter() - waiting.began, 0
        for level, what, data in ancillary:
            if (level, what) == (socket.SOL_SOCKET, _TIMESTAMP):
                seconds, nanoseconds = _TIMESPEC.unpack_from(data)
                arrived = (seconds * 1_000_000_000 + nanoseconds - waiting.wall) / 1e9
                # A clock that was set meanwhile says nothing; ours then does.
                elapsed = arrived if 0 < arrived < elapsed else elapsed
            elif level == self._words.level and what == self._words.hops:
                hops = _INT.unpack_from(data)[0]
        waiting.answer.set_result(EchoReply(elapsed, hops))

    def close(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()


class Pings:
    """All echoes. Create it inside the event loop."""

    def __init__(self) -> None:
        self._pingers: dict[tuple[_Words, str, bool], Pinger] = {}
        self._room = asyncio.Semaphore(UNDER_WAY)

    async def ping(self, address: str, echo: Echo, terms: Terms) -> EchoReply:
        """Send when the pace allows. Raises as `model.Edge.ping` says."""
        pinger = self._pinger(SIX if ":" in address else FOUR, echo)
        loop = asyncio.get_running_loop()
        async with self._room:
            while (delay := terms.pace.wait(time.monotonic(), terms.deadline)) > 0:  # noqa: ASYNC110 - the budget says when
                await asyncio.sleep(delay)
            terms.tally.count("echo")
            reply = await pinger.echo(address, echo, min(terms.deadline, loop.time() + echo.patience))
        terms.tally.received += 1
        terms.tally.waited += reply.seconds
        terms.pace.answered()
        return reply

    def close(self) -> None:
        for pinger in self._pingers.values():
            pinger.close()
        self._pingers.clear()

    def _pinger(self, words: _Words, echo: Echo) -> Pinger:
        key = (words, echo.source, echo.dont_fragment)
        if key not in self._pingers:
            self._pingers[key] = Pinger(words, echo.source, dont_fragment=echo.dont_fragment)
        return self._pingers[key]


def _open(words: _Words) -> tuple[socket.socket, bool]:
    """A socket, and whether it is a raw one."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            return socket.socket(words.family, kind, words.protocol), kind == socket.SOCK_RAW
        except PermissionError:
            continue
        except OSError as error:
            raise Unreachable(f"no socket for ICMP: {error.strerror}") from error
    raise Denied(NOT_ALLOWED, word="not_allowed")


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
