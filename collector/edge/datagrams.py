"""A socket that listens for datagrams, and what the kernel says of it."""

from __future__ import annotations

import errno
import select
import socket
import struct
import time
from collections.abc import Iterator
from typing import Final

BUFFER: Final = 4 << 20
"""Bytes asked for; the kernel grants at most net.core.rmem_max (RELIABILITY G1)."""
LONGEST: Final = 65_535
_MEMINFO: Final = 55
"""SO_MEMINFO (Linux 4.12): nine counts of four bytes, of which the second is the buffer and the ninth the drops."""
RELEASE: Final = 2.0
"""Seconds for which a port is waited for that the process of an earlier run may still hold."""


class CannotBind(Exception):
    """There is no listening there; the message is for a person."""


class Listening:
    """A bound socket. `number` is its file descriptor; a process that inherits it makes its own object of it."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        sock.setblocking(False)
        self.number = sock.fileno()

    @classmethod
    def at(cls, host: str, port: int, patience: float = RELEASE) -> Listening:
        """Bind it. Empty host: every address of this machine. Raises CannotBind after `patience` seconds."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        end = time.monotonic() + patience
        while True:
            try:
                sock.bind((host, port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE and time.monotonic() < end:
                    time.sleep(0.05)
                    continue
                sock.close()
                why = "is taken" if error.errno == errno.EADDRINUSE else error.strerror
                raise CannotBind(f"UDP {host or '*'}:{port} {why}") from error
            return cls(sock)

    @classmethod
    def inherited(cls, number: int) -> Listening:
        return cls(socket.socket(fileno=number))

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def receive(self, most: int) -> Iterator[tuple[bytes, tuple[object, ...]]]:
        """What has come, at most so many datagrams, each with the address it came from. Never waits."""
        receive = self._socket.recvfrom
        for _ in range(most):
            try:
                yield receive(LONGEST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an ICMP error that answers an earlier reply of ours

    def send(self, data: bytes, to: tuple[object, ...]) -> None:
        """Send it, or not: who needs it asks again."""
        try:
            self._socket.sendto(data, to)
        except OSError:
            pass

    def kernel(self) -> tuple[int, int] | None:
        """Bytes of receive buffer granted, and datagrams dropped so far for want of room; None: not told here."""
        try:
            told = self._socket.getsockopt(socket.SOL_SOCKET, _MEMINFO, 36)
            counts = struct.unpack("9I", told)
        except (OSError, struct.error):
            return None
        return counts[1], counts[8]

    def close(self) -> None:
        self._socket.close()


def readable(numbers: list[int], patience: float) -> list[int]:
    """Which of these file descriptors have something to read, after `patience` seconds at most."""
    poll = select.poll()
    for number in numbers:
        poll.register(number, select.POLLIN | select.POLLHUP | select.POLLERR)
    return [number for number, _ in poll.poll(max(patience, 0.0) * 1000)]
