"""Datagrams: one socket for all devices, and the conversations under way on it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence
from dataclasses import replace

from collector.edge.hops import SYSTEM, limit_hops
from collector.edge.host import LocalHost
from collector.edge.icmp import Pings
from collector.edge.stream import connect
from collector.edge.terms import Terms
from collector.errors import PollError, Unreachable
from collector.histogram import Histogram
from collector.model import Dialogue, Echo, EchoReply, Stream

RECEIVE_BUFFER = 4 << 20
"""Bytes asked for; the kernel grants at most net.core.rmem_max. Thousands of devices share one socket."""

BURST = 128
"""Datagrams taken from a socket before other work gets its turn."""


TICK = 0.001
"""Seconds. uvloop's clock has whole milliseconds: a timer set for less than one wakes at once, again and again."""


class Traffic:
    """Packets of all devices, since the program started."""

    __slots__ = ("repeated", "sent", "took")

    def __init__(self) -> None:
        self.sent = self.repeated = 0
        self.took = Histogram([0.0001 * 2**n for n in range(15)])
        """Seconds from each last question to its answer, in snmp_exporter's buckets (CONTRACTS 1)."""


class _Conversation:
    """One dialogue under way on a socket. Driven by callbacks: no task switch per packet (HOUSE 5)."""

    __slots__ = (
        "_again", "_armed", "_deadline", "_dialogue", "_done", "_pace", "_patience_ends", "_peer", "_sent_at",
        "_socket", "_tally", "_timer", "_waiting",
    )  # fmt: skip

    def __init__(self, sock: _UdpSocket, peer: tuple[str, int], dialogue: Dialogue, terms: Terms) -> None:
        self._socket = sock
        self._peer = peer
        self._dialogue = dialogue
        self._deadline = terms.deadline
        self._pace = terms.pace
        self._tally = terms.tally
        self._done: asyncio.Future[None] = sock.loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._armed = 0.0
        self._patience_ends = self._sent_at = 0.0
        self._waiting: bytes | None = None
        self._again = False

    async def run(self) -> None:
        try:
            self._step()
            await self._done
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def packet(self, data: bytes) -> None:
        """A datagram came from the device's address."""
        if self._done.done():
            return
        try:
            # An answer to an earlier attempt is welcome while the next one waits its turn (RELIABILITY F7).
            if not self._dialogue.receive(data):
                self._tally.stray += 1
                return
            self._tally.received += 1
            waited = time.monotonic() - self._sent_at
            self._tally.waited += waited
            self._socket.traffic.took.observe(waited)
            self._pace.answered()
            self._again = False
            self._step()
        except Exception as error:  # noqa: BLE001 - raised again where the poll awaits it
            self._done.set_exception(error)

    def _step(self) -> None:
        """Send what the dialogue says next, or end."""
        self._waiting = self._dialogue.send()
        if self._waiting is None:
            self._done.set_result(None)
        else:
            self._transmit()

    def _transmit(self) -> None:
        assert self._waiting is not None
        # Not the loop's time: uvloop's stands still while it works through what is ready, and a packet that counts as
        # sent earlier than it was lets the next one go too early.
        now = time.monotonic()
        try:
            delay = self._pace.wait(now, self._deadline)
            if delay > 0:
                self._arm(now + delay)
                return
            if not self._socket.send(self._waiting, self._peer):
                self._pace.unsent(now)
                self._arm(now + 0.005)
                return
        except PollError as error:
            self._cut_off(error.reason)
            return
        except OSError as error:
            raise Unreachable(f"{self._peer[0]}: {error.strerror}") from error
        self._waiting = None
        self._tally.count(self._dialogue.kind)
        self._tally.repeated += self._again
        self._socket.traffic.sent += 1
        self._socket.traffic.repeated += self._again
        self._sent_at = now
        self._patience_ends = now + self._dialogue.patience
        self._arm(min(self._patience_ends, self._deadline))

    def _arm(self, at: float) -> None:
        """Wake at `at`, or before: a timer that is early enough stays as it is."""
        if self._timer is not None:
            if self._armed <= at:
                return
            self._timer.cancel()
        self._armed = at
        self._timer = self._socket.loop.call_at(at + TICK, self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self._done.done():
            return
        try:
            self._tick(time.monotonic())
        except Exception as error:  # noqa: BLE001 - raised again where the poll awaits it
            self._done.set_exception(error)

    def _tick(self, now: float) -> None:
        if now >= self._deadline:
            self._cut_off("timeout")
        elif self._waiting is not None:
            self._transmit()
        elif now < self._patience_ends:
            self._arm(min(self._patience_ends, self._deadline))
        else:
            self._dialogue.silence()
            self._again = True
            self._step()

    def _cut_off(self, reason: str) -> None:
        self._dialogue.expire(reason)
        self._done.set_result(None)


class _UdpSocket:
    """One unconnected socket for every device of an address family; replies are told apart by address and port."""

    def __init__(
        self, family: socket.AddressFamily, loop: asyncio.AbstractEventLoop, traffic: Traffic, hops: int
    ) -> None:
        self.loop = loop
        self.traffic = traffic
        self.conversations: dict[tuple[str, int], list[_Conversation]] = {}
        self.strays = 0
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._socket.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", 0))  # noqa: S104 - replies come to any of our addresses
        if hops != SYSTEM:
            self.limit_hops(hops)
        loop.add_reader(self._socket.fileno(), self._read)

    def limit_hops(self, hops: int) -> None:
        limit_hops(self._socket, hops)

    def send(self, packet: bytes, peer: tuple[str, int]) -> bool:
        """Whether the kernel took it; False: its buffer is full. Raises OSError where there is no way."""
        try:
            self._socket.sendto(packet, peer)
        except (BlockingIOError, InterruptedError):
            return False
        return True

    def close(self) -> None:
        self.loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _read(self) -> None:
        receive = self._socket.recvfrom
        conversations = self.conversations
        # No more than can be waited for: a read that finds nothing costs as much as one that does.
        for _ in range(min(BURST, len(conversations)) or 1):
            try:
                data, address = receive(65535)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an ICMP error of an earlier packet; its sender times out by itself
            under_way = conversations.get(address[:2])
            if under_way is None:
                self.strays += 1
                continue
            for conversation in tuple(under_way):
                conversation.packet(data)


class World:
    """The real outside. One for each event loop; create it inside the loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._sockets: dict[socket.AddressFamily, _UdpSocket] = {}
        self._hops = SYSTEM
        self.traffic = Traffic()
        self._pings = Pings()
        self.host = LocalHost()
        self.now = self._loop.time
        self.clock = time.perf_counter

    def limit_hops(self, hops: int) -> None:
        """What is sent to devices from now on takes at most so many; 0: as the system says (RELIABILITY S12)."""
        if hops != self._hops:
            self._hops = hops
            for sock in self._sockets.values():
                sock.limit_hops(hops)

    @property
    def strays(self) -> int:
        """Datagrams that no conversation waited for."""
        return sum(s.strays for s in self._sockets.values())

    async def udp(self, peers: Sequence[str], port: int, dialogue: Dialogue, terms: Terms) -> None:
        """Carry `dialogue` to `peers[0]`; answers may come from any of `peers`, literal addresses."""
        family = socket.AF_INET6 if ":" in peers[0] else socket.AF_INET
        sock = self._sockets.get(family)
        if sock is None:
            sock = self._sockets[family] = _UdpSocket(family, self._loop, self.traffic, self._hops)
        conversation = _Conversation(sock, (peers[0], port), dialogue, terms)
        keys = [(peer, port) for peer in peers]
        for key in keys:
            sock.conversations.setdefault(key, []).append(conversation)
        try:
            await conversation.run()
        finally:
            for key in keys:
                sock.conversations[key].remove(conversation)
                if not sock.conversations[key]:
                    del sock.conversations[key]

    async def connect(self, address: str, port: int, terms: Terms, source: str = "") -> Stream:
        """A connection to a literal address (`model.Edge.connect`)."""
        return await connect(address, port, terms, source, self._hops)

    async def ping(self, address: str, echo: Echo, terms: Terms) -> EchoReply:
        """An echo to a literal address (`model.Edge.ping`)."""
        if self._hops and not echo.ttl:
            echo = replace(echo, ttl=self._hops)
        return await self._pings.ping(address, echo, terms)

    def close(self) -> None:
        self._pings.close()
        for sock in self._sockets.values():
            sock.close()
        self._sockets.clear()


def resolve(name: str) -> str:
    """The first address of a host name. Raises OSError where it has none."""
    address: str = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)[0][4][0]  # type: ignore[assignment]
    return address
