"""All devices on one UDP socket: bound to every address of the loopback interface, answering from the address asked.

One socket, whatever the number of devices: the kernel says with IP_PKTINFO which address a packet was for, and is told
with it which address the reply is from. A plain loop over a non-blocking socket does less per packet than asyncio.
"""

from __future__ import annotations

import heapq
import select
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import IPv4Address
from threading import Thread
from typing import Any, Protocol

from simulator.player import Player

INTERFACE = b"lo\0"
LARGEST = 8192
"""Longest request that is read. SNMP over UDP promises 484 bytes; a longer one is counted as oversized."""

BURST = 64
"""Packets read before delayed ones are looked after."""

PKTINFO = 8  # IP_PKTINFO of linux/in.h; `socket` has no name for it before Python 3.14
_INFO = struct.Struct("=i4s4s")

SNMP = b"\x30"
"""What every message of SNMP begins with, whatever its version: it is a SEQUENCE (RFC 3416, RFC 3412)."""


class Beside(Protocol):
    """What a device answers over UDP beside SNMP."""

    def answer(self, packet: bytes, wall: float) -> bytes | None:
        """The answer to a packet that came at Unix time `wall`; None: none."""


class Unplayable(Exception):
    """The estate cannot be played here; the message says why and what to do."""


class Server:
    """Plays devices until it is stopped. `port` 0 takes a free one; then `port` says which. `beside` by address: what
    is told those packets that are none of SNMP.

    Raises Unplayable where the port is taken, the system has no IP_PKTINFO, or two devices share an address.
    """

    def __init__(self, players: Iterable[Player], port: int = 0, beside: Mapping[str, Beside] | None = None) -> None:
        self._players: dict[bytes, Player] = {}
        for player in players:
            other = self._players.setdefault(player.address, player)
            if other is not player:
                raise Unplayable(f"{player.name} and {other.name} have the same address")
        self._beside = {IPv4Address(address).packed: other for address, other in (beside or {}).items()}
        self.foreign = 0
        """Packets for addresses where no device is played."""
        self.oversized = 0
        self._socket = _open(port)
        self.port: int = self._socket.getsockname()[1]
        self._later: list[tuple[float, int, bytes, bytes, Any]] = []
        self._serial = 0
        self._running = True
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._sources: dict[bytes, list[tuple[int, int, bytes]]] = {}

    @property
    def players(self) -> tuple[Player, ...]:
        return tuple(self._players.values())

    def stats(self) -> dict[str, Any]:
        """All counters, as JSON can hold them: what came and went in all, and each device's `Safety.report`."""
        devices = {player.name: player.safety.report() for player in self.players}
        kinds: Counter[str] = Counter()
        for player in self.players:
            kinds.update(player.safety.kinds)
        return {
            "port": self.port,
            "packets": kinds.total(),
            "replies": sum(player.safety.replies for player in self.players),
            "kinds": dict(sorted(kinds.items())),
            "foreign": self.foreign,
            "oversized": self.oversized,
            "deaths": {player.name: player.death for player in self.players if player.death},
            "devices": devices,
        }

    def stop(self) -> None:
        """End `run`; safe from a signal handler and from another thread."""
        self._running = False
        try:
            self._wake_in.send(b"\0")
        except (BlockingIOError, OSError):
            pass

    def close(self) -> None:
        """Give the port back. Not while `run` runs."""
        for each in (self._socket, self._wake_in, self._wake_out):
            each.close()

    def run(self) -> None:
        """Answer until `stop`."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        poll.register(self._wake_out, select.POLLIN)
        while self._running:
            wait = None
            if self._later:
                wait = max(0.0, self._later[0][0] - time.monotonic()) * 1000
            poll.poll(wait)
            while self._running and self._burst():
                self._send_due()
            self._send_due()

    def _burst(self) -> bool:
        """Read and answer up to BURST packets; False when there are no more. Hot."""
        receive = self._socket.recvmsg
        players, clock = self._players, time.monotonic
        for _ in range(BURST):
            try:
                packet, ancillary, flags, peer = receive(LARGEST, 64)
            except BlockingIOError:
                return False
            except OSError:
                continue  # an ICMP error for an earlier reply: its poller is gone
            if not ancillary or len(ancillary[0][2]) < 12:
                self.foreign += 1
                continue
            asked = ancillary[0][2][8:12]
            player = players.get(asked)
            if player is None:
                self.foreign += 1
                continue
            if flags & socket.MSG_TRUNC:
                self.oversized += 1
                continue
            if packet[:1] != SNMP and (other := self._beside.get(asked)) is not None:
                if (answer := other.answer(packet, time.time())) is not None:
                    self._send(answer, asked, peer)
                continue
            now = clock()
            for datagram in player.hear(packet, now):
                source = datagram.source or asked
                if datagram.delay > 0:
                    self._serial += 1
                    heapq.heappush(self._later, (now + datagram.delay, self._serial, datagram.payload, source, peer))
                else:
                    self._send(datagram.payload, source, peer)
        return True

    def _send_due(self) -> None:
        later = self._later
        while later and later[0][0] <= time.monotonic():
            _, _, payload, source, peer = heapq.heappop(later)
            self._send(payload, source, peer)

    def _send(self, payload: bytes, source: bytes, peer: Any) -> None:
        control = self._sources.get(source)
        if control is None:
            control = self._sources[source] = [(socket.IPPROTO_IP, PKTINFO, _INFO.pack(0, source, b"\0\0\0\0"))]
        try:
            self._socket.sendmsg((payload,), control, 0, peer)
        except OSError:
            pass  # a full buffer or a poller that has gone is what UDP calls loss


@contextmanager
def play(players: Iterable[Player], port: int = 0, beside: Mapping[str, Beside] | None = None) -> Iterator[Server]:
    """Play devices in a thread for as long as the block lasts: for tests and benchmarks. Raises Unplayable."""
    server = Server(players, port, beside)
    thread = Thread(target=server.run, name="simulator", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
        server.close()


def _open(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.IPPROTO_IP, PKTINFO, 1)
    except OSError as error:
        sock.close()
        raise Unplayable(f"this system cannot tell which address a packet was for ({error}): Linux is needed") from None
    try:
        sock.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_BINDTODEVICE", 25), INTERFACE)
    except OSError:
        pass  # old kernels want a privilege for it; packets for other addresses than 127.0.0.0/8 have no player anyway
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, 1 << 22)
    try:
        sock.bind(("0.0.0.0", port))  # noqa: S104 (of the loopback interface only, see above)
    except OSError as error:
        sock.close()
        raise Unplayable(f"UDP port {port} cannot be used: {error.strerror}. Choose another with --port") from None
    sock.setblocking(False)
    return sock
