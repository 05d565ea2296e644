"""systemd, where it started us: when we are ready, that we are alive, that we end (sd_notify(3)).

A datagram to the socket that `NOTIFY_SOCKET` names. The watchdog is fed by the event loop, so that a loop which stands
still is noticed and the program started again (RELIABILITY L1).
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping


class Supervisor:
    """Does nothing where nobody listens."""

    def __init__(self, environ: Mapping[str, str], pid: int) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):  # an abstract one
            self._address = "\0" + self._address[1:]
        meant = environ.get("WATCHDOG_PID", str(pid)) == str(pid)
        wanted = environ.get("WATCHDOG_USEC", "") if meant else ""
        self.every = int(wanted) / 2e6 if wanted.isdecimal() and self._address else 0.0
        """Seconds between two signs of life, half of what is waited for; 0: nobody wants any."""

    def tell(self, *words: str) -> None:
        """`READY=1`, `STOPPING=1` and their like. A listener that is gone or full keeps nobody waiting."""
        if not self._address.startswith(("/", "\0")):
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as out:
            try:
                out.sendto("\n".join(words).encode(), self._address)
            except OSError:
                pass

    async def live(self) -> None:
        """Give signs of life for ever, if any are wanted."""
        while self.every:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self.every)


def supervisor() -> Supervisor:
    """That of this process."""
    return Supervisor(os.environ, os.getpid())
